//===- Tenon.h - The tenon dialect, its attributes and ops --------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_TENON_H
#define TENON_DIALECT_TENON_IR_TENON_H

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Dialect/Tenon/IR/Traits.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tenon/Dialect/Tenon/IR/TenonDialect.h.inc"
#include "tenon/Dialect/Tenon/IR/TenonEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "tenon/Dialect/Tenon/IR/TenonAttributes.h.inc"

namespace tenon {
/// Verifies that the results of `op`, which has a shape rule, are of the inferred types or less precise forms
/// of them (a dynamic size where the rule knows one).
llvm::LogicalResult verifyResultTypes(mlir::Operation *op);
} // namespace tenon

#define GET_OP_CLASSES
#include "tenon/Dialect/Tenon/IR/TenonOps.h.inc"

#endif // TENON_DIALECT_TENON_IR_TENON_H
