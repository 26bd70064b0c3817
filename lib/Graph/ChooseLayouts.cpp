//===- ChooseLayouts.cpp - Activations with the channels last -----------------------------------===//
//
// In: a function whose convolutions, pooling and normalizations have their channels first. Out: the same with
// the channels last, where the vector dimension of a kernel then is contiguous, whatever the spatial sizes.
//
//      x ── conv ── relu ── conv ── y                      x ── T ── conv' ── relu ── conv' ── T⁻¹ ── y
//      channels first                           becomes         T: [N, C, H, W] to [N, H, W, C]
//
// First every such op gets a transpose in front of and behind it, then those behind sink past everything that
// can do without them, and cancel where they meet those in front. The few that stay are real moves of data.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "LayoutRegions.h"
#include "Patterns.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

#include "llvm/ADT/TypeSwitch.h"

namespace tenon {
#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

using Permutation = SmallVector<int64_t>;

//===----------------------------------------------------------------------------------------===//
// Permutations
//===----------------------------------------------------------------------------------------===//

static Permutation inverse(ArrayRef<int64_t> perm) {
  Permutation result(perm.size());
  for (auto [i, from] : llvm::enumerate(perm))
    result[from] = i;
  return result;
}

/// What `values`, one per dimension of a transpose's result, are for the dimensions of its input.
template <typename T>
static SmallVector<T> beforeTranspose(ArrayRef<T> values, ArrayRef<int64_t> perm) {
  SmallVector<T> result(values.size());
  for (auto [i, from] : llvm::enumerate(perm))
    result[from] = values[i];
  return result;
}

/// The type of a transpose's input, by that of its result.
static RankedTensorType typeBeforeTranspose(RankedTensorType type, ArrayRef<int64_t> perm) {
  SymbolicSizes sizes(type.getContext());
  SymbolicSizes::Sizes of = sizes.of(type);
  return sizes.tensor(beforeTranspose(ArrayRef(of), perm), type.getElementType());
}

/// A transpose that brings channels to the front, which is to sink.
static TransposeOp sinkingTranspose(Value value) {
  auto transpose = value.getDefiningOp<TransposeOp>();
  if (!transpose || transpose.getPerm().size() < 3 ||
      transpose.getPerm() != ArrayRef(toChannelsFirst(transpose.getPerm().size())))
    return {};
  return transpose;
}

//===----------------------------------------------------------------------------------------===//
// Ops with a layout
//===----------------------------------------------------------------------------------------===//

/// The filter's dimensions in their order for channels last.
static Permutation filterPermutation(Operation *op, int64_t rank) {
  Permutation perm = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  if (isa<ConvTransposeOp>(op))
    perm.append({0, 1});
  else
    perm.append({1, 0});
  return perm;
}

/// Puts the channels of an op's activations last, between two transposes.
template <typename Op>
static void putChannelsLast(Op op, RewriterBase &rewriter) {
  RankedTensorType type = tensorType(op->getResult(0));
  if (op.getLayout() != tenon::DataLayout::channels_first || type.getRank() < 3)
    return;
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  Permutation toLast = toChannelsLast(type.getRank()), toFirst = toChannelsFirst(type.getRank());
  SmallVector<Value> operands(op->getOperands());
  operands[0] = TransposeOp::create(rewriter, loc, operands[0], toLast);
  if (isa<ConvOp, ConvTransposeOp>(op.getOperation()))
    operands[1] = TransposeOp::create(rewriter, loc, operands[1], filterPermutation(op, type.getRank()));
  OperationState state(loc, op->getName(), operands, {typeBeforeTranspose(type, toFirst)}, op->getAttrs());
  auto channelsLast = cast<Op>(rewriter.create(state));
  channelsLast.setLayout(tenon::DataLayout::channels_last);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, type, channelsLast->getResult(0), toFirst);
}

/// Puts the channels last wherever that is better for one of the ops that share a layout.
static void putChannelsLast(func::FuncOp function) {
  LayoutRegions regions(function);
  SmallVector<Operation *> turned;
  function.walk([&](Operation *op) {
    if (regions.wantsChannelsLast(op))
      turned.push_back(op);
  });
  IRRewriter rewriter(function.getContext());
  for (Operation *op : turned)
    llvm::TypeSwitch<Operation *>(op)
        .Case<ConvOp, ConvTransposeOp, MaxPoolOp, AveragePoolOp, LpPoolOp, BatchNormOp, InstanceNormOp,
              GroupNormOp, LrnOp>([&](auto op) { putChannelsLast(op, rewriter); });
}

