//===- Contraction.cpp - Matrix products and convolutions to structured ops --------------------===//
//
// Each op becomes one reduction `accumulator + lhs * rhs` over its loops: those of the result, then the
// reduced ones. Half precision accumulates in f32 and is rounded by an op of its own, narrow integers
// accumulate in i32.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

/// The sum of the factors' products over `reductions` loops, in the accumulator type of the result's
/// elements. `extents` are inputs that only tell loops how far they go.
static Value contract(StructuredBuilder &b, RankedTensorType result, unsigned reductions,
                      ArrayRef<Input> factors, ArrayRef<Input> extents = {}) {
  Type accumulator = getAccumulatorType(result.getElementType());
  SmallVector<Input> inputs(factors);
  llvm::append_range(inputs, extents);
  return b.reduce(result.clone(accumulator), Combiner::sum, reductions, inputs,
                  [&](ScalarBuilder &s, ValueRange x) {
                    Value product = s.widen(x[0], factors[0].element, accumulator);
                    for (size_t i = 1; i < factors.size(); ++i)
                      product = s.mul(product, s.widen(x[i], factors[i].element, accumulator));
                    return product;
                  });
}

//===----------------------------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------------------------===//

/// The indices of an operand: its batch dimensions as in the result, then its matrix dimensions `row` and
/// `column`, of which a vector has one (the other is null).
static SmallVector<AffineExpr> matrixIndices(StructuredBuilder &b, RankedTensorType type,
                                             RankedTensorType result, unsigned resultBatch, AffineExpr row,
                                             AffineExpr column, bool transposed) {
  SmallVector<AffineExpr> indices;
  int64_t batch = std::max<int64_t>(type.getRank() - 2, 0), missing = resultBatch - batch;
  for (int64_t i = 0; i < batch; ++i) {
    bool repeated = type.getDimSize(i) == 1 && result.getDimSize(missing + i) != 1;
    indices.push_back(repeated ? b.constant(0) : b.loop(missing + i));
  }
  if (transposed)
    std::swap(row, column);
  for (AffineExpr index : {row, column})
    if (index)
      indices.push_back(index);
  return indices;
}

namespace {

struct MatmulLowering : OpConversionPattern<MatmulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(MatmulOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType lhs = tensorType(op.getLhs()), rhs = tensorType(op.getRhs()),
                     result = tensorType(op.getResult());
    bool hasRows = lhs.getRank() > 1, hasColumns = rhs.getRank() > 1;
    unsigned rank = result.getRank(), batch = rank - hasRows - hasColumns;
    AffineExpr row = hasRows ? b.loop(batch) : AffineExpr(),
               column = hasColumns ? b.loop(rank - 1) : AffineExpr();
    AffineExpr reduced = b.loop(rank);
    Input inputs[] = {b.input(op.getLhs(), adaptor.getLhs(),
                              matrixIndices(b, lhs, result, batch, row, reduced, op.getTransposeLhs())),
                      b.input(op.getRhs(), adaptor.getRhs(),
                              matrixIndices(b, rhs, result, batch, reduced, column, op.getTransposeRhs()))};
    return b.replace(b.narrow(contract(b, result, /*reductions=*/1, inputs), result));
  }
};

//===----------------------------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------------------------===//

} // namespace

/// The type with a dimension for the groups before that of each group's channels.
static RankedTensorType splitChannels(StructuredBuilder &b, RankedTensorType type, unsigned channels,
                                      int64_t groups) {
  SymbolicSizes::Sizes sizes = b.getSizes().of(type);
  sizes[channels] = b.constant(type.getDimSize(channels) / groups);
  sizes.insert(sizes.begin() + channels, b.constant(groups));
  return b.getSizes().tensor(sizes, type.getElementType());
}

/// The value of split type as one of type `whole`.
static Value mergeChannels(StructuredBuilder &b, Value split, RankedTensorType whole, unsigned channels) {
  SmallVector<ReassociationIndices> merged;
  for (int64_t dim = 0; dim < whole.getRank(); ++dim) {
    if (dim == channels)
      merged.push_back({dim, dim + 1});
    else
      merged.push_back({dim > channels ? dim + 1 : dim});
  }
  RankedTensorType stored = whole.clone(getStorageType(whole.getElementType()));
  return tensor::CollapseShapeOp::create(b.rewriter, b.loc, stored, split, merged);
}

namespace {

/// The loops of a convolution: those of the result, its channels split into groups if there are several, then
/// those of the kernel and of the input's channels in the filter's order.
struct ConvLoops {
  AffineExpr batch;
  SmallVector<AffineExpr> spatial, kernel;
  /// Into the input's channels, the filter's inputs and the filter's outputs.
  AffineExpr inputChannel, filterInput, filterOutput;
  /// Whether the result has a dimension for the groups before that of each group's channels.
  bool isSplit = false;
  unsigned reductions = 0;
};

struct ConvLowering : OpConversionPattern<ConvOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ConvOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  static ConvLoops makeLoops(StructuredBuilder &b, ConvOp op);
};

} // namespace

