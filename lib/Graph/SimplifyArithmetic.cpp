//===- SimplifyArithmetic.cpp - Identities of arithmetic, and cheaper forms ---------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------------------------===//

/// Whether broadcasting `value` against `other` gives the shape of `other`.
static bool broadcastsInto(Value value, Value other) {
  ArrayRef<int64_t> from = tensorType(value).getShape(), to = tensorType(other).getShape();
  return from.size() <= to.size() &&
         llvm::all_of(llvm::zip_equal(from, to.take_back(from.size())), [](auto sizes) {
           return std::get<0>(sizes) == 1 || std::get<0>(sizes) == std::get<1>(sizes);
         });
}

/// (x + a) + b is x + (a + b) for constants; products alike. Integers wrap, so they agree exactly.
template <typename Op>
static LogicalResult mergeConstants(Op op, PatternRewriter &rewriter) {
  std::optional<WithConstant> outer = splitConstant(op);
  auto producer = outer ? outer->variable.template getDefiningOp<Op>() : Op();
  std::optional<WithConstant> inner = producer ? splitConstant(producer) : std::nullopt;
  if (!inner || followsFromConstants(outer->variable))
    return failure();
  if (!broadcastsInto(outer->constant, inner->constant) && !broadcastsInto(inner->constant, outer->constant))
    return failure();
  Value merged = Op::create(rewriter, op.getLoc(), inner->constant, outer->constant);
  rewriter.replaceOpWithNewOp<Op>(op, op.getType(), inner->variable, merged);
  return success();
}

/// x - a is x + -a.
static LogicalResult subtractConstant(SubOp op, PatternRewriter &rewriter) {
  if (!followsFromConstants(op.getRhs()) || followsFromConstants(op.getLhs()) || !isFloat(op.getRhs()))
    return failure();
  Value negative = NegOp::create(rewriter, op.getLoc(), op.getRhs());
  rewriter.replaceOpWithNewOp<AddOp>(op, op.getType(), op.getLhs(), negative);
  return success();
}

/// x / a is x * (1 / a), which differs by rounding of the reciprocal only.
static LogicalResult divideByConstant(DivOp op, PatternRewriter &rewriter) {
  if (!followsFromConstants(op.getRhs()) || followsFromConstants(op.getLhs()) || !isFloat(op.getRhs()))
    return failure();
  Value reciprocal = ReciprocalOp::create(rewriter, op.getLoc(), op.getRhs());
  rewriter.replaceOpWithNewOp<MulOp>(op, op.getType(), op.getLhs(), reciprocal);
  return success();
}

/// 1 / x
static LogicalResult divideOne(DivOp op, PatternRewriter &rewriter) {
  if (splatValue(op.getLhs()) != 1.0 || !isFloat(op.getRhs()) || op.getRhs().getType() != op.getType())
    return failure();
  rewriter.replaceOpWithNewOp<ReciprocalOp>(op, op.getType(), op.getRhs());
  return success();
}

/// x + 0 is x, but for the sign of a zero.
static LogicalResult addZero(AddOp op, PatternRewriter &rewriter) {
  for (unsigned i : {0u, 1u})
    if (splatValue(op->getOperand(i)) == 0.0 && op->getOperand(1 - i).getType() == op.getType()) {
      rewriter.replaceOp(op, op->getOperand(1 - i));
      return success();
    }
  return failure();
}

//===----------------------------------------------------------------------------------------===//
// Powers and roots
//===----------------------------------------------------------------------------------------===//

