//===- Trigonometric.cpp - sin, cos, tan and their inverses, f64 -------------------------------===//
//
// sin and cos: x = n pi/2 + r, |r| <= pi/4, with pi/2 in three parts of which the first's product with n is
// exact for n below 2^20; the quadrant n mod 4 picks the function and the sign. Kernels are those of
// FreeBSD's msun, the arctangent's rational function that of Cephes.
//
//===----------------------------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

namespace {
/// x = quadrant pi/2 + high + low.
struct Angle {
  Value quadrant; ///< As bits, of which the lowest two count.
  Value high, low;
};
} // namespace

static Angle reduceAngle(const FloatEmitter &emit, Value x) {
  // Infinities have no angle: inf - inf makes them nan below.
  FloatEmitter::Integer n = emit.roundToInteger(x, 0.636619772367581343076);
  Value first = emit.sub(x, emit.mul(n.value, 1.57079632673412561417e+00));
  Value middle = emit.mul(n.value, 6.07710050630396597660e-11);
  Value second = emit.sub(first, middle);
  Value rounding = emit.sub(emit.sub(first, second), middle);
  Value tail = emit.sub(emit.mul(n.value, 2.02226624879595063154e-21), rounding);
  Value high = emit.sub(second, tail);
  return {n.bits, high, emit.sub(emit.sub(second, high), tail)};
}

static Value emitSinKernel(const FloatEmitter &emit, const Angle &angle) {
  auto [quadrant, x, tail] = angle;
  Value z = emit.mul(x, x), cube = emit.mul(z, x);
  Value series =
      emit.polynomial(z, {1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
                          -1.98412698298579493134e-04, 8.33333333332248946124e-03});
  Value inner = emit.sub(emit.mul(z, emit.sub(emit.mul(tail, 0.5), emit.mul(cube, series))), tail);
  return emit.sub(x, emit.sub(inner, emit.mul(cube, -1.66666666666666324348e-01)));
}

static Value emitCosKernel(const FloatEmitter &emit, const Angle &angle) {
  auto [quadrant, x, tail] = angle;
  Value z = emit.mul(x, x);
  Value series = emit.polynomial(z, {-1.13596475577881948265e-11, 2.08757232129817482790e-09,
                                     -2.75573143513906633035e-07, 2.48015872894767294178e-05,
                                     -1.38888888888741095749e-03, 4.16666666666666019037e-02});
  Value half = emit.mul(z, 0.5);
  Value w = emit.sub(emit.constant(1), half);
  Value lost = emit.sub(emit.sub(emit.constant(1), w), half);
  Value rest = emit.sub(emit.mul(z, emit.mul(z, series)), emit.mul(x, tail));
  return emit.add(w, emit.add(lost, rest));
}

/// sin(x + shift pi/2).
static Value emitShiftedSin(const FloatEmitter &emit, Value x, uint64_t shift) {
  Angle angle = reduceAngle(emit, x);
  Value quadrant = shift ? emit.addBits(angle.quadrant, shift) : angle.quadrant;
  Value isEven = emit.equalBits(emit.andBits(quadrant, 1), 0);
  Value magnitude = emit.select(isEven, emitSinKernel(emit, angle), emitCosKernel(emit, angle));
  // Quadrants 2 and 3 are negative: their second bit becomes the sign.
  Value sign = emit.shiftLeft(emit.andBits(quadrant, 2), 62);
  return emit.fromBits(emit.xorBits(emit.toBits(magnitude), sign));
}

/// 0.8 ulp.
Value tenon::emitSin(const FloatEmitter &emit, Value x) { return emitShiftedSin(emit, x, 0); }

/// 0.8 ulp.
Value tenon::emitCos(const FloatEmitter &emit, Value x) { return emitShiftedSin(emit, x, 1); }

/// 2 ulp.
Value tenon::emitTan(const FloatEmitter &emit, Value x) {
  Angle angle = reduceAngle(emit, x);
  Value sin = emitSinKernel(emit, angle), cos = emitCosKernel(emit, angle);
  Value isEven = emit.equalBits(emit.andBits(angle.quadrant, 1), 0);
  return emit.div(emit.select(isEven, sin, emit.neg(cos)), emit.select(isEven, cos, sin));
}