ConvLoops ConvLowering::makeLoops(StructuredBuilder &b, ConvOp op) {
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  RankedTensorType filter = tensorType(op.getFilter());
  unsigned rank = filter.getRank(), spatial = rank - 2;
  int64_t group = op.getGroup(), inputs = filter.getDimSize(last ? rank - 2 : 1);
  int64_t outputs = filter.getDimSize(last ? rank - 1 : 0);
  ConvLoops loops;
  unsigned next = 0;
  auto take = [&](SmallVector<AffineExpr> &into) {
    for (unsigned i = 0; i < spatial; ++i)
      into.push_back(b.loop(next++));
  };
  AffineExpr groupLoop;
  auto takeOutput = [&] {
    loops.isSplit = group > 1 && outputs != group;
    if (group > 1)
      groupLoop = b.loop(next++);
    if (loops.isSplit)
      loops.filterOutput = groupLoop * (outputs / group) + b.loop(next++);
    else
      loops.filterOutput = group > 1 ? groupLoop : b.loop(next++);
  };
  // A single input channel a group, as of depthwise convolutions, needs no loop.
  auto takeInput = [&] {
    bool single = group > 1 && inputs == 1;
    loops.filterInput = single ? b.constant(0) : b.loop(next++);
    loops.inputChannel = group > 1 ? groupLoop * inputs + loops.filterInput : loops.filterInput;
  };
  loops.batch = b.loop(next++);
  if (last) {
    take(loops.spatial);
    takeOutput();
  } else {
    takeOutput();
    take(loops.spatial);
  }
  unsigned parallel = next;
  if (last) {
    take(loops.kernel);
    takeInput();
  } else {
    takeInput();
    take(loops.kernel);
  }
  loops.reductions = next - parallel;
  return loops;
}

/// What a transpose inside the kernel moves, if `image` is its result, with the indices and paddings of its
/// dimensions in place of those of the result: padding comes first, and the convolution reads through the
/// transpose.
static Value readThroughTranspose(Value image, SmallVectorImpl<AffineExpr> &indices,
                                  SmallVectorImpl<int64_t> &low, SmallVectorImpl<int64_t> &high) {
  auto move = image.getDefiningOp<linalg::GenericOp>();
  if (!move || move.getNumDpsInputs() != 1 || move.getNumReductionLoops() != 0)
    return image;
  AffineMap read = move.getIndexingMapsArray().front(), written = move.getIndexingMapsArray().back();
  if (!written.isIdentity() || !read.isPermutation() ||
      move.getBody()->getTerminator()->getOperand(0) != move.getBody()->getArgument(0))
    return image;
  SmallVector<AffineExpr> resultIndices(indices.begin(), indices.end());
  SmallVector<int64_t> resultLow(low.begin(), low.end()), resultHigh(high.begin(), high.end());
  for (unsigned dim = 0; dim < read.getNumResults(); ++dim) {
    unsigned from = read.getDimPosition(dim);
    indices[dim] = resultIndices[from];
    low[dim] = resultLow[from];
    high[dim] = resultHigh[from];
  }
  return move.getInputs().front();
}

LogicalResult ConvLowering::matchAndRewrite(ConvOp op, OpAdaptor adaptor,
                                            ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  RankedTensorType result = tensorType(op.getResult()), filter = tensorType(op.getFilter());
  unsigned rank = result.getRank(), spatial = rank - 2, channels = last ? rank - 1 : 1;
  if (op.getGroup() > 1 && !filter.hasStaticShape()) {
    b.error() << "expects a filter of static shape for a convolution in groups, but got " << filter;
    return failure();
  }
  ConvLoops loops = makeLoops(b, op);

  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  SmallVector<AffineExpr> inputIndices(rank), filterIndices(rank);
  inputIndices[0] = loops.batch;
  inputIndices[channels] = loops.inputChannel;
  filterIndices[last ? rank - 2 : 1] = loops.filterInput;
  filterIndices[last ? rank - 1 : 0] = loops.filterOutput;
  for (unsigned i = 0; i < spatial; ++i) {
    unsigned dim = i + (last ? 1 : 2);
    low[dim] = op.getPads()[i];
    high[dim] = op.getPads()[spatial + i];
    inputIndices[dim] = loops.spatial[i] * op.getStrides()[i] + loops.kernel[i] * op.getDilations()[i];
    filterIndices[i + (last ? 0 : 2)] = loops.kernel[i];
  }
  TypedAttr zero = rewriter.getZeroAttr(elementOf(adaptor.getInput()));
  Value image = readThroughTranspose(adaptor.getInput(), inputIndices, low, high);
  Input inputs[] = {Input{b.pad(image, low, high, zero), elementOf(op.getInput()), inputIndices, {}},
                    b.input(op.getFilter(), adaptor.getFilter(), filterIndices)};
  if (!loops.isSplit)
    return b.replace(b.narrow(contract(b, result, loops.reductions, inputs), result));

  RankedTensorType split = splitChannels(b, result, channels, op.getGroup());
  Value grouped = b.narrow(contract(b, split, loops.reductions, inputs), split);
  return b.replace(mergeChannels(b, grouped, result, channels));
}

