//===- Rows.cpp - Walks over strided elements -----------------------------------------------------===//

#include "Rows.h"

#include <cstring>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

SmallVector<int64_t> reference::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

SmallVector<int64_t> reference::getBroadcastStrides(ArrayRef<int64_t> shape, ArrayRef<int64_t> resultShape) {
  SmallVector<int64_t> strides = getStrides(shape), broadcast(resultShape.size() - shape.size(), 0);
  for (auto [size, stride] : llvm::zip_equal(shape, strides))
    broadcast.push_back(size == 1 ? 0 : stride);
  return broadcast;
}

RowWalk::RowWalk(ArrayRef<int64_t> shape, ArrayRef<SmallVector<int64_t>> operandStrides)
    : numOperands(operandStrides.size()) {
  for (auto [dim, size] : llvm::enumerate(shape)) {
    empty |= size == 0;
    if (size == 1)
      continue;
    auto continues = [&, dim = dim, size = size](unsigned i) {
      return strides[strides.size() - numOperands + i] == operandStrides[i][dim] * size;
    };
    bool merge = !sizes.empty() && llvm::all_of(llvm::seq<unsigned>(0, numOperands), continues);
    if (merge) {
      sizes.back() *= size;
      strides.resize(strides.size() - numOperands);
    } else {
      sizes.push_back(size);
    }
    for (unsigned i = 0; i < numOperands; ++i)
      strides.push_back(operandStrides[i][dim]);
  }
  if (sizes.empty()) { // A single element is a row of one.
    sizes.push_back(1);
    strides.append(numOperands, 1);
  }
}

/// Copies a tile of a transposition: the inner loops are short enough for both sides' cache lines to stay.
template <typename T>
static void copyTile(int64_t rows, int64_t columns, const T *from, int64_t fromRow, int64_t fromColumn, T *to,
                     int64_t toRow, int64_t toColumn) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      to[i * toRow + j * toColumn] = from[i * fromRow + j * fromColumn];
}

/// The dimension along which elements are neighbours in memory, or -1.
static int64_t findUnitStride(ArrayRef<int64_t> strides, ArrayRef<int64_t> shape) {
  for (int64_t i = static_cast<int64_t>(shape.size()) - 1; i >= 0; --i)
    if (strides[i] == 1 && shape[i] > 1)
      return i;
  return -1;
}

template <typename T>
static void copyTyped(ArrayRef<int64_t> shape, const T *from, ArrayRef<int64_t> fromStrides, T *to,
                      ArrayRef<int64_t> toStrides) {
  int64_t fromUnit = findUnitStride(fromStrides, shape), toUnit = findUnitStride(toStrides, shape);
  if (fromUnit >= 0 && toUnit >= 0 && fromUnit != toUnit) {
    // A transposition: walk everything else outside, tiles of these two dimensions inside.
    constexpr int64_t tile = 32;
    SmallVector<int64_t> outer(shape);
    int64_t rows = shape[fromUnit], columns = shape[toUnit];
    outer[fromUnit] = llvm::divideCeil(rows, tile);
    outer[toUnit] = llvm::divideCeil(columns, tile);
    SmallVector<int64_t> index(shape.size(), 0);
    if (llvm::is_contained(outer, 0))
      return;
    while (true) {
      int64_t fromOffset = 0, toOffset = 0;
      for (size_t d = 0; d < shape.size(); ++d) {
        int64_t at = index[d] * (d == (size_t)fromUnit || d == (size_t)toUnit ? tile : 1);
        fromOffset += at * fromStrides[d];
        toOffset += at * toStrides[d];
      }
      copyTile(std::min(tile, rows - index[fromUnit] * tile), std::min(tile, columns - index[toUnit] * tile),
               from + fromOffset, 1, fromStrides[toUnit], to + toOffset, toStrides[fromUnit], 1);
      int64_t dim = static_cast<int64_t>(shape.size()) - 1;
      for (; dim >= 0 && ++index[dim] == outer[dim]; --dim)
        index[dim] = 0;
      if (dim < 0)
        return;
    }
  }
  RowWalk walk(shape, {SmallVector<int64_t>(fromStrides), SmallVector<int64_t>(toStrides)});
  walk.forEach(
      [&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides, int64_t count) {
        const T *source = from + offsets[0];
        T *target = to + offsets[1];
        if (strides[0] == 1 && strides[1] == 1)
          std::memcpy(target, source, count * sizeof(T));
        else if (strides[0] == 0 && strides[1] == 1)
          std::fill_n(target, count, *source);
        else
          for (int64_t i = 0; i < count; ++i)
            target[i * strides[1]] = source[i * strides[0]];
      },
      std::numeric_limits<int64_t>::max());
}

void reference::copyElements(ArrayRef<int64_t> shape, unsigned elementBytes, const char *from,
                             ArrayRef<int64_t> fromStrides, char *to, ArrayRef<int64_t> toStrides) {
  auto copy = [&](auto zero) {
    using T = decltype(zero);
    copyTyped<T>(shape, reinterpret_cast<const T *>(from), fromStrides, reinterpret_cast<T *>(to), toStrides);
  };
  switch (elementBytes) {
  case 1:
    return copy(uint8_t());
  case 2:
    return copy(uint16_t());
  case 4:
    return copy(uint32_t());
  case 8:
    return copy(uint64_t());
  }
  llvm_unreachable("elements take 1, 2, 4 or 8 bytes");
}
