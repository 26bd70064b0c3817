//===- Reduction.cpp - Shape rules of the reductions ---------------------------------------------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

/// `input` without the dimensions `axes`, or with size 1 in their place.
static Sizes reduced(SymbolicSizes &sizes, const Sizes &input, ArrayRef<int64_t> axes, bool keepDims) {
  Sizes result;
  for (auto [i, size] : llvm::enumerate(input)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(i)))
      result.push_back(size);
    else if (keepDims)
      result.push_back(sizes.constant(1));
  }
  return result;
}

InferredTypes ReduceOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  ArrayRef<int64_t> axes = op.getAxes();
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (failed(checkAxis(error, axis, type.getRank()))) // reduce_c1
      return failure();
    if (i > 0 && axes[i - 1] >= axis) // reduce_c1
      return error("expects axes that increase, but got ", axes[i - 1], " before ", axis);
  }
  if (type.getElementType().isInteger(1) && op.getKind() != ReduceKind::max &&
      op.getKind() != ReduceKind::min) // reduce_c2
    return error("expects kind max or min for bool, but got ", stringifyEnum(op.getKind()));
  SymbolicSizes sizes(type.getContext());
  Sizes result = reduced(sizes, sizes.of(type), axes, op.getKeepDims());
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

InferredTypes ArgReduceOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  int64_t axis = op.getAxis();
  if (failed(checkAxis(RuleError(loc, getOperationName()), axis, type.getRank()))) // arg_reduce_c1
    return failure();
  SymbolicSizes sizes(type.getContext());
  Sizes result = reduced(sizes, sizes.of(type), axis, op.getKeepDims());
  return SmallVector<Type>{sizes.tensor(result, IntegerType::get(type.getContext(), 64))};
}

InferredTypes CumsumOp::infer(std::optional<Location> loc, Adaptor op) {
  if (failed(checkAxis(RuleError(loc, getOperationName()), op.getAxis(),
                       tensorType(op.getInput()).getRank()))) // cumsum_c1
    return failure();
  return SmallVector<Type>{op.getInput().getType()};
}

InferredTypes CumprodOp::infer(std::optional<Location> loc, Adaptor op) {
  if (failed(checkAxis(RuleError(loc, getOperationName()), op.getAxis(),
                       tensorType(op.getInput()).getRank()))) // cumprod_c1
    return failure();
  return SmallVector<Type>{op.getInput().getType()};
}
