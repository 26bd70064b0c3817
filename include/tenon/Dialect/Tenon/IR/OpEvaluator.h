//===- OpEvaluator.h - The interface through which passes compute with constants ----------------===//

#ifndef TENON_DIALECT_TENON_IR_OPEVALUATOR_H
#define TENON_DIALECT_TENON_IR_OPEVALUATOR_H

#include "tenon/Support/HostTensor.h"

#include "mlir/IR/Operation.h"

#include <functional>

namespace tenon {

/// Computes the results of one op from the values of its operands. Fails without a diagnostic for an op it
/// does not evaluate, or one whose results are larger than it is willing to hold: the op then stays as it is.
/// The reference evaluator makes one; a pass that folds constants takes it as an option and so needs no
/// knowledge of the reference.
using OpEvaluator = std::function<mlir::FailureOr<llvm::SmallVector<HostTensor>>(
    mlir::Operation *op, llvm::ArrayRef<HostTensor> operands)>;

} // namespace tenon

#endif // TENON_DIALECT_TENON_IR_OPEVALUATOR_H
