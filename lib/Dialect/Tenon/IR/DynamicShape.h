//===- DynamicShape.h - What dynamic forms have in common on their way to static ones ------------===//

#ifndef TENON_LIB_DIALECT_TENON_IR_DYNAMICSHAPE_H
#define TENON_LIB_DIALECT_TENON_IR_DYNAMICSHAPE_H

#include "ShapeRule.h"

#include "mlir/IR/PatternMatch.h"

namespace tenon {

/// The dimensions of `rank` that the `count` elements of `axes` name, counting from the end where negative;
/// the first ones if there is no such operand; none if they aren't known. Fails after reporting if they are
/// no different dimensions.
mlir::FailureOr<llvm::SmallVector<int64_t>> knownAxes(const RuleError &error, SymbolicSizes &sizes,
                                                      mlir::Value axes, int64_t count, int64_t rank);

/// The type that a static form in place of the dynamic form `op` should have, null if it isn't known in full
/// or the users could not take it.
mlir::RankedTensorType staticResultType(mlir::Operation *op);

} // namespace tenon

#endif // TENON_LIB_DIALECT_TENON_IR_DYNAMICSHAPE_H
