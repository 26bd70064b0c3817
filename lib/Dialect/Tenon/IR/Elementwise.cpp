//===- Elementwise.cpp - Shape rules, verifiers and folders of the elementwise ops -------------===//

#include "ShapeRule.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tenon;

/// The type all operands broadcast to, with the given element type.
static InferredTypes broadcastTypes(std::optional<Location> loc, StringRef opName, ValueRange operands,
                                    Type elementType) {
  SymbolicSizes sizes(elementType.getContext());
  SymbolicSizes::Sizes result = sizes.of(tensorType(operands.front()));
  for (Value operand : operands.drop_front()) {
    FailureOr<SymbolicSizes::Sizes> joined = sizes.broadcast(result, sizes.of(tensorType(operand)));
    if (failed(joined)) {
      (void)emitOptionalError(loc, "'", opName, "' op expects operands that broadcast, but got ",
                              operands.front().getType(), " and ", operand.getType());
      return failure();
    }
    result = *joined;
  }
  return SmallVector<Type>{sizes.tensor(result, elementType)};
}

/// Fails unless the two operands have one element type.
static LogicalResult checkSameElements(std::optional<Location> loc, StringRef opName, Value lhs, Value rhs) {
  Type left = tensorType(lhs).getElementType(), right = tensorType(rhs).getElementType();
  if (left == right)
    return success();
  return emitOptionalError(loc, "'", opName, "' op expects operands of one element type, but got ", left,
                           " and ", right);
}

//===----------------------------------------------------------------------------------------===//
// Unary ops keep the type
//===----------------------------------------------------------------------------------------===//

#define TENON_UNARY(OP)                                                                                      \
  InferredTypes OP::infer(std::optional<Location>, Adaptor op) {                                             \
    return SmallVector<Type>{op.getInput().getType()};                                                       \
  }
TENON_UNARY(AbsOp)
TENON_UNARY(NegOp)
TENON_UNARY(SignOp)
TENON_UNARY(ExpOp)
TENON_UNARY(LogOp)
TENON_UNARY(SqrtOp)
TENON_UNARY(RsqrtOp)
TENON_UNARY(ReciprocalOp)
TENON_UNARY(SinOp)
TENON_UNARY(CosOp)
TENON_UNARY(TanOp)
TENON_UNARY(AsinOp)
TENON_UNARY(AcosOp)
TENON_UNARY(AtanOp)
TENON_UNARY(SinhOp)
TENON_UNARY(CoshOp)
TENON_UNARY(TanhOp)
TENON_UNARY(AsinhOp)
TENON_UNARY(AcoshOp)
TENON_UNARY(AtanhOp)
TENON_UNARY(ErfOp)
TENON_UNARY(SigmoidOp)
TENON_UNARY(SoftplusOp)
TENON_UNARY(ReluOp)
TENON_UNARY(FloorOp)
TENON_UNARY(CeilOp)
TENON_UNARY(RoundOp)
TENON_UNARY(NotOp)
TENON_UNARY(BitwiseNotOp)
TENON_UNARY(GeluOp)
#undef TENON_UNARY

#define TENON_TEST(OP)                                                                                       \
  InferredTypes OP::infer(std::optional<Location>, Adaptor op) {                                             \
    RankedTensorType input = tensorType(op.getInput());                                                      \
    return SmallVector<Type>{input.clone(IntegerType::get(input.getContext(), 1))};                          \
  }
TENON_TEST(IsNanOp)
TENON_TEST(IsInfOp)
#undef TENON_TEST

//===----------------------------------------------------------------------------------------===//
// Binary ops broadcast
//===----------------------------------------------------------------------------------------===//

#define TENON_BINARY(OP)                                                                                     \
  InferredTypes OP::infer(std::optional<Location> loc, Adaptor op) {                                         \
    if (failed(checkSameElements(loc, getOperationName(), op.getLhs(), op.getRhs())))                        \
      return failure();                                                                                      \
    return broadcastTypes(loc, getOperationName(), {op.getLhs(), op.getRhs()},                               \
                          tensorType(op.getLhs()).getElementType());                                         \
  }
TENON_BINARY(AddOp)
TENON_BINARY(SubOp)
TENON_BINARY(MulOp)
TENON_BINARY(DivOp)
TENON_BINARY(MaxOp)
TENON_BINARY(MinOp)
TENON_BINARY(ModOp)
TENON_BINARY(AndOp)
TENON_BINARY(OrOp)
TENON_BINARY(XorOp)
TENON_BINARY(BitwiseAndOp)
TENON_BINARY(BitwiseOrOp)
TENON_BINARY(BitwiseXorOp)
TENON_BINARY(ShiftLeftOp)
TENON_BINARY(ShiftRightOp)
#undef TENON_BINARY

InferredTypes PowOp::infer(std::optional<Location> loc, Adaptor op) {
  return broadcastTypes(loc, getOperationName(), {op.getLhs(), op.getRhs()},
                        tensorType(op.getLhs()).getElementType());
}

InferredTypes CompareOp::infer(std::optional<Location> loc, Adaptor op) {
  if (failed(checkSameElements(loc, getOperationName(), op.getLhs(), op.getRhs())))
    return failure();
  return broadcastTypes(loc, getOperationName(), {op.getLhs(), op.getRhs()},
                        IntegerType::get(op.getLhs().getContext(), 1));
}

