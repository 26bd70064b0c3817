//===- Normalization.cpp - Evaluates the ops that rescale elements by statistics ----------------------===//
//
// Each of them puts the elements into groups, finds a statistic of each group, applies it to the group's
// elements, and scales and shifts the result. Everything between reading and writing is double.
//
//===----------------------------------------------------------------------------------------===//

#include "Invocation.h"
#include "Rows.h"
#include "Spatial.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

namespace {
/// All elements of a tensor, and to which group each belongs: groups are dense, and along every dimension of
/// `shape` the group advances by a stride.
struct Groups {
  std::vector<double> elements;
  Shape shape, groupStrides;
  int64_t count = 1;

  /// The dimensions of `shape` that `isMember` names are inside of a group, the others tell groups apart.
  Groups(const HostTensor &input, Shape shape, llvm::function_ref<bool(unsigned)> isMember)
      : elements(readAll<double>(input)), shape(std::move(shape)), groupStrides(this->shape.size(), 0) {
    for (int64_t d = static_cast<int64_t>(this->shape.size()) - 1; d >= 0; --d) {
      if (isMember(d))
        continue;
      groupStrides[d] = count;
      count *= this->shape[d];
    }
  }

  /// Calls `function(element, group)` for all elements in row-major order.
  template <typename Function>
  void forEach(Function function) {
    RowWalk(shape, {getStrides(shape), groupStrides})
        .forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides, int64_t length) {
          for (int64_t i = 0; i < length; ++i)
            function(elements[offsets[0] + i * strides[0]], offsets[1] + i * strides[1]);
        });
  }

  /// The sum of `term(element)` in each group.
  template <typename Function>
  std::vector<double> sum(Function term) {
    std::vector<double> sums(count, 0);
    forEach([&](double element, int64_t group) { sums[group] += term(element); });
    return sums;
  }

  double size() const { return count == 0 ? 0 : static_cast<double>(elements.size()) / count; }

  /// Makes each group's mean 0 (with `center`) and its variance 1.
  void normalize(double epsilon, bool center) {
    if (center) {
      std::vector<double> sums = sum([](double x) { return x; });
      forEach([&](double &x, int64_t group) { x -= sums[group] / size(); });
    }
    std::vector<double> squares = sum([](double x) { return x * x; });
    forEach([&](double &x, int64_t group) { x /= std::sqrt(squares[group] / size() + epsilon); });
  }
};
} // namespace

/// `elements * scale + bias` as the op's result; either operand may be null. They are read with the given
/// strides.
static Results scaleAndShift(Invocation &call, std::vector<double> &elements, const HostTensor &scale,
                             const Shape &scaleStrides, const HostTensor &bias, const Shape &biasStrides) {
  HostTensor result = call.makeResult();
  ArrayRef<int64_t> shape = result.getShape();
  auto apply = [&](const HostTensor &operand, const Shape &operandStrides, auto function) {
    if (!operand)
      return;
    std::vector<double> values = readAll<double>(operand);
    RowWalk(shape, {getStrides(shape), operandStrides})
        .forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides, int64_t count) {
          for (int64_t i = 0; i < count; ++i)
            function(elements[offsets[0] + i * strides[0]], values[offsets[1] + i * strides[1]]);
        });
  };
  apply(scale, scaleStrides, [](double &x, double factor) { x *= factor; });
  apply(bias, biasStrides, [](double &x, double summand) { x += summand; });
  writeAll<double>(elements, result);
  return Tensors{result};
}

/// As above with operands that broadcast to the result.
static Results scaleAndShift(Invocation &call, std::vector<double> &elements, const HostTensor &scale,
                             const HostTensor &bias) {
  ArrayRef<int64_t> shape = call.resultTypes[0].getShape();
  return scaleAndShift(call, elements, scale, scale ? getBroadcastStrides(scale.getShape(), shape) : Shape(),
                       bias, bias ? getBroadcastStrides(bias.getShape(), shape) : Shape());
}

/// As above with an element of the operands for each channel.
static Results scaleAndShiftChannels(Invocation &call, std::vector<double> &elements, unsigned channelDim,
                                     const HostTensor &scale, const HostTensor &bias) {
  Shape strides(call.resultTypes[0].getRank(), 0);
  strides[channelDim] = 1;
  return scaleAndShift(call, elements, scale, strides, bias, strides);
}

//===----------------------------------------------------------------------------------------===//
// Along dimensions
//===----------------------------------------------------------------------------------------===//

/// Shifts each group so that its maximum is 0.
static void shiftByMaximum(Groups &groups) {
  std::vector<double> highest(groups.count, -std::numeric_limits<double>::infinity());
  groups.forEach([&](double x, int64_t group) { highest[group] = std::max(highest[group], x); });
  groups.forEach([&](double &x, int64_t group) { x -= highest[group]; });
}

static Results evaluate(SoftmaxOp op, Invocation &call) {
  unsigned axis = op.getAxis();
  Groups groups(call.operands[0], Shape(call.operands[0].getShape()), [&](unsigned d) { return d == axis; });
  shiftByMaximum(groups);
  groups.forEach([](double &x, int64_t) { x = std::exp(x); });
  std::vector<double> sums = groups.sum([](double x) { return x; });
  groups.forEach([&](double &x, int64_t group) { x /= sums[group]; });
  return scaleAndShift(call, groups.elements, {}, {});
}

static Results evaluate(LogSoftmaxOp op, Invocation &call) {
  unsigned axis = op.getAxis();
  Groups groups(call.operands[0], Shape(call.operands[0].getShape()), [&](unsigned d) { return d == axis; });
  shiftByMaximum(groups);
  std::vector<double> sums = groups.sum([](double x) { return std::exp(x); });
  groups.forEach([&](double &x, int64_t group) { x -= std::log(sums[group]); });
  return scaleAndShift(call, groups.elements, {}, {});
}

