//===- RecoverPatterns.cpp - One op for what exporters spell out --------------------------------===//
//
// In: a function of tenon ops. Out: the same with normalizations, softmax and activations as the ops they
// are. A kernel of such an op reads its input once or twice; spelt out it would be several kernels,
// reductions being one each. It stands before the simplification, which moves constants out of the forms it
// knows, but finds them behind it, too.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"

#include <cmath>

namespace tenon {
#define GEN_PASS_DEF_RECOVERPATTERNS
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------------------------===//

/// Whether two numbers are the same constant, as exporters round it.
static bool isClose(double value, double expected) {
  return std::abs(value - expected) <= 1e-3 * std::abs(expected);
}

namespace {

/// A product taken apart: number * factor * factor * ...
struct Product {
  double number = 1.0;
  SmallVector<Value> factors;

  /// Removes one occurrence of `value` from the factors; false if there is none.
  bool take(Value value) {
    Value *found = llvm::find(factors, value);
    if (found == factors.end())
      return false;
    factors.erase(found);
    return true;
  }
};

} // namespace

static void collectFactors(Value value, Product &product, unsigned depth) {
  constexpr unsigned maxDepth = 6;
  if (std::optional<double> number = splatValue(value)) {
    product.number *= *number;
    return;
  }
  Operation *op = depth < maxDepth ? value.getDefiningOp() : nullptr;
  if (auto mul = dyn_cast_or_null<MulOp>(op)) {
    collectFactors(mul.getLhs(), product, depth + 1);
    collectFactors(mul.getRhs(), product, depth + 1);
    return;
  }
  std::optional<double> divisor, exponent;
  if (auto div = dyn_cast_or_null<DivOp>(op); div && (divisor = splatValue(div.getRhs())) && *divisor != 0) {
    product.number /= *divisor;
    collectFactors(div.getLhs(), product, depth + 1);
    return;
  }
  if (auto pow = dyn_cast_or_null<PowOp>(op);
      pow && (exponent = splatValue(pow.getRhs())) && (*exponent == 2.0 || *exponent == 3.0)) {
    for (int i = 0; i < static_cast<int>(*exponent); ++i)
      collectFactors(pow.getLhs(), product, depth + 1);
    return;
  }
  product.factors.push_back(value);
}

static Product takeApart(Value value) {
  Product product;
  collectFactors(value, product, 0);
  return product;
}

/// The x of x + c for a constant c of equal elements.
static std::optional<std::pair<Value, double>> matchAddNumber(Value value) {
  auto add = value.getDefiningOp<AddOp>();
  if (!add)
    return std::nullopt;
  for (unsigned i : {0u, 1u})
    if (std::optional<double> number = splatValue(add->getOperand(i)))
      return std::pair(add->getOperand(1 - i), *number);
  return std::nullopt;
}

/// The x of f(x) + 1.
template <typename Op>
static Value matchOnePlus(Value value) {
  auto sum = matchAddNumber(value);
  auto op = sum && sum->second == 1.0 ? sum->first.getDefiningOp<Op>() : Op();
  return op ? op.getInput() : Value();
}

/// The x of a reduction of x along `axes`, its dimensions kept.
static Value matchReduction(Value value, ReduceKind kind, SmallVectorImpl<int64_t> &axes) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != kind || !reduce.getKeepDims())
    return {};
  axes.assign(reduce.getAxes().begin(), reduce.getAxes().end());
  return reduce.getInput();
}

/// The first of the last dimensions that `axes` are, if they are just those.
static std::optional<int64_t> trailingAxis(ArrayRef<int64_t> axes, int64_t rank) {
  if (axes.empty() || axes.back() != rank - 1)
    return std::nullopt;
  for (size_t i = 1; i < axes.size(); ++i)
    if (axes[i] != axes[i - 1] + 1)
      return std::nullopt;
  return axes.front();
}

