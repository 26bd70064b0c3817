//===- Functions.cpp - ONNX ops that are defined by formulas over others ------------------------===//

#include "NodeReader.h"

#include "tenon/Support/HostTensor.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

//===----------------------------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------------------------===//

static Value reduceAll(NodeReader &node, ReduceKind kind, Value value) {
  NamedAttribute attributes[] = {node.attr("kind", ReduceKindAttr::get(node.getContext(), kind)),
                                 node.attr("axes", llvm::to_vector(llvm::seq<int64_t>(0, node.rank(value))))};
  return node.make<ReduceOp>(value, attributes);
}

/// The negative log likelihood: minus the log probability [N, C, ...] of the target [N, ...], weighted by
/// class.
static Value negativeLogLikelihood(NodeReader &node, Value logProbability, Value target, Value weight) {
  std::string reduction = node.text("reduction", "mean");
  std::optional<int64_t> ignored = node.integer("ignore_index");
  if (reduction != "none" && reduction != "mean" && reduction != "sum") {
    (void)node.error("expects reduction none, mean or sum, but got '" + Twine(reduction) + "'");
    return {};
  }
  if (node.rank(logProbability) != node.rank(target) + 1) {
    (void)node.error("expects one rank less for the target than for the input");
    return {};
  }
  Type element = node.element(logProbability), index = node.element(target);
  Value counts;
  if (ignored) {
    auto ne = ComparisonAttr::get(node.getContext(), Comparison::ne);
    counts = node.make<CompareOp>({target, node.scalar(*ignored, index)}, node.attr("predicate", ne));
    // Any class will do where the target does not count.
    target = node.make<SelectOp>({counts, target, node.scalar(0, index)});
  }
  Value weights = weight ? node.make<GatherOp>({weight, target}, node.attr("axis", int64_t(0))) : Value();
  if (counts && weights)
    weights = node.make<SelectOp>({counts, weights, node.scalar(0, element)});
  else if (counts)
    weights = node.cast(counts, element);
  if (node.hasFailed())
    return {};
  Sizes sizes = node.sizesOf(target), column = sizes;
  column.insert(column.begin() + 1, node.getSizes().constant(1));
  Value picked = node.make<GatherElementsOp>({logProbability, node.reshape(target, column)},
                                             node.attr("axis", int64_t(1)));
  Value loss = node.make<NegOp>(node.reshape(picked, sizes));
  if (weights)
    loss = node.make<MulOp>({loss, weights});
  if (reduction == "none" || node.hasFailed())
    return loss;
  if (reduction == "sum")
    return reduceAll(node, ReduceKind::sum, loss);
  if (!weights)
    return reduceAll(node, ReduceKind::mean, loss);
  return node.make<DivOp>(
      {reduceAll(node, ReduceKind::sum, loss), reduceAll(node, ReduceKind::sum, weights)});
}

static LogicalResult importNegativeLogLikelihoodLoss(NodeReader &node) {
  return node.yield(negativeLogLikelihood(node, node.input(0), node.input(1), node.input(2)));
}

static LogicalResult importSoftmaxCrossEntropyLoss(NodeReader &node) {
  if (node.rank(node.input(0)) < 2)
    return node.error("expects scores of rank 2 or more");
  Value logProbability = node.make<LogSoftmaxOp>(node.input(0), node.attr("axis", int64_t(1)));
  if (node.hasFailed())
    return failure();
  Value loss = negativeLogLikelihood(node, logProbability, node.input(1), node.input(2));
  return node.yield({loss, logProbability});
}

//===----------------------------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------------------------===//

/// Crops or pads evenly at both ends of the axes to the sizes asked for; an odd element is the end's.
static LogicalResult importCenterCropPad(NodeReader &node) {
  Value input = node.input(0);
  Sizes sizes = node.sizesOf(input);
  int64_t rank = sizes.size();
  SmallVector<int64_t> axes;
  for (int64_t axis : node.integers("axes").value_or(llvm::to_vector(llvm::seq<int64_t>(0, rank))))
    axes.push_back(node.normalizeAxis(axis, rank));
  std::optional<SmallVector<int64_t>> shape = node.constantInts(node.input(1));
  RankedTensorType declared = node.declaredType(0);
  if (!shape && declared && declared.hasStaticShape() && declared.getRank() == rank)
    shape = llvm::map_to_vector(axes, [&](int64_t axis) { return declared.getDimSize(axis); });
  if (!shape || shape->size() != axes.size())
    return node.error("expects sizes that are known at compile time, one per axis");
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1), low(rank, 0), high(rank, 0);
  for (auto [axis, wanted] : llvm::zip_equal(axes, *shape)) {
    std::optional<int64_t> size = SymbolicSizes::constantValue(sizes[axis]);
    if (!size || wanted < 0)
      return node.error("expects dimensions of known sizes");
    starts[axis] = std::max<int64_t>(*size - wanted, 0) / 2;
    low[axis] = std::max<int64_t>(wanted - *size, 0) / 2;
    high[axis] = std::max<int64_t>(wanted - *size, 0) - low[axis];
    sizes[axis] = node.getSizes().constant(std::min(*size, wanted));
  }
  NamedAttribute crop[] = {node.attr("starts", starts), node.attr("steps", steps)};
  Value result = node.makeAs<SliceOp>(node.getSizes().tensor(sizes, node.element(input)), input, crop);
  NamedAttribute pad[] = {node.attr("mode", PadModeAttr::get(node.getContext(), PadMode::constant)),
                          node.attr("low", low), node.attr("high", high)};
  return node.yield(node.make<PadOp>({result, Value()}, pad));
}

