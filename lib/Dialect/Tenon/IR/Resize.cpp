//===- Resize.cpp - Shape rules of sampling on another grid, and its static form -----------------===//

#include "DynamicShape.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Static form
//===----------------------------------------------------------------------------------------===//

LogicalResult ResizeOp::verify() {
  RuleError error(*this);
  RankedTensorType input = tensorType(getInput());
  size_t rank = input.getRank();
  if (input.getElementType() != getType().getElementType() ||
      input.getRank() != getType().getRank()) // resize_c1
    return error("expects a result of the input's element type and rank, but got ", getType(), " and ",
                 input);
  std::optional<ArrayRef<float>> scales = getScales(), roi = getRoi();
  if (scales &&
      (scales->size() != rank || llvm::any_of(*scales, [](float s) { return !(s > 0); }))) // resize_c2
    return error("expects ", rank, " positive scales, but got [", *scales, "]");
  bool crops = getCoordinateMode() == CoordinateMode::tf_crop_and_resize;
  if (crops ? !roi || roi->size() != 2 * rank : roi.has_value()) // resize_c3
    return error("expects ", crops ? 2 * rank : 0, " bounds in roi with coordinate mode ",
                 stringifyEnum(getCoordinateMode()), ", but got ", roi ? roi->size() : 0);
  Type element = input.getElementType();
  bool interpolates = isa<FloatType>(element) || element.getIntOrFloatBitWidth() == 8;
  if (getMode() != Interpolation::nearest && !interpolates) // resize_c4
    return error("expects floating point or 8-bit elements for mode ", stringifyEnum(getMode()), ", but got ",
                 element);
  return success();
}

OpFoldResult ResizeOp::fold(FoldAdaptor) {
  bool scalesByOne = !getScales() || llvm::all_of(*getScales(), [](float scale) { return scale == 1; });
  if (scalesByOne && getInput().getType() == getType() &&
      getCoordinateMode() != CoordinateMode::tf_crop_and_resize)
    return getInput();
  return {};
}

//===----------------------------------------------------------------------------------------===//
// Dynamic form
//===----------------------------------------------------------------------------------------===//

namespace {
/// What is known of a resize: sizes, null where unknown, and scales and region of interest, if they are
/// numbers.
struct ResizeTarget {
  Sizes sizes;
  std::optional<SmallVector<float>> scales, roi;
};
} // namespace

/// The numbers of a floating point constant.
static std::optional<SmallVector<double>> constantNumbers(Value value) {
  DenseFPElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)))
    return std::nullopt;
  SmallVector<double> numbers;
  for (const APFloat &element : elements.getValues<APFloat>())
    numbers.push_back(element.convertToDouble());
  return numbers;
}

/// The starts of all dimensions, then the ends, from those of the axes: [0, 1) elsewhere.
static SmallVector<float> spreadRoi(ArrayRef<double> roi, ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<float> result(rank, 0.0f);
  result.append(rank, 1.0f);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    result[axis] = roi[i];
    result[rank + axis] = roi[axes.size() + i];
  }
  return result;
}

/// Sizes by scale: `floor(size * (end - start) * scale)`, in f32: 10 * 0.7 is 7 there, and below 7 in more
/// precision.
static AffineExpr scaledSize(SymbolicSizes &sizes, AffineExpr size, float scale, float extent) {
  float factor = extent * scale;
  std::optional<int64_t> known = SymbolicSizes::constantValue(size);
  if (known)
    return sizes.constant(static_cast<int64_t>(std::floor(static_cast<float>(*known) * factor)));
  if (size && std::trunc(factor) == factor)
    return size * static_cast<int64_t>(factor);
  if (size && factor > 0 && std::trunc(1 / factor) == 1 / factor)
    return size.floorDiv(static_cast<int64_t>(1 / factor));
  return {};
}

/// The sizes and the one scale that keep the aspect, for given sizes of the axes.
static void keepAspect(SymbolicSizes &sizes, ResizeTarget &target, const Sizes &input, const Sizes &asked,
                       ArrayRef<int64_t> axes, AspectPolicy policy) {
  std::optional<float> scale;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    std::optional<int64_t> from = SymbolicSizes::constantValue(input[axis]),
                           to = SymbolicSizes::constantValue(asked[i]);
    if (!from || !to || *from == 0) {
      for (int64_t other : axes)
        target.sizes[other] = AffineExpr();
      return;
    }
    float own = static_cast<float>(*to) / static_cast<float>(*from);
    if (!scale)
      scale = own;
    else
      scale = policy == AspectPolicy::not_larger ? std::min(*scale, own) : std::max(*scale, own);
  }
  target.scales.emplace(input.size(), 1.0f);
  for (int64_t axis : axes) {
    float exact = *scale * static_cast<float>(*SymbolicSizes::constantValue(input[axis]));
    target.sizes[axis] = sizes.constant(static_cast<int64_t>(std::floor(exact + 0.5f)));
    (*target.scales)[axis] = *scale;
  }
}

