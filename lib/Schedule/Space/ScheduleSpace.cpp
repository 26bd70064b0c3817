//===- ScheduleSpace.cpp - The schedules a kernel may have ---------------------------------------------===//

#include "tenon/Schedule/Space/ScheduleSpace.h"
#include "tenon/Schedule/Cost/TileCost.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <numeric>

using namespace mlir;
using namespace tenon;

/// What the emitter allows a kernel's scratch at most.
static constexpr int64_t maxScratchBytes = 1 << 20;

int64_t tenon::vectorLanes(const StructuredKernel &kernel, const Machine &machine) {
  return machine.vectorLanes(kernel.widestElementBits());
}

namespace {

/// The reductions of a kernel and how their results meet the loops of its root.
struct KernelShape {
  StructuredKernel &kernel;
  const Machine &machine;
  int64_t lanes;
  /// Reductions in order, and for each its loops as loops of the root: the root's loop, or none for its own
  /// reductions.
  SmallVector<unsigned> reductions;
  llvm::DenseMap<unsigned, SmallVector<std::optional<unsigned>>> rootLoops;
  /// The elementwise ops and reductions each op reads, by number.
  llvm::DenseMap<unsigned, unsigned> readers;

  KernelShape(StructuredKernel &kernel, const Machine &machine);
  const StructuredOp &root() const { return kernel.getOp(kernel.getRoot()); }
  /// Root loops along which the result of every reduction moves.
  llvm::SmallBitVector sharedLoops() const;
};

} // namespace

KernelShape::KernelShape(StructuredKernel &kernel, const Machine &machine)
    : kernel(kernel), machine(machine), lanes(vectorLanes(kernel, machine)),
      rootLoops(kernel.mapLoopsToRoot()) {
  for (unsigned number = 0; number < kernel.getOps().size(); ++number) {
    if (!rootLoops.contains(number))
      continue;
    if (kernel.getOp(number).isReduction())
      reductions.push_back(number);
    for (const Access &input : kernel.getOp(number).inputs)
      if (std::optional<unsigned> producer = kernel.numberOf(input.tensor))
        ++readers[*producer];
  }
}

llvm::SmallBitVector KernelShape::sharedLoops() const {
  llvm::SmallBitVector shared(root().getNumLoops());
  for (unsigned loop = 0; loop < root().getNumLoops(); ++loop)
    if (!root().isReductionLoop(loop))
      shared.set(loop);
  for (unsigned number : reductions) {
    llvm::SmallBitVector here(root().getNumLoops());
    const StructuredOp &op = kernel.getOp(number);
    for (auto [loop, rootLoop] : llvm::enumerate(rootLoops.lookup(number)))
      if (rootLoop && !op.isReductionLoop(loop))
        here.set(*rootLoop);
    shared &= here;
  }
  return shared;
}

//===----------------------------------------------------------------------------------------===//
// One reduction that carries the work, everything else at its tile
//===----------------------------------------------------------------------------------------===//

/// The `count` cheapest candidates in order; equal ones in the order they came, so that the same kernel
/// always gets the same schedule.
template <typename Candidate, typename Cost>
static std::vector<Candidate> takeCheapest(std::vector<Candidate> candidates, unsigned count, Cost cost) {
  std::vector<unsigned> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(cost(candidates[a]), a) < std::make_pair(cost(candidates[b]), b);
  });
  std::vector<Candidate> cheapest;
  for (unsigned i : ArrayRef(order).take_front(count))
    cheapest.push_back(std::move(candidates[i]));
  return cheapest;
}

/// Values worth trying for a step: small ones, and those that divide the extent.
static SmallVector<int64_t> tileSteps(int64_t extent, int64_t most) {
  SmallVector<int64_t> steps;
  for (int64_t step = 1; step <= std::min(extent, most); ++step)
    if (step <= 8 || step == 10 || step == 12 || step == 14 || extent == step)
      steps.push_back(step);
  return steps;
}

/// Whether lanes may run along `loop`: the result is contiguous there and no operand is scattered, or, for a
/// reduction loop, every operand is contiguous or does not move.
static bool canVectorize(const LoopNest &nest, unsigned loop) {
  auto regular = [&](const LoopNest::Operand &operand) {
    int64_t stride = operand.strides[loop];
    // Packing lays out what moves with a parallel loop; along a reduced one the operand is as it is.
    return stride == 0 || stride == 1 || (operand.packable && !nest.reduction[loop]);
  };
  if (!llvm::all_of(nest.inputs, regular))
    return false;
  return nest.reduction[loop] || nest.output.strides[loop] == 1;
}

