//===- ArithmeticProbe.cpp - Measures how fast one core multiplies and adds --------------------===//
//
// The inner loop of a matrix product without its loads: every step adds a product of two registers to one of
// many independent accumulators. Operands are normal numbers with busy mantissas, because zeros, ones and
// powers of two draw less power, and where power limits the clock they would promise a rate that no real data
// reaches. Two pairs of operands take turns, their products of opposite signs, so that the inputs of the
// multipliers change with every step and the sums stay small. An assembly statement hides the operands'
// values from the compiler and keeps them in registers.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Machine/Probe.h"

#include "BestRate.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define TENON_VECTOR_REGISTER "v"
#elif defined(__aarch64__)
#include <arm_neon.h>
#define TENON_VECTOR_REGISTER "w"
#endif

using namespace tenon;
using Element = DotProduct::Element;

namespace {
/// A loop that multiplies the four vectors found one after another at `operands`.
using Loop = void (*)(const void *operands);

/// Passes over all accumulators of one call, some 0.2 ms.
constexpr int passes = 20000;

/// Enough accumulators to hide a latency of 4 to 5 cycles at two a cycle, few enough for 16 registers.
[[maybe_unused]] constexpr int fewAccumulators = 12;
/// Enough for four a cycle where there are 32 registers.
[[maybe_unused]] constexpr int manyAccumulators = 24;
} // namespace

#define TENON_LOOP(NAME, ATTRIBUTE, ACCUMULATORS, SUM, OPERAND, MULTIPLY_ADD)                                \
  ATTRIBUTE static void NAME(const void *operands) {                                                         \
    OPERAND lhs[2], rhs[2];                                                                                  \
    std::memcpy(lhs, operands, sizeof lhs);                                                                  \
    std::memcpy(rhs, static_cast<const char *>(operands) + sizeof lhs, sizeof rhs);                          \
    asm volatile(""                                                                                          \
                 : "+" TENON_VECTOR_REGISTER(lhs[0]), "+" TENON_VECTOR_REGISTER(lhs[1]),                     \
                   "+" TENON_VECTOR_REGISTER(rhs[0]), "+" TENON_VECTOR_REGISTER(rhs[1]));                    \
    SUM sums[ACCUMULATORS] = {};                                                                             \
    for (int i = 0; i < passes / 2; ++i) {                                                                   \
      _Pragma("clang loop unroll(full)") for (SUM &sum : sums) sum = MULTIPLY_ADD(sum, lhs[0], rhs[0]);      \
      _Pragma("clang loop unroll(full)") for (SUM &sum : sums) sum = MULTIPLY_ADD(sum, lhs[1], rhs[1]);      \
    }                                                                                                        \
    for (SUM &sum : sums)                                                                                    \
      asm volatile("" : : "m"(sum));                                                                         \
  }

#if defined(__x86_64__)

#define TENON_ADD_PRODUCT_512(SUM, LHS, RHS) _mm512_fmadd_ps(LHS, RHS, SUM)
#define TENON_ADD_PRODUCT_256(SUM, LHS, RHS) _mm256_fmadd_ps(LHS, RHS, SUM)
#define TENON_ADD_PRODUCT_128(SUM, LHS, RHS) _mm_fmadd_ps(LHS, RHS, SUM)
TENON_LOOP(f32x512, __attribute__((target("avx512f"))), manyAccumulators, __m512, __m512,
           TENON_ADD_PRODUCT_512)
TENON_LOOP(f32x256, __attribute__((target("avx2,fma"))), fewAccumulators, __m256, __m256,
           TENON_ADD_PRODUCT_256)
TENON_LOOP(f32x128, __attribute__((target("avx2,fma"))), fewAccumulators, __m128, __m128,
           TENON_ADD_PRODUCT_128)
TENON_LOOP(bytesx512, __attribute__((target("avx512vnni"))), manyAccumulators, __m512i, __m512i,
           _mm512_dpbusd_epi32)
TENON_LOOP(bytesx256, __attribute__((target("avxvnni"))), fewAccumulators, __m256i, __m256i,
           _mm256_dpbusd_avx_epi32)
TENON_LOOP(bf16x512, __attribute__((target("avx512bf16"))), manyAccumulators, __m512, __m512bh,
           _mm512_dpbf16_ps)

unsigned tenon::widestProbeBits() {
  if (__builtin_cpu_supports("avx512f"))
    return 512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 256 : 0;
}

