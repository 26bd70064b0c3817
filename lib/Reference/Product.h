//===- Product.h - The one matrix product that contractions are made of -----------------------------===//

#ifndef TENON_LIB_REFERENCE_PRODUCT_H
#define TENON_LIB_REFERENCE_PRODUCT_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>

namespace tenon::reference {

/// The product of a `rows` x `depth` and a `depth` x `columns` matrix that need not exist as such: blocks of
/// the operands are asked for and blocks of the result handed out. `Wide` is double or uint64_t (whose
/// products wrap as those of signed integers do).
template <typename Wide>
struct Product {
  int64_t rows, columns, depth;

  /// Writes `count` rows of the left matrix from `first` on, row major.
  llvm::function_ref<void(int64_t first, int64_t count, Wide *block)> readLeft;
  /// Writes `count` columns of the right matrix from `first` on; row k starts at `block + k * stride`.
  llvm::function_ref<void(int64_t first, int64_t count, Wide *block, int64_t stride)> readRight;
  /// Takes columns `firstColumn` to `firstColumn + count` of one row of the result.
  llvm::function_ref<void(int64_t row, int64_t firstColumn, int64_t count, const Wide *values)> write;

  /// Computes the product; `readLeft` and `write` are called by several threads, for different rows.
  void compute() const;
};

} // namespace tenon::reference

#endif // TENON_LIB_REFERENCE_PRODUCT_H
