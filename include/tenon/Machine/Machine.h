//===- Machine.h - What the compiler knows about the hardware it compiles for ------------------===//
//
// A Machine is plain data: how wide the vectors are, how fast, how much memory is near. The schedule and the
// cost model ask it, the target phase carries it out, and nobody else needs to know which vendor or
// instruction set is behind it. Tables by name live in lib/Machine, one file per family; what depends on
// instruction-set extensions is derived from LLVM's description of the CPU, so that every `--cpu` LLVM knows
// is described.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_MACHINE_MACHINE_H
#define TENON_MACHINE_MACHINE_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <string>

namespace tenon {

/// An instruction that multiplies two vectors of narrow elements and adds each run of `group` neighbouring
/// products to one 32-bit element of the accumulator: `acc[i] += sum_j lhs[i * group + j] * rhs[i * group +
/// j]`, without saturation.
struct DotProduct {
  enum class Element { Signed8, Unsigned8, BFloat16 };

  Element lhs;
  Element rhs;
  /// Products added to one accumulator element: 4 for bytes, 2 for bf16.
  unsigned group;
  /// Bits of each of the three vectors.
  unsigned vectorBits;
  /// The LLVM intrinsic, called as (accumulator, lhs, rhs).
  std::string intrinsic;
  /// Instructions started per cycle.
  unsigned perCycle;
};

/// One kind of machine, as data. Sizes are in bytes, rates per core and clock cycle; estimates are good for
/// ranking schedules, not for predicting times.
struct Machine {
  /// The name given on the command line, "x86-64-v3".
  std::string name;
  /// The LLVM target triple, CPU name and feature string ("+avx2,+fma") that the code is generated for.
  std::string triple;
  std::string cpu;
  std::string features;
  /// The calling convention's name where the triple leaves it open ("lp64d"), else empty.
  std::string abi;

  /// Bits of a vector register; where their length is only known at run time, the least it may be.
  unsigned vectorBits = 128;
  /// Bits of a register for each unit of LLVM's vscale; 0 where registers are of a fixed length.
  unsigned vscaleBits = 0;
  unsigned numVectorRegisters = 16;
  /// Vector multiply-adds (or, without FMA, multiply and add pairs) started per cycle, and cycles until the
  /// result.
  double fmaPerCycle = 1;
  unsigned fmaLatency = 4;
  /// Vector loads started per cycle.
  double loadsPerCycle = 1;
  /// Whether there is a fused multiply-add on vectors of f32 and f64.
  bool hasFma = false;
  /// Whether vector loads and stores take a mask at no extra cost.
  bool hasMaskedMemory = false;
  /// Bits of the narrowest element such accesses take; 0 without.
  unsigned maskedElementBits = 0;
  /// Whether stores under a mask take so long that a known number of leading lanes is better stored in
  /// pieces.
  bool hasSlowMaskedStores = false;
  /// Whether f16 and bf16 convert to and from f32 by vector instructions.
  bool hasF16Conversion = false;
  bool hasBF16Conversion = false;
  /// The dot-product instructions, widest first.
  llvm::SmallVector<DotProduct, 0> dotProducts;

  /// Data caches as one core sees them; 0 if there is none. l3Bytes is shared by all cores.
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 256 << 10;
  int64_t l3Bytes = 0;
  unsigned cacheLineBytes = 64;
  int64_t pageBytes = 4096;
  /// What the first instruction of a loop is aligned to; 0 leaves it to LLVM.
  unsigned loopAlignment = 0;
  /// The most bytes one tensor of scratch may take on the stack of the thread that runs a kernel.
  int64_t maxScratchBytes = 1 << 20;
  /// What one core reads per cycle, streaming, from each level.
  double l2BytesPerCycle = 32;
  double l3BytesPerCycle = 12;
  double dramBytesPerCycle = 4;

  /// Cores the program may use.
  unsigned cores = 1;
  /// Sustained clock, 0 if not known.
  double clockGHz = 0;

  unsigned pointerBits = 64;
  /// Bits of `index` arithmetic.
  unsigned indexBits = 64;
  /// Whether code can be linked with a C math library, and whether threads can be started.
  bool hasLibm = true;
  bool hasThreads = true;

  /// Elements of `elementBits` bits that one vector register holds, at least 1.
  unsigned vectorLanes(unsigned elementBits) const {
    return vectorBits > elementBits ? vectorBits / elementBits : 1;
  }
  /// The widest instruction that multiplies these element types, or null; the pointer lives as long as the
  /// machine.
  const DotProduct *findDotProduct(DotProduct::Element lhs, DotProduct::Element rhs) const;
  /// f32 floating-point operations one core can do per cycle: two for each lane of each multiply-add.
  double peakFlopsPerCycle() const { return 2.0 * fmaPerCycle * vectorLanes(32); }
};

/// The machine called `target` ("host", "x86-64-v3", "rpi4", ...), with another LLVM CPU and with LLVM
/// features
/// ("+avx512vnni,-fma") added if these are not empty. On failure `error` (if given) says what was expected.
llvm::FailureOr<Machine> lookupMachine(llvm::StringRef target, llvm::StringRef cpu = "",
                                       llvm::StringRef features = "", std::string *error = nullptr);

/// The machine this process runs on: its CPU, caches, and the cores it may use.
Machine hostMachine();

/// The names lookupMachine knows, "host" first.
llvm::SmallVector<llvm::StringRef> machineNames();

} // namespace tenon

#endif // TENON_MACHINE_MACHINE_H