/// For lanes along `vector` where operands lie apart: the loop they are contiguous along, so that a square of
/// vectors can be loaded and transposed in registers. None if there is no such loop for all of them, or the
/// nest reduces.
static std::optional<unsigned> transposedLoop(const LoopNest &nest, unsigned vector, int64_t lanes) {
  if (llvm::is_contained(nest.reduction, true) || nest.output.strides[vector] != 1 ||
      nest.extents[vector] < lanes)
    return std::nullopt;
  for (unsigned loop = 0; loop < nest.size(); ++loop) {
    if (loop == vector || nest.extents[loop] < lanes)
      continue;
    bool all = llvm::all_of(nest.inputs, [&](const LoopNest::Operand &operand) {
      int64_t stride = operand.strides[vector];
      return stride == 0 || stride == 1 || operand.strides[loop] == 1;
    });
    if (all)
      return loop;
  }
  return std::nullopt;
}

/// A register tile and what computing the whole nest with it costs.
struct ScoredTile {
  double cycles;
  RegisterTile tile;
};

/// The register tiles of `nest`, best first by what computing alone costs.
static std::vector<ScoredTile> rankTiles(const LoopNest &nest, const Machine &machine, int64_t lanes,
                                         unsigned keep) {
  SmallVector<unsigned> parallel;
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    if (!nest.reduction[loop])
      parallel.push_back(loop);
  bool reduces = llvm::is_contained(nest.reduction, true);
  // LLVM spills when all of 32 registers are alive at once; of 16, the last one is needed.
  unsigned limit = machine.numVectorRegisters - (machine.numVectorRegisters > 16 ? 1 : 0);

  std::vector<ScoredTile> ranked;
  auto consider = [&](const RegisterTile &tile) {
    TileFeatures features = analyzeTile(nest, tile, machine, lanes);
    // Register overflow is a cliff: it is no candidate.
    if (features.registers > limit || features.multiplyAdds > 160)
      return;
    ranked.push_back({computeCycles(nest, tile, machine, lanes), tile});
  };
  for (unsigned vector = 0; vector < nest.size(); ++vector) {
    if (!canVectorize(nest, vector)) {
      if (std::optional<unsigned> across = transposedLoop(nest, vector, lanes)) {
        RegisterTile square;
        square.vectorLoop = vector;
        square.extents.assign(nest.size(), 1);
        square.extents[vector] = square.extents[*across] = lanes;
        ranked.push_back({computeCycles(nest, square, machine, lanes), square});
      }
      continue;
    }
    RegisterTile tile;
    tile.vectorLoop = vector;
    tile.extents.assign(nest.size(), 1);
    int64_t vectors = llvm::divideCeil(nest.extents[vector], lanes);
    for (int64_t count : {1, 2, 3, 4, 6, 8}) {
      if (count > vectors && count > 1)
        break;
      tile.extents[vector] = count * lanes;
      consider(tile);
      for (unsigned outer : parallel) {
        if (outer == vector)
          continue;
        for (int64_t step : tileSteps(nest.extents[outer], reduces ? 14 : 4)) {
          tile.extents[outer] = step;
          if (step > 1)
            consider(tile);
          for (unsigned second : parallel) {
            if (second == vector || second <= outer || count > 4 || step > 8)
              continue;
            for (int64_t secondStep : {2, 4}) {
              if (secondStep > nest.extents[second] || step * secondStep * count > 28)
                continue;
              tile.extents[second] = secondStep;
              consider(tile);
              tile.extents[second] = 1;
            }
          }
        }
        tile.extents[outer] = 1;
      }
    }
  }
  return takeCheapest(std::move(ranked), keep, [](const ScoredTile &candidate) { return candidate.cycles; });
}

/// Unrolls the innermost reduction loop of a small tile until its body outweighs the loop.
static int64_t reductionUnroll(const LoopNest &nest, const RegisterTile &tile, unsigned loop, int64_t lanes) {
  if (loop == tile.vectorLoop)
    return tile.extents[loop];
  int64_t work = 1;
  for (auto [i, extent] : llvm::enumerate(tile.extents))
    work *= i == tile.vectorLoop ? std::max<int64_t>(1, extent / lanes) : extent;
  int64_t unroll = 1;
  while (unroll < 8 && work * unroll * 2 <= 24 && unroll * 2 <= nest.extents[loop])
    unroll *= 2;
  return unroll;
}

