//===- MeasuredSearch.h - The best of the candidates the model ranks first ------------------------------===//

#ifndef TENON_SCHEDULE_SEARCH_MEASUREDSEARCH_H
#define TENON_SCHEDULE_SEARCH_MEASUREDSEARCH_H

#include "tenon/Machine/Machine.h"
#include "tenon/Schedule/Measure/CandidateRunner.h"

namespace tenon {

struct MeasuredSearchOptions {
  /// How many of the candidates the analytic model ranks first are measured.
  unsigned candidates = 8;
  /// Runs in the first round; each further round doubles them for the better half (successive halving;
  /// Jamieson and Talwalkar, arXiv 1502.07943).
  unsigned firstRuns = 1;
};

struct MeasuredSchedule {
  Schedule schedule;
  double seconds = 0;
  unsigned measurements = 0;
};

/// The fastest of the first candidates of `kernel` on `machine`. Candidates that fail to run drop out;
/// failure if none runs.
llvm::FailureOr<MeasuredSchedule> searchMeasured(StructuredKernel &kernel, const Machine &machine,
                                                 CandidateRunner &runner,
                                                 const MeasuredSearchOptions &options = {});

} // namespace tenon

#endif // TENON_SCHEDULE_SEARCH_MEASUREDSEARCH_H
