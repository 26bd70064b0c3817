//===- Resize.cpp - Sampling on another grid to structured ops ---------------------------------===//
//
// The loops are the result's. In each resized dimension the body computes the point of the input that an
// index stands for, takes the grid points around it with their weights, and sums over their combinations.
// Nearest neighbours at a whole factor are a quotient of the index, or where the input is computed in the
// kernel, loops over the parts.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

using FPred = arith::CmpFPredicate;
using IPred = arith::CmpIPredicate;

namespace {

/// A grid point and its weight, which is null for 1.
struct Tap {
  Value place, weight;
};

/// One dimension: how it is sampled, and in the body its sizes and the point an index stands for.
struct Axis {
  unsigned dim = 0;
  /// The factor between coordinates, result over input.
  double scale = 1;
  double roiBegin = 0, roiEnd = 1;
  Value inputSize, resultSize;
};

class ResizeLowering : public OpConversionPattern<ResizeOp> {
public:
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ResizeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  static FailureOr<SmallVector<Axis>> makeAxes(StructuredBuilder &b, ResizeOp op);
  static std::optional<SmallVector<int64_t>> wholeFactors(StructuredBuilder &b, ResizeOp op);
  static Value repeat(StructuredBuilder &b, ResizeOp op, Value input, ArrayRef<int64_t> factors);
};

/// Builds the body of one op.
class Sampler {
public:
  Sampler(ScalarBuilder &s, ResizeOp op) : s(s), op(op), real(s.getF32Type()) {}

  /// The input's coordinate that the result's index stands for.
  Value coordinate(const Axis &axis);
  SmallVector<Tap> taps(const Axis &axis, Value point);
  /// Whether the point lies in the input, between its first and last place.
  Value isInside(const Axis &axis, Value point);

private:
  Value number(double value) { return s.number(real, value); }
  Value toReal(Value index) {
    return arith::SIToFPOp::create(s, real, arith::IndexCastOp::create(s, s.getI64Type(), index));
  }
  Value toPlace(Value whole) {
    return arith::IndexCastOp::create(s, s.getIndexType(), arith::FPToSIOp::create(s, s.getI64Type(), whole));
  }
  Value floor(Value x) { return math::FloorOp::create(s, x); }
  Value ceil(Value x) { return math::CeilOp::create(s, x); }
  Value clamp(Value place, Value size) {
    Value last = s.sub(size, s.indexConstant(1));
    return s.min(s.max(place, s.indexConstant(0), false), last, false);
  }
  Value nearest(Value point);
  Value linearKernel(Value distance);
  Value cubicKernel(Value distance);

