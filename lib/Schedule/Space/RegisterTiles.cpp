//===- RegisterTiles.cpp - The tiles of a loop nest that fit in registers -----------------------------===//

#include "KernelShape.h"

using namespace mlir;
using namespace tenon;

/// Values worth trying for a step: small ones, and those that divide the extent.
static SmallVector<int64_t> tileSteps(int64_t extent, int64_t most) {
  SmallVector<int64_t> steps;
  for (int64_t step = 1; step <= std::min(extent, most); ++step)
    if (step <= 8 || step == 10 || step == 12 || step == 14 || extent == step)
      steps.push_back(step);
  return steps;
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

std::vector<ScoredTile> tenon::rankTiles(const LoopNest &nest, ArrayRef<unsigned> unrollable,
                                         const Machine &machine, int64_t lanes, unsigned keep) {
  SmallVector<unsigned> parallel;
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    if (!nest.reduction[loop])
      parallel.push_back(loop);
  bool reduces = llvm::is_contained(nest.reduction, true);
  bool isPeriodic = llvm::any_of(nest.periods, [](int64_t period) { return period > 1; });
  // LLVM spills when nearly all of 32 registers are alive at once; of 16 every one is needed.
  unsigned limit = machine.numVectorRegisters - (machine.numVectorRegisters > 16 ? 2 : 0);

  std::vector<ScoredTile> ranked;
  auto consider = [&](RegisterTile tile) {
    for (unsigned unrolled = 0; unrolled <= unrollable.size(); ++unrolled) {
      if (unrolled > 0)
        tile.extents[unrollable[unrolled - 1]] = nest.extents[unrollable[unrolled - 1]];
      int64_t work = tile.multiplyAdds(lanes);
      if (work > 160)
        return;
      TileFeatures features = analyzeTile(nest, tile, machine, lanes);
      // Register overflow is a cliff in a loop; a tile that reduces all at once has only loads to repeat.
      double overflow = std::max(0.0, double(features.registers) - limit);
      bool reducesWhole = reduces && llvm::all_of(llvm::seq<unsigned>(0, nest.size()), [&](unsigned loop) {
                            return !nest.reduction[loop] || tile.extents[loop] >= nest.extents[loop];
                          });
      if (overflow > 0 && (!reducesWhole || 2 * features.accumulators > machine.numVectorRegisters))
        continue;
      ranked.push_back({computeCycles(nest, tile, machine, lanes) * (1 + overflow / work), tile});
    }
  };
  for (unsigned vector = 0; vector < nest.size(); ++vector) {
    if (!canVectorize(nest, vector)) {
      if (std::optional<unsigned> across = transposedLoop(nest, vector, lanes)) {
        RegisterTile square;
        square.vectorLoop = vector;
        square.extents.assign(nest.size(), 1);
        square.extents[vector] = square.extents[*across] = lanes;
        // Lines of the result are written whole where they end with the rows.
        int64_t line = machine.cacheLineBytes / nest.output.elementBytes;
        if (line % lanes == 0 && nest.extents[vector] % line == 0)
          square.extents[vector] = line;
        ranked.push_back({computeCycles(nest, square, machine, lanes), square});
      }
      continue;
    }
    RegisterTile tile;
    tile.vectorLoop = vector;
    tile.extents.assign(nest.periods);
    // One period with all it knows is long enough, and a part of one knows nothing.
    if (isPeriodic && nest.periods[vector] == 1) {
      tile.extents[vector] = lanes;
      consider(tile);
      continue;
    }
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

int64_t tenon::reductionUnroll(const LoopNest &nest, const RegisterTile &tile, unsigned loop, int64_t lanes) {
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
