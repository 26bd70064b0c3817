//===- SymbolicSizes.h - Sizes of tensors as affine expressions over named symbols -------------===//
//
// Shape rules compute with sizes that may be symbolic (`batch`, `sequence + 1`, `batch * sequence`). Types
// carry them in the #tenon.dims encoding, each with a symbol list of its own; a SymbolicSizes brings sizes of
// several types over one list, so that they can be compared and combined, and makes types of them again. A
// symbol stands for a size of 1 or more.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_SYMBOLICSIZES_H
#define TENON_DIALECT_TENON_IR_SYMBOLICSIZES_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace tenon {

class DimsAttr;

class SymbolicSizes {
public:
  using Sizes = llvm::SmallVector<mlir::AffineExpr>;

  explicit SymbolicSizes(mlir::MLIRContext *context) : context(context) {}

  /// The expressions of `dims`, over getSymbols().
  Sizes of(DimsAttr dims);
  /// The sizes of `type`: a constant for each static dimension, an expression over getSymbols() for a named
  /// dynamic one, null for a dynamic dimension nothing is known of.
  Sizes of(mlir::RankedTensorType type);

  /// The expression for the symbol `name`, which joins the list if it is new.
  mlir::AffineExpr symbol(llvm::StringRef name);
  mlir::AffineExpr constant(int64_t value) { return mlir::getAffineConstantExpr(value, context); }

  /// The attribute that lists these sizes, all of them known, with just the symbols in use.
  DimsAttr dims(llvm::ArrayRef<mlir::AffineExpr> sizes);
  /// The tensor type with these sizes: constants become static dimensions, everything else dynamic ones,
  /// named by a #tenon.dims encoding that lists just the symbols in use.
  mlir::RankedTensorType tensor(llvm::ArrayRef<mlir::AffineExpr> sizes, mlir::Type elementType);

  /// The size two sizes broadcast to, as in NumPy, or failure if they can't, or not for all values of a
  /// symbol. An unknown size (null) broadcasts with 1 to unknown, and with anything else to that.
  mlir::FailureOr<mlir::AffineExpr> broadcast(mlir::AffineExpr lhs, mlir::AffineExpr rhs);
  /// The sizes two shapes broadcast to, aligned at their last dimensions.
  mlir::FailureOr<Sizes> broadcast(llvm::ArrayRef<mlir::AffineExpr> lhs,
                                   llvm::ArrayRef<mlir::AffineExpr> rhs);

  /// Whether the two sizes may be equal: unknown sizes and different symbols may, different constants may
  /// not.
  static bool mayEqual(mlir::AffineExpr lhs, mlir::AffineExpr rhs);
  /// The value of a constant size.
  static std::optional<int64_t> constantValue(mlir::AffineExpr size);
  /// The product of sizes; null if one is unknown. Products of symbols are semi-affine expressions.
  mlir::AffineExpr product(llvm::ArrayRef<mlir::AffineExpr> sizes);
  /// The size that `divisors` have to be multiplied with to give the product of `factors`; null if that is
  /// unknown, or not a whole number for all values of the symbols.
  mlir::AffineExpr quotient(llvm::ArrayRef<mlir::AffineExpr> factors,
                            llvm::ArrayRef<mlir::AffineExpr> divisors);
  /// The least value `size` may have, or nothing if it is unknown.
  static std::optional<int64_t> lowerBound(mlir::AffineExpr size);

  /// The numbers (c, k) with `size` = c * `symbol` + k and c other than 0; nothing if there are none.
  std::optional<std::pair<int64_t, int64_t>> linearIn(mlir::AffineExpr size, mlir::AffineExpr symbol) const;

  /// The integers that the tensor `value` holds in row-major order, null where unknown, as far as they follow
  /// from constants and from sizes of tensors; failure if nothing is known of `value`, or it has many
  /// elements.
  mlir::FailureOr<Sizes> valueOf(mlir::Value value);
  /// The expression in its simplest form, over getSymbols().
  mlir::AffineExpr simplify(mlir::AffineExpr size) const;

  llvm::ArrayRef<mlir::StringAttr> getSymbols() const { return symbols; }
  /// `sequence + 1`, as written in the encoding; `?` for an unknown size.
  std::string print(mlir::AffineExpr size) const;

private:
  mlir::MLIRContext *context;
  llvm::SmallVector<mlir::StringAttr> symbols;
};

} // namespace tenon

#endif // TENON_DIALECT_TENON_IR_SYMBOLICSIZES_H
