//===- TiledSpace.cpp - One reduction that carries the work, everything else at its tile --------------===//
//
// A point of this space: a register tile, a band of a padded input, the order of the loops around the tile, a
// block over one of them, a block over the reduction, and a copy of an operand's panels.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelShape.h"
#include "PaddedInputs.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Loops around a tile
//===----------------------------------------------------------------------------------------===//

namespace {

/// A register tile and the loops around it, steps in elements.
struct TiledPoint {
  RegisterTile tile;
  /// What computing every tile costs.
  double computeCycles = 0;
  std::optional<PaddedBand> band;
  /// Without a band: the tiles at the border of a padded input have code of their own.
  bool bordersApart = false;
  /// Parallel loops, outermost first; those of the band come first.
  SmallVector<LoopStep> outer;
  /// Blocks of reduction loops: partial results then wait in memory between blocks.
  SmallVector<LoopStep> blocks;
  /// Parallel loops inside the blocks.
  SmallVector<LoopStep> tiles;
  /// The reduction loops of a tile.
  SmallVector<LoopStep> inner;
  /// For each copied operand, inside how many of the loops up to `inner` its panels are stored.
  SmallVector<unsigned, 2> panelDepths;

  /// All loops, outermost first.
  SmallVector<LoopStep> loops() const {
    SmallVector<LoopStep> all = outer;
    llvm::append_range(all, blocks);
    llvm::append_range(all, tiles);
    llvm::append_range(all, inner);
    return all;
  }
};

/// An operand of the main op that is a copy (see --tenon-offer-copies).
struct CopiedOperand {
  unsigned input; ///< of the main op
  unsigned op;    ///< the copy
};

/// Enumerates the points around one main op.
class TiledSpace {
public:
  TiledSpace(const KernelShape &shape, unsigned main, ArrayRef<CopiedOperand> copied,
             std::vector<ScoredSchedule> &found)
      : shape(shape), kernel(shape.kernel), machine(shape.machine), lanes(shape.lanes), main(main),
        op(kernel.getOp(main)), nest(makeLoopNest(kernel, main)), toRoot(shape.rootLoops.lookup(main)),
        source(nest), copied(copied), found(found) {
    for (CopiedOperand operand : copied)
      nest.inputs[operand.input].packable = true; // its panels are
    for (unsigned loop = 0; loop < nest.size(); ++loop)
      (nest.reduction[loop] ? reduction : parallel).push_back(loop);
  }

  void enumerate();

private:
  SmallVector<unsigned> shortReductions() const;
  void enumerateOrders(TiledPoint point);
  void enumerateBlocks(const TiledPoint &point);
  SmallVector<SmallVector<LoopStep>> reductionBlocks(const RegisterTile &tile) const;
  bool needsLoop(unsigned loop, const RegisterTile &tile) const {
    return nest.extents[loop] > tile.extents[loop] || !op.staticExtent(loop);
  }
  void add(TiledPoint point);
  double cyclesOf(const TiledPoint &point) const;
  SmallVector<int64_t, 8> panelExtents(const TiledPoint &point, unsigned depth) const;
  double copyCycles(const TiledPoint &point, CopiedOperand operand, unsigned depth) const;
  std::optional<StageSchedule> copyStage(const TiledPoint &point, CopiedOperand operand,
                                         unsigned depth) const;
  std::optional<Schedule> scheduleOf(const TiledPoint &point) const;
  unsigned chooseParallelLoops(const Schedule &schedule, const TiledPoint &point) const;

  const KernelShape &shape;
  StructuredKernel &kernel;
  const Machine &machine;
  int64_t lanes;
  unsigned main;
  const StructuredOp &op;
  LoopNest nest;
  /// The loops of the main op as the root's; a reduction that is the root is its own.
  SmallVector<std::optional<unsigned>> toRoot;
  SmallVector<unsigned> parallel, reduction;
  /// The nest as it reads its operands where they come from.
  LoopNest source;
  /// The operands whose panels are stored.
  ArrayRef<CopiedOperand> copied;
  std::vector<ScoredSchedule> &found;
};

} // namespace

