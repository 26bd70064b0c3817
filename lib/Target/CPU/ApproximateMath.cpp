//===- ApproximateMath.cpp - Replaces transcendental functions by polynomials ------------------===//
//
// Before vectors are legalized and converted, while a function is still one op: LLVM would call a library,
// once for each lane. Functions that neural networks use in bulk have formulas of their own in f32; the
// others are computed in f64 and rounded, which is exact but for half an ulp. What they are made of is in
// Math/.
//
//===----------------------------------------------------------------------------------------===//

#include "Math/Functions.h"

#include "tenon/Support/Refusal.h"
#include "tenon/Target/Passes.h"

#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace tenon {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "tenon/Target/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

using UnaryFormula = Value (*)(const FloatEmitter &, Value);
using BinaryFormula = Value (*)(const FloatEmitter &, Value, Value);

/// Calls `formula` for operands and a result of f32 or f64; narrower floats are computed in f32.
static LogicalResult rewriteInFullPrecision(Operation *op, PatternRewriter &rewriter,
                                            function_ref<Value(const FloatEmitter &, ValueRange)> formula) {
  Type type = op->getResultTypes().front();
  Type element = getElementTypeOrSelf(type);
  Location loc = op->getLoc();
  if (!isa<FloatType>(element))
    return failure();
  if (element.isF32() || element.isF64()) {
    rewriter.replaceOp(op, formula(FloatEmitter(rewriter, loc, type), op->getOperands()));
    return success();
  }
  if (element.getIntOrFloatBitWidth() > 32)
    return failure();
  auto vector = dyn_cast<VectorType>(type);
  Type f32 = vector ? Type(vector.clone(rewriter.getF32Type())) : rewriter.getF32Type();
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(arith::ExtFOp::create(rewriter, loc, f32, operand));
  rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, formula(FloatEmitter(rewriter, loc, f32), operands));
  return success();
}

/// Calls `formula` with the operands widened from f32 to f64, and rounds what it gives.
static Value computeWidened(const FloatEmitter &emit, ValueRange operands,
                            function_ref<Value(const FloatEmitter &, ValueRange)> formula) {
  FloatEmitter wide = emit.widened();
  SmallVector<Value> wideOperands;
  for (Value operand : operands)
    wideOperands.push_back(wide.extend(operand));
  return emit.truncate(formula(wide, wideOperands));
}

namespace {
/// A function of one operand that has a formula for f64, and for f32 perhaps a faster one.
template <typename Op>
struct ApproximateUnary : OpRewritePattern<Op> {
  ApproximateUnary(MLIRContext *context, UnaryFormula f64, UnaryFormula f32 = nullptr)
      : OpRewritePattern<Op>(context), f64(f64), f32(f32) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    return rewriteInFullPrecision(op, rewriter, [&](const FloatEmitter &emit, ValueRange operands) {
      if (emit.isDouble())
        return f64(emit, operands[0]);
      if (f32)
        return f32(emit, operands[0]);
      return computeWidened(
          emit, operands, [&](const FloatEmitter &wide, ValueRange values) { return f64(wide, values[0]); });
    });
  }

  UnaryFormula f64, f32;
};

/// exp, of which less is left to compute where the operand is marked as not positive.
struct ApproximateExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    UnaryFormula formula = op->hasAttr("tenon.nonpositive") ? emitExpOfNonpositive : emitExp;
    return rewriteInFullPrecision(op, rewriter, [&](const FloatEmitter &emit, ValueRange operands) {
      return formula(emit, operands[0]);
    });
  }
};

/// A function of two operands, computed in f64; if `onlyF32`, f64 operands are left to the C library.
template <typename Op>
struct ApproximateBinary : OpRewritePattern<Op> {
  ApproximateBinary(MLIRContext *context, BinaryFormula f64, bool onlyF32)
      : OpRewritePattern<Op>(context), f64(f64), onlyF32(onlyF32) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (onlyF32 && getElementTypeOrSelf(op.getType()).isF64())
      return failure();
    return rewriteInFullPrecision(op, rewriter, [&](const FloatEmitter &emit, ValueRange operands) {
      auto formula = [&](const FloatEmitter &wide, ValueRange values) {
        return f64(wide, values[0], values[1]);
      };
      return emit.isDouble() ? formula(emit, operands) : computeWidened(emit, operands, formula);
    });
  }

  BinaryFormula f64;
  bool onlyF32;
};

struct ApproximateMathPass : tenon::impl::ApproximateMathPassBase<ApproximateMathPass> {
  using ApproximateMathPassBase::ApproximateMathPassBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<ApproximateExp>(context);
    patterns.add<ApproximateUnary<math::ExpM1Op>>(context, emitExpm1, emitExpm1);
    patterns.add<ApproximateUnary<math::LogOp>>(context, emitLog, emitLog);
    patterns.add<ApproximateUnary<math::Log1pOp>>(context, emitLog1p, emitLog1p);
    patterns.add<ApproximateUnary<math::TanhOp>>(context, emitTanh, emitTanh);
    patterns.add<ApproximateUnary<math::ErfOp>>(context, emitErf, emitErf);
    patterns.add<ApproximateUnary<math::ErfcOp>>(context, emitErfc);
    patterns.add<ApproximateUnary<math::Exp2Op>>(context, emitExp2);
    patterns.add<ApproximateUnary<math::Log2Op>>(context, emitLog2);
    patterns.add<ApproximateUnary<math::Log10Op>>(context, emitLog10);
    patterns.add<ApproximateUnary<math::CbrtOp>>(context, emitCbrt);
    patterns.add<ApproximateUnary<math::SinhOp>>(context, emitSinh);
    patterns.add<ApproximateUnary<math::CoshOp>>(context, emitCosh);
    patterns.add<ApproximateUnary<math::AsinhOp>>(context, emitAsinh);
    patterns.add<ApproximateUnary<math::AcoshOp>>(context, emitAcosh);
    patterns.add<ApproximateUnary<math::AtanhOp>>(context, emitAtanh);
    patterns.add<ApproximateUnary<math::SinOp>>(context, emitSin);
    patterns.add<ApproximateUnary<math::CosOp>>(context, emitCos);
    patterns.add<ApproximateUnary<math::TanOp>>(context, emitTan);
    patterns.add<ApproximateUnary<math::AsinOp>>(context, emitAsin);
    patterns.add<ApproximateUnary<math::AcosOp>>(context, emitAcos);
    patterns.add<ApproximateUnary<math::AtanOp>>(context, emitAtan);
    patterns.add<ApproximateBinary<math::Atan2Op>>(context, emitAtan2, /*onlyF32=*/false);
    patterns.add<ApproximateBinary<math::PowFOp>>(context, emitPowForF32, /*onlyF32=*/true);
    walkAndApplyPatterns(getOperation(), std::move(patterns));

    if (libm)
      return;
    WalkResult left = getOperation()->walk([](math::PowFOp op) {
      refuse(op) << "expects a machine with a C math library for operands of type " << op.getType();
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
