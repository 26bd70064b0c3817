//===- Body.cpp - The scalar body of an op, emitted again on vectors -------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;

/// One evaluation of a body: where, and what is known so far.
struct tenon::BodyContext {
  linalg::GenericOp op;
  const KernelEmitter::Exprs &indices;
  const KernelEmitter::Point &point;
  std::optional<KernelEmitter::Variable> vector;
  ValueRange accumulators;
  llvm::DenseMap<Value, Value> values = llvm::DenseMap<Value, Value>();
};

KernelEmitter::Exprs KernelEmitter::compose(AffineMap map, ArrayRef<AffineExpr> indices) const {
  Exprs composed;
  for (AffineExpr expr : map.getResults())
    composed.push_back(simplifyAffineExpr(expr.replaceDims(indices), variables.size(), symbolValues.size()));
  return composed;
}

/// The loop indices at which an op computes the element of its result at `resultIndices`; reduction loops
/// stay zero.
KernelEmitter::Exprs KernelEmitter::loopIndices(const StructuredOp &op, unsigned result,
                                                ArrayRef<AffineExpr> resultIndices) {
  Exprs indices(op.getNumLoops(), getAffineConstantExpr(0, context));
  for (auto [expr, index] : llvm::zip(op.outputs[result].map.getResults(), resultIndices))
    indices[cast<AffineDimExpr>(expr).getPosition()] = index;
  return indices;
}

Value KernelEmitter::evaluate(Value tensor, Exprs indices, Point point, std::optional<Variable> vector) {
  point.resize(variables.size(), 0);
  if (auto found = buffers.find(tensor); found != buffers.end())
    return load(found->second, indices, point, vector);
  Operation *producer = tensor.getDefiningOp();
  if (auto fill = dyn_cast<linalg::FillOp>(producer))
    return builder.clone(*fill.getInputs()[0].getDefiningOp())->getResult(0);
  if (auto pad = dyn_cast<tensor::PadOp>(producer))
    return evaluatePad(pad, indices, point, vector);
  DenseElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant)))
    return evaluateConstant(constant, indices, point, vector);

  auto generic = cast<linalg::GenericOp>(producer);
  auto result = cast<OpResult>(tensor);
  if (reductions.contains(producer))
    return reducedValue(result, point, vector);
  int64_t kind = 8 + 16 * (vector ? int64_t(*vector) + 1 : 0);
  Key key = memoKey(tensor, indices, point, kind);
  if (auto found = scopes.back().memo.find(key); found != scopes.back().memo.end())
    return found->second;
  const StructuredOp &op = kernel.getOp(*kernel.numberOf(tensor));
  Values values = evaluateBody(generic, loopIndices(op, result.getResultNumber(), indices), point, vector,
                               /*accumulators=*/{});
  return scopes.back().memo[key] = values[result.getResultNumber()];
}

/// The element of a constant in the kernel. Its place is known where tiles span the loops it is indexed by.
Value KernelEmitter::evaluateConstant(DenseElementsAttr elements, ArrayRef<AffineExpr> indices,
                                      const Point &point, std::optional<Variable> vector) {
  auto element = [&](int64_t i) -> Value {
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(elements.getValues<Attribute>()[i]));
  };
  if (elements.isSplat())
    return element(0);
  LinearForm place;
  int64_t stride = 1;
  bool moves = false;
  for (auto [index, size] : llvm::reverse(llvm::zip_equal(indices, elements.getType().getShape()))) {
    place.add(indexOf(index, point), stride);
    stride *= size;
    moves |= laneStep(index, point, vector) != 0;
  }
  if (!moves && place.isConstant())
    return element(place.constant);
  if (!moves) {
    auto type = VectorType::get(stride, elements.getElementType());
    Value all = arith::ConstantOp::create(builder, loc, type, elements.reshape(type));
    return vector::ExtractOp::create(builder, loc, all, place.materialize(builder, loc));
  }
  Values lane;
  int64_t count = laneCount(point, vector);
  for (int64_t i = 0; i < lanes; ++i) {
    Point at = point;
    at[*vector] += std::min(i, count - 1);
    lane.push_back(evaluateConstant(elements, indices, at, std::nullopt));
  }
  return vector::FromElementsOp::create(builder, loc, vectorType(elements.getElementType()), lane);
}

