//===- Functions.h - Transcendental functions as branch-free formulas --------------------------===//
//
// Each function emits its formula for the emitter's type. Errors are the greatest seen over a million points
// of the whole range, special values included, in units in the last place, with and without fused
// multiply-add; the unit test MathAccuracy holds them. f32 results below the smallest normal number (1.2e-38)
// may be 0.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_TARGET_CPU_MATH_FUNCTIONS_H
#define TENON_LIB_TARGET_CPU_MATH_FUNCTIONS_H

#include "FloatEmitter.h"

namespace tenon {

// Exponential.cpp: f32 and f64.
mlir::Value emitExp(const FloatEmitter &emit, mlir::Value x);
/// exp(x) of an x known to be nan or at most 0: two thirds of the instructions in f32.
mlir::Value emitExpOfNonpositive(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitExpm1(const FloatEmitter &emit, mlir::Value x);

// Logarithm.cpp: f32 and f64.
mlir::Value emitLog(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitLog1p(const FloatEmitter &emit, mlir::Value x);

// Exponential.cpp and Logarithm.cpp: f64.
mlir::Value emitExp2(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitLog2(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitLog10(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitCbrt(const FloatEmitter &emit, mlir::Value x);
/// Good enough to be rounded to f32, not as a f64.
mlir::Value emitPowForF32(const FloatEmitter &emit, mlir::Value x, mlir::Value y);

// Hyperbolic.cpp: tanh f32 and f64, the others f64.
mlir::Value emitTanh(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitSinh(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitCosh(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAsinh(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAcosh(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAtanh(const FloatEmitter &emit, mlir::Value x);

// Trigonometric.cpp: f64. sin, cos and tan hold up to |x| = 1.6e6; beyond, the error grows in proportion to
// x.
mlir::Value emitSin(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitCos(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitTan(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAsin(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAcos(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAtan(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitAtan2(const FloatEmitter &emit, mlir::Value y, mlir::Value x);

// ErrorFunction.cpp: erf f32 and f64, erfc f64.
mlir::Value emitErf(const FloatEmitter &emit, mlir::Value x);
mlir::Value emitErfc(const FloatEmitter &emit, mlir::Value x);

} // namespace tenon

#endif // TENON_LIB_TARGET_CPU_MATH_FUNCTIONS_H
