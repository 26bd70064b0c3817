//===- Rows.h - Elements as rows of double, int64_t or uint64_t -----------------------------------===//
//
// Ops are written once for each kind of arithmetic, not once for each of thirteen element types: a row of
// elements is read from its storage into a buffer of the kind's type, computed with, and written back,
// rounded or wrapped once. Rows are short enough for the buffers to stay in the first-level cache, so the
// conversions cost little.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_REFERENCE_ROWS_H
#define TENON_LIB_REFERENCE_ROWS_H

#include "tenon/Support/HostTensor.h"

namespace tenon::reference {

/// How elements of a type are computed with.
enum class Arithmetic { real, integer, natural };

/// The arithmetic of an element type; bools are naturals.
inline Arithmetic getArithmetic(mlir::Type elementType) {
  if (mlir::isa<mlir::FloatType>(elementType))
    return Arithmetic::real;
  return elementType.isUnsignedInteger() || elementType.isInteger(1) ? Arithmetic::natural
                                                                     : Arithmetic::integer;
}

/// Calls `function` with the ElementTag of double, int64_t or uint64_t.
template <typename Function>
decltype(auto) dispatchArithmetic(mlir::Type elementType, Function &&function) {
  switch (getArithmetic(elementType)) {
  case Arithmetic::real:
    return function(ElementTag<double>());
  case Arithmetic::integer:
    return function(ElementTag<int64_t>());
  case Arithmetic::natural:
    return function(ElementTag<uint64_t>());
  }
  llvm_unreachable("all kinds of arithmetic are handled");
}

/// `value` as an integer of type `To`: truncated towards zero, the nearest value for one out of range, 0 for
/// nan.
template <typename To>
To truncateReal(double value) {
  constexpr double limit = std::is_signed_v<To> ? 0x1p63 : 0x1p64;
  if (value != value)
    return 0;
  if (value >= limit)
    return std::numeric_limits<To>::max();
  if constexpr (std::is_unsigned_v<To>)
    return value < 0 ? static_cast<To>(truncateReal<int64_t>(value)) : static_cast<To>(value);
  return value < -limit ? std::numeric_limits<To>::min() : static_cast<To>(value);
}

/// Converts between the storage types and the arithmetic types: reals round once, integers wrap, bool is `!=
/// 0`.
template <typename To, typename From>
To convertElement(From value) {
  constexpr bool toShort = std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>;
  constexpr bool fromShort = std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>;
  if constexpr (std::is_same_v<To, From>)
    return value;
  else if constexpr (fromShort)
    return convertElement<To>(static_cast<double>(value));
  else if constexpr (toShort)
    return To(static_cast<double>(value));
  else if constexpr (std::is_same_v<From, Bool>)
    return static_cast<To>(static_cast<bool>(value));
  else if constexpr (std::is_same_v<To, Bool>)
    return Bool(value != From(0));
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return static_cast<To>(truncateReal<std::conditional_t<std::is_signed_v<To>, int64_t, uint64_t>>(value));
  else
    return static_cast<To>(value);
}

/// The lowest or highest value of an element type, as `Wide`.
template <typename Wide>
Wide getLimit(mlir::Type elementType, bool highest) {
  if constexpr (std::is_same_v<Wide, double>) {
    double infinity = std::numeric_limits<double>::infinity();
    return highest ? infinity : -infinity;
  } else if constexpr (std::is_signed_v<Wide>) {
    return highest ? llvm::maxIntN(elementType.getIntOrFloatBitWidth())
                   : llvm::minIntN(elementType.getIntOrFloatBitWidth());
  } else {
    return highest ? llvm::maxUIntN(elementType.getIntOrFloatBitWidth()) : 0;
  }
}

/// Elements a row buffer holds at most.
constexpr int64_t rowCapacity = 512;

/// Reads `count` elements from `from`, `stride` elements apart (0 repeats one), into `row`.
template <typename Wide>
using RowReader = void (*)(const char *from, int64_t stride, int64_t count, Wide *row);
/// Writes `count` elements of `row` to `to`, `stride` elements apart.
template <typename Wide>
using RowWriter = void (*)(const Wide *row, int64_t count, char *to, int64_t stride);

template <typename Wide, typename T>
void readRow(const char *from, int64_t stride, int64_t count, Wide *row) {
  const T *elements = reinterpret_cast<const T *>(from);
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i)
      row[i] = convertElement<Wide>(elements[i]);
  } else if (stride == 0) {
    std::fill_n(row, count, convertElement<Wide>(elements[0]));
  } else {
    for (int64_t i = 0; i < count; ++i)
      row[i] = convertElement<Wide>(elements[i * stride]);
  }
}

template <typename Wide, typename T>
void writeRow(const Wide *row, int64_t count, char *to, int64_t stride) {
  T *elements = reinterpret_cast<T *>(to);
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i)
      elements[i] = convertElement<T>(row[i]);
  } else {
    for (int64_t i = 0; i < count; ++i)
      elements[i * stride] = convertElement<T>(row[i]);
  }
}

/// The reader of rows stored as `elementType` into rows of `Wide`.
template <typename Wide>
RowReader<Wide> getRowReader(mlir::Type elementType) {
  return dispatchElementType(
      elementType, [](auto tag) -> RowReader<Wide> { return readRow<Wide, typename decltype(tag)::type>; });
}