KernelEmitter::Values KernelEmitter::evaluateBody(linalg::GenericOp op, const Exprs &indices,
                                                  const Point &point, std::optional<Variable> vector,
                                                  ValueRange accumulators) {
  Point extended = point;
  extended.resize(variables.size(), 0);
  BodyContext bodyContext{op, indices, extended, vector, accumulators};
  Values results;
  for (Value yielded : op.getBody()->getTerminator()->getOperands())
    results.push_back(evaluateInBody(yielded, bodyContext));
  return results;
}

static bool isNumber(Value value, double number) {
  APFloat known(0.0);
  return matchPattern(value, m_ConstantFloat(&known)) && known.isExactlyValue(number);
}

/// Emits `op` of a body again on `operands`, on vectors if one of them is; what follows from constants is
/// one.
static Value emitAgain(OpBuilder &builder, Operation *op, StringRef name, SmallVector<Value, 4> operands,
                       function_ref<Value(Value)> broadcast) {
  bool vectors = llvm::any_of(operands, [](Value value) { return isa<VectorType>(value.getType()); });
  if (vectors)
    for (Value &operand : operands)
      operand = broadcast(operand);
  OperationState state(op->getLoc(), name);
  state.addOperands(operands);
  state.addAttributes(op->getAttrs());
  Type type = op->getResult(0).getType();
  state.addTypes(vectors ? cast<VectorType>(operands.front().getType()).clone(type) : type);
  Operation *created = builder.create(state);
  SmallVector<Value> folded;
  if (llvm::all_of(operands, [](Value operand) { return matchPattern(operand, m_Constant()); }) &&
      succeeded(builder.tryFold(created, folded)) && !folded.empty()) {
    created->erase();
    return folded.front();
  }
  return created->getResult(0);
}

/// `sum`, whose operand `product` is a product, as one multiply-add: less than that where a factor is known
/// to be 1 or -1, or the other summand to be -0.
Value KernelEmitter::evaluateMultiplyAdd(arith::AddFOp sum, arith::MulFOp product, Value summand,
                                         BodyContext &body) {
  auto again = [&](Operation *op, StringRef name, Values operands) {
    return emitAgain(builder, op, name, operands, [&](Value scalar) { return broadcast(scalar); });
  };
  Value lhs = evaluateInBody(product.getLhs(), body), rhs = evaluateInBody(product.getRhs(), body);
  Value other = evaluateInBody(summand, body);
  bool isAlone = isNumber(other, -0.0);
  for (auto [factor, value] : {std::make_pair(lhs, rhs), std::make_pair(rhs, lhs)}) {
    if (isNumber(factor, 1))
      return isAlone ? value : again(sum, arith::AddFOp::getOperationName(), {value, other});
    if (isNumber(factor, -1))
      return again(sum, arith::SubFOp::getOperationName(), {other, value});
  }
  if (isAlone)
    return again(product, arith::MulFOp::getOperationName(), {lhs, rhs});
  return again(sum, math::FmaOp::getOperationName(), {lhs, rhs, other});
}

