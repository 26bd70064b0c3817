//===- Scalar.cpp - Arithmetic on scalars of any element type ----------------------------------===//

#include "Scalar.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tenon {

Type getStorageType(Type element) {
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer)
    return element;
  if (integer.getWidth() == 1)
    return IntegerType::get(element.getContext(), 8);
  return IntegerType::get(element.getContext(), integer.getWidth());
}

Type getComputeType(Type element) {
  if (element.isF16() || element.isBF16())
    return Float32Type::get(element.getContext());
  return element.isInteger(1) ? element : getStorageType(element);
}

Type getAccumulatorType(Type element) {
  if (element.isInteger() && element.getIntOrFloatBitWidth() < 32)
    return IntegerType::get(element.getContext(), 32);
  return getComputeType(element);
}

bool isUnsignedElement(Type element) { return element.isUnsignedInteger() || element.isInteger(1); }

//===----------------------------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------------------------===//

static TypedAttr lowestAttr(Type type, bool isUnsigned) {
  if (auto floating = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat::getInf(floating.getFloatSemantics(), /*Negative=*/true));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width));
}

static TypedAttr highestAttr(Type type, bool isUnsigned) {
  if (auto floating = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat::getInf(floating.getFloatSemantics()));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width));
}

static TypedAttr numberAttr(Type type, double value) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, value);
  return IntegerAttr::get(type, static_cast<int64_t>(value));
}

TypedAttr getNeutral(Combiner combiner, Type type, bool isUnsigned) {
  switch (combiner) {
  case Combiner::sum:
    return numberAttr(type, 0);
  case Combiner::product:
    return numberAttr(type, 1);
  case Combiner::maximum:
    return lowestAttr(type, isUnsigned);
  case Combiner::minimum:
    return highestAttr(type, isUnsigned);
  }
  llvm_unreachable("covered switch");
}

Value ScalarBuilder::constantOf(TypedAttr value) {
  for (arith::ConstantOp known : getInsertionBlock()->getOps<arith::ConstantOp>())
    if (known.getValue() == value)
      return known;
  return arith::ConstantOp::create(*this, value);
}

Value ScalarBuilder::number(Type type, double value) { return constantOf(numberAttr(type, value)); }
Value ScalarBuilder::integer(Type type, int64_t value) { return constantOf(IntegerAttr::get(type, value)); }
Value ScalarBuilder::lowest(Type type, bool isUnsigned) { return constantOf(lowestAttr(type, isUnsigned)); }
Value ScalarBuilder::highest(Type type, bool isUnsigned) { return constantOf(highestAttr(type, isUnsigned)); }

//===----------------------------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------------------------===//

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

Value ScalarBuilder::add(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::AddFOp::create(*this, lhs, rhs);
  return arith::AddIOp::create(*this, lhs, rhs);
}

Value ScalarBuilder::sub(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::SubFOp::create(*this, lhs, rhs);
  return arith::SubIOp::create(*this, lhs, rhs);
}

Value ScalarBuilder::mul(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::MulFOp::create(*this, lhs, rhs);
  return arith::MulIOp::create(*this, lhs, rhs);
}

Value ScalarBuilder::div(Value lhs, Value rhs) { return arith::DivFOp::create(*this, lhs, rhs); }

Value ScalarBuilder::neg(Value value) {
  if (isFloat(value))
    return arith::NegFOp::create(*this, value);
  return arith::SubIOp::create(*this, integer(value.getType(), 0), value);
}

Value ScalarBuilder::max(Value lhs, Value rhs, bool isUnsigned, arith::FastMathFlags flags) {
  if (isFloat(lhs))
    return arith::MaximumFOp::create(*this, lhs, rhs, flags | arith::FastMathFlags::nsz);
  if (isUnsigned)
    return arith::MaxUIOp::create(*this, lhs, rhs);
  return arith::MaxSIOp::create(*this, lhs, rhs);
}

Value ScalarBuilder::min(Value lhs, Value rhs, bool isUnsigned, arith::FastMathFlags flags) {
  if (isFloat(lhs))
    return arith::MinimumFOp::create(*this, lhs, rhs, flags | arith::FastMathFlags::nsz);
  if (isUnsigned)
    return arith::MinUIOp::create(*this, lhs, rhs);
  return arith::MinSIOp::create(*this, lhs, rhs);
}

Value ScalarBuilder::sqrt(Value value) { return math::SqrtOp::create(*this, value); }
Value ScalarBuilder::exp(Value value) { return math::ExpOp::create(*this, value); }

