//===- ChainSpace.cpp - Contractions that follow one another, a block of rows at a time ---------------===//
//
// For kernels of several reductions of which some are contractions: what one contraction leaves is reduced
// along rows, and the next contraction reads it, as in attention. Of the loops that all of them share, the
// rows are the one along which every contraction uses an operand again. A block of rows goes through the
// whole chain at once: every contraction has a register tile of its own, and what lies between them stays in
// scratch.
//
//     for each of the other shared loops
//       store what no row moves (operands to be transposed)
//       for each block of rows
//         store contraction, rows' reductions, elementwise, ...
//         the root's tiles: the last contraction in registers
//
//===----------------------------------------------------------------------------------------===//

#include "KernelShape.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace tenon;

namespace {

/// How one op of the chain is computed.
struct Link {
  unsigned op;
  /// The contraction whose values `op`, which is elementwise, takes over from registers.
  std::optional<unsigned> main;
  /// The loops of `op` that the parallel loops of `main` are.
  SmallVector<unsigned> heldLoops;
  /// Whether it is stored once for all rows.
  bool outside = false;
};

/// Enumerates the schedules of one kernel.
class ChainSpace {
public:
  ChainSpace(const KernelShape &shape, std::vector<ScoredSchedule> &found)
      : shape(shape), kernel(shape.kernel), machine(shape.machine), lanes(shape.lanes), found(found) {}

  void enumerate();

private:
  bool isStatic() const;
  bool isContraction(unsigned number) const;
  bool orderShared();
  std::optional<unsigned> onlyReader(unsigned number, AffineMap &read) const;
  std::optional<Link> holderOf(unsigned contraction) const;
  bool mustBeStored(unsigned number, bool storeMoves) const;
  bool chooseLinks(bool storeMoves);
  int64_t extentOf(unsigned rootLoop) const {
    return shape.root().staticExtent(rootLoop).value_or(nominalExtent);
  }
  LoopNest nestOf(unsigned number) const;
  LoopNest inBlock(const LoopNest &nest, unsigned number, int64_t rows) const;
  double regionBytes(const LoopNest &block) const;
  void add(int64_t rows, unsigned rank);
  double addTiled(StageSchedule &stage, std::optional<StageSchedule> &inner, const Link &link,
                  const LoopNest &block, unsigned rank) const;
  double addRows(StageSchedule &stage, const LoopNest &block, unsigned number) const;
  unsigned chooseParallelLoops(const Schedule &schedule) const;

  const KernelShape &shape;
  StructuredKernel &kernel;
  const Machine &machine;
  int64_t lanes;
  std::vector<ScoredSchedule> &found;
  SmallVector<unsigned> contractions;
  /// The root's loops that all reductions share; the last are the rows.
  SmallVector<unsigned> shared;
  SmallVector<Link> links;
  /// The ops with a stage: those whose results other nests read from memory.
  SmallVector<unsigned> stored;
};

} // namespace

/// Whether the sizes of all stages are known: only loops that take one step at a time may be open.
bool ChainSpace::isStatic() const {
  for (const auto &[number, loops] : shape.rootLoops) {
    const StructuredOp &op = kernel.getOp(number);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
      bool isSingle = loops[loop] && llvm::is_contained(ArrayRef(shared).drop_back(), *loops[loop]);
      if (!isSingle && !op.staticExtent(loop))
        return false;
    }
  }
  return true;
}

/// Whether a reduction uses what it reads more than once: each of two operands for results the other moves
/// with.
bool ChainSpace::isContraction(unsigned number) const {
  const StructuredOp &op = kernel.getOp(number);
  if (!op.isReduction() || op.inputs.size() != 2)
    return false;
  LoopNest nest = makeLoopNest(kernel, number);
  for (const LoopNest::Operand &input : nest.inputs) {
    bool isReused = false;
    for (unsigned loop = 0; loop < nest.size(); ++loop)
      isReused |= !nest.reduction[loop] && !input.movesWith(loop);
    if (!isReused)
      return false;
  }
  return true;
}

