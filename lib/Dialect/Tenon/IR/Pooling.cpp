//===- Pooling.cpp - Shape rules of the pooling ops, and the sliding windows they share with conv ---===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

LogicalResult Window::check(const RuleError &error, int64_t spatial) const {
  auto count = [](ArrayRef<int64_t> values) { return static_cast<int64_t>(values.size()); };
  if (count(strides) != spatial || count(dilations) != spatial || count(pads) != 2 * spatial)
    return error("expects ", spatial, " strides, ", spatial, " dilations and ", 2 * spatial,
                 " pads, but got ", strides.size(), ", ", dilations.size(), " and ", pads.size());
  for (ArrayRef<int64_t> values : {strides, dilations})
    for (int64_t value : values)
      if (value <= 0)
        return error("expects positive strides and dilations, but got ", value);
  for (int64_t pad : pads)
    if (pad < 0)
      return error("expects pads that are not negative, but got ", pad);
  return success();
}

FailureOr<AffineExpr> Window::places(const RuleError &error, int64_t i, AffineExpr input, AffineExpr kernel,
                                     bool ceil) const {
  std::optional<int64_t> kernelSize = SymbolicSizes::constantValue(kernel);
  if (!input || !kernelSize)
    return AffineExpr();
  int64_t before = pads[i], after = pads[strides.size() + i], stride = strides[i];
  int64_t covered = dilations[i] * (*kernelSize - 1) + 1;
  AffineExpr slack = input + (before + after - covered);
  std::optional<int64_t> known = SymbolicSizes::constantValue(slack);
  if (known && *known < 0)
    return error("expects a padded input that covers the dilated kernel, but in spatial dimension ", i,
                 " it is short by ", -*known);
  if (!ceil)
    return slack.floorDiv(stride) + 1;
  // A last window that starts in the padding after the input does not count. It can't if the padding is
  // small.
  AffineExpr places = slack.ceilDiv(stride) + 1;
  if (after + stride <= covered)
    return places;
  if (!known)
    return AffineExpr();
  int64_t last = *SymbolicSizes::constantValue(places) - 1;
  bool startsBehind = last * stride >= *known + covered - after;
  return startsBehind ? places - 1 : places;
}

/// The type `input` has after pooling, with the given element type.
template <typename Adaptor>
static InferredTypes pooled(const RuleError &error, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  int64_t rank = type.getRank(), spatial = rank - 2;
  if (rank < 3) // max_pool_c1 average_pool_c1 lp_pool_c1 max_pool_with_indices_c1
    return error("expects input rank 3 or more, but got ", rank);
  Window window{op.getStrides(), op.getDilations(), op.getPads()};
  if (failed(window.check(error, spatial))) // max_pool_c2 average_pool_c2 lp_pool_c2 max_pool_with_indices_c2
    return failure();
  ArrayRef<int64_t> kernel = op.getKernel();
  if (static_cast<int64_t>(kernel.size()) != spatial ||
      llvm::any_of(kernel, [](int64_t size) { return size <= 0; })) // (C2) too
    return error("expects a kernel of ", spatial, " positive sizes, but got [", kernel, "]");
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  int64_t first = op.getLayout() == tenon::DataLayout::channels_last ? 1 : 2;
  for (int64_t i = 0; i < spatial; ++i) {
    AffineExpr &size = result[first + i];
    // max_pool_c3 average_pool_c3 lp_pool_c3 max_pool_with_indices_c3
    FailureOr<AffineExpr> places = window.places(error, i, size, sizes.constant(kernel[i]), op.getCeilMode());
    if (failed(places))
      return failure();
    size = *places;
  }
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

InferredTypes MaxPoolOp::infer(std::optional<Location> loc, Adaptor op) {
  return pooled(RuleError(loc, getOperationName()), op);
}

InferredTypes AveragePoolOp::infer(std::optional<Location> loc, Adaptor op) {
  return pooled(RuleError(loc, getOperationName()), op);
}

InferredTypes LpPoolOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  if (int64_t p = op.getP(); p <= 0) // lp_pool_c4
    return error("expects a positive p, but got ", p);
  return pooled(error, op);
}

InferredTypes MaxPoolWithIndicesOp::infer(std::optional<Location> loc, Adaptor op) {
  InferredTypes types = pooled(RuleError(loc, getOperationName()), op);
  if (succeeded(types))
    types->push_back(
        cast<RankedTensorType>(types->front()).clone(IntegerType::get(op.getInput().getContext(), 64)));
  return types;
}