static LogicalResult powerOfConstant(PowOp op, PatternRewriter &rewriter) {
  std::optional<double> exponent = splatValue(op.getRhs());
  Value base = op.getLhs();
  if (!exponent || !isFloat(base) || base.getType() != op.getType())
    return failure();
  auto square = [&] { return MulOp::create(rewriter, op.getLoc(), op.getType(), base, base); };
  if (*exponent == 1.0)
    rewriter.replaceOp(op, base);
  else if (*exponent == 2.0)
    rewriter.replaceOp(op, square());
  else if (*exponent == 3.0)
    rewriter.replaceOpWithNewOp<MulOp>(op, op.getType(), square(), base);
  else if (*exponent == 0.5)
    rewriter.replaceOpWithNewOp<SqrtOp>(op, op.getType(), base);
  else if (*exponent == -0.5)
    rewriter.replaceOpWithNewOp<RsqrtOp>(op, op.getType(), base);
  else if (*exponent == -1.0)
    rewriter.replaceOpWithNewOp<ReciprocalOp>(op, op.getType(), base);
  else
    return failure();
  return success();
}

static LogicalResult reciprocalOfRoot(ReciprocalOp op, PatternRewriter &rewriter) {
  auto root = op.getInput().getDefiningOp<SqrtOp>();
  if (!root || !root->hasOneUse())
    return failure();
  rewriter.replaceOpWithNewOp<RsqrtOp>(op, op.getType(), root.getInput());
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Activations and normalization
//===----------------------------------------------------------------------------------------===//

/// max(x, 0)
static LogicalResult maxWithZero(MaxOp op, PatternRewriter &rewriter) {
  for (unsigned i : {0u, 1u})
    if (splatValue(op->getOperand(i)) == 0.0 && op->getOperand(1 - i).getType() == op.getType()) {
      rewriter.replaceOpWithNewOp<ReluOp>(op, op.getType(), op->getOperand(1 - i));
      return success();
    }
  return failure();
}

static LogicalResult mergeRelus(ReluOp op, PatternRewriter &rewriter) {
  if (!op.getInput().getDefiningOp<ReluOp>())
    return failure();
  rewriter.replaceOp(op, op.getInput());
  return success();
}

/// The statistics become a factor and a term per channel: x * a + b with a = scale / sqrt(variance + epsilon)
/// and b = bias - mean * a.
static LogicalResult decomposeBatchNorm(BatchNormOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  RankedTensorType type = op.getType();
  Type element = type.getElementType();
  // Half precision would not tell small variances apart.
  Type wide = element.isF64() ? element : Type(rewriter.getF32Type());
  auto widen = [&](Value value) -> Value {
    return tensorType(value).getElementType() == wide ? value : CastOp::create(rewriter, loc, value, wide);
  };
  auto narrow = [&](Value value) -> Value {
    return element == wide ? value : CastOp::create(rewriter, loc, value, element);
  };
  Value epsilon = createScalar(rewriter, loc, wide, op.getEpsilon().convertToDouble());
  Value deviation =
      SqrtOp::create(rewriter, loc, AddOp::create(rewriter, loc, widen(op.getVariance()), epsilon));
  Value factor = DivOp::create(rewriter, loc, widen(op.getScale()), deviation);
  Value shift = MulOp::create(rewriter, loc, widen(op.getMean()), factor);
  Value term = SubOp::create(rewriter, loc, widen(op.getBias()), shift);

  bool channelsLast = op.getLayout() == tenon::DataLayout::channels_last;
  SmallVector<int64_t> shape(channelsLast ? 1 : type.getRank() - 1, 1);
  shape.front() = tensorType(op.getScale()).getDimSize(0);
  factor = createReshape(rewriter, loc, narrow(factor), shape);
  term = createReshape(rewriter, loc, narrow(term), shape);
  Value scaled = MulOp::create(rewriter, loc, type, op.getInput(), factor);
  rewriter.replaceOpWithNewOp<AddOp>(op, type, scaled, term);
  return success();
}

void tenon::populateArithmeticSimplifications(RewritePatternSet &patterns) {
  patterns.add(mergeConstants<AddOp>);
  patterns.add(mergeConstants<MulOp>);
  patterns.add(subtractConstant);
  patterns.add(divideByConstant);
  patterns.add(divideOne);
  patterns.add(addZero);
  patterns.add(powerOfConstant);
  patterns.add(reciprocalOfRoot);
  patterns.add(maxWithZero);
  patterns.add(mergeRelus);
  patterns.add(decomposeBatchNorm);
}
