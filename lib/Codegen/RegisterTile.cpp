//===- RegisterTile.cpp - The points of a tile, and reductions in registers ------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

/// The offsets of a tile: every combination along `variables`, one per vector along `vector`.
SmallVector<KernelEmitter::Point> KernelEmitter::tilePoints(ArrayRef<Variable> variables,
                                                            std::optional<Variable> vector) const {
  SmallVector<Point> points{Point(this->variables.size(), 0)};
  for (Variable variable : variables) {
    SmallVector<Point> extended;
    int64_t extent = this->variables[variable].extent;
    for (const Point &point : points)
      for (int64_t offset = 0; offset < extent; offset += variable == vector ? lanes : 1) {
        extended.push_back(point);
        extended.back()[variable] = offset;
      }
    points = std::move(extended);
  }
  return points;
}

/// Computes and stores the tile of a stage.
LogicalResult KernelEmitter::emitTile(Node &node, ArrayRef<Buffer> destinations) {
  const StructuredOp &op = kernel.getOp(node.op);
  std::optional<Variable> vector = consumerVector;
  SmallVector<Variable> parallel;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    if (op.isReductionLoop(dim))
      continue;
    Variable variable = variableOf(node, dim);
    if (ShapedType::isDynamic(variables[variable].extent))
      return op.op->emitOpError("expects a loop over dimension ") << dim << ", whose extent is dynamic";
    parallel.push_back(variable);
  }
  // All values of the tile before the first store: a store in between would keep later loads from moving up.
  SmallVector<Point> points = tilePoints(parallel, vector);
  SmallVector<Values> computed;
  for (const Point &point : points) {
    if (op.isReduction()) {
      Values reduced;
      for (const Access &output : op.outputs)
        reduced.push_back(reducedValue(cast<OpResult>(output.tensor), point, vector));
      computed.push_back(reduced);
    } else if (auto pad = dyn_cast<tensor::PadOp>(op.op)) {
      computed.push_back({evaluatePad(pad, node.indices, point, vector)});
    } else {
      computed.push_back(evaluateBody(cast<linalg::GenericOp>(op.op), node.indices, point, vector, {}));
    }
    if (node.op == kernel.getRoot())
      for (auto &[value, buffer] : tileResults)
        computed.back().push_back(evaluate(value, rootIndices[value], point, vector));
  }
  for (auto [point, values] : llvm::zip(points, computed)) {
    for (size_t i = 0; i < op.outputs.size(); ++i)
      if (i < destinations.size() && destinations[i].memref)
        store(values[i], destinations[i], compose(op.outputs[i].map, node.indices), point, vector);
    for (size_t i = op.outputs.size(); i < values.size(); ++i) {
      auto &[value, buffer] = tileResults[i - op.outputs.size()];
      store(values[i], buffer, rootIndices[value], point, vector);
    }
  }
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------------------------===//

/// The op that combines the accumulator of result `number` with a new value, if the body is of that form.
static Operation *combinerOf(linalg::GenericOp op, unsigned number) {
  Value yielded = op.getBody()->getTerminator()->getOperand(number);
  Operation *combiner = yielded.getDefiningOp();
  BlockArgument accumulator = op.getRegionOutputArgs()[number];
  if (!combiner || combiner->getNumOperands() != 2 || !accumulator.hasOneUse())
    return nullptr;
  return llvm::is_contained(combiner->getOperands(), accumulator) ? combiner : nullptr;
}

Value KernelEmitter::combine(linalg::GenericOp op, Value lhs, Value rhs) {
  Operation *combiner = combinerOf(op, 0);
  OperationState state(loc, combiner->getName().getStringRef());
  state.addOperands({lhs, rhs});
  state.addAttributes(combiner->getAttrs());
  state.addTypes(lhs.getType());
  return builder.create(state)->getResult(0);
}

/// Combines the lanes of a vector into a scalar by halves.
Value KernelEmitter::combineLanes(linalg::GenericOp op, Value vector) {
  if (scalable)
    return combineScalableLanes(op, vector);
  for (int64_t width = cast<VectorType>(vector.getType()).getNumElements(); width > 1; width /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < width / 2; ++lane) {
      low.push_back(lane);
      high.push_back(lane + width / 2);
    }
    Value lower = vector::ShuffleOp::create(builder, loc, vector, vector, low);
    Value upper = vector::ShuffleOp::create(builder, loc, vector, vector, high);
    vector = combine(op, lower, upper);
  }
  return vector::ExtractOp::create(builder, loc, vector, ArrayRef<int64_t>{0});
}

