//===- MeasuredSearch.cpp - The best of the candidates the model ranks first ------------------===//

#include "tenon/Schedule/Search/MeasuredSearch.h"
#include "tenon/Schedule/Space/ScheduleSpace.h"

using namespace tenon;

llvm::FailureOr<MeasuredSchedule> tenon::searchMeasured(StructuredKernel &kernel, const Machine &machine,
                                                        CandidateRunner &runner,
                                                        const MeasuredSearchOptions &options) {
  std::vector<MeasuredSchedule> alive;
  for (ScoredSchedule &candidate : enumerateSchedules(kernel, machine, options.candidates))
    alive.push_back({std::move(candidate.schedule), 0, 0});
  unsigned measurements = 0, runs = options.firstRuns;
  while (!alive.empty()) {
    std::vector<MeasuredSchedule> finished;
    for (MeasuredSchedule &candidate : alive) {
      llvm::FailureOr<double> seconds = runner.measure(kernel, candidate.schedule, runs);
      ++measurements;
      if (failed(seconds))
        continue;
      candidate.seconds = *seconds;
      finished.push_back(std::move(candidate));
    }
    // Equal times keep the model's order.
    std::vector<unsigned> order(finished.size());
    for (unsigned i = 0; i < order.size(); ++i)
      order[i] = i;
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::make_pair(finished[a].seconds, a) < std::make_pair(finished[b].seconds, b);
    });
    alive.clear();
    for (unsigned i : llvm::ArrayRef(order).take_front((order.size() + 1) / 2))
      alive.push_back(std::move(finished[i]));
    if (alive.size() == 1) {
      alive.front().measurements = measurements;
      return std::move(alive.front());
    }
    runs *= 2;
  }
  return llvm::failure();
}