/// The innermost reduction loops that are short enough for a tile to unroll: windows, the channels of an
/// image.
SmallVector<unsigned> TiledSpace::shortReductions() const {
  SmallVector<unsigned> loops;
  int64_t points = 1;
  for (unsigned loop : llvm::reverse(reduction)) {
    points *= nest.extents[loop];
    if (points > 32 || points == 0 || !op.staticExtent(loop))
      break;
    loops.push_back(loop);
  }
  return loops;
}

void TiledSpace::enumerate() {
  for (const ScoredTile &ranked : rankTiles(nest, shortReductions(), machine, lanes, 12)) {
    TiledPoint point;
    point.tile = ranked.tile;
    point.computeCycles = ranked.cycles;
    for (unsigned loop : reduction)
      if (needsLoop(loop, ranked.tile))
        point.inner.push_back({loop, ranked.tile.extents[loop]});
    if (!point.inner.empty() && point.inner.back().dim != ranked.tile.vectorLoop)
      point.inner.back().step = reductionUnroll(nest, ranked.tile, point.inner.back().dim, lanes);
    SmallVector<PaddedBand> bands;
    if (!reduction.empty())
      bands = choosePaddedBands(shape, main, nest, ranked.tile);
    for (const PaddedBand &band : bands) {
      point.band = band;
      enumerateOrders(point);
    }
    point.band.reset();
    point.bordersApart =
        !bands.empty() && point.inner.empty() && hasFewBorderTiles(shape, op, nest, point.tile);
    if (bands.empty() || point.bordersApart)
      enumerateOrders(point);
  }
}

/// Every order of the parallel loops, with and without a block over the last, so that what the others stream
/// stays in cache.
void TiledSpace::enumerateOrders(TiledPoint point) {
  SmallVector<unsigned> order;
  llvm::copy_if(parallel, std::back_inserter(order),
                [&](unsigned loop) { return needsLoop(loop, point.tile); });
  unsigned permutations = 0;
  do {
    for (int64_t block : {0, 64, 256}) {
      point.outer.clear();
      if (point.band)
        for (LoopStep loop : point.band->loops)
          if (nest.extents[loop.dim] > loop.step || !op.staticExtent(loop.dim))
            point.outer.push_back(loop);
      if (block) {
        if (order.empty())
          continue;
        unsigned blocked = order.back();
        int64_t step = point.tile.extents[blocked], extent = nest.extents[blocked];
        if (extent < 2 * block || block % step != 0)
          continue;
        // Even blocks of whole tiles, as many as there would be.
        point.outer.push_back(
            {blocked,
             int64_t(llvm::alignTo(llvm::divideCeil(extent, llvm::divideCeil(extent, block)), step))});
      }
      for (unsigned loop : order)
        if (!point.band || !point.band->covers(loop, point.tile.extents[loop]))
          point.outer.push_back({loop, point.tile.extents[loop]});
      enumerateBlocks(point);
    }
  } while (++permutations < 24 && std::next_permutation(order.begin(), order.end()));
}

