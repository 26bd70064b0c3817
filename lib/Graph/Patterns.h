//===- Patterns.h - The rewrites of the graph phase, and what they ask of values ----------------===//

#ifndef TENON_LIB_GRAPH_PATTERNS_H
#define TENON_LIB_GRAPH_PATTERNS_H

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Rewrite/FrozenRewritePatternSet.h"

namespace tenon {

/// Adds the folds and canonicalizations that all ops of the dialect bring along.
void populateCanonicalizations(mlir::RewritePatternSet &patterns);
/// Adds identities of arithmetic, and cheaper forms of the same values.
void populateArithmeticSimplifications(mlir::RewritePatternSet &patterns);
/// Adds the patterns that move constant factors and terms towards the weights of contractions.
void populateWeightFoldings(mlir::RewritePatternSet &patterns);
/// Adds the patterns that drop and move ops which only move elements.
void populateRelayoutSimplifications(mlir::RewritePatternSet &patterns);

/// Applies `patterns` inside `op` until none matches, and says whether something changed. Fails with a
/// message if they come to no end.
llvm::LogicalResult applyUntilStable(mlir::Operation *op, const mlir::FrozenRewritePatternSet &patterns,
                                     bool *changed = nullptr);

/// Whether constant folding will make a constant of the value.
bool followsFromConstants(mlir::Value value);
/// The number all elements of a value have that follows from constants, if they agree and it is known here.
std::optional<double> splatValue(mlir::Value value);

/// A constant of one element, of rank 0.
mlir::Value createScalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type elementType, double value);
/// `value` with the same elements under another shape.
mlir::Value createReshape(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                          llvm::ArrayRef<int64_t> shape);

inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}
inline bool isFloat(mlir::Value value) {
  return mlir::isa<mlir::FloatType>(tensorType(value).getElementType());
}
inline bool hasOneElement(mlir::Value value) {
  return tensorType(value).hasStaticShape() && tensorType(value).getNumElements() == 1;
}

/// Whether the elementwise op treats all elements alike, its operands broadcasting from the last dimension.
bool isUniform(mlir::Operation *op);

/// The two operands of a commutative op, one of which follows from constants.
struct WithConstant {
  mlir::Value variable, constant;
};
std::optional<WithConstant> splitConstant(mlir::Operation *op);

} // namespace tenon

#endif // TENON_LIB_GRAPH_PATTERNS_H
