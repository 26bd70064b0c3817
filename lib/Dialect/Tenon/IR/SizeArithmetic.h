//===- SizeArithmetic.h - Folding ops on index tensors to what they hold --------------------------===//

#ifndef TENON_LIB_DIALECT_TENON_IR_SIZEARITHMETIC_H
#define TENON_LIB_DIALECT_TENON_IR_SIZEARITHMETIC_H

#include "ShapeRule.h"

#include "mlir/IR/PatternMatch.h"

namespace tenon {

/// Adds the pattern that replaces ops on index tensors by tenon.constant and tenon.size_vector where their
/// elements are known.
void populateSizeFoldings(mlir::RewritePatternSet &patterns);

} // namespace tenon

#endif // TENON_LIB_DIALECT_TENON_IR_SIZEARITHMETIC_H