/// The blocks of the reduction worth trying: of the innermost loop, so that what a tile reads stays in the
/// first-level cache from tile to tile, or whole outer loops (the rows of a window).
SmallVector<SmallVector<LoopStep>> TiledSpace::reductionBlocks(const RegisterTile &tile) const {
  SmallVector<SmallVector<LoopStep>> blocks;
  unsigned last = reduction.back();
  int64_t outside = 1; // steps of the other reduction loops
  for (unsigned loop : ArrayRef(reduction).drop_back())
    outside *= nest.extents[loop];
  for (int64_t steps : {128, 256, 512}) {
    int64_t most = llvm::alignTo(llvm::divideCeil(steps, outside), 8);
    if (nest.extents[last] < 2 * most || !op.staticExtent(last))
      continue;
    // Even blocks, of whole unrolled bodies.
    int64_t count = llvm::divideCeil(nest.extents[last], most);
    blocks.push_back({{last, int64_t(llvm::alignTo(llvm::divideCeil(nest.extents[last], count), 8))}});
  }
  SmallVector<LoopStep> window;
  for (unsigned loop : ArrayRef(reduction).drop_back()) {
    if (nest.extents[loop] == tile.extents[loop] || !op.staticExtent(loop))
      continue;
    window.push_back({loop, 1});
    blocks.push_back(window);
  }
  // One position of the window, and of it a part.
  if (!window.empty() && op.staticExtent(last) && nest.extents[last] >= 512) {
    window.push_back({last, int64_t(llvm::alignTo(llvm::divideCeil(nest.extents[last], 2), 8))});
    blocks.push_back(window);
  }
  return blocks;
}

/// The point as it is, and with the reduction in blocks around its last parallel loops.
void TiledSpace::enumerateBlocks(const TiledPoint &point) {
  add(point);
  if (point.inner.empty() || nest.reduction[point.tile.vectorLoop])
    return;
  // What a tile reads stays in the first-level cache as it is.
  SmallVector<int64_t, 8> extents(nest.extents);
  for (unsigned loop : parallel)
    extents[loop] = point.tile.extents[loop];
  double bytes = 0;
  for (const LoopNest::Operand &input : nest.inputs)
    bytes += input.footprint(extents, machine.cacheLineBytes);
  if (bytes < machine.l1Bytes)
    return;
  unsigned bandLoops = 0;
  if (point.band)
    for (LoopStep loop : point.band->loops)
      bandLoops += nest.extents[loop.dim] > loop.step || !op.staticExtent(loop.dim);
  for (const SmallVector<LoopStep> &blocks : reductionBlocks(point.tile))
    for (unsigned depth = bandLoops; depth < point.outer.size(); ++depth) {
      TiledPoint blocked = point;
      blocked.blocks = blocks;
      blocked.tiles.assign(point.outer.begin() + depth, point.outer.end());
      blocked.outer.truncate(depth);
      add(blocked);
    }
}

//===----------------------------------------------------------------------------------------===//
// Panels of copied operands
//===----------------------------------------------------------------------------------------===//

/// The operands of `main` that an op of their own moves from an argument of the kernel.
static SmallVector<CopiedOperand> findCopiedOperands(const StructuredKernel &kernel, unsigned main) {
  SmallVector<CopiedOperand> copied;
  for (auto [number, input] : llvm::enumerate(kernel.getOp(main).inputs)) {
    std::optional<unsigned> producer = kernel.numberOf(input.tensor);
    auto copy = producer ? dyn_cast<linalg::GenericOp>(kernel.getOp(*producer).op) : linalg::GenericOp();
    if (!copy || copy.getNumDpsInputs() != 1 || copy.getNumReductionLoops() != 0 ||
        !isa<BlockArgument>(copy.getInputs().front()) ||
        copy.getBody()->getTerminator()->getOperand(0) != copy.getBody()->getArgument(0))
      continue;
    SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
    if (maps.front().isPermutation() && maps.back().isIdentity() && input.map.isProjectedPermutation())
      copied.push_back({unsigned(number), *producer});
  }
  return copied;
}

/// Adds the point, with the panels of each copied operand inside a loop that moves them, if loops behind it
/// use them again.
void TiledSpace::add(TiledPoint point) {
  if (point.panelDepths.size() == copied.size()) {
    if (std::optional<Schedule> schedule = scheduleOf(point))
      found.push_back({std::move(*schedule), cyclesOf(point)});
    return;
  }
  const LoopNest::Operand &operand = source.inputs[copied[point.panelDepths.size()].input];
  SmallVector<LoopStep> loops = point.loops();
  loops.truncate(loops.size() - point.inner.size());
  for (unsigned depth = 1; depth < loops.size(); ++depth) {
    double uses = 1;
    for (unsigned i = depth; i < loops.size() && !operand.movesWith(loops[i].dim); ++i)
      uses *= llvm::divideCeil(nest.extents[loops[i].dim], loops[i].step);
    if (!operand.movesWith(loops[depth - 1].dim) || uses < 4)
      continue;
    TiledPoint stored = point;
    stored.panelDepths.push_back(depth);
    add(stored);
  }
}

