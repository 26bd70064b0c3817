//===- Patterns.h - The lowering patterns, a family a function ---------------------------------===//

#ifndef TENON_LIB_CONVERSION_TENONTOLINALG_PATTERNS_H
#define TENON_LIB_CONVERSION_TENONTOLINALG_PATTERNS_H

#include "mlir/Transforms/DialectConversion.h"

namespace tenon {

/// Each adds the patterns of one op family; `converter` maps element types to their storage.
void populateAttentionPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateContractionPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateElementwisePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateIndexingPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateNormalizationPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populatePoolingPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateQuantPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateReductionPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateResizePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateShapePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateWinogradPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);

} // namespace tenon

#endif // TENON_LIB_CONVERSION_TENONTOLINALG_PATTERNS_H
