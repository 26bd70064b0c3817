//===- NarrowFloat.cpp - f16 and bf16 on machines without instructions for them ----------------===//

#include "NarrowFloat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;
using namespace tenon;

static bool isNarrow(Type type) { return isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(type)); }

/// `type` with its element type replaced; scalars stay scalars.
static Type withElement(Type type, Type element) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(vector.clone(element)) : element;
}

namespace {
/// Emits integer arithmetic on the bits of floats, for scalars and vectors alike.
class BitEmitter {
public:
  BitEmitter(OpBuilder &builder, Location loc, Type shape) : builder(builder), loc(loc), shape(shape) {}

  Type type(Type element) { return withElement(shape, element); }
  Type i16() { return type(builder.getI16Type()); }
  Type i32() { return type(builder.getI32Type()); }
  Type f32() { return type(builder.getF32Type()); }

  Value constant(int64_t bits, Type intType) {
    TypedAttr attr = builder.getIntegerAttr(getElementTypeOrSelf(intType), bits);
    if (auto vector = dyn_cast<VectorType>(intType))
      attr = DenseElementsAttr::get(vector, Attribute(attr));
    return arith::ConstantOp::create(builder, loc, attr);
  }
  Value constant(uint32_t bits) { return constant(int64_t(int32_t(bits)), i32()); }

  Value cast(Value value, Type to) { return arith::BitcastOp::create(builder, loc, to, value); }
  Value extend(Value value) { return arith::ExtUIOp::create(builder, loc, i32(), value); }
  Value truncate(Value value) { return arith::TruncIOp::create(builder, loc, i16(), value); }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
  Value bitAnd(Value a, uint32_t bits) { return arith::AndIOp::create(builder, loc, a, constant(bits)); }
  Value bitOr(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
  Value bitXor(Value a, Value b) { return arith::XOrIOp::create(builder, loc, a, b); }
  Value shiftLeft(Value a, uint32_t n) { return arith::ShLIOp::create(builder, loc, a, constant(n)); }
  Value shiftRight(Value a, uint32_t n) { return arith::ShRUIOp::create(builder, loc, a, constant(n)); }
  Value isAbove(Value a, uint32_t bits) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ugt, a, constant(bits));
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }
  Value addFloat(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value mulFloat(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }

  OpBuilder &builder;
  Location loc;
  Type shape;
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Conversions as integer arithmetic
//===----------------------------------------------------------------------------------------===//

static Value extendF16(BitEmitter &emit, Value value) {
  Value bits = emit.extend(emit.cast(value, emit.i16()));
  Value sign = emit.shiftLeft(emit.bitAnd(bits, 0x8000), 16);
  Value magnitude = emit.bitAnd(bits, 0x7fff);
  // With the exponent's bias still that of f16, a product with 2^112 is exact for subnormals too.
  Value shifted = emit.shiftLeft(magnitude, 13);
  Value scale = emit.cast(emit.constant(0x77800000), emit.f32());
  Value finite = emit.cast(emit.mulFloat(emit.cast(shifted, emit.f32()), scale), emit.i32());
  Value special = emit.bitOr(shifted, emit.constant(0x7f800000));
  Value result = emit.select(emit.isAbove(magnitude, 0x7bff), special, finite);
  return emit.cast(emit.bitOr(result, sign), emit.f32());
}

static Value truncateToF16(BitEmitter &emit, Value value) {
  Value bits = emit.cast(value, emit.i32());
  Value sign = emit.bitAnd(bits, 0x80000000);
  Value magnitude = emit.bitXor(bits, sign);
  // From 2^16 up: infinity, or a quiet nan.
  Value special =
      emit.select(emit.isAbove(magnitude, 0x7f800000), emit.constant(0x7e00), emit.constant(0x7c00));
  // Below 2^-14: the addition of 0.5 rounds at the place of f16's last subnormal bit.
  Value half = emit.constant(0x3f000000);
  Value sum = emit.addFloat(emit.cast(magnitude, emit.f32()), emit.cast(half, emit.f32()));
  Value subnormal = emit.sub(emit.cast(sum, emit.i32()), half);
  // Otherwise: rebias, and round to nearest even by adding just under half, and one if the kept part is odd.
  Value odd = emit.bitAnd(emit.shiftRight(magnitude, 13), 1);
  Value rebiased = emit.add(magnitude, emit.constant(0xc8000fff));
  Value normal = emit.shiftRight(emit.add(rebiased, odd), 13);
  Value result = emit.select(emit.isAbove(magnitude, 0x387fffff), normal, subnormal);
  result = emit.select(emit.isAbove(magnitude, 0x477fffff), special, result);
  result = emit.bitOr(result, emit.shiftRight(sign, 16));
  return emit.cast(emit.truncate(result), emit.type(emit.builder.getF16Type()));
}

static Value extendBF16(BitEmitter &emit, Value value) {
  Value bits = emit.extend(emit.cast(value, emit.i16()));
  return emit.cast(emit.shiftLeft(bits, 16), emit.f32());
}

static Value truncateToBF16(BitEmitter &emit, Value value) {
  Value bits = emit.cast(value, emit.i32());
  Value odd = emit.bitAnd(emit.shiftRight(bits, 16), 1);
  Value rounded = emit.shiftRight(emit.add(emit.add(bits, odd), emit.constant(0x7fff)), 16);
  // Rounding could carry a nan over to infinity or beyond the sign.
  Value quietNan = emit.bitOr(emit.shiftRight(bits, 16), emit.constant(0x40));
  Value isNan = emit.isAbove(emit.bitAnd(bits, 0x7fffffff), 0x7f800000);
  Value result = emit.select(isNan, quietNan, rounded);
  return emit.cast(emit.truncate(result), emit.type(emit.builder.getBF16Type()));
}

/// f64 to f32 so that a second rounding, to a narrow float, gives what one rounding would: to odd.
static Value truncateToOdd(OpBuilder &builder, Location loc, Value value) {
  BitEmitter emit(builder, loc, value.getType());
  Type f64 = value.getType();
  Value nearest = arith::TruncFOp::create(builder, loc, emit.f32(), value);
  Value back = arith::ExtFOp::create(builder, loc, f64, nearest);
  Value bits = emit.cast(nearest, emit.i32());
  Value roundedAway =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, math::AbsFOp::create(builder, loc, back),
                            math::AbsFOp::create(builder, loc, value));
  Value inexact = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ONE, back, value);
  Value truncated = emit.select(roundedAway, emit.sub(bits, emit.constant(1)), bits);
  Value odd = emit.select(inexact, emit.bitOr(truncated, emit.constant(1)), bits);
  return emit.cast(odd, emit.f32());
}

