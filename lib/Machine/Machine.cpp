//===- Machine.cpp - Finds a machine by name and completes its description ---------------------===//

#include "tenon/Machine/Machine.h"

#include "Family.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"

using namespace tenon;
using llvm::failure;
using llvm::StringRef;
using llvm::success;

llvm::ArrayRef<const Family *> tenon::families() {
  static const Family *const all[] = {&x86Family, &aarch64Family, &riscvFamily, &webAssemblyFamily};
  return all;
}

/// The first of `wanted`'s features LLVM does not know of this CPU family, or an empty string.
static StringRef findUnknownFeature(const llvm::MCSubtargetInfo &info, StringRef wanted) {
  llvm::SmallVector<StringRef> features;
  wanted.split(features, ',', -1, /*KeepEmpty=*/false);
  for (StringRef feature : features) {
    StringRef name = feature;
    bool isSigned = name.consume_front("+") || name.consume_front("-");
    auto isNamed = [&](const llvm::SubtargetFeatureKV &known) { return name == known.Key; };
    if (!isSigned || llvm::none_of(info.getAllProcessorFeatures(), isNamed))
      return feature;
  }
  return "";
}

llvm::LogicalResult tenon::describeMachine(Machine &machine, std::string &error) {
  llvm::Triple triple(machine.triple);
  for (const Family *family : families()) {
    if (!family->owns(triple))
      continue;
    family->initialize();
    const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (!target)
      return failure();
    // LLVM prints warnings on unknown names, so names are checked against a subtarget without any.
    std::unique_ptr<llvm::MCSubtargetInfo> plain(target->createMCSubtargetInfo(triple, "", ""));
    if (!machine.cpu.empty() && !plain->isCPUStringValid(machine.cpu)) {
      error = "expected a CPU that LLVM knows for '" + triple.str() + "', but got '" + machine.cpu + "'";
      return failure();
    }
    if (StringRef unknown = findUnknownFeature(*plain, machine.features); !unknown.empty()) {
      error = "expected features of '" + triple.str() + "' as '+name' or '-name', but got '" + unknown.str() +
              "'";
      return failure();
    }
    std::unique_ptr<llvm::MCSubtargetInfo> info(
        target->createMCSubtargetInfo(triple, machine.cpu, machine.features));
    family->describe(machine, Subtarget(*info));
    return success();
  }
  error = "expected a supported architecture, but got '" + triple.str() + "'";
  return failure();
}

static const MachineRow *findRow(StringRef name) {
  for (const Family *family : families())
    for (const MachineRow &row : family->machines)
      if (row.name == name)
        return &row;
  return nullptr;
}

llvm::SmallVector<StringRef> tenon::machineNames() {
  llvm::SmallVector<StringRef> names = {"host"};
  for (const Family *family : families())
    for (const MachineRow &row : family->machines)
      names.push_back(row.name);
  return names;
}

static Machine fromRow(const MachineRow &row) {
  Machine machine;
  machine.name = row.name.str();
  machine.triple = row.triple.str();
  machine.cpu = row.cpu.str();
  machine.features = row.features.str();
  machine.l1Bytes = row.l1Bytes;
  machine.l2Bytes = row.l2Bytes;
  machine.l3Bytes = row.l3Bytes;
  machine.cores = row.cores;
  machine.clockGHz = row.clockGHz;
  return machine;
}

llvm::FailureOr<Machine> tenon::lookupMachine(StringRef target, StringRef cpu, StringRef features,
                                              std::string *error) {
  std::string ignored;
  std::string &reason = error ? *error : ignored;
  Machine machine;
  if (target == "host") {
    machine = hostMachine();
  } else if (const MachineRow *row = findRow(target)) {
    machine = fromRow(*row);
  } else {
    reason = "expected a target of " + llvm::join(machineNames(), ", ") + ", but got '" + target.str() + "'";
    return failure();
  }
  // Another CPU brings its own features: those the host or the table lists belong to the old one. Only a
  // target that names no CPU of its own ("generic") keeps them, as they are its definition.
  if (!cpu.empty()) {
    if (!StringRef(machine.cpu).starts_with("generic"))
      machine.features.clear();
    machine.cpu = cpu.str();
  }
  if (!features.empty())
    machine.features += (machine.features.empty() ? "" : ",") + features.str();
  machine.dotProducts.clear();
  if (failed(describeMachine(machine, reason)))
    return failure();
  return machine;
}

const DotProduct *Machine::findDotProduct(DotProduct::Element lhs, DotProduct::Element rhs) const {
  const auto *found =
      llvm::find_if(dotProducts, [&](const DotProduct &dot) { return dot.lhs == lhs && dot.rhs == rhs; });
  return found == dotProducts.end() ? nullptr : found;
}
