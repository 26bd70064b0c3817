//===- Quant.cpp - Quantization to structured ops over the result ------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;

namespace {

/// How a scale or zero point is read: through an access map, or where one value serves a block, at a computed
/// place.
struct Parameter {
  Value tensor;
  Type element;
  std::optional<Input> input;
};

} // namespace

/// Whether a block shares one scale: the place of it is a quotient, which no access map can say.
template <typename Op>
static bool isBlocked(Op op) {
  return op.getBlockSize() > 1;
}

template <typename Op>
static Parameter makeParameter(StructuredBuilder &b, Op op, Value original, Value converted) {
  Parameter parameter = {converted, elementOf(original), std::nullopt};
  if (TypedAttr splat = getSplat(original)) {
    parameter.input = Input{converted, parameter.element, {}, splat};
  } else if (isBlocked(op)) {
    b.checkExtractable(converted, "scales in blocks");
  } else {
    RankedTensorType type = tensorType(original);
    SmallVector<AffineExpr> indices;
    if (op.getBlockSize() == 1)
      indices = b.loops(type);
    else if (type.getRank() == 1 && type.getDimSize(0) != 1)
      indices = {b.loop(op.getAxis())};
    else
      indices.assign(type.getRank(), b.constant(0));
    parameter.input = b.input(original, converted, indices);
  }
  return parameter;
}

/// The inputs of an op over the result: the input's elements, then the parameters that maps can read.
static SmallVector<Input> gatherInputs(const Input &input, ArrayRef<Parameter> parameters) {
  SmallVector<Input> inputs = {input};
  for (const Parameter &parameter : parameters)
    if (parameter.input)
      inputs.push_back(*parameter.input);
  return inputs;
}

/// The parameters' values at a point of the loops; `loaded` are those of the inputs after the first.
template <typename Op>
static SmallVector<Value> readParameters(ScalarBuilder &s, Op op, ArrayRef<Parameter> parameters,
                                         ValueRange loaded) {
  SmallVector<Value> values;
  for (const Parameter &parameter : parameters) {
    if (parameter.input) {
      values.push_back(loaded.front());
      loaded = loaded.drop_front();
      continue;
    }
    SmallVector<Value> indices;
    for (int64_t dim = 0; dim < tensorType(parameter.tensor).getRank(); ++dim) {
      Value index = s.index(dim);
      if (dim == static_cast<int64_t>(op.getAxis()))
        index = arith::DivUIOp::create(s, index, s.indexConstant(op.getBlockSize()));
      indices.push_back(index);
    }
    values.push_back(s.load(StructuredBuilder::extract(s, parameter.tensor, indices), parameter.element));
  }
  return values;
}

namespace {

struct QuantizeLinearLowering : OpConversionPattern<QuantizeLinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(QuantizeLinearOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType result = tensorType(op.getResult());
    Type element = elementOf(op.getInput()), to = result.getElementType();
    SmallVector<Parameter> parameters = {makeParameter(b, op, op.getScale(), adaptor.getScale())};
    if (op.getZeroPoint())
      parameters.push_back(makeParameter(b, op, op.getZeroPoint(), adaptor.getZeroPoint()));
    Input input = b.input(op.getInput(), adaptor.getInput(), b.loops(result));
    return b.replace(
        b.parallel(result, gatherInputs(input, parameters), [&](ScalarBuilder &s, ValueRange x) -> Value {
          SmallVector<Value> values = readParameters(s, op, parameters, x.drop_front());
          Type type = values[0].getType();
          bool isWide = element.isF64() || element.getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth();
          Type computed = isWide ? Type(s.getF64Type()) : type;
          Value scaled = s.div(s.toFloat(x[0], isUnsignedElement(element), computed),
                               s.toFloat(values[0], false, computed));
          Value rounded = math::RoundEvenOp::create(s, scaled);
          if (op.getZeroPoint())
            rounded = s.add(rounded, s.toFloat(values[1], isUnsignedElement(to), computed));
          return s.toIntSaturated(rounded, cast<IntegerType>(getStorageType(to)), isUnsignedElement(to));
        }));
  }
};

struct DequantizeLinearLowering : OpConversionPattern<DequantizeLinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(DequantizeLinearOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType result = tensorType(op.getResult());
    Type element = elementOf(op.getInput());
    bool isUnsigned = isUnsignedElement(element);
    SmallVector<Parameter> parameters = {makeParameter(b, op, op.getScale(), adaptor.getScale())};
    if (op.getZeroPoint())
      parameters.push_back(makeParameter(b, op, op.getZeroPoint(), adaptor.getZeroPoint()));
    Input input = b.input(op.getInput(), adaptor.getInput(), b.loops(result));
    return b.replace(
        b.parallel(result, gatherInputs(input, parameters), [&](ScalarBuilder &s, ValueRange x) -> Value {
          SmallVector<Value> values = readParameters(s, op, parameters, x.drop_front());
          Type type = values[0].getType();
          Value number = x[0];
          bool differenceIsUnsigned = isUnsigned;
          if (op.getZeroPoint()) {
            // The difference of two integers needs a bit more than they have.
            Type wide = element.getIntOrFloatBitWidth() < 32 ? s.getI32Type() : s.getI64Type();
            number = s.sub(s.widen(number, element, wide), s.widen(values[1], element, wide));
            differenceIsUnsigned = false;
          }
          return s.mul(s.toFloat(number, differenceIsUnsigned, type), values[0]);
        }));
  }
};

} // namespace

void tenon::populateQuantPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<DequantizeLinearLowering, QuantizeLinearLowering>(converter, patterns.getContext());
}