static Results evaluate(LayerNormOp op, Invocation &call) {
  unsigned axis = op.getAxis();
  Groups groups(call.operands[0], Shape(call.operands[0].getShape()), [&](unsigned d) { return d >= axis; });
  groups.normalize(op.getEpsilon().convertToDouble(), /*center=*/true);
  return scaleAndShift(call, groups.elements, call[op.getScale()], call[op.getBias()]);
}

static Results evaluate(RmsNormOp op, Invocation &call) {
  unsigned axis = op.getAxis();
  Groups groups(call.operands[0], Shape(call.operands[0].getShape()), [&](unsigned d) { return d >= axis; });
  groups.normalize(op.getEpsilon().convertToDouble(), /*center=*/false);
  return scaleAndShift(call, groups.elements, call[op.getScale()], {});
}

static Results evaluate(LpNormOp op, Invocation &call) {
  unsigned axis = op.getAxis();
  bool squared = op.getP() == 2;
  Groups groups(call.operands[0], Shape(call.operands[0].getShape()), [&](unsigned d) { return d == axis; });
  std::vector<double> norms = groups.sum([=](double x) { return squared ? x * x : std::fabs(x); });
  groups.forEach([&](double &x, int64_t group) {
    double norm = squared ? std::sqrt(norms[group]) : norms[group];
    x = norm == 0 ? 0 : x / norm;
  });
  return scaleAndShift(call, groups.elements, {}, {});
}

//===----------------------------------------------------------------------------------------===//
// Over channels
//===----------------------------------------------------------------------------------------===//

static Results evaluate(BatchNormOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  std::vector<double> scale = readAll<double>(call.operands[1]), bias = readAll<double>(call.operands[2]),
                      mean = readAll<double>(call.operands[3]), variance = readAll<double>(call.operands[4]);
  unsigned channelDim = Spatial::getChannelDim(input.getShape(), op.getLayout());
  double epsilon = op.getEpsilon().convertToDouble();
  // A group for each channel.
  Groups groups(input, Shape(input.getShape()), [&](unsigned d) { return d != channelDim; });
  groups.forEach([&](double &x, int64_t channel) {
    x = (x - mean[channel]) / std::sqrt(variance[channel] + epsilon) * scale[channel] + bias[channel];
  });
  return scaleAndShift(call, groups.elements, {}, {});
}

static Results evaluate(InstanceNormOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  unsigned channelDim = Spatial::getChannelDim(input.getShape(), op.getLayout());
  Groups groups(input, Shape(input.getShape()), [&](unsigned d) { return d != 0 && d != channelDim; });
  groups.normalize(op.getEpsilon().convertToDouble(), /*center=*/true);
  return scaleAndShiftChannels(call, groups.elements, channelDim, call.operands[1], call.operands[2]);
}

static Results evaluate(GroupNormOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  unsigned channelDim = Spatial::getChannelDim(input.getShape(), op.getLayout());
  // The channels as two dimensions: which group, and which channel of the group.
  Shape shape(input.getShape());
  shape[channelDim] = op.getNumGroups();
  shape.insert(shape.begin() + channelDim + 1, input.getDim(channelDim) / op.getNumGroups());
  Groups groups(input, shape, [&](unsigned d) { return d != 0 && d != channelDim; });
  groups.normalize(op.getEpsilon().convertToDouble(), /*center=*/true);
  return scaleAndShiftChannels(call, groups.elements, channelDim, call.operands[1], call.operands[2]);
}

static Results evaluate(LrnOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  std::vector<double> elements = readAll<double>(input), normalized(elements.size());
  unsigned channelDim = Spatial::getChannelDim(input.getShape(), op.getLayout());
  int64_t channels = input.getDim(channelDim), size = op.getSize();
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble(),
         bias = op.getBias().convertToDouble();
  forEachLine(input.getShape(), channelDim, [&](int64_t begin, int64_t stride) {
    for (int64_t c = 0; c < channels; ++c) {
      int64_t first = std::max<int64_t>(0, c - (size - 1) / 2), last = std::min(channels - 1, c + size / 2);
      double sum = 0;
      for (int64_t i = first; i <= last; ++i)
        sum += elements[begin + i * stride] * elements[begin + i * stride];
      normalized[begin + c * stride] =
          elements[begin + c * stride] / std::pow(bias + alpha / static_cast<double>(size) * sum, beta);
    }
  });
  writeAll<double>(normalized, result);
  return Tensors{result};
}

void reference::addNormalization(OpTable &table) {
  table.add<SoftmaxOp>([](SoftmaxOp op, Invocation &call) { return evaluate(op, call); });
  table.add<LogSoftmaxOp>([](LogSoftmaxOp op, Invocation &call) { return evaluate(op, call); });
  table.add<LayerNormOp>([](LayerNormOp op, Invocation &call) { return evaluate(op, call); });
  table.add<RmsNormOp>([](RmsNormOp op, Invocation &call) { return evaluate(op, call); });
  table.add<LpNormOp>([](LpNormOp op, Invocation &call) { return evaluate(op, call); });
  table.add<BatchNormOp>([](BatchNormOp op, Invocation &call) { return evaluate(op, call); });
  table.add<InstanceNormOp>([](InstanceNormOp op, Invocation &call) { return evaluate(op, call); });
  table.add<GroupNormOp>([](GroupNormOp op, Invocation &call) { return evaluate(op, call); });
  table.add<LrnOp>([](LrnOp op, Invocation &call) { return evaluate(op, call); });
}
