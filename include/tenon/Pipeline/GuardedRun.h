//===- GuardedRun.h - Passes whose failures are told apart -----------------------------------------===//

#ifndef TENON_PIPELINE_GUARDEDRUN_H
#define TENON_PIPELINE_GUARDEDRUN_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/LogicalResult.h"

namespace tenon {

/// How a run of passes ended.
enum class RunResult {
  Done,
  /// The model can't be compiled, and was refused (tenon/Support/Refusal.h).
  Refused,
  /// Anything else: a pass or the verifier has failed on a valid module.
  Defect,
  /// The same, by a signal.
  Crash
};

/// Calls `run` and says how it ended by what it reported to `context` and whether it failed. With
/// `catchCrashes`, a signal in this thread (a wrong address, abort) ends the run and not the process; locks
/// that were held stay locked, and the process should end soon.
RunResult runGuarded(mlir::MLIRContext &context, llvm::function_ref<llvm::LogicalResult()> run,
                     bool catchCrashes);

} // namespace tenon

#endif // TENON_PIPELINE_GUARDEDRUN_H
