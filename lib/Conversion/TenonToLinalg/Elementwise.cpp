//===- Elementwise.cpp - Elementwise ops to structured ops over the result ---------------------===//
//
// Each op becomes one parallel structured op; broadcasting is in the access maps. What an op computes is an
// overload of `compute`, on scalars in compute form (bool as i1, half precision as f32). Signedness is that
// of the op's own types.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

using FPred = arith::CmpFPredicate;
using IPred = arith::CmpIPredicate;

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

//===----------------------------------------------------------------------------------------===//
// One op of the math dialect
//===----------------------------------------------------------------------------------------===//

namespace {
template <typename TenonOp>
struct MathForm {};
#define TENON_MATH_FORM(TENON_OP, MATH_OP)                                                                   \
  template <>                                                                                                \
  struct MathForm<TENON_OP> {                                                                                \
    using type = MATH_OP;                                                                                    \
  };
TENON_MATH_FORM(ExpOp, math::ExpOp)
TENON_MATH_FORM(LogOp, math::LogOp)
TENON_MATH_FORM(SqrtOp, math::SqrtOp)
TENON_MATH_FORM(SinOp, math::SinOp)
TENON_MATH_FORM(CosOp, math::CosOp)
TENON_MATH_FORM(TanOp, math::TanOp)
TENON_MATH_FORM(AsinOp, math::AsinOp)
TENON_MATH_FORM(AcosOp, math::AcosOp)
TENON_MATH_FORM(AtanOp, math::AtanOp)
TENON_MATH_FORM(SinhOp, math::SinhOp)
TENON_MATH_FORM(CoshOp, math::CoshOp)
TENON_MATH_FORM(TanhOp, math::TanhOp)
TENON_MATH_FORM(AsinhOp, math::AsinhOp)
TENON_MATH_FORM(AcoshOp, math::AcoshOp)
TENON_MATH_FORM(AtanhOp, math::AtanhOp)
TENON_MATH_FORM(ErfOp, math::ErfOp)
TENON_MATH_FORM(FloorOp, math::FloorOp)
TENON_MATH_FORM(CeilOp, math::CeilOp)
TENON_MATH_FORM(RoundOp, math::RoundEvenOp)
#undef TENON_MATH_FORM
} // namespace

template <typename TenonOp, typename MathOp = typename MathForm<TenonOp>::type>
static Value compute(TenonOp, ScalarBuilder &b, ValueRange x) {
  return MathOp::create(b, x[0]);
}

//===----------------------------------------------------------------------------------------===//
// Unary ops
//===----------------------------------------------------------------------------------------===//

static Value compute(AbsOp op, ScalarBuilder &b, ValueRange x) {
  return isUnsignedElement(elementOf(op.getInput())) ? x[0] : b.abs(x[0]);
}

static Value compute(NegOp, ScalarBuilder &b, ValueRange x) { return b.neg(x[0]); }

static Value compute(SignOp op, ScalarBuilder &b, ValueRange x) {
  Type type = x[0].getType();
  Value zero = b.number(type, 0), one = b.number(type, 1);
  if (isFloat(x[0])) {
    // Neither comparison holds for zeros and nan, which stay.
    Value negative = b.select(b.compare(FPred::OLT, x[0], zero), b.number(type, -1), x[0]);
    return b.select(b.compare(FPred::OGT, x[0], zero), one, negative);
  }
  if (isUnsignedElement(elementOf(op.getInput())))
    return b.min(x[0], one, /*isUnsigned=*/true);
  return b.max(b.min(x[0], one, false), b.number(type, -1), false);
}

static Value reciprocal(ScalarBuilder &b, Value x) { return b.div(b.number(x.getType(), 1), x); }

static Value compute(RsqrtOp, ScalarBuilder &b, ValueRange x) { return reciprocal(b, b.sqrt(x[0])); }
static Value compute(ReciprocalOp, ScalarBuilder &b, ValueRange x) { return reciprocal(b, x[0]); }

