//===- Evaluator.h - What tenon ops mean, by computing them --------------------------------------===//
//
// The oracle inside: it folds constants, backs `tenon verify`, and every lowering is tested against it.
// Floating point results are computed in double and rounded once to their type; integers wrap.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_REFERENCE_EVALUATOR_H
#define TENON_REFERENCE_EVALUATOR_H

#include "tenon/Dialect/Tenon/IR/OpEvaluator.h"
#include "tenon/Support/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon::reference {

struct EvaluatorOptions {
  /// An op whose results take more bytes together is refused. By default what no host holds, so that absurd
  /// sizes end in a diagnostic.
  int64_t maxResultBytes = int64_t(1) << 36;
};

/// Called after each op of a function with the op and its results, inner ops of regions included.
using Observer = llvm::function_ref<void(mlir::Operation *op, llvm::ArrayRef<HostTensor> results)>;

/// Whether the evaluator knows this kind of op.
bool canEvaluate(mlir::Operation *op);

/// Computes the results of one op. The operands' shapes may be more precise than the op's types. Fails with a
/// diagnostic at the op if it is not supported, the operands do not fit, or the results exceed the options'
/// limit.
mlir::FailureOr<llvm::SmallVector<HostTensor>>
evaluate(mlir::Operation *op, llvm::ArrayRef<HostTensor> operands, const EvaluatorOptions &options = {});

/// Runs a function of one block of tenon ops, also inside tenon.kernel regions, and returns what it returns.
/// Symbolic sizes take their values from the inputs; a value is freed after its last use. Fails with a
/// diagnostic.
mlir::FailureOr<llvm::SmallVector<HostTensor>> evaluate(mlir::func::FuncOp function,
                                                        llvm::ArrayRef<HostTensor> inputs,
                                                        Observer observer = nullptr,
                                                        const EvaluatorOptions &options = {});

/// The evaluator of single ops for passes that fold constants: fails without a diagnostic.
OpEvaluator makeOpEvaluator(const EvaluatorOptions &options = {});

} // namespace tenon::reference

#endif // TENON_REFERENCE_EVALUATOR_H