/// The y of 1 / y.
static Value matchReciprocal(Value value) {
  if (auto reciprocal = value.getDefiningOp<ReciprocalOp>())
    return reciprocal.getInput();
  auto div = value.getDefiningOp<DivOp>();
  return div && splatValue(div.getLhs()) == 1.0 && div.getRhs().getType() == div.getType() ? div.getRhs()
                                                                                           : Value();
}

namespace {
struct Quotient {
  Value dividend, divisor;
  /// Whether what divides is the root of the divisor.
  bool byRoot;
};
} // namespace

static Quotient makeQuotient(Value dividend, Value divisor) {
  if (auto root = divisor.getDefiningOp<SqrtOp>())
    return {dividend, root.getInput(), true};
  return {dividend, divisor, false};
}

/// x / y, x * (1 / y) or x * rsqrt(y).
static std::optional<Quotient> matchQuotient(Operation *op) {
  if (auto div = dyn_cast<DivOp>(op))
    return makeQuotient(div.getLhs(), div.getRhs());
  if (!isa<MulOp>(op))
    return std::nullopt;
  for (unsigned i : {0u, 1u}) {
    Value other = op->getOperand(1 - i);
    if (auto root = op->getOperand(i).getDefiningOp<RsqrtOp>())
      return Quotient{other, root.getInput(), true};
    if (Value divisor = matchReciprocal(op->getOperand(i)))
      return makeQuotient(other, divisor);
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------------------------===//

namespace {
/// A value over sqrt(mean(value²) + epsilon), the mean over the dimensions from `axis` on.
struct RootMeanSquare {
  Value value;
  int64_t axis;
  double epsilon;
};
} // namespace

static std::optional<RootMeanSquare> matchRootMeanSquare(Operation *op) {
  std::optional<Quotient> quotient = matchQuotient(op);
  if (!quotient || !quotient->byRoot)
    return std::nullopt;
  Value value = quotient->dividend, square = quotient->divisor;
  double epsilon = 0;
  if (auto sum = matchAddNumber(square)) {
    square = sum->first;
    epsilon = sum->second;
  }
  SmallVector<int64_t> axes;
  Value squared = matchReduction(square, ReduceKind::mean, axes);
  std::optional<int64_t> axis = trailingAxis(axes, tensorType(value).getRank());
  if (!squared || !axis || value.getType() != op->getResult(0).getType())
    return std::nullopt;
  Product product = takeApart(squared);
  if (product.number != 1.0 || !product.take(value) || !product.take(value) || !product.factors.empty())
    return std::nullopt;
  return RootMeanSquare{value, *axis, epsilon};
}

/// A root mean square of x - mean(x) normalizes x to mean 0, too.
static LogicalResult recoverNormalization(Operation *op, PatternRewriter &rewriter) {
  std::optional<RootMeanSquare> match = matchRootMeanSquare(op);
  if (!match)
    return failure();
  FloatAttr epsilon = rewriter.getF32FloatAttr(match->epsilon);
  IntegerAttr axis = rewriter.getI64IntegerAttr(match->axis);
  Type type = op->getResult(0).getType();
  if (auto centred = match->value.getDefiningOp<SubOp>(); centred && centred.getLhs().getType() == type) {
    SmallVector<int64_t> axes;
    if (matchReduction(centred.getRhs(), ReduceKind::mean, axes) == centred.getLhs() &&
        trailingAxis(axes, tensorType(centred).getRank()) == match->axis) {
      rewriter.replaceOpWithNewOp<LayerNormOp>(op, type, centred.getLhs(), /*scale=*/Value(),
                                               /*bias=*/Value(), axis, epsilon);
      return success();
    }
  }
  rewriter.replaceOpWithNewOp<RmsNormOp>(op, type, match->value, /*scale=*/Value(), axis, epsilon);
  return success();
}

/// Whether `value` has one element per element of a sample that is normalized from `axis` on, or fewer that
/// broadcast.
static bool isParameter(Value value, RankedTensorType input, int64_t axis) {
  ArrayRef<int64_t> shape = tensorType(value).getShape().drop_while([](int64_t size) { return size == 1; });
  ArrayRef<int64_t> sample = input.getShape().drop_front(axis);
  return tensorType(value).getRank() <= input.getRank() && shape.size() <= sample.size() &&
         tensorType(value).getElementType() == input.getElementType() && tensorType(value).hasStaticShape() &&
         llvm::all_of(llvm::zip_equal(shape, sample.take_back(shape.size())), [](auto sizes) {
           return std::get<0>(sizes) == 1 || std::get<0>(sizes) == std::get<1>(sizes);
         });
}

/// A product with a normalization that has no scale yet.
template <typename Op>
static LogicalResult recoverScale(MulOp op, PatternRewriter &rewriter) {
  for (unsigned i : {0u, 1u}) {
    auto norm = op->getOperand(i).getDefiningOp<Op>();
    Value scale = op->getOperand(1 - i);
    if (!norm || !norm->hasOneUse() || norm.getScale() || norm.getType() != op.getType() ||
        !isParameter(scale, op.getType(), norm.getAxis()))
      continue;
    if constexpr (std::is_same_v<Op, LayerNormOp>) {
      if (norm.getBias())
        continue;
      rewriter.replaceOpWithNewOp<Op>(op, op.getType(), norm.getInput(), scale, /*bias=*/Value(),
                                      norm.getAxisAttr(), norm.getEpsilonAttr());
    } else {
      rewriter.replaceOpWithNewOp<Op>(op, op.getType(), norm.getInput(), scale, norm.getAxisAttr(),
                                      norm.getEpsilonAttr());
    }
    return success();
  }
  return failure();
}

/// A sum with a layer normalization that has no bias yet.
static LogicalResult recoverBias(AddOp op, PatternRewriter &rewriter) {
  for (unsigned i : {0u, 1u}) {
    auto norm = op->getOperand(i).getDefiningOp<LayerNormOp>();
    Value bias = op->getOperand(1 - i);
    if (!norm || !norm->hasOneUse() || norm.getBias() || norm.getType() != op.getType() ||
        !isParameter(bias, op.getType(), norm.getAxis()))
      continue;
    rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), norm.getInput(), norm.getScale(), bias,
                                             norm.getAxisAttr(), norm.getEpsilonAttr());
    return success();
  }
  return failure();
}