/// Orders the loops that all reductions share, those that every contraction reuses an operand along last, and
/// of them the longest, the rows; false if there are none.
bool ChainSpace::orderShared() {
  auto isReusedAlong = [&](unsigned number, unsigned rootLoop) {
    LoopNest nest = makeLoopNest(kernel, number);
    SmallVector<std::optional<unsigned>> mapped = shape.rootLoops.lookup(number);
    for (unsigned loop = 0; loop < nest.size(); ++loop)
      for (const LoopNest::Operand &input : nest.inputs)
        if (mapped[loop] == rootLoop && !input.movesWith(loop))
          return true;
    return false;
  };
  SmallVector<unsigned> reused;
  for (int loop : shape.sharedLoops().set_bits()) {
    bool all = llvm::all_of(contractions, [&](unsigned number) { return isReusedAlong(number, loop); });
    (all ? reused : shared).push_back(loop);
  }
  auto extent = [&](unsigned loop) { return shape.root().staticExtent(loop).value_or(1); };
  llvm::sort(reused, [&](unsigned lhs, unsigned rhs) {
    return std::make_pair(extent(lhs), lhs) < std::make_pair(extent(rhs), rhs);
  });
  llvm::append_range(shared, reused);
  return !reused.empty();
}

/// The elementwise op that alone reads `number`, each element once, and the map it reads by.
std::optional<unsigned> ChainSpace::onlyReader(unsigned number, AffineMap &read) const {
  if (shape.readers.lookup(number) != 1)
    return std::nullopt;
  for (const auto &[reader, loops] : shape.rootLoops) {
    const StructuredOp &op = kernel.getOp(reader);
    for (const Access &input : op.inputs)
      if (input.tensor == kernel.getOp(number).outputs.front().tensor && !op.isReduction() &&
          isa<linalg::GenericOp>(op.op) && input.map.isPermutation() &&
          op.outputs.front().map.isPermutation()) {
        read = input.map;
        return reader;
      }
  }
  return std::nullopt;
}

/// The last of the elementwise ops that take over a contraction's values one by one.
std::optional<Link> ChainSpace::holderOf(unsigned contraction) const {
  Link link{contraction, contraction, {}, false};
  SmallVector<unsigned> loops; // by dimension of the value so far, where the reader has it
  AffineMap read;
  const StructuredOp &op = kernel.getOp(contraction);
  // Loop i of the reader that dimension i of a value becomes.
  SmallVector<unsigned> dims =
      llvm::to_vector(llvm::seq<unsigned>(0, op.outputs.front().map.getNumResults()));
  while (std::optional<unsigned> reader = onlyReader(link.op, read)) {
    AffineMap written = kernel.getOp(*reader).outputs.front().map;
    loops.clear();
    for (unsigned dim : dims)
      loops.push_back(cast<AffineDimExpr>(read.getResult(dim)).getPosition());
    for (auto [dim, loop] : llvm::zip(dims, loops))
      dim = *written.getResultPosition(getAffineDimExpr(loop, written.getContext()));
    link.op = *reader;
  }
  if (link.op == contraction)
    return std::nullopt;
  link.heldLoops.assign(op.getNumLoops(), 0);
  for (auto [i, expr] : llvm::enumerate(op.outputs.front().map.getResults()))
    link.heldLoops[cast<AffineDimExpr>(expr).getPosition()] = loops[i];
  return link;
}

/// An elementwise op is worth memory if it is costly and read more than once.
bool ChainSpace::mustBeStored(unsigned number, bool storeMoves) const {
  const StructuredOp &op = kernel.getOp(number);
  if (op.isReduction())
    return true;
  bool isReread = shape.readers.lookup(number) > 1;
  bool isUnreachable = false; // a contraction's lanes don't lie together where it comes from
  for (const auto &[reader, loops] : shape.rootLoops)
    for (auto [i, input] : llvm::enumerate(kernel.getOp(reader).inputs)) {
      if (input.tensor != op.outputs.front().tensor || !llvm::is_contained(contractions, reader))
        continue;
      isReread = true;
      LoopNest direct = makeLoopNest(kernel, reader, number), composed = makeLoopNest(kernel, reader);
      for (unsigned loop = 0; loop < direct.size(); ++loop)
        isUnreachable |= direct.inputs[i].strides[loop] == 1 && composed.inputs[i].strides[loop] > 1;
    }
  return (storeMoves && isUnreachable) || (isReread && isCostly(op));
}

/// Which ops get stages, in order; false if there is nothing to choose with `storeMoves`.
bool ChainSpace::chooseLinks(bool storeMoves) {
  links.clear();
  stored.clear();
  llvm::DenseMap<unsigned, Link> holders;
  llvm::SmallDenseSet<unsigned> held;
  for (unsigned number : contractions)
    if (std::optional<Link> link = holderOf(number); link && holders.try_emplace(link->op, *link).second)
      held.insert(number);
  bool hasMoves = false;
  for (unsigned number = 0; number < kernel.getOps().size(); ++number) {
    if (!shape.rootLoops.contains(number))
      continue;
    bool isRoot = number == kernel.getRoot();
    auto holder = holders.find(number);
    if (held.contains(number) || (holder == holders.end() && !isRoot && !mustBeStored(number, storeMoves)))
      continue;
    Link link{number, std::nullopt, {}, false};
    if (holder != holders.end())
      link = holder->second;
    // What does not move with the rows is the same for all of them.
    link.outside =
        !isRoot && llvm::none_of(shape.rootLoops.lookup(number),
                                 [&](std::optional<unsigned> loop) { return loop == shared.back(); });
    hasMoves |= link.outside;
    links.push_back(link);
    if (!isRoot)
      stored.push_back(number);
  }
  return hasMoves == storeMoves;
}

