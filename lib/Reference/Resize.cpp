//===- Resize.cpp - Evaluates the ops that sample a tensor on another grid -----------------------------===//
//
// Interpolation is separable: each dimension in turn is replaced by weighted sums of its elements, in double.
//
//===----------------------------------------------------------------------------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

namespace {
/// How one dimension is sampled.
struct Axis {
  int64_t inputSize, resultSize;
  double scale, roiStart = 0, roiEnd = 1;
};

/// What one element of the result is made of: elements `first`, `first + 1`, ... with weights, or nothing of
/// the input.
struct Sample {
  int64_t first = 0;
  SmallVector<double> weights;
  bool outside = false;
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// One dimension
//===----------------------------------------------------------------------------------------===//

/// The coordinate in the input of element `at` of the result.
static double toInput(CoordinateMode mode, const Axis &axis, int64_t at) {
  double size = axis.inputSize, resultSize = axis.scale * size, x = at;
  switch (mode) {
  case CoordinateMode::half_pixel:
    return (x + 0.5) / axis.scale - 0.5;
  case CoordinateMode::half_pixel_symmetric:
    return size / 2 * (1 - axis.resultSize / resultSize) + (x + 0.5) / axis.scale - 0.5;
  case CoordinateMode::pytorch_half_pixel:
    return resultSize == 1 ? -0.5 : (x + 0.5) / axis.scale - 0.5;
  case CoordinateMode::align_corners:
    return resultSize == 1 ? 0 : x * (size - 1) / (resultSize - 1);
  case CoordinateMode::asymmetric:
    return x / axis.scale;
  case CoordinateMode::tf_crop_and_resize: {
    double extent = (axis.roiEnd - axis.roiStart) * (size - 1);
    double within = resultSize == 1 ? extent / 2 : x * extent / (resultSize - 1);
    return axis.roiStart * (size - 1) + within;
  }
  }
  llvm_unreachable("all coordinate modes are handled");
}

/// Which of the neighbours below and above a coordinate counts, `ratio` in (0, 1] being its distance from the
/// lower.
static bool prefersUpper(NearestMode mode, double ratio) {
  if (ratio == 1)
    return true;
  switch (mode) {
  case NearestMode::round_prefer_floor:
    return ratio > 0.5;
  case NearestMode::round_prefer_ceil:
    return ratio >= 0.5;
  case NearestMode::floor:
    return false;
  case NearestMode::ceil:
    return true;
  }
  llvm_unreachable("all nearest modes are handled");
}

/// The weight at `distance` by the triangle of linear interpolation, or by Keys' cubic kernel with
/// coefficient `a`. Source: R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
static double getKernelWeight(bool cubic, double distance, double a) {
  double x = std::fabs(distance);
  if (!cubic)
    return std::max(0.0, 1 - x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

template <typename Op>
static Sample getSample(Op op, const Axis &axis, int64_t at) {
  double x = toInput(op.getCoordinateMode(), axis, at);
  Sample sample;
  sample.outside = op.getCoordinateMode() == CoordinateMode::tf_crop_and_resize &&
                   (x < 0 || x > static_cast<double>(axis.inputSize - 1));
  if (sample.outside)
    return sample;
  // At a grid point the left neighbour is the one before, so that the ratio is in (0, 1].
  double below = std::ceil(x) - 1, ratio = x - below;
  if (op.getMode() == Interpolation::nearest) {
    sample.first = static_cast<int64_t>(below) + prefersUpper(op.getNearestMode(), ratio);
    sample.weights = {1};
    return sample;
  }
  bool cubic = op.getMode() == Interpolation::cubic;
  double radius = cubic ? 2 : 1, shrink = op.getAntialias() ? std::min(axis.scale, 1.0) : 1;
  double start = std::floor(-radius / shrink) + 1, sum = 0;
  sample.first = static_cast<int64_t>(below + start);
  for (double i = start; i < 2 - start; ++i) {
    int64_t place = static_cast<int64_t>(below + i);
    bool excluded = op.getExcludeOutside() && (place < 0 || place >= axis.inputSize);
    sample.weights.push_back(
        excluded ? 0
                 : getKernelWeight(cubic, shrink * (i - ratio), op.getCubicCoefficient().convertToDouble()));
    sum += sample.weights.back();
  }
  if ((op.getAntialias() || op.getExcludeOutside()) && sum != 0)
    for (double &weight : sample.weights)
      weight /= sum;
  return sample;
}

//===----------------------------------------------------------------------------------------===//
// All dimensions
//===----------------------------------------------------------------------------------------===//

template <typename Op>
static Results resample(Op op, Invocation &call, ArrayRef<Axis> axes, HostTensor result) {
  const HostTensor &input = call.operands[0];
  std::vector<double> elements = readAll<double>(input);
  Shape shape(input.getShape());
  for (auto [d, axis] : llvm::enumerate(axes)) {
    if (axis.scale == 1 && axis.resultSize == axis.inputSize && axis.roiStart == 0 && axis.roiEnd == 1)
      continue;
    if (axis.inputSize == 0 && axis.resultSize != 0)
      return call.emitError() << "has nothing to sample in dimension " << d;
    SmallVector<Sample> samples;
    for (int64_t at = 0; at < axis.resultSize; ++at)
      samples.push_back(getSample(op, axis, at));
    int64_t outer = llvm::product_of(ArrayRef(shape).take_front(d)),
            inner = llvm::product_of(ArrayRef(shape).drop_front(d + 1));
    std::vector<double> resized(outer * axis.resultSize * inner, 0.0);
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t at = 0; at < axis.resultSize; ++at) {
        double *target = resized.data() + (o * axis.resultSize + at) * inner;
        if (samples[at].outside)
          std::fill_n(target, inner, op.getExtrapolationValue().convertToDouble());
        for (auto [i, weight] : llvm::enumerate(samples[at].weights)) {
          // Beyond its edges the input continues with the edge.
          int64_t place = std::clamp<int64_t>(samples[at].first + i, 0, axis.inputSize - 1);
          const double *source = elements.data() + (o * axis.inputSize + place) * inner;
          for (int64_t n = 0; n < inner && weight != 0; ++n)
            target[n] += weight * source[n];
        }
      }
    }
    elements = std::move(resized);
    shape[d] = axis.resultSize;
  }
  if (getArithmetic(result.getElementType()) != Arithmetic::real) {
    dispatchArithmetic(result.getElementType(), [&](auto tag) {
      using Wide = typename decltype(tag)::type;
      double lowest = static_cast<double>(getLimit<Wide>(result.getElementType(), /*highest=*/false));
      double highest = static_cast<double>(getLimit<Wide>(result.getElementType(), /*highest=*/true));
      for (double &element : elements)
        element = std::clamp(std::nearbyint(element), lowest, highest);
    });
  }
  writeAll<double>(elements, result);
  return Tensors{result};
}

static Results evaluate(ResizeOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  SmallVector<Axis> axes;
  int64_t rank = result.getRank();
  for (int64_t d = 0; d < rank; ++d) {
    Axis axis{call.operands[0].getDim(d), result.getDim(d), 1};
    if (op.getScales())
      axis.scale = (*op.getScales())[d];
    else if (axis.inputSize != 0)
      axis.scale = static_cast<double>(axis.resultSize) / static_cast<double>(axis.inputSize);
    if (op.getRoi()) {
      axis.roiStart = (*op.getRoi())[d];
      axis.roiEnd = (*op.getRoi())[rank + d];
    }
    axes.push_back(axis);
  }
  return resample(op, call, axes, result);
}

static Results evaluate(DynamicResizeOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor roi = call[op.getRoi()], scales = call[op.getScales()], sizes = call[op.getSizes()];
  SmallVector<Axis> all;
  for (int64_t size : input.getShape())
    all.push_back({size, size, 1});
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, input.getRank()));
  if (op.getAxes())
    axes.assign(op.getAxes()->begin(), op.getAxes()->end());
  SmallVector<double> bounds = roi ? roi.toDoubles() : SmallVector<double>();
  SmallVector<double> factors = scales ? scales.toDoubles() : SmallVector<double>();
  for (auto [i, dim] : llvm::enumerate(axes)) {
    Axis &axis = all[dim];
    if (roi) {
      axis.roiStart = bounds[i];
      axis.roiEnd = bounds[axes.size() + i];
    }
    if (scales) {
      axis.scale = factors[i];
      double extent = roi ? axis.roiEnd - axis.roiStart : 1;
      axis.resultSize = truncateReal<int64_t>(std::floor(axis.inputSize * extent * axis.scale));
    } else {
      axis.resultSize = sizes.toIntegers()[i];
      axis.scale = axis.inputSize == 0
                       ? 1
                       : static_cast<double>(axis.resultSize) / static_cast<double>(axis.inputSize);
    }
  }
  if (sizes && op.getAspectPolicy() != AspectPolicy::stretch && !axes.empty()) {
    // Sizes come from the scale in f32, as the op's shape rule computes them.
    SmallVector<float> own;
    for (int64_t dim : axes)
      own.push_back(static_cast<float>(all[dim].resultSize) / static_cast<float>(all[dim].inputSize));
    float scale =
        op.getAspectPolicy() == AspectPolicy::not_larger ? *llvm::min_element(own) : *llvm::max_element(own);
    for (int64_t dim : axes) {
      all[dim].scale = scale;
      all[dim].resultSize =
          truncateReal<int64_t>(std::floor(scale * static_cast<float>(all[dim].inputSize) + 0.5f));
    }
  }
  Shape shape;
  for (const Axis &axis : all) {
    if (axis.resultSize < 0 || !(axis.scale > 0 || axis.resultSize == 0))
      return call.emitError() << "expects positive scales and sizes, but got size " << axis.resultSize;
    shape.push_back(axis.resultSize);
  }
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  return failed(result) ? Results(failure()) : resample(op, call, all, *result);
}

void reference::addResize(OpTable &table) {
  table.add<ResizeOp>([](ResizeOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<DynamicResizeOp>(
      [](DynamicResizeOp op, Invocation &call) { return evaluate(op, call); });
}
