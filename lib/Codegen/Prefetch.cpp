//===- Prefetch.cpp - The next panel of packed weights, while this one is used ------------------------===//
//
// A panel of weights is read by one tile after the other. The first of them waits for memory, the rest find
// it in cache while memory is idle. So each tile asks for its share of the panel that comes next, a little
// with each step of the reduction: the rows a tile stands at, of all the rows a panel serves, say which
// share. Panels lie one behind the other in the order they are read, so the next one starts where this one
// ends.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tenon;

/// The number of iterations of a loop with constant bounds from 0.
static std::optional<int64_t> tripCount(scf::ForOp loop) {
  std::optional<APInt> trips = loop.getStaticTripCount();
  return trips ? std::optional<int64_t>(trips->getSExtValue()) : std::nullopt;
}

/// The loops of the scopes from `level` on, and their trips; none if one is not a loop of known trips.
static std::optional<SmallVector<std::pair<scf::ForOp, int64_t>>> loopsFrom(ArrayRef<Operation *> scopeLoops,
                                                                            unsigned level) {
  SmallVector<std::pair<scf::ForOp, int64_t>> loops;
  for (Operation *op : scopeLoops.drop_front(std::min<size_t>(level, scopeLoops.size()))) {
    auto loop = dyn_cast_or_null<scf::ForOp>(op);
    if (!loop) {
      if (op)
        return std::nullopt; // a branch
      continue;              // a tile that has no loop
    }
    std::optional<int64_t> trips = tripCount(loop);
    if (!trips)
      return std::nullopt;
    loops.push_back({loop, *trips});
  }
  return loops;
}

std::optional<KernelEmitter::PanelPrefetch> KernelEmitter::planPrefetch(Node &node, const ReducedTile &tile,
                                                                        ArrayRef<Variable> reduced) {
  if (scalable || !tile.vectorVariable)
    return std::nullopt;
  SmallVector<Operation *> scopeLoops;
  for (const Scope &scope : scopes)
    scopeLoops.push_back(scope.loop);
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
    for (size_t i = indices.size(); i-- > 0;) {
      start.add(indexOf(indices[i], origin), stride);
      stride *= type.getDimSize(i);
      for (Variable variable = 0; variable < variables.size(); ++variable)
        if (indices[i].isFunctionOfDim(variable))
          panelLevel = std::max(panelLevel, variables[variable].level);
    }
    plan.offset = start;
    plan.offset.constant += slice;

    // The rows this panel serves, and where among them the tile stands.
    auto around = loopsFrom(scopeLoops, panelLevel + 1);
    if (!around || around->empty())
      return std::nullopt;
    int64_t tiles = 1;
    for (auto [loop, trips] : *around)
      tiles *= trips;
    int64_t share = slice / tiles, place = tiles;
    if (tiles < 2 || share * bytes < 256)
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
  SmallVector<Operation *> scopeLoops;
  for (const Scope &scope : scopes)
    scopeLoops.push_back(scope.loop);
  auto steps = loopsFrom(scopeLoops, plan.scope);
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
