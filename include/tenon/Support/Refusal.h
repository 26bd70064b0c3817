//===- Refusal.h - Errors that say what of a model can't be compiled -----------------------------===//
//
// A model that was read without errors is valid, so whatever a phase reports about it later is a defect of
// the compiler, unless the phase says that it knows its limits. Such an error is a refusal. The driver
// returns 1 for it, and 2 with a reproducer for any other.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_REFUSAL_H
#define TENON_SUPPORT_REFUSAL_H

#include "mlir/IR/Diagnostics.h"

namespace mlir {
class Operation;
} // namespace mlir

namespace tenon {

/// Starts an error at `op`, worded as emitOpError's, which is a refusal.
mlir::InFlightDiagnostic refuse(mlir::Operation *op);

/// Makes a refusal of an error.
void markAsRefusal(mlir::Diagnostic &diagnostic);

bool isRefusal(mlir::Diagnostic &diagnostic);

} // namespace tenon

#endif // TENON_SUPPORT_REFUSAL_H