// For large -x the exponential overflows to infinity, and the result is 0 as it should.
static Value compute(SigmoidOp, ScalarBuilder &b, ValueRange x) {
  return reciprocal(b, b.add(b.exp(b.neg(x[0])), b.number(x[0].getType(), 1)));
}

// max(x, 0) + log(1 + exp(-|x|)): the exponential is at most 1.
static Value compute(SoftplusOp, ScalarBuilder &b, ValueRange x) {
  Value tail = math::Log1pOp::create(b, b.expOfNonpositive(b.neg(b.abs(x[0]))));
  return b.add(b.max(x[0], b.number(x[0].getType(), 0), false), tail);
}

static Value compute(ReluOp op, ScalarBuilder &b, ValueRange x) {
  return b.max(x[0], b.number(x[0].getType(), 0), isUnsignedElement(elementOf(op.getInput())));
}

static Value compute(GeluOp op, ScalarBuilder &b, ValueRange x) {
  Type type = x[0].getType();
  Value one = b.number(type, 1), half = b.mul(x[0], b.number(type, 0.5));
  if (!op.getTanhApproximation()) {
    Value scaled = b.mul(x[0], b.number(type, std::sqrt(0.5)));
    return b.mul(half, b.add(math::ErfOp::create(b, scaled), one));
  }
  Value cube = b.mul(b.mul(x[0], x[0]), x[0]);
  Value inner = b.add(x[0], b.mul(cube, b.number(type, 0.044715)));
  Value scaled = b.mul(inner, b.number(type, std::sqrt(2 / M_PI)));
  return b.mul(half, b.add(math::TanhOp::create(b, scaled), one));
}

static Value invert(ScalarBuilder &b, Value x) {
  return arith::XOrIOp::create(b, x, b.integer(x.getType(), x.getType().isInteger(1) ? 1 : -1));
}

static Value compute(NotOp, ScalarBuilder &b, ValueRange x) { return invert(b, x[0]); }
static Value compute(BitwiseNotOp, ScalarBuilder &b, ValueRange x) { return invert(b, x[0]); }

static Value compute(IsNanOp, ScalarBuilder &b, ValueRange x) { return b.compare(FPred::UNO, x[0], x[0]); }

static Value compute(IsInfOp op, ScalarBuilder &b, ValueRange x) {
  Type type = x[0].getType();
  if (op.getDetectNegative() && op.getDetectPositive())
    return b.compare(FPred::OEQ, b.abs(x[0]), b.highest(type, false));
  if (op.getDetectNegative())
    return b.compare(FPred::OEQ, x[0], b.lowest(type, false));
  if (op.getDetectPositive())
    return b.compare(FPred::OEQ, x[0], b.highest(type, false));
  return b.integer(b.getI1Type(), 0);
}

//===----------------------------------------------------------------------------------------===//
// Binary ops
//===----------------------------------------------------------------------------------------===//

static Value compute(AddOp, ScalarBuilder &b, ValueRange x) { return b.add(x[0], x[1]); }
static Value compute(SubOp, ScalarBuilder &b, ValueRange x) { return b.sub(x[0], x[1]); }
static Value compute(MulOp, ScalarBuilder &b, ValueRange x) { return b.mul(x[0], x[1]); }

static Value compute(MaxOp op, ScalarBuilder &b, ValueRange x) {
  return b.max(x[0], x[1], isUnsignedElement(elementOf(op.getLhs())));
}

static Value compute(MinOp op, ScalarBuilder &b, ValueRange x) {
  return b.min(x[0], x[1], isUnsignedElement(elementOf(op.getLhs())));
}

/// The divisor with what the machine traps on replaced by 1: zero and, since the lowest value divided by it
/// overflows, minus one. ONNX leaves these quotients open; ending the host's process is no option.
static Value safeDivisor(ScalarBuilder &b, Value divisor, bool isUnsigned) {
  Type type = divisor.getType();
  Value traps = b.compare(IPred::eq, divisor, b.integer(type, 0));
  if (!isUnsigned)
    traps = arith::OrIOp::create(b, traps, b.compare(IPred::eq, divisor, b.integer(type, -1)));
  return b.select(traps, b.integer(type, 1), divisor);
}

