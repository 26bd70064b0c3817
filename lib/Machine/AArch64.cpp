//===- AArch64.cpp - 64-bit Arm machines: NEON, SVE ---------------------------------------------===//

#include "Family.h"

#include "llvm/Support/TargetSelect.h"

using namespace tenon;
using Element = DotProduct::Element;

static constexpr MachineRow machines[] = {
    {"aarch64", "aarch64-unknown-linux-gnu", "generic", "+neon", 32 << 10, 512 << 10, 2 << 20, 4, 0},
    {"aarch64-sve", "aarch64-unknown-linux-gnu", "generic", "+neon,+sve", 64 << 10, 1 << 20, 32 << 20, 8, 0},
    {"rpi4", "aarch64-unknown-linux-gnu", "cortex-a72", "", 32 << 10, 1 << 20, 0, 4, 1.8},
    {"rpi5", "aarch64-unknown-linux-gnu", "cortex-a76", "", 64 << 10, 512 << 10, 2 << 20, 4, 2.4},
};

static void initialize() {
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64TargetMC();
}

static bool owns(const llvm::Triple &triple) { return triple.isAArch64(); }

/// Whether SVE is worth its price, operands that are not packed: most cores have it at NEON's length.
static bool hasScalableVectors(const Machine &machine, const Subtarget &subtarget) {
  llvm::StringRef cpu = machine.cpu;
  return subtarget.has("sve") &&
         (cpu == "generic" || cpu == "a64fx" || cpu == "neoverse-v1" || cpu == "neoverse-512tvb");
}

static void describe(Machine &machine, const Subtarget &subtarget) {
  // NEON's registers are the low 128 bits of SVE's, which may be longer.
  machine.vectorBits = 128;
  bool scalable = hasScalableVectors(machine, subtarget);
  machine.vscaleBits = scalable ? 128 : 0;
  machine.numVectorRegisters = 32;
  machine.hasFma = true;
  machine.hasMaskedMemory = scalable;
  machine.maskedElementBits = scalable ? 8 : 0;
  machine.hasF16Conversion = true;
  machine.hasBF16Conversion = subtarget.has("bf16");
  bool narrow = machine.cpu == "cortex-a53" || machine.cpu == "cortex-a55" || machine.cpu == "cortex-a72";
  machine.fmaPerCycle = narrow ? 1 : 2;
  machine.fmaLatency = machine.cpu == "cortex-a72" ? 7 : 4;
  machine.loadsPerCycle = narrow ? 1 : 2;
  machine.l2BytesPerCycle = narrow ? 8 : 16;
  machine.l3BytesPerCycle = 8;
  machine.dramBytesPerCycle = narrow ? 2 : 4;
  unsigned perCycle = unsigned(machine.fmaPerCycle);
  if (subtarget.has("i8mm"))
    machine.dotProducts.push_back(
        {Element::Unsigned8, Element::Signed8, 4, 128, "llvm.aarch64.neon.usdot", perCycle});
  if (subtarget.has("dotprod")) {
    machine.dotProducts.push_back(
        {Element::Signed8, Element::Signed8, 4, 128, "llvm.aarch64.neon.sdot", perCycle});
    machine.dotProducts.push_back(
        {Element::Unsigned8, Element::Unsigned8, 4, 128, "llvm.aarch64.neon.udot", perCycle});
  }
  if (subtarget.has("bf16"))
    machine.dotProducts.push_back(
        {Element::BFloat16, Element::BFloat16, 2, 128, "llvm.aarch64.neon.bfdot", perCycle});
}

const Family tenon::aarch64Family = {initialize, owns, describe, machines};
