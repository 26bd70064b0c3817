//===- HostArray.cpp - Arrays a model runs on -------------------------------------------------===//

#include "HostArray.h"

#include "Failure.h"
#include "Quantity.h"

#include "tenon/Support/ElementTypes.h"

#include <fmt/format.h>

HostArray::HostArray(int32_t dtype, std::vector<int64_t> sizes) : dtype(dtype), shape(std::move(sizes)) {
  data.reset(static_cast<char *>(tenon_rt_allocate(std::max<int64_t>(byteCount(), 1), 64)));
  if (!data)
    throw Failure(fmt::format("no memory for an array of {}", formatBytes(byteCount())));
}

int64_t HostArray::elementCount() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// Calls `function` with a null pointer to the C++ type of the elements.
template <typename Function>
static auto dispatch(int32_t dtype, Function &&function) {
  switch (dtype) {
  case TENON_DTYPE_FLOAT32:
    return function(static_cast<float *>(nullptr));
  case TENON_DTYPE_FLOAT64:
    return function(static_cast<double *>(nullptr));
  case TENON_DTYPE_FLOAT16:
    return function(static_cast<tenon::Float16 *>(nullptr));
  case TENON_DTYPE_BFLOAT16:
    return function(static_cast<tenon::BFloat16 *>(nullptr));
  case TENON_DTYPE_BOOL:
    return function(static_cast<tenon::Bool *>(nullptr));
  case TENON_DTYPE_UINT8:
  case TENON_DTYPE_UINT4:
  case TENON_DTYPE_UINT2:
    return function(static_cast<uint8_t *>(nullptr));
  case TENON_DTYPE_INT8:
  case TENON_DTYPE_INT4:
  case TENON_DTYPE_INT2:
    return function(static_cast<int8_t *>(nullptr));
  case TENON_DTYPE_UINT16:
    return function(static_cast<uint16_t *>(nullptr));
  case TENON_DTYPE_INT16:
    return function(static_cast<int16_t *>(nullptr));
  case TENON_DTYPE_UINT32:
    return function(static_cast<uint32_t *>(nullptr));
  case TENON_DTYPE_INT32:
    return function(static_cast<int32_t *>(nullptr));
  case TENON_DTYPE_UINT64:
    return function(static_cast<uint64_t *>(nullptr));
  case TENON_DTYPE_INT64:
    return function(static_cast<int64_t *>(nullptr));
  default:
    throw Failure(fmt::format("no support here for elements of type {}", tenon_rt_dtype_name(dtype)));
  }
}

/// SplitMix64.
static uint64_t nextRandom(uint64_t &state) {
  uint64_t bits = (state += 0x9e3779b97f4a7c15);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

void fillRandom(HostArray &array, uint64_t seed) {
  dispatch(array.dtype, [&](auto *tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    T *elements = reinterpret_cast<T *>(array.data.get());
    for (int64_t i = 0, end = array.elementCount(); i < end; ++i) {
      uint64_t bits = nextRandom(seed);
      if constexpr (std::is_same_v<T, tenon::Bool>)
        elements[i] = tenon::Bool((bits & 1) != 0);
      else if constexpr (std::is_integral_v<T>)
        elements[i] = static_cast<T>(
            bits & (array.dtype == TENON_DTYPE_UINT2 || array.dtype == TENON_DTYPE_INT2 ? 1 : 7));
      else
        elements[i] = T(static_cast<double>(bits >> 11) * 0x1p-52 - 1);
    }
  });
}

//===----------------------------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------------------------===//

namespace {
/// Prints nested brackets; each row of brackets on lines of its own.
class ElementPrinter {
public:
  ElementPrinter(const HostArray &array) : array(array), summarize(array.elementCount() > 200) {}

  std::string print() {
    if (array.elementCount() == 0)
      return "[]";
    return array.shape.empty() ? element(0) : block(0, 0);
  }

private:
  static constexpr int64_t edge = 3;

  std::string block(size_t dim, int64_t start) {
    int64_t size = array.shape[dim], stride = 1;
    for (size_t inner = dim + 1; inner < array.shape.size(); ++inner)
      stride *= array.shape[inner];
    bool innermost = dim + 1 == array.shape.size();
    std::string separator = innermost ? " " : "\n" + std::string(dim + 1, ' ');
    std::string text = "[";
    for (int64_t i = 0; i < size; ++i) {
      if (summarize && size > 2 * edge && i == edge) {
        text += separator + "...";
        i = size - edge;
      }
      if (i > 0)
        text += separator;
      text += innermost ? element(start + i) : block(dim + 1, start + i * stride);
    }
    return text + "]";
  }

  std::string element(int64_t index) {
    return dispatch(array.dtype, [&](auto *tag) -> std::string {
      using T = std::remove_pointer_t<decltype(tag)>;
      T value = reinterpret_cast<const T *>(array.data.get())[index];
      if constexpr (std::is_same_v<T, tenon::Bool>)
        return value ? "True" : "False";
      else if constexpr (std::is_integral_v<T>)
        return fmt::format("{}", value);
      else
        return fmt::format("{: .6g}", static_cast<double>(value));
    });
  }

  const HostArray &array;
  bool summarize;
};
} // namespace

std::string formatElements(const HostArray &array) { return ElementPrinter(array).print(); }
