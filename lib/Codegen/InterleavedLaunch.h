//===- InterleavedLaunch.h - Kernels that take turns, as one kernel ----------------------------------===//

#ifndef TENON_LIB_CODEGEN_INTERLEAVEDLAUNCH_H
#define TENON_LIB_CODEGEN_INTERLEAVEDLAUNCH_H

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

/// A kernel of a group, by the name of its loops, with what it is launched on.
struct InterleavedKernel {
  llvm::StringRef name;
  /// What it takes its arguments for.
  llvm::ArrayRef<mlir::Type> types;
  /// Memrefs of these types, or the memory of a rolling tensor.
  llvm::SmallVector<mlir::Value> arguments;
  /// All of its parallel iterations.
  int64_t range;
  InterleaveAttr turns;
};

/// The windows, one for each share, of a tensor that rolls through them.
struct RollingMemory {
  /// Bytes.
  mlir::Value memory;
  RollingAttr rolling;
  /// Of the tensor.
  int64_t bytes;
};

/// Launches kernels band by band as their `tenon.interleave` says (InterleaveKernels): makes a kernel `name`
/// whose iterations are the shares. With `serial`, on the caller's thread.
void launchInterleaved(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                       llvm::ArrayRef<InterleavedKernel> kernels, llvm::ArrayRef<RollingMemory> rolling,
                       bool serial);

} // namespace tenon

#endif // TENON_LIB_CODEGEN_INTERLEAVEDLAUNCH_H
