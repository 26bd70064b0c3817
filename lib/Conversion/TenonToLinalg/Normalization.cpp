//===- Normalization.cpp - Softmax and normalizations to structured ops ------------------------===//
//
// Statistics are reductions, what follows from them is computed once per sample in ops of the reduced shape,
// and a last op over the whole tensor applies it. All in f32 at least; only the last op rounds to half
// precision.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;

static Value reciprocal(ScalarBuilder &b, Value x) { return b.div(b.number(x.getType(), 1), x); }

/// 1 / sqrt(sum / count + epsilon)
static Value inverseDeviation(ScalarBuilder &b, Value sum, const ElementCount &count, double epsilon) {
  Type type = sum.getType();
  Value variance = b.div(sum, StructuredBuilder::asFloat(b, count, type));
  return reciprocal(b, b.sqrt(b.add(variance, b.number(type, epsilon))));
}

//===----------------------------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------------------------===//

/// The largest element along the reduced dimension. A nan makes the result unspecified.
static Value rowMaximum(StructuredBuilder &b, const ReducedShape &shape, Value original, Value converted) {
  auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
  return b.reduce(
      shape.kept, Combiner::maximum, shape.reductions, b.input(original, converted, shape.indices),
      [](ScalarBuilder &, ValueRange x) { return x[0]; }, /*isUnsigned=*/false, flags);
}

namespace {

struct SoftmaxLowering : OpConversionPattern<SoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(SoftmaxOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    Type computed = getComputeType(type.getElementType());
    ReducedShape shape = b.reduceShape(type, op.getAxis(), computed);
    Value most = rowMaximum(b, shape, op.getInput(), adaptor.getInput());
    SmallVector<AffineExpr> whole = b.loops(type);
    Value exponentials =
        b.parallel(type.clone(computed),
                   {b.input(op.getInput(), adaptor.getInput(), whole), b.input(most, shape.keptIndices)},
                   [](ScalarBuilder &s, ValueRange x) { return s.expOfNonpositive(s.sub(x[0], x[1])); });
    Value sum = b.reduce(shape.kept, Combiner::sum, shape.reductions, b.input(exponentials, shape.indices),
                         [](ScalarBuilder &, ValueRange x) { return x[0]; });
    Value factor = b.parallel(shape.kept, b.input(sum, b.loops(shape.kept)),
                              [](ScalarBuilder &s, ValueRange x) { return reciprocal(s, x[0]); });
    return b.replace(b.parallel(tensorType(op.getResult()),
                                {b.input(exponentials, whole), b.input(factor, shape.keptIndices)},
                                [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); }));
  }
};

struct LogSoftmaxLowering : OpConversionPattern<LogSoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(LogSoftmaxOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    ReducedShape shape = b.reduceShape(type, op.getAxis(), getComputeType(type.getElementType()));
    Value most = rowMaximum(b, shape, op.getInput(), adaptor.getInput());
    SmallVector<AffineExpr> kept = b.loops(shape.kept);
    Value sum =
        b.reduce(shape.kept, Combiner::sum, shape.reductions,
                 {b.input(op.getInput(), adaptor.getInput(), shape.indices), b.input(most, kept)},
                 [](ScalarBuilder &s, ValueRange x) { return s.expOfNonpositive(s.sub(x[0], x[1])); });
    Value logarithm = b.parallel(shape.kept, b.input(sum, kept), [](ScalarBuilder &s, ValueRange x) -> Value {
      return math::LogOp::create(s, x[0]);
    });
    return b.replace(
        b.parallel(tensorType(op.getResult()),
                   {b.input(op.getInput(), adaptor.getInput(), b.loops(type)),
                    b.input(most, shape.keptIndices), b.input(logarithm, shape.keptIndices)},
                   [](ScalarBuilder &s, ValueRange x) { return s.sub(s.sub(x[0], x[1]), x[2]); }));
  }
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// Mean and variance
//===----------------------------------------------------------------------------------------===//

namespace {
/// The mean and 1 / sqrt(variance + epsilon) of a tensor, or with no mean around 0; both of type `kept`.
struct Statistics {
  Value mean, inverseDeviation;
};
} // namespace

