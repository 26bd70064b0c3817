//===- Ordering.cpp - Evaluates the indexing ops that sort: top_k, unique, non_max_suppression ---===//

#include "Invocation.h"
#include "Rows.h"

#include <algorithm>
#include <numeric>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

/// The order of numbers in which nan is above everything, so that sorting is well defined.
template <typename Wide>
static bool isBelow(Wide x, Wide y) {
  return x < y || (x == x && y != y);
}

//===----------------------------------------------------------------------------------------===//
// Top-k
//===----------------------------------------------------------------------------------------===//

static Results evaluate(TopKOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  int64_t axis = op.getAxis(), size = input.getDim(axis), k = call.operands[1].toIntegers()[0];
  if (k < 0 || k > size)
    return call.emitError() << "expects k from 0 to " << size << ", but got " << k;
  Shape shape(input.getShape());
  shape[axis] = k;
  FailureOr<HostTensor> values = call.makeResult(0, shape), indices = call.makeResult(1, shape);
  if (failed(values) || failed(indices))
    return failure();
  return dispatchArithmetic(input.getElementType(), [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    std::vector<Wide> elements = readAll<Wide>(input), chosen(values->getNumElements());
    MutableArrayRef<int64_t> places = indices->getMutable<int64_t>();
    std::vector<int64_t> order(size);
    forEachLine(input.getShape(), axis, [&](int64_t begin, int64_t stride) {
      std::iota(order.begin(), order.end(), 0);
      llvm::sort(order, [&](int64_t i, int64_t j) {
        Wide x = elements[begin + i * stride], y = elements[begin + j * stride];
        if (isBelow(x, y) || isBelow(y, x))
          return op.getLargest() ? isBelow(y, x) : isBelow(x, y);
        return i < j;
      });
      int64_t target = begin / (size * stride) * k * stride + begin % stride;
      for (int64_t i = 0; i < k; ++i) {
        chosen[target + i * stride] = elements[begin + order[i] * stride];
        places[target + i * stride] = order[i];
      }
    });
    writeAll<Wide>(chosen, *values);
    return Tensors{*values, *indices};
  });
}

//===----------------------------------------------------------------------------------------===//
// Unique
//===----------------------------------------------------------------------------------------===//

static Results evaluate(UniqueOp op, Invocation &call) {
  HostTensor input =
      op.getAxis() ? call.operands[0] : call.operands[0].reshaped({call.operands[0].getNumElements()});
  int64_t axis = op.getAxis().value_or(0), size = input.getDim(axis);
  int64_t outer = llvm::product_of(input.getShape().take_front(axis));
  int64_t inner = llvm::product_of(input.getShape().drop_front(axis + 1));

  // Slices in ascending order, equal ones by where they stand.
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  std::vector<bool> equalsPrevious(size, false);
  dispatchArithmetic(input.getElementType(), [&](auto tag) {
    using Wide = typename decltype(tag)::type;
    std::vector<Wide> elements = readAll<Wide>(input);
    auto isSliceBelow = [&](int64_t i, int64_t j) {
      for (int64_t o = 0; o < outer; ++o)
        for (int64_t n = 0; n < inner; ++n) {
          Wide x = elements[(o * size + i) * inner + n], y = elements[(o * size + j) * inner + n];
          if (isBelow(x, y) || isBelow(y, x))
            return isBelow(x, y);
        }
      return false;
    };
    llvm::sort(order,
               [&](int64_t i, int64_t j) { return isSliceBelow(i, j) || (!isSliceBelow(j, i) && i < j); });
    for (int64_t i = 1; i < size; ++i)
      equalsPrevious[i] = !isSliceBelow(order[i - 1], order[i]);
  });

  // Where each different slice stands first, and which one every slice is.
  SmallVector<int64_t> firsts, counts, classes(size);
  for (int64_t i = 0; i < size; ++i) {
    if (!equalsPrevious[i]) {
      firsts.push_back(order[i]);
      counts.push_back(0);
    }
    ++counts.back();
    classes[order[i]] = firsts.size() - 1;
  }
  SmallVector<int64_t> rank = llvm::to_vector(llvm::seq<int64_t>(0, firsts.size()));
  if (!op.getSorted())
    llvm::sort(rank, [&](int64_t i, int64_t j) { return firsts[i] < firsts[j]; });
  SmallVector<int64_t> position(rank.size());
  for (auto [place, original] : llvm::enumerate(rank))
    position[original] = place;

  int64_t count = firsts.size();
  Shape shape(input.getShape());
  shape[axis] = count;
  FailureOr<HostTensor> result = call.makeResult(0, shape), indices = call.makeResult(1, {count}),
                        inverse = call.makeResult(2, {size}), numbers = call.makeResult(3, {count});
  if (failed(result) || failed(indices) || failed(inverse) || failed(numbers))
    return failure();
  Shape slab(shape), from = getStrides(input.getShape()), to = getStrides(shape);
  slab[axis] = 1;
  for (auto [place, original] : llvm::enumerate(rank)) {
    copyElements(slab, getElementBytes(input.getElementType()),
                 addressOf(input, firsts[original] * from[axis]), from,
                 mutableAddressOf(*result, place * to[axis]), to);
    indices->getMutable<int64_t>()[place] = firsts[original];
    numbers->getMutable<int64_t>()[place] = counts[original];
  }
  for (int64_t i = 0; i < size; ++i)
    inverse->getMutable<int64_t>()[i] = position[classes[i]];
  return Tensors{*result, *indices, *inverse, *numbers};
}

