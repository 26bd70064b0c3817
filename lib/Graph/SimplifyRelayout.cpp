//===- SimplifyRelayout.cpp - Fewer and cheaper ops that only move elements ---------------------===//
//
// A reshape costs nothing but keeps its neighbours out of one kernel, so reshapes sink towards the end of the
// program, past everything that does not care about the shape, and meet others there.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

#include <numeric>

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Elementwise ops broadcast by themselves
//===----------------------------------------------------------------------------------------===//

namespace {
/// An operand that is expanded to a shape the result has anyway.
struct DropExpand : RewritePattern {
  explicit DropExpand(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isUniform(op) || op->getNumOperands() < 2)
      return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      auto expand = operand.get().getDefiningOp<ExpandOp>();
      if (!expand || !fixShape(op, operand.getOperandNumber(), expand.getInput()))
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(expand.getInput()); });
      return success();
    }
    return failure();
  }

private:
  /// Whether the result keeps its type with `value` for operand `number`.
  static bool fixShape(Operation *op, unsigned number, Value value) {
    SymbolicSizes sizes(op->getContext());
    SymbolicSizes::Sizes result = sizes.of(tensorType(value));
    for (OpOperand &other : op->getOpOperands()) {
      if (other.getOperandNumber() == number)
        continue;
      FailureOr<SymbolicSizes::Sizes> joined = sizes.broadcast(result, sizes.of(tensorType(other.get())));
      if (failed(joined))
        return false;
      result = *joined;
    }
    RankedTensorType type = tensorType(op->getResult(0));
    return sizes.tensor(result, type.getElementType()) == type;
  }
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Reshapes sink
//===----------------------------------------------------------------------------------------===//

/// The number of last dimensions in which the two types have the same known sizes.
static int64_t commonTrailingDims(RankedTensorType lhs, RankedTensorType rhs) {
  SymbolicSizes sizes(lhs.getContext());
  SymbolicSizes::Sizes left = sizes.of(lhs), right = sizes.of(rhs);
  int64_t count = 0;
  while (count < std::min(lhs.getRank(), rhs.getRank()) && left[left.size() - 1 - count] &&
         left[left.size() - 1 - count] == right[right.size() - 1 - count])
    ++count;
  return count;
}

/// The shape without the ones in front.
static ArrayRef<int64_t> withoutLeadingOnes(ArrayRef<int64_t> shape) {
  return shape.drop_while([](int64_t size) { return size == 1; });
}

static bool haveSameShape(RankedTensorType lhs, RankedTensorType rhs) {
  return lhs.getShape() == rhs.getShape() && lhs.getEncoding() == rhs.getEncoding();
}

namespace {

/// f(reshape(x), y...) is reshape(f(x, y'...)), if the other operands fit x as easily.
struct SinkReshape : RewritePattern {
  explicit SinkReshape(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isUniform(op))
      return failure();
    for (Value operand : op->getOperands())
      if (auto reshape = operand.getDefiningOp<ReshapeOp>())
        if (succeeded(sink(op, reshape, rewriter)))
          return success();
    return failure();
  }

private:
  static LogicalResult sink(Operation *op, ReshapeOp reshape, PatternRewriter &rewriter) {
    RankedTensorType from = tensorType(reshape.getInput()), to = reshape.getType();
    RankedTensorType result = tensorType(op->getResult(0));
    if (!haveSameShape(result, to) || followsFromConstants(reshape.getInput()))
      return failure();
    SmallVector<RankedTensorType> types;
    for (Value operand : op->getOperands()) {
      types.push_back(fittingType(operand, reshape));
      if (!types.back())
        return failure();
    }
    SmallVector<Value> operands;
    for (auto [operand, type] : llvm::zip_equal(op->getOperands(), types)) {
      auto other = operand.getDefiningOp<ReshapeOp>();
      operands.push_back(other && other.getInput().getType() == type
                             ? other.getInput()
                             : rewriter.createOrFold<ReshapeOp>(op->getLoc(), type, operand));
    }
    OperationState state(
        op->getLoc(), op->getName(), operands,
        {RankedTensorType::get(from.getShape(), result.getElementType(), from.getEncoding())},
        op->getAttrs());
    Operation *inner = rewriter.create(state);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, result, inner->getResult(0));
    return success();
  }

  /// The type the operand has to have beside the input of the reshape, null if it can't or better should not.
  static RankedTensorType fittingType(Value operand, ReshapeOp reshape) {
    RankedTensorType from = tensorType(reshape.getInput()), to = reshape.getType(),
                     type = tensorType(operand);
    if (hasOneElement(operand) && !haveSameShape(type, to))
      return RankedTensorType::get({}, type.getElementType());
    if (haveSameShape(type, to)) {
      auto fitting = RankedTensorType::get(from.getShape(), type.getElementType(), from.getEncoding());
      if (auto other = operand.getDefiningOp<ReshapeOp>(); other && other.getInput().getType() == fitting)
        return fitting;
      // Towards fewer dimensions only, or two such operands would chase each other.
      Operation *producer = operand.getDefiningOp();
      bool staysFused = producer && producer->hasTrait<trait::Elementwise>() && operand.hasOneUse();
      return from.getRank() >= to.getRank() || staysFused ? RankedTensorType() : fitting;
    }
    ArrayRef<int64_t> shape = withoutLeadingOnes(type.getShape());
    if (!type.hasStaticShape() || static_cast<int64_t>(shape.size()) > commonTrailingDims(from, to))
      return {};
    return RankedTensorType::get(shape, type.getElementType());
  }
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// Elementwise ops on the parts of a concat
//===----------------------------------------------------------------------------------------===//

