//===- Pooling.cpp - Reductions under a sliding window to structured ops -----------------------===//
//
// Each op pads its input with the neutral element, then reduces over the window's dimensions, whose extents
// come from an operand that is not read.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;

namespace {

/// The parameters that all pooling ops share, and what follows from them.
struct Window {
  template <typename PoolOp>
  explicit Window(PoolOp op)
      : kernel(op.getKernel()), strides(op.getStrides()), dilations(op.getDilations()), pads(op.getPads()),
        ceilMode(op.getCeilMode()), firstDim(op.getLayout() == tenon::DataLayout::channels_last ? 1 : 2),
        input(tensorType(op.getInput())), result(tensorType(op.getResult())) {}

  unsigned spatial() const { return kernel.size(); }
  int64_t low(unsigned i) const { return pads[i]; }
  /// The padding after spatial dimension `i` that the windows reach; more than that where a size is not
  /// known.
  int64_t high(unsigned i) const {
    unsigned dim = firstDim + i;
    if (input.isDynamicDim(dim) || result.isDynamicDim(dim))
      return pads[spatial() + i] + (ceilMode ? strides[i] - 1 : 0);
    int64_t end = (result.getDimSize(dim) - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1;
    return std::max<int64_t>(end - input.getDimSize(dim) - low(i), 0);
  }

  ArrayRef<int64_t> kernel, strides, dilations, pads;
  bool ceilMode;
  /// The first spatial dimension of input and result.
  unsigned firstDim;
  RankedTensorType input, result;
};

} // namespace

/// The padded input under the window, and the operand that carries the window's shape.
static SmallVector<Input, 2> windowInputs(StructuredBuilder &b, const Window &w, Value original,
                                          Value converted, TypedAttr padding) {
  unsigned rank = w.input.getRank();
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  SmallVector<AffineExpr> indices = b.loops(w.result), sizes;
  for (unsigned i = 0; i < w.spatial(); ++i) {
    unsigned dim = w.firstDim + i;
    low[dim] = w.low(i);
    high[dim] = w.high(i);
    indices[dim] = b.loop(dim) * w.strides[i] + b.loop(rank + i) * w.dilations[i];
    sizes.push_back(b.constant(w.kernel[i]));
  }
  Value padded = b.pad(converted, low, high, padding);
  return {Input{padded, elementOf(original), indices, {}}, b.window(sizes, rank)};
}

//===----------------------------------------------------------------------------------------===//
// Largest element
//===----------------------------------------------------------------------------------------===//

namespace {

struct MaxPoolLowering : OpConversionPattern<MaxPoolOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(MaxPoolOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    Window window(op);
    Type element = window.input.getElementType(), stored = getStorageType(element);
    bool isUnsigned = isUnsignedElement(element);
    SmallVector<Input, 2> inputs = windowInputs(b, window, op.getInput(), adaptor.getInput(),
                                                getNeutral(Combiner::maximum, stored, isUnsigned));
    // Nan elements make the result unspecified, which spares two instructions of three.
    auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
    Value reduced = b.reduce(
        window.result.clone(getComputeType(element)), Combiner::maximum, window.spatial(), inputs,
        [](ScalarBuilder &, ValueRange x) { return x[0]; }, isUnsigned, flags);
    return b.replace(b.narrow(reduced, window.result));
  }
};

struct MaxPoolWithIndicesLowering : OpConversionPattern<MaxPoolWithIndicesOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(MaxPoolWithIndicesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  /// The input's coordinate along each dimension at a point of the loops.
  static SmallVector<Value> coordinates(ScalarBuilder &s, const Window &window);
};

} // namespace

SmallVector<Value> MaxPoolWithIndicesLowering::coordinates(ScalarBuilder &s, const Window &w) {
  unsigned rank = w.input.getRank();
  SmallVector<Value> result;
  for (unsigned dim = 0; dim < rank; ++dim)
    result.push_back(s.index(dim));
  for (unsigned i = 0; i < w.spatial(); ++i) {
    Value start = s.mul(result[w.firstDim + i], s.indexConstant(w.strides[i]));
    Value tap = s.mul(s.index(rank + i), s.indexConstant(w.dilations[i]));
    result[w.firstDim + i] = s.sub(s.add(start, tap), s.indexConstant(w.low(i)));
  }
  return result;
}