LoopNest ChainSpace::nestOf(unsigned number) const { return makeLoopNest(kernel, number, stored); }

/// The nest of one block of `rows`, all of its other shared loops fixed.
LoopNest ChainSpace::inBlock(const LoopNest &nest, unsigned number, int64_t rows) const {
  LoopNest block = nest;
  for (auto [loop, rootLoop] : llvm::enumerate(shape.rootLoops.lookup(number)))
    if (rootLoop && llvm::is_contained(shared, *rootLoop))
      block.extents[loop] = std::min(nest.extents[loop], rootLoop == shared.back() ? rows : 1);
  return block;
}

double ChainSpace::regionBytes(const LoopNest &block) const {
  return block.output.footprint(block.extents, machine.cacheLineBytes);
}

/// A contraction in the tile ranked `rank` (or what only moves elements, in squares), with the order of loops
/// that moves least; `inner` is its own stage where `stage` is that of the op that holds it.
double ChainSpace::addTiled(StageSchedule &stage, std::optional<StageSchedule> &inner, const Link &link,
                            const LoopNest &block, unsigned rank) const {
  std::vector<ScoredTile> tiles = rankTiles(block, {}, machine, lanes, rank + 1);
  if (tiles.empty())
    return -1;
  const ScoredTile &best = tiles.back();
  const RegisterTile &tile = best.tile;
  auto inVectors = [&](LoopStep loop) {
    return loop.dim == tile.vectorLoop ? LoopStep{loop.dim, loop.step / lanes} : loop;
  };
  SmallVector<LoopStep> parallel, reduced;
  for (unsigned loop = 0; loop < block.size(); ++loop)
    if (block.extents[loop] > tile.extents[loop])
      (block.reduction[loop] ? reduced : parallel).push_back({loop, tile.extents[loop]});
  if (!reduced.empty() && reduced.back().dim != tile.vectorLoop)
    reduced.back().step = reductionUnroll(block, tile, reduced.back().dim, lanes);
  double cycles = std::numeric_limits<double>::infinity();
  SmallVector<LoopStep> order;
  auto byDim = [](LoopStep lhs, LoopStep rhs) { return lhs.dim < rhs.dim; };
  do {
    SmallVector<LoopStep> all = parallel;
    llvm::append_range(all, reduced);
    double moved = nestCycles(block, best.cycles, all, machine);
    if (moved < cycles) {
      cycles = moved;
      order = parallel;
    }
  } while (std::next_permutation(parallel.begin(), parallel.end(), byDim));

  auto held = [&](unsigned loop) { return link.main ? link.heldLoops[loop] : loop; };
  for (LoopStep loop : order)
    stage.loops.push_back({held(loop.dim), inVectors(loop).step});
  bool acrossLanes = block.reduction[tile.vectorLoop];
  StageSchedule &reducing = link.main ? inner.emplace() : stage;
  for (LoopStep loop : reduced)
    reducing.inner.push_back(inVectors(loop));
  if (acrossLanes)
    reducing.vectorDim = tile.vectorLoop;
  else
    stage.vectorDim = held(tile.vectorLoop);
  return cycles;
}

/// A reduction of rows, lanes along them where they are contiguous, or an elementwise op.
double ChainSpace::addRows(StageSchedule &stage, const LoopNest &block, unsigned number) const {
  constexpr int64_t unroll = 4;
  for (unsigned loop = 0; loop < block.size(); ++loop)
    if (canVectorize(block, loop) && block.extents[loop] > 1 &&
        (block.reduction[loop] || !stage.vectorDim || block.output.strides[loop] == 1))
      stage.vectorDim = loop;
  for (unsigned loop = 0; loop < block.size(); ++loop) {
    int64_t step = stage.vectorDim == loop ? unroll : 1;
    if (block.extents[loop] == 1)
      continue;
    if (block.reduction[loop])
      stage.inner.push_back({loop, step});
    else
      stage.loops.push_back({loop, step});
  }
  return block.iterations() / (stage.vectorDim ? lanes : 1) * (isCostly(kernel.getOp(number)) ? 12 : 2);
}

