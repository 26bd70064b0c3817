//===- ScheduleCacheTest.cpp - What is kept of the schedules of kernels ---------------------------===//

#include "ScheduleCache.h"

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Pipeline/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace mlir;
using namespace tenon;

namespace {

class ScheduleCacheTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tenon-schedules", folder));
    setenv("TENON_CACHE_DIR", folder.c_str(), /*overwrite=*/1);
  }
  void TearDown() override {
    unsetenv("TENON_CACHE_DIR");
    llvm::sys::fs::remove_directories(folder);
  }

  /// A module of one kernel called `name`, on vectors of `size` elements.
  OwningOpRef<ModuleOp> parse(StringRef name, int64_t size) {
    std::string type = "tensor<" + std::to_string(size) + "xf32>";
    std::string text = "func.func private @" + name.str() + "(%x: " + type + ") -> " + type +
                       " attributes {tenon.structured} { return %x : " + type + " }";
    return parseSourceString<ModuleOp>(text, context.get());
  }
  static func::FuncOp kernelOf(ModuleOp module) { return *module.getOps<func::FuncOp>().begin(); }

  SmallString<64> folder;
  std::unique_ptr<MLIRContext> context = makeContext();
  Machine machine = *lookupMachine("x86-64-v3");
};

} // namespace

TEST_F(ScheduleCacheTest, KeepsWhatWasChosen) {
  OwningOpRef<ModuleOp> first = parse("kernel_0", 8);
  ScheduleCache cache(machine);
  cache.apply(*first);
  EXPECT_FALSE(kernelOf(*first)->hasAttr("tenon.schedule"));
  Schedule schedule;
  schedule.stages.emplace_back();
  schedule.stages.back().loops.push_back({0, 3});
  Builder builder(context.get());
  kernelOf(*first)->setAttr("tenon.schedule", ScheduleAttr::get(context.get(), schedule));
  kernelOf(*first)->setAttr("tenon.cycles", builder.getF64FloatAttr(1.0 / 3));
  cache.keep(*first);

  // Under another name; not for another kernel, nor for another machine.
  OwningOpRef<ModuleOp> again = parse("kernel_7", 8), other = parse("kernel_0", 9),
                        elsewhere = parse("kernel_0", 8);
  ScheduleCache(machine).apply(*again);
  EXPECT_EQ(kernelOf(*again)->getAttr("tenon.schedule"), kernelOf(*first)->getAttr("tenon.schedule"));
  EXPECT_EQ(kernelOf(*again)->getAttr("tenon.cycles"), kernelOf(*first)->getAttr("tenon.cycles"));
  EXPECT_EQ(kernelOf(*again).getName(), "kernel_7");
  ScheduleCache(machine).apply(*other);
  EXPECT_FALSE(kernelOf(*other)->hasAttr("tenon.schedule"));
  Machine larger = machine;
  larger.l2Bytes *= 2;
  ScheduleCache(larger).apply(*elsewhere);
  EXPECT_FALSE(kernelOf(*elsewhere)->hasAttr("tenon.schedule"));
}

TEST_F(ScheduleCacheTest, LeavesGivenSchedulesAlone) {
  OwningOpRef<ModuleOp> given = parse("kernel_0", 8);
  Builder builder(context.get());
  Attribute mine = ScheduleAttr::get(context.get(), Schedule());
  kernelOf(*given)->setAttr("tenon.schedule", mine);
  ScheduleCache cache(machine);
  cache.apply(*given);
  cache.keep(*given);
  EXPECT_EQ(kernelOf(*given)->getAttr("tenon.schedule"), mine);
  OwningOpRef<ModuleOp> fresh = parse("kernel_0", 8);
  ScheduleCache(machine).apply(*fresh);
  EXPECT_FALSE(kernelOf(*fresh)->hasAttr("tenon.schedule"));
}