/// A window function a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), as a constant.
static LogicalResult importWindow(NodeReader &node, double a0, double a1, double a2) {
  bool periodic = node.integer("periodic", 1) != 0;
  Type element = node.elementType(node.integer("output_datatype", 1));
  std::optional<SmallVector<int64_t>> size = node.constantInts(node.input(0));
  RankedTensorType declared = node.declaredType(0);
  if (!size && declared && declared.hasStaticShape() && declared.getRank() == 1)
    size = SmallVector<int64_t>{declared.getDimSize(0)};
  if (!element || !size || size->size() != 1 || size->front() < 0 || size->front() > 1 << 24)
    return node.error("expects a size that is known at compile time");
  HostTensor window = HostTensor::zeros(RankedTensorType::get(size->front(), element));
  double period = std::max<double>(periodic ? size->front() : size->front() - 1, 1);
  dispatchElementType(element, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (auto [n, value] : llvm::enumerate(window.getMutable<T>())) {
      double angle = 2 * llvm::numbers::pi * n / period;
      value = static_cast<T>(a0 - a1 * std::cos(angle) + a2 * std::cos(2 * angle));
    }
  });
  return node.yield(node.constant(window.toElementsAttr("window")));
}

static LogicalResult importHannWindow(NodeReader &node) { return importWindow(node, 0.5, 0.5, 0); }
static LogicalResult importHammingWindow(NodeReader &node) {
  return importWindow(node, 25.0 / 46, 1 - 25.0 / 46, 0);
}
static LogicalResult importBlackmanWindow(NodeReader &node) { return importWindow(node, 0.42, 0.5, 0.08); }

//===----------------------------------------------------------------------------------------===//
// Of com.microsoft
//===----------------------------------------------------------------------------------------===//

/// Layer normalization of input + skip + bias; the sum is the last result.
static LogicalResult importSkipLayerNormalization(NodeReader &node) {
  Value sum = node.make<AddOp>({node.input(0), node.input(1)});
  if (node.hasInput(4))
    sum = node.make<AddOp>({sum, node.input(4)});
  if (node.hasFailed())
    return failure();
  NamedAttribute attributes[] = {node.attr("axis", node.rank(sum) - 1),
                                 node.realAttr("epsilon", node.real("epsilon", 1e-12f))};
  Value result = node.make<LayerNormOp>({sum, node.input(2), node.input(3)}, attributes);
  return node.yield({result, Value(), Value(), sum});
}

static LogicalResult importFusedMatmul(NodeReader &node) {
  if (node.integer("transBatchA", 0) || node.integer("transBatchB", 0))
    return node.error("transposed batch dimensions are not supported");
  SmallVector<NamedAttribute> attributes;
  if (node.integer("transA", 0))
    attributes.push_back(node.flag("transpose_lhs"));
  if (node.integer("transB", 0))
    attributes.push_back(node.flag("transpose_rhs"));
  Value product = node.make<MatmulOp>({node.input(0), node.input(1)}, attributes);
  float alpha = node.real("alpha", 1.0f);
  if (alpha != 1.0f)
    product = node.make<MulOp>({product, node.scalar(alpha, node.element(node.input(0)))});
  return node.yield(product);
}

void tenon::importer::registerFunctions(Registry &registry) {
  registry.add("NegativeLogLikelihoodLoss", 12, 2, 3, importNegativeLogLikelihoodLoss);
  registry.add("SoftmaxCrossEntropyLoss", 12, 2, 3, importSoftmaxCrossEntropyLoss);
  registry.add("CenterCropPad", 18, 2, 2, importCenterCropPad);
  registry.add("HannWindow", 17, 1, 1, importHannWindow);
  registry.add("HammingWindow", 17, 1, 1, importHammingWindow);
  registry.add("BlackmanWindow", 17, 1, 1, importBlackmanWindow);
  registry.add("SkipLayerNormalization", 1, 3, 5, importSkipLayerNormalization, "com.microsoft");
  registry.add("FusedMatMul", 1, 2, 2, importFusedMatmul, "com.microsoft");
  for (const char *op :
       {"Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"})
    registry.refuse(op, "random numbers");
  for (const char *op :
       {"StringConcat", "StringNormalizer", "StringSplit", "RegexFullMatch", "TfIdfVectorizer"})
    registry.refuse(op, "strings");
}
