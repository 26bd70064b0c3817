//===- Normalization.cpp - ONNX softmax and normalizations --------------------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

/// Applies `body(value, axis)` along the attribute's axis. Before opset 13 the input counts as a matrix whose
/// columns are all dimensions from `axis` on.
template <typename Body>
static LogicalResult alongAxis(NodeReader &node, Body body) {
  Value input = node.input(0);
  int64_t rank = node.rank(input);
  if (node.getOpset() >= 13)
    return node.yield(body(input, node.axis(-1, rank)));
  int64_t axis = node.axis(1, rank);
  if (axis == rank - 1)
    return node.yield(body(input, axis));
  Sizes sizes = node.sizesOf(input);
  Value matrix = node.reshape(input, {node.getSizes().product(ArrayRef(sizes).take_front(axis)),
                                      node.getSizes().product(ArrayRef(sizes).drop_front(axis))});
  return node.yield(node.reshape(body(matrix, 1), sizes));
}

template <typename Op>
static LogicalResult importSoftmax(NodeReader &node) {
  return alongAxis(node,
                   [&](Value value, int64_t axis) { return node.make<Op>(value, node.attr("axis", axis)); });
}

/// One at the first largest element, zero elsewhere.
static LogicalResult importHardmax(NodeReader &node) {
  return alongAxis(node, [&](Value value, int64_t axis) -> Value {
    NamedAttribute attributes[] = {node.attr("kind", ExtremumAttr::get(node.getContext(), Extremum::max)),
                                   node.attr("axis", axis)};
    Value place = node.make<ArgReduceOp>(value, attributes);
    Type element = node.element(value);
    auto pair = RankedTensorType::get(2, element);
    Value values =
        node.constant(DenseElementsAttr::get(pair, {Attribute(node.getBuilder().getFloatAttr(element, 0)),
                                                    node.getBuilder().getFloatAttr(element, 1)}));
    std::optional<int64_t> depth = SymbolicSizes::constantValue(node.sizesOf(value)[axis]);
    if (!depth) {
      (void)node.error("expects a dimension of known size");
      return {};
    }
    auto scalar = RankedTensorType::get({}, node.getBuilder().getI64Type());
    Value depthValue = node.constant(DenseElementsAttr::get(scalar, *depth));
    return node.make<OneHotOp>({place, depthValue, values}, node.attr("axis", axis));
  });
}

static LogicalResult importBatchNormalization(NodeReader &node) {
  node.ignore("momentum");
  Type element = node.element(node.input(0));
  // Version 6 trains by default, and `spatial = 0` keeps statistics per element.
  if (node.getOpset() < 7 && node.integer("is_test", 0) == 0)
    return node.error("training mode is not supported");
  if (node.getOpset() < 9 && node.integer("spatial", 1) == 0)
    return node.error("spatial = 0 is not supported");
  if (node.getOpset() >= 14 && node.integer("training_mode", 0) != 0)
    return node.error("training mode is not supported");
  for (unsigned i = 1; i < node.getNumOutputs(); ++i)
    if (node.wantsOutput(i))
      return node.error("training mode is not supported: output " + Twine(i) + " is a running statistic");
  SmallVector<Value> operands = {node.input(0)};
  for (unsigned i = 1; i < 5; ++i)
    operands.push_back(node.cast(node.input(i), element));
  return node.yield(node.make<BatchNormOp>(operands, node.realAttr("epsilon", node.real("epsilon", 1e-5f))));
}

static Value reduceMean(NodeReader &node, Value value, ArrayRef<int64_t> axes) {
  NamedAttribute attributes[] = {node.attr("kind", ReduceKindAttr::get(node.getContext(), ReduceKind::mean)),
                                 node.attr("axes", axes), node.flag("keep_dims")};
  return node.make<ReduceOp>(value, attributes);
}

static LogicalResult importLayerNormalization(NodeReader &node) {
  Value input = node.input(0);
  int64_t rank = node.rank(input), axis = node.axis(-1, rank);
  float epsilon = node.real("epsilon", 1e-5f);
  node.ignore("stash_type"); // Statistics are always taken in f32 or better.
  Type element = node.element(input);
  NamedAttribute attributes[] = {node.attr("axis", axis), node.realAttr("epsilon", epsilon)};
  SmallVector<Value> results = {node.make<LayerNormOp>(
      {input, node.cast(node.input(1), element), node.cast(node.input(2), element)}, attributes)};
  if (node.wantsOutput(1) || node.wantsOutput(2)) {
    Type f32 = node.getBuilder().getF32Type();
    Value wide = element.isF64() ? input : node.cast(input, f32);
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(axis, rank));
    Value mean = reduceMean(node, wide, axes);
    Value deviation = node.make<SubOp>({wide, mean});
    Value variance = reduceMean(node, node.make<MulOp>({deviation, deviation}), axes);
    variance = node.make<AddOp>({variance, node.scalar(epsilon, node.element(wide))});
    results.push_back(node.cast(mean, f32));
    results.push_back(node.cast(node.make<RsqrtOp>(variance), f32));
  }
  return node.yield(results);
}

