//===- Quant.cpp - ONNX quantization: QDQ, integer and QOperator forms --------------------------===//
//
// The graph phase works on one form, dequantize - real op - quantize, so the QOperator forms (QLinearConv,
// ...) become that here. Integer forms (MatMulInteger, ConvInteger) become products of i32 numbers without
// their zero points.
//
//===----------------------------------------------------------------------------------------===//

#include "Windows.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

/// The axis as tenon counts it; without meaning for a scale of one element, whose axis may be out of range.
static int64_t quantAxis(NodeReader &node, Value input, Value scale) {
  int64_t axis = node.integer("axis", 1);
  return node.rank(scale) == 0 ? 1 : node.normalizeAxis(axis, node.rank(input));
}

/// A scale or zero point [1] as a scalar, so that it goes with every axis.
static Value perTensor(NodeReader &node, Value value, Value input) {
  if (!value || node.rank(value) != 1 || !node.type(value).hasStaticShape() ||
      node.type(value).getDimSize(0) != 1)
    return value;
  return node.reshape(value, {});
}

/// The number as the result of a quantization to a narrow type: one of a wider type, within the narrow one's
/// range.
static Value clampToNarrow(NodeReader &node, Value value, const NarrowElement &narrow) {
  auto bound = [&](int64_t number) { return node.scalar(static_cast<double>(number), narrow.storage); };
  return node.make<MinOp>({node.make<MaxOp>({value, bound(narrow.low())}), bound(narrow.high())});
}

static LogicalResult importQuantizeLinear(NodeReader &node) {
  node.ignore("saturate"); // Of 8-bit floating point targets.
  node.ignore("precision");
  Value input = node.input(0), scale = perTensor(node, node.input(1), input),
        zero = perTensor(node, node.input(2), input);
  int64_t dtype = node.integer("output_dtype", 0);
  std::optional<NarrowElement> narrow =
      node.hasInput(2) ? node.narrow(node.input(2)) : narrowElement(node.getContext(), dtype);
  Type to = zero     ? node.element(zero)
            : narrow ? narrow->storage
            : dtype  ? node.elementType(dtype)
                     : IntegerType::get(node.getContext(), 8, IntegerType::Unsigned);
  if (!to)
    return failure();
  if (!isa<IntegerType>(to))
    return node.error("expects an integer type to quantize to");
  NamedAttribute attributes[] = {node.attr("to", TypeAttr::get(to)),
                                 node.attr("axis", quantAxis(node, input, scale)),
                                 node.attr("block_size", node.integer("block_size", 0))};
  Value result = node.make<QuantizeLinearOp>({input, scale, zero}, attributes);
  return node.yield(narrow ? clampToNarrow(node, result, *narrow) : result);
}

/// A scale or zero point of one value or a vector along `axis`, in the input's rank.
static Value alongAxis(NodeReader &node, Value value, int64_t axis, int64_t rank) {
  if (!value || node.rank(value) == 0)
    return value;
  Sizes sizes(rank, node.getSizes().constant(1));
  sizes[axis] = node.sizesOf(value).front();
  return node.reshape(value, sizes);
}

/// Constants of 8-bit floats are kept as f32: a product with the scale is left.
static Value dequantizeReals(NodeReader &node, Value input, Value scale, Value zero) {
  int64_t axis = quantAxis(node, input, scale), rank = node.rank(input);
  if (node.rank(scale) > 1 || node.integer("block_size", 0) != 0) {
    (void)node.error(
        "expects one scale, or one per element of the axis, to dequantize floating point numbers");
    return {};
  }
  Type element = node.element(scale);
  Value result = node.cast(input, element);
  if (zero)
    result = node.make<SubOp>({result, node.cast(alongAxis(node, zero, axis, rank), element)});
  return node.make<MulOp>({result, alongAxis(node, scale, axis, rank)});
}