/// The statistics of the first of `inputs` (the others only give loops their extents), the variance as the
/// mean of squared differences: squaring first would cancel.
static Statistics computeStatistics(StructuredBuilder &b, RankedTensorType kept, unsigned reductions,
                                    SmallVector<Input> inputs, const ElementCount &count, double epsilon,
                                    bool centered) {
  SmallVector<AffineExpr> whole = b.loops(kept);
  Statistics statistics;
  if (centered) {
    Value sum =
        b.reduce(kept, Combiner::sum, reductions, inputs, [](ScalarBuilder &, ValueRange x) { return x[0]; });
    statistics.mean = b.parallel(kept, b.input(sum, whole), [&](ScalarBuilder &s, ValueRange x) {
      return s.div(x[0], StructuredBuilder::asFloat(s, count, x[0].getType()));
    });
    inputs.push_back(b.input(statistics.mean, whole));
  }
  Value squares = b.reduce(kept, Combiner::sum, reductions, inputs, [&](ScalarBuilder &s, ValueRange x) {
    Value difference = centered ? s.sub(x[0], x.back()) : x[0];
    return s.mul(difference, difference);
  });
  statistics.inverseDeviation =
      b.parallel(kept, b.input(squares, whole),
                 [&](ScalarBuilder &s, ValueRange x) { return inverseDeviation(s, x[0], count, epsilon); });
  return statistics;
}

/// (x - mean) * inverseDeviation * scale + bias, of which mean, scale and bias may be missing.
static Value applyStatistics(StructuredBuilder &b, RankedTensorType result, const Input &input,
                             const Statistics &statistics, ArrayRef<AffineExpr> indices,
                             std::optional<Input> scale, std::optional<Input> bias) {
  SmallVector<Input> inputs = {input};
  if (statistics.mean)
    inputs.push_back(b.input(statistics.mean, indices));
  inputs.push_back(b.input(statistics.inverseDeviation, indices));
  if (scale)
    inputs.push_back(*scale);
  if (bias)
    inputs.push_back(*bias);
  return b.parallel(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
    Value value = x.front();
    x = x.drop_front();
    auto next = [&] {
      Value first = x.front();
      x = x.drop_front();
      return first;
    };
    if (statistics.mean)
      value = s.sub(value, next());
    value = s.mul(value, next());
    if (scale)
      value = s.mul(value, next());
    return bias ? s.add(value, next()) : value;
  });
}

/// Normalizes each slice along `axes` by its own statistics.
static LogicalResult normalize(StructuredBuilder &b, Value original, Value converted, RankedTensorType result,
                               ArrayRef<int64_t> axes, double epsilon, bool centered,
                               std::optional<Input> scale, std::optional<Input> bias) {
  RankedTensorType type = tensorType(original);
  ReducedShape shape = b.reduceShape(type, axes, getComputeType(type.getElementType()));
  Statistics statistics =
      computeStatistics(b, shape.kept, shape.reductions, {b.input(original, converted, shape.indices)},
                        b.countElements(type, axes), epsilon, centered);
  return b.replace(applyStatistics(b, result, b.input(original, converted, b.loops(type)), statistics,
                                   shape.keptIndices, scale, bias));
}

/// The dimensions from `axis` on.
static SmallVector<int64_t> axesFrom(int64_t axis, RankedTensorType type) {
  return llvm::to_vector(llvm::seq<int64_t>(axis < 0 ? axis + type.getRank() : axis, type.getRank()));
}

static int64_t channelDim(tenon::DataLayout layout, RankedTensorType type) {
  return layout == tenon::DataLayout::channels_last ? type.getRank() - 1 : 1;
}

namespace {

struct LayerNormLowering : OpConversionPattern<LayerNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(LayerNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    std::optional<Input> scale, bias;
    if (op.getScale())
      scale = b.broadcast(op.getScale(), adaptor.getScale(), type);
    if (op.getBias())
      bias = b.broadcast(op.getBias(), adaptor.getBias(), type);
    return normalize(b, op.getInput(), adaptor.getInput(), tensorType(op.getResult()),
                     axesFrom(op.getAxis(), type), op.getEpsilon().convertToDouble(), /*centered=*/true,
                     scale, bias);
  }
};

struct RmsNormLowering : OpConversionPattern<RmsNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(RmsNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    std::optional<Input> scale;
    if (op.getScale())
      scale = b.broadcast(op.getScale(), adaptor.getScale(), type);
    return normalize(b, op.getInput(), adaptor.getInput(), tensorType(op.getResult()),
                     axesFrom(op.getAxis(), type), op.getEpsilon().convertToDouble(), /*centered=*/false,
                     scale, std::nullopt);
  }
};

