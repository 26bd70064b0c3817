//===- RequiredFeatures.cpp - The instruction sets code may use, for a loader to check ---------------===//

#include "Descriptor.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/RISCVTargetParser.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

namespace tenon {

/// The features that `cpu` stands for, by LLVM's names, with a `+` or without.
static std::vector<std::string> getFeaturesOfCPU(const llvm::Triple &triple, llvm::StringRef cpu) {
  std::vector<std::string> result;
  llvm::SmallVector<llvm::StringRef> names;
  if (triple.isX86() && llvm::X86::parseArchX86(cpu) != llvm::X86::CK_None) {
    llvm::X86::getFeaturesForCPU(cpu, names);
  } else if (triple.isAArch64()) {
    if (std::optional<llvm::AArch64::CpuInfo> info = llvm::AArch64::parseCpu(cpu)) {
      llvm::AArch64::ExtensionSet extensions;
      extensions.addCPUDefaults(*info);
      extensions.toLLVMFeatureList(result);
    }
  } else if (triple.isRISCV()) {
    llvm::SmallVector<std::string> features;
    llvm::RISCV::getFeaturesForCPU(cpu, features);
    result.assign(features.begin(), features.end());
  }
  result.insert(result.end(), names.begin(), names.end());
  return result;
}

/// Adds `+name` or `name` to the set, or takes `-name` out.
static void change(llvm::StringRef feature, llvm::StringSet<> &set) {
  if (feature.consume_front("-"))
    set.erase(feature);
  else
    set.insert(feature.ltrim('+'));
}

std::string getRequiredFeatures(llvm::StringRef tripleName, llvm::StringRef cpu, llvm::StringRef features) {
  llvm::Triple triple(tripleName);
  llvm::StringSet<> set;
  for (const std::string &feature : getFeaturesOfCPU(triple, cpu))
    change(feature, set);
  llvm::SmallVector<llvm::StringRef> changes;
  features.split(changes, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (llvm::StringRef feature : changes)
    change(feature.trim(), set);

  std::string result;
  auto add = [&](bool isOfTarget, llvm::StringRef name) {
    if (isOfTarget && set.contains(name))
      result += (result.empty() ? "" : ",") + name.str();
  };
#define TENON_X86_FEATURE(name, leaf, subleaf, reg, bit, state) add(triple.isX86(), name);
#define TENON_AARCH64_FEATURE(name, word, bit) add(triple.isAArch64(), name);
#define TENON_RISCV_FEATURE(name, key, bit) add(triple.isRISCV(), name);
#include "tenon-rt/features.def"
  return result;
}

} // namespace tenon