void ChainSpace::add(int64_t rows, unsigned rank) {
  ScoredSchedule candidate;
  unsigned rootNumber = kernel.getRoot();
  StageSchedule root;
  SmallVector<StageSchedule> stages;
  double outer = 1, bytes = 0;
  const StructuredOp &rootOp = shape.root();
  for (unsigned loop : shared) {
    int64_t extent = extentOf(loop), step = loop == shared.back() ? rows : 1;
    outer *= llvm::divideCeil(extent, step);
    if (extent > step || !rootOp.staticExtent(loop))
      root.loops.push_back({loop, step});
  }
  unsigned depth = root.loops.size();
  auto outsideDepth = [&](unsigned number) {
    unsigned most = 0;
    for (std::optional<unsigned> loop : shape.rootLoops.lookup(number))
      for (auto [i, step] : llvm::enumerate(root.loops))
        if (loop == step.dim)
          most = std::max<unsigned>(most, i + 1);
    return most;
  };
  for (const Link &link : links) {
    unsigned work = link.main.value_or(link.op);
    LoopNest block = inBlock(nestOf(work), work, rows);
    StageSchedule stage;
    std::optional<StageSchedule> inner;
    stage.op = link.op;
    bool isTiled = llvm::is_contained(contractions, work) || link.outside;
    double cycles =
        isTiled ? addTiled(stage, inner, link, block, link.outside ? 0 : rank) : addRows(stage, block, work);
    if (cycles < 0)
      return;
    if (link.op == rootNumber) {
      candidate.cycles += cycles * outer;
      stage.loops.insert(stage.loops.begin(), root.loops.begin(), root.loops.end());
      root = stage;
    } else {
      stage.parent = rootNumber;
      stage.depth = link.outside ? outsideDepth(link.op) : depth;
      stage.stored = true;
      double times = 1;
      for (LoopStep loop : ArrayRef(root.loops).take_front(stage.depth))
        times *= llvm::divideCeil(extentOf(loop.dim), loop.step);
      candidate.cycles += cycles * (link.outside ? times : outer);
      bytes += regionBytes(block);
      stages.push_back(stage);
    }
    if (inner) {
      inner->op = *link.main;
      inner->parent = link.op;
      inner->depth = link.op == rootNumber ? root.loops.size() : stage.loops.size();
      stages.push_back(*inner);
    }
  }
  if (bytes > machine.maxScratchBytes)
    return;
  // What lies in scratch is read from the second-level cache at best, and from further away if it is more.
  if (bytes > machine.l2Bytes / 2)
    candidate.cycles *= 1.1;
  candidate.schedule.stages.push_back(root);
  llvm::append_range(candidate.schedule.stages, stages);
  candidate.schedule.stages.front().parallelLoops = chooseParallelLoops(candidate.schedule);
  found.push_back(std::move(candidate));
}

/// As many of the shared loops as give every thread several iterations. What is stored for all rows is
/// stored by each thread, rather than leaving threads idle.
unsigned ChainSpace::chooseParallelLoops(const Schedule &schedule) const {
  const StageSchedule &root = schedule.stages.front();
  double range = 1;
  unsigned count = 0;
  for (LoopStep loop : root.loops) {
    bool isShared = llvm::is_contained(shared, loop.dim);
    bool isBlocked = llvm::any_of(ArrayRef(root.loops).take_front(count),
                                  [&](LoopStep outer) { return outer.dim == loop.dim; });
    bool repeats = llvm::any_of(schedule.stages, [&](const StageSchedule &stage) {
      return stage.stored && stage.parent == root.op && stage.depth == count;
    });
    if (!isShared || isBlocked || range >= (repeats ? 1.0 : 8.0) * machine.cores)
      break;
    // Of an open size only one iteration is sure.
    range *= llvm::divideCeil(shape.root().staticExtent(loop.dim).value_or(1), loop.step);
    ++count;
  }
  return count;
}

void ChainSpace::enumerate() {
  for (unsigned number : shape.reductions)
    if (isContraction(number))
      contractions.push_back(number);
  if (contractions.empty() || !orderShared() || !isStatic())
    return;
  int64_t extent = *shape.root().staticExtent(shared.back());
  for (bool storeMoves : {true, false}) {
    if (!chooseLinks(storeMoves))
      continue;
    for (int64_t rows : {12, 24, 48, 96}) {
      for (unsigned rank : {0, 1, 2})
        add(std::min(rows, extent), rank);
      if (rows >= extent)
        break;
    }
  }
}

void tenon::enumerateChained(const KernelShape &shape, std::vector<ScoredSchedule> &found) {
  ChainSpace(shape, found).enumerate();
}
