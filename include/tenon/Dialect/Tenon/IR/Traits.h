//===- Traits.h - What kind of computation an op is, for passes that must not know its name ----===//

#ifndef TENON_DIALECT_TENON_IR_TRAITS_H
#define TENON_DIALECT_TENON_IR_TRAITS_H

#include "mlir/IR/OpDefinition.h"

namespace tenon::trait {

/// Each result element depends on the operands' elements at its place only, after broadcasting.
template <typename ConcreteOp>
struct Elementwise : mlir::OpTrait::TraitBase<ConcreteOp, Elementwise> {};

/// Moves elements without computing: the result's elements are the operands', elsewhere.
template <typename ConcreteOp>
struct Relayout : mlir::OpTrait::TraitBase<ConcreteOp, Relayout> {};

/// Multiplies and accumulates over reduction dimensions.
template <typename ConcreteOp>
struct Contraction : mlir::OpTrait::TraitBase<ConcreteOp, Contraction> {};

/// Reduces along dimensions without being a contraction.
template <typename ConcreteOp>
struct Reduction : mlir::OpTrait::TraitBase<ConcreteOp, Reduction> {};

/// Computes each result element from the operands' elements at computed places.
template <typename ConcreteOp>
struct Lookup : mlir::OpTrait::TraitBase<ConcreteOp, Lookup> {};

/// Has data-dependent control or output sizes, and a lowering of its own.
template <typename ConcreteOp>
struct Unstructured : mlir::OpTrait::TraitBase<ConcreteOp, Unstructured> {};

} // namespace tenon::trait

#endif // TENON_DIALECT_TENON_IR_TRAITS_H