/// The arctangent of numerator / denominator, both not negative; infinities and 0 / 0 are the caller's.
static Value emitArcTangent(const FloatEmitter &emit, Value ratio) {
  // Three ranges: around 0, around 1 as pi/4 + atan((x - 1) / (x + 1)), the rest as pi/2 + atan(-1 / x).
  Value isLarge = emit.compare(Predicate::OGT, ratio, 2.41421356237309504880);
  Value isMiddle = emit.compare(Predicate::OGT, ratio, 0.66);
  Value one = emit.constant(1);
  Value numerator = emit.select(isLarge, emit.constant(-1), emit.select(isMiddle, emit.sub(ratio, 1), ratio));
  Value denominator = emit.select(isLarge, ratio, emit.select(isMiddle, emit.add(ratio, 1), one));
  Value base = emit.select(isLarge, emit.constant(1.57079632679489661923),
                           emit.select(isMiddle, emit.constant(0.785398163397448309616), emit.constant(0)));
  constexpr double lowBits = 6.123233995736765886130e-17;
  Value baseLow = emit.select(isLarge, emit.constant(lowBits),
                              emit.select(isMiddle, emit.constant(0.5 * lowBits), emit.constant(0)));
  Value x = emit.div(numerator, denominator);
  Value z = emit.mul(x, x);
  Value p =
      emit.polynomial(z, {-8.750608600031904122785e-1, -1.615753718733365076637e1, -7.500855792314704667340e1,
                          -1.228866684490136173410e2, -6.485021904942025371773e1});
  Value q =
      emit.polynomial(z, {1, 2.485846490142306297962e1, 1.650270098316988542046e2, 4.328810604912902668951e2,
                          4.853903996359136964868e2, 1.945506571482613964425e2});
  Value series = emit.mul(emit.mul(z, emit.div(p, q)), x);
  return emit.add(base, emit.add(emit.add(series, baseLow), x));
}

/// 1 ulp.
Value tenon::emitAtan(const FloatEmitter &emit, Value x) {
  return emit.copySign(emitArcTangent(emit, emit.abs(x)), x);
}

/// 3 ulp.
Value tenon::emitAsin(const FloatEmitter &emit, Value x) {
  Value one = emit.constant(1);
  Value opposite = emit.sqrt(emit.mul(emit.sub(one, x), emit.add(one, x)));
  return emitAtan(emit, emit.div(x, opposite));
}

/// 3 ulp.
Value tenon::emitAcos(const FloatEmitter &emit, Value x) {
  Value one = emit.constant(1);
  Value ratio = emit.div(emit.sub(one, x), emit.add(one, x));
  return emit.mul(emitArcTangent(emit, emit.sqrt(ratio)), 2);
}

/// 2 ulp.
Value tenon::emitAtan2(const FloatEmitter &emit, Value y, Value x) {
  Value rise = emit.abs(y), run = emit.abs(x);
  Value bothInfinite = emit.bothOf(emit.compare(Predicate::OEQ, rise, emit.infinity()),
                                   emit.compare(Predicate::OEQ, run, emit.infinity()));
  Value ratio = emit.select(bothInfinite, emit.constant(1), emit.div(rise, run));
  ratio = emit.select(emit.compare(Predicate::OEQ, rise, 0),
                      emit.select(emit.compare(Predicate::ORD, run, run), rise, run), ratio);
  Value angle = emitArcTangent(emit, ratio);
  // The sign of x tells the left half plane, that of -0 too.
  Value isLeft = emit.compare(Predicate::OLT, emit.copySign(emit.constant(1), x), 0);
  Value mirrored =
      emit.add(emit.sub(emit.constant(3.14159265358979311600), angle), 1.2246467991473532072e-16);
  return emit.copySign(emit.select(isLeft, mirrored, angle), y);
}
