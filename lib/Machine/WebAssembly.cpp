//===- WebAssembly.cpp - WebAssembly engines ----------------------------------------------------===//

#include "Family.h"

#include "llvm/Support/TargetSelect.h"

using namespace tenon;

static constexpr MachineRow machines[] = {
    {"wasm32", "wasm32-unknown-unknown", "generic", "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext",
     32 << 10, 512 << 10, 0, 1, 0},
};

static void initialize() {
  LLVMInitializeWebAssemblyTargetInfo();
  LLVMInitializeWebAssemblyTargetMC();
}

static bool owns(const llvm::Triple &triple) { return triple.getArch() == llvm::Triple::wasm32; }

static void describe(Machine &machine, const Subtarget &subtarget) {
  machine.vectorBits = subtarget.has("simd128") ? 128 : 32;
  // Engines map values to the registers of the CPU they run on; 16 is what the smallest common one has.
  machine.numVectorRegisters = 16;
  machine.hasFma = subtarget.has("relaxed-simd");
  machine.fmaPerCycle = 1;
  machine.fmaLatency = machine.hasFma ? 4 : 8;
  machine.loadsPerCycle = 2;
  machine.l2BytesPerCycle = 32;
  machine.l3BytesPerCycle = 12;
  machine.dramBytesPerCycle = 4;
  machine.pageBytes = 64 << 10;
  // Modules are linked with a stack of 1 MiB for everything.
  machine.maxScratchBytes = 256 << 10;
  machine.pointerBits = 32;
  machine.indexBits = 32;
  machine.hasLibm = false;
  machine.hasThreads = false;
}

const Family tenon::webAssemblyFamily = {initialize, owns, describe, machines};