/// Whether an integer constant needs no guard as a divisor.
static bool isSafeDivisor(Value operand) {
  auto splat = dyn_cast_or_null<IntegerAttr>(getSplat(operand));
  return splat && !splat.getValue().isZero() && !splat.getValue().isAllOnes();
}

static Value compute(DivOp op, ScalarBuilder &b, ValueRange x) {
  if (isFloat(x[0]))
    return b.div(x[0], x[1]);
  bool isUnsigned = isUnsignedElement(elementOf(op.getLhs()));
  auto divide = [&](Value divisor) -> Value {
    if (isUnsigned)
      return arith::DivUIOp::create(b, x[0], divisor);
    return arith::DivSIOp::create(b, x[0], divisor);
  };
  if (isSafeDivisor(op.getRhs()))
    return divide(x[1]);
  Value zero = b.integer(x[1].getType(), 0);
  Value quotient = divide(safeDivisor(b, x[1], isUnsigned));
  if (!isUnsigned)
    quotient = b.select(b.compare(IPred::eq, x[1], b.integer(x[1].getType(), -1)), b.neg(x[0]), quotient);
  return b.select(b.compare(IPred::eq, x[1], zero), zero, quotient);
}

/// A remainder of the dividend's sign, made one of the divisor's sign.
static Value floorRemainder(ScalarBuilder &b, Value remainder, Value divisor) {
  Value zero = b.number(divisor.getType(), 0), differ, nonzero;
  if (isFloat(remainder)) {
    differ = arith::XOrIOp::create(b, b.compare(FPred::OLT, remainder, zero),
                                   b.compare(FPred::OLT, divisor, zero));
    nonzero = b.compare(FPred::ONE, remainder, zero);
  } else {
    differ = b.compare(IPred::slt, arith::XOrIOp::create(b, remainder, divisor), zero);
    nonzero = b.compare(IPred::ne, remainder, zero);
  }
  return b.select(arith::AndIOp::create(b, differ, nonzero), b.add(remainder, divisor), remainder);
}

static Value compute(ModOp op, ScalarBuilder &b, ValueRange x) {
  bool isUnsigned = isUnsignedElement(elementOf(op.getLhs()));
  if (isFloat(x[0])) {
    Value remainder = arith::RemFOp::create(b, x[0], x[1]);
    return op.getTruncated() ? remainder : floorRemainder(b, remainder, x[1]);
  }
  Value divisor = isSafeDivisor(op.getRhs()) ? x[1] : safeDivisor(b, x[1], isUnsigned);
  if (isUnsigned)
    return arith::RemUIOp::create(b, x[0], divisor);
  Value remainder = arith::RemSIOp::create(b, x[0], divisor);
  return op.getTruncated() ? remainder : floorRemainder(b, remainder, divisor);
}

static Value compute(AndOp, ScalarBuilder &b, ValueRange x) { return arith::AndIOp::create(b, x[0], x[1]); }
static Value compute(OrOp, ScalarBuilder &b, ValueRange x) { return arith::OrIOp::create(b, x[0], x[1]); }
static Value compute(XorOp, ScalarBuilder &b, ValueRange x) { return arith::XOrIOp::create(b, x[0], x[1]); }
static Value compute(BitwiseAndOp, ScalarBuilder &b, ValueRange x) {
  return arith::AndIOp::create(b, x[0], x[1]);
}
static Value compute(BitwiseOrOp, ScalarBuilder &b, ValueRange x) {
  return arith::OrIOp::create(b, x[0], x[1]);
}
static Value compute(BitwiseXorOp, ScalarBuilder &b, ValueRange x) {
  return arith::XOrIOp::create(b, x[0], x[1]);
}

