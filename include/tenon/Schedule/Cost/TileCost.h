//===- TileCost.h - What a tile of a loop nest costs, in cycles -------------------------------------===//
//
// The analytic model: port and latency bounds of a register tile, registers alive, tails, and traffic between
// cache levels from the footprint at each loop. Estimates rank candidates; they do not predict times.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SCHEDULE_COST_TILECOST_H
#define TENON_SCHEDULE_COST_TILECOST_H

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Machine/Machine.h"
#include "tenon/Schedule/Cost/LoopNest.h"

namespace tenon {

/// A register tile: the extent of each loop inside it, and the loop along vector lanes.
struct RegisterTile {
  llvm::SmallVector<int64_t, 8> extents;
  unsigned vectorLoop = 0;

  /// Vector operations of the body in one tile.
  int64_t multiplyAdds(int64_t lanes) const;
};

/// What the model says of a tile.
struct TileFeatures {
  double multiplyAdds = 0; ///< vector operations of the body in one tile
  double loads = 0;        ///< load instructions in one tile, strided ones counted by what they expand to
  double evictedLines = 0; ///< cache lines that do not survive from one reduction step to the next
  unsigned accumulators = 0;
  unsigned registers = 0; ///< vectors alive at once, with everything
  double cycles = 0;      ///< of the innermost body, per tile
};

TileFeatures analyzeTile(const LoopNest &nest, const RegisterTile &tile, const Machine &machine,
                         int64_t lanes);

/// Cycles of the whole nest for computing alone: full tiles and what remains at the borders.
double computeCycles(const LoopNest &nest, const RegisterTile &tile, const Machine &machine, int64_t lanes);

/// Cycles of the whole nest when its loops stand in the order of `loops` (outermost first, steps in
/// elements): computing, which alone takes `computeCycles`, or moving what does not stay in cache, whichever
/// is more.
double nestCycles(const LoopNest &nest, double computeCycles, llvm::ArrayRef<LoopStep> loops,
                  const Machine &machine);

} // namespace tenon

#endif // TENON_SCHEDULE_COST_TILECOST_H
