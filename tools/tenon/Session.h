//===- Session.h - An MLIR context whose diagnostics go to stderr -----------------------------===//

#ifndef TENON_TOOLS_TENON_SESSION_H
#define TENON_TOOLS_TENON_SESSION_H

#include "Failure.h"

#include "tenon/Pipeline/Compiler.h"
#include "tenon/Pipeline/DiagnosticText.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <fmt/format.h>

#include <cstdlib>

/// The context of a command that compiles.
class Session {
public:
  Session() : owned(tenon::makeContext()) {
    owned->getDiagEngine().registerHandler([](mlir::Diagnostic &diagnostic) {
      fmt::print(stderr, "{}", tenon::formatDiagnostic(diagnostic));
      return llvm::success();
    });
  }

  mlir::MLIRContext &context() { return *owned; }

  /// The value of a result, or an end of the command: what failed has been reported.
  template <typename T>
  static T require(mlir::FailureOr<T> result) {
    if (failed(result))
      throw Failure("");
    return std::move(*result);
  }
  static void require(llvm::LogicalResult result) {
    if (failed(result))
      throw Failure("");
  }

  /// Runs the phases of a compilation, or ends the command with what has been reported.
  static void run(tenon::Compilation &compilation) {
    if (succeeded(compilation.run()))
      return;
    // After a crash nothing can be relied on, not even that memory can be freed.
    if (compilation.getResult() == tenon::RunResult::Crash)
      std::_Exit(Defect);
    throw Failure("", compilation.getResult() == tenon::RunResult::Defect ? Defect : BadInput);
  }

private:
  std::unique_ptr<mlir::MLIRContext> owned;
};

#endif // TENON_TOOLS_TENON_SESSION_H