static LogicalResult importDequantizeLinear(NodeReader &node) {
  Value input = node.input(0), scale = perTensor(node, node.input(1), input),
        zero = perTensor(node, node.input(2), input);
  int64_t dtype = node.integer("output_dtype", 0);
  Type to = dtype ? node.elementType(dtype) : node.element(scale);
  if (!to)
    return failure();
  if (isa<FloatType>(node.element(input)))
    return node.yield(node.cast(dequantizeReals(node, input, scale, zero), to));
  NamedAttribute attributes[] = {node.attr("axis", quantAxis(node, input, scale)),
                                 node.attr("block_size", node.integer("block_size", 0))};
  return node.yield(node.cast(node.make<DequantizeLinearOp>({input, scale, zero}, attributes), to));
}

static Value reduceAll(NodeReader &node, ReduceKind kind, Value value) {
  NamedAttribute attributes[] = {node.attr("kind", ReduceKindAttr::get(node.getContext(), kind)),
                                 node.attr("axes", llvm::to_vector(llvm::seq<int64_t>(0, node.rank(value))))};
  return node.make<ReduceOp>(value, attributes);
}

/// Scale and zero point from the extremes of the input, which always include 0.
static LogicalResult importDynamicQuantizeLinear(NodeReader &node) {
  Value input = node.input(0);
  Type f32 = node.getBuilder().getF32Type(),
       ui8 = IntegerType::get(node.getContext(), 8, IntegerType::Unsigned);
  Value none = node.scalar(0, f32), top = node.scalar(255, f32);
  Value high = node.make<MaxOp>({reduceAll(node, ReduceKind::max, input), none});
  Value low = node.make<MinOp>({reduceAll(node, ReduceKind::min, input), none});
  Value scale = node.make<DivOp>({node.make<SubOp>({high, low}), top});
  Value zero = node.make<DivOp>({node.make<SubOp>({none, low}), scale});
  zero = node.make<RoundOp>(node.make<MinOp>({node.make<MaxOp>({zero, none}), top}));
  zero = node.cast(zero, ui8);
  Value quantized = node.make<QuantizeLinearOp>({input, scale, zero}, node.attr("to", TypeAttr::get(ui8)));
  return node.yield({quantized, scale, zero});
}

/// The operand as i32 minus its zero point; a vector of zero points goes with dimension `axis`.
static Value withoutZero(NodeReader &node, Value value, Value zero, int64_t axis) {
  Type i32 = node.getBuilder().getI32Type();
  Value result = node.cast(value, i32);
  if (!zero)
    return result;
  zero = perTensor(node, zero, value);
  if (node.rank(zero) == 1) {
    Sizes sizes(node.rank(value), node.getSizes().constant(1));
    sizes[axis] = node.sizesOf(zero).front();
    zero = node.reshape(zero, sizes);
  }
  return node.make<SubOp>({result, node.cast(zero, i32)});
}

static LogicalResult importMatmulInteger(NodeReader &node) {
  Value lhs = node.input(0), rhs = node.input(1);
  if (node.rank(lhs) < 1 || node.rank(rhs) < 1)
    return node.error("expects operands of rank 1 or more");
  lhs = withoutZero(node, lhs, node.input(2), std::max<int64_t>(node.rank(lhs) - 2, 0));
  rhs = withoutZero(node, rhs, node.input(3), node.rank(rhs) - 1);
  return node.yield(node.make<MatmulOp>({lhs, rhs}));
}

/// The attributes of a convolution; `filter` has static kernel sizes.
static FailureOr<SmallVector<NamedAttribute>> convAttributes(NodeReader &node, Value input, Value filter) {
  RankedTensorType type = node.type(filter);
  if (type.getRank() < 3 || !type.hasStaticShape())
    return node.error("expects a filter of rank 3 or more and known sizes");
  FailureOr<Window> window = readWindow(node, input, type.getShape().drop_front(2));
  if (failed(window))
    return failure();
  return SmallVector<NamedAttribute>{
      node.attr("strides", window->strides), node.attr("dilations", window->dilations),
      node.attr("pads", window->pads), node.attr("group", node.integer("group", 1))};
}

static LogicalResult importConvInteger(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = convAttributes(node, node.input(0), node.input(1));
  if (failed(attributes))
    return failure();
  Value input = withoutZero(node, node.input(0), node.input(2), 1);
  Value filter = withoutZero(node, node.input(1), node.input(3), 0);
  return node.yield(node.make<ConvOp>({input, filter}, *attributes));
}

