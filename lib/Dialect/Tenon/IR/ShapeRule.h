//===- ShapeRule.h - What the shape rules and verifiers of all op families share ----------------===//

#ifndef TENON_LIB_DIALECT_TENON_IR_SHAPERULE_H
#define TENON_LIB_DIALECT_TENON_IR_SHAPERULE_H

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

namespace tenon {

using InferredTypes = mlir::FailureOr<llvm::SmallVector<mlir::Type>>;
using Sizes = SymbolicSizes::Sizes;

inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Reports why an op's operands do not fit, under the op's name, if there is a location to report at.
class RuleError {
public:
  RuleError(std::optional<mlir::Location> loc, llvm::StringRef opName) : loc(loc), opName(opName) {}
  explicit RuleError(mlir::Operation *op) : loc(op->getLoc()), opName(op->getName().getStringRef()) {}

  /// Always failure, so that a rule can return it.
  template <typename... Parts>
  llvm::LogicalResult operator()(Parts &&...message) const {
    return mlir::emitOptionalError(loc, "'", opName, "' op ", std::forward<Parts>(message)...);
  }

private:
  std::optional<mlir::Location> loc;
  llvm::StringRef opName;
};

/// Fails unless `axis` is one of `rank` dimensions.
[[nodiscard]] inline llvm::LogicalResult checkAxis(const RuleError &error, int64_t axis, int64_t rank) {
  if (axis >= 0 && axis < rank)
    return mlir::success();
  return error("expects axis in [0, ", rank, "), but got ", axis);
}

/// The parameters of a sliding window, a stride and a dilation per spatial dimension and the pads before all,
/// then after.
struct Window {
  llvm::ArrayRef<int64_t> strides, dilations, pads;

  /// Fails unless the counts fit `spatial` dimensions, strides and dilations are positive and pads are not
  /// negative.
  llvm::LogicalResult check(const RuleError &error, int64_t spatial) const;

  /// The number of places in spatial dimension `i` for a kernel of this size, null if unknown; with `ceil`
  /// one counts that starts inside but does not fit. Fails if the padded input is smaller than the dilated
  /// kernel.
  mlir::FailureOr<mlir::AffineExpr> places(const RuleError &error, int64_t i, mlir::AffineExpr input,
                                           mlir::AffineExpr kernel, bool ceil = false) const;
};

/// The size two sizes that must agree have: the more precise of them.
inline mlir::AffineExpr meet(mlir::AffineExpr lhs, mlir::AffineExpr rhs) {
  return !lhs || SymbolicSizes::constantValue(rhs) ? rhs : lhs;
}

/// The element type products of `element` are summed in and returned as: i32 for 8- and 16-bit integers.
inline mlir::Type accumulatorType(mlir::Type element) {
  if (element.isInteger() && element.getIntOrFloatBitWidth() < 32)
    return mlir::IntegerType::get(element.getContext(), 32);
  return element;
}

/// Where a slice of one dimension starts (below 0: from the end), how it steps and how many elements it
/// takes; `size` is null if unknown.
struct SliceRange {
  int64_t start, step;
  mlir::AffineExpr size;
};

/// What ONNX Slice takes of each dimension of `input`, or nothing for a dimension whose bounds aren't known
/// well enough. Fails after reporting at `error` if the operands do not fit.
mlir::FailureOr<llvm::SmallVector<std::optional<SliceRange>>>
sliceRanges(const RuleError &error, SymbolicSizes &sizes, DynamicSliceOp::Adaptor op);

/// Fails unless `value`, if any, has one element of the type of those of `input`, and the mode is constant.
llvm::LogicalResult checkPadValue(const RuleError &error, PadMode mode, mlir::Value value,
                                  mlir::RankedTensorType input);

} // namespace tenon

#endif // TENON_LIB_DIALECT_TENON_IR_SHAPERULE_H
