//===- ScheduleStoreTest.cpp - Keeping and reading back schedules -----------------------------===//

#include "TestKernels.h"

#include "tenon/Schedule/Space/ScheduleSpace.h"
#include "tenon/Schedule/Store/ScheduleStore.h"

#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::test;

TEST(ScheduleStore, fingerprint_depends_on_the_kernel_alone) {
  KernelContext context;
  std::string text = matmulKernel(8, 16, 4);
  StructuredKernel kernel = context.parse(text), same = context.parse(text);
  same.getFunction().setName("other");
  same.getFunction()->setAttr("tenon.cycles", mlir::Builder(&context.context).getF64FloatAttr(1));
  EXPECT_EQ(kernelFingerprint(kernel), kernelFingerprint(same));
  EXPECT_NE(kernelFingerprint(kernel), kernelFingerprint(context.parse(matmulKernel(8, 16, 5))));
}

TEST(ScheduleStore, keeps_the_fastest_and_round_trips) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(384, 512, 256));
  std::vector<ScoredSchedule> candidates = enumerateSchedules(kernel, *lookupMachine("x86-64-v4"), 2);
  ScheduleStore store;
  EXPECT_TRUE(store.insert("f", "m", {candidates[0].schedule, 2e-3}));
  EXPECT_FALSE(store.insert("f", "m", {candidates[1].schedule, 3e-3}));
  EXPECT_TRUE(store.insert("f", "m", {candidates[1].schedule, 1e-3}));

  ScheduleStore copy;
  std::string error;
  ASSERT_TRUE(succeeded(copy.addText(store.toText(&context.context), &context.context, error))) << error;
  ASSERT_NE(copy.find("f", "m"), nullptr);
  EXPECT_EQ(copy.find("f", "m")->schedule, candidates[1].schedule);
  EXPECT_EQ(copy.find("f", "m")->seconds, 1e-3);
  EXPECT_EQ(copy.find("f", "other"), nullptr);
}

TEST(ScheduleStore, names_the_line_that_is_none) {
  KernelContext context;
  ScheduleStore store;
  std::string error;
  EXPECT_TRUE(failed(store.addText("\nf m fast #tenon.schedule<[]>\n", &context.context, error)));
  EXPECT_EQ(error, "line 2: expected 'fingerprint machine seconds #tenon.schedule<...>'");
  EXPECT_TRUE(failed(store.addText("f m", &context.context, error)));
}
