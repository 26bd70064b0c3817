//===- Quant.cpp - Shape rules of quantization and dequantization --------------------------------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

/// Fails unless the scale, and the zero point if any, have a value for each element of `input`.
static LogicalResult checkScale(const RuleError &error, Value inputValue, Value scaleValue, Value zeroPoint,
                                int64_t axis, int64_t blockSize) {
  RankedTensorType inputType = tensorType(inputValue), scaleType = tensorType(scaleValue);
  if (zeroPoint && failed(verifyCompatibleShape(zeroPoint.getType(),
                                                scaleType))) // quantize_linear_c2 dequantize_linear_c2
    return error("expects a zero point of the scale's shape, but got ", zeroPoint.getType(), " and ",
                 scaleType);
  SymbolicSizes sizes(inputType.getContext());
  Sizes input = sizes.of(inputType), scale = sizes.of(scaleType);
  if (blockSize == 0) {
    bool single = llvm::all_of(scaleType.getShape(), [](int64_t size) { return size == 1; });
    if (single)
      return success();
    if (scale.size() != 1 || axis < 0 || axis >= inputType.getRank() ||
        !SymbolicSizes::mayEqual(scale[0], input[axis])) // quantize_linear_c3 dequantize_linear_c3
      return error("expects a scale of one value, or one per element of dimension ", axis, ", but got ",
                   scaleType, " for ", inputType);
    return success();
  }
  bool fits = blockSize > 0 && scale.size() == input.size() && axis >= 0 && axis < inputType.getRank();
  for (int64_t i = 0; fits && i < inputType.getRank(); ++i) {
    AffineExpr expected = i == axis && input[i] ? input[i].ceilDiv(blockSize) : input[i];
    fits = SymbolicSizes::mayEqual(scale[i], expected);
  }
  if (!fits) // quantize_linear_c4 dequantize_linear_c4
    return error("expects a scale per ", blockSize, " elements along dimension ", axis, ", but got ",
                 scaleType, " for ", inputType);
  return success();
}

InferredTypes QuantizeLinearOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  auto to = dyn_cast<IntegerType>(op.getTo());
  if (!to || to.getWidth() < 8 || to.getWidth() > 32) // quantize_linear_c1
    return error("expects an integer type of 8, 16 or 32 bits to quantize to, but got ", op.getTo());
  if (op.getZeroPoint() && tensorType(op.getZeroPoint()).getElementType() != to) // quantize_linear_c1
    return error("expects a zero point of element type ", to, ", but got ", op.getZeroPoint().getType());
  if (failed(checkScale(error, op.getInput(), op.getScale(), op.getZeroPoint(), op.getAxis(),
                        op.getBlockSize())))
    return failure();
  return SmallVector<Type>{tensorType(op.getInput()).clone(to)};
}

InferredTypes DequantizeLinearOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType input = tensorType(op.getInput());
  if (op.getZeroPoint() &&
      tensorType(op.getZeroPoint()).getElementType() != input.getElementType()) // dequantize_linear_c1
    return error("expects a zero point of element type ", input.getElementType(), ", but got ",
                 op.getZeroPoint().getType());
  if (failed(checkScale(error, op.getInput(), op.getScale(), op.getZeroPoint(), op.getAxis(),
                        op.getBlockSize())))
    return failure();
  return SmallVector<Type>{input.clone(tensorType(op.getScale()).getElementType())};
}
