//===- Patterns.cpp - What the rewrites of the graph phase ask of values ------------------------===//

#include "Patterns.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace tenon;

void tenon::populateCanonicalizations(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  context->getOrLoadDialect<TenonDialect>()->getCanonicalizationPatterns(patterns);
  // Not getRegisteredOperationsByDialect: its binary search misses ops, depending on which other dialects are
  // loaded.
  for (RegisteredOperationName op : context->getRegisteredOperations())
    if (op.getDialectNamespace() == TenonDialect::getDialectNamespace())
      op.getCanonicalizationPatterns(patterns, context);
}

LogicalResult tenon::applyUntilStable(Operation *op, const FrozenRewritePatternSet &patterns, bool *changed) {
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  if (failed(applyPatternsGreedily(op, patterns, config, changed)))
    return op->emitError("patterns did not come to an end");
  return success();
}

static bool followsFromConstants(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || op->getNumRegions() != 0)
    return false;
  if (isa<ConstantOp>(op))
    return true;
  return isa<TenonDialect>(op->getDialect()) && isPure(op) && op->getNumOperands() > 0 &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return ::followsFromConstants(operand, depth - 1); });
}

bool tenon::followsFromConstants(Value value) {
  constexpr unsigned maxDepth = 12;
  return ::followsFromConstants(value, maxDepth);
}

static std::optional<double> splatValueOf(ConstantOp constant) {
  auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
  if (!splat)
    return std::nullopt;
  if (isa<FloatType>(splat.getElementType())) {
    bool losesInfo;
    APFloat number = splat.getSplatValue<APFloat>();
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return number.convertToDouble();
  }
  APInt number = splat.getSplatValue<APInt>();
  return splat.getElementType().isUnsignedInteger() || number.getBitWidth() == 1
             ? static_cast<double>(number.getZExtValue())
             : static_cast<double>(number.getSExtValue());
}

/// Of the ops that simplification leaves between constants, the result is known here, too.
static std::optional<double> splatValue(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return std::nullopt;
  if (auto constant = dyn_cast<ConstantOp>(op))
    return splatValueOf(constant);
  if (!isFloat(value) || !isa<NegOp, ReciprocalOp, ReshapeOp, AddOp, MulOp>(op))
    return std::nullopt;
  SmallVector<double> operands;
  for (Value operand : op->getOperands()) {
    std::optional<double> number = ::splatValue(operand, depth - 1);
    if (!number)
      return std::nullopt;
    operands.push_back(*number);
  }
  if (isa<NegOp>(op))
    return -operands[0];
  if (isa<ReciprocalOp>(op))
    return 1 / operands[0];
  if (isa<AddOp>(op))
    return operands[0] + operands[1];
  return isa<MulOp>(op) ? operands[0] * operands[1] : operands[0];
}

std::optional<double> tenon::splatValue(Value value) {
  constexpr unsigned maxDepth = 6;
  return ::splatValue(value, maxDepth);
}

Value tenon::createScalar(OpBuilder &builder, Location loc, Type elementType, double value) {
  auto type = RankedTensorType::get({}, elementType);
  TypedAttr element = isa<FloatType>(elementType)
                          ? TypedAttr(builder.getFloatAttr(elementType, value))
                          : TypedAttr(builder.getIntegerAttr(elementType, static_cast<int64_t>(value)));
  return ConstantOp::create(builder, loc, type, DenseElementsAttr::get(type, element));
}

Value tenon::createReshape(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> shape) {
  if (tensorType(value).getShape() == shape)
    return value;
  auto type = RankedTensorType::get(shape, tensorType(value).getElementType());
  return ReshapeOp::create(builder, loc, type, value);
}

bool tenon::isUniform(Operation *op) {
  return op->hasTrait<trait::Elementwise>() && !isa<BatchNormOp, QuantizeLinearOp, DequantizeLinearOp>(op);
}

std::optional<WithConstant> tenon::splitConstant(Operation *op) {
  for (unsigned i : {1u, 0u})
    if (followsFromConstants(op->getOperand(i)))
      return WithConstant{op->getOperand(1 - i), op->getOperand(i)};
  return std::nullopt;
}
