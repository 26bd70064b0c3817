//===- LinearForm.h - Index values as exact sums -------------------------------------------------===//
//
// An index in generated code is a sum of multiples of SSA values plus a constant. Keeping the sum exact,
// rather than emitting its arithmetic at once, lets terms cancel (an index relative to the region a scratch
// buffer holds) and keeps constants as displacements of the address.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_CODEGEN_LINEARFORM_H
#define TENON_LIB_CODEGEN_LINEARFORM_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace tenon {

struct LinearForm {
  llvm::SmallVector<std::pair<mlir::Value, int64_t>, 4> terms;
  int64_t constant = 0;

  LinearForm() = default;
  explicit LinearForm(int64_t constant) : constant(constant) {}

  void add(mlir::Value value, int64_t factor);
  void add(const LinearForm &other, int64_t factor = 1);
  bool isConstant() const { return terms.empty(); }
  bool sameTerms(const LinearForm &other) const;
  bool operator==(const LinearForm &other) const { return constant == other.constant && sameTerms(other); }

  /// The arithmetic of the sum, as index ops at the builder's place.
  mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc) const;
};

} // namespace tenon

#endif // TENON_LIB_CODEGEN_LINEARFORM_H
