//===- Exponential.cpp - exp, exp2, expm1 ------------------------------------------------------===//
//
// x = n ln 2 + r with |r| <= ln 2 / 2, so exp(x) = 2^n exp(r). ln 2 is split in two, the first part so short
// that its product with n is exact. For f32 the polynomial of expm1 is that of Cephes, that of exp is fitted
// to a relative error of 3.2e-9 by weighted least squares with weights after Lawson, with one multiply-add
// less; for f64 both are the rational form of FreeBSD's msun.
//
//===----------------------------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

static constexpr double log2OfE = 1.44269504088896340736;

namespace {
/// x = n ln 2 + high - low, |high - low| <= ln 2 / 2. For f32 there is no low part.
struct Reduced {
  FloatEmitter::Integer n;
  Value high, low;
};
} // namespace

/// In the bits of n, `bias` is added to it.
static Reduced reduce(const FloatEmitter &emit, Value x, uint64_t bias = 0) {
  FloatEmitter::Integer n = emit.roundToInteger(x, log2OfE, bias);
  if (emit.isDouble()) {
    Value high = emit.fma(n.value, emit.constant(-6.93147180369123816490e-01), x);
    return {n, high, emit.mul(n.value, 1.90821492927058770002e-10)};
  }
  Value high = emit.fma(n.value, emit.constant(-0.693359375), x);
  return {n, emit.fma(n.value, emit.constant(2.12194440e-4), high), nullptr};
}

/// exp(high - low) - 1.
static Value emitReducedExpm1(const FloatEmitter &emit, Value high, Value low) {
  if (!emit.isDouble()) {
    Value tail = emit.polynomial(high, {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
                                        1.6666665459e-1, 5.0000001201e-1});
    return emit.fma(tail, emit.mul(high, high), high);
  }
  Value r = emit.sub(high, low);
  Value square = emit.mul(r, r);
  Value tail = emit.polynomial(square, {4.13813679705723846039e-08, -1.65339022054652515390e-06,
                                        6.61375632143793436117e-05, -2.77777777770155933842e-03,
                                        1.66666666666666019037e-01});
  Value c = emit.sub(r, emit.mul(square, tail));
  Value quotient = emit.div(emit.mul(r, c), emit.sub(emit.constant(2), c));
  return emit.sub(high, emit.sub(low, quotient));
}

/// value * 2^n, where 2^n alone may not be a normal number.
static Value scale(const FloatEmitter &emit, Value value, const FloatEmitter::Integer &n) {
  // Half of n: the bits above the integer's are those of a multiple of 2, and are shifted out of the
  // exponent.
  FloatEmitter::Integer half = emit.roundToInteger(n.value, 0.5);
  Value rest = emit.subBits(n.bits, half.bits);
  return emit.mul(emit.mul(value, emit.powerOfTwo(half.bits)), emit.powerOfTwo(rest));
}

/// exp(r), |r| <= ln 2 / 2, for f32.
static Value emitReducedExpF32(const FloatEmitter &emit, Value r) {
  return emit.polynomial(r, {0.0013823240296915174, 0.008368827402591705, 0.04166823998093605,
                             0.1666651964187622, 0.4999999403953552, 1, 1});
}

/// 1 ulp (f32; 1.2 without fused multiply-add), 1 ulp (f64).
Value tenon::emitExp(const FloatEmitter &emit, Value x) {
  if (emit.isDouble()) {
    x = emit.clamp(x, -750, 710);
    Reduced reduced = reduce(emit, x);
    Value result = emit.add(emitReducedExpm1(emit, reduced.high, reduced.low), 1);
    return scale(emit, result, reduced.n);
  }
  // Added to the exponent of exp(r), n may be 128, which is no power of two. What over- and underflow and nan
  // make of that is replaced.
  Reduced reduced = reduce(emit, x);
  Value result = emitReducedExpF32(emit, reduced.high);
  result =
      emit.fromBits(emit.addBits(emit.toBits(result), emit.shiftLeft(reduced.n.bits, emit.mantissaBits())));
  Value infinityOrNan = emit.add(x, emit.infinity());
  result = emit.select(emit.compare(Predicate::OLE, x, 88.722832), result, infinityOrNan);
  return emit.select(emit.compare(Predicate::OLT, x, -87.33654), emit.constant(0), result);
}

/// 1 ulp (f32; 1.2 without fused multiply-add), 1 ulp (f64).
Value tenon::emitExpOfNonpositive(const FloatEmitter &emit, Value x) {
  if (emit.isDouble())
    return emitExp(emit, x);
  // With a bias of 127, n is the exponent field of its power: 0, and with it the power, where n is -127. A
  // product keeps nan.
  Reduced reduced = reduce(emit, emit.atLeast(x, -88), emit.exponentBias());
  Value power = emit.fromBits(emit.shiftLeft(reduced.n.bits, emit.mantissaBits()));
  return emit.mul(emitReducedExpF32(emit, reduced.high), power);
}

/// 1.6 ulp (f64).
Value tenon::emitExp2(const FloatEmitter &emit, Value x) {
  x = emit.clamp(x, -1080, 1025);
  FloatEmitter::Integer n = emit.roundToInteger(x);
  Value r = emit.mul(emit.sub(x, n.value), 0.693147180559945309417);
  return scale(emit, emit.add(emitReducedExpm1(emit, r, emit.constant(0)), 1), n);
}

/// 2 ulp (f32, f64).
Value tenon::emitExpm1(const FloatEmitter &emit, Value x) {
  // 2^n (expm1(r) + 1) - 1, with the sums in the order that loses nothing while n is small.
  Value limited = emit.clamp(x, -50, 50);
  Reduced reduced = reduce(emit, limited);
  Value factor = emit.powerOfTwo(reduced.n.bits);
  Value inner = emitReducedExpm1(emit, reduced.high, reduced.low);
  Value small = emit.fma(factor, inner, emit.sub(factor, 1));
  Value result = emit.select(emit.compare(Predicate::UGT, x, 40), emitExp(emit, x), small);
  // Keeps the sign of zero, and numbers so small that their square vanishes.
  double tiny = emit.isDouble() ? 1e-17 : 1e-8;
  return emit.select(emit.compare(Predicate::OLT, emit.abs(x), tiny), x, result);
}