//===----------------------------------------------------------------------------------------===//
// Transposed convolutions
//===----------------------------------------------------------------------------------------===//

namespace {

/// What --tenon-decompose-conv-transpose leaves. The loops are those of the result, its channels split into
/// groups if there are several, then those of the kernel and of the input's channels in a group. A result
/// element at `o` takes tap `k` from the input at `(o + pad - k * dilation) / stride`, where that is a place.
struct ConvTransposeLowering : OpConversionPattern<ConvTransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ConvTransposeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  struct Loops {
    SmallVector<unsigned> spatial, kernel;
    AffineExpr filterInput, filterOutput;
    /// The loops of the group, none if there's one only, and of the input's channel in it.
    std::optional<unsigned> group;
    unsigned channel = 0, reductions = 0;
    int64_t channelsInGroup = 0;

    /// With groups no operand has a dimension of its own for the channel's loop.
    SmallVector<Input> extents(StructuredBuilder &b) const {
      if (!group)
        return {};
      return {b.window(b.constant(channelsInGroup), channel)};
    }
  };
  static Loops makeLoops(StructuredBuilder &b, ConvTransposeOp op);
  static Value convolve(StructuredBuilder &b, ConvTransposeOp op, OpAdaptor adaptor, const Loops &loops,
                        RankedTensorType type, const Input &filter);
};

} // namespace

ConvTransposeLowering::Loops ConvTransposeLowering::makeLoops(StructuredBuilder &b, ConvTransposeOp op) {
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  RankedTensorType filter = tensorType(op.getFilter());
  unsigned rank = filter.getRank(), spatial = rank - 2;
  int64_t groups = op.getGroup(), outputs = filter.getDimSize(last ? rank - 1 : 1);
  int64_t inputs = filter.getDimSize(last ? rank - 2 : 0);
  Loops loops;
  loops.channelsInGroup = ShapedType::isDynamic(inputs) ? inputs : inputs / groups;
  unsigned next = 1;
  auto takeOutput = [&] {
    if (groups > 1)
      loops.group = next++;
    // In groups of one output the group is the channel.
    loops.filterOutput = groups > 1 && outputs == 1 ? b.constant(0) : b.loop(next++);
  };
  if (!last)
    takeOutput();
  for (unsigned i = 0; i < spatial; ++i)
    loops.spatial.push_back(next++);
  if (last)
    takeOutput();
  unsigned parallel = next;
  for (unsigned i = 0; i < spatial; ++i)
    loops.kernel.push_back(next++);
  loops.channel = next++;
  loops.filterInput = b.loop(loops.channel);
  if (loops.group)
    loops.filterInput = b.loop(*loops.group) * loops.channelsInGroup + b.loop(loops.channel);
  loops.reductions = next - parallel;
  return loops;
}

