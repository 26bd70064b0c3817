//===- Logarithm.cpp - log, log1p, log2, log10, and the powers computed from them --------------===//
//
// x = 2^k m with m in [sqrt(1/2), sqrt(2)), so log(x) = k ln 2 + log(m). The polynomials for log(m) are those
// of Cephes (f32) and FreeBSD's msun (f64).
//
//===----------------------------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

namespace {
/// x = 2^exponent * (1 + fraction).
struct Decomposed {
  Value exponent, fraction;
};
} // namespace

/// Takes a positive finite number apart, subnormals included.
static Decomposed decompose(const FloatEmitter &emit, Value x) {
  bool isDouble = emit.isDouble();
  double smallestNormal = isDouble ? 0x1p-1022 : 0x1p-126;
  double lift = isDouble ? 54 : 25;
  Value isSubnormal = emit.compare(Predicate::OLT, x, smallestNormal);
  Value lifted = emit.select(isSubnormal, emit.mul(x, std::ldexp(1.0, int(lift))), x);
  Value correction = emit.select(isSubnormal, emit.constant(lift), emit.constant(0));

  uint64_t one = isDouble ? 0x3ff0000000000000 : 0x3f800000;
  uint64_t sqrtHalf = isDouble ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  Value shifted = emit.addBits(emit.toBits(lifted), one - sqrtHalf);
  Value biased = emit.shiftRight(shifted, emit.mantissaBits());
  Value mantissa = emit.andBits(shifted, (uint64_t(1) << emit.mantissaBits()) - 1);
  Value m = emit.fromBits(emit.addBits(mantissa, sqrtHalf));
  // The integer as a float without a conversion instruction: as the mantissa of 2^52 (2^23).
  uint64_t offsetBits = isDouble ? 0x4330000000000000 : 0x4b000000;
  double offset = std::ldexp(1.0, int(emit.mantissaBits())) + double(emit.exponentBias());
  Value exponent = emit.sub(emit.fromBits(emit.orBits(biased, offsetBits)), offset);
  return {emit.sub(exponent, correction), emit.sub(m, 1)};
}

/// `result` for positive finite x; the limits and nan elsewhere.
static Value withSpecialValues(const FloatEmitter &emit, Value x, Value result) {
  Value special = emit.select(emit.compare(Predicate::OEQ, x, 0), emit.neg(emit.infinity()), emit.nan());
  special = emit.select(emit.compare(Predicate::OEQ, x, emit.infinity()), x, special);
  Value isOrdinary =
      emit.bothOf(emit.compare(Predicate::OGT, x, 0), emit.compare(Predicate::OLT, x, emit.infinity()));
  return emit.select(isOrdinary, result, special);
}

/// log(2^k (1 + f)), for f64.
static Value emitLogOfParts(const FloatEmitter &emit, Value k, Value f) {
  Value s = emit.div(f, emit.add(f, 2));
  Value z = emit.mul(s, s);
  Value series =
      emit.polynomial(z, {1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                          2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                          6.666666666666735130e-01});
  Value halfSquare = emit.mul(emit.mul(f, f), 0.5);
  Value inner = emit.mul(s, emit.add(halfSquare, emit.mul(z, series)));
  inner = emit.add(inner, emit.mul(k, 1.90821492927058770002e-10));
  Value rest = emit.sub(emit.sub(halfSquare, inner), f);
  return emit.sub(emit.mul(k, 6.93147180369123816490e-01), rest);
}

/// log(2^k (1 + f)), for f32.
static Value emitLogOfPartsF32(const FloatEmitter &emit, Value k, Value f) {
  Value square = emit.mul(f, f);
  Value tail = emit.polynomial(f, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
                                   1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
                                   3.3333331174e-1});
  Value result = emit.mul(emit.mul(tail, f), square);
  result = emit.fma(k, emit.constant(-2.12194440e-4), result);
  result = emit.fma(square, emit.constant(-0.5), result);
  return emit.fma(k, emit.constant(0.693359375), emit.add(f, result));
}

/// 0.9 ulp (f32), 0.9 ulp (f64).
Value tenon::emitLog(const FloatEmitter &emit, Value x) {
  auto [k, f] = decompose(emit, x);
  Value result = emit.isDouble() ? emitLogOfParts(emit, k, f) : emitLogOfPartsF32(emit, k, f);
  return withSpecialValues(emit, x, result);
}

