//===- Pooling.cpp - ONNX pooling, sliding and global -------------------------------------------===//

#include "Windows.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

/// The attributes that all pooling ops have, as tenon names them.
static FailureOr<SmallVector<NamedAttribute>> windowAttributes(NodeReader &node) {
  FailureOr<Window> window = readWindow(node, node.input(0));
  if (failed(window))
    return failure();
  SmallVector<NamedAttribute> attributes = {
      node.attr("kernel", window->kernel), node.attr("strides", window->strides),
      node.attr("dilations", window->dilations), node.attr("pads", window->pads)};
  if (node.integer("ceil_mode", 0))
    attributes.push_back(node.flag("ceil_mode"));
  return attributes;
}

static LogicalResult importMaxPool(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = windowAttributes(node);
  if (failed(attributes))
    return failure();
  bool columnMajor = node.integer("storage_order", 0) != 0;
  if (!node.wantsOutput(1))
    return node.yield(node.make<MaxPoolOp>(node.input(0), *attributes));
  if (columnMajor)
    attributes->push_back(node.flag("column_major"));
  return node.yield(node.makeOp<MaxPoolWithIndicesOp>(node.input(0), *attributes));
}

static LogicalResult importAveragePool(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = windowAttributes(node);
  if (failed(attributes))
    return failure();
  if (node.integer("count_include_pad", 0))
    attributes->push_back(node.flag("count_include_pad"));
  return node.yield(node.make<AveragePoolOp>(node.input(0), *attributes));
}

static LogicalResult importLpPool(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = windowAttributes(node);
  if (failed(attributes))
    return failure();
  attributes->push_back(node.attr("p", node.integer("p", 2)));
  return node.yield(node.make<LpPoolOp>(node.input(0), *attributes));
}

/// Global pooling: a reduction of all spatial dimensions.
static LogicalResult reduceSpatial(NodeReader &node, ReduceKind kind) {
  int64_t rank = node.rank(node.input(0));
  if (rank < 3)
    return node.error("expects an input of rank 3 or more, but got " + Twine(rank));
  NamedAttribute attributes[] = {node.attr("kind", ReduceKindAttr::get(node.getContext(), kind)),
                                 node.attr("axes", llvm::to_vector(llvm::seq<int64_t>(2, rank))),
                                 node.flag("keep_dims")};
  return node.yield(node.make<ReduceOp>(node.input(0), attributes));
}

static LogicalResult importGlobalAveragePool(NodeReader &node) {
  return reduceSpatial(node, ReduceKind::mean);
}
static LogicalResult importGlobalMaxPool(NodeReader &node) { return reduceSpatial(node, ReduceKind::max); }

static LogicalResult importGlobalLpPool(NodeReader &node) {
  int64_t p = node.integer("p", 2);
  if (p != 1 && p != 2)
    return node.error("expects p to be 1 or 2, but got " + Twine(p));
  return reduceSpatial(node, p == 1 ? ReduceKind::l1 : ReduceKind::l2);
}

void tenon::importer::registerPooling(Registry &registry) {
  registry.add("MaxPool", 1, 1, 1, importMaxPool);
  registry.add("AveragePool", 1, 1, 1, importAveragePool);
  registry.add("LpPool", 2, 1, 1, importLpPool);
  registry.add("GlobalAveragePool", 1, 1, 1, importGlobalAveragePool);
  registry.add("GlobalMaxPool", 1, 1, 1, importGlobalMaxPool);
  registry.add("GlobalLpPool", 2, 1, 1, importGlobalLpPool);
}
