//===- Indexing.cpp - ONNX ops that read or write at places given by tensors --------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

static LogicalResult importGather(NodeReader &node) {
  return node.yield(node.make<GatherOp>({node.input(0), node.input(1)},
                                        node.attr("axis", node.axis(0, node.rank(node.input(0))))));
}

static LogicalResult importGatherElements(NodeReader &node) {
  return node.yield(node.make<GatherElementsOp>({node.input(0), node.input(1)},
                                                node.attr("axis", node.axis(0, node.rank(node.input(0))))));
}

static LogicalResult importGatherNd(NodeReader &node) {
  return node.yield(node.make<GatherNdOp>({node.input(0), node.input(1)},
                                          node.attr("batch_dims", node.integer("batch_dims", 0))));
}

/// ai.onnx.ml: gathers along the last dimension.
static LogicalResult importArrayFeatureExtractor(NodeReader &node) {
  Value data = node.input(0), indices = node.input(1);
  int64_t rank = node.rank(data);
  if (rank < 1)
    return node.error("expects data of rank 1 or more");
  SymbolicSizes::Sizes sizes = node.sizesOf(indices);
  Value result = node.make<GatherOp>({data, node.reshape(indices, node.getSizes().product(sizes))},
                                     node.attr("axis", rank - 1));
  // A vector of data gives a matrix of one row.
  if (rank == 1)
    result = node.reshape(result, {node.getSizes().constant(1), node.getSizes().product(sizes)});
  return node.yield(result);
}

static FailureOr<NamedAttribute> scatterReduction(NodeReader &node) {
  std::string text = node.text("reduction", "none");
  std::optional<ScatterReduction> reduction = symbolizeScatterReduction(text);
  if (!reduction)
    return node.error("expects reduction none, add, mul, max or min, but got '" + Twine(text) + "'");
  return node.attr("reduction", ScatterReductionAttr::get(node.getContext(), *reduction));
}

static LogicalResult importScatterElements(NodeReader &node) {
  FailureOr<NamedAttribute> reduction = scatterReduction(node);
  if (failed(reduction))
    return failure();
  NamedAttribute attributes[] = {*reduction, node.attr("axis", node.axis(0, node.rank(node.input(0))))};
  return node.yield(node.make<ScatterElementsOp>({node.input(0), node.input(1), node.input(2)}, attributes));
}

static LogicalResult importScatterNd(NodeReader &node) {
  FailureOr<NamedAttribute> reduction = scatterReduction(node);
  if (failed(reduction))
    return failure();
  return node.yield(node.make<ScatterNdOp>({node.input(0), node.input(1), node.input(2)}, *reduction));
}

static LogicalResult importTensorScatter(NodeReader &node) {
  std::string text = node.text("mode", "linear");
  std::optional<ScatterMode> mode = symbolizeScatterMode(text);
  if (!mode)
    return node.error("expects mode linear or circular, but got '" + Twine(text) + "'");
  NamedAttribute attributes[] = {node.attr("mode", ScatterModeAttr::get(node.getContext(), *mode)),
                                 node.attr("axis", node.axis(-2, node.rank(node.input(0))))};
  return node.yield(node.make<TensorScatterOp>({node.input(0), node.input(1), node.input(2)}, attributes));
}

static LogicalResult importOneHot(NodeReader &node) {
  Value depth = node.cast(node.input(1), node.getBuilder().getI64Type());
  int64_t axis = node.axis(-1, node.rank(node.input(0)) + 1);
  return node.yield(node.make<OneHotOp>({node.input(0), depth, node.input(2)}, node.attr("axis", axis)));
}

static LogicalResult importTopK(NodeReader &node) {
  Value input = node.input(0), k = node.input(1);
  if (node.getOpset() < 10) {
    std::optional<int64_t> count = node.integer("k");
    if (!count)
      return node.error("expects attribute 'k'");
    k = node.vector(*count);
  }
  SmallVector<NamedAttribute> attributes = {node.attr("axis", node.axis(-1, node.rank(input)))};
  if (node.integer("largest", 1))
    attributes.push_back(node.flag("largest"));
  if (node.integer("sorted", 1))
    attributes.push_back(node.flag("sorted"));
  return node.yield(node.makeOp<TopKOp>({input, k}, attributes));
}

static LogicalResult importNonZero(NodeReader &node) {
  return node.yield(node.make<NonZeroOp>(node.input(0)));
}

static LogicalResult importCompress(NodeReader &node) {
  SmallVector<NamedAttribute> attributes;
  if (std::optional<int64_t> axis = node.integer("axis"))
    attributes.push_back(node.attr("axis", node.normalizeAxis(*axis, node.rank(node.input(0)))));
  return node.yield(node.make<CompressOp>({node.input(0), node.input(1)}, attributes));
}

static LogicalResult importUnique(NodeReader &node) {
  SmallVector<NamedAttribute> attributes;
  if (std::optional<int64_t> axis = node.integer("axis"))
    attributes.push_back(node.attr("axis", node.normalizeAxis(*axis, node.rank(node.input(0)))));
  if (node.integer("sorted", 1))
    attributes.push_back(node.flag("sorted"));
  return node.yield(node.makeOp<UniqueOp>(node.input(0), attributes));
}

static LogicalResult importNonMaxSuppression(NodeReader &node) {
  SmallVector<NamedAttribute> attributes;
  if (node.integer("center_point_box", 0))
    attributes.push_back(node.flag("center_point_box"));
  return node.yield(node.make<NonMaxSuppressionOp>(
      {node.input(0), node.input(1), node.input(2), node.input(3), node.input(4)}, attributes));
}

void tenon::importer::registerIndexing(Registry &registry) {
  registry.add("Gather", 1, 2, 2, importGather);
  registry.add("GatherElements", 11, 2, 2, importGatherElements);
  registry.add("GatherND", 11, 2, 2, importGatherNd);
  registry.add("ArrayFeatureExtractor", 1, 2, 2, importArrayFeatureExtractor, "ai.onnx.ml");
  registry.add("Scatter", 9, 3, 3, importScatterElements);
  registry.add("ScatterElements", 11, 3, 3, importScatterElements);
  registry.add("ScatterND", 11, 3, 3, importScatterNd);
  registry.add("TensorScatter", 24, 2, 3, importTensorScatter);
  registry.add("OneHot", 9, 3, 3, importOneHot);
  registry.add("TopK", 1, 1, 1, importTopK);
  registry.add("TopK", 10, 2, 2, importTopK);
  registry.add("NonZero", 9, 1, 1, importNonZero);
  registry.add("Compress", 9, 2, 2, importCompress);
  registry.add("Unique", 11, 1, 1, importUnique);
  registry.add("NonMaxSuppression", 10, 2, 5, importNonMaxSuppression);
}
