//===- EmitterOptions.h - What the emitter must know of the machine -------------------------------===//

#ifndef TENON_CODEGEN_EMITTEROPTIONS_H
#define TENON_CODEGEN_EMITTEROPTIONS_H

#include <cstdint>

namespace tenon {

struct EmitterOptions {
  /// The width of a vector register in bits.
  int64_t vectorBits = 512;
  /// Whether a multiply feeding an add becomes one fused operation.
  bool fuseMultiplyAdd = true;
  /// The most bytes of scratch a kernel may keep on its stack.
  int64_t maxScratchBytes = 1 << 20;
};

} // namespace tenon

#endif // TENON_CODEGEN_EMITTEROPTIONS_H
