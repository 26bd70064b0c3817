//===- tenon-rt/profile.h - Times of a model's kernels --------------------------------------------------===//
//
// For models compiled with profiling. A recorder is a hook for tenon_rt_context_set_profile that notes when
// each launch of a kernel begins and ends, and the same of each piece of a launch that threads share:
//
//   static tenon_rt_event events[4096];
//   tenon_rt_recorder recorder;
//   tenon_rt_recorder_init(&recorder, events, 4096);
//   tenon_rt_context_set_profile(context, &recorder.profile);
//   tenon_rt_run(context, ...);
//   for (int64_t i = 0; i < tenon_rt_recorder_count(&recorder); ++i) ... events[i] ...
//
// An event costs two readings of the clock, some 50 nanoseconds; nothing is allocated.
//
// C11 and C++. Part of the library tenon_rt.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_RT_PROFILE_H
#define TENON_RT_PROFILE_H

#include "tenon-rt/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What an event is of.
typedef enum tenon_rt_event_kind {
  TENON_RT_EVENT_LAUNCH = 0, ///< A whole launch, on the thread that runs the model.
  TENON_RT_EVENT_RANGE = 1   ///< Part of a launch's range, on one of the threads that share it.
} tenon_rt_event_kind;

/// A stretch of time on one thread.
typedef struct tenon_rt_event {
  /// Nanoseconds of the system's monotonic clock.
  int64_t begin, end;
  /// The half-open part of the launch's range that was worked on.
  int64_t range_begin, range_end;
  /// The launch's place in "launches" of the manifest.
  int32_t launch;
  /// Tells threads apart: they are numbered from 0 in the order of their first event in the process.
  int32_t thread;
  /// A tenon_rt_event_kind.
  int32_t kind;
  /// 0.
  int32_t reserved;
} tenon_rt_event;

/// A recorder, in memory of the caller. Several contexts may use one at the same time.
typedef struct tenon_rt_recorder {
  /// What a context takes. Its context is the recorder, which must not move while it is in use.
  tenon_profile profile;
  /// The caller's room for `capacity` events.
  tenon_rt_event *events;
  int64_t capacity;
  /// Events so far, those without room included; read it through tenon_rt_recorder_count.
  int64_t total;
} tenon_rt_recorder;

/// Sets up a recorder without events. `events` has room for `capacity` of them and must outlive its use.
TENON_RT_API void tenon_rt_recorder_init(tenon_rt_recorder *recorder, tenon_rt_event *events,
                                         int64_t capacity);

/// How many of the events are filled in. An event is there when its launch has returned; the order is that
/// of their ends.
TENON_RT_API int64_t tenon_rt_recorder_count(const tenon_rt_recorder *recorder);

/// How many events found no room and are lost.
TENON_RT_API int64_t tenon_rt_recorder_lost(const tenon_rt_recorder *recorder);

/// Forgets all events. No run may be under way.
TENON_RT_API void tenon_rt_recorder_clear(tenon_rt_recorder *recorder);

#ifdef __cplusplus
}
#endif

#endif // TENON_RT_PROFILE_H
