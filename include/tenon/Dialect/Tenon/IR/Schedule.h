//===- Schedule.h - The schedule of a kernel as plain data ---------------------------------------===//
//
// What the attribute #tenon.schedule holds, mutable without touching IR: the chooser and the search work on
// these, the emitter carries them out. See the attribute's description for the meaning of each field.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_SCHEDULE_H
#define TENON_DIALECT_TENON_IR_SCHEDULE_H

#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace tenon {

/// One loop over a dimension of the stage's op. `step` counts elements, or vector lengths along the vector
/// dimension.
struct LoopStep {
  unsigned dim;
  int64_t step;

  bool operator==(const LoopStep &other) const { return dim == other.dim && step == other.step; }
};

/// An extent cut into tiles: first the large ones, then those one element smaller.
struct EvenSplit {
  int64_t large, largeCount, small, smallCount;
};

/// The tiles of a loop that is not along the vectors, and the innermost over its dimension: as few as a step
/// of at most `step` allows, and as even as possible. A full tile and a sliver would cost the sliver's
/// latency.
inline EvenSplit splitEvenly(int64_t extent, int64_t step) {
  if (extent == 0)
    return {step, 0, 0, 0};
  int64_t tiles = (extent + step - 1) / step, small = extent / tiles, largeCount = extent - small * tiles;
  if (largeCount == 0)
    return {small, tiles, 0, 0};
  return {small + 1, largeCount, small, tiles - largeCount};
}

/// The loops of one structured op and where they stand.
struct StageSchedule {
  /// The op's number in the kernel.
  unsigned op = 0;
  llvm::SmallVector<LoopStep, 6> loops;
  llvm::SmallVector<LoopStep, 4> inner;
  std::optional<unsigned> vectorDim;
  /// How many of `loops`, from the outermost, are spread over threads. Only on the stage that makes the
  /// kernel's result.
  unsigned parallelLoops = 0;
  /// The stage this one is computed in; none for the kernel's result.
  std::optional<unsigned> parent;
  /// The number of the parent's loops outside this stage.
  unsigned depth = 0;
  /// Whether the result goes to scratch memory rather than registers.
  bool stored = false;
  /// The reduction in the same place whose loops compute this stage, which then has none of its own, and
  /// store it on the way. Only of a stored stage that this reduction reads.
  std::optional<unsigned> with;

  bool operator==(const StageSchedule &other) const {
    return op == other.op && loops == other.loops && inner == other.inner && vectorDim == other.vectorDim &&
           parallelLoops == other.parallelLoops && parent == other.parent && depth == other.depth &&
           stored == other.stored && with == other.with;
  }
};

/// The stages of a kernel; at most one an op.
struct Schedule {
  llvm::SmallVector<StageSchedule, 4> stages;

  const StageSchedule *find(unsigned op) const {
    for (const StageSchedule &stage : stages)
      if (stage.op == op)
        return &stage;
    return nullptr;
  }
  StageSchedule *find(unsigned op) {
    return const_cast<StageSchedule *>(static_cast<const Schedule *>(this)->find(op));
  }
  bool operator==(const Schedule &other) const { return stages == other.stages; }
};

inline llvm::hash_code hash_value(const LoopStep &loop) { return llvm::hash_combine(loop.dim, loop.step); }
llvm::hash_code hash_value(const StageSchedule &stage);
inline llvm::hash_code hash_value(const Schedule &schedule) {
  return llvm::hash_combine_range(schedule.stages.begin(), schedule.stages.end());
}

} // namespace tenon

#endif // TENON_DIALECT_TENON_IR_SCHEDULE_H
