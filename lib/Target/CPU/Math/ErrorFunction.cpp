//===- ErrorFunction.cpp - erf and erfc --------------------------------------------------------===//
//
// f64: near 0, erf(x) / x is a polynomial in x^2; beyond, (1 + 2x) exp(x^2) erfc(x) is one in (x - 4) / (x +
// 4), both interpolated at Chebyshev nodes to a relative error of 5e-19. f32: erf(x) / x is a quotient
// of polynomials in x^2, fitted to a relative error of 1.9e-8 by weighted least squares with weights after
// Lawson.
//
//===----------------------------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

static Value emitErfF32(const FloatEmitter &emit, Value x) {
  // Beyond, 1 is nearest.
  x = emit.clamp(x, -3.925, 3.925);
  Value square = emit.mul(x, x);
  Value numerator =
      emit.polynomial(square, {2.0459546917891815e-06, 2.8477869478355135e-04, 3.7708476924987007e-03,
                               0.05276393585881201, 0.19055783359513256, 1.1283791463206936});
  Value denominator =
      emit.polynomial(square, {3.804362955033758e-05, 1.1633958124226788e-03, 0.014979801605021931,
                               0.11416732203391677, 0.5022102231321777, 1});
  return emit.clamp(emit.div(emit.mul(x, numerator), denominator), -1, 1);
}

/// erf(x) for |x| <= 1.
static Value emitErfNear(const FloatEmitter &emit, Value x) {
  Value series = emit.polynomial(
      emit.mul(x, x), {5.9571761477489114e-11, -1.1372848856791674e-9, 1.4659775274047436e-8,
                       -1.6350312701054695e-7, 1.6461000484121368e-6, -1.4925595266831182e-5,
                       0.00012055331111642711, -0.00085483269808337899, 0.0052239776248180145,
                       -0.026866170645076793, 0.11283791670954879, -0.37612638903183748, 1.1283791670955126});
  return emit.mul(series, x);
}

/// erfc(t) for t from 0.5 to 28; 0 beyond.
static Value emitErfcFar(const FloatEmitter &emit, Value t) {
  t = emit.clamp(t, 0.5, 28);
  Value position = emit.div(emit.sub(t, 4), emit.add(t, 4));
  Value scaled = emit.polynomial(
      position,
      {1.9717656765049793e-9,   -9.6522135210876047e-9, -1.8406671051403967e-8, 1.0325666907301499e-7,
       7.5404673501445855e-8,   -8.1950850834595655e-7, 2.9313186423696089e-7,  5.7064947201462539e-6,
       -1.1221668942295944e-5,  -2.4398057333996412e-5, 0.00015062155590137162, -0.00019925696553927865,
       -0.00075777326349731555, 0.0050319700185642596,  -0.016197734061059108,  0.037167515533794725,
       -0.066330365811967959,   0.093732834998534339,   -0.1010390660363143,    0.068097054254688446,
       0.0153796521026199,      -0.13962111684056249,   1.2329951186255525});
  // t^2 = head^2 + (t - head) (t + head), the first product exact: its rounding would be magnified by exp.
  Value head = emit.fromBits(emit.andBits(emit.toBits(t), 0xffffffff00000000));
  Value low = emit.mul(emit.sub(t, head), emit.add(t, head));
  Value gauss = emitExp(emit, emit.neg(emit.mul(head, head)));
  // low is below 0.001: four terms of exp(-low) - 1.
  Value correction = emit.mul(low, emit.polynomial(low, {1.0 / 24, -1.0 / 6, 0.5, -1}));
  gauss = emit.fma(gauss, correction, gauss);
  return emit.div(emit.mul(gauss, scaled), emit.fma(t, emit.constant(2), emit.constant(1)));
}

/// 6 ulp (f32; 7.3 without fused multiply-add), 2 ulp (f64).
Value tenon::emitErf(const FloatEmitter &emit, Value x) {
  if (!emit.isDouble())
    return emitErfF32(emit, x);
  Value t = emit.abs(x);
  Value far = emit.copySign(emit.sub(emit.constant(1), emitErfcFar(emit, t)), x);
  return emit.select(emit.compare(Predicate::OGT, t, 1), far, emitErfNear(emit, x));
}

/// 5 ulp (f64).
Value tenon::emitErfc(const FloatEmitter &emit, Value x) {
  Value t = emit.abs(x);
  Value far = emitErfcFar(emit, t);
  far = emit.select(emit.compare(Predicate::OLT, x, 0), emit.sub(emit.constant(2), far), far);
  Value near = emit.sub(emit.constant(1), emitErfNear(emit, x));
  return emit.select(emit.compare(Predicate::OGT, t, 0.5), far, near);
}