//===----------------------------------------------------------------------------------------===//
// Non-max suppression
//===----------------------------------------------------------------------------------------===//

namespace {
struct Box {
  double top, left, bottom, right;

  /// From corners in any order, or from center and size.
  Box(ArrayRef<double> numbers, bool isCenterAndSize) {
    if (isCenterAndSize) {
      left = numbers[0] - numbers[2] / 2;
      right = numbers[0] + numbers[2] / 2;
      top = numbers[1] - numbers[3] / 2;
      bottom = numbers[1] + numbers[3] / 2;
      return;
    }
    std::tie(top, bottom) = std::minmax({numbers[0], numbers[2]});
    std::tie(left, right) = std::minmax({numbers[1], numbers[3]});
  }
  double area() const { return (bottom - top) * (right - left); }
};
} // namespace

/// The area two boxes share over the area they cover; 0 if one has no area.
static double overlap(const Box &a, const Box &b) {
  double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (height <= 0 || width <= 0 || a.area() <= 0 || b.area() <= 0)
    return 0;
  return height * width / (a.area() + b.area() - height * width);
}

static Results evaluate(NonMaxSuppressionOp op, Invocation &call) {
  const HostTensor &boxTensor = call.operands[0], &scoreTensor = call.operands[1];
  HostTensor maxBoxes = call[op.getMaxBoxes()], overlapThreshold = call[op.getOverlapThreshold()],
             scoreThreshold = call[op.getScoreThreshold()];
  int64_t limit = maxBoxes ? maxBoxes.toIntegers()[0] : 0;
  double maxOverlap = overlapThreshold ? overlapThreshold.toDoubles()[0] : 0;
  int64_t batches = scoreTensor.getDim(0), classes = scoreTensor.getDim(1), count = scoreTensor.getDim(2);
  std::vector<double> numbers = readAll<double>(boxTensor), scores = readAll<double>(scoreTensor);

  std::vector<int64_t> rows;
  for (int64_t batch = 0; batch < batches; ++batch) {
    SmallVector<Box> boxes;
    for (int64_t i = 0; i < count; ++i)
      boxes.emplace_back(ArrayRef(numbers).slice((batch * count + i) * 4, 4), op.getCenterPointBox());
    for (int64_t c = 0; c < classes; ++c) {
      ArrayRef<double> own = ArrayRef(scores).slice((batch * classes + c) * count, count);
      SmallVector<int64_t> order, kept;
      for (int64_t i = 0; i < count; ++i)
        if (!scoreThreshold || own[i] > scoreThreshold.toDoubles()[0])
          order.push_back(i);
      llvm::sort(order, [&](int64_t i, int64_t j) {
        return isBelow(own[j], own[i]) || (!isBelow(own[i], own[j]) && i < j);
      });
      for (int64_t i : order) {
        if (static_cast<int64_t>(kept.size()) >= limit)
          break;
        if (llvm::any_of(kept, [&](int64_t better) { return overlap(boxes[i], boxes[better]) > maxOverlap; }))
          continue;
        kept.push_back(i);
        rows.insert(rows.end(), {batch, c, i});
      }
    }
  }
  FailureOr<HostTensor> result = call.makeResult(0, {static_cast<int64_t>(rows.size() / 3), 3});
  if (failed(result))
    return failure();
  writeAll<int64_t>(rows, *result);
  return Tensors{*result};
}

void reference::addOrdering(OpTable &table) {
  table.addValueDependent<TopKOp>([](TopKOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<UniqueOp>([](UniqueOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<NonMaxSuppressionOp>(
      [](NonMaxSuppressionOp op, Invocation &call) { return evaluate(op, call); });
}
