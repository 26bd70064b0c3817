//===- Shape.cpp - Ops that move elements to structured ops ------------------------------------===//
//
// Where elements come from is in the access map as far as it is a linear expression of the loops; what is not
// (mirrored padding, repetition, slices from an unknown end) is read in the body from the kernel's argument.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

using namespace mlir;
using namespace tenon;

using IPred = arith::CmpIPredicate;

/// The remainder of the sign of the divisor, which is positive.
static Value floorModulo(ScalarBuilder &s, Value value, Value divisor) {
  Value remainder = arith::RemSIOp::create(s, value, divisor);
  Value isNegative = s.compare(IPred::slt, remainder, s.indexConstant(0));
  return s.select(isNegative, s.add(remainder, divisor), remainder);
}

//===----------------------------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------------------------===//

/// The elements `start + i * step` of each dimension, as many as `type` says, read in the body. Starts below
/// 0 count from the end.
static Value readSlice(StructuredBuilder &b, RankedTensorType type, Value input, ArrayRef<int64_t> starts,
                       ArrayRef<int64_t> steps) {
  SmallVector<Value> ends;
  for (auto [start, size] : llvm::zip_equal(starts, b.getSizes().of(tensorType(input))))
    ends.push_back(start < 0 ? b.sizeValue(size) : Value());
  return b.move(type, {}, [&](ScalarBuilder &s, ValueRange) {
    SmallVector<Value> at;
    for (unsigned dim = 0; dim < starts.size(); ++dim) {
      Value place = s.index(dim);
      if (steps[dim] != 1)
        place = s.mul(place, s.indexConstant(steps[dim]));
      if (starts[dim] != 0)
        place = s.add(place, s.indexConstant(starts[dim]));
      at.push_back(ends[dim] ? s.add(place, ends[dim]) : place);
    }
    return StructuredBuilder::extract(s, input, at);
  });
}

/// The same through access maps where they can say it. A dimension read from its beginning one by one is a
/// plain loop, which by the rules of linalg goes through all of it: such a part is read from the kernel's
/// argument or, where it is computed in the kernel, backwards twice, which comes to the same index once the
/// first op is inlined.
static Value takeSlice(StructuredBuilder &b, RankedTensorType type, Value input, ArrayRef<int64_t> starts,
                       ArrayRef<int64_t> steps) {
  SymbolicSizes::Sizes from = b.getSizes().of(tensorType(input)), to = b.getSizes().of(type);
  SmallVector<AffineExpr> indices, backwards = b.loops(type);
  bool fromEnd = false, partial = false, unknown = false;
  for (unsigned dim = 0; dim < starts.size(); ++dim) {
    std::optional<int64_t> count = SymbolicSizes::constantValue(to[dim]);
    fromEnd |= starts[dim] < 0;
    if (count == 1) {
      indices.push_back(b.constant(starts[dim]));
      continue;
    }
    indices.push_back(b.loop(dim) * steps[dim] + starts[dim]);
    if (starts[dim] != 0 || steps[dim] != 1 || (from[dim] && from[dim] == to[dim]))
      continue;
    partial = true;
    unknown |= !count;
    if (count)
      indices.back() = backwards[dim] = b.constant(*count - 1) - b.loop(dim);
  }
  if (fromEnd || unknown || (partial && b.isKernelArgument(input))) {
    b.checkExtractable(input, "input of dynamic size");
    return readSlice(b, type, input, starts, steps);
  }
  Value slice = b.move(type, b.input(input, indices));
  return partial ? b.move(type, b.input(slice, backwards)) : slice;
}

//===----------------------------------------------------------------------------------------===//
// Transposition, broadcasting, triangles
//===----------------------------------------------------------------------------------------===//

namespace {

struct TransposeLowering : OpConversionPattern<TransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(TransposeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    SmallVector<AffineExpr> indices(op.getPerm().size());
    for (auto [i, dim] : llvm::enumerate(op.getPerm()))
      indices[dim] = b.loop(i);
    return b.replace(b.move(tensorType(op.getResult()), b.input(op.getInput(), adaptor.getInput(), indices)));
  }
};

struct ExpandLowering : OpConversionPattern<ExpandOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ExpandOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getResult());
    return b.replace(b.move(type, b.broadcast(op.getInput(), adaptor.getInput(), type)));
  }
};

struct SliceLowering : OpConversionPattern<SliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(SliceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getResult());
    return b.replace(takeSlice(b, type, adaptor.getInput(), op.getStarts(), op.getSteps()));
  }
};

