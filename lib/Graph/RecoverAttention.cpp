//===- RecoverAttention.cpp - Attention among the matrix products exporters spell it as ----------===//
//
// In: a function of tenon ops. Out: the same with scaled dot-product attention as one op. Spelt out, a score
// for each pair of query and key goes through memory between four kernels; as one op they stay in cache, a
// block of queries at a time.
//
//     query ─────────┐
//     key ─transpose─┴ matmul ─ scale ─ + mask ─ softmax ─┐
//     value ──────────────────────────────────────────────┴ matmul
//
// It stands behind the first simplification: by then a division is a product, and what can move into weights
// has moved. Where the scale stands, and how the mask is applied, is the exporter's choice.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

namespace tenon {
#define GEN_PASS_DEF_RECOVERATTENTION
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------------------------===//

namespace {

/// Something that keeps queries from keys: a value added to the scores, or a condition under which a score
/// stays, or else becomes `hidden`.
struct Mask {
  Value value;
  std::optional<double> hidden;
  bool isInverted = false;
};

/// What a softmax reads, taken apart.
struct Scores {
  MatmulOp product;
  double scale = 1.0;
  SmallVector<Mask> masks;
};

} // namespace

/// The x of x * c for a number c.
static std::optional<std::pair<Value, double>> matchScaled(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<MulOp>(op))
    for (unsigned i : {0u, 1u})
      if (std::optional<double> factor = splatValue(op->getOperand(i));
          factor && op->getOperand(1 - i).getType() == value.getType())
        return std::pair(op->getOperand(1 - i), *factor);
  if (auto div = dyn_cast_or_null<DivOp>(op))
    if (std::optional<double> divisor = splatValue(div.getRhs());
        divisor && *divisor != 0 && div.getLhs().getType() == value.getType())
      return std::pair(div.getLhs(), 1 / *divisor);
  return std::nullopt;
}

/// Whether `mask` broadcasts to `scores` without giving it a new shape.
static bool fitsScores(Value mask, Value scores) {
  SymbolicSizes sizes(mask.getContext());
  SymbolicSizes::Sizes to = sizes.of(tensorType(scores));
  FailureOr<SymbolicSizes::Sizes> joined = sizes.broadcast(sizes.of(tensorType(mask)), to);
  return succeeded(joined) && *joined == to && llvm::all_of(to, [](AffineExpr size) { return !!size; });
}

static bool takeApart(Value value, Scores &scores);

/// Continues at `rest`, which `mask` is applied to.
static bool takeMask(Mask mask, Value rest, Value result, Scores &scores) {
  // A factor outside of the mask is one of the mask, too.
  if (scores.scale != 1.0 || rest.getType() != result.getType() || !fitsScores(mask.value, result))
    return false;
  Scores inner = scores;
  inner.masks.push_back(mask);
  if (!takeApart(rest, inner))
    return false;
  scores = inner;
  return true;
}

/// Follows the scores from what the softmax reads back to their matrix product.
static bool takeApart(Value value, Scores &scores) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return false;
  if (auto product = dyn_cast<MatmulOp>(op)) {
    scores.product = product;
    return true;
  }
  if (auto scaled = matchScaled(value)) {
    scores.scale *= scaled->second;
    return takeApart(scaled->first, scores);
  }
  if (isa<AddOp>(op))
    return takeMask({op->getOperand(1), std::nullopt}, op->getOperand(0), value, scores) ||
           takeMask({op->getOperand(0), std::nullopt}, op->getOperand(1), value, scores);
  if (auto select = dyn_cast<SelectOp>(op)) {
    // To add so low a number is to replace the score: nothing is left of it.
    constexpr double absorbs = -1e30;
    Value condition = select->getOperand(0);
    for (bool isInverted : {false, true})
      if (std::optional<double> hidden = splatValue(select->getOperand(isInverted ? 1 : 2));
          hidden && *hidden <= absorbs)
        return takeMask({condition, hidden, isInverted}, select->getOperand(isInverted ? 2 : 1), value,
                        scores);
  }
  return false;
}

/// The permutation that gives [..., keys, dim] for `keys`, the right operand of the scores' product; none if
/// that would move elements that lie as the product wants them.
static std::optional<SmallVector<int64_t>> keyPermutation(MatmulOp product) {
  SmallVector<int64_t> permutation;
  if (product.getTransposeRhs()) {
    permutation = llvm::to_vector(llvm::seq<int64_t>(0, tensorType(product.getRhs()).getRank()));
    return permutation;
  }
  Value keys = product.getRhs();
  while (auto scaled = keys.hasOneUse() ? matchScaled(keys) : std::nullopt)
    keys = scaled->first;
  auto transpose = keys.getDefiningOp<TransposeOp>();
  if (!transpose)
    return std::nullopt;
  permutation.assign(transpose.getPerm().begin(), transpose.getPerm().end());
  std::swap(permutation[permutation.size() - 2], permutation.back());
  return permutation;
}

//===----------------------------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------------------------===//

/// `value` without the constant factors on its way here, which go to `scale`.
static Value withoutFactors(Value value, double &scale, PatternRewriter &rewriter) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return value;
  if (auto scaled = matchScaled(value)) {
    scale *= scaled->second;
    return withoutFactors(scaled->first, scale, rewriter);
  }
  if (!isa<ReshapeOp, TransposeOp>(op))
    return value;
  Value source = withoutFactors(op->getOperand(0), scale, rewriter);
  if (source == op->getOperand(0))
    return value;
  Operation *clone = rewriter.clone(*op);
  clone->setOperand(0, source);
  return clone->getResult(0);
}

