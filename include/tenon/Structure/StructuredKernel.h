//===- StructuredKernel.h - The structured description of a kernel ------------------------------===//
//
// What schedules are made from and carried out on: the ops of a kernel function in order, each with its
// loops, their sizes, and how it reads and writes tensors. Schedules number ops by their place in this list.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_STRUCTURE_STRUCTUREDKERNEL_H
#define TENON_STRUCTURE_STRUCTUREDKERNEL_H

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"

#include <vector>

namespace tenon {

/// One tensor an op reads or writes: at loop indices i it touches element `map(i)`.
struct Access {
  mlir::Value tensor;
  mlir::AffineMap map;
};

/// One structured op: a perfect loop nest over its iterators around a scalar body.
struct StructuredOp {
  /// A linalg.generic, or a tensor.pad (elementwise over its result, guarded at the border).
  mlir::Operation *op;
  llvm::SmallVector<mlir::utils::IteratorType> iterators;
  /// The number of iterations of each loop: a constant, or an expression over the kernel's symbols.
  llvm::SmallVector<mlir::AffineExpr> extents;
  /// The tensors read; those whose element the body ignores are left out (a window that only gives a shape).
  llvm::SmallVector<Access> inputs;
  /// The results, in order, with the maps they are written by (plain dimensions).
  llvm::SmallVector<Access> outputs;

  unsigned getNumLoops() const { return iterators.size(); }
  bool isReductionLoop(unsigned dim) const { return iterators[dim] == mlir::utils::IteratorType::reduction; }
  bool isReduction() const;
  /// The extent of a loop if it's constant.
  std::optional<int64_t> staticExtent(unsigned dim) const {
    return SymbolicSizes::constantValue(extents[dim]);
  }
};

/// A kernel function: tensor arguments, a DAG of structured ops, tensor results.
class StructuredKernel {
public:
  /// Describes `function`, or fails with a diagnostic at the first op that is not structured.
  static mlir::FailureOr<StructuredKernel> create(mlir::func::FuncOp function);

  mlir::func::FuncOp getFunction() const { return function; }
  llvm::ArrayRef<StructuredOp> getOps() const { return ops; }
  const StructuredOp &getOp(unsigned number) const { return ops[number]; }
  /// The number of the op that defines `value`, if a structured op does.
  std::optional<unsigned> numberOf(mlir::Value value) const;
  std::optional<unsigned> numberOf(mlir::Operation *op) const;
  /// The op whose result the others lead to: the last one in order among those that define a result of the
  /// kernel.
  unsigned getRoot() const { return root; }
  /// For each op that leads to the root by plain dimensions: its loops as loops of the root, none for those
  /// the root does not have (its own reductions, windows).
  llvm::DenseMap<unsigned, llvm::SmallVector<std::optional<unsigned>>> mapLoopsToRoot() const;
  /// Bits of the widest element an op computes, at least 8: registers hold as many lanes as fit of it.
  unsigned widestElementBits() const;
  /// The symbols of dynamic sizes, in the order kernel functions take them as arguments.
  llvm::ArrayRef<mlir::StringAttr> getSymbols() const { return sizes.getSymbols(); }
  SymbolicSizes &getSizes() { return sizes; }

private:
  explicit StructuredKernel(mlir::func::FuncOp function) : function(function), sizes(function.getContext()) {}

  mlir::func::FuncOp function;
  SymbolicSizes sizes;
  std::vector<StructuredOp> ops;
  unsigned root = 0;
};

/// The op with a lowering of its own that `function` consists of, but for casts of signedness; null for
/// structured kernels.
mlir::Operation *findUnstructuredOp(mlir::func::FuncOp function);

/// The symbols the tensor types of `types` use, sorted by name: the order in which kernels and programs take
/// them.
llvm::SmallVector<mlir::StringAttr> collectSymbols(mlir::TypeRange types);

} // namespace tenon

#endif // TENON_STRUCTURE_STRUCTUREDKERNEL_H
