//===- Tiles.cpp - The loops over a variable, their tiles and what remains --------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tenon;

LogicalResult KernelEmitter::inTile(Variable variable, const LinearForm &offset, int64_t extent,
                                    Value laneCount, Operation *loop, Values &carried,
                                    function_ref<LogicalResult(Values &)> body, bool scalable) {
  LoopVariable saved = variables[variable];
  scopes.emplace_back();
  scopes.back().loop = loop;
  LoopVariable &tile = variables[variable];
  tile.base.add(offset);
  tile.extent = extent;
  tile.dynamicExtent = {};
  tile.laneCount = laneCount;
  tile.scalable = scalable;
  tile.capacity = {};
  tile.level = scopes.size() - 1;
  LogicalResult result = body(carried);
  scopes.pop_back();
  variables[variable] = saved;
  return result;
}

LogicalResult KernelEmitter::forEachTile(Loop loop, bool isVector, Values &carried,
                                         function_ref<LogicalResult(Values &)> body, const Node *reduction) {
  const LoopVariable &along = variables[loop.variable];
  if (along.laneCount && (isVector || !scalable))
    return body(carried);
  if (fitsLeastVector(along, isVector))
    return inTile(loop.variable, LinearForm(), lanes, extentOf(along), nullptr, carried, body,
                  /*scalable=*/true);
  if (hasDynamicTrips(along, isVector))
    return forEachDynamicTile(loop.variable, loop.step, isVector, carried, body);
  return forEachStaticTile(loop, carried, body, reduction);
}

LogicalResult KernelEmitter::forEachStaticTile(Loop loop, Values &carried,
                                               function_ref<LogicalResult(Values &)> body,
                                               const Node *reduction) {
  int64_t extent = variables[loop.variable].extent;
  if (extent <= loop.step)
    return body(carried);
  for (TileRun run : tileRuns(loop)) {
    std::optional<std::pair<Value, Value>> bounds;
    if (reduction)
      bounds = skipPadding(*reduction, loop.variable, run);
    if (failed(repeatTile(loop.variable, run, bounds, carried, body)))
      return failure();
  }
  return success();
}

/// The tiles of a loop in order: those of one extent together, but for the few that touch the border of a
/// padded tensor, each on its own. The others need no guards.
SmallVector<KernelEmitter::TileRun> KernelEmitter::tileRuns(Loop loop) const {
  constexpr unsigned mostAtBorder = 4;
  const LoopVariable &along = variables[loop.variable];
  EvenSplit split = splitEvenly(along.extent, loop.step);
  if (!loop.even)
    split = {loop.step, along.extent / loop.step, along.extent % loop.step, along.extent % loop.step != 0};
  SmallVector<TileRun> whole;
  if (split.largeCount > 0)
    whole.push_back({0, split.largeCount, 0, split.large});
  if (split.smallCount > 0)
    whole.push_back({split.largeCount, split.smallCount, split.large * split.largeCount, split.small});
  auto inner = unguarded.find(loop.variable);
  std::optional<Range> base = rangeOf(along.base);
  if (inner == unguarded.end() || !base || along.scalable)
    return whole;

  SmallVector<TileRun> runs;
  unsigned atBorder = 0;
  for (TileRun run : whole) {
    bool continues = false;
    for (int64_t i = 0; i < run.count; ++i) {
      int64_t start = run.start + i * run.extent;
      bool isInside = base->first + start >= inner->second.first &&
                      base->second + start + run.extent - 1 <= inner->second.second;
      if (isInside && continues)
        ++runs.back().count;
      else
        runs.push_back({run.first + i, 1, start, run.extent});
      continues = isInside;
      atBorder += !isInside;
    }
  }
  return atBorder <= mostAtBorder ? runs : whole;
}

LogicalResult KernelEmitter::repeatTile(Variable variable, TileRun run,
                                        std::optional<std::pair<Value, Value>> bounds, Values &carried,
                                        function_ref<LogicalResult(Values &)> body) {
  bool isScaled = variables[variable].scalable;
  if (run.count == 0)
    return success();
  if (run.count == 1 && !bounds)
    return inTile(variable, scaled(LinearForm(run.start), isScaled), run.extent, {}, nullptr, carried, body,
                  isScaled);
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto [first, end] = bounds.value_or(std::make_pair(constant(0), constant(run.count)));
  auto loop = scf::ForOp::create(builder, loc, first, end, constant(1), carried);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ranges[loop.getInductionVar()] = {0, run.count - 1};
  // Loops count tiles: the index is then a multiple of the step to the eye, and packed layouts divide it
  // exactly.
  LinearForm offset(run.start);
  offset.add(loop.getInductionVar(), run.extent);
  Values inside(loop.getRegionIterArgs());
  if (failed(inTile(variable, scaled(offset, isScaled), run.extent, {}, loop, inside, body, isScaled)))
    return failure();
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, inside);
  carried.assign(loop.result_begin(), loop.result_end());
  return success();
}