/// How many of the outer loops to spread over threads: enough iterations for each to get several, no more.
static unsigned chooseParallelLoops(const Schedule &schedule, const StageSchedule &root, const LoopNest &nest,
                                    const Machine &machine, int64_t lanes) {
  SmallVector<int64_t, 8> extents = nest.extents;
  double range = 1;
  unsigned count = 0, most = root.loops.size();
  // A stage between the loops is done once an iteration of those around it.
  for (const StageSchedule &stage : schedule.stages)
    if (stage.parent == root.op && stage.stored)
      most = std::min(most, stage.depth);
  for (const LoopStep &loop : ArrayRef(root.loops).take_front(most)) {
    if (range >= 8.0 * machine.cores)
      break;
    int64_t step = root.vectorDim == loop.dim ? loop.step * lanes : loop.step;
    range *= llvm::divideCeil(extents[loop.dim], step);
    extents[loop.dim] = std::min(extents[loop.dim], step);
    ++count;
  }
  return count;
}

/// A padded input of a window, stored a band of rows at a time: reads then need no guard, and a band stays in
/// cache.
struct PaddedBand {
  unsigned op;                 ///< the tensor.pad
  SmallVector<unsigned> outer; ///< loops of the main op around the band, outermost first
  std::optional<unsigned> row; ///< the main op's loop along the first padded dimension
  int64_t rowStep = 0;         ///< rows of the result a band serves
  double bytes = 0;
};

/// The band for `main` under `tile`, if one of its inputs is padded.
static std::optional<PaddedBand> choosePaddedBand(const KernelShape &shape, unsigned main,
                                                  const LoopNest &nest, const RegisterTile &tile) {
  StructuredKernel &kernel = shape.kernel;
  const StructuredOp &op = kernel.getOp(main);
  for (auto [number, input] : llvm::enumerate(op.inputs)) {
    std::optional<unsigned> producer = kernel.numberOf(input.tensor);
    auto pad = producer ? dyn_cast<tensor::PadOp>(kernel.getOp(*producer).op) : tensor::PadOp();
    if (!pad)
      continue;
    const LoopNest::Operand &operand = nest.inputs[number];
    PaddedBand band;
    band.op = *producer;
    SmallVector<int64_t, 8> extents = nest.extents;
    for (auto [dim, coefficients] : llvm::enumerate(operand.coefficients)) {
      bool guarded = pad.getStaticLow()[dim] != 0 || pad.getStaticHigh()[dim] != 0;
      for (unsigned loop = 0; loop < nest.size(); ++loop) {
        if (coefficients[loop] == 0 || nest.reduction[loop])
          continue;
        if (!guarded) {
          band.outer.push_back(loop);
          extents[loop] = std::min(nest.extents[loop], tile.extents[loop]);
        } else if (!band.row) {
          band.row = loop; // a further padded dimension stays whole
        }
      }
    }
    if (!band.row)
      return std::nullopt;
    // As many rows as stay well inside the second-level cache, in whole tiles.
    double budget = shape.machine.l2Bytes / 4;
    int64_t step = tile.extents[*band.row], extent = nest.extents[*band.row];
    int64_t most = op.staticExtent(*band.row) ? extent : 4 * step;
    if (shape.machine.cores > 1 && extent >= 4 * int64_t(shape.machine.cores))
      most = std::min<int64_t>(most, llvm::divideCeil(extent, 2 * shape.machine.cores));
    band.rowStep = step;
    for (int64_t rows = step; rows < most + step; rows += step) {
      extents[*band.row] = rows;
      double bytes = operand.footprint(extents, shape.machine.cacheLineBytes);
      if (bytes > budget && rows > step)
        break;
      band.rowStep = rows;
      band.bytes = bytes;
    }
    // The least band under this tile may still be too much to keep.
    if (band.bytes > std::min<double>(shape.machine.l2Bytes / 2, maxScratchBytes))
      return std::nullopt;
    return band;
  }
  return std::nullopt;
}