//===----------------------------------------------------------------------------------------===//
// Transposes sink
//===----------------------------------------------------------------------------------------===//

namespace {

/// An elementwise op of transposed values is the transpose of the op on the values.
struct SinkThroughElementwise : RewritePattern {
  explicit SinkThroughElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isUniform(op))
      return failure();
    TransposeOp first;
    for (Value operand : op->getOperands())
      // A constant follows any layout: it must not pull the others towards its own, or two layouts take turns
      // for ever.
      if (TransposeOp transpose = sinkingTranspose(operand);
          transpose && !first && !followsFromConstants(operand))
        first = transpose;
    RankedTensorType type = tensorType(op->getResult(0));
    if (!first || first.getType().getRank() != type.getRank())
      return failure();
    Permutation perm(first.getPerm());
    auto isTransposed = [&](Value value) {
      TransposeOp transpose = sinkingTranspose(value);
      return transpose && transpose.getPerm() == ArrayRef(perm);
    };
    if (!llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isTransposed(operand) || isCheapToTranspose(operand); }))
      return failure();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(isTransposed(operand) ? operand.getDefiningOp<TransposeOp>().getInput()
                                               : transposeBack(operand, perm, op->getLoc(), rewriter));
    OperationState state(op->getLoc(), op->getName(), operands, {typeBeforeTranspose(type, perm)},
                         op->getAttrs());
    Operation *inner = rewriter.create(state);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, type, inner->getResult(0), perm);
    return success();
  }

private:
  /// Whether the transpose of the value is done while compiling, or moves no elements.
  static bool isCheapToTranspose(Value value) {
    RankedTensorType type = tensorType(value);
    return followsFromConstants(value) ||
           llvm::count_if(type.getShape(), [](int64_t size) { return size != 1; }) <= 1;
  }

  /// The operand that broadcasts to the untransposed shape as `value` does to the transposed one.
  static Value transposeBack(Value value, ArrayRef<int64_t> perm, Location loc, PatternRewriter &rewriter) {
    if (hasOneElement(value))
      return createReshape(rewriter, loc, value, {});
    SymbolicSizes sizes(value.getContext());
    SymbolicSizes::Sizes of = sizes.of(tensorType(value));
    of.insert(of.begin(), perm.size() - of.size(), sizes.constant(1));
    RankedTensorType full = sizes.tensor(of, tensorType(value).getElementType());
    if (full != value.getType())
      value = ReshapeOp::create(rewriter, loc, full, value);
    return TransposeOp::create(rewriter, loc, value, inverse(perm));
  }
};

/// Base of the patterns for ops on one transposed value.
template <typename Op>
struct SinkThrough : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    TransposeOp transpose = sinkingTranspose(op->getOperand(0));
    if (!transpose)
      return failure();
    Permutation perm(transpose.getPerm());
    SmallVector<Value> operands(op->getOperands());
    operands[0] = transpose.getInput();
    OperationState state(op.getLoc(), op->getName(), operands, {typeBeforeTranspose(op.getType(), perm)},
                         op->getAttrs());
    auto inner = cast<Op>(rewriter.create(state));
    permuteAttributes(inner, perm);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getResult(), perm);
    return success();
  }

private:
  static void permuteAttributes(SliceOp op, ArrayRef<int64_t> perm) {
    op.setStarts(beforeTranspose(op.getStarts(), perm));
    op.setSteps(beforeTranspose(op.getSteps(), perm));
  }
  static void permuteAttributes(PadOp op, ArrayRef<int64_t> perm) {
    op.setLow(beforeTranspose(op.getLow(), perm));
    op.setHigh(beforeTranspose(op.getHigh(), perm));
  }
  static void permuteAttributes(TileOp, ArrayRef<int64_t>) {}
  static void permuteAttributes(ResizeOp op, ArrayRef<int64_t> perm) {
    if (std::optional<ArrayRef<float>> scales = op.getScales())
      op.setScales(beforeTranspose(*scales, perm));
    if (std::optional<ArrayRef<float>> roi = op.getRoi()) {
      SmallVector<float> bounds = beforeTranspose(roi->take_front(perm.size()), perm);
      bounds.append(beforeTranspose(roi->drop_front(perm.size()), perm));
      op.setRoi(bounds);
    }
  }
  static void permuteAttributes(SoftmaxOp op, ArrayRef<int64_t> perm) { op.setAxis(perm[op.getAxis()]); }
  static void permuteAttributes(LogSoftmaxOp op, ArrayRef<int64_t> perm) { op.setAxis(perm[op.getAxis()]); }
  static void permuteAttributes(LpNormOp op, ArrayRef<int64_t> perm) { op.setAxis(perm[op.getAxis()]); }
  static void permuteAttributes(CumsumOp op, ArrayRef<int64_t> perm) { op.setAxis(perm[op.getAxis()]); }
};

} // namespace

