//===- PaddedInputs.h - What a padded input makes of the tiles of a window --------------------------===//

#ifndef TENON_LIB_SCHEDULE_SPACE_PADDEDINPUTS_H
#define TENON_LIB_SCHEDULE_SPACE_PADDEDINPUTS_H

#include "KernelShape.h"

namespace tenon {

/// A padded input of a window, stored a band at a time: reads then need no guard, and a band stays in cache.
struct PaddedBand {
  unsigned op;                       ///< the tensor.pad
  llvm::SmallVector<LoopStep> loops; ///< of the main op around the band, outermost first, steps in elements
  double bytes = 0;

  bool covers(unsigned loop, int64_t step) const {
    return llvm::any_of(loops, [&](LoopStep around) { return around.dim == loop && around.step <= step; });
  }
};

/// The bands for `main` under `tile`, if one of its inputs is padded: rows over the whole width of the input,
/// or over a part of it when a row is too long.
llvm::SmallVector<PaddedBand> choosePaddedBands(const KernelShape &shape, unsigned main, const LoopNest &nest,
                                                const RegisterTile &tile);

/// Whether the tiles that touch the border of a padded input of `op` are so few that each may have code of
/// its own, which leaves the others without guards.
bool hasFewBorderTiles(const KernelShape &shape, const StructuredOp &op, const LoopNest &nest,
                       const RegisterTile &tile);

/// The share of the tiles' reductions that is left when those that read padding alone are left out.
double shareInside(const StructuredOp &op, const LoopNest &nest, const RegisterTile &tile, bool bordersApart);

} // namespace tenon

#endif // TENON_LIB_SCHEDULE_SPACE_PADDEDINPUTS_H