//===----------------------------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------------------------===//

namespace {
/// Converts between f32 and narrow floats by an instruction or by integer arithmetic.
struct NarrowConversion {
  NarrowFloatSupport support;

  bool isNative(Type type) const {
    return isa<Float16Type>(getElementTypeOrSelf(type)) ? support.f16 : support.bf16;
  }
  Value toF32(OpBuilder &builder, Location loc, Value value) const {
    BitEmitter emit(builder, loc, value.getType());
    if (isNative(value.getType()))
      return arith::ExtFOp::create(builder, loc, emit.f32(), value);
    return isa<Float16Type>(getElementTypeOrSelf(value)) ? extendF16(emit, value) : extendBF16(emit, value);
  }
  Value fromF32(OpBuilder &builder, Location loc, Value value, Type type) const {
    BitEmitter emit(builder, loc, value.getType());
    if (isNative(type))
      return arith::TruncFOp::create(builder, loc, type, value);
    return isa<Float16Type>(getElementTypeOrSelf(type)) ? truncateToF16(emit, value)
                                                        : truncateToBF16(emit, value);
  }
};

template <typename Op>
struct NarrowPattern : OpRewritePattern<Op> {
  NarrowPattern(MLIRContext *context, NarrowConversion conversion)
      : OpRewritePattern<Op>(context), conversion(conversion) {}
  NarrowConversion conversion;
};

struct ExpandExtension : NarrowPattern<arith::ExtFOp> {
  using NarrowPattern::NarrowPattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Value value = op.getIn();
    bool toF32 = getElementTypeOrSelf(op.getType()).isF32();
    if (!isNarrow(value.getType()) || (toF32 && conversion.isNative(value.getType())))
      return failure();
    Value wide = conversion.toF32(rewriter, op.getLoc(), value);
    if (toF32)
      rewriter.replaceOp(op, wide);
    else
      rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), wide);
    return success();
  }
};