/// Quantization has its parameters along an axis, or one for all.
template <typename Op>
static LogicalResult sinkThroughQuantization(Op op, PatternRewriter &rewriter) {
  TransposeOp transpose = sinkingTranspose(op.getInput());
  if (!transpose || op.getBlockSize() != 0)
    return failure();
  Permutation perm(transpose.getPerm());
  SmallVector<Value> operands(op->getOperands());
  operands[0] = transpose.getInput();
  OperationState state(op.getLoc(), op->getName(), operands, {typeBeforeTranspose(op.getType(), perm)},
                       op->getAttrs());
  auto inner = cast<Op>(rewriter.create(state));
  // Of one value for all the axis says nothing, and may be out of range.
  if (static_cast<uint64_t>(op.getAxis()) < perm.size())
    inner.setAxis(perm[op.getAxis()]);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getResult(), perm);
  return success();
}

/// A concatenation of transposed values; constants among them are transposed while compiling.
static LogicalResult sinkThroughConcat(ConcatOp op, PatternRewriter &rewriter) {
  auto found =
      llvm::find_if(op.getInputs(), [](Value input) { return static_cast<bool>(sinkingTranspose(input)); });
  if (found == op.getInputs().end())
    return failure();
  Permutation perm(sinkingTranspose(*found).getPerm());
  for (Value input : op.getInputs())
    if (!sinkingTranspose(input) && !followsFromConstants(input))
      return failure();
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    TransposeOp transpose = sinkingTranspose(input);
    inputs.push_back(transpose
                         ? transpose.getInput()
                         : TransposeOp::create(rewriter, op.getLoc(), input, inverse(perm)).getResult());
  }
  Value inner = ConcatOp::create(rewriter, op.getLoc(), typeBeforeTranspose(op.getType(), perm), inputs,
                                 perm[op.getAxis()]);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner, perm);
  return success();
}

/// What is left of `perm` when the dimensions of its result in `removed` go.
static Permutation withoutDimensions(ArrayRef<int64_t> perm, ArrayRef<int64_t> removed) {
  SmallVector<int64_t> kept;
  for (auto [i, from] : llvm::enumerate(perm))
    if (!llvm::is_contained(removed, i))
      kept.push_back(from);
  SmallVector<int64_t> sorted = kept;
  llvm::sort(sorted);
  return llvm::map_to_vector(
      kept, [&](int64_t from) -> int64_t { return llvm::find(sorted, from) - sorted.begin(); });
}

/// Replaces `op`, whose result lacks the dimensions `removed` unless they are kept, by its form on the
/// transpose's input.
template <typename Op>
static void replaceReduction(Op op, Op inner, TransposeOp transpose, ArrayRef<int64_t> removed,
                             PatternRewriter &rewriter) {
  Permutation perm(transpose.getPerm());
  if (!op.getKeepDims())
    perm = withoutDimensions(perm, removed);
  rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getResult(), perm);
}

static LogicalResult sinkThroughReduce(ReduceOp op, PatternRewriter &rewriter) {
  TransposeOp transpose = sinkingTranspose(op.getInput());
  if (!transpose)
    return failure();
  SmallVector<int64_t> axes =
      llvm::map_to_vector(op.getAxes(), [&](int64_t axis) { return transpose.getPerm()[axis]; });
  llvm::sort(axes);
  auto inner =
      ReduceOp::create(rewriter, op.getLoc(), op.getKind(), transpose.getInput(), axes, op.getKeepDims());
  replaceReduction(op, inner, transpose, op.getAxes(), rewriter);
  return success();
}

static LogicalResult sinkThroughArgReduce(ArgReduceOp op, PatternRewriter &rewriter) {
  TransposeOp transpose = sinkingTranspose(op.getInput());
  if (!transpose)
    return failure();
  auto inner = ArgReduceOp::create(rewriter, op.getLoc(), op.getKind(), transpose.getInput(),
                                   transpose.getPerm()[op.getAxis()], op.getKeepDims(), op.getSelectLast());
  int64_t axis = op.getAxis();
  replaceReduction(op, inner, transpose, axis, rewriter);
  return success();
}

namespace {
/// Consecutive dimensions of one shape and those of another that hold the same elements.
struct DimensionGroup {
  SmallVector<int64_t> from, to;
};
} // namespace

