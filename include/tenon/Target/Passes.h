//===- Passes.h - The passes of the target phase, declared in Passes.td ------------------------===//

#ifndef TENON_TARGET_PASSES_H
#define TENON_TARGET_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tenon {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "tenon/Target/Passes.h.inc"

/// Registers the pipeline `--tenon-target`: a codegen module to the LLVM dialect; options machine, cpu and
/// features.
void registerTargetPipeline();

} // namespace tenon

#endif // TENON_TARGET_PASSES_H