LogicalResult MaxPoolWithIndicesLowering::matchAndRewrite(MaxPoolWithIndicesOp op, OpAdaptor adaptor,
                                                          ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  Window w(op);
  Type element = w.input.getElementType(), computed = getComputeType(element);
  bool isUnsigned = isUnsignedElement(element);
  unsigned rank = w.input.getRank();
  SmallVector<Input, 2> inputs =
      windowInputs(b, w, op.getInput(), adaptor.getInput(),
                   getNeutral(Combiner::maximum, getStorageType(element), isUnsigned));
  RankedTensorType valueType = w.result.clone(computed), indexType = tensorType(op.getIndices());
  Value values = b.fill(valueType, getNeutral(Combiner::maximum, computed, isUnsigned));
  Value indices = b.fill(indexType, rewriter.getI64IntegerAttr(-1));

  SmallVector<unsigned> order = llvm::to_vector(llvm::seq(0u, rank));
  if (op.getColumnMajor())
    std::reverse(order.begin() + w.firstDim, order.begin() + w.firstDim + w.spatial());
  SmallVector<Value> sizes;
  for (AffineExpr size : b.getSizes().of(w.input))
    sizes.push_back(b.sizeValue(size));

  SmallVector<AffineMap> maps;
  for (const Input &input : inputs)
    maps.push_back(AffineMap::get(rank + w.spatial(), 0, input.indices, rewriter.getContext()));
  maps.append(2, AffineMap::get(rank + w.spatial(), 0, b.loops(w.result), rewriter.getContext()));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(w.spatial(), utils::IteratorType::reduction);
  auto body = [&](OpBuilder &builder, Location loc, ValueRange x) {
    ScalarBuilder s(loc, builder);
    Value value = s.load(x[0], element), best = x[2], bestIndex = x[3];
    SmallVector<Value> at = coordinates(s, w);
    Value position = s.indexConstant(0);
    for (unsigned dim : order)
      position = s.add(s.mul(position, sizes[dim]), at[dim]);
    // Padding never counts, even under a window of nothing but the lowest value.
    Value inside = s.integer(s.getI1Type(), 1);
    for (unsigned i = 0; i < w.spatial(); ++i)
      inside = arith::AndIOp::create(
          s, inside, s.compare(arith::CmpIPredicate::ult, at[w.firstDim + i], sizes[w.firstDim + i]));
    Value larger = isa<FloatType>(computed) ? s.compare(arith::CmpFPredicate::OGT, value, best)
                   : isUnsigned             ? s.compare(arith::CmpIPredicate::ugt, value, best)
                                            : s.compare(arith::CmpIPredicate::sgt, value, best);
    Value first = s.compare(arith::CmpIPredicate::slt, bestIndex, s.integer(s.getI64Type(), 0));
    Value better = arith::AndIOp::create(s, inside, arith::OrIOp::create(s, larger, first));
    Value index = arith::IndexCastOp::create(s, s.getI64Type(), position);
    linalg::YieldOp::create(s, ValueRange{s.select(better, value, best), s.select(better, index, bestIndex)});
  };
  auto generic = linalg::GenericOp::create(rewriter, b.loc, TypeRange{valueType, indexType},
                                           ValueRange{inputs[0].tensor, inputs[1].tensor},
                                           ValueRange{values, indices}, maps, iterators, body);
  return b.replace({b.narrow(generic.getResult(0), w.result), generic.getResult(1)});
}

//===----------------------------------------------------------------------------------------===//
// Mean
//===----------------------------------------------------------------------------------------===//

namespace {

struct AveragePoolLowering : OpConversionPattern<AveragePoolOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(AveragePoolOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  static bool isCut(const Window &window, bool countPads);
  static Value reciprocalCounts(StructuredBuilder &b, const Window &window, bool countPads, Type type);
};

} // namespace

/// Whether some window counts fewer elements than the kernel has.
bool AveragePoolLowering::isCut(const Window &w, bool countPads) {
  for (unsigned i = 0; i < w.spatial(); ++i) {
    if (!countPads && (w.low(i) > 0 || w.high(i) > 0))
      return true;
    if (countPads && w.high(i) > w.pads[w.spatial() + i])
      return true;
  }
  return false;
}