/// What is left of the loops inside `depth` of them.
SmallVector<int64_t, 8> TiledSpace::panelExtents(const TiledPoint &point, unsigned depth) const {
  SmallVector<int64_t, 8> extents(nest.extents);
  SmallVector<LoopStep> loops = point.loops();
  for (LoopStep loop : ArrayRef(loops).take_front(depth))
    extents[loop.dim] = std::min(extents[loop.dim], loop.step);
  return extents;
}

/// What copying all panels of an operand costs: its elements in vectors, more if they are transposed in
/// registers, and runs that lie apart.
double TiledSpace::copyCycles(const TiledPoint &point, CopiedOperand copy, unsigned depth) const {
  constexpr double cyclesPerRun = 10;
  const LoopNest::Operand &operand = source.inputs[copy.input];
  SmallVector<int64_t, 8> extents = panelExtents(point, depth);
  SmallVector<LoopStep> loops = point.loops();
  double copies = 1;
  for (LoopStep loop : ArrayRef(loops).take_front(depth))
    copies *= std::ceil(double(nest.extents[loop.dim]) / loop.step);
  double bytes = operand.footprint(extents, machine.cacheLineBytes);
  double runs = std::max(1.0, bytes / operand.runBytes(extents));
  auto generic = cast<linalg::GenericOp>(kernel.getOp(copy.op).op);
  bool isTransposed = !generic.getIndexingMapsArray().front().isIdentity();
  double perVector = isTransposed ? 3 + llvm::Log2_64_Ceil(lanes) : 2;
  return copies * (bytes / operand.elementBytes / lanes * perVector + runs * cyclesPerRun +
                   bytes / machine.l3BytesPerCycle);
}

/// The stage that stores the panels of an operand inside `depth` loops; none if there is no room for one.
std::optional<StageSchedule> TiledSpace::copyStage(const TiledPoint &point, CopiedOperand copy,
                                                   unsigned depth) const {
  SmallVector<int64_t, 8> extents = panelExtents(point, depth);
  if (source.inputs[copy.input].footprint(extents, machine.cacheLineBytes) > machine.maxScratchBytes)
    return std::nullopt;
  const StructuredOp &panel = kernel.getOp(copy.op);
  AffineMap read = cast<linalg::GenericOp>(panel.op).getIndexingMapsArray().front();
  unsigned last = panel.getNumLoops() - 1, contiguous = read.getDimPosition(last);
  StageSchedule stage;
  stage.op = copy.op;
  // Inside loops of the root, or of the stage that the main op fills in blocks.
  bool isInStage = main != kernel.getRoot() && !point.blocks.empty() && depth > point.outer.size();
  stage.parent = isInStage ? main : kernel.getRoot();
  stage.depth = depth - (isInStage ? point.outer.size() : 0);
  stage.stored = true;
  stage.vectorDim = last;
  // A vector of each row, a square of vectors that are transposed, or as many as a row of the panel has.
  unsigned lastLoop = op.inputs[copy.input].map.getDimPosition(last);
  int64_t vectors = contiguous == last ? std::clamp<int64_t>(extents[lastLoop] / lanes, 1, 4) : 1;
  for (unsigned loop = 0; loop <= last; ++loop)
    stage.loops.push_back({loop, loop == last ? vectors : loop == contiguous ? lanes : 1});
  return stage;
}

