//===- Resize.cpp - ONNX Resize and Upsample ----------------------------------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

/// The attribute `name` as the case of an enum; nothing after reporting an unknown one.
template <typename Enum>
static std::optional<Enum> choice(NodeReader &node, StringRef name, StringRef otherwise,
                                  std::optional<Enum> (*symbolize)(StringRef)) {
  std::string text = node.text(name, otherwise);
  std::optional<Enum> result = symbolize(text);
  if (!result)
    (void)node.error("unknown " + name + " '" + text + "'");
  return result;
}

static LogicalResult importUpsample(NodeReader &node) {
  MLIRContext *context = node.getContext();
  auto mode = choice<Interpolation>(node, "mode", "nearest", symbolizeInterpolation);
  if (!mode)
    return failure();
  Value scales = node.input(1);
  if (node.getOpset() < 9) {
    std::optional<SmallVector<float>> values = node.reals("scales");
    if (!values)
      return node.error("expects attribute 'scales'");
    auto type = RankedTensorType::get(values->size(), node.getBuilder().getF32Type());
    scales = node.constant(DenseElementsAttr::get(type, ArrayRef<float>(*values)));
  }
  NamedAttribute attributes[] = {
      node.attr("mode", InterpolationAttr::get(context, *mode)),
      node.attr("coordinate_mode", CoordinateModeAttr::get(context, CoordinateMode::asymmetric)),
      node.attr("nearest_mode", NearestModeAttr::get(context, NearestMode::floor))};
  return node.yield(node.make<DynamicResizeOp>({node.input(0), Value(), scales, Value()}, attributes));
}

static LogicalResult importResize(NodeReader &node) {
  MLIRContext *context = node.getContext();
  auto mode = choice<Interpolation>(node, "mode", "nearest", symbolizeInterpolation);
  if (node.getOpset() < 11) {
    if (!mode)
      return failure();
    NamedAttribute attributes[] = {
        node.attr("mode", InterpolationAttr::get(context, *mode)),
        node.attr("coordinate_mode", CoordinateModeAttr::get(context, CoordinateMode::asymmetric)),
        node.attr("nearest_mode", NearestModeAttr::get(context, NearestMode::floor))};
    return node.yield(
        node.make<DynamicResizeOp>({node.input(0), Value(), node.input(1), Value()}, attributes));
  }
  std::string coordinates = node.text("coordinate_transformation_mode", "half_pixel");
  // An early name of half_pixel for the nearest mode.
  if (coordinates == "tf_half_pixel_for_nn")
    coordinates = "half_pixel";
  std::optional<CoordinateMode> coordinateMode = symbolizeCoordinateMode(coordinates);
  if (!coordinateMode)
    return node.error("unknown coordinate_transformation_mode '" + Twine(coordinates) + "'");
  auto nearest = choice<NearestMode>(node, "nearest_mode", "round_prefer_floor", symbolizeNearestMode);
  auto policy = choice<AspectPolicy>(node, "keep_aspect_ratio_policy", "stretch", symbolizeAspectPolicy);
  if (node.hasFailed())
    return failure();
  SmallVector<NamedAttribute> attributes = {
      node.attr("mode", InterpolationAttr::get(context, *mode)),
      node.attr("coordinate_mode", CoordinateModeAttr::get(context, *coordinateMode)),
      node.attr("nearest_mode", NearestModeAttr::get(context, *nearest)),
      node.attr("aspect_policy", AspectPolicyAttr::get(context, *policy)),
      node.realAttr("cubic_coefficient", node.real("cubic_coeff_a", -0.75f)),
      node.realAttr("extrapolation_value", node.real("extrapolation_value", 0.0f))};
  for (StringRef name : {"exclude_outside", "antialias"})
    if (node.integer(name, 0))
      attributes.push_back(node.flag(name));
  if (std::optional<SmallVector<int64_t>> axes = node.integers("axes")) {
    // Their order is that of scales and sizes.
    SmallVector<int64_t> normalized;
    for (int64_t axis : *axes)
      normalized.push_back(node.normalizeAxis(axis, node.rank(node.input(0))));
    attributes.push_back(node.attr("axes", normalized));
  }
  // Absent inputs are also written as tensors without elements.
  auto given = [&](unsigned i) {
    Value value = node.input(i);
    bool empty = value && node.type(value).hasStaticShape() && node.type(value).getNumElements() == 0;
    return empty ? Value() : value;
  };
  Value roi = *coordinateMode == CoordinateMode::tf_crop_and_resize ? given(1) : Value();
  Value sizes = given(3), scales = sizes ? Value() : given(2);
  if (!sizes && !scales)
    return node.error("expects scales or sizes");
  return node.yield(node.make<DynamicResizeOp>({node.input(0), roi, scales, sizes}, attributes));
}

void tenon::importer::registerResize(Registry &registry) {
  registry.add("Upsample", 7, 1, 1, importUpsample);
  registry.add("Upsample", 9, 2, 2, importUpsample);
  registry.add("Resize", 10, 2, 2, importResize);
  registry.add("Resize", 11, 1, 4, importResize);
}
