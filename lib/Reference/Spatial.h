//===- Spatial.h - Where the elements of images and filters lie --------------------------------------===//

#ifndef TENON_LIB_REFERENCE_SPATIAL_H
#define TENON_LIB_REFERENCE_SPATIAL_H

#include "Rows.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

namespace tenon::reference {

/// A tensor with one dimension for channels, one for something else, and spatial ones.
struct Spatial {
  int64_t channelStride, otherStride;
  llvm::SmallVector<int64_t> strides, sizes;

  Spatial(llvm::ArrayRef<int64_t> shape, unsigned channelDim, unsigned otherDim, unsigned firstSpatial) {
    llvm::SmallVector<int64_t> all = getStrides(shape);
    channelStride = all[channelDim];
    otherStride = all[otherDim];
    strides.assign(all.begin() + firstSpatial, all.begin() + firstSpatial + shape.size() - 2);
    sizes.assign(shape.begin() + firstSpatial, shape.begin() + firstSpatial + shape.size() - 2);
  }

  /// Activations, `[N, C, spatial...]` or `[N, spatial..., C]`; N is the other dimension.
  Spatial(llvm::ArrayRef<int64_t> shape, tenon::DataLayout layout)
      : Spatial(shape, getChannelDim(shape, layout), 0, layout == tenon::DataLayout::channels_last ? 1 : 2) {}

  static unsigned getChannelDim(llvm::ArrayRef<int64_t> shape, tenon::DataLayout layout) {
    return layout == tenon::DataLayout::channels_last ? shape.size() - 1 : 1;
  }

  /// The coordinates of the position that is the `index`-th in row-major order.
  void locate(int64_t index, llvm::MutableArrayRef<int64_t> position) const {
    for (int64_t d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
      position[d] = index % sizes[d];
      index /= sizes[d];
    }
  }
  /// The distance of a position from the first one, in elements.
  int64_t offset(llvm::ArrayRef<int64_t> position) const {
    int64_t offset = 0;
    for (auto [at, stride] : llvm::zip_equal(position, strides))
      offset += at * stride;
    return offset;
  }
  int64_t count() const { return llvm::product_of(sizes); }
};

} // namespace tenon::reference

#endif // TENON_LIB_REFERENCE_SPATIAL_H
