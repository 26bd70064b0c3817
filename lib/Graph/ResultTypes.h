//===- ResultTypes.h - What types values have by the ops' rules ---------------------------------===//

#ifndef TENON_LIB_GRAPH_RESULTTYPES_H
#define TENON_LIB_GRAPH_RESULTTYPES_H

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

/// What both types say together; in doubt what `inferred` says.
mlir::Type meetTypes(mlir::Type present, mlir::Type inferred);

/// The types the op's results have by its rule and operands. Failure if it has no rule, or, after reporting,
/// if its operands do not fit.
mlir::FailureOr<llvm::SmallVector<mlir::Type>> ruleTypes(mlir::Operation *op);

/// The dimensions of which not even an expression is known.
llvm::SmallVector<int64_t> unknownDims(mlir::Type type);

/// The function returns what its return op does.
void refineSignature(mlir::func::FuncOp function);

/// How a user gives the symbols in `size` values: `; give it a value, such as --symbol batch=64`; empty if
/// there are none.
std::string symbolHint(const SymbolicSizes &sizes, mlir::AffineExpr size);

} // namespace tenon

#endif // TENON_LIB_GRAPH_RESULTTYPES_H
