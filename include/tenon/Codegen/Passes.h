//===- Passes.h - Passes of the codegen phase -------------------------------------------------------===//

#ifndef TENON_CODEGEN_PASSES_H
#define TENON_CODEGEN_PASSES_H

#include "tenon/Codegen/EmitterOptions.h"

#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "tenon/Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tenon/Codegen/Passes.h.inc"
} // namespace tenon

#endif // TENON_CODEGEN_PASSES_H