Value KernelEmitter::evaluateInBody(Value value, BodyContext &body) {
  if (auto known = body.values.find(value); known != body.values.end())
    return known->second;
  Block *block = body.op.getBody();
  Value emitted;
  auto argument = dyn_cast<BlockArgument>(value);
  Operation *producer = value.getDefiningOp();
  auto again = [&](Operation *op, StringRef name, Values operands) {
    return emitAgain(builder, op, name, operands, [&](Value scalar) { return broadcast(scalar); });
  };
  if (argument && argument.getOwner() == block) {
    unsigned number = argument.getArgNumber(), inputs = body.op.getNumDpsInputs();
    if (number >= inputs && !body.accumulators.empty()) {
      emitted = body.accumulators[number - inputs];
    } else {
      AffineMap map = body.op.getMatchingIndexingMap(&body.op->getOpOperand(number));
      emitted = evaluate(body.op->getOperand(number), compose(map, body.indices), body.point, body.vector);
    }
  } else if (matchPattern(value, m_Constant())) {
    emitted = builder.clone(*producer)->getResult(0);
  } else if (argument || producer->getBlock() != block) {
    // A scalar from outside the body: a size of a tensor, from the symbols, or what is computed from some.
    if (auto dim = value.getDefiningOp<tensor::DimOp>()) {
      AffineExpr size =
          kernel.getSizes().of(cast<RankedTensorType>(dim.getSource().getType()))[*dim.getConstantIndex()];
      emitted = indexOf(size, {}).materialize(builder, loc);
    } else {
      assert(producer && "checked when the kernel was verified");
      Values operands;
      for (Value operand : producer->getOperands())
        operands.push_back(evaluateInBody(operand, body));
      if (auto apply = dyn_cast<affine::AffineApplyOp>(producer))
        emitted = affine::expandAffineMap(builder, loc, apply.getAffineMap(), operands)->front();
      else
        emitted = again(producer, producer->getName().getStringRef(), operands);
    }
  } else if (auto index = dyn_cast<linalg::IndexOp>(producer)) {
    AffineExpr expr = body.indices[index.getDim()];
    emitted = indexOf(expr, body.point).materialize(builder, loc);
    std::optional<int64_t> step = laneStep(expr, body.point, body.vector);
    if (step != 0) {
      Value along = vector::StepOp::create(builder, loc, vectorType(builder.getIndexType()));
      if (step.value_or(1) != 1)
        along = arith::MulIOp::create(builder, loc, along,
                                      broadcast(arith::ConstantIndexOp::create(builder, loc, *step)));
      emitted = arith::AddIOp::create(builder, loc, broadcast(emitted), along);
    }
  } else if (auto extract = dyn_cast<tensor::ExtractOp>(producer)) {
    emitted = evaluateExtract(extract, body);
  } else if (auto select = dyn_cast<arith::SelectOp>(producer)) {
    // Of a choice that is known here, nothing else is computed.
    Value condition = evaluateInBody(select.getCondition(), body);
    APInt known;
    if (matchPattern(condition, m_ConstantInt(&known)))
      emitted = evaluateInBody(known.isZero() ? select.getFalseValue() : select.getTrueValue(), body);
    else
      emitted = again(select, arith::SelectOp::getOperationName(),
                      {condition, evaluateInBody(select.getTrueValue(), body),
                       evaluateInBody(select.getFalseValue(), body)});
  } else {
    if (auto add = dyn_cast<arith::AddFOp>(producer); add && options.fuseMultiplyAdd)
      for (unsigned i = 0; i < 2 && !emitted; ++i)
        if (auto product = add->getOperand(i).getDefiningOp<arith::MulFOp>();
            product && product->hasOneUse() && product->getBlock() == block)
          emitted = evaluateMultiplyAdd(add, product, add->getOperand(1 - i), body);
    if (!emitted) {
      Values operands;
      for (Value operand : producer->getOperands())
        operands.push_back(evaluateInBody(operand, body));
      emitted = again(producer, producer->getName().getStringRef(), operands);
    }
  }
  return body.values[value] = emitted;
}

