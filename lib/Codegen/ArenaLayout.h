//===- ArenaLayout.h - Buffers with lives, laid out in one arena ------------------------------===//

#ifndef TENON_LIB_CODEGEN_ARENALAYOUT_H
#define TENON_LIB_CODEGEN_ARENALAYOUT_H

#include "mlir/IR/AffineExpr.h"

#include "llvm/ADT/SmallVector.h"

namespace tenon {

/// A number of bytes that is the greatest of several expressions over the program's symbols.
using Greatest = llvm::SmallVector<mlir::AffineExpr, 1>;

/// A buffer that is in use from `first` to `last`, both included.
struct ArenaBuffer {
  mlir::AffineExpr bytes; ///< a multiple of the arena's alignment, never negative
  unsigned first = 0, last = 0;
};

struct ArenaLayout {
  /// Where each buffer starts. Buffers in use at the same time do not overlap, whatever the symbols are.
  llvm::SmallVector<Greatest> offsets;
  /// The end of the last buffer.
  Greatest bytes;
  /// The most bytes in use at one time: no layout takes less.
  Greatest lowerBound;
  /// `bytes` over `lowerBound`: with open sizes the worst of those that were tried.
  double ratio = 1;
};

/// Lays `buffers` out. Same buffers, same layout.
///
/// Several greedy orders place each buffer at the lowest offset that is free during its life (Pisarchyk and
/// Lee, arXiv 2001.03288), for several values of the symbols; the best is kept. What is kept of it is which
/// buffers lie below which: with open sizes a buffer starts where the highest of those below it ends, so that
/// one layout is right for all values, and as tight as the greedy one at those tried.
ArenaLayout layOutArena(llvm::ArrayRef<ArenaBuffer> buffers, unsigned symbols, mlir::MLIRContext *context);

} // namespace tenon

#endif // TENON_LIB_CODEGEN_ARENALAYOUT_H
