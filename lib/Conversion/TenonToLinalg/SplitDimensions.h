//===- SplitDimensions.h - Dimensions that kernels compute in parts ----------------------------===//

#ifndef TENON_LIB_CONVERSION_TENONTOLINALG_SPLITDIMENSIONS_H
#define TENON_LIB_CONVERSION_TENONTOLINALG_SPLITDIMENSIONS_H

#include "tenon/Dialect/Tenon/IR/Tenon.h"

namespace tenon {

/// Moves every `tensor.collapse_shape` in the kernel down to its results, and out of it as a `tenon.reshape`;
/// reports the op that can't take its operand in parts.
llvm::LogicalResult sinkCollapses(KernelOp kernel);

} // namespace tenon

#endif // TENON_LIB_CONVERSION_TENONTOLINALG_SPLITDIMENSIONS_H
