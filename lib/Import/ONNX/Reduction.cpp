//===- Reduction.cpp - ONNX ops that combine elements along dimensions --------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

/// The shape that reducing the dimensions in `mask` leaves.
static SmallVector<int64_t> reducedShape(ArrayRef<int64_t> shape, unsigned mask, bool keepDims) {
  SmallVector<int64_t> result;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (!(mask >> i & 1))
      result.push_back(size);
    else if (keepDims)
      result.push_back(1);
  }
  return result;
}

/// The axes that lead from the input's shape to the one the model declares for the result, if no others
/// would.
static std::optional<SmallVector<int64_t>> axesFromDeclaredShape(NodeReader &node, bool keepDims) {
  RankedTensorType input = node.type(node.input(0)), declared = node.declaredType(0);
  if (!declared || !declared.hasStaticShape() || !input.hasStaticShape() || input.getRank() > 8)
    return std::nullopt;
  std::optional<unsigned> found;
  for (unsigned mask = 0; mask < 1u << input.getRank(); ++mask) {
    bool reducesOnes = false;
    for (int64_t i = 0; i < input.getRank(); ++i)
      reducesOnes |= (mask >> i & 1) && input.getDimSize(i) == 1;
    // Reducing a dimension of size 1 that stays changes nothing.
    if ((keepDims && reducesOnes) ||
        ArrayRef(reducedShape(input.getShape(), mask, keepDims)) != declared.getShape())
      continue;
    if (found)
      return std::nullopt;
    found = mask;
  }
  if (!found)
    return std::nullopt;
  SmallVector<int64_t> axes;
  for (int64_t i = 0; i < input.getRank(); ++i)
    if (*found >> i & 1)
      axes.push_back(i);
  return axes;
}

/// The axes to reduce: an attribute before `sinceInput`, an input from there on; without any, all or (noop)
/// none.
static FailureOr<SmallVector<int64_t>> reducedAxes(NodeReader &node, int64_t sinceInput, bool keepDims) {
  int64_t rank = node.rank(node.input(0));
  std::optional<SmallVector<int64_t>> axes;
  bool noop = false;
  if (node.getOpset() < sinceInput) {
    axes = node.integers("axes");
  } else {
    noop = node.integer("noop_with_empty_axes", 0) != 0;
    if (Value operand = node.input(1)) {
      bool empty = node.type(operand).hasStaticShape() && node.type(operand).getNumElements() == 0;
      axes = empty ? std::optional(SmallVector<int64_t>()) : node.constantInts(operand);
      if (!axes)
        axes = axesFromDeclaredShape(node, keepDims);
      else if (axes->empty())
        axes = std::nullopt;
      if (!axes && !empty)
        return node.error("expects axes known at compile time");
    }
  }
  if (!axes)
    return noop ? SmallVector<int64_t>() : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<int64_t> normalized = node.normalizeAxes(*axes, rank);
  if (node.hasFailed())
    return failure();
  return normalized;
}

template <ReduceKind kind, int64_t sinceInput>
static LogicalResult importReduce(NodeReader &node) {
  bool keepDims = node.integer("keepdims", 1) != 0;
  FailureOr<SmallVector<int64_t>> axes = reducedAxes(node, sinceInput, keepDims);
  if (failed(axes))
    return failure();
  SmallVector<NamedAttribute> attributes = {node.attr("kind", ReduceKindAttr::get(node.getContext(), kind)),
                                            node.attr("axes", *axes)};
  if (keepDims)
    attributes.push_back(node.flag("keep_dims"));
  return node.yield(node.make<ReduceOp>(node.input(0), attributes));
}

template <Extremum kind>
static LogicalResult importArgReduce(NodeReader &node) {
  Value input = node.input(0);
  SmallVector<NamedAttribute> attributes = {node.attr("kind", ExtremumAttr::get(node.getContext(), kind)),
                                            node.attr("axis", node.axis(0, node.rank(input)))};
  if (node.integer("keepdims", 1))
    attributes.push_back(node.flag("keep_dims"));
  if (node.integer("select_last_index", 0))
    attributes.push_back(node.flag("select_last"));
  return node.yield(node.make<ArgReduceOp>(input, attributes));
}

template <typename Op>
static LogicalResult importCumulative(NodeReader &node) {
  int64_t rank = node.rank(node.input(0));
  // A vector has one axis only, whatever the operand says.
  SmallVector<int64_t> axis = rank == 1 ? SmallVector<int64_t>{0} : node.requireConstantInts(1, "an axis");
  if (node.hasFailed() || axis.size() != 1)
    return node.hasFailed() ? failure() : node.error("expects one axis, but got " + Twine(axis.size()));
  SmallVector<NamedAttribute> attributes = {node.attr("axis", node.normalizeAxis(axis.front(), rank))};
  for (StringRef name : {"exclusive", "reverse"})
    if (node.integer(name, 0))
      attributes.push_back(node.flag(name));
  return node.yield(node.make<Op>(node.input(0), attributes));
}

void tenon::importer::registerReduction(Registry &registry) {
  auto add = [&](StringRef op, int64_t sinceInput, Handler handler) {
    registry.add(op, 1, 1, 1, handler);
    registry.add(op, sinceInput, 1, 2, handler);
  };
  add("ReduceSum", 13, importReduce<ReduceKind::sum, 13>);
  add("ReduceMean", 18, importReduce<ReduceKind::mean, 18>);
  add("ReduceProd", 18, importReduce<ReduceKind::prod, 18>);
  add("ReduceMax", 18, importReduce<ReduceKind::max, 18>);
  add("ReduceMin", 18, importReduce<ReduceKind::min, 18>);
  add("ReduceL1", 18, importReduce<ReduceKind::l1, 18>);
  add("ReduceL2", 18, importReduce<ReduceKind::l2, 18>);
  add("ReduceLogSum", 18, importReduce<ReduceKind::log_sum, 18>);
  add("ReduceLogSumExp", 18, importReduce<ReduceKind::log_sum_exp, 18>);
  add("ReduceSumSquare", 18, importReduce<ReduceKind::sum_square, 18>);
  registry.add("ArgMax", 1, 1, 1, importArgReduce<Extremum::max>);
  registry.add("ArgMin", 1, 1, 1, importArgReduce<Extremum::min>);
  registry.add("CumSum", 11, 2, 2, importCumulative<CumsumOp>);
  registry.add("CumProd", 26, 2, 2, importCumulative<CumprodOp>);
}