struct TriluLowering : OpConversionPattern<TriluOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(TriluOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType type = tensorType(op.getResult());
    unsigned rank = type.getRank();
    Input input = b.input(op.getInput(), adaptor.getInput(), b.loops(type));
    return b.replace(b.move(type, input, [&](ScalarBuilder &s, ValueRange x) {
      Value offset = s.sub(s.index(rank - 1), s.index(rank - 2));
      Value keeps =
          s.compare(op.getUpper() ? IPred::sge : IPred::sle, offset, s.indexConstant(op.getDiagonal()));
      return s.select(keeps, x[0], s.number(x[0].getType(), 0));
    }));
  }
};

struct TileLowering : OpConversionPattern<TileOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(TileOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
    SymbolicSizes::Sizes from = b.getSizes().of(input), to = b.getSizes().of(result);
    SmallVector<bool> wraps;
    for (auto [size, target] : llvm::zip_equal(from, to))
      wraps.push_back(size != target && SymbolicSizes::constantValue(size) != 1);
    if (llvm::none_of(wraps, [](bool wrap) { return wrap; }))
      return b.replace(b.move(result, b.broadcast(op.getInput(), adaptor.getInput(), result)));
    if (!b.checkExtractable(adaptor.getInput(), "input"))
      return failure();
    SmallVector<Value> sizes;
    for (AffineExpr size : from)
      sizes.push_back(b.sizeValue(size));
    return b.replace(b.move(result, {}, [&](ScalarBuilder &s, ValueRange) {
      SmallVector<Value> at;
      for (auto [i, wrap] : llvm::enumerate(wraps)) {
        if (wrap)
          at.push_back(arith::RemUIOp::create(s, s.index(i), sizes[i]));
        else
          at.push_back(from[i] == to[i] ? s.index(i) : s.indexConstant(0));
      }
      return StructuredBuilder::extract(s, adaptor.getInput(), at);
    }));
  }
};

struct ReverseSequenceLowering : OpConversionPattern<ReverseSequenceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ReverseSequenceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    if (!b.checkExtractable(adaptor.getInput(), "input"))
      return failure();
    RankedTensorType type = tensorType(op.getResult());
    unsigned time = op.getTimeAxis();
    Value size = b.sizeValue(b.getSizes().of(type)[time]);
    Input lengths = b.input(op.getLengths(), adaptor.getLengths(), b.loop(op.getBatchAxis()));
    return b.replace(b.move(type, lengths, [&](ScalarBuilder &s, ValueRange x) {
      // A length beyond the end must not lead out of the tensor.
      Value length = arith::IndexCastOp::create(s, s.getIndexType(), x[0]);
      length = arith::MinSIOp::create(s, length, size);
      SmallVector<Value> at;
      for (unsigned dim = 0; dim < type.getRank(); ++dim)
        at.push_back(s.index(dim));
      Value mirrored = s.sub(s.sub(length, s.indexConstant(1)), at[time]);
      at[time] = s.select(s.compare(IPred::slt, at[time], length), mirrored, at[time]);
      return StructuredBuilder::extract(s, adaptor.getInput(), at);
    }));
  }
};

//===----------------------------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------------------------===//

struct PadLowering : OpConversionPattern<PadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(PadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    if (op.getMode() == PadMode::constant)
      return b.replace(padConstant(b, op, adaptor));
    if (!b.checkExtractable(adaptor.getInput(), "input"))
      return failure();
    return b.replace(padMirrored(b, op, adaptor));
  }

private:
  static Value padConstant(StructuredBuilder &b, PadOp op, OpAdaptor adaptor);
  static Value padMirrored(StructuredBuilder &b, PadOp op, OpAdaptor adaptor);
};

} // namespace

Value PadLowering::padConstant(StructuredBuilder &b, PadOp op, OpAdaptor adaptor) {
  RankedTensorType result = tensorType(op.getResult());
  TypedAttr zero = b.rewriter.getZeroAttr(elementOf(adaptor.getInput()));
  TypedAttr value = op.getValue() ? getSplat(op.getValue()) : zero;
  // A negative count takes elements away, before others are added.
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes::Sizes kept = b.getSizes().of(type);
  SmallVector<int64_t> low(op.getLow()), high(op.getHigh()), starts, steps(low.size(), 1);
  for (auto [before, after, size] : llvm::zip_equal(low, high, kept)) {
    starts.push_back(std::max<int64_t>(-before, 0));
    if (size)
      size = size + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
    before = std::max<int64_t>(before, 0);
    after = std::max<int64_t>(after, 0);
  }
  RankedTensorType cut = b.getSizes().tensor(kept, type.getElementType());
  Value input = cut == type ? adaptor.getInput() : takeSlice(b, cut, adaptor.getInput(), starts, steps);
  Value padded = b.pad(input, low, high, value ? value : zero);
  if (value)
    return padded;

  // A padding value known at run time only goes over the zeros of a first padding.
  SmallVector<Value> sizes;
  for (AffineExpr size : b.getSizes().of(type))
    sizes.push_back(b.sizeValue(size));
  SmallVector<AffineExpr> first(tensorType(op.getValue()).getRank(), b.constant(0));
  Input inputs[] = {b.input(padded, b.loops(result)), b.input(op.getValue(), adaptor.getValue(), first)};
  return b.move(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
    Value inside = s.integer(s.getI1Type(), 1);
    for (auto [i, count] : llvm::enumerate(op.getLow())) {
      if (count <= 0 && op.getHigh()[i] <= 0)
        continue;
      Value place = s.sub(s.index(i), s.indexConstant(count));
      inside = arith::AndIOp::create(s, inside, s.compare(IPred::ult, place, sizes[i]));
    }
    return s.select(inside, x[0], x[1]);
  });
}