/// exp(x) / sum(exp(x)), also of x - max(x).
static LogicalResult recoverSoftmax(Operation *op, PatternRewriter &rewriter) {
  std::optional<Quotient> quotient = matchQuotient(op);
  if (!quotient || quotient->byRoot)
    return failure();
  SmallVector<int64_t> axes;
  Value exponential = quotient->dividend;
  auto exp = exponential.getDefiningOp<ExpOp>();
  if (!exp || matchReduction(quotient->divisor, ReduceKind::sum, axes) != exponential || axes.size() != 1 ||
      exp.getType() != op->getResult(0).getType())
    return failure();
  Value input = exp.getInput();
  SmallVector<int64_t> maxAxes;
  if (auto shifted = input.getDefiningOp<SubOp>();
      shifted && matchReduction(shifted.getRhs(), ReduceKind::max, maxAxes) == shifted.getLhs() &&
      maxAxes == axes)
    input = shifted.getLhs();
  rewriter.replaceOpWithNewOp<SoftmaxOp>(op, exp.getType(), input, rewriter.getI64IntegerAttr(axes.front()));
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------------------------===//

/// Whether `value` is sqrt(2 / pi) (x + 0.044715 x³).
static bool isTanhArgument(Value value, Value x) {
  const double rootTwoOverPi = std::sqrt(2.0 / M_PI), cubeWeight = 0.044715;
  Product product = takeApart(value);
  if (!isClose(product.number, rootTwoOverPi))
    return false;
  // x (1 + 0.044715 x²)
  if (product.factors.size() == 2 && product.take(x)) {
    auto sum = matchAddNumber(product.factors.front());
    Product square = sum && sum->second == 1.0 ? takeApart(sum->first) : Product();
    return isClose(square.number, cubeWeight) && square.take(x) && square.take(x) && square.factors.empty();
  }
  auto sum = product.factors.size() == 1 ? product.factors.front().getDefiningOp<AddOp>() : AddOp();
  if (!sum)
    return false;
  for (unsigned i : {0u, 1u}) {
    Product cube = takeApart(sum->getOperand(i));
    if (sum->getOperand(1 - i) == x && isClose(cube.number, cubeWeight) && cube.take(x) && cube.take(x) &&
        cube.take(x) && cube.factors.empty())
      return true;
  }
  return false;
}

/// Whether the product is but a part of a larger one.
static bool isScaledAgain(MulOp op) {
  auto user = op->hasOneUse() ? dyn_cast<MulOp>(*op->user_begin()) : MulOp();
  return user && (splatValue(user.getLhs()) || splatValue(user.getRhs()));
}

/// 0.5 x (1 + erf(x / sqrt 2)), or 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))). Another number than 0.5,
/// where that has moved into weights, stays as a factor.
static LogicalResult recoverGelu(MulOp op, PatternRewriter &rewriter) {
  Product product = takeApart(op);
  if (product.factors.size() != 2 || !isFloat(op) || isScaledAgain(op))
    return failure();
  for (unsigned i : {0u, 1u}) {
    Value x = product.factors[i], gate = product.factors[1 - i];
    if (x.getType() != op.getType())
      continue;
    Value erfArgument = matchOnePlus<ErfOp>(gate), tanhArgument = matchOnePlus<TanhOp>(gate);
    bool isErf = false;
    if (erfArgument) {
      Product scaled = takeApart(erfArgument);
      isErf = isClose(scaled.number, M_SQRT1_2) && scaled.take(x) && scaled.factors.empty();
    }
    if (!isErf && !(tanhArgument && isTanhArgument(tanhArgument, x)))
      continue;
    Value gelu = GeluOp::create(rewriter, op.getLoc(), op.getType(), x, /*tanh_approximation=*/!isErf);
    if (!isClose(product.number, 0.5)) {
      Value rest = createScalar(rewriter, op.getLoc(), op.getType().getElementType(), product.number / 0.5);
      gelu = MulOp::create(rewriter, op.getLoc(), op.getType(), gelu, rest);
    }
    rewriter.replaceOp(op, gelu);
    return success();
  }
  return failure();
}

/// 1 / (1 + exp(-x))
template <typename Op>
static LogicalResult recoverSigmoid(Op op, PatternRewriter &rewriter) {
  Value divisor = isFloat(op.getResult()) ? matchReciprocal(op.getResult()) : Value();
  Value exponent = divisor ? matchOnePlus<ExpOp>(divisor) : Value();
  auto negative = exponent ? exponent.getDefiningOp<NegOp>() : NegOp();
  if (!negative || negative.getType() != op.getType())
    return failure();
  rewriter.replaceOpWithNewOp<SigmoidOp>(op, op.getType(), negative.getInput());
  return success();
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

namespace {

/// The forms that end with a quotient, however that is written.
template <typename Op>
struct RecoverQuotient : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isFloat(op.getResult()))
      return failure();
    return success(succeeded(recoverNormalization(op, rewriter)) || succeeded(recoverSoftmax(op, rewriter)));
  }
};

struct RecoverPatterns : tenon::impl::RecoverPatternsBase<RecoverPatterns> {
  using RecoverPatternsBase::RecoverPatternsBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    set.add<RecoverQuotient<DivOp>, RecoverQuotient<MulOp>>(context);
    set.add(recoverScale<LayerNormOp>);
    set.add(recoverScale<RmsNormOp>);
    set.add(recoverBias);
    set.add(recoverGelu);
    set.add(recoverSigmoid<DivOp>);
    set.add(recoverSigmoid<ReciprocalOp>);
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