/// The reduction variables that loops around the tile cut into blocks; a result then waits in memory between
/// them.
SmallVector<KernelEmitter::Variable> KernelEmitter::blockedReductions(const Node &node) const {
  SmallVector<Variable> blocked;
  if (!node.destinations.empty() && node.schedule)
    for (LoopStep loop : node.schedule->loops)
      if (kernel.getOp(node.op).isReductionLoop(loop.dim))
        blocked.push_back(variableOf(node, loop.dim));
  return blocked;
}

/// What the accumulators of a tile start from, one a result at each of `points`: the reduction's initial
/// value in the first block, what the blocks before have stored in the others.
KernelEmitter::Values KernelEmitter::startOrContinue(Node &node, ArrayRef<Point> points,
                                                     std::optional<Variable> vector) {
  const StructuredOp &op = kernel.getOp(node.op);
  auto forEachResult = [&](function_ref<Value(unsigned, const Exprs &, const Point &)> value) {
    Values values;
    for (const Point &point : points)
      for (unsigned result = 0; result < op.outputs.size(); ++result) {
        Value scalarOrVector = value(result, compose(op.outputs[result].map, node.indices), point);
        values.push_back(vector ? broadcast(scalarOrVector) : scalarOrVector);
      }
    return values;
  };
  auto start = [&] {
    return forEachResult([&](unsigned result, const Exprs &indices, const Point &point) {
      return evaluate(cast<linalg::GenericOp>(op.op).getDpsInits()[result], indices, point, vector);
    });
  };
  auto proceed = [&] {
    return forEachResult([&](unsigned result, const Exprs &indices, const Point &point) {
      return load(node.destinations[result], indices, point, vector);
    });
  };
  Value isFirst;
  for (Variable variable : blockedReductions(node)) {
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(builder, loc, value);
    };
    auto [base, extent] = std::make_pair(variables[variable].base, variables[variable].extent);
    Value here;
    if (std::optional<LinearForm> first = firstInside(node, variable)) { // counted from this block
      if (first->isConstant() && (first->constant < 0 || first->constant >= extent))
        return proceed();
      if (first->isConstant())
        continue;
      here = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, first->materialize(builder, loc),
                                   constant(extent));
    } else if (base.isConstant()) {
      if (base.constant != 0)
        return proceed();
      continue;
    } else {
      here = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, base.materialize(builder, loc),
                                   constant(0));
    }
    isFirst = isFirst ? Value(arith::AndIOp::create(builder, loc, isFirst, here)) : here;
  }
  if (!isFirst)
    return start();
  // Values known inside a branch are not known behind it.
  auto branch = [&](function_ref<Values()> values) {
    return [this, values](OpBuilder &inside, Location) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(inside.getInsertionBlock(), inside.getInsertionPoint());
      unsigned savedLimit = hoistLimit;
      scopes.emplace_back();
      hoistLimit = scopes.size() - 1;
      scf::YieldOp::create(builder, loc, values());
      scopes.pop_back();
      hoistLimit = savedLimit;
    };
  };
  auto either = scf::IfOp::create(builder, loc, isFirst, branch(start), branch(proceed));
  return Values(either.getResults());
}

LogicalResult KernelEmitter::reduceLoops(const Node &node, ArrayRef<Loop> loops,
                                         std::optional<Variable> vector, Values &accumulators,
                                         function_ref<LogicalResult(Values &)> body) {
  if (loops.empty())
    return body(accumulators);
  return forEachTile(
      loops.front(), loops.front().variable == vector, accumulators,
      [&](Values &inside) { return reduceLoops(node, loops.drop_front(), vector, inside, body); }, &node);
}