/// Whether the value is computed for this use alone, by ops that take an elementwise one behind them.
static bool isComputedHere(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return false;
  if (isa<ReshapeOp, ConcatOp>(op))
    return llvm::all_of(op->getOperands(), isComputedHere);
  return op->hasTrait<trait::Contraction>() || op->hasTrait<trait::Elementwise>();
}

namespace {

/// f(concat(x, ...), y...) is concat(f(x, y...), ...), if the other operands do not move along the axis: the
/// parts are then computed with the kernels that make them, and nothing is written twice.
struct SinkConcat : RewritePattern {
  explicit SinkConcat(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isUniform(op))
      return failure();
    RankedTensorType result = tensorType(op->getResult(0));
    for (OpOperand &operand : op->getOpOperands()) {
      auto concat = operand.get().getDefiningOp<ConcatOp>();
      if (!concat || !isComputedHere(concat.getResult()) || !haveSameShape(concat.getType(), result) ||
          !othersStayAlong(concat.getAxis(), operand))
        continue;
      SmallVector<Value> parts;
      for (Value input : concat.getInputs()) {
        RankedTensorType part = tensorType(input);
        SmallVector<Value> operands(op->getOperands());
        operands[operand.getOperandNumber()] = input;
        OperationState state(
            op->getLoc(), op->getName(), operands,
            {RankedTensorType::get(part.getShape(), result.getElementType(), part.getEncoding())},
            op->getAttrs());
        parts.push_back(rewriter.create(state)->getResult(0));
      }
      rewriter.replaceOpWithNewOp<ConcatOp>(op, result, parts, concat.getAxis());
      return success();
    }
    return failure();
  }

private:
  static bool othersStayAlong(int64_t axis, OpOperand &concatenated) {
    int64_t fromLast = tensorType(concatenated.get()).getRank() - axis;
    return llvm::all_of(concatenated.getOwner()->getOpOperands(), [&](OpOperand &other) {
      RankedTensorType type = tensorType(other.get());
      return &other == &concatenated || type.getRank() < fromLast ||
             type.getDimSize(type.getRank() - fromLast) == 1;
    });
  }
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------------------------===//

/// Normalizations of a reshaped value whose dimensions the reshape leaves alone.
template <typename Op>
static LogicalResult sinkThroughNormalization(Op op, PatternRewriter &rewriter) {
  auto reshape = op.getInput().template getDefiningOp<ReshapeOp>();
  if (!reshape)
    return failure();
  RankedTensorType from = tensorType(reshape.getInput()), to = reshape.getType();
  int64_t common = commonTrailingDims(from, to), axis = op.getAxis();
  if (to.getRank() - axis > common)
    return failure();
  auto fits = [&](Value parameter) {
    RankedTensorType type = tensorType(parameter);
    return type.hasStaticShape() &&
           static_cast<int64_t>(withoutLeadingOnes(type.getShape()).size()) <= common;
  };
  if (!llvm::all_of(op->getOperands().drop_front(), fits))
    return failure();
  SmallVector<Value> operands = {reshape.getInput()};
  for (Value parameter : op->getOperands().drop_front())
    operands.push_back(createReshape(rewriter, op.getLoc(), parameter,
                                     withoutLeadingOnes(tensorType(parameter).getShape())));
  OperationState state(op.getLoc(), op->getName(), operands,
                       {RankedTensorType::get(from.getShape(), from.getElementType(), from.getEncoding())},
                       op->getAttrs());
  auto inner = cast<Op>(rewriter.create(state));
  inner.setAxis(axis + from.getRank() - to.getRank());
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getResult());
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------------------------===//

/// A batch of matrices times one matrix is one product of more rows.
static LogicalResult collapseRows(MatmulOp op, PatternRewriter &rewriter) {
  RankedTensorType lhs = tensorType(op.getLhs()), rhs = tensorType(op.getRhs());
  if (lhs.getRank() < 3 || rhs.getRank() != 2 || op.getTransposeLhs())
    return failure();
  SymbolicSizes sizes(op.getContext());
  SymbolicSizes::Sizes from = sizes.of(lhs), result = sizes.of(op.getType());
  AffineExpr rows = sizes.product(ArrayRef(from).drop_back());
  if (!rows || !rows.isPureAffine() || !from.back() || !result.back())
    return failure();
  Value matrix = ReshapeOp::create(rewriter, op.getLoc(),
                                   sizes.tensor({rows, from.back()}, lhs.getElementType()), op.getLhs());
  Value product = MatmulOp::create(rewriter, op.getLoc(),
                                   sizes.tensor({rows, result.back()}, op.getType().getElementType()), matrix,
                                   op.getRhs(), /*transpose_lhs=*/false, op.getTransposeRhs());
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), product);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Slices and reshapes before transposes
//===----------------------------------------------------------------------------------------===//