InferredTypes SelectOp::infer(std::optional<Location> loc, Adaptor op) {
  if (failed(checkSameElements(loc, getOperationName(), op.getOnTrue(), op.getOnFalse())))
    return failure();
  return broadcastTypes(loc, getOperationName(), {op.getCondition(), op.getOnTrue(), op.getOnFalse()},
                        tensorType(op.getOnTrue()).getElementType());
}

InferredTypes CastOp::infer(std::optional<Location>, Adaptor op) {
  return SmallVector<Type>{tensorType(op.getInput()).clone(op.getTo())};
}

//===----------------------------------------------------------------------------------------===//
// Folders: identities that need no arithmetic; the rest is folded by the reference evaluator
//===----------------------------------------------------------------------------------------===//

/// Whether `operand` is a splat of the number `value`.
static bool isSplatOf(Attribute operand, double value) {
  auto elements = dyn_cast_or_null<SplatElementsAttr>(operand);
  if (!elements)
    return false;
  Type type = elements.getElementType();
  if (isa<FloatType>(type))
    return elements.getSplatValue<APFloat>().convertToDouble() == value;
  return isa<IntegerType>(type) && type.getIntOrFloatBitWidth() > 1 &&
         elements.getSplatValue<APInt>().getSExtValue() == static_cast<int64_t>(value);
}

/// `lhs` if `rhs` is the neutral element and broadcasting leaves the shape alone.
static OpFoldResult foldNeutral(Value lhs, Attribute rhs, double neutral, Type result) {
  if (lhs.getType() == result && isSplatOf(rhs, neutral))
    return lhs;
  return {};
}

// x + 0 is x but for x = -0.0, where it is 0.0: adding -0.0 is the neutral form for floats, so only integers
// fold here.
OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (isa<IntegerType>(tensorType(getResult()).getElementType()))
    return foldNeutral(getLhs(), adaptor.getRhs(), 0, getType());
  return {};
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(getLhs(), adaptor.getRhs(), 0, getType());
}
OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(getLhs(), adaptor.getRhs(), 1, getType());
}
OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(getLhs(), adaptor.getRhs(), 1, getType());
}

/// The operand of the operand if both ops are one that undoes itself.
template <typename Op>
static OpFoldResult foldInvolution(Op op) {
  auto producer = op.getInput().template getDefiningOp<Op>();
  return producer && producer.getInput().getType() == op.getType() ? producer.getInput() : Value();
}

/// The operand if it is a result of the same op, whose results it does not change.
template <typename Op>
static OpFoldResult foldIdempotent(Op op) {
  return op.getInput().template getDefiningOp<Op>() && op.getInput().getType() == op.getType() ? op.getInput()
                                                                                               : Value();
}

OpFoldResult NegOp::fold(FoldAdaptor) { return foldInvolution(*this); }
OpFoldResult NotOp::fold(FoldAdaptor) { return foldInvolution(*this); }
OpFoldResult BitwiseNotOp::fold(FoldAdaptor) { return foldInvolution(*this); }
OpFoldResult AbsOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult SignOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult ReluOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult FloorOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult CeilOp::fold(FoldAdaptor) { return foldIdempotent(*this); }
OpFoldResult RoundOp::fold(FoldAdaptor) { return foldIdempotent(*this); }

OpFoldResult CastOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }

/// Whether every value of type `from` is one of type `to`.
static bool holdsAllOf(Type from, Type to) {
  if (from == to)
    return true;
  auto fromFloat = dyn_cast<FloatType>(from), toFloat = dyn_cast<FloatType>(to);
  if (fromFloat && toFloat)
    return fromFloat.getFPMantissaWidth() <= toFloat.getFPMantissaWidth() &&
           APFloat::semanticsMaxExponent(fromFloat.getFloatSemantics()) <=
               APFloat::semanticsMaxExponent(toFloat.getFloatSemantics());
  auto fromInteger = dyn_cast<IntegerType>(from), toInteger = dyn_cast<IntegerType>(to);
  if (!fromInteger || to.isInteger(1))
    return false;
  // bool and ui are unsigned, signless integers are signed.
  bool isUnsigned = from.isInteger(1) || from.isUnsignedInteger();
  unsigned magnitude = isUnsigned ? fromInteger.getWidth() : fromInteger.getWidth() - 1;
  if (toFloat)
    return magnitude <= toFloat.getFPMantissaWidth() &&
           magnitude <= static_cast<unsigned>(APFloat::semanticsMaxExponent(toFloat.getFloatSemantics()));
  if (!toInteger || (to.isUnsignedInteger() && !isUnsigned))
    return false;
  return magnitude <= (to.isUnsignedInteger() ? toInteger.getWidth() : toInteger.getWidth() - 1);
}

/// A cast from a type that holds all values of the one before is a cast from that.
static LogicalResult mergeCasts(CastOp op, PatternRewriter &rewriter) {
  auto producer = op.getInput().getDefiningOp<CastOp>();
  if (!producer || !holdsAllOf(tensorType(producer.getInput()).getElementType(), producer.getTo()))
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(producer.getInput()); });
  return success();
}

void CastOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(mergeCasts);
}
