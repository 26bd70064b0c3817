//===- Hyperbolic.cpp - tanh, sinh, cosh and their inverses ------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

/// 1.4 ulp (f32), 2.5 ulp (f64).
Value tenon::emitTanh(const FloatEmitter &emit, Value x) {
  Value magnitude = emit.abs(x);
  if (emit.isDouble()) {
    Value t = emitExpm1(emit, emit.mul(magnitude, -2));
    return emit.copySign(emit.div(emit.neg(t), emit.add(t, 2)), x);
  }
  // Cephes: a polynomial near 0, where 1 - 2 / (exp(2x) + 1) would cancel.
  Value square = emit.mul(x, x);
  Value tail = emit.polynomial(
      square, {-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1});
  Value near = emit.fma(emit.mul(tail, square), x, x);
  Value grown = emitExp(emit, emit.mul(magnitude, 2));
  Value far = emit.sub(emit.constant(1), emit.div(emit.constant(2), emit.add(grown, 1)));
  return emit.select(emit.compare(Predicate::OLT, magnitude, 0.625), near, emit.copySign(far, x));
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
