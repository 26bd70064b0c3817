//===- CandidateRunner.h - Measuring a schedule, as the search sees it --------------------------------===//
//
// The search only knows that candidates can be timed. Who builds and runs them implements this: the pipeline,
// in this process or in another; a table, in tests.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SCHEDULE_MEASURE_CANDIDATERUNNER_H
#define TENON_SCHEDULE_MEASURE_CANDIDATERUNNER_H

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Structure/StructuredKernel.h"

namespace tenon {

class CandidateRunner {
public:
  virtual ~CandidateRunner() = default;

  /// The median time of one run of `kernel` under `schedule`, in seconds, over at least `runs` runs; failure
  /// if the candidate can't be built or does not finish.
  virtual llvm::FailureOr<double> measure(StructuredKernel &kernel, const Schedule &schedule,
                                          unsigned runs) = 0;
};

} // namespace tenon

#endif // TENON_SCHEDULE_MEASURE_CANDIDATERUNNER_H