/// Full tiles, then single iterations, or single masked vectors along the vector dimension.
LogicalResult KernelEmitter::forEachDynamicTile(Variable variable, int64_t step, bool isVector,
                                                Values &carried, function_ref<LogicalResult(Values &)> body) {
  Value extent = extentOf(variables[variable]);
  bool isScaled = scalable && isVector;
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto runLoop = [&](Value lower, Value upper, int64_t width, bool masked) -> LogicalResult {
    auto loop = scf::ForOp::create(builder, loc, lower, upper, constant(1), carried);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    LinearForm offset;
    offset.add(loop.getInductionVar(), width);
    offset = scaled(offset, isScaled);
    Value count;
    if (masked) {
      Value at = offset.materialize(builder, loc);
      count = arith::MinSIOp::create(builder, loc, times(width, isScaled),
                                     arith::SubIOp::create(builder, loc, extent, at));
    }
    Values inside(loop.getRegionIterArgs());
    if (failed(inTile(variable, offset, width, count, loop, inside, body, isScaled)))
      return failure();
    if (!carried.empty())
      scf::YieldOp::create(builder, loc, inside);
    carried.assign(loop.result_begin(), loop.result_end());
    return success();
  };
  int64_t narrow = isVector ? lanes : 1;
  Value full = constant(0);
  if (step > narrow || !isVector) {
    Value tiles = arith::DivUIOp::create(builder, loc, extent, times(step, isScaled));
    if (failed(runLoop(full, tiles, step, false)))
      return failure();
    if (step == narrow)
      return success();
    full = arith::MulIOp::create(builder, loc, tiles, constant(step / narrow));
  }
  if (!isVector)
    return runLoop(full, extent, 1, false);
  Value upper = arith::CeilDivUIOp::create(builder, loc, extent, times(narrow, isScaled));
  if (step == narrow) {
    // One vector a tile: the unmasked ones in a loop of their own, so that only the last pays for its mask.
    Value tiles = arith::DivUIOp::create(builder, loc, extent, times(narrow, isScaled));
    if (failed(runLoop(full, tiles, narrow, false)))
      return failure();
    full = tiles;
  }
  return runLoop(full, upper, narrow, true);
}

/// The first loops of the kernel's result as one range, of which each call of the kernel runs [begin, end).
LogicalResult KernelEmitter::emitParallelLoops(Node &node, ArrayRef<Buffer> destinations) {
  unsigned count = node.schedule->parallelLoops;
  if (count > node.schedule->loops.size())
    return kernel.getOp(node.op).op->emitOpError("expects at most ")
           << node.schedule->loops.size() << " parallel loops, but got " << count;
  ArrayRef<LoopStep> steps = ArrayRef(node.schedule->loops).take_front(count);
  for (unsigned i = 0; i < count; ++i)
    if (llvm::any_of(steps.take_front(i), [&](LoopStep outer) { return outer.dim == steps[i].dim; }))
      return kernel.getOp(node.op).op->emitOpError(
                 "expects parallel loops over different dimensions, but got two over d")
             << steps[i].dim;
  if (failed(emitStages(node, 0)))
    return failure();
  for (LoopStep loop : steps)
    if (kernel.getOp(node.op).isReductionLoop(loop.dim))
      return kernel.getOp(node.op).op->emitOpError("expects parallel loops, but d") << loop.dim << " reduces";
  SmallVector<Loop> loops = toLoops(node, steps);
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  Values trips;
  for (Loop loop : loops) {
    const LoopVariable &variable = variables[loop.variable];
    bool isVector = vectorVariableOf(node) == loop.variable;
    trips.push_back(hasDynamicTrips(variable, isVector)
                        ? Value(arith::CeilDivUIOp::create(builder, loc, extentOf(variable),
                                                           times(loop.step, scalable && isVector)))
                        : constant(llvm::divideCeil(variable.extent, loop.step)));
  }
  auto [first, last] = tileRange(node, loops, trips);
  auto range = scf::ForOp::create(builder, loc, first, last, constant(1));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(range.getBody());
  scopes.emplace_back();
  scopes.back().loop = range;
  Value rest = range.getInductionVar();
  Values tileNumbers(count);
  for (unsigned i = count; i-- > 0;) {
    tileNumbers[i] = i == 0 ? rest : builder.createOrFold<arith::RemUIOp>(loc, rest, trips[i]);
    if (i > 0)
      rest = builder.createOrFold<arith::DivUIOp>(loc, rest, trips[i]);
  }
  LogicalResult result = emitParallelTile(node, loops, tileNumbers, 0, destinations);
  scopes.pop_back();
  return result;
}

