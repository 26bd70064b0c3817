//===- MeasuredSearchTest.cpp - The search, against times from a table ------------------------===//

#include "TestKernels.h"

#include "tenon/Schedule/Search/MeasuredSearch.h"
#include "tenon/Schedule/Space/ScheduleSpace.h"

#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::test;

namespace {
/// Gives the candidate at `fastest` the best time, and fails every candidate from `failFrom` on.
struct TableRunner : CandidateRunner {
  std::vector<ScoredSchedule> candidates;
  size_t fastest = 0, failFrom = ~size_t(0);

  llvm::FailureOr<double> measure(StructuredKernel &, const Schedule &schedule, unsigned) override {
    for (size_t i = 0; i < candidates.size(); ++i)
      if (candidates[i].schedule == schedule) {
        if (i >= failFrom)
          return llvm::failure();
        return i == fastest ? 1e-3 : 2e-3 + 1e-4 * i;
      }
    return llvm::failure();
  }
};
} // namespace

TEST(MeasuredSearch, finds_the_fastest_wherever_the_model_ranks_it) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(384, 512, 256));
  Machine machine = *lookupMachine("x86-64-v4");
  TableRunner runner;
  runner.candidates = enumerateSchedules(kernel, machine, 8);
  for (runner.fastest = 0; runner.fastest < runner.candidates.size(); ++runner.fastest) {
    llvm::FailureOr<MeasuredSchedule> found = searchMeasured(kernel, machine, runner);
    ASSERT_TRUE(succeeded(found));
    EXPECT_EQ(found->schedule, runner.candidates[runner.fastest].schedule);
    EXPECT_EQ(found->measurements, 8u + 4 + 2);
  }
}

TEST(MeasuredSearch, candidates_that_fail_drop_out) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(384, 512, 256));
  Machine machine = *lookupMachine("x86-64-v4");
  TableRunner runner;
  runner.candidates = enumerateSchedules(kernel, machine, 8);
  runner.failFrom = 1;
  ASSERT_TRUE(succeeded(searchMeasured(kernel, machine, runner)));
  runner.failFrom = 0;
  EXPECT_TRUE(failed(searchMeasured(kernel, machine, runner)));
}
