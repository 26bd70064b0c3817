//===- Windows.cpp - The parameters that convolutions and pooling share -------------------------===//

#include "Windows.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

/// No real model has larger ones, and sums and products of them must not overflow.
static constexpr int64_t kMaxWindowValue = int64_t(1) << 30;

LogicalResult tenon::importer::checkWindowValues(NodeReader &node, StringRef name, ArrayRef<int64_t> values,
                                                 size_t count, int64_t least) {
  if (values.size() != count)
    return node.error("expects " + Twine(count) + " " + name + ", but got " + Twine(values.size()));
  for (int64_t value : values)
    if (value < least || value > kMaxWindowValue)
      return node.error("expects " + name + " of " + Twine(least) + " or more, but got " + Twine(value));
  return success();
}

LogicalResult tenon::importer::padSame(NodeReader &node, Value input, bool upper, Window &window) {
  SymbolicSizes::Sizes sizes = node.sizesOf(input);
  size_t spatial = window.kernel.size();
  for (size_t i = 0; i < spatial; ++i) {
    std::optional<int64_t> size = SymbolicSizes::constantValue(sizes[i + 2]);
    int64_t extent = window.dilations[i] * (window.kernel[i] - 1) + 1, stride = window.strides[i];
    if (!size && stride != 1)
      return node.error("auto_pad of an input of unknown size is not supported; give the input's shape");
    int64_t total = std::max<int64_t>(extent - 1, 0);
    if (size)
      total = std::max<int64_t>((llvm::divideCeil(*size, stride) - 1) * stride + extent - *size, 0);
    int64_t less = total / 2, more = total - less;
    window.pads[i] = upper ? less : more;
    window.pads[spatial + i] = upper ? more : less;
  }
  return success();
}

FailureOr<Window> tenon::importer::readWindow(NodeReader &node, Value input,
                                              std::optional<ArrayRef<int64_t>> filterKernel) {
  int64_t rank = node.rank(input);
  if (rank < 3)
    return node.error("expects an input of rank 3 or more, but got " + Twine(rank));
  size_t spatial = rank - 2;
  Window window;
  std::optional<SmallVector<int64_t>> kernel = node.integers("kernel_shape");
  if (kernel && filterKernel && ArrayRef(*kernel) != *filterKernel)
    return node.error("kernel_shape differs from the sizes of the filter");
  if (!kernel && !filterKernel)
    return node.error("expects attribute 'kernel_shape'");
  window.kernel = kernel ? *kernel : SmallVector<int64_t>(*filterKernel);
  window.strides = node.integers("strides").value_or(SmallVector<int64_t>(spatial, 1));
  window.dilations = node.integers("dilations").value_or(SmallVector<int64_t>(spatial, 1));
  window.pads = node.integers("pads").value_or(SmallVector<int64_t>(2 * spatial, 0));
  if (failed(checkWindowValues(node, "kernel sizes", window.kernel, spatial, 1)) ||
      failed(checkWindowValues(node, "strides", window.strides, spatial, 1)) ||
      failed(checkWindowValues(node, "dilations", window.dilations, spatial, 1)) ||
      failed(checkWindowValues(node, "pads", window.pads, 2 * spatial, 0)))
    return failure();
  std::string autoPad = node.text("auto_pad", "NOTSET");
  if (autoPad == "VALID")
    window.pads.assign(2 * spatial, 0);
  else if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") {
    if (failed(padSame(node, input, autoPad == "SAME_UPPER", window)))
      return failure();
  } else if (autoPad != "NOTSET" && !autoPad.empty()) {
    return node.error("expects auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, but got '" + Twine(autoPad) +
                      "'");
  }
  return window;
}