/// Of exporters' ways to take queries, keys and values out of one product, and heads out of each, one
/// remains: reshape, slice, transpose. What reads the transpose can then read through the slice as well.

static bool hasStaticShapes(Operation *op) {
  return llvm::all_of(op->getOperandTypes(),
                      [](Type type) { return cast<ShapedType>(type).hasStaticShape(); });
}

static bool keepsLastDimension(TransposeOp op) {
  return op.getPerm().back() + 1 == static_cast<int64_t>(op.getPerm().size());
}

/// slice(transpose(x)) is transpose(slice(x)).
static LogicalResult sliceBeforeTranspose(SliceOp op, PatternRewriter &rewriter) {
  auto transpose = op.getInput().getDefiningOp<TransposeOp>();
  if (!transpose || !hasStaticShapes(op) || !keepsLastDimension(transpose) ||
      !llvm::all_of(transpose->getUsers(), llvm::IsaPred<SliceOp>))
    return failure();
  ArrayRef<int64_t> permutation = transpose.getPerm(), shape = op.getType().getShape();
  SmallVector<int64_t> starts(shape.size()), steps(shape.size()), sizes(shape.size());
  for (auto [to, from] : llvm::enumerate(permutation)) {
    starts[from] = op.getStarts()[to];
    steps[from] = op.getSteps()[to];
    sizes[from] = shape[to];
  }
  Value slice =
      SliceOp::create(rewriter, op.getLoc(), op.getType().clone(sizes), transpose.getInput(), starts, steps);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, slice, permutation);
  return success();
}

/// A reshape that drops dimensions of size 1 drops them before the transpose.
static LogicalResult reshapeBeforeTranspose(ReshapeOp op, PatternRewriter &rewriter) {
  auto transpose = op.getInput().getDefiningOp<TransposeOp>();
  if (!transpose || !transpose->hasOneUse() || !hasStaticShapes(op) || !keepsLastDimension(transpose))
    return failure();
  ArrayRef<int64_t> permutation = transpose.getPerm(), from = transpose.getType().getShape(),
                    to = op.getType().getShape();
  if (to.size() >= from.size() || to.empty())
    return failure();
  // Which dimensions of the transpose stay.
  SmallVector<int64_t> kept;
  for (auto [dim, size] : llvm::enumerate(from)) {
    size_t left = from.size() - dim, wanted = to.size() - kept.size();
    if (wanted > 0 && size == to[kept.size()] && (size != 1 || left == wanted))
      kept.push_back(permutation[dim]);
    else if (size != 1)
      return failure();
  }
  if (kept.size() != to.size())
    return failure();
  SmallVector<int64_t> sorted(kept), shape, renumbered;
  llvm::sort(sorted);
  for (int64_t dim : sorted)
    shape.push_back(tensorType(transpose.getInput()).getDimSize(dim));
  for (int64_t dim : kept)
    renumbered.push_back(llvm::find(sorted, dim) - sorted.begin());
  rewriter.replaceOpWithNewOp<TransposeOp>(
      op, createReshape(rewriter, op.getLoc(), transpose.getInput(), shape), renumbered);
  return success();
}

