//===- Prefetch.cpp - Memory is asked for what comes while registers are busy ---------------------------===//
//
// A panel of weights, or the slice of one that a block of the reduction takes, is read by one tile after the
// other. The first of them waits for memory, the rest find it in cache while memory is idle. So each tile
// asks for its share of the panel that comes next, a little with each step of the reduction: the rows a tile
// stands at, of all the rows a panel serves, say which share.
//
// What a tile writes at its end, and what its body reads there besides the reduction, is asked for before the
// reduction starts: tiles that stand below one another touch lines that no processor foresees, and a store
// waits for its line. Rows of many lines, as those of a normalization, it does foresee.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tenon;

/// Panels that loops come back to this often are in a cache all but the first time, and the processor
/// foresees them there: to ask for them each time costs more than it saves.
static constexpr int64_t manyRounds = 8;

/// The loops of the scopes from `level` on, and their trips, at the most if some of a loop are left out; none
/// if one is not a loop of known trips.
std::optional<SmallVector<std::pair<scf::ForOp, int64_t>>> KernelEmitter::loopsFrom(unsigned level) const {
  SmallVector<std::pair<scf::ForOp, int64_t>> loops;
  for (const Scope &scope : ArrayRef(scopes).drop_front(std::min<size_t>(level, scopes.size()))) {
    if (!scope.loop)
      continue; // a tile that has no loop
    auto loop = dyn_cast<scf::ForOp>(scope.loop);
    auto known = loop ? ranges.find(loop.getInductionVar()) : ranges.end();
    if (known == ranges.end())
      return std::nullopt;
    loops.push_back({loop, known->second.second + 1});
  }
  return loops;
}

/// The tiles of a result, at the least, that read the same elements of an operand whose indices are
/// `indices`.
int64_t KernelEmitter::tilesBesidePanels(const Node &node, const ReducedTile &tile,
                                         ArrayRef<AffineExpr> indices) const {
  auto movesPanel = [&](Variable variable) {
    return llvm::any_of(indices, [&](AffineExpr index) { return index.isFunctionOfDim(variable); });
  };
  int64_t tiles = 1;
  ArrayRef<int64_t> shape =
      cast<ShapedType>(kernel.getOp(node.op).outputs.front().tensor.getType()).getShape();
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    bool alongPanels = llvm::any_of(tile.variables, [&](Variable variable) {
      return tile.resultIndices[dim].isFunctionOfDim(variable) && movesPanel(variable);
    });
    if (!alongPanels && !ShapedType::isDynamic(shape[dim]))
      tiles *= shape[dim];
  }
  for (Variable variable : tile.variables)
    if (!movesPanel(variable))
      tiles /= variables[variable].extent;
  return tiles;
}

std::optional<KernelEmitter::PanelPrefetch> KernelEmitter::planPrefetch(Node &node, const ReducedTile &tile,
                                                                        ArrayRef<Variable> reduced) {
  if (scalable || !tile.vectorVariable)
    return std::nullopt;
  for (const Access &input : kernel.getOp(node.op).inputs) {
    auto found = buffers.find(input.tensor);
    if (found == buffers.end() || !isa<BlockArgument>(input.tensor) || input.map.getNumResults() < 3)
      continue;
    Exprs indices = compose(input.map, node.indices);
    auto type = cast<MemRefType>(found->second.memref.getType());
    auto inPanel = dyn_cast<AffineBinaryOpExpr>(indices.back());
    int64_t bytes = type.getElementTypeBitWidth() / 8;
    // Packed in panels (see --tenon-pack-operands), and more than stays in cache.
    if (!inPanel || inPanel.getKind() != AffineExprKind::Mod || !type.hasStaticShape() || bytes == 0 ||
        type.getNumElements() * bytes < options.prefetchBytes)
      continue;

    // What this tile reads of the panel, which must lie in one piece.
    int64_t slice = type.getShape().back();
    bool whole = true;
    for (size_t i = indices.size() - 1; i-- > 1;) {
      auto index = dyn_cast<AffineDimExpr>(indices[i]);
      if (!index || !llvm::is_contained(reduced, index.getPosition()))
        return std::nullopt;
      int64_t extent = variables[index.getPosition()].extent;
      if (ShapedType::isDynamic(extent) || (!whole && extent != 1))
        return std::nullopt;
      whole &= extent == type.getDimSize(i);
      slice *= extent;
    }
    PanelPrefetch plan;
    plan.scope = scopes.size();
    int64_t stride = 1;
    Point origin(variables.size(), 0);
    LinearForm start;
    unsigned panelLevel = 0;
    Value mover; // counts the tiles along the innermost loop that moves the slice
    for (size_t i = indices.size(); i-- > 0;) {
      start.add(indexOf(indices[i], origin), stride);
      stride *= type.getDimSize(i);
      for (Variable variable = 0; variable < variables.size(); ++variable)
        if (indices[i].isFunctionOfDim(variable) && variables[variable].level >= panelLevel) {
          panelLevel = variables[variable].level;
          const LinearForm &base = variables[variable].base;
          mover = base.isConstant() ? Value() : base.terms.back().first;
        }
    }
    auto *step = llvm::find_if(start.terms, [&](const auto &term) { return term.first == mover; });
    if (!mover || step == start.terms.end())
      return std::nullopt;
    plan.offset = start;
    plan.offset.constant += step->second;

    // The rows this panel serves, and where among them the tile stands.
    auto around = loopsFrom(panelLevel + 1);
    if (!around || around->empty())
      return std::nullopt;
    int64_t tiles = 1;
    for (auto [loop, trips] : *around)
      tiles *= trips;
    int64_t share = slice / tiles, place = tiles;
    if (tiles < 2 || share * bytes < 256 || tilesBesidePanels(node, tile, indices) >= manyRounds * tiles)
      return std::nullopt;
    for (auto [loop, trips] : *around) {
      place /= trips;
      plan.offset.add(loop.getInductionVar(), place * share);
    }
    plan.share = share;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    SmallVector<ReassociationIndices> all(1);
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      all.front().push_back(dim);
    plan.memory = memref::CollapseShapeOp::create(builder, loc, found->second.memref, all);
    return plan;
  }
  return std::nullopt;
}