/// Shifts by the width and more, or by less than 0, are poison: they give 0 here.
template <typename ShiftOp>
static Value shift(ScalarBuilder &b, ValueRange x) {
  Type type = x[0].getType();
  Value fits = b.compare(IPred::ult, x[1], b.integer(type, type.getIntOrFloatBitWidth()));
  return b.select(fits, ShiftOp::create(b, x[0], x[1]), b.integer(type, 0));
}

static Value compute(ShiftLeftOp, ScalarBuilder &b, ValueRange x) { return shift<arith::ShLIOp>(b, x); }

static Value compute(ShiftRightOp op, ScalarBuilder &b, ValueRange x) {
  if (isUnsignedElement(elementOf(op.getLhs())))
    return shift<arith::ShRUIOp>(b, x);
  // By the width and more only the sign is left, as it is by one less.
  Type type = x[0].getType();
  int64_t width = type.getIntOrFloatBitWidth();
  Value fits = b.compare(IPred::ult, x[1], b.integer(type, width));
  return arith::ShRSIOp::create(b, x[0], b.select(fits, x[1], b.integer(type, width - 1)));
}

static Value compute(CompareOp op, ScalarBuilder &b, ValueRange x) {
  static constexpr FPred floats[] = {FPred::OEQ, FPred::UNE, FPred::OLT, FPred::OLE, FPred::OGT, FPred::OGE};
  static constexpr IPred signedInts[] = {IPred::eq,  IPred::ne,  IPred::slt,
                                         IPred::sle, IPred::sgt, IPred::sge};
  static constexpr IPred unsignedInts[] = {IPred::eq,  IPred::ne,  IPred::ult,
                                           IPred::ule, IPred::ugt, IPred::uge};
  auto predicate = static_cast<unsigned>(op.getPredicate());
  if (isFloat(x[0]))
    return b.compare(floats[predicate], x[0], x[1]);
  bool isUnsigned = isUnsignedElement(elementOf(op.getLhs()));
  return b.compare((isUnsigned ? unsignedInts : signedInts)[predicate], x[0], x[1]);
}

static Value compute(SelectOp, ScalarBuilder &b, ValueRange x) { return b.select(x[0], x[1], x[2]); }

//===----------------------------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------------------------===//

/// A float truncated to an integer type. Out of range the result wraps for narrow types, as the machine's
/// conversion to the next wider one does; with `saturate` it is the bound, and 0 for nan.
static Value floatToInt(ScalarBuilder &b, Value x, IntegerType to, bool isUnsigned, bool saturate) {
  if (saturate)
    return b.toIntSaturated(x, to, isUnsigned);
  bool isNarrow = to.getWidth() < 32;
  Type wide = isNarrow ? Type(b.getI32Type()) : Type(to);
  Value whole = isUnsigned && !isNarrow ? arith::FPToUIOp::create(b, wide, x).getResult()
                                        : arith::FPToSIOp::create(b, wide, x).getResult();
  return isNarrow ? arith::TruncIOp::create(b, to, whole).getResult() : whole;
}

/// An integer clamped to the range of a narrower or differently signed type.
static Value clampInt(ScalarBuilder &b, Value x, bool fromUnsigned, unsigned toWidth, bool toUnsigned) {
  unsigned width = x.getType().getIntOrFloatBitWidth(), wide = std::max(width, toWidth) + 1;
  APInt low = toUnsigned ? APInt::getZero(wide) : APInt::getSignedMinValue(toWidth).sext(wide);
  APInt high =
      toUnsigned ? APInt::getMaxValue(toWidth).zext(wide) : APInt::getSignedMaxValue(toWidth).zext(wide);
  APInt fromLow = fromUnsigned ? APInt::getZero(wide) : APInt::getSignedMinValue(width).sext(wide);
  APInt fromHigh =
      fromUnsigned ? APInt::getMaxValue(width).zext(wide) : APInt::getSignedMaxValue(width).zext(wide);
  if (low.sgt(fromLow))
    x = b.max(x, b.constantOf(IntegerAttr::get(x.getType(), low.trunc(width))), fromUnsigned);
  if (high.slt(fromHigh))
    x = b.min(x, b.constantOf(IntegerAttr::get(x.getType(), high.trunc(width))), fromUnsigned);
  return x;
}

