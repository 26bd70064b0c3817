//===- Hyperbolic.cpp - tanh, sinh, cosh and their inverses ------------------------------------===//
//
// tanh(x) / x in f32 is a quotient of polynomials in x^2, fitted to a relative error of 1.4e-9 by weighted
// least squares with weights after Lawson. The rest goes back to exp and log.
//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

/// 5 ulp (f32; 6.1 without fused multiply-add), 2.5 ulp (f64).
Value tenon::emitTanh(const FloatEmitter &emit, Value x) {
  if (emit.isDouble()) {
    Value t = emitExpm1(emit, emit.mul(emit.abs(x), -2));
    return emit.copySign(emit.div(emit.neg(t), emit.add(t, 2)), x);
  }
  // Beyond, 1 is nearest.
  x = emit.clamp(x, -9.02, 9.02);
  Value square = emit.mul(x, x);
  Value numerator =
      emit.polynomial(square, {-1.2201470716319814e-11, 3.0582574421141095e-08, 2.8006541642678516e-05,
                               3.8682857996032625e-03, 0.13679882630473478, 0.9999999987308087});
  Value denominator = emit.polynomial(
      square, {1.2872991201306262e-06, 3.9385545348577815e-04, 0.0272456886043463, 0.4701321471155832, 1});
  return emit.clamp(emit.div(emit.mul(x, numerator), denominator), -1, 1);
}

/// exp(|x|) / 2 where exp(|x|) may overflow.
static Value emitHalfExp(const FloatEmitter &emit, Value magnitude) {
  Value root = emitExp(emit, emit.mul(magnitude, 0.5));
  return emit.mul(emit.mul(root, 0.5), root);
}

/// 3 ulp (f64).
Value tenon::emitSinh(const FloatEmitter &emit, Value x) {
  Value magnitude = emit.abs(x);
  Value t = emitExpm1(emit, emit.clamp(magnitude, 0, 25));
  Value small = emit.mul(emit.add(t, emit.div(t, emit.add(t, 1))), 0.5);
  Value isLarge = emit.compare(Predicate::OGT, magnitude, 22);
  return emit.copySign(emit.select(isLarge, emitHalfExp(emit, magnitude), small), x);
}

/// 2 ulp (f64).
Value tenon::emitCosh(const FloatEmitter &emit, Value x) {
  Value magnitude = emit.abs(x);
  Value t = emitExp(emit, emit.clamp(magnitude, 0, 25));
  Value small = emit.add(emit.mul(t, 0.5), emit.div(emit.constant(0.5), t));
  return emit.select(emit.compare(Predicate::OGT, magnitude, 22), emitHalfExp(emit, magnitude), small);
}

/// log(2 magnitude): what the inverses are for large arguments, whose square overflows.
static Value emitLogOfDouble(const FloatEmitter &emit, Value magnitude) {
  return emit.add(emitLog(emit, magnitude), 0.693147180559945309417);
}

/// 3 ulp (f64).
Value tenon::emitAsinh(const FloatEmitter &emit, Value x) {
  Value magnitude = emit.abs(x);
  Value square = emit.mul(magnitude, magnitude);
  Value quotient = emit.div(square, emit.add(emit.sqrt(emit.add(square, 1)), 1));
  Value small = emitLog1p(emit, emit.add(magnitude, quotient));
  Value isLarge = emit.compare(Predicate::OGT, magnitude, 0x1p28);
  return emit.copySign(emit.select(isLarge, emitLogOfDouble(emit, magnitude), small), x);
}

/// 3 ulp (f64).
Value tenon::emitAcosh(const FloatEmitter &emit, Value x) {
  Value t = emit.sub(x, 1);
  Value root = emit.sqrt(emit.add(emit.mul(t, 2), emit.mul(t, t)));
  Value small = emitLog1p(emit, emit.add(t, root));
  Value result = emit.select(emit.compare(Predicate::OGT, x, 0x1p28), emitLogOfDouble(emit, x), small);
  return emit.select(emit.compare(Predicate::OGE, x, 1), result, emit.nan());
}

/// 3 ulp (f64).
Value tenon::emitAtanh(const FloatEmitter &emit, Value x) {
  Value magnitude = emit.abs(x);
  Value ratio = emit.div(emit.mul(magnitude, 2), emit.sub(emit.constant(1), magnitude));
  return emit.copySign(emit.mul(emitLog1p(emit, ratio), 0.5), x);
}