/// Schedules with the main reduction (or, without one, the root) tiled in registers.
static void enumerateTiled(const KernelShape &shape, unsigned main, std::vector<ScoredSchedule> &found) {
  StructuredKernel &kernel = shape.kernel;
  unsigned rootNumber = kernel.getRoot();
  LoopNest nest = makeLoopNest(kernel, main);
  const StructuredOp &op = kernel.getOp(main);
  // The loops of the main op as the root's; a reduction that is the root is its own.
  SmallVector<std::optional<unsigned>> toRoot = shape.rootLoops.lookup(main);

  SmallVector<unsigned> parallel, reduction;
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    (nest.reduction[loop] ? reduction : parallel).push_back(loop);

  for (const ScoredTile &ranked : rankTiles(nest, shape.machine, shape.lanes, 8)) {
    const RegisterTile &tile = ranked.tile;
    SmallVector<unsigned> order = parallel;
    llvm::sort(order);
    std::optional<PaddedBand> band;
    bool padded = llvm::any_of(nest.inputs, [](const LoopNest::Operand &input) { return input.padded; });
    if (!reduction.empty())
      band = choosePaddedBand(shape, main, nest, tile);
    // A guard at each read costs about as much as the reading.
    double guards = padded && !band ? 2 : 1;
    unsigned permutations = 0;
    do {
      // Blocks over one loop so that what the others stream stays in cache.
      for (int64_t block : {0, 64, 256}) {
        SmallVector<LoopStep> loops;
        unsigned bandDepth = 0;
        if (band) {
          for (unsigned loop : band->outer)
            if (nest.extents[loop] > tile.extents[loop] || !op.staticExtent(loop))
              loops.push_back({loop, tile.extents[loop]});
          if (nest.extents[*band->row] > band->rowStep || !op.staticExtent(*band->row))
            loops.push_back({*band->row, band->rowStep});
          bandDepth = loops.size();
        }
        unsigned blocked = order.empty() ? 0 : order.back();
        if (block &&
            (order.empty() || nest.extents[blocked] < 2 * block || block % tile.extents[blocked] != 0))
          continue;
        if (block)
          loops.push_back({blocked, block});
        for (unsigned loop : order) {
          bool done = band && (llvm::is_contained(band->outer, loop) ||
                               (loop == *band->row && band->rowStep == tile.extents[loop]));
          if (!done && (nest.extents[loop] > tile.extents[loop] || !op.staticExtent(loop)))
            loops.push_back({loop, tile.extents[loop]});
        }
        SmallVector<LoopStep> inner;
        for (unsigned loop : reduction)
          if (nest.extents[loop] > tile.extents[loop] || !op.staticExtent(loop))
            inner.push_back({loop, tile.extents[loop]});
        if (!inner.empty() && inner.back().dim != tile.vectorLoop)
          inner.back().step = reductionUnroll(nest, tile, inner.back().dim, shape.lanes);
        SmallVector<LoopStep> all = loops;
        llvm::append_range(all, inner);

        ScoredSchedule candidate;
        candidate.cycles = guards * nestCycles(nest, tile, all, shape.machine, shape.lanes);
        auto inVectors = [&](LoopStep loop) {
          return loop.dim == tile.vectorLoop ? LoopStep{loop.dim, loop.step / shape.lanes} : loop;
        };
        StageSchedule rootStage, mainStage;
        rootStage.op = rootNumber;
        bool expressible = true;
        for (LoopStep loop : loops) {
          LoopStep step = inVectors(loop);
          if (main != rootNumber) {
            expressible &= toRoot[loop.dim].has_value();
            step.dim = toRoot[loop.dim].value_or(0);
          }
          rootStage.loops.push_back(step);
        }
        if (!expressible)
          continue;
        std::optional<StageSchedule> bandStage;
        if (band) {
          const StructuredOp &pad = kernel.getOp(band->op);
          bandStage.emplace();
          bandStage->op = band->op;
          bandStage->parent = rootNumber;
          bandStage->depth = bandDepth;
          bandStage->stored = true;
          bandStage->vectorDim = pad.getNumLoops() - 1;
          for (unsigned loop = 0; loop < pad.getNumLoops(); ++loop)
            bandStage->loops.push_back({loop, loop + 1 == pad.getNumLoops() ? 4 : 1});
          double bands = llvm::divideCeil(nest.extents[*band->row], band->rowStep);
          for (unsigned loop : band->outer)
            bands *= llvm::divideCeil(nest.extents[loop], tile.extents[loop]);
          candidate.cycles += bands * band->bytes / 4 / shape.lanes * 3;
        }
        if (!nest.reduction[tile.vectorLoop])
          rootStage.vectorDim = main == rootNumber ? tile.vectorLoop : toRoot[tile.vectorLoop];
        for (LoopStep loop : inner)
          mainStage.inner.push_back(inVectors(loop));
        if (main == rootNumber) {
          rootStage.inner = mainStage.inner;
          if (nest.reduction[tile.vectorLoop])
            rootStage.vectorDim = tile.vectorLoop;
          candidate.schedule.stages.push_back(rootStage);
        } else {
          mainStage.op = main;
          mainStage.parent = rootNumber;
          mainStage.depth = rootStage.loops.size();
          if (nest.reduction[tile.vectorLoop])
            mainStage.vectorDim = tile.vectorLoop;
          candidate.schedule.stages.push_back(rootStage);
          candidate.schedule.stages.push_back(mainStage);
        }
        if (bandStage)
          candidate.schedule.stages.push_back(*bandStage);
        candidate.schedule.stages.front().parallelLoops = chooseParallelLoops(
            candidate.schedule, candidate.schedule.stages.front(), nest, shape.machine, shape.lanes);
        found.push_back(std::move(candidate));
      }
    } while (++permutations < 24 && std::next_permutation(order.begin(), order.end()));
  }
}