static Value compute(CastOp op, ScalarBuilder &b, ValueRange operands) {
  Value x = operands[0];
  Type from = elementOf(op.getInput()), to = op.getTo(), computed = getComputeType(to);
  bool fromUnsigned = isUnsignedElement(from), toUnsigned = isUnsignedElement(to);
  if (to.isInteger(1)) {
    if (isFloat(x))
      return b.compare(FPred::UNE, x, b.number(x.getType(), 0));
    return from.isInteger(1) ? x : b.compare(IPred::ne, x, b.integer(x.getType(), 0));
  }
  if (isFloat(x)) {
    if (auto integer = dyn_cast<IntegerType>(computed))
      return floatToInt(b, x, integer, toUnsigned, op.getSaturate());
    if (x.getType() == computed)
      return x;
    if (x.getType().getIntOrFloatBitWidth() < computed.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(b, computed, x);
    // Straight to half precision: rounding twice would not be rounding.
    return arith::TruncFOp::create(b, to, x);
  }
  if (isa<FloatType>(computed))
    return b.toFloat(x, fromUnsigned, computed);
  unsigned width = x.getType().getIntOrFloatBitWidth(), toWidth = computed.getIntOrFloatBitWidth();
  if (op.getSaturate())
    x = clampInt(b, x, fromUnsigned, toWidth, toUnsigned);
  if (toWidth < width)
    return arith::TruncIOp::create(b, computed, x);
  return b.widen(x, from, computed);
}

//===----------------------------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------------------------===//

/// x to a constant power that needs no logarithm; null if it does.
static Value constantPower(ScalarBuilder &b, Value x, double exponent) {
  if (exponent == 0)
    return b.number(x.getType(), 1);
  if (exponent == 1)
    return x;
  if (exponent == 2)
    return b.mul(x, x);
  if (exponent == 3)
    return b.mul(b.mul(x, x), x);
  if (exponent == 4) {
    Value square = b.mul(x, x);
    return b.mul(square, square);
  }
  if (!isFloat(x))
    return {};
  if (exponent == 0.5)
    return b.sqrt(x);
  if (exponent == -0.5)
    return reciprocal(b, b.sqrt(x));
  if (exponent == -1)
    return reciprocal(b, x);
  if (exponent == -2)
    return reciprocal(b, b.mul(x, x));
  return {};
}

/// An integer to an integer power by repeated squaring, without a loop. An exponent beyond the width
/// overflows but for the bases 0, 1 and -1, to which only its parity matters.
static Value integerPower(ScalarBuilder &b, Value x, Value exponent, bool isUnsigned, bool exponentUnsigned) {
  Type type = x.getType(), exponentType = exponent.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  Value zero = b.integer(type, 0), one = b.integer(type, 1), parity = b.integer(exponentType, 1);
  Value isOdd = b.compare(IPred::ne, arith::AndIOp::create(b, exponent, parity), b.integer(exponentType, 0));
  int64_t most = width - 1; // odd
  Value beyond =
      b.compare(exponentUnsigned ? IPred::ugt : IPred::sgt, exponent, b.integer(exponentType, most));
  Value bounded = b.select(isOdd, b.integer(exponentType, most), b.integer(exponentType, most - 1));
  bounded = b.select(beyond, bounded, exponent);
  Value result = one, square = x;
  for (unsigned bit = 0; (1u << bit) < width; ++bit) {
    Value mask = arith::AndIOp::create(b, bounded, b.integer(exponentType, int64_t(1) << bit));
    Value isSet = b.compare(IPred::ne, mask, b.integer(exponentType, 0));
    result = b.select(isSet, b.mul(result, square), result);
    square = b.mul(square, square);
  }
  if (exponentUnsigned)
    return result;
  // A negative power is 1 / x^n truncated: 1 for 1, 1 or -1 for -1, and otherwise 0.
  Value inverse = b.select(b.compare(IPred::eq, x, one), one, zero);
  if (!isUnsigned) {
    Value minusOne = b.integer(type, -1);
    inverse = b.select(b.compare(IPred::eq, x, minusOne), b.select(isOdd, minusOne, one), inverse);
  }
  return b.select(b.compare(IPred::slt, exponent, b.integer(exponentType, 0)), inverse, result);
}

static Value compute(PowOp op, ScalarBuilder &b, ValueRange x) {
  Type baseElement = elementOf(op.getLhs()), exponentElement = elementOf(op.getRhs());
  bool baseUnsigned = isUnsignedElement(baseElement), exponentUnsigned = isUnsignedElement(exponentElement);
  TypedAttr splat = getSplat(op.getRhs());
  std::optional<double> constant;
  if (auto number = dyn_cast_or_null<FloatAttr>(splat))
    constant = number.getValueAsDouble();
  else if (auto integer = dyn_cast_or_null<IntegerAttr>(splat))
    constant = exponentUnsigned ? integer.getValue().getZExtValue() : integer.getValue().getSExtValue();
  if (constant)
    if (Value power = constantPower(b, x[0], *constant))
      return power;
  if (!isFloat(x[0]) && !isFloat(x[1]))
    return integerPower(b, x[0], x[1], baseUnsigned, exponentUnsigned);
  bool isDouble = x[0].getType().isF64() || x[1].getType().isF64() || !isFloat(x[0]);
  Type type = isDouble ? b.getF64Type() : b.getF32Type();
  Value power =
      math::PowFOp::create(b, b.toFloat(x[0], baseUnsigned, type), b.toFloat(x[1], exponentUnsigned, type));
  if (isFloat(x[0]))
    return power.getType() == x[0].getType() ? power
                                             : arith::TruncFOp::create(b, x[0].getType(), power).getResult();
  return floatToInt(b, power, cast<IntegerType>(x[0].getType()), baseUnsigned, /*saturate=*/true);
}

//===----------------------------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------------------------===//

namespace {
template <typename TenonOp>
struct ElementwiseLowering : OpConversionPattern<TenonOp> {
  using OpConversionPattern<TenonOp>::OpConversionPattern;

  LogicalResult matchAndRewrite(TenonOp op, typename TenonOp::Adaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder builder(rewriter, op);
    RankedTensorType type = tensorType(op.getResult());
    SmallVector<Input> inputs;
    for (auto [original, converted] : llvm::zip_equal(op->getOperands(), adaptor.getOperands()))
      inputs.push_back(builder.broadcast(original, converted, type));
    return builder.replace(builder.parallel(
        type, inputs, [&](ScalarBuilder &b, ValueRange x) -> Value { return compute(op, b, x); }));
  }
};
} // namespace

template <typename... Ops>
static void addElementwise(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ElementwiseLowering<Ops>...>(converter, patterns.getContext());
}

void tenon::populateElementwisePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  addElementwise<AbsOp, NegOp, SignOp, ExpOp, LogOp, SqrtOp, RsqrtOp, ReciprocalOp, SinOp, CosOp, TanOp,
                 AsinOp, AcosOp, AtanOp, SinhOp, CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp, ErfOp, SigmoidOp,
                 SoftplusOp, ReluOp, FloorOp, CeilOp, RoundOp, NotOp, BitwiseNotOp, GeluOp, IsNanOp, IsInfOp>(
      converter, patterns);
  addElementwise<AddOp, SubOp, MulOp, DivOp, MaxOp, MinOp, PowOp, ModOp, AndOp, OrOp, XorOp, BitwiseAndOp,
                 BitwiseOrOp, BitwiseXorOp, ShiftLeftOp, ShiftRightOp, CompareOp, SelectOp, CastOp>(converter,
                                                                                                    patterns);
}