double TiledSpace::cyclesOf(const TiledPoint &point) const {
  double compute = point.computeCycles * shareInside(op, nest, point.tile, point.bordersApart);
  double cycles = nestCycles(nest, compute, point.loops(), machine);
  for (auto [operand, depth] : llvm::zip_equal(copied, point.panelDepths))
    cycles += copyCycles(point, operand, depth);
  if (point.band) {
    // Each band is read and written a vector at a time.
    double bands = 1;
    for (LoopStep loop : point.band->loops)
      bands *= llvm::divideCeil(nest.extents[loop.dim], loop.step);
    double bytes = bands * point.band->bytes;
    cycles += bytes / 4 / lanes * 3;
    // The first level holds a band until it is read, or it goes out to the second and comes back.
    double beyondFirst = std::clamp(2 * point.band->bytes / machine.l1Bytes - 1, 0.0, 1.0);
    cycles += beyondFirst * 2 * bytes / machine.l2BytesPerCycle;
    // The second level holds a band and what it is copied from, or else the band goes out to the third and
    // comes back.
    double beyond = std::clamp(4 * point.band->bytes / machine.l2Bytes - 1.5, 0.0, 1.0);
    cycles += beyond * bytes / machine.l3BytesPerCycle;
  } else if (!point.bordersApart &&
             llvm::any_of(nest.inputs, [](const LoopNest::Operand &input) { return input.padded; })) {
    cycles *= 3; // a guard at each read
  }
  if (!point.blocks.empty()) {
    double results = 1 / double(lanes), passes = 1;
    for (unsigned loop : parallel)
      results *= nest.extents[loop];
    for (LoopStep block : point.blocks)
      passes *= llvm::divideCeil(nest.extents[block.dim], block.step);
    cycles += results * 2 * (passes - 1); // partial results, written and read back
    // A tile waits for its partial results from where they are.
    SmallVector<int64_t, 8> extents(nest.extents);
    for (LoopStep loop : point.outer)
      extents[loop.dim] = std::min(extents[loop.dim], loop.step);
    double partial = nest.output.footprint(extents, machine.cacheLineBytes);
    double starts = passes;
    for (unsigned loop : parallel)
      starts *= llvm::divideCeil(nest.extents[loop], point.tile.extents[loop]);
    cycles += starts * (partial > machine.l2Bytes / 2 ? 120 : partial > machine.l1Bytes / 2 ? 30 : 10);
    // A short loop is left, and mispredicted, more often.
    for (LoopStep loop : ArrayRef(point.inner).drop_back())
      starts *= llvm::divideCeil(nest.extents[loop.dim], loop.step);
    cycles += starts * 15;
    if (main != kernel.getRoot())
      cycles += results * 2; // and read once more by what follows
  }
  return cycles;
}