/// [heads, rows, columns] as [1, heads, rows, columns].
static Value withBatch(Value value, PatternRewriter &rewriter) {
  if (tensorType(value).getRank() == 4)
    return value;
  SmallVector<int64_t> shape(tensorType(value).getShape());
  shape.insert(shape.begin(), 1);
  return createReshape(rewriter, value.getLoc(), value, shape);
}

/// What is added to the scores for all of `masks`; null for none.
static Value sumMasks(ArrayRef<Mask> masks, Type element, Location loc, PatternRewriter &rewriter) {
  Value sum;
  for (const Mask &mask : masks) {
    Value added = mask.value;
    if (mask.hidden) {
      Value seen = createScalar(rewriter, loc, element, 0),
            hidden = createScalar(rewriter, loc, element, *mask.hidden);
      if (mask.isInverted)
        std::swap(seen, hidden);
      auto type = RankedTensorType::get(tensorType(mask.value).getShape(), element,
                                        tensorType(mask.value).getEncoding());
      added = SelectOp::create(rewriter, loc, type, mask.value, seen, hidden);
    }
    if (!sum) {
      sum = added;
      continue;
    }
    SymbolicSizes sizes(rewriter.getContext());
    SymbolicSizes::Sizes joined = *sizes.broadcast(sizes.of(tensorType(sum)), sizes.of(tensorType(added)));
    sum = AddOp::create(rewriter, loc, sizes.tensor(joined, element), sum, added);
  }
  return sum;
}

/// Whether the heads agree, and the rest is of known size: that of all keys of a head goes through memory at
/// once.
static bool haveSizesFor(RankedTensorType query, RankedTensorType key, RankedTensorType value, int64_t rank) {
  constexpr int64_t maxKeyElements = 128 << 10;
  SymbolicSizes symbolic(query.getContext());
  SmallVector<SymbolicSizes::Sizes> heads;
  for (RankedTensorType type : {query, key, value}) {
    ArrayRef<int64_t> shape = type.getShape();
    if (type.getRank() != rank || ShapedType::isDynamicShape(rank == 4 ? shape.take_back(2) : shape))
      return false;
    heads.push_back(symbolic.of(type));
    heads.back().truncate(rank - 2);
  }
  bool isKnown = llvm::all_of(heads[0], [](AffineExpr size) { return !!size; });
  return isKnown && heads[0] == heads[1] && heads[0] == heads[2] &&
         key.getShape().take_back(2)[0] * key.getShape().back() <= maxKeyElements;
}

static LogicalResult recoverAttention(MatmulOp op, PatternRewriter &rewriter) {
  auto softmax = op.getLhs().getDefiningOp<SoftmaxOp>();
  int64_t rank = op.getType().getRank();
  Scores scores;
  if (!softmax || !softmax->hasOneUse() || op.getTransposeLhs() || op.getTransposeRhs() || rank < 3 ||
      rank > 4 || softmax.getAxis() != rank - 1 || !takeApart(softmax.getInput(), scores) ||
      scores.product.getTransposeLhs())
    return failure();
  std::optional<SmallVector<int64_t>> permutation = keyPermutation(scores.product);
  RankedTensorType query = tensorType(scores.product.getLhs()), key = tensorType(scores.product.getRhs()),
                   value = tensorType(op.getRhs());
  if (!permutation || !haveSizesFor(query, key, value, rank))
    return failure();

  Value left = withoutFactors(scores.product.getLhs(), scores.scale, rewriter);
  Value right = withoutFactors(scores.product.getRhs(), scores.scale, rewriter);
  if (!scores.product.getTransposeRhs()) {
    Value source = right.getDefiningOp<TransposeOp>().getInput();
    bool isIdentity = llvm::equal(*permutation, llvm::seq<int64_t>(0, rank));
    right =
        isIdentity ? source : TransposeOp::create(rewriter, right.getLoc(), source, *permutation).getResult();
  }
  Type element = op.getType().getElementType();
  Value mask = sumMasks(scores.masks, element, softmax.getLoc(), rewriter);
  SymbolicSizes sizes(rewriter.getContext());
  Value queries = withBatch(left, rewriter);
  SymbolicSizes::Sizes shape = sizes.of(tensorType(queries));
  shape.back() = sizes.of(value).back();
  Value result = AttentionOp::create(rewriter, op.getLoc(), sizes.tensor(shape, element), queries,
                                     withBatch(right, rewriter), withBatch(op.getRhs(), rewriter), mask,
                                     rewriter.getF32FloatAttr(scores.scale), /*causal=*/UnitAttr());
  if (result.getType() != op.getType())
    result = ReshapeOp::create(rewriter, op.getLoc(), op.getType(), result);
  rewriter.replaceOp(op, result);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

namespace {
struct RecoverAttention : tenon::impl::RecoverAttentionBase<RecoverAttention> {
  using RecoverAttentionBase::RecoverAttentionBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add(recoverAttention);
    patterns = std::make_shared<FrozenRewritePatternSet>(std::move(set));
    return success();
  }

  void runOnOperation() override {
    if (failed(applyUntilStable(getOperation(), *patterns)))
      return signalPassFailure();
  }

  std::shared_ptr<const FrozenRewritePatternSet> patterns;
};
} // namespace
