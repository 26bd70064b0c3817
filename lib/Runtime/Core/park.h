//===- park.h - Sleeping until a 32-bit word changes --------------------------------------------===//
//
// A futex on Linux; elsewhere, or with TENON_RT_NO_FUTEX, one mutex and condition variable. Both may wake
// early: the caller tests its own condition again.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_CORE_PARK_H
#define TENON_RUNTIME_CORE_PARK_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

#if defined(__linux__) && !defined(TENON_RT_NO_FUTEX)

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct parking {
  char unused;
} parking;

static inline int parking_init(parking *place) {
  place->unused = 0;
  return 0;
}
static inline void parking_destroy(parking *place) { (void)place; }

// Sleeps while `*word` is `value`.
static inline void park(parking *place, _Atomic uint32_t *word, uint32_t value) {
  (void)place;
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

// Wakes up to `count` threads that sleep on `word`, which has changed before this call.
static inline void unpark(parking *place, _Atomic uint32_t *word, int count) {
  (void)place;
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

#else

#include <pthread.h>

typedef struct parking {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
} parking;

static inline int parking_init(parking *place) {
  if (pthread_mutex_init(&place->mutex, NULL))
    return -1;
  if (pthread_cond_init(&place->changed, NULL)) {
    pthread_mutex_destroy(&place->mutex);
    return -1;
  }
  return 0;
}
static inline void parking_destroy(parking *place) {
  pthread_cond_destroy(&place->changed);
  pthread_mutex_destroy(&place->mutex);
}

static inline void park(parking *place, _Atomic uint32_t *word, uint32_t value) {
  pthread_mutex_lock(&place->mutex);
  while (atomic_load(word) == value)
    pthread_cond_wait(&place->changed, &place->mutex);
  pthread_mutex_unlock(&place->mutex);
}

// One condition serves all words, so a signal could reach a thread that waits for another one.
static inline void unpark(parking *place, _Atomic uint32_t *word, int count) {
  (void)word;
  (void)count;
  pthread_mutex_lock(&place->mutex);
  pthread_cond_broadcast(&place->changed);
  pthread_mutex_unlock(&place->mutex);
}

#endif

#endif // TENON_RUNTIME_CORE_PARK_H