/// Stores what a step of the reduction has computed of other stages on its way. After all of the step's
/// reads: a store in between would keep them from moving up.
void KernelEmitter::storeCarried(const Node &node, ArrayRef<Point> points, std::optional<Variable> vector) {
  const StructuredOp &op = kernel.getOp(node.op);
  SmallVector<Variable> reduced;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
    if (op.isReductionLoop(dim))
      reduced.push_back(variableOf(node, dim));
  for (Node *stage : carried.lookup(node.op)) {
    Value tensor = kernel.getOp(stage->op).outputs.front().tensor;
    const Access *input = llvm::find_if(op.inputs, [&](const Access &in) { return in.tensor == tensor; });
    Exprs indices = compose(input->map, node.indices);
    for (const Point &along : tilePoints(reduced, vector))
      for (Point point : points) {
        point.resize(variables.size(), 0);
        for (Variable variable : reduced)
          point[variable] = along[variable];
        store(evaluate(tensor, indices, point, vector), stage->scratch, indices, point, vector);
      }
  }
}

/// Reduces into registers: one accumulator for each vector of the consumer's tile, carried through the
/// reduction loops. With the vector along a reduction dimension, each lane accumulates its share and the
/// lanes are combined at the end.
LogicalResult KernelEmitter::emitReduction(Node &node) {
  const StructuredOp &op = kernel.getOp(node.op);
  auto generic = cast<linalg::GenericOp>(op.op);
  static const StageSchedule defaultSchedule;
  const StageSchedule &stage = node.schedule ? *node.schedule : defaultSchedule;

  ReducedTile tile;
  tile.resultIndices = compose(op.outputs.front().map, node.indices);
  SmallVector<Variable> reduced;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
    if (op.isReductionLoop(dim))
      reduced.push_back(variableOf(node, dim));
  for (Variable variable = 0; variable < variables.size(); ++variable) {
    auto moves = [&](AffineExpr expr) { return expr.isFunctionOfDim(variable); };
    if (!llvm::is_contained(reduced, variable) && llvm::any_of(tile.resultIndices, moves))
      tile.variables.push_back(variable);
  }
  for (Variable variable : tile.variables)
    if (ShapedType::isDynamic(variables[variable].extent))
      return op.op->emitOpError("expects loops over every dynamic dimension of its result around it");

  std::optional<Variable> lanesAlong;
  if (std::optional<Variable> own = vectorVariableOf(node))
    lanesAlong = own;
  else if (consumerVector && llvm::is_contained(tile.variables, *consumerVector))
    lanesAlong = consumerVector;
  bool acrossLanes = lanesAlong && llvm::is_contained(reduced, *lanesAlong);
  if (acrossLanes && !blockedReductions(node).empty())
    return op.op->emitOpError("expects no blocks of a reduction along vector lanes");
  if (scalable && lanesAlong && !acrossLanes && !variables[*lanesAlong].scalable)
    lanesAlong = std::nullopt; // one vector of the schedule is one element here
  for (Variable variable : tile.variables)
    if (variables[variable].scalable && variable != lanesAlong)
      return op.op->emitOpError("expects vector lanes along its result, like those of what reads it");
  if (acrossLanes && (op.outputs.size() != 1 || !combinerOf(generic, 0)))
    return op.op->emitOpError("expects a body that combines one accumulator to reduce along vector lanes");
  tile.vectorVariable = acrossLanes ? std::nullopt : lanesAlong;

  // Accumulators: for each point of the tile, one a result, or with lanes along the reduction one a vector of
  // the step.
  SmallVector<Point> points = tilePoints(tile.variables, tile.vectorVariable);
  if (node.lifted && points.size() > 1)
    return op.op->emitOpError("expects one value at a time, since a stored stage inside its loops reads it");
  SmallVector<Loop> loops = node.schedule ? toLoops(node, stage.inner) : SmallVector<Loop>();
  int64_t chunks = 1;
  if (acrossLanes) {
    int64_t extent = variables[*lanesAlong].extent;
    for (Loop loop : loops)
      if (loop.variable == *lanesAlong)
        extent = ShapedType::isDynamic(extent) ? loop.step : std::min(extent, loop.step);
    if (scalable) {
      auto isAcross = [&](Loop loop) { return loop.variable == *lanesAlong; };
      if (llvm::none_of(loops, isAcross))
        loops.push_back({*lanesAlong, lanes});
      extent = llvm::find_if(llvm::reverse(loops), isAcross)->step;
    }
    if (ShapedType::isDynamic(extent))
      return op.op->emitOpError("expects a loop over its dynamic reduction dimension");
    chunks = llvm::divideCeil(extent, lanes);
  }
  unsigned results = op.outputs.size();
  Values accumulators;
  if (!acrossLanes) {
    accumulators = startOrContinue(node, points, tile.vectorVariable);
  } else {
    auto neutral = arith::getNeutralElement(combinerOf(generic, 0));
    if (!neutral)
      return op.op->emitOpError("expects a combiner with a neutral element to reduce along vector lanes");
    Value start = broadcast(arith::ConstantOp::create(builder, loc, *neutral));
    accumulators.assign(points.size() * chunks, start);
  }

  std::optional<PanelPrefetch> prefetch = planPrefetch(node, tile, reduced);
  unsigned savedLimit = hoistLimit;
  hoistLimit = scopes.size() - 1;
  auto step = [&](Values &inside) -> LogicalResult {
    for (Variable variable : reduced)
      if (ShapedType::isDynamic(variables[variable].extent))
        return op.op->emitOpError("expects loops over its dynamic reduction dimensions");
    if (prefetch)
      emitPrefetch(*prefetch);
    for (const Point &along : tilePoints(reduced, lanesAlong)) {
      for (auto [i, at] : llvm::enumerate(points)) {
        Point point = at;
        point.resize(variables.size(), 0);
        for (Variable variable : reduced)
          point[variable] = along[variable];
        if (readsPadding(node, point, lanesAlong))
          continue;
        if (!acrossLanes) {
          MutableArrayRef<Value> slots(inside.data() + i * results, results);
          Values updated = evaluateBody(generic, node.indices, point, lanesAlong, slots);
          llvm::copy(updated, slots.begin());
          continue;
        }
        Value &slot = inside[i * chunks + along[*lanesAlong] / lanes];
        Value updated = evaluateBody(generic, node.indices, point, lanesAlong, slot).front();
        if (Value mask = laneMask(point, lanesAlong))
          updated = arith::SelectOp::create(builder, loc, mask, updated, slot);
        slot = updated;
      }
    }
    storeCarried(node, points, lanesAlong);
    return success();
  };
  LogicalResult emitted = reduceLoops(node, loops, lanesAlong, accumulators, step);
  hoistLimit = savedLimit;
  if (failed(emitted))
    return failure();

  tile.values.resize(results);
  for (auto [i, point] : llvm::enumerate(points)) {
    Key key;
    for (Variable variable : tile.variables)
      key.push_back(point[variable]);
    if (!acrossLanes) {
      for (unsigned result = 0; result < results; ++result)
        tile.values[result][key] = accumulators[i * results + result];
      continue;
    }
    Values parts(accumulators.begin() + i * chunks, accumulators.begin() + (i + 1) * chunks);
    for (size_t count = parts.size(); count > 1; count = (count + 1) / 2)
      for (size_t k = 0; k < count / 2; ++k)
        parts[k] = combine(generic, parts[k], parts[count - 1 - k]);
    Value init = evaluate(generic.getDpsInits()[0], tile.resultIndices, point, std::nullopt);
    tile.values[0][key] = combine(generic, combineLanes(generic, parts[0]), init);
  }
  reductions[op.op] = std::move(tile);
  return success();
}

/// What a reduction left at `point` of its consumer's tile.
Value KernelEmitter::reducedValue(OpResult result, Point point, std::optional<Variable> vector) {
  ReducedTile &tile = reductions[result.getOwner()];
  auto lookup = [&](const Point &at) {
    Key key;
    for (Variable variable : tile.variables)
      key.push_back(at[variable]);
    auto found = tile.values[result.getResultNumber()].find(key);
    assert(found != tile.values[result.getResultNumber()].end() && "reduction emitted for another tile");
    return found->second;
  };
  point.resize(variables.size(), 0);
  if (!vector || tile.vectorVariable == vector || !llvm::is_contained(tile.variables, *vector))
    return lookup(point);
  // The consumer's lanes run along values that were reduced one by one.
  Values elements;
  int64_t count = laneCount(point, vector);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Point at = point;
    at[*vector] += std::min(lane, count - 1);
    elements.push_back(lookup(at));
  }
  return vector::FromElementsOp::create(builder, loc, vectorType(elements.front().getType()), elements);
}