Value PadLowering::padMirrored(StructuredBuilder &b, PadOp op, OpAdaptor adaptor) {
  SmallVector<Value> sizes;
  for (AffineExpr size : b.getSizes().of(tensorType(op.getInput())))
    sizes.push_back(b.sizeValue(size));
  return b.move(tensorType(op.getResult()), {}, [&](ScalarBuilder &s, ValueRange) {
    SmallVector<Value> at;
    for (auto [i, low] : llvm::enumerate(op.getLow())) {
      Value place = s.sub(s.index(i), s.indexConstant(low));
      bool extends = low > 0 || op.getHigh()[i] > 0;
      if (extends && op.getMode() == PadMode::edge) {
        Value last = s.sub(sizes[i], s.indexConstant(1));
        place = s.min(s.max(place, s.indexConstant(0), false), last, false);
      } else if (extends && op.getMode() == PadMode::wrap) {
        place = floorModulo(s, place, sizes[i]);
      } else if (extends) {
        // There and back is a period of 2 (size - 1), or 1 where there's no way to go.
        Value last = s.sub(sizes[i], s.indexConstant(1));
        Value period = s.max(s.add(last, last), s.indexConstant(1), false);
        Value phase = floorModulo(s, place, period);
        place = s.min(phase, s.sub(period, phase), false);
      }
      at.push_back(place);
    }
    return StructuredBuilder::extract(s, adaptor.getInput(), at);
  });
}

//===----------------------------------------------------------------------------------------===//
// Concatenation and reshapes inside a kernel
//===----------------------------------------------------------------------------------------===//

namespace {

/// Each input is padded to the result's size; which one counts follows from the place.
struct ConcatLowering : OpConversionPattern<ConcatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ConcatOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType result = tensorType(op.getResult());
    unsigned axis = op.getAxis();
    if (result.isDynamicDim(axis)) {
      b.error() << "expects a static size along the axis inside a kernel, but got " << result;
      return failure();
    }
    TypedAttr zero = rewriter.getZeroAttr(getStorageType(result.getElementType()));
    SmallVector<Input> inputs;
    SmallVector<int64_t> ends;
    int64_t total = result.getDimSize(axis), begin = 0;
    for (Value input : adaptor.getInputs()) {
      SmallVector<int64_t> low(result.getRank(), 0), high(result.getRank(), 0);
      low[axis] = begin;
      begin += tensorType(input).getDimSize(axis);
      high[axis] = total - begin;
      inputs.push_back(b.input(b.pad(input, low, high, zero), b.loops(result)));
      ends.push_back(begin);
    }
    return b.replace(b.move(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
      Value value = x.back();
      for (int64_t i = static_cast<int64_t>(x.size()) - 2; i >= 0; --i)
        value = s.select(s.compare(IPred::ult, s.index(axis), s.indexConstant(ends[i])), x[i], value);
      return value;
    }));
  }
};

/// A reshape that splits dimensions, or adds or drops those of size 1, is a linear access map. One that
/// merges takes quotients of places, read from the kernel's argument.
struct ReshapeLowering : OpConversionPattern<ReshapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ReshapeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
    if (std::optional<SmallVector<AffineExpr>> indices = splitIndices(b, input, result))
      return b.replace(b.move(result, b.input(op.getInput(), adaptor.getInput(), *indices)));
    if (!b.checkExtractable(adaptor.getInput(), "input"))
      return failure();
    SmallVector<Value> from, to;
    for (AffineExpr size : b.getSizes().of(input))
      from.push_back(b.sizeValue(size));
    for (AffineExpr size : b.getSizes().of(result))
      to.push_back(b.sizeValue(size));
    return b.replace(b.move(result, {}, [&](ScalarBuilder &s, ValueRange) {
      Value position = s.indexConstant(0);
      for (auto [i, size] : llvm::enumerate(to))
        position = s.add(s.mul(position, size), s.index(i));
      SmallVector<Value> at(from.size());
      for (size_t i = from.size(); i-- > 0;) {
        at[i] = arith::RemUIOp::create(s, position, from[i]);
        position = arith::DivUIOp::create(s, position, from[i]);
      }
      return StructuredBuilder::extract(s, adaptor.getInput(), at);
    }));
  }