//===----------------------------------------------------------------------------------------===//
// Reductions whose results are used again along what they reduced: a row at a time
//===----------------------------------------------------------------------------------------===//

/// Whether computing `op` again costs more than reading its result back.
static bool isCostly(const StructuredOp &op) {
  auto generic = dyn_cast<linalg::GenericOp>(op.op);
  if (!generic)
    return false;
  return llvm::any_of(generic.getBody()->without_terminator(), [](Operation &inner) {
    return isa<math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp, math::PowFOp, math::SinOp, math::CosOp>(
               inner) ||
           isa<arith::DivFOp>(inner);
  });
}

/// The loop along which an op's result is contiguous, or failing that its last parallel loop.
static std::optional<unsigned> contiguousLoop(const StructuredOp &op) {
  AffineMap map = op.outputs.front().map;
  if (map.getNumResults() == 0)
    return std::nullopt;
  return cast<AffineDimExpr>(map.getResults().back()).getPosition();
}

static void enumerateRowwise(const KernelShape &shape, std::vector<ScoredSchedule> &found) {
  StructuredKernel &kernel = shape.kernel;
  unsigned rootNumber = kernel.getRoot();
  const StructuredOp &root = shape.root();
  llvm::SmallBitVector shared = shape.sharedLoops();
  constexpr int64_t unroll = 4;

  ScoredSchedule candidate;
  StageSchedule rootStage;
  rootStage.op = rootNumber;
  for (unsigned loop = 0; loop < root.getNumLoops(); ++loop)
    if (shared.test(loop))
      rootStage.loops.push_back({loop, 1});
  unsigned depth = rootStage.loops.size();
  std::optional<unsigned> vector = contiguousLoop(root);
  if (vector && shared.test(*vector))
    vector = std::nullopt;
  rootStage.vectorDim = vector;
  if (!root.isReduction())
    for (unsigned loop = 0; loop < root.getNumLoops(); ++loop)
      if (!shared.test(loop))
        rootStage.inner.push_back({loop, vector == loop ? unroll : 1});
  rootStage.parallelLoops = depth;
  candidate.schedule.stages.push_back(rootStage);

  for (unsigned number = 0; number < kernel.getOps().size(); ++number) {
    const StructuredOp &op = kernel.getOp(number);
    if (number == rootNumber || !shape.rootLoops.contains(number))
      continue;
    StageSchedule stage;
    stage.op = number;
    stage.parent = rootNumber;
    stage.depth = depth;
    SmallVector<std::optional<unsigned>> toRoot = shape.rootLoops.lookup(number);
    LoopNest nest = makeLoopNest(kernel, number);
    if (op.isReduction()) {
      // Lanes along a reduced loop if every operand is contiguous there.
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (op.isReductionLoop(loop) && canVectorize(nest, loop) && nest.extents[loop] > 1)
          stage.vectorDim = loop;
      // What is left parallel inside the row must lie in the reduction's tile: then it is stored instead.
      bool wholeRow = true;
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (!op.isReductionLoop(loop) && !(toRoot[loop] && shared.test(*toRoot[loop])))
          wholeRow = false;
      stage.stored = !wholeRow;
      if (stage.stored) {
        std::optional<unsigned> contiguous = contiguousLoop(op);
        LoopNest::Operand &output = nest.output;
        bool vectorizable = contiguous && canVectorize(nest, *contiguous) && output.strides[*contiguous] == 1;
        stage.vectorDim = vectorizable ? contiguous : stage.vectorDim;
        for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
          if (!op.isReductionLoop(loop))
            stage.loops.push_back({loop, 1});
      }
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (op.isReductionLoop(loop))
          stage.inner.push_back({loop, stage.vectorDim == loop ? unroll : 1});
      candidate.schedule.stages.push_back(stage);
      continue;
    }
    // An elementwise producer several ops read, and costly: once into scratch, if a row of it is small.
    int64_t rowBytes = 4;
    bool alongRow = false; // what has one value a row stays in a register
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (!(toRoot[loop] && shared.test(*toRoot[loop]))) {
        rowBytes *= nest.extents[loop];
        alongRow = true;
      }
    if (!alongRow || shape.readers.lookup(number) < 2 || !isCostly(op) ||
        rowBytes > shape.machine.l2Bytes / 4)
      continue;
    stage.stored = true;
    stage.vectorDim = contiguousLoop(op);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (!(toRoot[loop] && shared.test(*toRoot[loop])))
        stage.loops.push_back({loop, stage.vectorDim == loop ? unroll : 1});
    candidate.schedule.stages.push_back(stage);
  }
  // Cycles: one body a vector, several for costly ones.
  for (const auto &[number, loops] : shape.rootLoops)
    candidate.cycles +=
        makeLoopNest(kernel, number).iterations() / shape.lanes * (isCostly(kernel.getOp(number)) ? 12 : 2);
  found.push_back(std::move(candidate));
}

