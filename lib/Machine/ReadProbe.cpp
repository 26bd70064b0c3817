//===- ReadProbe.cpp - Measures how fast one core reads ----------------------------------------===//
//
// Four places are read at once: a processor asks memory for little ahead of a single stream. What is read is
// combined and consumed by an empty assembly statement, so that the compiler can't drop it.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Machine/Probe.h"

#include "BestRate.h"

#include <cstring>
#include <new>

using namespace tenon;

namespace {
/// 512 bits as the compiler's generic vector: as many native loads as the function's target needs.
typedef int64_t Wide __attribute__((vector_size(64), aligned(64)));

constexpr std::align_val_t alignment{64};
} // namespace

#define TENON_READ_PROBE(NAME, ATTRIBUTE)                                                                    \
  ATTRIBUTE static void NAME(const char *data, int64_t bytes) {                                              \
    Wide sums[4] = {};                                                                                       \
    int64_t apart = bytes / 4;                                                                               \
    for (int64_t i = 0; i < apart; i += 64)                                                                  \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; ++j) {                                       \
        Wide value;                                                                                          \
        std::memcpy(&value, data + i + j * apart, 64);                                                       \
        sums[j] |= value;                                                                                    \
      }                                                                                                      \
    sums[0] |= sums[1] | sums[2] | sums[3];                                                                  \
    asm volatile("" : : "m"(sums));                                                                          \
  }

#if defined(__x86_64__)
TENON_READ_PROBE(read512, __attribute__((target("avx512f"))))
TENON_READ_PROBE(read256, __attribute__((target("avx2"))))
#endif
TENON_READ_PROBE(readBaseline, )

static void (*readProbe())(const char *, int64_t) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return read512;
  if (__builtin_cpu_supports("avx2"))
    return read256;
#endif
  return readBaseline;
}

void ReadProbe::Free::operator()(char *data) const { ::operator delete(data, alignment); }

ReadProbe::ReadProbe(int64_t bytes)
    : bytes(std::max<int64_t>(4096, (bytes + 4095) / 4096 * 4096)),
      data(static_cast<char *>(::operator new(size_t(this->bytes), alignment))) {
  std::memset(data.get(), 1, size_t(this->bytes));
}

double ReadProbe::measureGBytes(double seconds) const {
  // Rounds of at least 1 MiB, so that reading the clock costs nothing.
  int64_t repeats = std::max<int64_t>(1, (1 << 20) / bytes);
  void (*read)(const char *, int64_t) = readProbe();
  auto body = [&] {
    for (int64_t i = 0; i < repeats; ++i) {
      read(data.get(), bytes);
      asm volatile("" : : : "memory");
    }
  };
  return bestRate(double(bytes) * double(repeats), seconds, body) * 1e-9;
}
