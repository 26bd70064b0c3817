//===- ScheduleCache.cpp - Schedules kept from one compilation to the next -----------------------===//

#include "ScheduleCache.h"

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Support/CacheFolder.h"
#include "tenon/Target/CompilerBuild.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;

/// What the cost model and the space of schedules read of a machine: every number there is.
static void describe(const Machine &machine, raw_ostream &out) {
  for (double number : {double(machine.vectorBits),
                        double(machine.vscaleBits),
                        double(machine.numVectorRegisters),
                        machine.fmaPerCycle,
                        double(machine.fmaLatency),
                        machine.loadsPerCycle,
                        double(machine.hasFma),
                        double(machine.hasMaskedMemory),
                        double(machine.maskedElementBits),
                        double(machine.hasF16Conversion),
                        double(machine.hasBF16Conversion),
                        double(machine.l1Bytes),
                        double(machine.l2Bytes),
                        double(machine.l3Bytes),
                        double(machine.cacheLineBytes),
                        double(machine.pageBytes),
                        double(machine.maxScratchBytes),
                        machine.l2BytesPerCycle,
                        machine.l3BytesPerCycle,
                        machine.dramBytesPerCycle,
                        double(machine.cores),
                        machine.clockGHz})
    out << number << ' ';
  for (const DotProduct &product : machine.dotProducts)
    out << product.intrinsic << ' ';
}

ScheduleCache::ScheduleCache(const Machine &machine) {
  std::string build = describeCompilerBuild();
  if (build.empty())
    return;
  llvm::raw_string_ostream out(description);
  out << "schedule " << build << machine.triple << ' ' << machine.cpu << ' ' << machine.features << ' ';
  describe(machine, out);
}

/// The key of a kernel: its text under a name that all have.
static std::string keyOf(func::FuncOp kernel, StringRef description) {
  std::string text = description.str();
  llvm::raw_string_ostream out(text);
  std::string name = kernel.getName().str();
  kernel.setName("kernel");
  kernel->print(out, OpPrintingFlags().useLocalScope());
  kernel.setName(name);
  return CacheFolder::makeKey(text);
}

/// An entry is the bits of the predicted cycles in hexadecimal digits, a space and the schedule.
static LogicalResult applyEntry(func::FuncOp kernel, StringRef entry) {
  auto [digits, text] = entry.split(' ');
  uint64_t bits;
  if (!llvm::to_integer(digits, bits, 16))
    return failure();
  // An entry that is none is no error of the model.
  ScopedDiagnosticHandler ignore(kernel.getContext(), [](Diagnostic &) { return success(); });
  auto schedule = dyn_cast_or_null<ScheduleAttr>(parseAttribute(text, kernel.getContext()));
  if (!schedule)
    return failure();
  Builder builder(kernel.getContext());
  kernel->setAttr("tenon.schedule", schedule);
  kernel->setAttr("tenon.cycles", builder.getF64FloatAttr(llvm::bit_cast<double>(bits)));
  return success();
}

void ScheduleCache::apply(ModuleOp module) {
  if (description.empty())
    return;
  CacheFolder folder(CacheFolder::defaultPath());
  for (auto kernel : module.getOps<func::FuncOp>()) {
    if (!kernel->hasAttr("tenon.structured") || kernel->hasAttr("tenon.schedule"))
      continue;
    std::string key = keyOf(kernel, description);
    std::optional<SmallVector<char, 0>> entry = folder.find(key);
    if (!entry || failed(applyEntry(kernel, StringRef(entry->data(), entry->size()))))
      unknown[kernel.getName()] = key;
  }
}

void ScheduleCache::keep(ModuleOp module) const {
  CacheFolder folder(CacheFolder::defaultPath());
  for (auto kernel : module.getOps<func::FuncOp>()) {
    auto key = unknown.find(kernel.getName());
    auto schedule = kernel->getAttrOfType<ScheduleAttr>("tenon.schedule");
    auto cycles = kernel->getAttrOfType<FloatAttr>("tenon.cycles");
    if (key == unknown.end() || !schedule || !cycles)
      continue;
    std::string entry = llvm::utohexstr(llvm::bit_cast<uint64_t>(cycles.getValueAsDouble())) + " ";
    llvm::raw_string_ostream(entry) << schedule;
    folder.insert(key->second, ArrayRef(entry.data(), entry.size()));
  }
}
