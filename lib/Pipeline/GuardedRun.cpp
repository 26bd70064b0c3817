//===- GuardedRun.cpp - Passes whose failures are told apart ---------------------------------------===//

#include "tenon/Pipeline/GuardedRun.h"

#include "tenon/Support/Refusal.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/CrashRecoveryContext.h"

using namespace mlir;
using namespace tenon;

RunResult tenon::runGuarded(MLIRContext &context, function_ref<LogicalResult()> run, bool catchCrashes) {
  bool refused = false;
  ScopedDiagnosticHandler watch(&context, [&](Diagnostic &diagnostic) {
    refused |= isRefusal(diagnostic);
    return failure(); // for the next handler to print
  });
  LogicalResult result = failure();
  bool survived = true;
  if (catchCrashes) {
    llvm::CrashRecoveryContext::Enable();
    llvm::CrashRecoveryContext recovery;
    survived = recovery.RunSafely([&] { result = run(); });
    llvm::CrashRecoveryContext::Disable();
  } else {
    result = run();
  }
  if (!survived)
    return RunResult::Crash;
  if (succeeded(result))
    return RunResult::Done;
  return refused ? RunResult::Refused : RunResult::Defect;
}