/// One over the number of counted elements under each window, a tensor over the spatial dimensions of the
/// result.
Value AveragePoolLowering::reciprocalCounts(StructuredBuilder &b, const Window &w, bool countPads,
                                            Type type) {
  SymbolicSizes::Sizes inputSizes = b.getSizes().of(w.input), resultSizes = b.getSizes().of(w.result);
  SmallVector<Value> sizes;
  for (unsigned i = 0; i < w.spatial(); ++i)
    sizes.push_back(b.sizeValue(inputSizes[w.firstDim + i]));
  ArrayRef<AffineExpr> spatialSizes = ArrayRef(resultSizes).slice(w.firstDim, w.spatial());
  return b.parallel(b.getSizes().tensor(spatialSizes, type), {}, [&](ScalarBuilder &s, ValueRange) {
    auto constant = [&](int64_t value) { return s.indexConstant(value); };
    Value count;
    for (unsigned i = 0; i < w.spatial(); ++i) {
      Value start = s.sub(s.mul(s.index(i), constant(w.strides[i])), constant(w.low(i)));
      Value begin = constant(countPads ? -w.low(i) : 0);
      Value end = countPads ? s.add(sizes[i], constant(w.pads[w.spatial() + i])) : sizes[i];
      // The taps k of the kernel with begin <= start + k * dilation < end.
      auto firstTapAt = [&](Value position) -> Value {
        Value distance = s.sub(position, start);
        if (w.dilations[i] == 1)
          return distance;
        return arith::CeilDivSIOp::create(s, distance, constant(w.dilations[i]));
      };
      Value first = s.max(firstTapAt(begin), constant(0), false);
      Value last = s.min(firstTapAt(end), constant(w.kernel[i]), false);
      Value taps = s.sub(last, first);
      count = count ? s.mul(count, taps) : taps;
    }
    Value integer = arith::IndexCastOp::create(s, s.getI32Type(), count);
    return s.div(s.number(type, 1), arith::SIToFPOp::create(s, type, integer));
  });
}

LogicalResult AveragePoolLowering::matchAndRewrite(AveragePoolOp op, OpAdaptor adaptor,
                                                   ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  Window w(op);
  Type computed = getComputeType(w.input.getElementType());
  TypedAttr zero = rewriter.getZeroAttr(getStorageType(w.input.getElementType()));
  SmallVector<Input, 2> inputs = windowInputs(b, w, op.getInput(), adaptor.getInput(), zero);
  Value sum = b.reduce(w.result.clone(computed), Combiner::sum, w.spatial(), inputs,
                       [](ScalarBuilder &, ValueRange x) { return x[0]; });
  Input read = b.input(sum, b.loops(w.result));
  if (!isCut(w, op.getCountIncludePad())) {
    int64_t count = 1;
    for (int64_t size : w.kernel)
      count *= size;
    return b.replace(b.parallel(w.result, read, [&](ScalarBuilder &s, ValueRange x) {
      return s.mul(x[0], s.number(computed, 1.0 / count));
    }));
  }
  Value reciprocals = reciprocalCounts(b, w, op.getCountIncludePad(), computed);
  Input factor = b.input(reciprocals, b.loops(w.firstDim, w.firstDim + w.spatial()));
  return b.replace(
      b.parallel(w.result, {read, factor}, [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); }));
}

//===----------------------------------------------------------------------------------------===//
// Norm
//===----------------------------------------------------------------------------------------===//

namespace {

struct LpPoolLowering : OpConversionPattern<LpPoolOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(LpPoolOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    Window w(op);
    Type computed = getComputeType(w.input.getElementType());
    TypedAttr zero = rewriter.getZeroAttr(getStorageType(w.input.getElementType()));
    SmallVector<Input, 2> inputs = windowInputs(b, w, op.getInput(), adaptor.getInput(), zero);
    int64_t p = op.getP();
    Value sum =
        b.reduce(w.result.clone(computed), Combiner::sum, w.spatial(), inputs,
                 [&](ScalarBuilder &s, ValueRange x) -> Value {
                   if (p == 2)
                     return s.mul(x[0], x[0]);
                   Value size = s.abs(x[0]);
                   return p == 1 ? size : math::PowFOp::create(s, size, s.number(computed, p)).getResult();
                 });
    if (p == 1)
      return b.replace(b.narrow(sum, w.result));
    return b.replace(
        b.parallel(w.result, b.input(sum, b.loops(w.result)), [&](ScalarBuilder &s, ValueRange x) -> Value {
          return p == 2 ? s.sqrt(x[0])
                        : math::PowFOp::create(s, x[0], s.number(computed, 1.0 / p)).getResult();
        }));
  }
};

} // namespace

void tenon::populatePoolingPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<AveragePoolLowering, LpPoolLowering, MaxPoolLowering, MaxPoolWithIndicesLowering>(
      converter, patterns.getContext());
}