/// None if the root's loops cannot stand around the main op, or its partial results need too much memory.
std::optional<Schedule> TiledSpace::scheduleOf(const TiledPoint &point) const {
  unsigned rootNumber = kernel.getRoot();
  const RegisterTile &tile = point.tile;
  auto inVectors = [&](LoopStep loop) {
    return loop.dim == tile.vectorLoop ? LoopStep{loop.dim, loop.step / lanes} : loop;
  };
  StageSchedule root, stage;
  root.op = rootNumber;
  stage.op = main;
  stage.parent = rootNumber;
  auto addRootLoops = [&](ArrayRef<LoopStep> loops) {
    for (LoopStep loop : loops) {
      LoopStep step = inVectors(loop);
      if (main != rootNumber) {
        if (!toRoot[loop.dim])
          return false;
        step.dim = *toRoot[loop.dim];
      }
      root.loops.push_back(step);
    }
    return true;
  };
  SmallVector<LoopStep> inner;
  for (LoopStep loop : point.inner)
    inner.push_back(inVectors(loop));
  std::optional<unsigned> vector = tile.vectorLoop;

  if (!addRootLoops(point.outer))
    return std::nullopt;
  if (main == rootNumber) {
    llvm::append_range(root.loops, point.blocks);
    addRootLoops(point.tiles);
    root.inner.assign(inner.begin(), inner.end());
    root.vectorDim = vector;
  } else {
    stage.depth = root.loops.size();
    if (!addRootLoops(point.tiles))
      return std::nullopt;
    stage.inner.assign(inner.begin(), inner.end());
    if (!nest.reduction[*vector])
      root.vectorDim = toRoot[*vector];
    else
      stage.vectorDim = vector;
    if (!point.blocks.empty()) {
      SmallVector<int64_t, 8> extents(nest.extents);
      for (LoopStep loop : point.outer)
        extents[loop.dim] = std::min(extents[loop.dim], loop.step);
      if (nest.output.footprint(extents, machine.cacheLineBytes) > machine.maxScratchBytes)
        return std::nullopt;
      stage.stored = true;
      stage.vectorDim = vector;
      stage.loops.assign(point.blocks.begin(), point.blocks.end());
      for (LoopStep loop : point.tiles)
        stage.loops.push_back(inVectors(loop));
    }
  }

  Schedule schedule;
  schedule.stages.push_back(root);
  if (main != rootNumber)
    schedule.stages.push_back(stage);
  if (point.band) {
    const StructuredOp &pad = kernel.getOp(point.band->op);
    StageSchedule band;
    band.op = point.band->op;
    band.parent = rootNumber;
    for (LoopStep loop : point.band->loops)
      band.depth += nest.extents[loop.dim] > loop.step || !op.staticExtent(loop.dim);
    band.stored = true;
    band.vectorDim = pad.getNumLoops() - 1;
    for (unsigned loop = 0; loop < pad.getNumLoops(); ++loop)
      band.loops.push_back({loop, loop + 1 == pad.getNumLoops() ? 4 : 1});
    schedule.stages.push_back(band);
  }
  for (auto [operand, depth] : llvm::zip_equal(copied, point.panelDepths)) {
    std::optional<StageSchedule> copy = copyStage(point, operand, depth);
    if (!copy)
      return std::nullopt;
    schedule.stages.push_back(*copy);
  }
  schedule.stages.front().parallelLoops = chooseParallelLoops(schedule, point);
  return schedule;
}

/// How many of the outer loops to spread over threads: enough iterations for each to get several, no more.
unsigned TiledSpace::chooseParallelLoops(const Schedule &schedule, const TiledPoint &point) const {
  const StageSchedule &root = schedule.stages.front();
  double range = 1;
  unsigned count = 0, most = root.loops.size();
  // A stage between the loops is done once an iteration of those around it, and blocks of a reduction follow
  // one another.
  // A stage around all loops is done by every thread.
  for (const StageSchedule &stage : schedule.stages)
    if (stage.parent == root.op && stage.stored && stage.depth > 0)
      most = std::min(most, stage.depth);
  if (!point.blocks.empty())
    most = std::min<unsigned>(most, point.outer.size());
  SmallVector<LoopStep> loops = point.outer;
  llvm::append_range(loops, point.tiles);
  for (LoopStep loop : ArrayRef(loops).take_front(most)) {
    // A loop inside blocks of its own dimension has fewer iterations in the last one: the range is a product.
    auto isBlocked = [&](LoopStep outer) { return outer.dim == loop.dim; };
    if (range >= 8.0 * machine.cores || llvm::any_of(ArrayRef(loops).take_front(count), isBlocked))
      break;
    range *= llvm::divideCeil(nest.extents[loop.dim], loop.step);
    ++count;
  }
  return count;
}

void tenon::enumerateTiled(const KernelShape &shape, unsigned main, std::vector<ScoredSchedule> &found) {
  // With the panels of no operand stored, of one, of all.
  SmallVector<CopiedOperand> operands = findCopiedOperands(shape.kernel, main);
  for (unsigned set = 0; set < 1u << operands.size(); ++set) {
    SmallVector<CopiedOperand> copied;
    for (auto [i, operand] : llvm::enumerate(operands))
      if (set >> i & 1)
        copied.push_back(operand);
    TiledSpace(shape, main, copied, found).enumerate();
  }
}
