//===- Contraction.cpp - Matrix products and convolutions to structured ops --------------------===//
//
// Each op becomes one reduction `accumulator + lhs * rhs` over its loops: those of the result, then the reduced ones.
// Half precision accumulates in f32 and is rounded by an op of its own, narrow integers accumulate in i32.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

/// The sum of products over `reductions` loops, in the accumulator type of the result's elements.
static Value contract(StructuredBuilder &b, RankedTensorType result, unsigned reductions, ArrayRef<Input> inputs) {
  Type accumulator = getAccumulatorType(result.getElementType());
  return b.reduce(result.clone(accumulator), Combiner::sum, reductions, inputs, [&](ScalarBuilder &s, ValueRange x) {
    Value product = s.widen(x[0], inputs[0].element, accumulator);
    for (auto [input, value] : llvm::drop_begin(llvm::zip_equal(inputs, x)))
      product = s.mul(product, s.widen(value, input.element, accumulator));
    return product;
  });
}

//===----------------------------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------------------------===//

/// The indices of an operand: its batch dimensions as in the result, then its matrix dimensions `row` and `column`, of
/// which a vector has one (the other is null).
static SmallVector<AffineExpr> matrixIndices(StructuredBuilder &b, RankedTensorType type, RankedTensorType result,
                                             unsigned resultBatch, AffineExpr row, AffineExpr column, bool transposed) {
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

  LogicalResult matchAndRewrite(MatmulOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType lhs = tensorType(op.getLhs()), rhs = tensorType(op.getRhs()), result = tensorType(op.getResult());
    bool hasRows = lhs.getRank() > 1, hasColumns = rhs.getRank() > 1;
    unsigned rank = result.getRank(), batch = rank - hasRows - hasColumns;
    AffineExpr row = hasRows ? b.loop(batch) : AffineExpr(), column = hasColumns ? b.loop(rank - 1) : AffineExpr();
    AffineExpr reduced = b.loop(rank);
    Input inputs[] = {
        b.input(op.getLhs(), adaptor.getLhs(),
                matrixIndices(b, lhs, result, batch, row, reduced, op.getTransposeLhs())),
        b.input(op.getRhs(), adaptor.getRhs(),
                matrixIndices(b, rhs, result, batch, reduced, column, op.getTransposeRhs()))};
    return b.replace(b.narrow(contract(b, result, /*reductions=*/1, inputs), result));
  }
};

//===----------------------------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------------------------===//

/// The loops of a convolution: those of the result, its channels split into groups if there are several, then those of
/// the kernel and of the input's channels in the filter's order.
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

  LogicalResult matchAndRewrite(ConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const override;

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

LogicalResult ConvLowering::matchAndRewrite(ConvOp op, OpAdaptor adaptor, ConversionPatternRewriter &rewriter) const {
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
  Value padded = b.pad(adaptor.getInput(), low, high, zero);
  Input inputs[] = {Input{padded, elementOf(op.getInput()), inputIndices, {}},
                    b.input(op.getFilter(), adaptor.getFilter(), filterIndices)};
  if (!loops.isSplit)
    return b.replace(b.narrow(contract(b, result, loops.reductions, inputs), result));

  SymbolicSizes::Sizes sizes = b.getSizes().of(result);
  sizes[channels] = b.constant(result.getDimSize(channels) / op.getGroup());
  sizes.insert(sizes.begin() + channels, b.constant(op.getGroup()));
  RankedTensorType split = b.getSizes().tensor(sizes, result.getElementType());
  Value grouped = b.narrow(contract(b, split, loops.reductions, inputs), split);
  SmallVector<ReassociationIndices> merged;
  for (unsigned i = 0; i < rank; ++i)
    merged.push_back(i == channels  ? ReassociationIndices{i, i + 1}
                     : i > channels ? ReassociationIndices{i + 1}
                                    : ReassociationIndices{i});
  RankedTensorType stored = result.clone(getStorageType(result.getElementType()));
  return b.replace(tensor::CollapseShapeOp::create(rewriter, b.loc, stored, grouped, merged).getResult());
}

void tenon::populateContractionPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ConvLowering, MatmulLowering>(converter, patterns.getContext());
}