/// The place is a quotient that may not exist: the input is read in the body.
Value ConvTransposeLowering::convolve(StructuredBuilder &b, ConvTransposeOp op, OpAdaptor adaptor,
                                      const Loops &loops, RankedTensorType type, const Input &filter) {
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  RankedTensorType input = tensorType(op.getInput());
  unsigned rank = input.getRank(), spatial = rank - 2, channels = last ? rank - 1 : 1;
  SmallVector<Value> sizes;
  for (AffineExpr size : b.getSizes().of(input))
    sizes.push_back(b.sizeValue(size));
  Type element = input.getElementType(), accumulator = getAccumulatorType(element);
  using IPred = arith::CmpIPredicate;
  auto body = [&](ScalarBuilder &s, ValueRange x) {
    SmallVector<Value> at(rank);
    at[0] = s.index(0);
    at[channels] = s.index(loops.channel);
    if (loops.group)
      at[channels] =
          s.add(s.mul(s.index(*loops.group), s.indexConstant(loops.channelsInGroup)), at[channels]);
    Value exists = s.integer(s.getI1Type(), 1);
    for (unsigned i = 0; i < spatial; ++i) {
      unsigned dim = i + (last ? 1 : 2);
      Value tap = s.mul(s.index(loops.kernel[i]), s.indexConstant(op.getDilations()[i]));
      Value place = s.sub(s.add(s.index(loops.spatial[i]), s.indexConstant(op.getPads()[i])), tap);
      Value stride = s.indexConstant(op.getStrides()[i]), zero = s.indexConstant(0);
      Value isWhole = s.compare(IPred::eq, arith::RemSIOp::create(s, place, stride), zero);
      Value quotient = arith::DivSIOp::create(s, place, stride);
      Value isNegative = s.compare(IPred::slt, place, zero);
      Value isInside = s.compare(IPred::slt, quotient, sizes[dim]);
      Value counts = arith::AndIOp::create(s, isWhole, isInside);
      counts = s.select(isNegative, s.integer(s.getI1Type(), 0), counts);
      exists = arith::AndIOp::create(s, exists, counts);
      at[dim] = s.select(counts, quotient, zero);
    }
    Value value = s.load(StructuredBuilder::extract(s, adaptor.getInput(), at), element);
    value = s.select(exists, s.widen(value, element, accumulator), s.number(accumulator, 0));
    return s.mul(value, s.widen(x[0], filter.element, accumulator));
  };
  SmallVector<Input> inputs = loops.extents(b);
  inputs.insert(inputs.begin(), filter);
  return b.reduce(type.clone(accumulator), Combiner::sum, loops.reductions, inputs, body);
}

LogicalResult ConvTransposeLowering::matchAndRewrite(ConvTransposeOp op, OpAdaptor adaptor,
                                                     ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  RankedTensorType result = tensorType(op.getResult()), filter = tensorType(op.getFilter());
  unsigned rank = result.getRank(), channels = last ? rank - 1 : 1;
  if (!filter.hasStaticShape()) {
    b.error() << "expects a filter of static shape, but got " << filter;
    return failure();
  }
  Loops loops = makeLoops(b, op);
  SmallVector<AffineExpr> indices;
  auto addKernel = [&] {
    for (unsigned loop : loops.kernel)
      indices.push_back(b.loop(loop));
  };
  if (last)
    addKernel();
  indices.append({loops.filterInput, loops.filterOutput});
  if (!last)
    addKernel();
  Input weights = b.input(op.getFilter(), adaptor.getFilter(), indices);

  int64_t outputs = filter.getDimSize(last ? rank - 1 : 1);
  bool isSplit = op.getGroup() > 1 && outputs > 1;
  RankedTensorType type = isSplit ? splitChannels(b, result, channels, op.getGroup()) : result;
  b.checkExtractable(adaptor.getInput(), "input");
  Value rounded = b.narrow(convolve(b, op, adaptor, loops, type, weights), type);
  return b.replace(isSplit ? mergeChannels(b, rounded, result, channels) : rounded);
}

//===----------------------------------------------------------------------------------------===//
// Sums of products by name
//===----------------------------------------------------------------------------------------===//

namespace {

struct EinsumLowering : OpConversionPattern<EinsumOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(EinsumOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType result = tensorType(op.getResult());
    auto [left, letters] = op.getEquation().split("->");
    SmallVector<StringRef> terms;
    left.split(terms, ',');
    // The loops are the result's letters, then the others as they come.
    std::string loops = letters.str();
    llvm::SmallDenseMap<char, int64_t> extents;
    for (auto [term, operand] : llvm::zip_equal(terms, op.getInputs()))
      for (auto [letter, size] : llvm::zip_equal(term, tensorType(operand).getShape())) {
        if (loops.find(letter) == std::string::npos)
          loops += letter;
        int64_t &extent = extents[letter];
        extent = extent == 0 || extent == 1 ? size : extent;
      }
    SmallVector<Input> inputs;
    for (auto [term, original, converted] : llvm::zip_equal(terms, op.getInputs(), adaptor.getInputs())) {
      SmallVector<AffineExpr> indices;
      for (auto [letter, size] : llvm::zip_equal(term, tensorType(original).getShape()))
        indices.push_back(size == 1 && extents[letter] != 1 ? b.constant(0) : b.loop(loops.find(letter)));
      inputs.push_back(b.input(original, converted, indices));
    }
    unsigned reductions = loops.size() - letters.size();
    if (reductions > 0)
      return b.replace(b.narrow(contract(b, result, reductions, inputs), result));
    Type computed = getComputeType(result.getElementType());
    return b.replace(b.parallel(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
      Value product = s.widen(x[0], inputs[0].element, computed);
      for (auto [input, value] : llvm::drop_begin(llvm::zip_equal(inputs, x)))
        product = s.mul(product, s.widen(value, input.element, computed));
      return product;
    }));
  }
};

} // namespace

void tenon::populateContractionPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvLowering, ConvTransposeLowering, EinsumLowering, MatmulLowering>(converter,
                                                                                    patterns.getContext());
}
