//===- HostArray.h - Arrays a model runs on ---------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_HOSTARRAY_H
#define TENON_TOOLS_TENON_HOSTARRAY_H

#include "tenon-rt/loader.h"

#include <memory>
#include <string>
#include <vector>

/// A dense, row-major array that owns its bytes. Can be moved, not copied.
struct HostArray {
  HostArray() = default;
  /// Uninitialized; throws a Failure if there is no memory.
  HostArray(int32_t dtype, std::vector<int64_t> shape);

  int64_t elementCount() const;
  int64_t byteCount() const { return elementCount() * tenon_dtype_size(dtype); }
  /// What the runtime is told of this array; valid as long as the array lives and isn't moved.
  tenon_rt_array view() const {
    return {data.get(), dtype, static_cast<int32_t>(shape.size()), shape.data()};
  }

  int32_t dtype = TENON_DTYPE_UNDEFINED;
  std::vector<int64_t> shape;
  std::unique_ptr<char, void (*)(void *)> data{nullptr, tenon_rt_free};
};

/// Fills the array with numbers that depend on the seed alone: floats uniform in [-1, 1), integers in [0, 8),
/// so that they serve as indices too, bools 0 or 1.
void fillRandom(HostArray &array, uint64_t seed);

/// The array's elements like NumPy prints them, the middle of long rows left out.
std::string formatElements(const HostArray &array);

#endif // TENON_TOOLS_TENON_HOSTARRAY_H
