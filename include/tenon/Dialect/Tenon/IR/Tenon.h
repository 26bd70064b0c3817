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
/// Whether each of `actual` is the inferred type or a less precise form of it (a dynamic size where the rule knows one);
/// reports at `loc` under the op's name if not. A type that is null is filled in with the inferred one.
llvm::LogicalResult checkResultTypes(std::optional<mlir::Location> loc, llvm::StringRef opName,
                                     llvm::ArrayRef<mlir::Type> inferred,
                                     llvm::SmallVectorImpl<mlir::Type> &actual);
} // namespace tenon

#define GET_OP_CLASSES
#include "tenon/Dialect/Tenon/IR/TenonOps.h.inc"

#endif // TENON_DIALECT_TENON_IR_TENON_H
