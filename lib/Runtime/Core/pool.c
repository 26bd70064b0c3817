//===- pool.c - A fork-join pool: threads take chunks of a loop, their own ones first ------------------===//
//
//   caller   publish job ── open gate ── take chunks ────────── close gate ── wait for those inside
//   worker   sees the new epoch ── enters if the gate is open ── takes chunks ── leaves
//
// Taking part is optional: a loop is complete when its chunks are done, whether or not every worker woke up
// for it. So a slow wake-up, a busy machine or a forked process (which has no workers) costs speed only.
//
// Each thread has a share of the chunks, which stand together and are the same in every loop of a length:
// what it wrote in one loop it mostly reads in the next, from its own cache. When it is through with them, it
// takes those at the end of other shares.
//
// The gate is one word: an open bit and the number of workers inside. The job's fields are written only while
// the gate is closed and nobody is inside, and a worker reads them only after it entered.
//
//===----------------------------------------------------------------------------------------===//

#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "tenon-rt/threads.h"

#include "park.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

// Two lines: processors fetch lines in pairs.
#define CACHE_LINES 128

enum {
  GATE_OPEN = 1 << 30,
  // The caller sleeps until the last worker leaves.
  GATE_WAITED_FOR = 1 << 29,
  GATE_INSIDE = GATE_WAITED_FOR - 1,

  // As long as the work between two loops of a model may take without putting the workers to sleep.
  SPIN_NANOSECONDS = 50000,
  // How often a worker that spins looks where its caller runs.
  SPIN_SLICE_NANOSECONDS = 2000,
  // How many chunks a thread gets on average: enough to even out threads that run at different speeds.
  CHUNKS_PER_THREAD = 16,
};

// A thread of the pool; the caller, whichever thread that is, is the first one.
typedef struct member {
  // What is taken of its share: the number of the loop, how many chunks from the front, how many from the
  // back. What is there of another loop counts as nothing, so that no loop has to set the shares up.
  _Alignas(CACHE_LINES) _Atomic uint64_t taken;
  tenon_rt_pool *pool;
  int32_t number;
  pthread_t thread;
} member;

struct tenon_rt_pool {
  // Counts loops; workers wait for it to change.
  _Alignas(CACHE_LINES) _Atomic uint32_t epoch;
  _Atomic uint32_t stop;
  void (*body)(void *argument, int64_t begin, int64_t end);
  void *argument;
  int64_t count;
  int64_t chunks;
  uint64_t loop;
  // Where the caller ran when it began the loop.
  _Atomic int32_t caller_processor;

  _Alignas(CACHE_LINES) _Atomic uint32_t gate;
  // Whether a caller owns the pool.
  _Alignas(CACHE_LINES) atomic_flag busy;
  _Atomic int32_t sleepers;

  _Alignas(CACHE_LINES) tenon_parallel parallel;
  parking worker_parking;
  parking caller_parking;
  int64_t spin_nanoseconds;
  int32_t thread_count;
  member members[];
};

// Tells the processor that this is a waiting loop.
static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  // `yield` does nothing on most cores; a barrier waits as long as a pause.
  __asm__ __volatile__("isb" ::: "memory");
#elif defined(__arm__)
  __asm__ __volatile__("yield" ::: "memory");
#elif defined(__riscv)
  // The hint `pause`, encoded so that any assembler takes it.
  __asm__ __volatile__(".4byte 0x0100000f" ::: "memory");
#elif defined(__powerpc__)
  __asm__ __volatile__("or 27,27,27" ::: "memory");
#endif
}

static int64_t now_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// Waits for `(*word & mask) != value` for a limited time; returns whether that came true.
static bool spin_while_equal(_Atomic uint32_t *word, uint32_t mask, uint32_t value, int64_t nanoseconds) {
  if ((atomic_load_explicit(word, memory_order_acquire) & mask) != value)
    return true;
  if (nanoseconds <= 0)
    return false;
  int64_t end = now_nanoseconds() + nanoseconds;
  do {
    // The clock costs as much as a few pauses.
    for (int i = 0; i < 16; ++i) {
      relax();
      if ((atomic_load_explicit(word, memory_order_acquire) & mask) != value)
        return true;
    }
  } while (now_nanoseconds() < end);
  return false;
}

// The processor this thread runs on now; -1 where the system doesn't tell.
static int32_t current_processor(void) {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

// Moves a worker off the processor of the caller it works for. A system that is busy wakes threads where the
// one that wakes them runs; there a worker takes the time of the one it should help.
static void keep_clear_of_caller(tenon_rt_pool *pool) {
#if defined(__linux__)
  const int32_t caller = atomic_load_explicit(&pool->caller_processor, memory_order_relaxed);
  if (caller < 0 || caller != current_processor())
    return;
  cpu_set_t allowed, others;
  if (sched_getaffinity(0, sizeof allowed, &allowed) || caller >= CPU_SETSIZE)
    return;
  others = allowed;
  CPU_CLR(caller, &others);
  // The system moves the thread now, and may move it anywhere afterwards.
  if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0)
    sched_setaffinity(0, sizeof allowed, &allowed);
#else
  (void)pool;
#endif
}

