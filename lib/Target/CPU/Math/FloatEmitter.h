//===- FloatEmitter.h - Writes floating-point formulas as arith and math ops -------------------===//

#ifndef TENON_LIB_TARGET_CPU_MATH_FLOATEMITTER_H
#define TENON_LIB_TARGET_CPU_MATH_FLOATEMITTER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

namespace tenon {

/// Emits formulas on values of one float type, f32 or f64, scalar or vector. No operation carries fast-math
/// flags: the formulas rely on the order they are written in.
class FloatEmitter {
public:
  using Value = mlir::Value;
  using Predicate = mlir::arith::CmpFPredicate;

  FloatEmitter(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type)
      : builder(builder), loc(loc), type(type) {}

  bool isDouble() const { return mlir::getElementTypeOrSelf(type).isF64(); }
  mlir::Type getType() const { return type; }
  /// An emitter at the same place for the same shape of f64.
  FloatEmitter widened() const { return {builder, loc, withElement(builder.getF64Type())}; }

  /// A narrower float as one of this type, and a wider one.
  Value extend(Value value) const { return mlir::arith::ExtFOp::create(builder, loc, type, value); }
  Value truncate(Value value) const { return mlir::arith::TruncFOp::create(builder, loc, type, value); }

  Value constant(double value) const {
    return constant(builder.getFloatAttr(mlir::getElementTypeOrSelf(type), value), type);
  }
  Value infinity() const { return constant(std::numeric_limits<double>::infinity()); }
  Value nan() const { return constant(std::numeric_limits<double>::quiet_NaN()); }

  Value add(Value a, Value b) const { return mlir::arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) const { return mlir::arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) const { return mlir::arith::MulFOp::create(builder, loc, a, b); }
  Value div(Value a, Value b) const { return mlir::arith::DivFOp::create(builder, loc, a, b); }
  Value add(Value a, double b) const { return add(a, constant(b)); }
  Value sub(Value a, double b) const { return sub(a, constant(b)); }
  Value mul(Value a, double b) const { return mul(a, constant(b)); }
  Value neg(Value a) const { return mlir::arith::NegFOp::create(builder, loc, a); }
  Value abs(Value a) const { return mlir::math::AbsFOp::create(builder, loc, a); }
  Value sqrt(Value a) const { return mlir::math::SqrtOp::create(builder, loc, a); }
  Value floor(Value a) const { return mlir::math::FloorOp::create(builder, loc, a); }
  Value copySign(Value magnitude, Value sign) const {
    return mlir::math::CopySignOp::create(builder, loc, magnitude, sign);
  }
  /// a * b + c; two roundings on machines without fused multiply-add.
  Value fma(Value a, Value b, Value c) const { return mlir::math::FmaOp::create(builder, loc, a, b, c); }
  /// The polynomial in x with these coefficients, the highest power's first.
  Value polynomial(Value x, llvm::ArrayRef<double> coefficients) const {
    Value result = constant(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      result = fma(result, x, constant(coefficient));
    return result;
  }

  Value compare(Predicate predicate, Value a, Value b) const {
    return mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  Value compare(Predicate predicate, Value a, double b) const { return compare(predicate, a, constant(b)); }
  Value select(Value condition, Value a, Value b) const {
    return mlir::arith::SelectOp::create(builder, loc, condition, a, b);
  }
  Value bothOf(Value a, Value b) const { return mlir::arith::AndIOp::create(builder, loc, a, b); }
  /// x limited to [low, high]; nan stays nan.
  Value clamp(Value x, double low, double high) const {
    Value bounded = atLeast(x, low);
    return select(compare(Predicate::ULE, bounded, high), bounded, constant(high));
  }
  Value atLeast(Value x, double low) const {
    return select(compare(Predicate::UGE, x, low), x, constant(low));
  }

  /// The bits of a float as an integer of the same width, and back.
  Value toBits(Value x) const { return mlir::arith::BitcastOp::create(builder, loc, bitsType(), x); }
  Value fromBits(Value bits) const { return mlir::arith::BitcastOp::create(builder, loc, type, bits); }
  Value bits(uint64_t value) const {
    unsigned width = isDouble() ? 64 : 32;
    return constant(
        builder.getIntegerAttr(builder.getIntegerType(width), llvm::APInt(width, value, false, true)),
        bitsType());
  }
  Value addBits(Value a, uint64_t b) const { return mlir::arith::AddIOp::create(builder, loc, a, bits(b)); }
  Value addBits(Value a, Value b) const { return mlir::arith::AddIOp::create(builder, loc, a, b); }
  Value andBits(Value a, uint64_t b) const { return mlir::arith::AndIOp::create(builder, loc, a, bits(b)); }
  Value orBits(Value a, uint64_t b) const { return mlir::arith::OrIOp::create(builder, loc, a, bits(b)); }
  Value xorBits(Value a, Value b) const { return mlir::arith::XOrIOp::create(builder, loc, a, b); }
  Value subBits(Value a, Value b) const { return mlir::arith::SubIOp::create(builder, loc, a, b); }
  Value shiftLeft(Value a, unsigned n) const { return mlir::arith::ShLIOp::create(builder, loc, a, bits(n)); }
  Value shiftRight(Value a, unsigned n) const {
    return mlir::arith::ShRUIOp::create(builder, loc, a, bits(n));
  }
  Value shiftRightSigned(Value a, unsigned n) const {
    return mlir::arith::ShRSIOp::create(builder, loc, a, bits(n));
  }
  Value equalBits(Value a, uint64_t b) const {
    return mlir::arith::CmpIOp::create(builder, loc, mlir::arith::CmpIPredicate::eq, a, bits(b));
  }

  unsigned mantissaBits() const { return isDouble() ? 52 : 23; }
  uint64_t exponentBias() const { return isDouble() ? 1023 : 127; }

  /// An integer that is kept in both forms: as a float, and in the low bits of an integer, whose higher bits
  /// are those of roundToInteger's offset. Costs no conversion instruction, which f64 has only on the newest
  /// machines.
  struct Integer {
    Value value;
    Value bits;
  };
  /// The integer nearest to x * factor; |x * factor| must be below 2^21. In the bits, `bias` is added to it.
  Integer roundToInteger(Value x, double factor = 1, uint64_t bias = 0) const {
    double offset = (isDouble() ? 6755399441055744.0 : 12582912.0) + double(bias);
    Value shifted = factor == 1 ? add(x, offset) : fma(x, constant(factor), constant(offset));
    return {sub(shifted, offset), toBits(shifted)};
  }
  /// 2^n for an integer's bits; n must be the exponent of a normal number.
  Value powerOfTwo(Value integerBits) const {
    return fromBits(shiftLeft(addBits(integerBits, exponentBias()), mantissaBits()));
  }

private:
  mlir::Type withElement(mlir::Type element) const {
    auto vector = mlir::dyn_cast<mlir::VectorType>(type);
    return vector ? mlir::Type(vector.clone(element)) : element;
  }
  mlir::Type bitsType() const { return withElement(builder.getIntegerType(isDouble() ? 64 : 32)); }
  Value constant(mlir::TypedAttr element, mlir::Type shape) const {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(shape))
      element = mlir::DenseElementsAttr::get(vector, mlir::Attribute(element));
    return mlir::arith::ConstantOp::create(builder, loc, element);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type;
};

} // namespace tenon

#endif // TENON_LIB_TARGET_CPU_MATH_FLOATEMITTER_H