struct InstanceNormLowering : OpConversionPattern<InstanceNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(InstanceNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    int64_t channel = channelDim(op.getLayout(), type);
    SmallVector<int64_t> axes;
    for (int64_t dim = 1; dim < type.getRank(); ++dim)
      if (dim != channel)
        axes.push_back(dim);
    return normalize(b, op.getInput(), adaptor.getInput(), tensorType(op.getResult()), axes,
                     op.getEpsilon().convertToDouble(), /*centered=*/true,
                     b.input(op.getScale(), adaptor.getScale(), b.loop(channel)),
                     b.input(op.getBias(), adaptor.getBias(), b.loop(channel)));
  }
};

struct BatchNormLowering : OpConversionPattern<BatchNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(BatchNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput()), statistic = tensorType(op.getVariance());
    Type computed = getComputeType(type.getElementType());
    double epsilon = op.getEpsilon().convertToDouble();
    AffineExpr channel = b.loop(channelDim(op.getLayout(), type));
    Value factor = b.parallel(statistic.clone(computed),
                              {b.input(op.getScale(), adaptor.getScale(), b.loop(0)),
                               b.input(op.getVariance(), adaptor.getVariance(), b.loop(0))},
                              [&](ScalarBuilder &s, ValueRange x) {
                                return s.div(x[0], s.sqrt(s.add(x[1], s.number(computed, epsilon))));
                              });
    return b.replace(b.parallel(
        tensorType(op.getResult()),
        {b.input(op.getInput(), adaptor.getInput(), b.loops(type)),
         b.input(op.getMean(), adaptor.getMean(), channel), b.input(factor, channel),
         b.input(op.getBias(), adaptor.getBias(), channel)},
        [](ScalarBuilder &s, ValueRange x) { return s.add(s.mul(s.sub(x[0], x[1]), x[2]), x[3]); }));
  }
};

struct GroupNormLowering : OpConversionPattern<GroupNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(GroupNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  static Value spreadToChannels(StructuredBuilder &b, Value statistic, int64_t channels, int64_t groups);
};

} // namespace

/// [batch, groups] to [batch, channels]. A channel's group is its quotient, which no access map can say: a
/// sum over all groups of which one counts, over tensors too small to matter.
Value GroupNormLowering::spreadToChannels(StructuredBuilder &b, Value statistic, int64_t channels,
                                          int64_t groups) {
  RankedTensorType type = tensorType(statistic);
  SymbolicSizes::Sizes sizes = b.getSizes().of(type);
  sizes[1] = b.constant(channels);
  return b.reduce(b.getSizes().tensor(sizes, type.getElementType()), Combiner::sum, 1,
                  b.input(statistic, {b.loop(0), b.loop(2)}), [&](ScalarBuilder &s, ValueRange x) {
                    Value group = arith::DivUIOp::create(s, s.index(1), s.indexConstant(channels / groups));
                    Value isOwn = s.compare(arith::CmpIPredicate::eq, group, s.index(2));
                    return s.select(isOwn, x[0], s.number(x[0].getType(), 0));
                  });
}

LogicalResult GroupNormLowering::matchAndRewrite(GroupNormOp op, OpAdaptor adaptor,
                                                 ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  RankedTensorType type = tensorType(op.getInput());
  unsigned rank = type.getRank();
  int64_t channel = channelDim(op.getLayout(), type), channels = type.getDimSize(channel),
          groups = op.getNumGroups();
  if (type.isDynamicDim(channel)) {
    b.error() << "expects a static number of channels";
    return failure();
  }
  // The loops: batch, group, channel in the group, spatial.
  int64_t perGroup = channels / groups;
  SymbolicSizes::Sizes sizes = b.getSizes().of(type);
  SmallVector<AffineExpr> indices(rank);
  SmallVector<int64_t> spatial;
  indices[0] = b.loop(0);
  indices[channel] = b.loop(1) * perGroup + b.loop(2);
  for (unsigned dim = 1; dim < rank; ++dim) {
    if (dim == channel)
      continue;
    indices[dim] = b.loop(3 + spatial.size());
    spatial.push_back(dim);
  }
  RankedTensorType kept =
      b.getSizes().tensor({sizes[0], b.constant(groups)}, getComputeType(type.getElementType()));
  ElementCount count = b.countElements(type, spatial);
  count.constant *= perGroup;
  SmallVector<Input> inputs = {Input{adaptor.getInput(), type.getElementType(), indices, {}},
                               b.window(b.constant(perGroup), 2)};
  Statistics statistics = computeStatistics(b, kept, 1 + spatial.size(), inputs, count,
                                            op.getEpsilon().convertToDouble(), /*centered=*/true);
  statistics.mean = spreadToChannels(b, statistics.mean, channels, groups);
  statistics.inverseDeviation = spreadToChannels(b, statistics.inverseDeviation, channels, groups);
  return b.replace(applyStatistics(
      b, tensorType(op.getResult()), b.input(op.getInput(), adaptor.getInput(), b.loops(type)), statistics,
      {b.loop(0), b.loop(channel)}, b.input(op.getScale(), adaptor.getScale(), b.loop(channel)),
      b.input(op.getBias(), adaptor.getBias(), b.loop(channel))));
}

