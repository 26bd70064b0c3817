//===- KernelShape.h - What the parts of the schedule space share -------------------------------------===//

#ifndef TENON_LIB_SCHEDULE_SPACE_KERNELSHAPE_H
#define TENON_LIB_SCHEDULE_SPACE_KERNELSHAPE_H

#include "tenon/Schedule/Cost/TileCost.h"
#include "tenon/Schedule/Space/ScheduleSpace.h"

#include <numeric>

namespace tenon {

/// The reductions of a kernel and how their results meet the loops of its root.
struct KernelShape {
  StructuredKernel &kernel;
  const Machine &machine;
  int64_t lanes;
  /// Reductions in order, and for each its loops as loops of the root: the root's loop, or none for its own
  /// reductions.
  llvm::SmallVector<unsigned> reductions;
  llvm::DenseMap<unsigned, llvm::SmallVector<std::optional<unsigned>>> rootLoops;
  /// The elementwise ops and reductions each op reads, by number.
  llvm::DenseMap<unsigned, unsigned> readers;

  KernelShape(StructuredKernel &kernel, const Machine &machine);
  const StructuredOp &root() const { return kernel.getOp(kernel.getRoot()); }
  /// Root loops along which the result of every reduction moves.
  llvm::SmallBitVector sharedLoops() const;
};

/// Whether computing `op` again costs more than reading its result back.
bool isCostly(const StructuredOp &op);

/// Whether lanes may run along `loop`: the result is contiguous there, or the loop reduces, and of every
/// operand the lanes lie within two vectors, unless it does not move.
bool canVectorize(const LoopNest &nest, unsigned loop);

/// A register tile and what computing the whole nest with it costs.
struct ScoredTile {
  double cycles;
  RegisterTile tile;
};

/// The register tiles of `nest`, best first by what computing alone costs. Of the reduction loops in
/// `unrollable`, innermost first, a tile may span none, the first, the first two and so on.
std::vector<ScoredTile> rankTiles(const LoopNest &nest, llvm::ArrayRef<unsigned> unrollable,
                                  const Machine &machine, int64_t lanes, unsigned keep);

/// The step that unrolls `loop`, the innermost reduction loop around a small tile, until the body outweighs
/// the loop.
int64_t reductionUnroll(const LoopNest &nest, const RegisterTile &tile, unsigned loop, int64_t lanes);

/// Schedules with the main reduction (or, without one, the root) tiled in registers, everything else at its
/// tile.
void enumerateTiled(const KernelShape &shape, unsigned main, std::vector<ScoredSchedule> &found);

/// Schedules for contractions among other reductions: a block of rows at a time through all of them.
void enumerateChained(const KernelShape &shape, std::vector<ScoredSchedule> &found);

/// Schedules for reductions whose results are used again along what they reduced: a row at a time.
void enumerateRowwise(const KernelShape &shape, std::vector<ScoredSchedule> &found);

/// The `count` cheapest candidates in order; equal ones in the order they came, so that the same kernel
/// always gets the same schedule.
template <typename Candidate, typename Cost>
std::vector<Candidate> takeCheapest(std::vector<Candidate> candidates, unsigned count, Cost cost) {
  std::vector<unsigned> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> costs;
  for (const Candidate &candidate : candidates)
    costs.push_back(cost(candidate));
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(costs[a], a) < std::make_pair(costs[b], b);
  });
  std::vector<Candidate> cheapest;
  for (unsigned i : llvm::ArrayRef(order).take_front(count))
    cheapest.push_back(std::move(candidates[i]));
  return cheapest;
}

} // namespace tenon

#endif // TENON_LIB_SCHEDULE_SPACE_KERNELSHAPE_H