/// The number of accumulators of the loops over vectors of `bits` bits.
static int countAccumulators(unsigned bits) { return bits == 512 ? manyAccumulators : fewAccumulators; }

static Loop findLoop(unsigned bits) { return bits == 512 ? f32x512 : bits == 256 ? f32x256 : f32x128; }

static Loop findLoop(const DotProduct &instruction) {
  if (instruction.lhs == Element::BFloat16)
    return instruction.vectorBits == 512 ? bf16x512 : nullptr;
  if (instruction.vectorBits == 512)
    return bytesx512;
  // The same instruction in the encoding that processors without wide vectors have.
  return instruction.vectorBits == 256 && __builtin_cpu_supports("avxvnni") ? bytesx256 : nullptr;
}

#elif defined(__aarch64__)

TENON_LOOP(f32x128, , manyAccumulators, float32x4_t, float32x4_t, vfmaq_f32)
TENON_LOOP(signedBytes, __attribute__((target("dotprod"))), manyAccumulators, int32x4_t, int8x16_t, vdotq_s32)
TENON_LOOP(bf16, __attribute__((target("bf16"))), manyAccumulators, float32x4_t, bfloat16x8_t, vbfdotq_f32)

unsigned tenon::widestProbeBits() { return 128; }

static int countAccumulators(unsigned) { return manyAccumulators; }
static Loop findLoop(unsigned) { return f32x128; }

static Loop findLoop(const DotProduct &instruction) {
  if (instruction.lhs == Element::BFloat16)
    return bf16;
  return instruction.lhs == Element::Signed8 ? signedBytes : nullptr;
}

#else

unsigned tenon::widestProbeBits() { return 0; }
static int countAccumulators(unsigned) { return 0; }
static Loop findLoop(unsigned) { return nullptr; }
static Loop findLoop(const DotProduct &) { return nullptr; }

#endif

/// The best rate of `loop` in 10^9 operations per second, with `lanes` multiply-adds a step.
static double measureLoop(Loop loop, const void *operands, unsigned bits, unsigned lanes, double seconds) {
  if (!loop)
    return 0;
  double operations = 2.0 * passes * countAccumulators(bits) * lanes;
  return bestRate(operations, seconds, [=] { loop(operands); }) * 1e-9;
}

namespace {
/// Four vectors of up to 512 bits: the two left factors, then the two right ones.
template <typename T>
struct Operands {
  static constexpr int most = 4 * 64 / sizeof(T);
  alignas(64) T values[most];

  /// Fills all four with what `draw` makes of random bits; the last one's sign is that of `negate`.
  template <typename Draw>
  Operands(unsigned bits, Draw draw) {
    uint32_t state = 12345;
    for (int i = 0, used = int(4 * bits / 8 / sizeof(T)); i < used; ++i) {
      state = state * 1664525 + 1013904223;
      values[i] = draw(state >> 8, i >= used * 3 / 4);
    }
  }
};
} // namespace

double tenon::measurePeakGFlops(unsigned vectorBits, double seconds) {
  if (vectorBits > widestProbeBits() || (vectorBits != 128 && vectorBits != 256 && vectorBits != 512))
    return 0;
  // From 1 to 2, with all bits of the mantissa in use.
  Operands<float> operands(vectorBits, [](uint32_t random, bool negate) {
    float value = 1 + float(random | 1) / float(1 << 24);
    return negate ? -value : value;
  });
  return measureLoop(findLoop(vectorBits), operands.values, vectorBits, vectorBits / 32, seconds);
}

double tenon::measureDotGOps(const DotProduct &instruction, double seconds) {
  Loop loop = findLoop(instruction);
  unsigned bits = instruction.vectorBits, lanes = bits / 32 * instruction.group;
  if (instruction.lhs == Element::BFloat16) {
    // The upper half of such a float.
    Operands<uint16_t> operands(bits, [](uint32_t random, bool negate) {
      return uint16_t(0x3f81 | (random & 0x7f) | (negate ? 0x8000 : 0));
    });
    return measureLoop(loop, operands.values, bits, lanes, seconds);
  }
  Operands<uint8_t> operands(
      bits, [](uint32_t random, bool negate) { return uint8_t((random & 0x7f) | 1 | (negate ? 0x80 : 0)); });
  return measureLoop(loop, operands.values, bits, lanes, seconds);
}
