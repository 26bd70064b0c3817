//===- NarrowFloat.h - f16 and bf16 on machines without instructions for them ------------------===//

#ifndef TENON_LIB_TARGET_CPU_NARROWFLOAT_H
#define TENON_LIB_TARGET_CPU_NARROWFLOAT_H

#include "mlir/IR/Operation.h"

namespace tenon {

/// The conversions between f32 and narrow floats that the machine has instructions for.
struct NarrowFloatSupport {
  bool f16;
  bool bf16;
};

/// Rewrites what is done with f16 and bf16 under `root` so that LLVM needs no library call for it: arithmetic
/// is done in f32, and conversions the machine lacks are integer arithmetic that rounds to nearest, ties to
/// even.
llvm::LogicalResult legalizeNarrowFloats(mlir::Operation *root, NarrowFloatSupport support);

} // namespace tenon

#endif // TENON_LIB_TARGET_CPU_NARROWFLOAT_H