/// By how much an index computed in the body grows from lane to lane; none if it isn't known.
static std::optional<int64_t> bodyLaneStep(Value value, linalg::GenericOp op,
                                           function_ref<std::optional<int64_t>(AffineExpr)> laneStep,
                                           ArrayRef<AffineExpr> indices,
                                           function_ref<bool(BlockArgument)> isUniform) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isUniform(argument) ? std::optional<int64_t>(0) : std::nullopt;
  Operation *producer = value.getDefiningOp();
  if (matchPattern(value, m_Constant()) || producer->getBlock() != op.getBody())
    return 0;
  if (auto index = dyn_cast<linalg::IndexOp>(producer))
    return laneStep(indices[index.getDim()]);
  SmallVector<std::optional<int64_t>> steps;
  for (Value operand : producer->getOperands())
    steps.push_back(bodyLaneStep(operand, op, laneStep, indices, isUniform));
  if (llvm::any_of(steps, [](std::optional<int64_t> step) { return !step; }))
    return std::nullopt;
  if (llvm::all_of(steps, [](std::optional<int64_t> step) { return step == 0; }))
    return 0;
  if (isa<arith::AddIOp>(producer))
    return *steps[0] + *steps[1];
  if (isa<arith::SubIOp>(producer))
    return *steps[0] - *steps[1];
  if (isa<arith::IndexCastOp>(producer))
    return steps[0];
  APInt factor;
  if (isa<arith::MulIOp>(producer) && matchPattern(producer->getOperand(1), m_ConstantInt(&factor)))
    return *steps[0] * factor.getSExtValue();
  return std::nullopt;
}

/// A read at computed indices: one load when they move along memory with the lanes, else a load a lane.
Value KernelEmitter::evaluateExtract(tensor::ExtractOp extract, BodyContext &body) {
  Buffer &buffer = buffers[extract.getTensor()];
  assert(buffer.memref && "checked when the kernel was verified");
  auto stepOf = [&](AffineExpr expr) { return laneStep(expr, body.point, body.vector); };
  auto isUniform = [&](BlockArgument argument) {
    AffineMap map = body.op.getMatchingIndexingMap(&body.op->getOpOperand(argument.getArgNumber()));
    return llvm::all_of(compose(map, body.indices), [&](AffineExpr expr) { return stepOf(expr) == 0; });
  };
  SmallVector<int64_t> strides;
  int64_t offset;
  bool known = succeeded(cast<MemRefType>(buffer.memref.getType()).getStridesAndOffset(strides, offset));
  std::optional<int64_t> total = 0;
  for (auto [index, stride] : llvm::zip(extract.getIndices(), strides)) {
    std::optional<int64_t> step = bodyLaneStep(index, body.op, stepOf, body.indices, isUniform);
    if (!step || (*step != 0 && ShapedType::isDynamic(stride)))
      total = std::nullopt;
    else if (total)
      *total += *step == 0 ? 0 : *step * stride;
  }
  // The indices at lane 0, in a context of their own: the body's other values may be vectors.
  auto scalarIndices = [&](const Point &point) {
    BodyContext scalar{body.op, body.indices, point, std::nullopt, ValueRange()};
    Values indices;
    for (Value index : extract.getIndices())
      indices.push_back(evaluateInBody(index, scalar));
    return indices;
  };
  if (!body.vector || (known && total == 0))
    return memref::LoadOp::create(builder, loc, buffer.memref, scalarIndices(body.point));
  Value mask = laneMask(body.point, body.vector);
  if (known && total == 1 && !isScalar())
    return loadContiguous(buffer.memref, scalarIndices(body.point), mask);

  Values lanesOfIndices;
  for (Value index : extract.getIndices())
    lanesOfIndices.push_back(broadcast(evaluateInBody(index, body)));
  if (scalable)
    return gather(buffer.memref, lanesOfIndices, mask);
  Values elements;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Values here;
    for (Value vectorIndex : lanesOfIndices) {
      Value index = vector::ExtractOp::create(builder, loc, vectorIndex, ArrayRef<int64_t>{lane});
      if (mask) {
        // Lanes out of range hold no index of the tensor: they read element 0.
        Value inRange = vector::ExtractOp::create(builder, loc, mask, ArrayRef<int64_t>{lane});
        index = arith::SelectOp::create(builder, loc, inRange, index,
                                        arith::ConstantIndexOp::create(builder, loc, 0));
      }
      here.push_back(index);
    }
    elements.push_back(memref::LoadOp::create(builder, loc, buffer.memref, here));
  }
  return vector::FromElementsOp::create(builder, loc, vectorType(elements.front().getType()), elements);
}
