//===- Placement.cpp - Where the values of a program lie in memory --------------------------------===//

#include "tenon/Dialect/Tenon/IR/Placement.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

using namespace mlir;
using namespace tenon;

SmallVector<int64_t> tenon::rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

bool tenon::differInOnesOnly(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  if (ShapedType::isDynamicShape(lhs) || ShapedType::isDynamicShape(rhs) || lhs.empty() || rhs.empty())
    return lhs == rhs;
  auto isLonger = [](int64_t size) { return size != 1; };
  return lhs.back() == rhs.back() &&
         llvm::equal(llvm::make_filter_range(lhs, isLonger), llvm::make_filter_range(rhs, isLonger));
}

/// The strides of what `view` sees, by those of the view; nothing unless the shapes differ in ones only.
static std::optional<SmallVector<int64_t>> stridesBehind(ReshapeOp view, ArrayRef<int64_t> strides) {
  ArrayRef<int64_t> from = cast<RankedTensorType>(view.getInput().getType()).getShape();
  ArrayRef<int64_t> to = cast<RankedTensorType>(view.getType()).getShape();
  if (!differInOnesOnly(from, to))
    return std::nullopt;
  SmallVector<int64_t> found(from.size(), 1);
  int64_t next = to.size(); // of the dimensions from the last on
  for (int64_t i = static_cast<int64_t>(from.size()) - 1; i >= 0; --i) {
    if (from[i] == 1) {
      // Steps that are never made.
      found[i] = i + 1 < static_cast<int64_t>(from.size()) ? found[i + 1] * from[i + 1] : 1;
      continue;
    }
    do
      --next;
    while (to[next] == 1);
    found[i] = strides[next];
  }
  return found;
}

/// Whether the value becomes a part of a concat as it is, or seen as something else.
static bool isPartOfConcat(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return isa<ConcatOp>(user) || (isa<ReshapeOp>(user) && isPartOfConcat(user->getResult(0)));
  });
}

std::optional<SmallVector<int64_t>> tenon::stridesInPlace(Value value) {
  for (Operation *user : value.getUsers())
    if (isa<ConcatOp>(user))
      return stridesInPlace(user->getResult(0));
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  for (Operation *user : value.getUsers())
    if (auto view = dyn_cast<ReshapeOp>(user); view && isPartOfConcat(view.getResult()))
      if (std::optional<SmallVector<int64_t>> strides = stridesInPlace(view.getResult()))
        if (std::optional<SmallVector<int64_t>> behind = stridesBehind(view, *strides))
          return behind;
  if (ShapedType::isDynamicShape(shape.drop_front(shape.empty() ? 0 : 1)))
    return std::nullopt;
  return rowMajorStrides(shape);
}