static FailureOr<ResizeTarget> targetOf(const RuleError &error, SymbolicSizes &sizes,
                                        DynamicResizeOp::Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  int64_t rank = type.getRank();
  Value given = op.getScales() ? op.getScales() : op.getSizes();
  if (static_cast<bool>(op.getScales()) == static_cast<bool>(op.getSizes())) // dynamic_resize_c1
    return error("expects either scales or sizes, but got ", given ? "both" : "none");
  SmallVector<int64_t> axes =
      op.getAxes() ? llvm::to_vector(*op.getAxes()) : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (auto [i, axis] : llvm::enumerate(axes))
    if (axis < 0 || axis >= rank ||
        llvm::is_contained(ArrayRef(axes).take_front(i), axis)) // dynamic_resize_c2
      return error("expects axes that are different dimensions of ", rank, ", but got [", axes, "]");
  auto isVectorOf = [](Value value, int64_t count) {
    RankedTensorType vector = tensorType(value);
    return vector.getRank() == 1 && (vector.isDynamicDim(0) || vector.getDimSize(0) == count);
  };
  if (!isVectorOf(given, axes.size())) // dynamic_resize_c1
    return error("expects ", axes.size(), " scales or sizes, but got ", given.getType());
  bool crops = op.getCoordinateMode() == CoordinateMode::tf_crop_and_resize;
  if (crops != static_cast<bool>(op.getRoi()) ||
      (op.getRoi() && !isVectorOf(op.getRoi(), 2 * axes.size()))) // dynamic_resize_c3
    return error("expects a roi of ", crops ? 2 * axes.size() : 0, " bounds with coordinate mode ",
                 stringifyEnum(op.getCoordinateMode()), ", but got ",
                 op.getRoi() ? op.getRoi().getType() : Type());

  Sizes input = sizes.of(type);
  ResizeTarget target{input, std::nullopt, std::nullopt};
  if (crops)
    if (std::optional<SmallVector<double>> roi = constantNumbers(op.getRoi()))
      target.roi = spreadRoi(*roi, axes, rank);
  if (op.getSizes()) {
    FailureOr<Sizes> known = sizes.valueOf(op.getSizes());
    Sizes asked = succeeded(known) ? *known : Sizes(axes.size());
    for (auto [i, axis] : llvm::enumerate(axes))
      target.sizes[axis] = asked[i];
    if (op.getAspectPolicy() != AspectPolicy::stretch)
      keepAspect(sizes, target, input, asked, axes, op.getAspectPolicy());
    return target;
  }
  std::optional<SmallVector<double>> scales = constantNumbers(op.getScales());
  for (auto [i, axis] : llvm::enumerate(axes)) {
    float extent = target.roi ? (*target.roi)[rank + axis] - (*target.roi)[axis] : 1.0f;
    bool isKnown = scales && (!crops || target.roi);
    target.sizes[axis] = isKnown ? scaledSize(sizes, input[axis], (*scales)[i], extent) : AffineExpr();
  }
  if (scales) {
    target.scales.emplace(rank, 1.0f);
    for (auto [i, axis] : llvm::enumerate(axes))
      (*target.scales)[axis] = (*scales)[i];
  }
  return target;
}

InferredTypes DynamicResizeOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  FailureOr<ResizeTarget> target = targetOf(RuleError(loc, getOperationName()), sizes, op);
  if (failed(target))
    return failure();
  return SmallVector<Type>{sizes.tensor(target->sizes, type.getElementType())};
}

static LogicalResult makeStatic(DynamicResizeOp op, PatternRewriter &rewriter) {
  RankedTensorType type = staticResultType(op);
  SymbolicSizes sizes(op.getContext());
  DynamicResizeOp::Adaptor adaptor(op->getOperands(), op->getAttrDictionary(), op->getPropertiesStorage());
  FailureOr<ResizeTarget> target =
      targetOf(RuleError(std::nullopt, op->getName().getStringRef()), sizes, adaptor);
  bool knowsScales = succeeded(target) && (op.getSizes() || target->scales);
  bool knowsRoi = succeeded(target) && (!op.getRoi() || target->roi);
  if (!type || !knowsScales || !knowsRoi)
    return failure();
  auto array = [&](const std::optional<SmallVector<float>> &values) {
    return values ? rewriter.getDenseF32ArrayAttr(*values) : DenseF32ArrayAttr();
  };
  rewriter.replaceOpWithNewOp<ResizeOp>(
      op, type, op.getModeAttr(), op.getInput(), array(target->scales), array(target->roi),
      op.getCoordinateModeAttr(), op.getNearestModeAttr(), op.getCubicCoefficientAttr(),
      op.getExtrapolationValueAttr(), op.getExcludeOutsideAttr(), op.getAntialiasAttr());
  return success();
}

void DynamicResizeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add<DynamicResizeOp>(makeStatic);
}