/// 2 ulp (f32, f64).
Value tenon::emitLog1p(const FloatEmitter &emit, Value x) {
  // log(1 + x) = log(u) + what rounding 1 + x to u lost, relative to u.
  Value u = emit.add(x, 1);
  Value lost = emit.sub(x, emit.sub(u, 1));
  Value result = emit.add(emitLog(emit, u), emit.div(lost, u));
  // Beyond 2^60 nothing is lost, and at infinity, -1 and below the correction is nan.
  Value isLarge = emit.compare(Predicate::UGT, emit.abs(x), 0x1p60);
  result = emit.select(isLarge, emitLog(emit, x), result);
  result = emit.select(emit.compare(Predicate::OEQ, x, -1), emit.neg(emit.infinity()), result);
  // Keeps the sign of zero.
  return emit.select(emit.compare(Predicate::OEQ, x, 0), x, result);
}

/// 1.5 ulp (f64).
Value tenon::emitLog2(const FloatEmitter &emit, Value x) {
  auto [k, f] = decompose(emit, x);
  Value fractional = emit.mul(emitLogOfParts(emit, emit.constant(0), f), 1.44269504088896340736);
  return withSpecialValues(emit, x, emit.add(fractional, k));
}

/// 2 ulp (f64).
Value tenon::emitLog10(const FloatEmitter &emit, Value x) {
  auto [k, f] = decompose(emit, x);
  Value fractional = emit.mul(emitLogOfParts(emit, emit.constant(0), f), 0.434294481903251827651);
  return withSpecialValues(emit, x, emit.fma(k, emit.constant(0.301029995663981195214), fractional));
}

/// 1 ulp (f64).
Value tenon::emitCbrt(const FloatEmitter &emit, Value x) {
  Value magnitude = emit.abs(x);
  Value estimate = emitExp(emit, emit.div(emitLog(emit, magnitude), emit.constant(3)));
  // One step of Newton's method brings the estimate's hundred ulp down to the last one.
  Value square = emit.mul(estimate, estimate);
  Value residual = emit.sub(estimate, emit.div(magnitude, square));
  Value root = emit.sub(estimate, emit.div(residual, emit.constant(3)));
  Value isOrdinary = emit.bothOf(emit.compare(Predicate::OGT, magnitude, 0),
                                 emit.compare(Predicate::OLT, magnitude, emit.infinity()));
  return emit.select(isOrdinary, emit.copySign(root, x), x);
}

/// 0.6 ulp of f32.
Value tenon::emitPowForF32(const FloatEmitter &emit, Value x, Value y) {
  Value magnitude = emit.abs(x);
  Value result = emitExp(emit, emit.mul(y, emitLog(emit, magnitude)));
  // The sign of a negative base survives odd exponents; other than integers it has no power.
  Value isInteger = emit.compare(Predicate::OEQ, emit.floor(y), y);
  Value halved = emit.mul(y, 0.5);
  Value isOdd = emit.bothOf(isInteger, emit.compare(Predicate::ONE, emit.floor(halved), halved));
  Value negativeOrNan = emit.select(isOdd, emit.copySign(result, x), result);
  Value hasNoPower =
      emit.bothOf(emit.compare(Predicate::OLT, x, 0), emit.compare(Predicate::ONE, emit.floor(y), y));
  hasNoPower = emit.bothOf(hasNoPower, emit.compare(Predicate::OGT, magnitude, 0));
  result = emit.select(hasNoPower, emit.nan(), negativeOrNan);
  // An infinite base has a power of any exponent.
  Value infinitePower = emit.select(emit.compare(Predicate::OGT, y, 0), emit.infinity(), emit.constant(0));
  infinitePower = emit.select(isOdd, emit.copySign(infinitePower, x), infinitePower);
  Value isInfinite = emit.bothOf(emit.compare(Predicate::OEQ, magnitude, emit.infinity()),
                                 emit.compare(Predicate::ORD, y, y));
  result = emit.select(isInfinite, infinitePower, result);
  // 1 to any power, -1 to an infinite one, and anything to the power 0 are 1, be the other nan.
  Value one = emit.constant(1);
  Value exponentIsInfinite = emit.compare(Predicate::OEQ, emit.abs(y), emit.infinity());
  Value baseIsUnit = emit.compare(Predicate::OEQ, magnitude, one);
  result = emit.select(emit.bothOf(exponentIsInfinite, baseIsUnit), one, result);
  result = emit.select(emit.compare(Predicate::OEQ, x, one), one, result);
  return emit.select(emit.compare(Predicate::OEQ, y, 0), one, result);
}