// Where chunk `chunk` of `chunks` begins: their sizes differ by one at most.
static int64_t bound(int64_t chunk, int64_t count, int64_t chunks) {
  const int64_t longer = count % chunks;
  return chunk * (count / chunks) + (chunk < longer ? chunk : longer);
}

// Takes a chunk of a share of `size`, at its front or at its back; returns its place, or -1 if none is left.
static int64_t take_chunk(member *owner, uint64_t loop, int64_t size, bool at_front) {
  uint64_t seen = atomic_load_explicit(&owner->taken, memory_order_relaxed);
  for (;;) {
    const uint64_t taken = seen >> 16 == loop ? seen : loop << 16;
    const int64_t front = taken & 0xff, back = taken >> 8 & 0xff;
    if (front + back >= size)
      return -1;
    if (atomic_compare_exchange_weak_explicit(&owner->taken, &seen, taken + (at_front ? 1 : 1 << 8),
                                              memory_order_relaxed, memory_order_relaxed))
      return at_front ? front : size - 1 - back;
  }
}

static void take_chunks(tenon_rt_pool *pool, int32_t number) {
  const int64_t count = pool->count, chunks = pool->chunks;
  const int32_t threads = pool->thread_count;
  for (int32_t i = 0; i < threads; ++i) {
    const int32_t owner = number + i < threads ? number + i : number + i - threads;
    const int64_t first = owner * chunks / threads, end = (owner + 1) * chunks / threads;
    // The last of few iterations are often cut short: dealt out in turn, they make shares even.
    const bool in_turn = count == chunks;
    const int64_t size = in_turn ? (chunks - owner + threads - 1) / threads : end - first;
    int64_t place;
    while ((place = take_chunk(&pool->members[owner], pool->loop, size, i == 0)) >= 0) {
      const int64_t chunk = in_turn ? place * threads + owner : first + place;
      pool->body(pool->argument, bound(chunk, count, chunks), bound(chunk + 1, count, chunks));
    }
  }
}

//===----------------------------------------------------------------------------------------===//
// Worker
//===----------------------------------------------------------------------------------------===//

static bool enter(tenon_rt_pool *pool) {
  uint32_t gate = atomic_load_explicit(&pool->gate, memory_order_relaxed);
  while (gate & GATE_OPEN)
    if (atomic_compare_exchange_weak_explicit(&pool->gate, &gate, gate + 1, memory_order_acquire,
                                              memory_order_relaxed))
      return true;
  return false;
}

static void leave(tenon_rt_pool *pool) {
  uint32_t before = atomic_fetch_sub_explicit(&pool->gate, 1, memory_order_release);
  // Only the caller clears the bit, after it woke up, so it can't be gone by now.
  if (before == (GATE_WAITED_FOR | 1))
    unpark(&pool->caller_parking, &pool->gate, 1);
}

static void wait_for_epoch_after(tenon_rt_pool *pool, uint32_t seen) {
  for (int64_t left = pool->spin_nanoseconds; left > 0; left -= SPIN_SLICE_NANOSECONDS) {
    if (spin_while_equal(&pool->epoch, UINT32_MAX, seen, SPIN_SLICE_NANOSECONDS))
      return;
    keep_clear_of_caller(pool);
  }
  // The order of these two against the caller's, which changes `epoch` and then reads `sleepers`, is what
  // makes sure that it sees a sleeper or the sleeper sees the change.
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->epoch) == seen)
    park(&pool->worker_parking, &pool->epoch, seen);
  atomic_fetch_sub(&pool->sleepers, 1);
  keep_clear_of_caller(pool);
}

static void *work(void *argument) {
  member *self = argument;
  tenon_rt_pool *pool = self->pool;
  uint32_t seen = 0;
  for (;;) {
    wait_for_epoch_after(pool, seen);
    seen = atomic_load_explicit(&pool->epoch, memory_order_acquire);
    if (atomic_load_explicit(&pool->stop, memory_order_acquire))
      return NULL;
    if (enter(pool)) {
      take_chunks(pool, self->number);
      leave(pool);
    }
  }
}

static void announce(tenon_rt_pool *pool, int64_t helpers) {
  atomic_fetch_add(&pool->epoch, 1);
  if (atomic_load(&pool->sleepers) > 0)
    unpark(&pool->worker_parking, &pool->epoch, helpers < INT_MAX ? (int)helpers : INT_MAX);
}

//===----------------------------------------------------------------------------------------===//
// Caller
//===----------------------------------------------------------------------------------------===//

