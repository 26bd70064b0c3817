//===- PoolTest.cpp - The thread pool: every index once, whoever calls it and however often ------------===//

#include "tenon-rt/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

struct Pool {
  explicit Pool(int32_t threads) { EXPECT_EQ(tenon_rt_pool_create(threads, &pool), TENON_OK); }
  ~Pool() { tenon_rt_pool_destroy(pool); }
  const tenon_parallel &hook() const { return *tenon_rt_pool_parallel(pool); }

  template <typename Body>
  void forRange(int64_t count, Body body) const {
    const tenon_parallel &parallel = hook();
    parallel.parallel_for(
        parallel.context,
        [](void *argument, int64_t begin, int64_t end) { (*static_cast<Body *>(argument))(begin, end); },
        &body, count);
  }

  tenon_rt_pool *pool = nullptr;
};

/// Adds one to each index of the range. Plain memory: a race or a missing join shows under the thread
/// sanitizer.
void expectEachIndexOnce(const Pool &pool, int64_t count) {
  std::vector<int> visits(count);
  pool.forRange(count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      ++visits[i];
  });
  for (int64_t i = 0; i < count; ++i)
    ASSERT_EQ(visits[i], 1) << "index " << i << " of " << count;
}

class PoolOf : public testing::TestWithParam<int32_t> {};

TEST_P(PoolOf, VisitsEachIndexOnce) {
  Pool pool(GetParam());
  EXPECT_EQ(pool.hook().threads, GetParam());
  for (int64_t count : {0, 1, 2, 3, 7, 8, 63, 64, 65, 1000, 1000000})
    expectEachIndexOnce(pool, count);
}

TEST_P(PoolOf, RangesAreNotEmptyAndInBounds) {
  Pool pool(GetParam());
  std::atomic<int64_t> covered{0};
  pool.forRange(12345, [&](int64_t begin, int64_t end) {
    EXPECT_LE(0, begin);
    EXPECT_LT(begin, end);
    EXPECT_LE(end, 12345);
    covered += end - begin;
  });
  EXPECT_EQ(covered, 12345);
}

TEST_P(PoolOf, ManySmallLoopsInARow) {
  Pool pool(GetParam());
  for (int round = 0; round < 2000; ++round)
    expectEachIndexOnce(pool, round % 19);
}

TEST_P(PoolOf, NestedLoopsRun) {
  Pool pool(GetParam());
  std::vector<int> visits(8 * 50);
  pool.forRange(8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      pool.forRange(50, [&](int64_t innerBegin, int64_t innerEnd) {
        for (int64_t j = innerBegin; j < innerEnd; ++j)
          ++visits[i * 50 + j];
      });
  });
  for (int visit : visits)
    ASSERT_EQ(visit, 1);
}

TEST_P(PoolOf, SeveralCallersAtOnce) {
  Pool pool(GetParam());
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round)
        expectEachIndexOnce(pool, 1 + round % 101);
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST_P(PoolOf, WorkersWakeUpAfterSleep) {
  Pool pool(GetParam());
  for (int round = 0; round < 5; ++round) {
    // Far longer than workers spin.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    expectEachIndexOnce(pool, 100);
  }
}

TEST_P(PoolOf, JoinWaitsForSlowWorkers) {
  Pool pool(GetParam());
  // Not atomic: the join must order these writes before the read.
  std::vector<int> values(GetParam() * 4);
  pool.forRange(values.size(), [&](int64_t begin, int64_t end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int64_t i = begin; i < end; ++i)
      values[i] = 1;
  });
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0), GetParam() * 4);
}

INSTANTIATE_TEST_SUITE_P(Threads, PoolOf, testing::Range(1, 9));

TEST(Pool, ThreadsShareTheWork) {
  Pool pool(2);
  std::atomic<int> others{0};
  std::thread::id self = std::this_thread::get_id();
  pool.forRange(16, [&](int64_t, int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    others += std::this_thread::get_id() != self;
  });
  EXPECT_GT(others, 0);
}

TEST(Pool, AThreadFindsItsShareAgain) {
  Pool pool(2);
  std::thread::id self = std::this_thread::get_id();
  constexpr int64_t count = 1000;
  // Both halves last long enough for the other thread to come.
  std::vector<int64_t> mine(count);
  for (int round = 0; round < 5; ++round)
    pool.forRange(count, [&](int64_t begin, int64_t end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (int64_t i = begin; i < end; ++i)
        mine[i] += std::this_thread::get_id() == self;
    });
  // The caller begins at the front of its share, and the worker takes that chunk last of all. A busy machine
  // may well stop the caller for a round.
  EXPECT_GE(mine.front(), 3);
}

TEST_P(PoolOf, RangesDifferByOneAtMost) {
  Pool pool(GetParam());
  for (int64_t count : {17, 100, 1001}) {
    std::vector<int64_t> sizes(count); // by the begin of the range
    pool.forRange(count, [&](int64_t begin, int64_t end) { sizes[begin] = end - begin; });
    int64_t least = count, most = 0;
    for (int64_t size : sizes)
      if (size > 0)
        least = std::min(least, size), most = std::max(most, size);
    EXPECT_LE(most - least, 1) << count;
  }
}

TEST(Pool, SleepingWorkersLeaveTheProcessorAlone) {
  Pool pool(4);
  expectEachIndexOnce(pool, 100);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  auto processorTime = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
  };
  double before = processorTime();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  // Three workers that spin would take up to 600 milliseconds.
  EXPECT_LT(processorTime() - before, 0.02);
}

TEST(Pool, ZeroStandsForAllProcessors) {
  Pool pool(0);
  EXPECT_GE(tenon_rt_processor_count(), 1);
  EXPECT_EQ(pool.hook().threads, tenon_rt_processor_count());
}

TEST(Pool, RefusesImpossibleThreadCounts) {
  tenon_rt_pool *pool = reinterpret_cast<tenon_rt_pool *>(&pool);
  EXPECT_EQ(tenon_rt_pool_create(-1, &pool), TENON_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(pool, nullptr);
  EXPECT_EQ(tenon_rt_pool_create(TENON_RT_MAX_THREADS + 1, &pool), TENON_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(tenon_rt_pool_create(1, nullptr), TENON_ERROR_INVALID_ARGUMENT);
}

TEST(Pool, DestroyingNullDoesNothing) { tenon_rt_pool_destroy(nullptr); }

TEST(Pool, CreatedAndDestroyedAgainAndAgain) {
  for (int round = 0; round < 100; ++round) {
    Pool pool(1 + round % 8);
    if (round % 2)
      expectEachIndexOnce(pool, 10);
  }
}

// The thread sanitizer doesn't follow a fork of a process with threads.
#if defined(__SANITIZE_THREAD__)
#define TENON_TEST_FORK 0
#elif defined(__has_feature)
#define TENON_TEST_FORK !__has_feature(thread_sanitizer)
#else
#define TENON_TEST_FORK 1
#endif

#if TENON_TEST_FORK
TEST(Pool, WorksInAForkedProcess) {
  Pool pool(4);
  expectEachIndexOnce(pool, 100);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // The child has no workers.
    int64_t sum = 0;
    pool.forRange(100, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        sum += i;
    });
    _exit(sum == 4950 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}
#endif

} // namespace
