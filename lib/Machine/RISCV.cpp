//===- RISCV.cpp - 64-bit RISC-V machines with the vector extension -----------------------------===//
//
// Registers are as long as the implementation makes them, and no shorter than the features guarantee (zvl*b):
// the same code uses all of them.
//
//===----------------------------------------------------------------------------------------===//

#include "Family.h"

#include "llvm/Support/TargetSelect.h"

using namespace tenon;

static constexpr MachineRow machines[] = {
    {"riscv64", "riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c,+v,+zvl128b", 32 << 10,
     512 << 10, 0, 4, 0},
    {"riscv64-zvl256b", "riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c,+v,+zvl256b", 32 << 10,
     512 << 10, 0, 8, 0},
};

static void initialize() {
  LLVMInitializeRISCVTargetInfo();
  LLVMInitializeRISCVTargetMC();
}

static bool owns(const llvm::Triple &triple) { return triple.isRISCV64(); }

static void describe(Machine &machine, const Subtarget &subtarget) {
  machine.abi = subtarget.has("d") ? "lp64d" : subtarget.has("f") ? "lp64f" : "lp64";
  bool vectors = subtarget.has("v");
  // Without vectors a "register" holds one f32, and code is scalar.
  machine.vectorBits = 32;
  if (vectors) {
    machine.vectorBits = 128;
    machine.vscaleBits = 64;
    for (unsigned bits : {256u, 512u, 1024u})
      if (subtarget.has("zvl" + std::to_string(bits) + "b"))
        machine.vectorBits = bits;
  }
  machine.numVectorRegisters = 32;
  machine.hasFma = subtarget.has("f");
  machine.hasMaskedMemory = vectors;
  machine.maskedElementBits = vectors ? 8 : 0;
  machine.hasF16Conversion = subtarget.has("zvfhmin");
  machine.hasBF16Conversion = subtarget.has("zvfbfmin");
  machine.fmaPerCycle = 1;
  machine.fmaLatency = 5;
  machine.loadsPerCycle = 1;
  machine.l2BytesPerCycle = 16;
  machine.l3BytesPerCycle = 8;
  machine.dramBytesPerCycle = 2;
}

const Family tenon::riscvFamily = {initialize, owns, describe, machines};
