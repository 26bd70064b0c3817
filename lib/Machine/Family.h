//===- Family.h - What a family of instruction sets contributes to the machine tables ----------===//

#ifndef TENON_LIB_MACHINE_FAMILY_H
#define TENON_LIB_MACHINE_FAMILY_H

#include "tenon/Machine/Machine.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/TargetParser/Triple.h"

namespace tenon {

/// LLVM's description of a CPU: the questions a family's describe function asks it.
class Subtarget {
public:
  explicit Subtarget(const llvm::MCSubtargetInfo &info) : info(info) {}

  /// Whether the CPU or the feature string gives the LLVM feature `name`.
  bool has(llvm::StringRef name) const { return info.checkFeatures(("+" + name).str()); }

private:
  const llvm::MCSubtargetInfo &info;
};

/// What a table says of a machine; the rest follows from its CPU and features.
struct MachineRow {
  llvm::StringLiteral name;
  llvm::StringLiteral triple;
  llvm::StringLiteral cpu;
  llvm::StringLiteral features;
  int64_t l1Bytes;
  int64_t l2Bytes;
  int64_t l3Bytes;
  unsigned cores;
  double clockGHz;
};

/// One family: its named machines, and how fields follow from a CPU's features.
struct Family {
  /// Makes LLVM's descriptions of the family's CPUs available.
  void (*initialize)();
  /// Whether `triple` is of this family.
  bool (*owns)(const llvm::Triple &triple);
  /// Fills in what follows from the machine's triple, CPU and features.
  void (*describe)(Machine &machine, const Subtarget &subtarget);
  llvm::ArrayRef<MachineRow> machines;
};

extern const Family x86Family;
extern const Family aarch64Family;
extern const Family riscvFamily;
extern const Family webAssemblyFamily;

/// The families, in the order their names are listed.
llvm::ArrayRef<const Family *> families();

/// Completes `machine`, whose triple, cpu and features are set, through its family. On failure `error` says
/// why.
llvm::LogicalResult describeMachine(Machine &machine, std::string &error);

} // namespace tenon

#endif // TENON_LIB_MACHINE_FAMILY_H
