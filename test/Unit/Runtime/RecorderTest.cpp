//===- RecorderTest.cpp - The recorder of kernel times, driven as a compiled model drives it ---------===//

#include "tenon-rt/profile.h"
#include "tenon-rt/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace {

/// A frame of the kernel `visit`, which counts how often each index was worked on.
struct Visits {
  explicit Visits(int64_t range) : counts(range) {}
  std::vector<int> counts;
};

void visit(void *frame, int64_t begin, int64_t end) {
  auto *visits = static_cast<Visits *>(frame);
  for (int64_t i = begin; i < end; ++i)
    ++visits->counts[i];
  // Long enough that every thread gets a piece.
  std::this_thread::sleep_for(std::chrono::microseconds(200));
}

class Recorder : public testing::Test {
protected:
  void launch(int32_t number, int64_t range, const tenon_parallel *parallel) {
    Visits visits(range);
    recorder.profile.launch(recorder.profile.context, parallel, number, visit, &visits, range);
    for (int count : visits.counts)
      ASSERT_EQ(count, 1);
  }
  void start(int64_t capacity) {
    events.assign(capacity, {-1, -1, -1, -1, -1, -1, -1, -1});
    tenon_rt_recorder_init(&recorder, events.data(), capacity);
  }

  std::vector<tenon_rt_event> events;
  tenon_rt_recorder recorder;
};

TEST_F(Recorder, LaunchesOfOneThreadFollowEachOther) {
  start(8);
  launch(0, 3, nullptr);
  launch(7, 1, nullptr);
  ASSERT_EQ(tenon_rt_recorder_count(&recorder), 2);
  EXPECT_EQ(tenon_rt_recorder_lost(&recorder), 0);
  EXPECT_EQ(events[0].launch, 0);
  EXPECT_EQ(events[0].range_begin, 0);
  EXPECT_EQ(events[0].range_end, 3);
  EXPECT_EQ(events[1].launch, 7);
  for (int i : {0, 1}) {
    EXPECT_EQ(events[i].kind, TENON_RT_EVENT_LAUNCH);
    EXPECT_GE(events[i].end - events[i].begin, 200000) << "the kernel sleeps for 200 us";
    EXPECT_EQ(events[i].thread, events[0].thread);
    EXPECT_EQ(events[i].reserved, 0);
  }
  EXPECT_LE(events[0].end, events[1].begin);
}

TEST_F(Recorder, ThreadsOfALaunchAreToldApart) {
  tenon_rt_pool *pool = nullptr;
  ASSERT_EQ(tenon_rt_pool_create(3, &pool), TENON_OK);
  start(100);
  launch(5, 48, tenon_rt_pool_parallel(pool));
  tenon_rt_pool_destroy(pool);

  int64_t count = tenon_rt_recorder_count(&recorder);
  ASSERT_GT(count, 3);
  // The launch ends after its pieces, which cover its range and lie within its time.
  const tenon_rt_event &whole = events[count - 1];
  EXPECT_EQ(whole.kind, TENON_RT_EVENT_LAUNCH);
  EXPECT_EQ(whole.range_end, 48);
  std::set<int32_t> threads;
  int64_t covered = 0;
  for (int64_t i = 0; i < count - 1; ++i) {
    EXPECT_EQ(events[i].kind, TENON_RT_EVENT_RANGE);
    EXPECT_EQ(events[i].launch, 5);
    EXPECT_GE(events[i].begin, whole.begin);
    EXPECT_LE(events[i].end, whole.end);
    covered += events[i].range_end - events[i].range_begin;
    threads.insert(events[i].thread);
  }
  EXPECT_EQ(covered, 48);
  EXPECT_GT(threads.size(), 1u);
  EXPECT_EQ(threads.count(whole.thread), 1u) << "the caller works too";
}

TEST_F(Recorder, ARangeOfOneAsksForNoThreads) {
  tenon_parallel unusable = {nullptr, nullptr, 4};
  start(4);
  launch(0, 1, &unusable);
  EXPECT_EQ(tenon_rt_recorder_count(&recorder), 1);
}

TEST_F(Recorder, EventsWithoutRoomAreCountedAndNotWritten) {
  start(3);
  recorder.capacity = 2;
  for (int32_t number = 0; number < 5; ++number)
    launch(number, 1, nullptr);
  EXPECT_EQ(tenon_rt_recorder_count(&recorder), 2);
  EXPECT_EQ(tenon_rt_recorder_lost(&recorder), 3);
  EXPECT_EQ(events[1].launch, 1);
  EXPECT_EQ(events[2].launch, -1) << "beyond the capacity";

  tenon_rt_recorder_clear(&recorder);
  EXPECT_EQ(tenon_rt_recorder_count(&recorder), 0);
  EXPECT_EQ(tenon_rt_recorder_lost(&recorder), 0);
  launch(9, 1, nullptr);
  EXPECT_EQ(tenon_rt_recorder_count(&recorder), 1);
  EXPECT_EQ(events[0].launch, 9);
}

} // namespace
