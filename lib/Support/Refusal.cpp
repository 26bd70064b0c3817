//===- Refusal.cpp - Errors that say what of a model can't be compiled ---------------------------===//

#include "tenon/Support/Refusal.h"

#include "mlir/IR/Operation.h"

using namespace mlir;

/// What the metadata of a refusal says.
static constexpr StringLiteral mark = "tenon.refusal";

void tenon::markAsRefusal(Diagnostic &diagnostic) {
  diagnostic.getMetadata().push_back(DiagnosticArgument(mark));
}

bool tenon::isRefusal(Diagnostic &diagnostic) {
  return llvm::any_of(diagnostic.getMetadata(), [](const DiagnosticArgument &argument) {
    return argument.getKind() == DiagnosticArgument::DiagnosticArgumentKind::String &&
           argument.getAsString() == mark;
  });
}

InFlightDiagnostic tenon::refuse(Operation *op) {
  InFlightDiagnostic error = op->emitOpError();
  markAsRefusal(*error.getUnderlyingDiagnostic());
  return error;
}
