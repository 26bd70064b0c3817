//===- LoopNest.h - A structured op as numbers -----------------------------------------------------===//
//
// What the cost model reads: extents, and how far in memory each operand moves with each loop. Made once per
// op; scoring a candidate then touches no IR and takes microseconds.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SCHEDULE_COST_LOOPNEST_H
#define TENON_SCHEDULE_COST_LOOPNEST_H

#include "tenon/Structure/StructuredKernel.h"

namespace tenon {

struct LoopNest {
  struct Operand {
    /// For each dimension of the tensor, its index's coefficient of each loop.
    llvm::SmallVector<llvm::SmallVector<int64_t, 8>, 4> coefficients;
    /// Elements between neighbours along each loop, 0 where the operand does not move.
    llvm::SmallVector<int64_t, 8> strides;
    int64_t elementBytes = 4;
    /// Constant: its layout is free, so its vectors are contiguous whichever loop they run along.
    bool packable = false;
    /// Made by a tensor.pad: better stored once than guarded at each read.
    bool padded = false;

    bool movesWith(unsigned loop) const { return strides[loop] != 0; }
    /// Bytes touched while the loops run over `extents`, in whole cache lines.
    double footprint(llvm::ArrayRef<int64_t> extents, int64_t lineBytes) const;
    /// Pages touched while the loops run over `extents`.
    double pages(llvm::ArrayRef<int64_t> extents, int64_t pageBytes) const;
    /// Bytes in one piece from where the loops start, while they run over `extents`.
    int64_t runBytes(llvm::ArrayRef<int64_t> extents) const;
    /// The part of a cache with ways of `wayBytes` that what is touched can be held in: runs that start at
    /// multiples of a power of two all fall into the same sets.
    double setsReached(llvm::ArrayRef<int64_t> extents, int64_t lineBytes, int64_t wayBytes) const;
  };

  llvm::SmallVector<int64_t, 8> extents;
  llvm::SmallVector<bool, 8> reduction;
  llvm::SmallVector<Operand, 3> inputs;
  Operand output;
  /// Iterations of each loop after which what the body reads of the kernel's own constants repeats: 1 where
  /// it is always the same. In a tile of as many every such element is known.
  llvm::SmallVector<int64_t, 8> periods;
  /// Whether lanes along a reduction loop can be combined at its end: there is one result.
  bool combinesLanes = true;

  unsigned size() const { return extents.size(); }
  double iterations() const;
};

/// How many elements a dynamic extent is taken to have when schedules are compared.
constexpr int64_t nominalExtent = 128;

/// The op numbered `op` as a loop nest. Arguments with the attribute `tenon.constant` are packable. Operands
/// made by ops that only move elements are read where those elements come from, except those that the ops
/// numbered in `stored` leave in memory.
LoopNest makeLoopNest(const StructuredKernel &kernel, unsigned op, llvm::ArrayRef<unsigned> stored = {});

} // namespace tenon

#endif // TENON_SCHEDULE_COST_LOOPNEST_H