/// The writer of rows of `Wide` to storage of `elementType`.
template <typename Wide>
RowWriter<Wide> getRowWriter(mlir::Type elementType) {
  return dispatchElementType(
      elementType, [](auto tag) -> RowWriter<Wide> { return writeRow<Wide, typename decltype(tag)::type>; });
}

/// The address of an element; the index may be one past the end.
inline const char *addressOf(const HostTensor &tensor, int64_t element) {
  return tensor.getBytes().data() + element * getElementBytes(tensor.getElementType());
}
inline char *mutableAddressOf(HostTensor &tensor, int64_t element) {
  return tensor.getMutableBytes().data() + element * getElementBytes(tensor.getElementType());
}

/// All elements as `Wide`, row major.
template <typename Wide>
std::vector<Wide> readAll(const HostTensor &tensor) {
  std::vector<Wide> elements(tensor.getNumElements());
  getRowReader<Wide>(tensor.getElementType())(addressOf(tensor, 0), 1, elements.size(), elements.data());
  return elements;
}

/// Writes all elements of `tensor`, row major.
template <typename Wide>
void writeAll(llvm::ArrayRef<Wide> elements, HostTensor &tensor) {
  getRowWriter<Wide>(tensor.getElementType())(elements.data(), elements.size(), mutableAddressOf(tensor, 0),
                                              1);
}

/// The same bytes as unsigned integers, so that moving them changes no bit.
inline HostTensor asBits(const HostTensor &tensor) {
  mlir::Type bits =
      mlir::IntegerType::get(tensor.getType().getContext(), 8 * getElementBytes(tensor.getElementType()),
                             mlir::IntegerType::Unsigned);
  return tensor.reshaped(mlir::RankedTensorType::get(tensor.getShape(), bits));
}

/// Calls `function(begin, stride)` for each line of elements along `axis`: the place of its first element and
/// the distance between neighbours.
template <typename Function>
void forEachLine(llvm::ArrayRef<int64_t> shape, int64_t axis, Function function) {
  int64_t stride = llvm::product_of(shape.drop_front(axis + 1)),
          outer = llvm::product_of(shape.take_front(axis));
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t j = 0; j < stride; ++j)
      function(i * shape[axis] * stride + j, stride);
}

/// Distances in elements between neighbours along each dimension of a dense row-major tensor.
llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape);

/// The strides with which a tensor of `shape` is read when it broadcasts to `resultShape`: 0 along repeated
/// dimensions.
llvm::SmallVector<int64_t> getBroadcastStrides(llvm::ArrayRef<int64_t> shape,
                                               llvm::ArrayRef<int64_t> resultShape);

/// Walks the elements of `shape` in row-major order as rows along its last dimension, after merging
/// dimensions that all strides run through alike. Strides are per operand, then per dimension.
class RowWalk {
public:
  RowWalk(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<llvm::SmallVector<int64_t>> operandStrides);

  /// Calls `function(offsets, strides, count)` for pieces of rows of up to `capacity` elements: the offset of
  /// the first element of each operand, the stride of each, and the number of elements.
  template <typename Function>
  void forEach(Function function, int64_t capacity = rowCapacity) const {
    if (empty)
      return;
    llvm::SmallVector<int64_t> index(sizes.size() - 1, 0), offsets(numOperands, 0), piece(numOperands);
    const int64_t length = sizes.back();
    const llvm::ArrayRef<int64_t> rowStrides = llvm::ArrayRef(strides).take_back(numOperands);
    while (true) {
      for (int64_t at = 0; at < length; at += capacity) {
        for (unsigned i = 0; i < numOperands; ++i)
          piece[i] = offsets[i] + at * rowStrides[i];
        function(llvm::ArrayRef<int64_t>(piece), rowStrides, std::min(capacity, length - at));
      }
      int64_t dim = static_cast<int64_t>(index.size()) - 1;
      for (; dim >= 0; --dim) {
        const int64_t *dimStrides = &strides[dim * numOperands];
        if (++index[dim] < sizes[dim]) {
          for (unsigned i = 0; i < numOperands; ++i)
            offsets[i] += dimStrides[i];
          break;
        }
        for (unsigned i = 0; i < numOperands; ++i)
          offsets[i] -= (sizes[dim] - 1) * dimStrides[i];
        index[dim] = 0;
      }
      if (dim < 0)
        return;
    }
  }

private:
  unsigned numOperands;
  bool empty = false;
  llvm::SmallVector<int64_t> sizes;
  /// Of each merged dimension, a stride per operand.
  llvm::SmallVector<int64_t> strides;
};

/// Copies the elements of `shape`, each of `elementBytes` (1, 2, 4 or 8), from strided to strided places.
/// Strides count elements and may be negative or zero.
void copyElements(llvm::ArrayRef<int64_t> shape, unsigned elementBytes, const char *from,
                  llvm::ArrayRef<int64_t> fromStrides, char *to, llvm::ArrayRef<int64_t> toStrides);

} // namespace tenon::reference

#endif // TENON_LIB_REFERENCE_ROWS_H