struct ExpandTruncation : NarrowPattern<arith::TruncFOp> {
  using NarrowPattern::NarrowPattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Value value = op.getIn();
    bool fromF32 = getElementTypeOrSelf(value.getType()).isF32();
    if (!isNarrow(op.getType()) || (fromF32 && conversion.isNative(op.getType())))
      return failure();
    if (!fromF32)
      value = truncateToOdd(rewriter, op.getLoc(), value);
    rewriter.replaceOp(op, conversion.fromF32(rewriter, op.getLoc(), value, op.getType()));
    return success();
  }
};

/// Integers to narrow floats through f32.
template <typename Op>
struct ExpandFromInteger : NarrowPattern<Op> {
  using NarrowPattern<Op>::NarrowPattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isNarrow(op.getType()))
      return failure();
    Type f32 = withElement(op.getType(), rewriter.getF32Type());
    Value wide = Op::create(rewriter, op.getLoc(), f32, op.getIn());
    rewriter.replaceOp(op, this->conversion.fromF32(rewriter, op.getLoc(), wide, op.getType()));
    return success();
  }
};

/// Narrow floats to integers through f32.
template <typename Op>
struct ExpandToInteger : NarrowPattern<Op> {
  using NarrowPattern<Op>::NarrowPattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isNarrow(op.getIn().getType()))
      return failure();
    Value wide = this->conversion.toF32(rewriter, op.getLoc(), op.getIn());
    rewriter.replaceOpWithNewOp<Op>(op, op.getType(), wide);
    return success();
  }
};
} // namespace

/// Wraps arithmetic and math on narrow floats in conversions, so that it is done in f32.
static LogicalResult computeInF32(Operation *root) {
  MLIRContext *context = root->getContext();
  Type f16 = Float16Type::get(context), bf16 = BFloat16Type::get(context), f32 = Float32Type::get(context);
  TypeConverter converter;
  arith::populateEmulateUnsupportedFloatsConversions(converter, {f16, bf16}, f32);
  RewritePatternSet patterns(context);
  arith::populateEmulateUnsupportedFloatsPatterns(patterns, converter);
  ConversionTarget target(*context);
  arith::populateEmulateUnsupportedFloatsLegality(target, converter);
  if (failed(applyPartialConversion(root, target, std::move(patterns))))
    return failure();

  TypeConverter mathConverter;
  SetVector<Type> wideTypes;
  wideTypes.insert(f32);
  wideTypes.insert(Float64Type::get(context));
  math::populateExtendToSupportedTypesTypeConverter(mathConverter, wideTypes, f32);
  RewritePatternSet mathPatterns(context);
  math::populateExtendToSupportedTypesPatterns(mathPatterns, mathConverter);
  ConversionTarget mathTarget(*context);
  math::populateExtendToSupportedTypesConversionTarget(mathTarget, mathConverter);
  return applyPartialConversion(root, mathTarget, std::move(mathPatterns));
}

LogicalResult tenon::legalizeNarrowFloats(Operation *root, NarrowFloatSupport support) {
  bool found = root->walk([](Operation *op) {
                     bool narrow = llvm::any_of(op->getOperandTypes(), isNarrow) ||
                                   llvm::any_of(op->getResultTypes(), isNarrow);
                     return narrow ? WalkResult::interrupt() : WalkResult::advance();
                   })
                   .wasInterrupted();
  if (!found)
    return success();
  if (failed(computeInF32(root)))
    return failure();
  MLIRContext *context = root->getContext();
  RewritePatternSet patterns(context);
  patterns.add<ExpandExtension, ExpandTruncation, ExpandFromInteger<arith::SIToFPOp>,
               ExpandFromInteger<arith::UIToFPOp>, ExpandToInteger<arith::FPToSIOp>,
               ExpandToInteger<arith::FPToUIOp>>(context, NarrowConversion{support});
  walkAndApplyPatterns(root, std::move(patterns));
  return success();
}
