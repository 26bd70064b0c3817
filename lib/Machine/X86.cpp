//===- X86.cpp - x86-64 machines ---------------------------------------------------------------===//
//
// Rates are those of the cores people run: Haswell to Granite Rapids, Zen 2 to Zen 5.
//
//===----------------------------------------------------------------------------------------===//

#include "Family.h"

#include "llvm/Support/TargetSelect.h"

using namespace tenon;
using Element = DotProduct::Element;

static constexpr MachineRow machines[] = {
    {"x86-64-v2", "x86_64-unknown-linux-gnu", "x86-64-v2", "", 32 << 10, 256 << 10, 8 << 20, 4, 0},
    {"x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", "", 32 << 10, 512 << 10, 16 << 20, 8, 0},
    {"x86-64-v4", "x86_64-unknown-linux-gnu", "x86-64-v4", "", 48 << 10, 1 << 20, 32 << 20, 8, 0},
};

static void initialize() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86TargetMC();
}

static bool owns(const llvm::Triple &triple) { return triple.getArch() == llvm::Triple::x86_64; }

static void addDotProducts(Machine &machine, const Subtarget &subtarget) {
  bool evexBytes = subtarget.has("avx512vnni");
  bool evexBF16 = subtarget.has("avx512bf16");
  bool shortEvex = subtarget.has("avx512vl");
  // LLVM gives the VEX and EVEX forms of vpdpbusd one intrinsic.
  bool shortBytes = (evexBytes && shortEvex) || subtarget.has("avxvnni");
  for (unsigned bits : {512u, 256u, 128u}) {
    if (bits > machine.vectorBits)
      continue;
    unsigned perCycle = bits == 512 ? unsigned(machine.fmaPerCycle) : 2;
    std::string suffix = std::to_string(bits);
    if (bits == 512 ? evexBytes : shortBytes)
      machine.dotProducts.push_back(
          {Element::Unsigned8, Element::Signed8, 4, bits, "llvm.x86.avx512.vpdpbusd." + suffix, perCycle});
    if (evexBF16 && (bits == 512 || shortEvex))
      machine.dotProducts.push_back({Element::BFloat16, Element::BFloat16, 2, bits,
                                     "llvm.x86.avx512bf16.dpbf16ps." + suffix, perCycle});
  }
}

/// Whether the core has one 512-bit FMA unit rather than two: clients, and Zen 4, which splits the vector.
/// Hypervisors may report a client's name for a server, but no such client has the f16 extension.
static bool hasSingleWideUnit(const Machine &machine, const Subtarget &subtarget) {
  llvm::StringRef cpu = machine.cpu;
  return !subtarget.has("avx512fp16") &&
         (cpu == "icelake-client" || cpu == "tigerlake" || cpu == "rocketlake" || cpu == "znver4");
}

static void describe(Machine &machine, const Subtarget &subtarget) {
  bool avx512 = subtarget.has("avx512f");
  machine.vectorBits = avx512 ? 512 : subtarget.has("avx") ? 256 : 128;
  machine.numVectorRegisters = avx512 ? 32 : 16;
  machine.hasFma = avx512 || subtarget.has("fma");
  // AVX2's masked accesses are for 32 and 64 bits; AVX-512 has masks for bytes in an extension.
  machine.hasMaskedMemory = avx512 || subtarget.has("avx2");
  machine.maskedElementBits = subtarget.has("avx512bw") ? 8 : machine.hasMaskedMemory ? 32 : 0;
  // AMD's cores carry AVX2's out in microcode, some 20 cycles each.
  machine.hasSlowMaskedStores = machine.hasMaskedMemory && !avx512;
  machine.hasF16Conversion = avx512 || subtarget.has("f16c");
  machine.hasBF16Conversion = subtarget.has("avx512bf16") && subtarget.has("avx512vl");
  machine.fmaPerCycle = avx512 && hasSingleWideUnit(machine, subtarget) ? 1 : machine.hasFma ? 2 : 1;
  machine.loadsPerCycle = 2;
  machine.fmaLatency = machine.hasFma ? 4 : 8;
  // Decoded instructions are kept by lines of code. Where among them a loop over a tile starts decides on up
  // to two hundredths of its speed.
  machine.loopAlignment = 64;
  machine.l2BytesPerCycle = avx512 ? 48 : 32;
  machine.l3BytesPerCycle = 12;
  machine.dramBytesPerCycle = 6;
  addDotProducts(machine, subtarget);
}

const Family tenon::x86Family = {initialize, owns, describe, machines};