void KernelEmitter::emitPrefetch(const PanelPrefetch &plan) {
  auto steps = loopsFrom(plan.scope);
  if (!steps || steps->empty())
    return;
  int64_t iterations = 1;
  for (auto [loop, trips] : *steps)
    iterations *= trips;
  int64_t advance = plan.share / iterations, place = iterations;
  if (advance == 0)
    return;
  LinearForm at = plan.offset;
  for (auto [loop, trips] : *steps) {
    place /= trips;
    at.add(loop.getInductionVar(), place * advance);
  }
  memref::PrefetchOp::create(builder, loc, plan.memory, ValueRange{at.materialize(builder, loc)},
                             /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
}

/// The iterations of a stage's reduction loops, as far as they are known; 0 for other stages.
static int64_t reductionTrips(const StructuredOp &op) {
  if (!op.isReduction())
    return 0;
  int64_t trips = 1;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
    if (op.isReductionLoop(dim))
      trips *= op.staticExtent(dim).value_or(1);
  return trips;
}

void KernelEmitter::prefetchTile(const Node &node, ArrayRef<Buffer> destinations) {
  // A shorter reduction is over before memory has answered.
  constexpr int64_t leastTrips = 32;
  constexpr int64_t longestRun = 8; // in lines
  std::optional<Variable> vector = vectorVariableOf(node);
  const StructuredOp &op = kernel.getOp(node.op);
  bool reducesFirst = reductionTrips(op) >= leastTrips;
  for (const std::unique_ptr<Node> &child : node.children)
    reducesFirst |= !child->stored && reductionTrips(kernel.getOp(child->op)) >= leastTrips;
  if (scalable || !vector || node.op != kernel.getRoot() || !reducesFirst)
    return;

  SmallVector<Variable> parallel;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    Variable variable = variableOf(node, dim);
    if (op.isReductionLoop(dim))
      continue;
    if (ShapedType::isDynamic(variables[variable].extent) || variables[variable].laneCount)
      return;
    if (variable != *vector)
      parallel.push_back(variable);
  }
  if (llvm::is_contained(parallel, *vector) || op.isReductionLoop(*node.schedule->vectorDim))
    return;
  auto ask = [&](const Buffer &buffer, const Exprs &indices, bool isWrite) {
    auto type = cast<MemRefType>(buffer.memref.getType());
    bool moves = llvm::any_of(parallel, [&](Variable variable) {
      return llvm::any_of(indices, [&](AffineExpr index) { return index.isFunctionOfDim(variable); });
    });
    if (!moves || indices.empty() || indices.back() != getAffineDimExpr(*vector, context) ||
        !isa<FloatType, IntegerType>(type.getElementType()))
      return;
    int64_t line = std::max<int64_t>(1, 64 * 8 / type.getElementTypeBitWidth());
    int64_t width = variables[*vector].extent;
    if (width > longestRun * line)
      return;
    LinearForm start = indexOf(indices.back(), Point(variables.size(), 0));
    bool aligned = start.constant % line == 0 && width % line == 0 && type.getShape().back() % line == 0;
    for (const auto &[value, factor] : start.terms)
      aligned &= factor % line == 0;
    for (const Point &row : tilePoints(parallel, std::nullopt))
      // From any start, the last element lies on a line of its own.
      for (int64_t at = 0; at < (aligned ? width : width + line - 1); at += line) {
        Point point = row;
        point[*vector] = std::min(at, width - 1);
        memref::PrefetchOp::create(builder, loc, buffer.memref, indexValues(buffer, indices, point), isWrite,
                                   /*localityHint=*/3, /*isDataCache=*/true);
      }
  };
  for (auto [destination, output] : llvm::zip(destinations, op.outputs))
    if (destination.memref)
      ask(destination, compose(output.map, node.indices), /*isWrite=*/true);
  if (op.isReduction())
    return;
  for (const Access &input : op.inputs)
    if (auto found = buffers.find(input.tensor); found != buffers.end() && isa<BlockArgument>(input.tensor))
      ask(found->second, compose(input.map, node.indices), /*isWrite=*/false);
}
