//===- Pooling.cpp - Evaluates the ops that combine the elements under a sliding window -------------===//

#include "Invocation.h"
#include "Rows.h"
#include "Spatial.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

namespace {
/// What is under the window at one place of the result.
struct View {
  /// Distances of the elements seen from the first one of their sample and channel, in the window's row-major
  /// order.
  SmallVector<int64_t> offsets;
  /// Places of the window that lie on the input or its padding.
  int64_t padded = 0;
};
} // namespace

template <typename Op>
static View look(Op op, const Spatial &space, ArrayRef<int64_t> place) {
  ArrayRef<int64_t> kernel = op.getKernel(), strides = op.getStrides(), dilations = op.getDilations(),
                    pads = op.getPads();
  unsigned rank = space.sizes.size();
  View view;
  SmallVector<int64_t, 4> at(rank, 0), seen(rank);
  while (true) {
    bool inside = true, padded = true;
    for (unsigned d = 0; d < rank; ++d) {
      seen[d] = place[d] * strides[d] + at[d] * dilations[d] - pads[d];
      inside &= seen[d] >= 0 && seen[d] < space.sizes[d];
      padded &= seen[d] < space.sizes[d] + pads[rank + d];
    }
    view.padded += padded;
    if (inside)
      view.offsets.push_back(space.offset(seen));
    int64_t d = static_cast<int64_t>(rank) - 1;
    for (; d >= 0 && ++at[d] == kernel[d]; --d)
      at[d] = 0;
    if (d < 0)
      return view;
  }
}

/// Calls `function(elements, view, base)` for each element of the result: the elements under its window, the
/// window's view, and the place of the sample and channel in the input. The value returned is the result's
/// element.
template <typename Wide, typename Op, typename Function>
static HostTensor pool(Op op, Invocation &call, Function function) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  Spatial from(input.getShape(), op.getLayout()), to(result.getShape(), op.getLayout());
  int64_t channels = input.getDim(Spatial::getChannelDim(input.getShape(), op.getLayout()));
  RowReader<Wide> read = getRowReader<Wide>(input.getElementType());
  RowWriter<Wide> write = getRowWriter<Wide>(result.getElementType());
  SmallVector<int64_t, 4> place(to.sizes.size());
  std::vector<Wide> elements;
  for (int64_t i = 0; i < to.count(); ++i) {
    to.locate(i, place);
    View view = look(op, from, place);
    elements.resize(view.offsets.size());
    for (int64_t sample = 0; sample < input.getDim(0); ++sample) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        int64_t base = sample * from.otherStride + channel * from.channelStride;
        for (auto [offset, element] : llvm::zip_equal(view.offsets, elements))
          read(addressOf(input, base + offset), 1, 1, &element);
        int64_t target = sample * to.otherStride + channel * to.channelStride + to.offset(place);
        Wide value = function(ArrayRef<Wide>(elements), view, base, target);
        write(&value, 1, mutableAddressOf(result, target), 1);
      }
    }
  }
  return result;
}

/// The place of the largest element, the first of equal ones.
template <typename Wide>
static size_t findLargest(ArrayRef<Wide> elements) {
  return std::max_element(elements.begin(), elements.end()) - elements.begin();
}

static Results evaluate(MaxPoolOp op, Invocation &call) {
  Type type = call.operands[0].getElementType();
  return dispatchArithmetic(type, [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    return Tensors{pool<Wide>(op, call, [&](ArrayRef<Wide> elements, const View &, int64_t, int64_t) {
      return elements.empty() ? getLimit<Wide>(type, /*highest=*/false) : elements[findLargest(elements)];
    })};
  });
}

/// The place in the flattened input that `offset` names when the spatial dimensions count in reverse order.
static int64_t toColumnMajor(int64_t offset, const Spatial &space) {
  int64_t column = 0, factor = 1;
  for (auto [size, stride] : llvm::zip_equal(space.sizes, space.strides)) {
    column += offset / stride % size * factor;
    factor *= size;
  }
  return column;
}

static Results evaluate(MaxPoolWithIndicesOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor indices = call.makeResult(1);
  MutableArrayRef<int64_t> places = indices.getMutable<int64_t>();
  Spatial space(input.getShape(), op.getLayout());
  return dispatchArithmetic(input.getElementType(), [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    auto choose = [&](ArrayRef<Wide> elements, const View &view, int64_t base, int64_t target) {
      if (elements.empty()) {
        places[target] = -1;
        return getLimit<Wide>(input.getElementType(), /*highest=*/false);
      }
      size_t largest = findLargest(elements);
      int64_t offset = view.offsets[largest];
      places[target] = base + (op.getColumnMajor() ? toColumnMajor(offset, space) : offset);
      return elements[largest];
    };
    HostTensor result = pool<Wide>(op, call, choose);
    return Tensors{result, indices};
  });
}

static Results evaluate(AveragePoolOp op, Invocation &call) {
  bool countPadding = op.getCountIncludePad();
  return Tensors{pool<double>(op, call, [&](ArrayRef<double> elements, const View &view, int64_t, int64_t) {
    double sum = 0;
    for (double element : elements)
      sum += element;
    return sum / (countPadding ? view.padded : elements.size());
  })};
}

static Results evaluate(LpPoolOp op, Invocation &call) {
  double p = op.getP();
  return Tensors{pool<double>(op, call, [&](ArrayRef<double> elements, const View &, int64_t, int64_t) {
    double sum = 0;
    for (double element : elements)
      sum += std::pow(std::fabs(element), p);
    return std::pow(sum, 1 / p);
  })};
}

void reference::addPooling(OpTable &table) {
  table.add<MaxPoolOp>([](MaxPoolOp op, Invocation &call) { return evaluate(op, call); });
  table.add<MaxPoolWithIndicesOp>(
      [](MaxPoolWithIndicesOp op, Invocation &call) { return evaluate(op, call); });
  table.add<AveragePoolOp>([](AveragePoolOp op, Invocation &call) { return evaluate(op, call); });
  table.add<LpPoolOp>([](LpPoolOp op, Invocation &call) { return evaluate(op, call); });
}
