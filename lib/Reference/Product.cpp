//===- Product.cpp - The one matrix product that contractions are made of ---------------------------===//

#include "Product.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"

#include <algorithm>
#include <vector>

using namespace tenon::reference;

/// Rows and columns of the result held in registers.
static constexpr int64_t tileRows = 4, tileColumns = 4;
/// Rows and columns of the result computed from one block of each operand.
static constexpr int64_t blockRows = 32, blockColumns = 128;

/// target[4][4] = left (4 rows) * right (4 columns, packed so that row k is `right + 4 * k`).
template <typename Wide>
static void multiplyTile(int64_t depth, const Wide *left, const Wide *right, Wide *target,
                         int64_t targetStride) {
  Wide sums[tileRows][tileColumns] = {};
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t i = 0; i < tileRows; ++i)
      for (int64_t j = 0; j < tileColumns; ++j)
        sums[i][j] += left[i * depth + k] * right[k * tileColumns + j];
  for (int64_t i = 0; i < tileRows; ++i)
    std::copy_n(sums[i], tileColumns, target + i * targetStride);
}

template <typename Wide>
void Product<Wide>::compute() const {
  for (int64_t column = 0; column < columns; column += blockColumns) {
    const int64_t width = std::min(blockColumns, columns - column);
    const int64_t panels = llvm::divideCeil(width, tileColumns), padded = panels * tileColumns;
    // Panels of four columns each, the missing ones of the last being zero.
    std::vector<Wide> block(depth * padded), packed(depth * padded);
    readRight(column, width, block.data(), padded);
    for (int64_t panel = 0; panel < panels; ++panel)
      for (int64_t k = 0; k < depth; ++k)
        std::copy_n(&block[k * padded + panel * tileColumns], tileColumns,
                    &packed[(panel * depth + k) * tileColumns]);

    llvm::parallelFor(0, llvm::divideCeil(rows, blockRows), [&](size_t index) {
      const int64_t row = index * blockRows, height = std::min(blockRows, rows - row);
      const int64_t tall = llvm::alignTo(height, tileRows);
      std::vector<Wide> left(tall * depth), target(tall * padded);
      readLeft(row, height, left.data());
      for (int64_t panel = 0; panel < panels; ++panel)
        for (int64_t i = 0; i < tall; i += tileRows)
          multiplyTile(depth, &left[i * depth], &packed[panel * depth * tileColumns],
                       &target[i * padded + panel * tileColumns], padded);
      for (int64_t i = 0; i < height; ++i)
        write(row + i, column, width, &target[i * padded]);
    });
  }
}

template struct tenon::reference::Product<double>;
template struct tenon::reference::Product<uint64_t>;
