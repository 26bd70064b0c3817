//===- Probe.cpp - Measures the limits of the machine this process runs on ---------------------===//
//
// The loops below must not be improved by the compiler: chains of FMAs depend on values it can't know, and
// what is read is summed up and consumed by an empty assembly statement.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Machine/Probe.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

using namespace tenon;

static double secondsNow() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// Runs `body`, which does `work` units, for about `seconds` in rounds, and returns the best rate in units a
/// second.
template <typename Body>
static double bestRate(double work, double seconds, Body body) {
  body();
  double start = secondsNow(), now = start, best = 0;
  do {
    double before = now;
    body();
    now = secondsNow();
    best = std::max(best, work / std::max(now - before, 1e-9));
  } while (now - start < seconds);
  return best;
}

//===----------------------------------------------------------------------------------------===//
// Multiply-add
//===----------------------------------------------------------------------------------------===//

namespace {
constexpr int fmaIterations = 20000;
// Enough independent chains to hide a latency of 4 to 7 cycles at two a cycle, few enough for 16 registers.
constexpr int fmaChains = 12;
} // namespace

#define TENON_FMA_PROBE(NAME, ATTRIBUTE, VECTOR, SET, FMA)                                                   \
  ATTRIBUTE static void NAME() {                                                                             \
    float one = 1.0f, small = 1e-9f;                                                                         \
    asm volatile("" : "+m"(one), "+m"(small));                                                               \
    VECTOR multiplier = SET(one), addend = SET(small), chains[fmaChains];                                    \
    for (VECTOR &chain : chains)                                                                             \
      chain = addend;                                                                                        \
    for (int i = 0; i < fmaIterations; ++i)                                                                  \
      _Pragma("clang loop unroll(full)") for (VECTOR &chain : chains) chain =                                \
          FMA(chain, multiplier, addend);                                                                    \
    for (VECTOR &chain : chains)                                                                             \
      asm volatile("" : : "m"(chain));                                                                       \
  }

#if defined(__x86_64__)
TENON_FMA_PROBE(fma512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps)
TENON_FMA_PROBE(fma256, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps)
TENON_FMA_PROBE(fma128, __attribute__((target("avx2,fma"))), __m128, _mm_set1_ps, _mm_fmadd_ps)

unsigned tenon::widestProbeBits() {
  if (__builtin_cpu_supports("avx512f"))
    return 512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256 : 0;
}

static void (*fmaProbe(unsigned bits))() { return bits == 512 ? fma512 : bits == 256 ? fma256 : fma128; }
#elif defined(__aarch64__)
static inline float32x4_t fusedMultiplyAdd(float32x4_t a, float32x4_t b, float32x4_t c) {
  return vfmaq_f32(c, a, b);
}
TENON_FMA_PROBE(fma128, , float32x4_t, vdupq_n_f32, fusedMultiplyAdd)

unsigned tenon::widestProbeBits() { return 128; }
static void (*fmaProbe(unsigned))() { return fma128; }
#else
unsigned tenon::widestProbeBits() { return 0; }
static void (*fmaProbe(unsigned))() { return nullptr; }
#endif

double tenon::measurePeakGFlops(unsigned vectorBits, double seconds) {
  if (vectorBits > widestProbeBits() || (vectorBits != 128 && vectorBits != 256 && vectorBits != 512))
    return 0;
  double flops = 2.0 * fmaIterations * fmaChains * (vectorBits / 32);
  return bestRate(flops, seconds, fmaProbe(vectorBits)) * 1e-9;
}

//===----------------------------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------------------------===//

namespace {
/// 512 bits as the compiler's generic vector: as many native loads as the function's target needs.
typedef int64_t Wide __attribute__((vector_size(64), aligned(64)));
} // namespace

#define TENON_READ_PROBE(NAME, ATTRIBUTE)                                                                    \
  ATTRIBUTE static void NAME(const char *data, int64_t bytes) {                                              \
    Wide sums[4] = {};                                                                                       \
    for (int64_t i = 0; i < bytes; i += 256)                                                                 \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < 4; ++j) {                                       \
        Wide value;                                                                                          \
        std::memcpy(&value, data + i + j * 64, 64);                                                          \
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

double tenon::measureReadGBytes(int64_t bytes, double seconds) {
  bytes = std::max<int64_t>(4096, (bytes + 4095) / 4096 * 4096);
  std::vector<char> storage(bytes + 64, 1);
  const char *data = storage.data() + (64 - reinterpret_cast<uintptr_t>(storage.data()) % 64) % 64;
  // Rounds of at least some 64 KiB, so that reading the clock costs nothing.
  int64_t repeats = std::max<int64_t>(1, (1 << 20) / bytes);
  void (*read)(const char *, int64_t) = readProbe();
  auto body = [&] {
    for (int64_t i = 0; i < repeats; ++i) {
      read(data, bytes);
      asm volatile("" : : : "memory");
    }
  };
  return bestRate(double(bytes) * double(repeats), seconds, body) * 1e-9;
}