static LogicalResult importRmsNormalization(NodeReader &node) {
  Value input = node.input(0);
  node.ignore("stash_type");
  NamedAttribute attributes[] = {node.attr("axis", node.axis(-1, node.rank(input))),
                                 node.realAttr("epsilon", node.real("epsilon", 1e-5f))};
  return node.yield(node.make<RmsNormOp>({input, node.cast(node.input(1), node.element(input))}, attributes));
}

static LogicalResult importInstanceNormalization(NodeReader &node) {
  NamedAttribute epsilon = node.realAttr("epsilon", node.real("epsilon", 1e-5f));
  return node.yield(node.make<InstanceNormOp>({node.input(0), node.input(1), node.input(2)}, epsilon));
}

static LogicalResult importGroupNormalization(NodeReader &node) {
  Value input = node.input(0), scale = node.input(1), bias = node.input(2);
  int64_t groups = node.integer("num_groups", 0);
  node.ignore("stash_type");
  Type element = node.element(input);
  Sizes sizes = node.sizesOf(input);
  std::optional<int64_t> channels = sizes.size() > 1 ? SymbolicSizes::constantValue(sizes[1]) : std::nullopt;
  if (!channels || groups <= 0 || *channels % groups != 0)
    return node.error("expects a known number of channels that num_groups divides");
  scale = node.cast(scale, element);
  bias = node.cast(bias, element);
  // Before opset 21 there is a scale and a bias per group.
  auto perChannel = [&](Value value) {
    SymbolicSizes &s = node.getSizes();
    Value column = node.reshape(value, {s.constant(groups), s.constant(1)});
    auto type = RankedTensorType::get({groups, *channels / groups}, element);
    return node.reshape(node.makeAs<ExpandOp>(type, column), {s.constant(*channels)});
  };
  if (node.getOpset() < 21) {
    scale = perChannel(scale);
    bias = perChannel(bias);
  }
  NamedAttribute attributes[] = {node.attr("num_groups", groups),
                                 node.realAttr("epsilon", node.real("epsilon", 1e-5f))};
  return node.yield(node.make<GroupNormOp>({input, scale, bias}, attributes));
}

static LogicalResult importLrn(NodeReader &node) {
  NamedAttribute attributes[] = {
      node.attr("size", node.integer("size", 0)), node.realAttr("alpha", node.real("alpha", 1e-4f)),
      node.realAttr("beta", node.real("beta", 0.75f)), node.realAttr("bias", node.real("bias", 1.0f))};
  return node.yield(node.make<LrnOp>(node.input(0), attributes));
}

static LogicalResult importLpNormalization(NodeReader &node) {
  NamedAttribute attributes[] = {node.attr("axis", node.axis(-1, node.rank(node.input(0)))),
                                 node.attr("p", node.integer("p", 2))};
  return node.yield(node.make<LpNormOp>(node.input(0), attributes));
}

/// (x - mean) / (standard deviation + 1e-9).
static LogicalResult importMeanVarianceNormalization(NodeReader &node) {
  Value input = node.input(0);
  SmallVector<int64_t> axes =
      node.normalizeAxes(node.integers("axes").value_or(SmallVector<int64_t>{0, 2, 3}), node.rank(input));
  if (node.hasFailed())
    return failure();
  Value deviation = node.make<SubOp>({input, reduceMean(node, input, axes)});
  Value variance = reduceMean(node, node.make<MulOp>({deviation, deviation}), axes);
  Value scale = node.make<AddOp>({node.make<SqrtOp>(variance), node.scalar(1e-9, node.element(input))});
  return node.yield(node.make<DivOp>({deviation, scale}));
}

void tenon::importer::registerNormalization(Registry &registry) {
  registry.add("Softmax", 1, 1, 1, importSoftmax<SoftmaxOp>);
  registry.add("LogSoftmax", 1, 1, 1, importSoftmax<LogSoftmaxOp>);
  registry.add("Hardmax", 1, 1, 1, importHardmax);
  registry.add("BatchNormalization", 6, 5, 5, importBatchNormalization);
  registry.add("LayerNormalization", 17, 2, 3, importLayerNormalization);
  registry.add("RMSNormalization", 23, 2, 2, importRmsNormalization);
  registry.add("InstanceNormalization", 6, 3, 3, importInstanceNormalization);
  registry.add("GroupNormalization", 18, 3, 3, importGroupNormalization);
  registry.add("LRN", 1, 1, 1, importLrn);
  registry.add("LpNormalization", 1, 1, 1, importLpNormalization);
  registry.add("MeanVarianceNormalization", 9, 1, 1, importMeanVarianceNormalization);
}