Value ScalarBuilder::expOfNonpositive(Value value) {
  auto exp = math::ExpOp::create(*this, value);
  exp->setAttr("tenon.nonpositive", getUnitAttr());
  return exp;
}

Value ScalarBuilder::abs(Value value) {
  if (isFloat(value))
    return math::AbsFOp::create(*this, value);
  return math::AbsIOp::create(*this, value);
}

Value ScalarBuilder::select(Value condition, Value onTrue, Value onFalse) {
  return arith::SelectOp::create(*this, condition, onTrue, onFalse);
}

Value ScalarBuilder::compare(arith::CmpFPredicate predicate, Value lhs, Value rhs) {
  return arith::CmpFOp::create(*this, predicate, lhs, rhs);
}

Value ScalarBuilder::compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
  return arith::CmpIOp::create(*this, predicate, lhs, rhs);
}

Value ScalarBuilder::index(unsigned dim) { return linalg::IndexOp::create(*this, dim); }

Value ScalarBuilder::combine(Combiner combiner, Value accumulator, Value value, bool isUnsigned,
                             arith::FastMathFlags flags) {
  switch (combiner) {
  case Combiner::sum:
    return add(accumulator, value);
  case Combiner::product:
    return mul(accumulator, value);
  case Combiner::maximum:
    return max(accumulator, value, isUnsigned, flags);
  case Combiner::minimum:
    return min(accumulator, value, isUnsigned, flags);
  }
  llvm_unreachable("covered switch");
}

//===----------------------------------------------------------------------------------------===//
// Between storage and computing
//===----------------------------------------------------------------------------------------===//

Value ScalarBuilder::load(Value stored, Type element) {
  if (element.isInteger(1))
    return compare(arith::CmpIPredicate::ne, stored, integer(stored.getType(), 0));
  Type computed = getComputeType(element);
  return stored.getType() == computed ? stored : arith::ExtFOp::create(*this, computed, stored).getResult();
}

Value ScalarBuilder::store(Value computed, Type element) {
  Type stored = getStorageType(element);
  if (computed.getType() == stored)
    return computed;
  if (element.isInteger(1))
    return arith::ExtUIOp::create(*this, stored, computed);
  assert(isa<FloatType>(stored) && "integers compute in their storage type");
  return arith::TruncFOp::create(*this, stored, computed);
}

Value ScalarBuilder::widen(Value computed, Type element, Type wide) {
  if (computed.getType() == wide)
    return computed;
  if (isFloat(computed))
    return arith::ExtFOp::create(*this, wide, computed);
  if (isUnsignedElement(element))
    return arith::ExtUIOp::create(*this, wide, computed);
  return arith::ExtSIOp::create(*this, wide, computed);
}

/// The largest number of the float type that is not above `value`, or for negative ones not below: `value`
/// itself if the type has it.
static FloatAttr roundToZero(FloatType type, const APInt &value, bool isSigned) {
  APFloat result(type.getFloatSemantics());
  result.convertFromAPInt(value, isSigned, APFloat::rmTowardZero);
  return FloatAttr::get(type, result);
}

Value ScalarBuilder::toIntSaturated(Value value, IntegerType type, bool isUnsigned) {
  auto from = cast<FloatType>(value.getType());
  unsigned width = type.getWidth();
  APInt low = isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  APInt high = isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  Value lowest = constantOf(roundToZero(from, low, !isUnsigned));
  Value highest = constantOf(roundToZero(from, high, !isUnsigned));
  Value isNan = compare(arith::CmpFPredicate::UNO, value, value);
  Value known = select(isNan, number(from, 0), value);
  auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
  Value clamped = min(max(known, lowest, false, flags), highest, false, flags);
  // By way of 32 bits, which every machine converts to.
  if (width < 32)
    return arith::TruncIOp::create(*this, type, arith::FPToSIOp::create(*this, getI32Type(), clamped));
  Value whole = isUnsigned ? arith::FPToUIOp::create(*this, type, clamped).getResult()
                           : arith::FPToSIOp::create(*this, type, clamped).getResult();
  // The float type may lack the highest integer: what lies above its neighbour below is the bound.
  Value isAbove = compare(arith::CmpFPredicate::OGT, known, highest);
  return select(isAbove, constantOf(IntegerAttr::get(type, high)), whole);
}

Value ScalarBuilder::toFloat(Value value, bool isUnsigned, Type type) {
  if (isFloat(value))
    return widen(value, value.getType(), type);
  if (isUnsigned)
    return arith::UIToFPOp::create(*this, type, value);
  return arith::SIToFPOp::create(*this, type, value);
}

} // namespace tenon