/// reshape(slice(x)) is slice(reshape(x)) where the slice takes whole blocks of what the reshape splits.
static LogicalResult reshapeBeforeSlice(ReshapeOp op, PatternRewriter &rewriter) {
  auto slice = op.getInput().getDefiningOp<SliceOp>();
  if (!slice || !slice->hasOneUse() || !hasStaticShapes(slice) || op.use_empty() ||
      slice.getInput().getDefiningOp<TransposeOp>() ||
      !llvm::all_of(op->getUsers(), llvm::IsaPred<TransposeOp>))
    return failure();
  ArrayRef<int64_t> from = tensorType(slice.getInput()).getShape(), taken = slice.getType().getShape(),
                    to = op.getType().getShape();
  std::optional<size_t> axis;
  for (size_t dim = 0; dim < from.size(); ++dim) {
    if (slice.getSteps()[dim] != 1 || (axis && from[dim] != taken[dim]))
      return failure();
    if (from[dim] != taken[dim])
      axis = dim;
  }
  if (!axis)
    return failure();
  auto product = [](ArrayRef<int64_t> sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>());
  };
  int64_t before = product(from.take_front(*axis)), inner = product(from.drop_front(*axis + 1));
  // The dimension that counts the blocks of the reshape.
  for (size_t dim = 0; dim < to.size(); ++dim) {
    int64_t block = product(to.drop_front(dim + 1));
    if (product(to.take_front(dim)) != before || to[dim] * block != taken[*axis] * inner || block == 0 ||
        slice.getStarts()[*axis] * inner % block != 0 || from[*axis] * inner % block != 0)
      continue;
    SmallVector<int64_t> shape(to), starts(to.size(), 0), steps(to.size(), 1);
    shape[dim] = from[*axis] * inner / block;
    starts[dim] = slice.getStarts()[*axis] * inner / block;
    rewriter.replaceOpWithNewOp<SliceOp>(
        op, op.getType(), createReshape(rewriter, op.getLoc(), slice.getInput(), shape), starts, steps);
    return success();
  }
  return failure();
}

//===----------------------------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------------------------===//

/// Indices that are constant and in equal steps take a slice.
static LogicalResult gatherToSlice(GatherOp op, PatternRewriter &rewriter) {
  auto constant = op.getIndices().getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<DenseIntElementsAttr>(constant.getValue()) : DenseIntElementsAttr();
  RankedTensorType data = tensorType(op.getData());
  int64_t size = data.getDimSize(op.getAxis());
  if (!elements || elements.getType().getRank() > 1 || elements.getNumElements() == 0 ||
      ShapedType::isDynamic(size))
    return failure();
  SmallVector<int64_t> indices;
  for (const APInt &element : elements.getValues<APInt>()) {
    int64_t index = element.getSExtValue() < 0 ? element.getSExtValue() + size : element.getSExtValue();
    if (index < 0 || index >= size)
      return failure();
    indices.push_back(index);
  }
  int64_t step = indices.size() > 1 ? indices[1] - indices[0] : 1;
  for (size_t i = 1; i < indices.size(); ++i)
    if (indices[i] - indices[i - 1] != step)
      return failure();
  if (step == 0)
    return failure();
  SmallVector<int64_t> starts(data.getRank(), 0), steps(data.getRank(), 1);
  starts[op.getAxis()] = indices.front();
  steps[op.getAxis()] = step;
  SymbolicSizes sizes(op.getContext());
  SymbolicSizes::Sizes taken = sizes.of(data);
  taken[op.getAxis()] = sizes.constant(indices.size());
  Value slice = SliceOp::create(rewriter, op.getLoc(), sizes.tensor(taken, data.getElementType()),
                                op.getData(), starts, steps);
  if (slice.getType() != op.getType())
    slice = ReshapeOp::create(rewriter, op.getLoc(), op.getType(), slice);
  rewriter.replaceOp(op, slice);
  return success();
}

void tenon::populateRelayoutSimplifications(RewritePatternSet &patterns) {
  patterns.add<DropExpand, SinkReshape, SinkConcat>(patterns.getContext());
  patterns.add(sinkThroughNormalization<LayerNormOp>);
  patterns.add(sinkThroughNormalization<RmsNormOp>);
  patterns.add(sinkThroughNormalization<SoftmaxOp>);
  patterns.add(sinkThroughNormalization<LogSoftmaxOp>);
  patterns.add(collapseRows);
  patterns.add(sliceBeforeTranspose);
  patterns.add(reshapeBeforeTranspose);
  patterns.add(reshapeBeforeSlice);
  patterns.add(gatherToSlice);
}
