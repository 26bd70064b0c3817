//===- features.c - Which instruction sets this machine has, by LLVM's names --------------------===//
//
// Asks the processor and, where registers must be saved for a set to be usable, the system.
//
//===----------------------------------------------------------------------------------------===//

#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "tenon-rt/loader.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum register_name { EAX, EBX, ECX, EDX };

// The register files a set needs saved, as bits of XCR0.
enum state {
  NONE = 0,
  YMM = 0x6,
  ZMM = 0xe6,
  TILE = 0x60000,
  APX = 0x80000,
};

static uint64_t saved_state(void) {
  uint32_t a, b, c, d;
  // OSXSAVE: without it, reading XCR0 is an illegal instruction.
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1))
    return 0;
  __asm__ __volatile__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return (uint64_t)d << 32 | a;
}

static bool may_use_tiles(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
  // Linux grants the large tile registers on request only, once per process.
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
  return true;
#endif
}

static bool has(uint32_t leaf, uint32_t subleaf, enum register_name name, int bit, uint64_t state) {
  uint32_t registers[4];
  if (!__get_cpuid_count(leaf, subleaf, &registers[EAX], &registers[EBX], &registers[ECX], &registers[EDX]))
    return false;
  if (!(registers[name] >> bit & 1) || (state && (saved_state() & state) != state))
    return false;
  return state != TILE || may_use_tiles();
}

#define TENON_X86_FEATURE(name, leaf, subleaf, reg, bit, state)                                              \
  if (!strcmp(feature, name))                                                                                \
    return has(leaf, subleaf, reg, bit, state);

#elif defined(__aarch64__) && defined(__linux__)

#include <sys/auxv.h>

#define TENON_AARCH64_FEATURE(name, word, bit)                                                               \
  if (!strcmp(feature, name))                                                                                \
    return getauxval(word == 1 ? AT_HWCAP : AT_HWCAP2) >> bit & 1;

#elif defined(__riscv) && defined(__linux__)

#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has(int64_t key, int bit) {
  if (key == 0)
    return getauxval(AT_HWCAP) >> bit & 1;
  enum { SYS_riscv_hwprobe_number = 258 };
  struct {
    int64_t key;
    uint64_t value;
  } pair = {key, 0};
  // A kernel that doesn't know the key sets it to -1.
  if (syscall(SYS_riscv_hwprobe_number, &pair, 1, 0, NULL, 0) || pair.key < 0)
    return false;
  return pair.value >> bit & 1;
}

#define TENON_RISCV_FEATURE(name, key, bit)                                                                  \
  if (!strcmp(feature, name))                                                                                \
    return has(key, bit);

#endif

int tenon_rt_cpu_has(const char *feature) {
  if (!feature)
    return false;
#include "tenon-rt/features.def"
  return false;
}
