//===- recorder.c - Notes when kernels begin and end -------------------------------------------------===//

#include "tenon-rt/profile.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

typedef void (*kernel_function)(void *frame, int64_t begin, int64_t end);

// A launch that threads share, on the stack of the one that started it.
typedef struct shared_launch {
  tenon_rt_recorder *recorder;
  kernel_function kernel;
  void *frame;
  int32_t number;
} shared_launch;

static int64_t now_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int32_t this_thread(void) {
  static _Atomic int32_t next = 1;
  // One more than the number; 0 until the thread's first event.
  static _Thread_local int32_t number;
  if (number == 0)
    number = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
  return number - 1;
}

static void add(tenon_rt_recorder *recorder, tenon_rt_event event) {
  event.end = now_nanoseconds();
  event.thread = this_thread();
  // A plain field, since C++ sees the struct: the compiler's own atomics work on it.
  int64_t place = __atomic_fetch_add(&recorder->total, 1, __ATOMIC_RELAXED);
  if (place < recorder->capacity)
    recorder->events[place] = event;
}

static void run_range(void *argument, int64_t begin, int64_t end) {
  const shared_launch *launch = argument;
  tenon_rt_event event = {.begin = now_nanoseconds(),
                          .range_begin = begin,
                          .range_end = end,
                          .launch = launch->number,
                          .kind = TENON_RT_EVENT_RANGE};
  launch->kernel(launch->frame, begin, end);
  add(launch->recorder, event);
}

static void record_launch(void *context, const tenon_parallel *parallel, int32_t number,
                          kernel_function kernel, void *frame, int64_t range) {
  tenon_rt_recorder *recorder = context;
  tenon_rt_event event = {
      .begin = now_nanoseconds(), .range_end = range, .launch = number, .kind = TENON_RT_EVENT_LAUNCH};
  if (parallel && range > 1) {
    shared_launch launch = {recorder, kernel, frame, number};
    parallel->parallel_for(parallel->context, run_range, &launch, range);
  } else {
    kernel(frame, 0, range);
  }
  add(recorder, event);
}

void tenon_rt_recorder_init(tenon_rt_recorder *recorder, tenon_rt_event *events, int64_t capacity) {
  recorder->profile.context = recorder;
  recorder->profile.launch = record_launch;
  recorder->events = events;
  recorder->capacity = capacity;
  recorder->total = 0;
}

int64_t tenon_rt_recorder_count(const tenon_rt_recorder *recorder) {
  int64_t total = __atomic_load_n(&recorder->total, __ATOMIC_ACQUIRE);
  return total < recorder->capacity ? total : recorder->capacity;
}

int64_t tenon_rt_recorder_lost(const tenon_rt_recorder *recorder) {
  int64_t total = __atomic_load_n(&recorder->total, __ATOMIC_ACQUIRE);
  return total > recorder->capacity ? total - recorder->capacity : 0;
}

void tenon_rt_recorder_clear(tenon_rt_recorder *recorder) {
  __atomic_store_n(&recorder->total, 0, __ATOMIC_RELEASE);
}
