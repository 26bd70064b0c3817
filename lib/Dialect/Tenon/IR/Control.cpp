//===- Control.cpp - Verifiers of branches and loops over graphs ---------------------------------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

/// Whether a value of type `from` may stand where `to` is written: equal, or more precise.
static bool isAtLeastAsPrecise(Type from, Type to) {
  auto source = dyn_cast<RankedTensorType>(from), target = dyn_cast<RankedTensorType>(to);
  if (!source || !target || source.getElementType() != target.getElementType() ||
      source.getRank() != target.getRank())
    return false;
  return llvm::all_of(llvm::zip_equal(source.getShape(), target.getShape()), [](auto sizes) {
    return std::get<0>(sizes) == std::get<1>(sizes) || ShapedType::isDynamic(std::get<1>(sizes));
  });
}

/// `type` without dimension `axis`.
static RankedTensorType withoutDimension(RankedTensorType type, int64_t axis) {
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  result.erase(result.begin() + axis);
  return sizes.tensor(result, type.getElementType());
}

static bool hasOneElement(Value value) {
  RankedTensorType type = tensorType(value);
  return type.hasStaticShape() && type.getNumElements() == 1;
}

/// The yield that ends `region`, or failure after reporting.
static FailureOr<YieldOp> yieldOf(const RuleError &error, Region &region) {
  if (auto yield = dyn_cast<YieldOp>(region.front().getTerminator()))
    return yield;
  return error("expects regions that end with 'tenon.yield'");
}

LogicalResult IfOp::verifyRegions() {
  RuleError error(*this);
  if (!hasOneElement(getCondition())) // if_c1
    return error("expects a condition of one element, but got ", getCondition().getType());
  for (Region *region : {&getThenRegion(), &getElseRegion()}) {
    FailureOr<YieldOp> yield = yieldOf(error, *region);
    if (failed(yield))
      return failure();
    if (region->getNumArguments() != 0) // if_c2
      return error("expects regions without arguments, but got ", region->getNumArguments());
    TypeRange yielded = yield->getValues().getTypes();
    if (yielded.size() != getNumResults()) // if_c2
      return error("expects ", getNumResults(), " yielded values, but got ", yielded.size());
    for (auto [from, to] : llvm::zip_equal(yielded, getResultTypes()))
      if (!isAtLeastAsPrecise(from, to)) // if_c2
        return error("expects a yielded value of type ", to, ", but got ", from);
  }
  return success();
}

LogicalResult LoopOp::verifyRegions() {
  RuleError error(*this);
  for (Value value : {getTripCount(), getCondition()})
    if (value && !hasOneElement(value)) // loop_c1
      return error("expects a trip count and a condition of one element, but got ", value.getType());

  Block &block = getBody().front();
  size_t carried = getInitial().size();
  auto isScalar = [](Type type, unsigned width) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 0 && tensor.getElementType().isSignlessInteger(width);
  };
  if (block.getNumArguments() != carried + 2 || !isScalar(block.getArgument(0).getType(), 64) ||
      !isScalar(block.getArgument(1).getType(), 1)) // loop_c2
    return error("expects block arguments tensor<i64>, tensor<i1> and ", carried, " carried, but got ",
                 block.getArgumentTypes());
  FailureOr<YieldOp> yield = yieldOf(error, getBody());
  if (failed(yield))
    return failure();
  ValueRange yielded = yield->getValues();
  if (getNumResults() < carried || yielded.size() != getNumResults() + 1) // loop_c3
    return error("expects a yielded condition and ", getNumResults(), " values for ", carried,
                 " carried, but got ", yielded.size(), " values");
  if (!tensorType(yielded.front()).getElementType().isInteger(1) ||
      !hasOneElement(yielded.front())) // loop_c3
    return error("expects a yielded condition of one element, but got ", yielded.front().getType());
  for (size_t i = 0; i < carried; ++i) {
    Type argument = block.getArgument(i + 2).getType();
    for (Type from : {getInitial()[i].getType(), yielded[i + 1].getType()})
      if (!isAtLeastAsPrecise(from, argument)) // loop_c2
        return error("expects carried value ", i, " of type ", argument, ", but got ", from);
    if (!isAtLeastAsPrecise(argument, getResultTypes()[i])) // loop_c3
      return error("expects result ", i, " of type ", argument, ", but got ", getResultTypes()[i]);
  }
  for (size_t i = carried; i < getNumResults(); ++i) {
    auto stacked = cast<RankedTensorType>(getResultTypes()[i]);
    Type from = yielded[i + 1].getType();
    if (stacked.getRank() == 0 || !isAtLeastAsPrecise(from, withoutDimension(stacked, 0))) // loop_c3
      return error("expects scan output ", i, " to stack values of type ", from, ", but got ", stacked);
  }
  return success();
}

LogicalResult ScanOp::verifyRegions() {
  RuleError error(*this);
  size_t states = getInitial().size(), inputs = getInputs().size();
  if (getNumResults() < states || inputs == 0) // scan_c1
    return error("expects an input, and a result per state, but got ", inputs, " inputs and ",
                 getNumResults(), " results for ", states, " states");
  size_t outputs = getNumResults() - states;
  if (getInputAxes().size() != inputs || getInputReverse().size() != inputs ||
      getOutputAxes().size() != outputs || getOutputReverse().size() != outputs) // scan_c1
    return error("expects ", inputs, " input axes and directions and ", outputs, " of outputs, but got ",
                 getInputAxes().size(), ", ", getInputReverse().size(), ", ", getOutputAxes().size(), " and ",
                 getOutputReverse().size());

  Block &block = getBody().front();
  FailureOr<YieldOp> yield = yieldOf(error, getBody());
  if (failed(yield))
    return failure();
  ValueRange yielded = yield->getValues();
  if (block.getNumArguments() != states + inputs || yielded.size() != getNumResults()) // scan_c3
    return error("expects ", states + inputs, " block arguments and ", getNumResults(),
                 " yielded values, but got ", block.getNumArguments(), " and ", yielded.size());
  for (size_t i = 0; i < states; ++i) {
    Type argument = block.getArgument(i).getType();
    for (Type from : {getInitial()[i].getType(), yielded[i].getType()})
      if (!isAtLeastAsPrecise(from, argument)) // scan_c3
        return error("expects state ", i, " of type ", argument, ", but got ", from);
    if (!isAtLeastAsPrecise(argument, getResultTypes()[i])) // scan_c3
      return error("expects result ", i, " of type ", argument, ", but got ", getResultTypes()[i]);
  }
  for (size_t i = 0; i < inputs; ++i) {
    RankedTensorType type = tensorType(getInputs()[i]);
    if (failed(checkAxis(error, getInputAxes()[i], type.getRank()))) // scan_c2
      return failure();
    Type argument = block.getArgument(states + i).getType(),
         slice = withoutDimension(type, getInputAxes()[i]);
    if (!isAtLeastAsPrecise(slice, argument)) // scan_c3
      return error("expects slices of input ", i, " of type ", slice, ", but got ", argument);
  }
  for (size_t i = 0; i < outputs; ++i) {
    auto stacked = cast<RankedTensorType>(getResultTypes()[states + i]);
    if (failed(checkAxis(error, getOutputAxes()[i], stacked.getRank()))) // scan_c2
      return failure();
    Type from = yielded[states + i].getType();
    if (!isAtLeastAsPrecise(from, withoutDimension(stacked, getOutputAxes()[i]))) // scan_c3
      return error("expects output ", i, " to stack values of type ", from, ", but got ", stacked);
  }
  return success();
}