private:
  /// The input's indices if each of its dimensions is a run of the result's.
  static std::optional<SmallVector<AffineExpr>> splitIndices(StructuredBuilder &b, RankedTensorType input,
                                                             RankedTensorType result) {
    SymbolicSizes::Sizes from = b.getSizes().of(input), to = b.getSizes().of(result);
    SmallVector<AffineExpr> indices;
    size_t next = 0;
    for (AffineExpr size : from) {
      AffineExpr index = b.constant(0), covered = b.constant(1);
      while (covered != size) {
        if (next == to.size() || !to[next])
          return std::nullopt;
        std::optional<int64_t> factor = SymbolicSizes::constantValue(to[next]);
        if (!factor && covered != 1)
          return std::nullopt;
        if (factor != 1)
          index = factor ? index * *factor + b.loop(next) : b.loop(next);
        covered = simplifyAffineExpr(covered * to[next], 0, b.getSizes().getSymbols().size());
        std::optional<int64_t> have = SymbolicSizes::constantValue(covered),
                               want = SymbolicSizes::constantValue(size);
        if (have && want && (*have > *want || *have == 0))
          return std::nullopt;
        ++next;
      }
      indices.push_back(index);
    }
    for (; next < to.size(); ++next)
      if (SymbolicSizes::constantValue(to[next]) != 1)
        return std::nullopt;
    return indices;
  }
};

//===----------------------------------------------------------------------------------------===//
// Sizes as values
//===----------------------------------------------------------------------------------------===//

} // namespace

/// A vector (in row-major order) of sizes, each picked by its place.
static Value sizesTensor(StructuredBuilder &b, RankedTensorType result, ArrayRef<AffineExpr> sizes) {
  SmallVector<Value> values;
  for (AffineExpr size : sizes)
    values.push_back(b.sizeValue(size));
  return b.move(result, {}, [&](ScalarBuilder &s, ValueRange) {
    Value position = s.indexConstant(0);
    for (int64_t dim = 0; dim < result.getRank(); ++dim)
      position = s.add(s.mul(position, s.indexConstant(result.getDimSize(dim))), s.index(dim));
    Value picked = values.empty() ? s.indexConstant(0) : values.back();
    for (int64_t i = static_cast<int64_t>(values.size()) - 2; i >= 0; --i)
      picked = s.select(s.compare(IPred::eq, position, s.indexConstant(i)), values[i], picked);
    return arith::IndexCastOp::create(s, result.getElementType(), picked).getResult();
  });
}

namespace {

struct ShapeOfLowering : OpConversionPattern<ShapeOfOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ShapeOfOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    return b.replace(sizesTensor(b, tensorType(op.getResult()), b.getSizes().of(tensorType(op.getInput()))));
  }
};

struct SizeVectorLowering : OpConversionPattern<SizeVectorOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(SizeVectorOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    SmallVector<AffineExpr> symbols, sizes;
    for (StringAttr name : op.getSizes().getSymbols())
      symbols.push_back(b.getSizes().symbol(name));
    for (AffineExpr size : op.getSizes().getMap().getResults())
      sizes.push_back(size.replaceSymbols(symbols));
    return b.replace(sizesTensor(b, tensorType(op.getResult()), sizes));
  }
};

struct RangeLowering : OpConversionPattern<RangeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(RangeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType result = tensorType(op.getResult());
    auto only = [&](Value original, Value converted) {
      return b.input(original, converted,
                     SmallVector<AffineExpr>(tensorType(original).getRank(), b.constant(0)));
    };
    Input inputs[] = {only(op.getStart(), adaptor.getStart()), only(op.getDelta(), adaptor.getDelta())};
    return b.replace(b.parallel(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
      Type type = x[0].getType();
      Value number = s.index(0);
      if (isa<FloatType>(type))
        number = s.toFloat(arith::IndexCastOp::create(s, s.getI64Type(), number), /*isUnsigned=*/false, type);
      else
        number = arith::IndexCastOp::create(s, type, number);
      return s.add(x[0], s.mul(number, x[1]));
    }));
  }
};

} // namespace

void tenon::populateShapePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConcatLowering, ExpandLowering, PadLowering, RangeLowering, ReshapeLowering,
               ReverseSequenceLowering, ShapeOfLowering, SizeVectorLowering, SliceLowering, TileLowering,
               TransposeLowering, TriluLowering>(converter, patterns.getContext());
}
