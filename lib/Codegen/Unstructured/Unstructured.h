//===- Unstructured.h - Loops of ops that are not structured -------------------------------------===//
//
// What writes to computed places or carries data-dependent state from element to element has no schedule:
// each op family has a file that emits its loops on memory. They run on one thread, as one iteration of the
// kernel's range.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_CODEGEN_UNSTRUCTURED_UNSTRUCTURED_H
#define TENON_LIB_CODEGEN_UNSTRUCTURED_UNSTRUCTURED_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace tenon {

/// The buffers an op reads and writes: in the order of its operands; in that of its results, null for one no
/// one reads.
struct OpBuffers {
  llvm::ArrayRef<mlir::Value> inputs, outputs;
};

/// Emits the loops of `op` at the end of what `builder` has built, or fails with a diagnostic if they can't
/// be.
llvm::LogicalResult emitUnstructured(mlir::Operation *op, mlir::OpBuilder &builder, const OpBuffers &buffers);

/// Builds loops of scalar code on memory. Elements are signless; where signedness matters, it comes as the
/// element type the tenon op has.
class LoopBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using Body = llvm::function_ref<void(mlir::ValueRange)>;

  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  mlir::Value index(int64_t value);
  /// The sizes of the memref's dimensions from `begin` on.
  llvm::SmallVector<mlir::Value> sizes(mlir::Value memref, int64_t begin = 0);

  /// A loop nest over [0, size) for each size, the last innermost.
  void forEach(mlir::ValueRange sizes, Body body);
  /// The body runs if the condition holds.
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  /// Copies the part of `from` at the indices `fromOuter` of its first dimensions to `to` at `toOuter`. The
  /// dimensions behind those have the same sizes.
  void copy(mlir::Value from, mlir::ValueRange fromOuter, mlir::Value to, mlir::ValueRange toOuter);

  mlir::Value load(mlir::Value memref, mlir::ValueRange indices);
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange indices);
  /// The integer element at `indices` as an index.
  mlir::Value loadIndex(mlir::Value memref, mlir::ValueRange indices);
  /// An index that counts from the end if it is negative, as a place in a dimension of `size`.
  mlir::Value wrapIndex(mlir::Value index, mlir::Value size);
  mlir::Value isInRange(mlir::Value place, mlir::Value size);
  mlir::Value isNegative(mlir::Value index);

  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);

  // On elements of a tenon element type:
  mlir::Value sum(mlir::Value lhs, mlir::Value rhs);
  mlir::Value product(mlir::Value lhs, mlir::Value rhs);
  /// The larger or smaller one; nan if either is.
  mlir::Value extremum(mlir::Value lhs, mlir::Value rhs, mlir::Type element, bool larger);
  /// Whether `lhs` comes before `rhs` in ascending order, in which nan is last.
  mlir::Value isBelow(mlir::Value lhs, mlir::Value rhs, mlir::Type element);

private:
  void nest(mlir::ValueRange sizes, llvm::SmallVectorImpl<mlir::Value> &indices, Body body);
  /// f16 and bf16 compute in f32: `op` on such values as on others.
  mlir::Value inFloat(mlir::Value lhs, mlir::Value rhs,
                      llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> op);
};

} // namespace tenon

#endif // TENON_LIB_CODEGEN_UNSTRUCTURED_UNSTRUCTURED_H
