//===- ErrorFunction.cpp - erf and erfc --------------------------------------------------------===//
//
// f64: near 0, erf(x) / x is a polynomial in x^2; beyond, (1 + 2x) exp(x^2) erfc(x) is one in (x - 4) / (x +
// 4), both interpolated at Chebyshev nodes to a relative error of 5e-19. f32: N. Juffa's erff, a polynomial
// near 0, and the logarithm of erfc beyond.
//
//===----------------------------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace tenon;
using Predicate = FloatEmitter::Predicate;

static Value emitErfF32(const FloatEmitter &emit, Value x) {
  Value t = emit.abs(x), square = emit.mul(x, x);
  Value r = emit.polynomial(t, {-1.72853470e-5, 3.83197126e-4});
  Value u = emit.polynomial(t, {-3.88396438e-3, 2.42546219e-2});
  Value logarithm = emit.fma(r, square, u);
  for (double coefficient : {-1.06777877e-1, -6.34846687e-1, -1.28717512e-1})
    logarithm = emit.fma(logarithm, t, emit.constant(coefficient));
  logarithm = emit.fma(logarithm, t, emit.neg(t));
  // The polynomial turns around where erf has long been 1.
  logarithm = emit.select(emit.compare(Predicate::OGT, t, 4), emit.constant(-20), logarithm);
  Value far = emit.copySign(emit.sub(emit.constant(1), emitExp(emit, logarithm)), x);
  Value near = emit.polynomial(
      square, {-5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1});
  near = emit.fma(near, x, x);
  return emit.select(emit.compare(Predicate::OGT, t, 0.927734375), far, near);
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

/// 1.3 ulp (f32), 2 ulp (f64).
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
