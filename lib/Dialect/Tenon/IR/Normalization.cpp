//===- Normalization.cpp - Shape rules of the normalizations -------------------------------------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

/// The type of `input` if `axis` is one of its dimensions.
static InferredTypes normalizedAlong(std::optional<Location> loc, StringRef opName, Value input,
                                     int64_t axis) {
  if (failed(checkAxis(RuleError(loc, opName), axis, tensorType(input).getRank())))
    return failure();
  return SmallVector<Type>{input.getType()};
}

/// Fails unless `parameter`, if any, broadcasts to `input` and has its element type.
static LogicalResult checkBroadcasts(const RuleError &error, StringRef name, Value parameter, Value input) {
  if (!parameter)
    return success();
  RankedTensorType type = tensorType(parameter), inputType = tensorType(input);
  SymbolicSizes sizes(type.getContext());
  FailureOr<Sizes> joined = failure();
  if (type.getElementType() == inputType.getElementType() && type.getRank() <= inputType.getRank())
    joined = sizes.broadcast(sizes.of(inputType), sizes.of(type));
  if (failed(joined) ||
      failed(verifyCompatibleShape(sizes.tensor(*joined, inputType.getElementType()), inputType)))
    return error("expects ", name, " that broadcasts to the input, but got ", type, " and ", inputType);
  return success();
}

/// Fails unless `parameter` is a vector of one value per channel of `input`.
static LogicalResult checkPerChannel(const RuleError &error, StringRef name, Value parameter, Value input,
                                     tenon::DataLayout layout) {
  RankedTensorType type = tensorType(parameter), inputType = tensorType(input);
  int64_t channels = layout == tenon::DataLayout::channels_last ? inputType.getRank() - 1 : 1;
  SymbolicSizes sizes(type.getContext());
  if (type.getRank() != 1 || !SymbolicSizes::mayEqual(sizes.of(type).front(), sizes.of(inputType)[channels]))
    return error("expects ", name, " of one value per channel, but got ", type, " for ", inputType);
  return success();
}

InferredTypes SoftmaxOp::infer(std::optional<Location> loc, Adaptor op) {
  return normalizedAlong(loc, getOperationName(), op.getInput(), op.getAxis()); // softmax_c1
}

InferredTypes LogSoftmaxOp::infer(std::optional<Location> loc, Adaptor op) {
  return normalizedAlong(loc, getOperationName(), op.getInput(), op.getAxis()); // log_softmax_c1
}

InferredTypes LayerNormOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  if (failed(checkBroadcasts(error, "scale", op.getScale(), op.getInput())) || // layer_norm_c2
      failed(checkBroadcasts(error, "bias", op.getBias(), op.getInput())))
    return failure();
  return normalizedAlong(loc, getOperationName(), op.getInput(), op.getAxis()); // layer_norm_c1
}

InferredTypes RmsNormOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  if (failed(checkBroadcasts(error, "scale", op.getScale(), op.getInput()))) // rms_norm_c2
    return failure();
  return normalizedAlong(loc, getOperationName(), op.getInput(), op.getAxis()); // rms_norm_c1
}

InferredTypes BatchNormOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  if (type.getRank() < 2) // batch_norm_c1
    return error("expects input rank 2 or more, but got ", type.getRank());
  if (failed(
          checkPerChannel(error, "scale", op.getScale(), op.getInput(), op.getLayout())) || // batch_norm_c2
      failed(checkPerChannel(error, "bias", op.getBias(), op.getInput(), op.getLayout())) ||
      failed(checkPerChannel(error, "mean", op.getMean(), op.getInput(), op.getLayout())) ||
      failed(checkPerChannel(error, "variance", op.getVariance(), op.getInput(), op.getLayout())))
    return failure();
  return SmallVector<Type>{type};
}

InferredTypes InstanceNormOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  if (type.getRank() < 3) // instance_norm_c1
    return error("expects input rank 3 or more, but got ", type.getRank());
  if (failed(checkPerChannel(error, "scale", op.getScale(), op.getInput(),
                             op.getLayout())) || // instance_norm_c2
      failed(checkPerChannel(error, "bias", op.getBias(), op.getInput(), op.getLayout())))
    return failure();
  return SmallVector<Type>{type};
}

InferredTypes GroupNormOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  if (type.getRank() < 2) // group_norm_c1
    return error("expects input rank 2 or more, but got ", type.getRank());
  if (failed(
          checkPerChannel(error, "scale", op.getScale(), op.getInput(), op.getLayout())) || // group_norm_c2
      failed(checkPerChannel(error, "bias", op.getBias(), op.getInput(), op.getLayout())))
    return failure();
  int64_t groups = op.getNumGroups();
  int64_t channels =
      type.getDimSize(op.getLayout() == tenon::DataLayout::channels_last ? type.getRank() - 1 : 1);
  if (groups <= 0 || (!ShapedType::isDynamic(channels) && channels % groups != 0)) // group_norm_c3
    return error("expects a positive number of groups that divides the channels, but got ", groups, " for ",
                 channels);
  return SmallVector<Type>{type};
}

InferredTypes LrnOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  if (type.getRank() < 2) // lrn_c1
    return error("expects input rank 2 or more, but got ", type.getRank());
  if (int64_t size = op.getSize(); size <= 0) // lrn_c2
    return error("expects a positive size, but got ", size);
  return SmallVector<Type>{type};
}

InferredTypes LpNormOp::infer(std::optional<Location> loc, Adaptor op) {
  if (int64_t p = op.getP(); p != 1 && p != 2) // lp_norm_c2
    return RuleError(loc, getOperationName())("expects p 1 or 2, but got ", p);
  return normalizedAlong(loc, getOperationName(), op.getInput(), op.getAxis()); // lp_norm_c1
}
