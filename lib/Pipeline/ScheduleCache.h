//===- ScheduleCache.h - Schedules kept from one compilation to the next -------------------------===//

#ifndef TENON_LIB_PIPELINE_SCHEDULECACHE_H
#define TENON_LIB_PIPELINE_SCHEDULECACHE_H

#include "tenon/Machine/Machine.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace tenon {

/// The schedules that earlier compilations have chosen, in the folder of the compile cache. What is chosen
/// for a kernel depends on its structured ops, the machine and the compiler, which together are the key; a
/// kernel without an entry is left to the schedule phase.
class ScheduleCache {
public:
  /// For what `machine` runs.
  explicit ScheduleCache(const Machine &machine);

  /// Gives the kernels of `module` the schedules that are known.
  void apply(mlir::ModuleOp module);
  /// Keeps what the schedule phase has chosen for the others.
  void keep(mlir::ModuleOp module) const;

private:
  /// All that schedules depend on besides their kernels. Empty if it can't be told.
  std::string description;
  /// The keys of kernels without an entry, by name.
  llvm::StringMap<std::string> unknown;
};

} // namespace tenon

#endif // TENON_LIB_PIPELINE_SCHEDULECACHE_H