static void close_gate(tenon_rt_pool *pool) {
  atomic_fetch_and_explicit(&pool->gate, ~(uint32_t)GATE_OPEN, memory_order_acquire);
  for (;;) {
    uint32_t gate = atomic_load_explicit(&pool->gate, memory_order_acquire);
    uint32_t inside = gate & GATE_INSIDE;
    if (!inside)
      break;
    if (spin_while_equal(&pool->gate, GATE_INSIDE, inside, pool->spin_nanoseconds))
      continue;
    gate = atomic_fetch_or_explicit(&pool->gate, GATE_WAITED_FOR, memory_order_acquire) | GATE_WAITED_FOR;
    if (gate & GATE_INSIDE)
      park(&pool->caller_parking, &pool->gate, gate);
  }
}

static void parallel_for(void *context, void (*body)(void *argument, int64_t begin, int64_t end),
                         void *argument, int64_t count) {
  tenon_rt_pool *pool = context;
  if (count <= 0)
    return;
  // A nested loop finds its own pool busy, so it ends here as well.
  if (count == 1 || pool->thread_count == 1 ||
      atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    body(argument, 0, count);
    return;
  }

  const int64_t chunks = (int64_t)pool->thread_count * CHUNKS_PER_THREAD;
  pool->body = body;
  pool->argument = argument;
  pool->count = count;
  pool->chunks = count < chunks ? count : chunks;
  ++pool->loop;
  atomic_store_explicit(&pool->caller_processor, current_processor(), memory_order_relaxed);
  atomic_store_explicit(&pool->gate, GATE_OPEN, memory_order_release);
  announce(pool, count - 1);

  take_chunks(pool, 0);
  close_gate(pool);
  atomic_flag_clear_explicit(&pool->busy, memory_order_release);
}

//===----------------------------------------------------------------------------------------===//
// Life
//===----------------------------------------------------------------------------------------===//

int32_t tenon_rt_processor_count(void) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    int count = CPU_COUNT(&allowed);
    if (count > 0)
      return count;
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : online > TENON_RT_MAX_THREADS ? TENON_RT_MAX_THREADS : (int32_t)online;
}

// Stops the members from the second up to `end`.
static void stop_workers(tenon_rt_pool *pool, int32_t end) {
  atomic_store_explicit(&pool->stop, 1, memory_order_release);
  announce(pool, INT_MAX);
  for (int32_t i = 1; i < end; ++i)
    pthread_join(pool->members[i].thread, NULL);
}

static void free_pool(tenon_rt_pool *pool) {
  parking_destroy(&pool->caller_parking);
  parking_destroy(&pool->worker_parking);
  free(pool);
}

static tenon_rt_pool *allocate_pool(int32_t threads) {
  // Both sizes are multiples of the alignment.
  const size_t bytes = sizeof(tenon_rt_pool) + (size_t)threads * sizeof(member);
  tenon_rt_pool *pool = aligned_alloc(CACHE_LINES, bytes);
  if (!pool)
    return NULL;
  memset(pool, 0, bytes);
  atomic_flag_clear(&pool->busy);
  pool->thread_count = threads;
  pool->caller_processor = -1;
  // More threads than processors: the one waited for may need the processor of the one that waits.
  pool->spin_nanoseconds = threads <= tenon_rt_processor_count() ? SPIN_NANOSECONDS : 0;
  pool->parallel.context = pool;
  pool->parallel.parallel_for = parallel_for;
  pool->parallel.threads = threads;
  if (parking_init(&pool->worker_parking)) {
    free(pool);
    return NULL;
  }
  if (parking_init(&pool->caller_parking)) {
    parking_destroy(&pool->worker_parking);
    free(pool);
    return NULL;
  }
  return pool;
}

int tenon_rt_pool_create(int32_t threads, tenon_rt_pool **result) {
  if (!result)
    return TENON_ERROR_INVALID_ARGUMENT;
  *result = NULL;
  if (threads < 0 || threads > TENON_RT_MAX_THREADS)
    return TENON_ERROR_INVALID_ARGUMENT;
  if (threads == 0)
    threads = tenon_rt_processor_count();

  tenon_rt_pool *pool = allocate_pool(threads);
  if (!pool)
    return TENON_ERROR_OUT_OF_MEMORY;
  for (int32_t i = 1; i < threads; ++i) {
    pool->members[i].pool = pool;
    pool->members[i].number = i;
    if (pthread_create(&pool->members[i].thread, NULL, work, &pool->members[i])) {
      stop_workers(pool, i);
      free_pool(pool);
      return TENON_ERROR_THREADS;
    }
  }
  *result = pool;
  return TENON_OK;
}

void tenon_rt_pool_destroy(tenon_rt_pool *pool) {
  if (!pool)
    return;
  stop_workers(pool, pool->thread_count);
  free_pool(pool);
}

const tenon_parallel *tenon_rt_pool_parallel(const tenon_rt_pool *pool) { return &pool->parallel; }