/// The smallest groups a reshape is made of, or nothing if sizes do not tell.
static std::optional<SmallVector<DimensionGroup>> groupDimensions(RankedTensorType from,
                                                                  RankedTensorType to) {
  SymbolicSizes sizes(from.getContext());
  SymbolicSizes::Sizes sources = sizes.of(from), targets = sizes.of(to);
  SmallVector<DimensionGroup> groups;
  size_t i = 0, j = 0;
  while (i < sources.size() && j < targets.size()) {
    DimensionGroup group = {{static_cast<int64_t>(i)}, {static_cast<int64_t>(j)}};
    AffineExpr source = sources[i++], target = targets[j++];
    while (source != target) {
      std::optional<int64_t> left = SymbolicSizes::constantValue(source),
                             right = SymbolicSizes::constantValue(target);
      if (!left || !right || *left == 0 || *right == 0)
        return std::nullopt;
      if (*left < *right && i < sources.size()) {
        group.from.push_back(i);
        source = sizes.product({source, sources[i++]});
      } else if (*left > *right && j < targets.size()) {
        group.to.push_back(j);
        target = sizes.product({target, targets[j++]});
      } else {
        return std::nullopt;
      }
    }
    if (!source)
      return std::nullopt;
    groups.push_back(group);
  }
  // Ones at the end belong to the last group.
  for (; i < sources.size() && SymbolicSizes::constantValue(sources[i]) == 1 && !groups.empty(); ++i)
    groups.back().from.push_back(i);
  for (; j < targets.size() && SymbolicSizes::constantValue(targets[j]) == 1 && !groups.empty(); ++j)
    groups.back().to.push_back(j);
  if (i < sources.size() || j < targets.size())
    return std::nullopt;
  return groups;
}

/// A reshape whose groups of dimensions the transpose moves as wholes: the groups are reshaped first, then
/// moved.
static LogicalResult sinkThroughReshape(ReshapeOp op, PatternRewriter &rewriter) {
  TransposeOp transpose = sinkingTranspose(op.getInput());
  std::optional<SmallVector<DimensionGroup>> groups =
      transpose ? groupDimensions(transpose.getType(), op.getType()) : std::nullopt;
  if (!groups)
    return failure();
  ArrayRef<int64_t> perm = transpose.getPerm();
  for (const DimensionGroup &group : *groups)
    for (size_t i = 1; i < group.from.size(); ++i)
      if (perm[group.from[i]] != perm[group.from[i - 1]] + 1)
        return failure();
  // The order of the groups in the transpose's input.
  SmallVector<const DimensionGroup *> ordered;
  for (const DimensionGroup &group : *groups)
    ordered.push_back(&group);
  llvm::sort(ordered, [&](const DimensionGroup *lhs, const DimensionGroup *rhs) {
    return perm[lhs->from.front()] < perm[rhs->from.front()];
  });
  Permutation places;
  for (const DimensionGroup *group : ordered)
    llvm::append_range(places, group->to);
  SymbolicSizes sizes(op.getContext());
  SymbolicSizes::Sizes targets = sizes.of(op.getType()), moved;
  for (int64_t place : places)
    moved.push_back(targets[place]);
  Value inner = ReshapeOp::create(rewriter, op.getLoc(), sizes.tensor(moved, op.getType().getElementType()),
                                  transpose.getInput());
  rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner, inverse(places));
  return success();
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

namespace {

struct ChooseLayouts : tenon::impl::ChooseLayoutsBase<ChooseLayouts> {
  using ChooseLayoutsBase::ChooseLayoutsBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateCanonicalizations(set);
    set.add<SinkThroughElementwise, SinkThrough<SliceOp>, SinkThrough<PadOp>, SinkThrough<TileOp>,
            SinkThrough<ResizeOp>, SinkThrough<SoftmaxOp>, SinkThrough<LogSoftmaxOp>, SinkThrough<LpNormOp>,
            SinkThrough<CumsumOp>>(context);
    set.add(sinkThroughQuantization<QuantizeLinearOp>);
    set.add(sinkThroughQuantization<DequantizeLinearOp>);
    set.add(sinkThroughConcat);
    set.add(sinkThroughReduce);
    set.add(sinkThroughArgReduce);
    set.add(sinkThroughReshape);
    patterns = std::make_shared<FrozenRewritePatternSet>(std::move(set));
    return success();
  }

  void runOnOperation() override {
    putChannelsLast(getOperation());
    if (failed(applyUntilStable(getOperation(), *patterns)))
      return signalPassFailure();
    getOperation().walk([&](TransposeOp transpose) { numTransposes += !followsFromConstants(transpose); });
  }

  std::shared_ptr<const FrozenRewritePatternSet> patterns;
};

} // namespace