  ScalarBuilder &s;
  ResizeOp op;
  Type real;
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------------------------===//

Value Sampler::coordinate(const Axis &axis) {
  Value x = toReal(s.index(axis.dim)), scale = number(axis.scale);
  Value half = number(0.5), one = number(1), zero = number(0);
  auto halfPixel = [&] { return s.sub(s.div(s.add(x, half), scale), half); };
  auto isSingle = [&] { return s.compare(IPred::eq, axis.resultSize, s.indexConstant(1)); };
  switch (op.getCoordinateMode()) {
  case CoordinateMode::half_pixel:
    return halfPixel();
  case CoordinateMode::half_pixel_symmetric: {
    // Centres what rounding the size down has cut off.
    Value size = toReal(axis.inputSize);
    Value adjustment = s.div(toReal(axis.resultSize), s.mul(size, scale));
    return s.add(s.mul(s.mul(size, half), s.sub(one, adjustment)), halfPixel());
  }
  case CoordinateMode::pytorch_half_pixel:
    return s.select(isSingle(), zero, halfPixel());
  case CoordinateMode::align_corners: {
    Value last = s.sub(toReal(axis.inputSize), one), resultLast = s.sub(toReal(axis.resultSize), one);
    return s.select(isSingle(), zero, s.div(s.mul(x, last), resultLast));
  }
  case CoordinateMode::asymmetric:
    return s.div(x, scale);
  case CoordinateMode::tf_crop_and_resize: {
    Value last = s.sub(toReal(axis.inputSize), one), resultLast = s.sub(toReal(axis.resultSize), one);
    Value begin = s.mul(number(axis.roiBegin), last);
    Value step = s.div(s.mul(number(axis.roiEnd - axis.roiBegin), last), resultLast);
    Value middle = s.mul(number(0.5 * (axis.roiBegin + axis.roiEnd)), last);
    return s.select(isSingle(), middle, s.add(begin, s.mul(x, step)));
  }
  }
  llvm_unreachable("covered switch");
}

Value Sampler::isInside(const Axis &axis, Value point) {
  Value last = s.sub(toReal(axis.inputSize), number(1));
  return arith::AndIOp::create(s, s.compare(FPred::OGE, point, number(0)),
                               s.compare(FPred::OLE, point, last));
}

//===----------------------------------------------------------------------------------------===//
// Grid points
//===----------------------------------------------------------------------------------------===//

Value Sampler::nearest(Value point) {
  switch (op.getNearestMode()) {
  case NearestMode::round_prefer_floor:
    return ceil(s.sub(point, number(0.5)));
  case NearestMode::round_prefer_ceil:
    return floor(s.add(point, number(0.5)));
  case NearestMode::floor:
    return floor(point);
  case NearestMode::ceil:
    return ceil(point);
  }
  llvm_unreachable("covered switch");
}

/// max(1 - |d|, 0)
Value Sampler::linearKernel(Value distance) {
  return s.max(s.sub(number(1), s.abs(distance)), number(0), false);
}

/// Keys' kernel, for any distance.
Value Sampler::cubicKernel(Value distance) {
  double a = op.getCubicCoefficient().convertToDouble();
  Value d = s.abs(distance), square = s.mul(d, d);
  Value near = s.add(s.mul(s.sub(s.mul(number(a + 2), d), number(a + 3)), square), number(1));
  Value outer = s.sub(s.mul(s.add(s.mul(s.sub(d, number(5)), d), number(8)), d), number(4));
  Value far = s.select(s.compare(FPred::OLT, d, number(2)), s.mul(number(a), outer), number(0));
  return s.select(s.compare(FPred::OLE, d, number(1)), near, far);
}

SmallVector<Tap> Sampler::taps(const Axis &axis, Value point) {
  if (op.getMode() == Interpolation::nearest)
    return {{clamp(toPlace(nearest(point)), axis.inputSize), Value()}};
  bool isCubic = op.getMode() == Interpolation::cubic;
  // Shrinking with antialias widens the kernel by the scale.
  double shrink = op.getAntialias() ? std::min(axis.scale, 1.0) : 1.0;
  int64_t first = static_cast<int64_t>(std::floor(-(isCubic ? 2 : 1) / shrink)) + 1, last = 1 - first;
  Value base = floor(point), fraction = s.sub(point, base), place = toPlace(base), sum;
  SmallVector<Tap> taps;
  for (int64_t i = first; i <= last; ++i) {
    Value distance = s.mul(s.sub(number(i), fraction), number(shrink));
    Value at = s.add(place, s.indexConstant(i));
    Value weight = isCubic ? cubicKernel(distance) : linearKernel(distance);
    if (op.getExcludeOutside())
      weight = s.select(s.compare(IPred::ult, at, axis.inputSize), weight, number(0));
    sum = sum ? s.add(sum, weight) : weight;
    taps.push_back({clamp(at, axis.inputSize), weight});
  }
  if (op.getExcludeOutside() || shrink != 1)
    for (Tap &tap : taps)
      tap.weight = s.div(tap.weight, sum);
  return taps;
}

//===----------------------------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------------------------===//

/// The dimensions that are not read place by place.
FailureOr<SmallVector<Axis>> ResizeLowering::makeAxes(StructuredBuilder &b, ResizeOp op) {
  RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
  SymbolicSizes::Sizes from = b.getSizes().of(input), to = b.getSizes().of(result);
  bool crops = op.getCoordinateMode() == CoordinateMode::tf_crop_and_resize;
  SmallVector<Axis> axes;
  for (unsigned dim = 0; dim < from.size(); ++dim) {
    Axis axis;
    axis.dim = dim;
    if (crops) {
      axis.roiBegin = (*op.getRoi())[dim];
      axis.roiEnd = (*op.getRoi())[from.size() + dim];
    }
    bool isWhole = from[dim] && from[dim] == to[dim] && (!op.getScales() || (*op.getScales())[dim] == 1) &&
                   axis.roiBegin == 0 && axis.roiEnd == 1;
    if (isWhole)
      continue;
    if (op.getScales()) {
      axis.scale = (*op.getScales())[dim];
    } else if (input.isDynamicDim(dim) || result.isDynamicDim(dim)) {
      b.error() << "expects scales for dimension " << dim << " of dynamic size";
      return failure();
    } else {
      axis.scale = static_cast<double>(result.getDimSize(dim)) / input.getDimSize(dim);
    }
    axis.inputSize = b.sizeValue(from[dim]);
    axis.resultSize = b.sizeValue(to[dim]);
    axes.push_back(axis);
  }
  return axes;
}

/// For each dimension the number of neighbours that repeat an element, if all the op does is repeat.
std::optional<SmallVector<int64_t>> ResizeLowering::wholeFactors(StructuredBuilder &b, ResizeOp op) {
  if (op.getMode() != Interpolation::nearest)
    return std::nullopt;
  NearestMode mode = op.getNearestMode();
  bool rounds = mode == NearestMode::round_prefer_floor || mode == NearestMode::round_prefer_ceil;
  bool floors = mode == NearestMode::floor && op.getCoordinateMode() == CoordinateMode::asymmetric;
  // The centre of a pixel's part is never on the border of the pixel.
  if (!floors && !(rounds && op.getCoordinateMode() == CoordinateMode::half_pixel))
    return std::nullopt;
  SymbolicSizes::Sizes from = b.getSizes().of(tensorType(op.getInput()));
  SymbolicSizes::Sizes to = b.getSizes().of(tensorType(op.getResult()));
  SmallVector<int64_t> factors;
  for (size_t dim = 0; dim < from.size(); ++dim) {
    std::optional<int64_t> size = SymbolicSizes::constantValue(from[dim]),
                           target = SymbolicSizes::constantValue(to[dim]);
    double scale = op.getScales()                 ? (*op.getScales())[dim]
                   : size && target && *size != 0 ? static_cast<double>(*target) / *size
                   : from[dim] == to[dim]         ? 1
                                                  : 0;
    int64_t factor = static_cast<int64_t>(scale);
    if (factor < 1 || factor != scale || !from[dim] || !to[dim])
      return std::nullopt;
    unsigned symbols = b.getSizes().getSymbols().size();
    if (simplifyAffineExpr(from[dim] * factor - to[dim], 0, symbols) != 0)
      return std::nullopt;
    factors.push_back(factor);
  }
  return factors;
}

/// Repeats each element in loops over the parts of the resized dimensions, merged at the end: no quotient is
/// needed, so that the input may be computed in the kernel.
Value ResizeLowering::repeat(StructuredBuilder &b, ResizeOp op, Value input, ArrayRef<int64_t> factors) {
  RankedTensorType type = tensorType(input), result = tensorType(op.getResult());
  SymbolicSizes::Sizes from = b.getSizes().of(type), split;
  SmallVector<AffineExpr> indices;
  SmallVector<ReassociationIndices> merged;
  for (auto [dim, factor] : llvm::enumerate(factors)) {
    ReassociationIndices group = {static_cast<int64_t>(split.size())};
    indices.push_back(b.loop(split.size()));
    split.push_back(from[dim]);
    if (factor > 1) {
      group.push_back(split.size());
      split.push_back(b.constant(factor));
    }
    merged.push_back(group);
  }
  Value repeated = b.move(b.getSizes().tensor(split, type.getElementType()), b.input(input, indices));
  return tensor::CollapseShapeOp::create(
      b.rewriter, b.loc, result.clone(getStorageType(result.getElementType())), repeated, merged);
}

/// The sum over all combinations of the axes' taps from `next` on, of weight times element.
static Value sumTaps(ScalarBuilder &s, ArrayRef<SmallVector<Tap>> taps, ArrayRef<unsigned> dims,
                     SmallVectorImpl<Value> &at, llvm::function_ref<Value()> read) {
  if (taps.empty())
    return read();
  Value sum;
  for (const Tap &tap : taps.front()) {
    at[dims.front()] = tap.place;
    Value value = sumTaps(s, taps.drop_front(), dims.drop_front(), at, read);
    if (tap.weight)
      value = s.mul(value, tap.weight);
    sum = sum ? s.add(sum, value) : value;
  }
  return sum;
}

LogicalResult ResizeLowering::matchAndRewrite(ResizeOp op, OpAdaptor adaptor,
                                              ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  Value input = adaptor.getInput();
  RankedTensorType result = tensorType(op.getResult());
  Type element = result.getElementType();
  std::optional<SmallVector<int64_t>> factors = wholeFactors(b, op);
  if (factors && !b.isKernelArgument(input))
    return b.replace(repeat(b, op, input, *factors));
  if (!b.checkExtractable(input, "input"))
    return failure();
  if (factors)
    return b.replace(b.move(result, {}, [&](ScalarBuilder &s, ValueRange) {
      SmallVector<Value> at;
      for (auto [dim, factor] : llvm::enumerate(*factors)) {
        Value index = s.index(dim);
        at.push_back(factor == 1 ? index
                                 : arith::DivUIOp::create(s, index, s.indexConstant(factor)).getResult());
      }
      return StructuredBuilder::extract(s, input, at);
    }));

  FailureOr<SmallVector<Axis>> axes = makeAxes(b, op);
  if (failed(axes))
    return failure();
  bool crops = op.getCoordinateMode() == CoordinateMode::tf_crop_and_resize,
       copies = op.getMode() == Interpolation::nearest;
  auto body = [&](ScalarBuilder &s, ValueRange) -> Value {
    Sampler sampler(s, op);
    SmallVector<SmallVector<Tap>> taps;
    SmallVector<unsigned> dims;
    Value inside;
    for (const Axis &axis : *axes) {
      Value point = sampler.coordinate(axis);
      taps.push_back(sampler.taps(axis, point));
      dims.push_back(axis.dim);
      if (!crops)
        continue;
      Value here = sampler.isInside(axis, point);
      inside = inside ? arith::AndIOp::create(s, inside, here).getResult() : here;
    }
    SmallVector<Value> at;
    for (int64_t dim = 0; dim < result.getRank(); ++dim)
      at.push_back(s.index(dim));
    Type real = element.isF64() ? s.getF64Type() : Type(s.getF32Type());
    bool isUnsigned = isUnsignedElement(element);
    for (SmallVector<Tap> &ofAxis : taps)
      for (Tap &tap : ofAxis)
        if (tap.weight)
          tap.weight = s.widen(tap.weight, tap.weight.getType(), real);
    Value value = sumTaps(s, taps, dims, at, [&]() -> Value {
      Value loaded = s.load(StructuredBuilder::extract(s, input, at), element);
      return copies ? loaded : s.toFloat(loaded, isUnsigned, real);
    });
    if (inside) {
      double outside = op.getExtrapolationValue().convertToDouble();
      value = s.select(inside, value, s.number(value.getType(), outside));
    }
    if (!copies && isa<IntegerType>(element))
      return s.toIntSaturated(value, cast<IntegerType>(getStorageType(element)), isUnsigned);
    return value;
  };
  return b.replace(b.parallel(result, {}, body));
}

void tenon::populateResizePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ResizeLowering>(converter, patterns.getContext());
}
