//===- ScheduleSpace.h - The schedules a kernel may have ----------------------------------------------===//
//
// One space for every kernel, read off its structure: which reduction carries the work, whether results of
// reductions are used again along dimensions they were reduced over, which producers are worth storing. No op
// kinds.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SCHEDULE_SPACE_SCHEDULESPACE_H
#define TENON_SCHEDULE_SPACE_SCHEDULESPACE_H

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Machine/Machine.h"
#include "tenon/Structure/StructuredKernel.h"

namespace tenon {

/// A schedule and what the model says of it.
struct ScoredSchedule {
  Schedule schedule;
  /// Estimated cycles on one core.
  double cycles = 0;
};

/// The elements a vector holds in `kernel` on `machine`: registers divided by the widest element computed.
int64_t vectorLanes(const StructuredKernel &kernel, const Machine &machine);

/// The legal schedules of `kernel` worth trying on `machine`, the best by the analytic model on all its cores
/// first, at most `count`. Never empty for a kernel the emitter can take.
std::vector<ScoredSchedule> enumerateSchedules(StructuredKernel &kernel, const Machine &machine,
                                               unsigned count);

} // namespace tenon

#endif // TENON_SCHEDULE_SPACE_SCHEDULESPACE_H
