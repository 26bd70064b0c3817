//===- EmitterOptions.h - What the emitter must know of the machine -------------------------------===//

#ifndef TENON_CODEGEN_EMITTEROPTIONS_H
#define TENON_CODEGEN_EMITTEROPTIONS_H

#include "tenon/Machine/Machine.h"

#include <cstdint>

namespace tenon {

struct EmitterOptions {
  /// The width of a vector register in bits; with `vscaleBits`, the least it may be.
  int64_t vectorBits = 512;
  /// Bits of a register for each unit of vscale; 0 where registers are of a fixed length.
  int64_t vscaleBits = 0;
  /// Whether vectors of a length known at run time may hold f16 and bf16.
  bool scalableF16 = false;
  bool scalableBF16 = false;
  /// Whether a multiply feeding an add becomes one fused operation.
  bool fuseMultiplyAdd = true;
  /// Packed operands of at least this many bytes are prefetched: too many to stay in cache from one run to
  /// the next.
  int64_t prefetchBytes = 64 << 10;
  /// The most bytes of a tensor of scratch on the stack.
  int64_t maxScratchBytes = Machine().maxScratchBytes;
};

} // namespace tenon

#endif // TENON_CODEGEN_EMITTEROPTIONS_H
