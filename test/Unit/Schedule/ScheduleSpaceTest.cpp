//===- ScheduleSpaceTest.cpp - What is enumerated, and how it is ranked -----------------------===//

#include "TestKernels.h"

#include "tenon/Schedule/Cost/TileCost.h"
#include "tenon/Schedule/Space/ScheduleSpace.h"

#include <gtest/gtest.h>

#include <array>

using namespace tenon;
using namespace tenon::test;

TEST(ScheduleSpace, candidates_stay_within_the_registers) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(384, 512, 256));
  for (const char *name : {"x86-64-v3", "x86-64-v4"}) {
    Machine machine = *lookupMachine(name);
    int64_t lanes = vectorLanes(kernel, machine);
    LoopNest nest = makeLoopNest(kernel, 0);
    for (const ScoredSchedule &candidate : enumerateSchedules(kernel, machine, 50)) {
      const StageSchedule &stage = candidate.schedule.stages.front();
      RegisterTile tile;
      tile.extents = nest.extents;
      tile.vectorLoop = *stage.vectorDim;
      for (LoopStep loop : stage.loops)
        tile.extents[loop.dim] = loop.dim == tile.vectorLoop ? loop.step * lanes : loop.step;
      for (LoopStep loop : stage.inner)
        tile.extents[loop.dim] = 1;
      EXPECT_LE(analyzeTile(nest, tile, machine, lanes).registers, machine.numVectorRegisters) << name;
    }
  }
}

TEST(ScheduleSpace, ranked_by_cost_and_deterministic) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(100, 1001, 70));
  Machine machine = *lookupMachine("x86-64-v4");
  machine.cores = 1;
  std::vector<ScoredSchedule> first = enumerateSchedules(kernel, machine, 20);
  std::vector<ScoredSchedule> second = enumerateSchedules(kernel, machine, 20);
  ASSERT_EQ(first.size(), 20u);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].schedule, second[i].schedule);
    if (i > 0)
      EXPECT_LE(first[i - 1].cycles, first[i].cycles);
  }
}

// Of two cores, one alone takes about twice as long, whatever the work.
TEST(ScheduleSpace, kernels_for_several_cores_run_on_all) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(49, 512, 2048));
  Machine machine = *lookupMachine("x86-64-v3");
  machine.cores = 2;
  ScoredSchedule best = enumerateSchedules(kernel, machine, 1).front();
  EXPECT_GT(best.schedule.stages.front().parallelLoops, 0u);
}

// Tiles at the end of a dimension are cut short: who counts tiles alone gives one core more to do.
TEST(ScheduleSpace, cores_get_even_shares) {
  for (auto [m, n, k] :
       {std::array<int64_t, 3>{194, 48, 512}, {203, 24, 128}, {212, 24, 512}, {221, 48, 512}}) {
    KernelContext context;
    StructuredKernel kernel = context.parse(matmulKernel(m, n, k));
    Machine machine = *lookupMachine("x86-64-v3");
    machine.cores = 2;
    ScoredSchedule best = enumerateSchedules(kernel, machine, 1).front();
    const StageSchedule &root = best.schedule.stages.front();
    int64_t lanes = machine.vectorBits / 32;
    std::vector<double> tiles{1};
    for (LoopStep loop : llvm::ArrayRef(root.loops).take_front(root.parallelLoops)) {
      int64_t extent = loop.dim == 0 ? m : n,
              step = loop.dim == root.vectorDim ? loop.step * lanes : loop.step;
      bool isTile = loop.dim != root.vectorDim &&
                    llvm::count_if(root.loops, [&](LoopStep other) { return other.dim == loop.dim; }) == 1;
      EvenSplit split = splitEvenly(extent, step);
      if (!isTile)
        split = {step, extent / step, extent % step, extent % step != 0};
      std::vector<double> products;
      for (double tile : tiles)
        for (int64_t i = 0; i < split.largeCount + split.smallCount; ++i)
          products.push_back(tile * (i < split.largeCount ? split.large : split.small));
      tiles = products;
    }
    // Each core takes the next one when it is done.
    double busy[2] = {0, 0};
    for (double tile : tiles)
      busy[busy[1] < busy[0]] += tile;
    EXPECT_LE(std::max(busy[0], busy[1]), 0.55 * (busy[0] + busy[1])) << m << " x " << n << " x " << k;
  }
}

// Blocks of a dimension and the tiles in them don't make one range: the last block has fewer tiles.
TEST(ScheduleSpace, parallel_loops_are_over_different_dimensions) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(128, 1024, 1024));
  Machine machine = *lookupMachine("x86-64-v4");
  machine.cores = 256;
  bool anyBlocked = false;
  for (const ScoredSchedule &candidate : enumerateSchedules(kernel, machine, 50)) {
    const StageSchedule &root = candidate.schedule.stages.front();
    llvm::SmallDenseSet<unsigned> seen;
    for (LoopStep loop : llvm::ArrayRef(root.loops).take_front(root.parallelLoops))
      EXPECT_TRUE(seen.insert(loop.dim).second) << "two parallel loops over d" << loop.dim;
    anyBlocked |= root.loops.size() > 2;
  }
  EXPECT_TRUE(anyBlocked);
}

// 2 * 12 * 2 * 16 multiply-adds of a 12 x 2-vector tile take 12 cycles at two a cycle; loads take 7,
// latency 4, and a front end of five a cycle 8.2: a tenth of what does not bind counts too.
TEST(TileCost, full_tile_is_bound_by_multiply_adds) {
  KernelContext context;
  StructuredKernel kernel = context.parse(matmulKernel(384, 512, 256));
  Machine machine = *lookupMachine("x86-64-v4");
  machine.fmaPerCycle = 2;
  machine.loadsPerCycle = 2;
  machine.fmaLatency = 4;
  RegisterTile tile{{12, 32, 1}, 1};
  TileFeatures features = analyzeTile(makeLoopNest(kernel, 0), tile, machine, 16);
  EXPECT_EQ(features.multiplyAdds, 24);
  EXPECT_EQ(features.loads, 14);
  EXPECT_EQ(features.accumulators, 24u);
  EXPECT_NEAR(features.cycles, 12 + 0.1 * (7 + 4 + 8.2), 1e-9);
}