static Value dequantize(NodeReader &node, Value value, Value scale, Value zero, int64_t axis) {
  scale = perTensor(node, scale, value);
  zero = perTensor(node, zero, value);
  return node.make<DequantizeLinearOp>({value, scale, zero}, node.attr("axis", axis));
}

static Value quantize(NodeReader &node, Value value, Value scale, Value zero, int64_t axis = 1) {
  scale = perTensor(node, scale, value);
  zero = perTensor(node, zero, value);
  NamedAttribute attributes[] = {node.attr("to", TypeAttr::get(node.element(zero))), node.attr("axis", axis)};
  return node.make<QuantizeLinearOp>({value, scale, zero}, attributes);
}

static LogicalResult importQLinearMatmul(NodeReader &node) {
  Value lhs = node.input(0), rhs = node.input(3);
  if (node.rank(lhs) < 1 || node.rank(rhs) < 1)
    return node.error("expects operands of rank 1 or more");
  // A vector of scales of the left operand belongs to its rows, of the right one to its columns.
  lhs = dequantize(node, lhs, node.input(1), node.input(2), std::max<int64_t>(node.rank(lhs) - 2, 0));
  rhs = dequantize(node, rhs, node.input(4), node.input(5), node.rank(rhs) - 1);
  Value product = node.make<MatmulOp>({lhs, rhs});
  return node.yield(
      quantize(node, product, node.input(6), node.input(7), std::max<int64_t>(node.rank(product) - 2, 0)));
}

static LogicalResult importQLinearConv(NodeReader &node) {
  Value filter = node.input(3), filterScale = node.input(4);
  FailureOr<SmallVector<NamedAttribute>> attributes = convAttributes(node, node.input(0), filter);
  if (failed(attributes))
    return failure();
  Value input = dequantize(node, node.input(0), node.input(1), node.input(2), 1);
  Value result =
      node.make<ConvOp>({input, dequantize(node, filter, filterScale, node.input(5), 0)}, *attributes);
  if (Value bias = node.input(8)) {
    // The bias counts in units of input scale times filter scale.
    Value unit = node.make<MulOp>({perTensor(node, node.input(1), input), filterScale});
    Sizes sizes(node.rank(result) - 1, node.getSizes().constant(1));
    sizes.front() = node.sizesOf(bias).front();
    Value real = node.make<MulOp>({node.cast(bias, node.element(unit)), unit});
    result = node.make<AddOp>({result, node.reshape(real, sizes)});
  }
  return node.yield(quantize(node, result, node.input(6), node.input(7)));
}

/// com.microsoft QLinearAdd and QLinearMul: a, its scale and zero point, b, its, then those of the result.
template <typename Op>
static LogicalResult importQLinearBinary(NodeReader &node) {
  Value lhs = dequantize(node, node.input(0), node.input(1), node.input(2), 1);
  Value rhs = dequantize(node, node.input(3), node.input(4), node.input(5), 1);
  if (!node.hasInput(7))
    return node.error("expects a zero point of the result");
  return node.yield(quantize(node, node.make<Op>({lhs, rhs}), node.input(6), node.input(7)));
}

void tenon::importer::registerQuant(Registry &registry) {
  registry.add("QuantizeLinear", 10, 2, 3, importQuantizeLinear);
  registry.add("DequantizeLinear", 10, 2, 3, importDequantizeLinear);
  registry.add("DynamicQuantizeLinear", 11, 1, 1, importDynamicQuantizeLinear);
  registry.add("MatMulInteger", 10, 2, 4, importMatmulInteger);
  registry.add("ConvInteger", 10, 2, 4, importConvInteger);
  registry.add("QLinearMatMul", 10, 8, 8, importQLinearMatmul);
  registry.add("QLinearConv", 10, 8, 9, importQLinearConv);
  registry.add("QLinearAdd", 1, 7, 8, importQLinearBinary<AddOp>, "com.microsoft");
  registry.add("QLinearMul", 1, 7, 8, importQLinearBinary<MulOp>, "com.microsoft");
}
