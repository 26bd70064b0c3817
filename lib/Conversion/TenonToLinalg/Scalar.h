//===- Scalar.h - Arithmetic on scalars of any element type ------------------------------------===//
//
// The bodies of structured ops compute on scalars. An element type of the tenon dialect has two more forms
// here: that of its storage (i8 for bool, signless for unsigned) and that of computing with it (i1 for bool,
// f32 for half precision).
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_CONVERSION_TENONTOLINALG_SCALAR_H
#define TENON_LIB_CONVERSION_TENONTOLINALG_SCALAR_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace tenon {

/// The element type `element` is stored as: i8 for i1, iN for uiN, otherwise itself.
mlir::Type getStorageType(mlir::Type element);
/// The type to compute with elements of `element` in: f32 for half precision, signless for integers; bool
/// stays i1.
mlir::Type getComputeType(mlir::Type element);
/// The type to sum elements of `element` in: as for computing, but i32 for narrower integers.
mlir::Type getAccumulatorType(mlir::Type element);
/// Whether elements of the dialect's type `element` have no negative values.
bool isUnsignedElement(mlir::Type element);

/// How a reduction combines two values.
enum class Combiner { sum, product, maximum, minimum };

/// A builder of scalar arithmetic that picks the op by the operands' type. Integers are signless: where
/// signedness matters, it is an argument.
class ScalarBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Value = mlir::Value;
  using Type = mlir::Type;

  /// The number as a constant of a float, integer or index type.
  Value number(Type type, double value);
  Value integer(Type type, int64_t value);
  /// The most negative (or positive) value of the type: infinite for floats.
  Value lowest(Type type, bool isUnsigned);
  Value highest(Type type, bool isUnsigned);
  Value constantOf(mlir::TypedAttr value);

  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  /// The quotient of floats.
  Value div(Value lhs, Value rhs);
  Value neg(Value value);
  /// The larger or smaller; a nan operand gives nan unless `flags` rules nans out. Of two zeros either one:
  /// no op tells them apart, and machines take three instructions to.
  Value max(Value lhs, Value rhs, bool isUnsigned,
            mlir::arith::FastMathFlags flags = mlir::arith::FastMathFlags::none);
  Value min(Value lhs, Value rhs, bool isUnsigned,
            mlir::arith::FastMathFlags flags = mlir::arith::FastMathFlags::none);
  Value sqrt(Value value);
  Value exp(Value value);
  /// exp of a value that is nan or at most 0, which costs less.
  Value expOfNonpositive(Value value);
  Value abs(Value value);
  Value select(Value condition, Value onTrue, Value onFalse);
  Value compare(mlir::arith::CmpFPredicate predicate, Value lhs, Value rhs);
  Value compare(mlir::arith::CmpIPredicate predicate, Value lhs, Value rhs);

  /// An element as stored, of the dialect's type `element`, in the form to compute with.
  Value load(Value stored, Type element);
  /// A computed value, of the compute type of `element` or another float, in the form to store.
  Value store(Value computed, Type element);
  /// An element of the dialect's type `element` in compute form, as a wider type of the same kind.
  Value widen(Value computed, Type element, Type wide);

  /// A float as the nearest integer towards zero of the type, bounded by its range; 0 for nan.
  Value toIntSaturated(Value value, mlir::IntegerType type, bool isUnsigned);
  /// An integer, or a float that is widened, as a float.
  Value toFloat(Value value, bool isUnsigned, Type type);

  /// The loop index of dimension `dim` of the surrounding structured op.
  Value index(unsigned dim);
  Value indexConstant(int64_t value) { return integer(getIndexType(), value); }

  /// Combines the accumulator with one more value.
  Value combine(Combiner combiner, Value accumulator, Value value, bool isUnsigned,
                mlir::arith::FastMathFlags flags = mlir::arith::FastMathFlags::none);
};

/// The value that leaves the combiner's other operand alone.
mlir::TypedAttr getNeutral(Combiner combiner, mlir::Type type, bool isUnsigned);

} // namespace tenon

#endif // TENON_LIB_CONVERSION_TENONTOLINALG_SCALAR_H
