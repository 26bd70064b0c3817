//===- Windows.h - The parameters that convolutions and pooling share ---------------------------===//

#ifndef TENON_IMPORT_ONNX_WINDOWS_H
#define TENON_IMPORT_ONNX_WINDOWS_H

#include "NodeReader.h"

namespace tenon::importer {

/// Kernel sizes, strides, dilations and paddings of a sliding window over `kernel.size()` spatial dimensions;
/// all valid.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, pads;
};

/// Reads kernel_shape, strides, dilations, pads and auto_pad for the input's spatial dimensions (from
/// dimension 2 on). `filterKernel` is what the filter's shape says, if there is a filter. Fails after
/// reporting.
mlir::FailureOr<Window> readWindow(NodeReader &node, mlir::Value input,
                                   std::optional<llvm::ArrayRef<int64_t>> filterKernel = std::nullopt);

/// The paddings that make the result of a window as large as the input divided by the strides, rounded up; an
/// odd one goes to the end (`SAME_UPPER`) or to the start. Fails after reporting if a size is not known.
llvm::LogicalResult padSame(NodeReader &node, mlir::Value input, bool upper, Window &window);

/// Checks that there are as many values as spatial dimensions and that none is below `least`.
llvm::LogicalResult checkWindowValues(NodeReader &node, llvm::StringRef name, llvm::ArrayRef<int64_t> values,
                                      size_t count, int64_t least);

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_WINDOWS_H
