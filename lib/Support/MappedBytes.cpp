//===- MappedBytes.cpp - Bytes of a file in the address space ------------------------------------===//

#include "tenon/Support/MappedBytes.h"

#include <sys/mman.h>

using namespace tenon;

void MappedBytes::releasePages() const {
  // Not posix_madvise, which does nothing for this advice. That it fails costs memory, and nothing else.
  (void)::madvise(const_cast<char *>(bytes.data()), bytes.size(), MADV_DONTNEED);
}