/// Loop `i` of the parallel loops at its tile; branches where the last tile is cut short.
LogicalResult KernelEmitter::emitParallelTile(Node &node, ArrayRef<Loop> loops, ValueRange tileNumbers,
                                              unsigned i, ArrayRef<Buffer> destinations) {
  if (i == loops.size())
    return emitLoops(node, i, destinations);
  auto [variable, step, even] = loops[i];
  Values none;
  auto inner = [&](Values &) -> LogicalResult {
    // Stages between two parallel loops belong to each iteration of the range.
    if (i + 1 < loops.size() && failed(emitStages(node, i + 1)))
      return failure();
    return emitParallelTile(node, loops, tileNumbers, i + 1, destinations);
  };
  const LoopVariable &current = variables[variable];
  bool isVector = vectorVariableOf(node) == variable, isScaled = scalable && isVector;
  bool dynamic = hasDynamicTrips(current, isVector);
  if (!dynamic && current.extent <= step)
    return inner(none);
  if (!dynamic)
    return emitParallelRuns(variable, tileRuns(loops[i]), tileNumbers[i], nullptr, inner);
  LinearForm offset;
  offset.add(tileNumbers[i], step);
  offset = scaled(offset, isScaled);

  Value full = arith::DivUIOp::create(builder, loc, extentOf(current), times(step, isScaled));
  Value isFull = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, tileNumbers[i], full);
  auto branch = scf::IfOp::create(builder, loc, isFull, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    if (failed(inTile(variable, offset, step, {}, branch, none, inner, isScaled)))
      return failure();
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.elseBlock());
  LinearForm lower;
  lower.add(full, step);
  lower = scaled(lower, isScaled);
  if (isVector && step == lanes) { // less than a vector is left
    Value count = arith::SubIOp::create(builder, loc, extentOf(current), lower.materialize(builder, loc));
    return inTile(variable, lower, lanes, count, branch, none, inner, isScaled);
  }
  return inRemainder(variable, lower, isVector, branch, inner);
}

/// The tile of number `tile`, of a loop of known trips: a branch for each run of tiles but the last.
LogicalResult KernelEmitter::emitParallelRuns(Variable variable, ArrayRef<TileRun> runs, Value tile,
                                              Operation *branch, function_ref<LogicalResult(Values &)> body) {
  TileRun run = runs.front();
  bool isScaled = variables[variable].scalable;
  Values none;
  auto emitRun = [&](Operation *scope) {
    // A tile on its own has a constant start, which packed layouts divide.
    LinearForm offset(run.start);
    if (run.count > 1) {
      offset.constant -= run.first * run.extent;
      offset.add(tile, run.extent);
    }
    ranges[tile] = {run.first, run.first + run.count - 1};
    LogicalResult result =
        inTile(variable, scaled(offset, isScaled), run.extent, {}, scope, none, body, isScaled);
    ranges.erase(tile);
    return result;
  };
  if (runs.size() == 1)
    return emitRun(branch);
  Value end = arith::ConstantIndexOp::create(builder, loc, run.first + run.count);
  Value isHere = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, tile, end);
  auto choice = scf::IfOp::create(builder, loc, isHere, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  if (failed(emitRun(choice)))
    return failure();
  builder.setInsertionPointToStart(choice.elseBlock());
  return emitParallelRuns(variable, runs.drop_front(), tile, choice, body);
}

/// What remains of a dynamic dimension from `start`, an iteration (or masked vector) at a time.
LogicalResult KernelEmitter::inRemainder(Variable variable, const LinearForm &start, bool isVector,
                                         Operation *branch, function_ref<LogicalResult(Values &)> body) {
  LoopVariable saved = variables[variable];
  scopes.emplace_back();
  scopes.back().loop = branch;
  LoopVariable &rest = variables[variable];
  rest.dynamicExtent = arith::SubIOp::create(builder, loc, extentOf(saved), start.materialize(builder, loc));
  rest.extent = ShapedType::kDynamic;
  rest.base.add(start);
  rest.level = scopes.size() - 1;
  Values none;
  LogicalResult result = forEachDynamicTile(variable, isVector ? lanes : 1, isVector, none, body);
  scopes.pop_back();
  variables[variable] = saved;
  return result;
}
