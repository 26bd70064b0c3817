//===- memory.c - Aligned memory, in huge pages where that pays ---------------------------------===//

#include "tenon-rt/loader.h"

#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

enum {
  CACHE_LINE = 64,
  HUGE_PAGE = 2 << 20,
};

void *tenon_rt_allocate(int64_t bytes, int64_t alignment) {
  if (bytes < 0 || (uint64_t)bytes > SIZE_MAX / 2 || alignment < 1 || (alignment & (alignment - 1)))
    return NULL;
  if (alignment < CACHE_LINE)
    alignment = CACHE_LINE;
  const int huge = bytes >= 2 * (int64_t)HUGE_PAGE;
  if (huge && alignment < HUGE_PAGE)
    alignment = HUGE_PAGE;

  void *memory = NULL;
  if (posix_memalign(&memory, (size_t)alignment, bytes > 0 ? (size_t)bytes : 1))
    return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Advice only: a system without huge pages refuses it and loses nothing.
  if (huge)
    (void)madvise(memory, (size_t)bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
  return memory;
}

void tenon_rt_free(void *memory) { free(memory); }
