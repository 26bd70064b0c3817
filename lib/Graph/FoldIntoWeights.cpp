//===- FoldIntoWeights.cpp - Constant factors move into the weights of contractions -------------===//
//
// The new weights are ops on constants, which constant folding computes. A factor per output channel scales
// that channel's weights; what a normalization or an exporter put after a contraction then costs at most an
// addition.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace tenon;

/// Whether `factor` broadcasts to `rank` dimensions and differs along `channel` only.
static bool variesAlongOnly(Value factor, int64_t rank, int64_t channel) {
  ArrayRef<int64_t> shape = tensorType(factor).getShape();
  int64_t leading = rank - static_cast<int64_t>(shape.size());
  if (leading < 0)
    return false;
  for (auto [i, size] : llvm::enumerate(shape))
    if (size != 1 && leading + static_cast<int64_t>(i) != channel)
      return false;
  return true;
}

/// The weights times a factor per output, which is dimension `output` of the weights.
static Value scaleWeights(PatternRewriter &rewriter, Location loc, Value weights, Value factor,
                          int64_t output) {
  RankedTensorType type = tensorType(weights);
  SmallVector<int64_t> shape(type.getRank() - output, 1);
  shape.front() = tensorType(factor).getNumElements();
  return MulOp::create(rewriter, loc, type, weights, createReshape(rewriter, loc, factor, shape));
}

namespace {
/// What the foldings need to know of a contraction with constant weights.
struct Weighted {
  Operation *op = nullptr;
  /// The dimension of the weights, operand 1, that the outputs are.
  int64_t output = 0;
  /// The dimension of the result that the outputs are.
  int64_t channel = 0;
};
} // namespace

/// The contraction with constant floating point weights that computes `value`, if there is one.
static std::optional<Weighted> weightedContraction(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !isFloat(value))
    return std::nullopt;
  int64_t rank = tensorType(value).getRank();
  if (auto conv = dyn_cast<ConvOp>(op); conv && followsFromConstants(conv.getFilter())) {
    bool channelsLast = conv.getLayout() == tenon::DataLayout::channels_last;
    return Weighted{op, channelsLast ? rank - 1 : 0, channelsLast ? rank - 1 : 1};
  }
  auto matmul = dyn_cast<MatmulOp>(op);
  if (!matmul || rank == 0 || !followsFromConstants(matmul.getRhs()))
    return std::nullopt;
  int64_t weightRank = tensorType(matmul.getRhs()).getRank();
  if (weightRank < 2)
    return std::nullopt;
  return Weighted{op, matmul.getTransposeRhs() ? weightRank - 2 : weightRank - 1, rank - 1};
}

/// A contraction times a constant per output channel.
static LogicalResult foldFactorAfter(MulOp op, PatternRewriter &rewriter) {
  std::optional<WithConstant> split = splitConstant(op);
  std::optional<Weighted> weighted = split ? weightedContraction(split->variable) : std::nullopt;
  if (!weighted || !split->variable.hasOneUse() || split->variable.getType() != op.getType() ||
      !variesAlongOnly(split->constant, op.getType().getRank(), weighted->channel))
    return failure();
  Value weights =
      scaleWeights(rewriter, op.getLoc(), weighted->op->getOperand(1), split->constant, weighted->output);
  // The factor may be defined after the contraction, so that one moves here.
  Operation *scaled = rewriter.clone(*weighted->op);
  scaled->setOperand(1, weights);
  rewriter.replaceOp(op, scaled->getResults());
  return success();
}

/// (y + b) * c is y * c + b * c, where y can take up the factor.
static LogicalResult distributeFactor(MulOp op, PatternRewriter &rewriter) {
  std::optional<WithConstant> outer = splitConstant(op);
  auto sum = outer ? outer->variable.getDefiningOp<AddOp>() : AddOp();
  std::optional<WithConstant> inner = sum && sum->hasOneUse() ? splitConstant(sum) : std::nullopt;
  std::optional<Weighted> weighted = inner ? weightedContraction(inner->variable) : std::nullopt;
  if (!weighted || !inner->variable.hasOneUse() || inner->variable.getType() != op.getType() ||
      !variesAlongOnly(outer->constant, op.getType().getRank(), weighted->channel) ||
      !variesAlongOnly(inner->constant, op.getType().getRank(), weighted->channel))
    return failure();
  Value scaled = MulOp::create(rewriter, op.getLoc(), op.getType(), inner->variable, outer->constant);
  Value term = MulOp::create(rewriter, op.getLoc(), inner->constant, outer->constant);
  rewriter.replaceOpWithNewOp<AddOp>(op, op.getType(), scaled, term);
  return success();
}

/// A contraction of an input times a number.
template <typename Op>
static LogicalResult foldFactorBefore(Op op, PatternRewriter &rewriter) {
  std::optional<Weighted> weighted = weightedContraction(op.getResult());
  auto product = op->getOperand(0).template getDefiningOp<MulOp>();
  std::optional<WithConstant> split =
      weighted && product && product->hasOneUse() ? splitConstant(product) : std::nullopt;
  if (!split || !hasOneElement(split->constant) || split->variable.getType() != product.getType())
    return failure();
  Value factor = createReshape(rewriter, product.getLoc(), split->constant, {});
  Value weights =
      MulOp::create(rewriter, product.getLoc(), op->getOperand(1).getType(), op->getOperand(1), factor);
  rewriter.modifyOpInPlace(op, [&] { op->setOperands({split->variable, weights}); });
  return success();
}

/// Weights are stored the way they are read: [..., K, N].
static LogicalResult transposeWeights(MatmulOp op, PatternRewriter &rewriter) {
  if (!op.getTransposeRhs() || !followsFromConstants(op.getRhs()))
    return failure();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, tensorType(op.getRhs()).getRank()));
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  Value transposed = TransposeOp::create(rewriter, op.getLoc(), op.getRhs(), perm);
  rewriter.modifyOpInPlace(op, [&] {
    op.getRhsMutable().assign(transposed);
    op.setTransposeRhs(false);
  });
  return success();
}

void tenon::populateWeightFoldings(RewritePatternSet &patterns) {
  patterns.add(foldFactorAfter);
  patterns.add(distributeFactor);
  patterns.add(foldFactorBefore<ConvOp>);
  patterns.add(foldFactorBefore<MatmulOp>);
  patterns.add(transposeWeights);
}
