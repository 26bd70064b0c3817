//===- Passes.h - Passes of the kernel phase -------------------------------------------------------===//

#ifndef TENON_KERNEL_PASSES_H
#define TENON_KERNEL_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "tenon/Kernel/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tenon/Kernel/Passes.h.inc"
} // namespace tenon

#endif // TENON_KERNEL_PASSES_H