//===----------------------------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------------------------===//

/// x^exponent for the exponents of response normalization, which are multiples of 1/4 as a rule.
static Value power(ScalarBuilder &b, Value x, double exponent) {
  if (exponent == 1)
    return x;
  if (exponent == 0.5)
    return b.sqrt(x);
  if (exponent == 0.75) {
    Value root = b.sqrt(x);
    return b.mul(root, b.sqrt(root));
  }
  return math::PowFOp::create(b, x, b.number(x.getType(), exponent));
}

namespace {

struct LrnLowering : OpConversionPattern<LrnOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(LrnOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    Type computed = getComputeType(type.getElementType());
    int64_t channel = channelDim(op.getLayout(), type), size = op.getSize(), rank = type.getRank();
    SmallVector<int64_t> low(rank, 0), high(rank, 0);
    low[channel] = (size - 1) / 2;
    high[channel] = size / 2;
    TypedAttr zero = rewriter.getZeroAttr(getStorageType(type.getElementType()));
    SmallVector<AffineExpr> whole = b.loops(type), indices = whole;
    indices[channel] = b.loop(channel) + b.loop(rank);
    Input padded = {b.pad(adaptor.getInput(), low, high, zero), type.getElementType(), indices, {}};
    Value squares =
        b.reduce(type.clone(computed), Combiner::sum, 1, {padded, b.window(b.constant(size), rank)},
                 [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[0]); });
    double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble();
    double bias = op.getBias().convertToDouble();
    return b.replace(b.parallel(tensorType(op.getResult()),
                                {b.input(op.getInput(), adaptor.getInput(), whole), b.input(squares, whole)},
                                [&](ScalarBuilder &s, ValueRange x) {
                                  Value base = s.add(s.mul(x[1], s.number(computed, alpha / size)),
                                                     s.number(computed, bias));
                                  return s.div(x[0], power(s, base, beta));
                                }));
  }
};

struct LpNormLowering : OpConversionPattern<LpNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(LpNormOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getInput());
    Type computed = getComputeType(type.getElementType());
    ReducedShape shape = b.reduceShape(type, op.getAxis(), computed);
    bool isL1 = op.getP() == 1;
    Value sum =
        b.reduce(shape.kept, Combiner::sum, shape.reductions,
                 b.input(op.getInput(), adaptor.getInput(), shape.indices),
                 [&](ScalarBuilder &s, ValueRange x) { return isL1 ? s.abs(x[0]) : s.mul(x[0], x[0]); });
    Value norm =
        b.parallel(shape.kept, b.input(sum, b.loops(shape.kept)), [&](ScalarBuilder &s, ValueRange x) {
          // Dividing the zeros of a zero norm by 1 leaves them.
          Value isZero = s.compare(arith::CmpFPredicate::OEQ, x[0], s.number(computed, 0));
          return s.select(isZero, s.number(computed, 1), isL1 ? x[0] : s.sqrt(x[0]));
        });
    return b.replace(b.parallel(
        tensorType(op.getResult()),
        {b.input(op.getInput(), adaptor.getInput(), b.loops(type)), b.input(norm, shape.keptIndices)},
        [](ScalarBuilder &s, ValueRange x) { return s.div(x[0], x[1]); }));
  }
};

} // namespace

void tenon::populateNormalizationPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<BatchNormLowering, GroupNormLowering, InstanceNormLowering, LayerNormLowering,
               LogSoftmaxLowering, LpNormLowering, LrnLowering, RmsNormLowering, SoftmaxLowering>(
      converter, patterns.getContext());
}