//===----------------------------------------------------------------------------------------===//
// The fallback, legal for every kernel
//===----------------------------------------------------------------------------------------===//

/// One element at a time: every loop in order, reductions at the tile.
static ScoredSchedule scalarSchedule(const KernelShape &shape) {
  StructuredKernel &kernel = shape.kernel;
  ScoredSchedule candidate;
  StageSchedule rootStage;
  rootStage.op = kernel.getRoot();
  for (unsigned loop = 0; loop < shape.root().getNumLoops(); ++loop)
    if (shape.root().isReductionLoop(loop))
      rootStage.inner.push_back({loop, 1});
    else
      rootStage.loops.push_back({loop, 1});
  rootStage.parallelLoops = rootStage.loops.size();
  unsigned depth = rootStage.loops.size();
  candidate.schedule.stages.push_back(rootStage);
  for (unsigned number : shape.reductions) {
    if (number == kernel.getRoot())
      continue;
    StageSchedule stage;
    stage.op = number;
    stage.parent = kernel.getRoot();
    stage.depth = depth;
    const StructuredOp &op = kernel.getOp(number);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (op.isReductionLoop(loop))
        stage.inner.push_back({loop, 1});
    candidate.schedule.stages.push_back(stage);
  }
  for (const auto &[number, loops] : shape.rootLoops)
    candidate.cycles += makeLoopNest(kernel, number).iterations() * 4;
  return candidate;
}

std::vector<ScoredSchedule> tenon::enumerateSchedules(StructuredKernel &kernel, const Machine &machine,
                                                      unsigned count) {
  KernelShape shape(kernel, machine);
  std::vector<ScoredSchedule> found;
  llvm::SmallBitVector shared = shape.sharedLoops();
  bool pointwise = true;
  for (unsigned loop = 0; loop < shape.root().getNumLoops(); ++loop)
    pointwise &= shared.test(loop) || shape.root().isReductionLoop(loop);
  if (pointwise && shape.reductions.size() <= 1)
    enumerateTiled(shape, shape.reductions.empty() ? kernel.getRoot() : shape.reductions.front(), found);
  else
    enumerateRowwise(shape, found);
  if (found.empty())
    found.push_back(scalarSchedule(shape));
  return takeCheapest(std::move(found), count,
                      [](const ScoredSchedule &candidate) { return candidate.cycles; });
}
