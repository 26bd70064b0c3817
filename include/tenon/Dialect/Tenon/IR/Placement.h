//===- Placement.h - Where the values of a program lie in memory ----------------------------------===//
//
// The operands of a concat are computed inside its result, and a concat that is an operand of another with
// all its operands inside that. So the rows of a value may lie apart; it is said by its uses alone, which
// --tenon-isolate-placements sees to.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_PLACEMENT_H
#define TENON_DIALECT_TENON_IR_PLACEMENT_H

#include "mlir/IR/Value.h"

#include <optional>

namespace tenon {

/// The strides of a row-major tensor, in elements. All sizes but the first are known.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// Whether two static shapes are the same but for dimensions of 1, and end in the same size: a view of one
/// as the other has strides wherever it lies.
bool differInOnesOnly(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs);

/// The strides that `value` has in the place where it is computed, in elements: those of the outermost concat
/// that it becomes a part of, also through reshapes that add and remove dimensions of 1. Nothing if a size
/// behind the first dimension is not known.
std::optional<llvm::SmallVector<int64_t>> stridesInPlace(mlir::Value value);

} // namespace tenon

#endif // TENON_DIALECT_TENON_IR_PLACEMENT_H
