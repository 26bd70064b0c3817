//===- tenon-rt/threads.h - A small pool of threads that runs the parallel loops of models ------------===//
//
// Fork and join under a microsecond while the threads are awake: a worker spins for some 50 microseconds
// after the last loop, then sleeps. A pool may serve any number of callers at once: who finds it busy, a
// nested call included, runs its loop on its own thread instead of waiting.
//
// Each thread has the same share of every loop of a length, and takes parts of other shares when it is
// through. Threads are not bound to processors; on Linux a worker moves away when it finds itself on its
// caller's.
//
// C11 and C++; needs POSIX threads. Part of the library tenon_rt.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_RT_THREADS_H
#define TENON_RT_THREADS_H

#include "tenon-rt/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The most threads a pool can have.
#define TENON_RT_MAX_THREADS 1024

/// A pool of threads.
typedef struct tenon_rt_pool tenon_rt_pool;

/// The processors this process may run on (its affinity mask, not the machine's size): at least 1.
TENON_RT_API int32_t tenon_rt_processor_count(void);

/// Makes a pool that works with `threads` threads, the caller's included, so `threads - 1` are started; 0
/// stands for tenon_rt_processor_count(). Returns TENON_OK, or TENON_ERROR_INVALID_ARGUMENT,
/// TENON_ERROR_OUT_OF_MEMORY, TENON_ERROR_THREADS with `*pool` null. The caller owns the pool. Nothing is
/// allocated after this call.
TENON_RT_API int tenon_rt_pool_create(int32_t threads, tenon_rt_pool **pool);

/// Stops and joins the threads and frees the pool. No loop may be running on it. Null is allowed.
TENON_RT_API void tenon_rt_pool_destroy(tenon_rt_pool *pool);

/// The hook to pass to models. It belongs to the pool and lives as long; any threads may use it at once.
TENON_RT_API const tenon_parallel *tenon_rt_pool_parallel(const tenon_rt_pool *pool);

#ifdef __cplusplus
}
#endif

#endif // TENON_RT_THREADS_H
