//===- Indexing.cpp - Evaluates the ops that read or write elements at given places --------------------===//
//
// The dialect leaves indices out of range undefined; here they are errors.
//
//===----------------------------------------------------------------------------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cstring>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

/// The places that indices name in a dimension of `size`, those below 0 counted from its end.
static FailureOr<std::vector<int64_t>> readIndices(Invocation &call, const HostTensor &indices,
                                                   int64_t size) {
  std::vector<int64_t> places = readAll<int64_t>(indices);
  for (int64_t &place : places) {
    if (place < -size || place >= size)
      return call.emitError() << "expects indices from " << -size << " to " << size - 1 << ", but got "
                              << place;
    place += place < 0 ? size : 0;
  }
  return places;
}

/// Copies `count` neighbouring elements.
static void copyRun(const HostTensor &from, int64_t source, HostTensor &to, int64_t target, int64_t count) {
  if (count > 0)
    std::memcpy(mutableAddressOf(to, target), addressOf(from, source),
                count * getElementBytes(from.getElementType()));
}

//===----------------------------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------------------------===//

static Results evaluate(GatherOp op, Invocation &call) {
  const HostTensor &data = call.operands[0];
  HostTensor result = call.makeResult();
  int64_t size = data.getDim(op.getAxis());
  FailureOr<std::vector<int64_t>> places = readIndices(call, call.operands[1], size);
  if (failed(places))
    return failure();
  int64_t outer = llvm::product_of(data.getShape().take_front(op.getAxis()));
  int64_t inner = llvm::product_of(data.getShape().drop_front(op.getAxis() + 1)), target = 0;
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t place : *places) {
      copyRun(data, (i * size + place) * inner, result, target, inner);
      target += inner;
    }
  return Tensors{result};
}

/// For each element of a tensor of `shape`, the place in data of `dataShape` that has the element's
/// coordinates but for `axis`, where it has the index.
static FailureOr<std::vector<int64_t>> readElementPlaces(Invocation &call, const HostTensor &indices,
                                                         ArrayRef<int64_t> dataShape, int64_t axis) {
  FailureOr<std::vector<int64_t>> places = readIndices(call, indices, dataShape[axis]);
  if (failed(places))
    return failure();
  Shape strides = getStrides(dataShape);
  int64_t axisStride = strides[axis];
  strides[axis] = 0;
  ArrayRef<int64_t> shape = indices.getShape();
  RowWalk(shape, {getStrides(shape), strides})
      .forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> steps, int64_t count) {
        for (int64_t i = 0; i < count; ++i) {
          int64_t &place = (*places)[offsets[0] + i * steps[0]];
          place = place * axisStride + offsets[1] + i * steps[1];
        }
      });
  return places;
}

static Results evaluate(GatherElementsOp op, Invocation &call) {
  const HostTensor &data = call.operands[0];
  HostTensor result = call.makeResult();
  FailureOr<std::vector<int64_t>> places =
      readElementPlaces(call, call.operands[1], data.getShape(), op.getAxis());
  if (failed(places))
    return failure();
  for (auto [target, place] : llvm::enumerate(*places))
    copyRun(data, place, result, target, 1);
  return Tensors{result};
}

/// For each index tuple, the place in data of `dataShape` where its slice starts; the first `batchDims`
/// dimensions of tuples and data go together.
static FailureOr<std::vector<int64_t>> readTuplePlaces(Invocation &call, const HostTensor &indices,
                                                       ArrayRef<int64_t> dataShape, int64_t batchDims) {
  int64_t length = indices.getShape().back();
  int64_t tuples = llvm::product_of(indices.getShape().drop_back());
  int64_t batches = llvm::product_of(dataShape.take_front(batchDims));
  Shape strides = getStrides(dataShape);
  int64_t batchStride = llvm::product_of(dataShape.drop_front(batchDims));
  std::vector<int64_t> entries = readAll<int64_t>(indices), places;
  for (int64_t i = 0; i < tuples; ++i) {
    int64_t place = batches == 0 ? 0 : i / (tuples / batches) * batchStride;
    for (int64_t d = 0; d < length; ++d) {
      int64_t entry = entries[i * length + d], size = dataShape[batchDims + d];
      if (entry < -size || entry >= size)
        return call.emitError() << "expects indices from " << -size << " to " << size - 1 << " for dimension "
                                << batchDims + d << ", but got " << entry;
      place += (entry < 0 ? entry + size : entry) * strides[batchDims + d];
    }
    places.push_back(place);
  }
  return places;
}

static Results evaluate(GatherNdOp op, Invocation &call) {
  const HostTensor &data = call.operands[0], &indices = call.operands[1];
  HostTensor result = call.makeResult();
  FailureOr<std::vector<int64_t>> places = readTuplePlaces(call, indices, data.getShape(), op.getBatchDims());
  if (failed(places))
    return failure();
  int64_t count = llvm::product_of(data.getShape().drop_front(op.getBatchDims() + indices.getShape().back()));
  for (auto [i, place] : llvm::enumerate(*places))
    copyRun(data, place, result, i * count, count);
  return Tensors{result};
}

//===----------------------------------------------------------------------------------------===//
// Scatters
//===----------------------------------------------------------------------------------------===//

/// Updates runs of `count` elements of a copy of `data`, the i-th at `places[i]`, by the runs of `updates` in
/// order.
static Results scatter(Invocation &call, ScatterReduction reduction, const HostTensor &data,
                       const HostTensor &updates, ArrayRef<int64_t> places, int64_t count) {
  HostTensor result = call.makeResult();
  if (reduction == ScatterReduction::none) {
    copyRun(data, 0, result, 0, data.getNumElements());
    for (auto [i, place] : llvm::enumerate(places))
      copyRun(updates, i * count, result, place, count);
    return Tensors{result};
  }
  return dispatchArithmetic(data.getElementType(), [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    // Signed sums and products are taken as unsigned ones: those wrap.
    using Sum = std::conditional_t<std::is_integral_v<Wide>, uint64_t, double>;
    std::vector<Wide> elements = readAll<Wide>(data), changes = readAll<Wide>(updates);
    auto apply = [&](auto combine) {
      for (auto [i, place] : llvm::enumerate(places))
        for (int64_t j = 0; j < count; ++j)
          elements[place + j] = combine(elements[place + j], changes[i * count + j]);
    };
    if (reduction == ScatterReduction::add)
      apply([](Wide x, Wide y) { return static_cast<Wide>(Sum(x) + Sum(y)); });
    else if (reduction == ScatterReduction::mul)
      apply([](Wide x, Wide y) { return static_cast<Wide>(Sum(x) * Sum(y)); });
    else if (reduction == ScatterReduction::max)
      apply([](Wide x, Wide y) { return x != x || y < x ? x : y; });
    else
      apply([](Wide x, Wide y) { return x != x || y > x ? x : y; });
    writeAll<Wide>(elements, result);
    return Tensors{result};
  });
}

static Results evaluate(ScatterElementsOp op, Invocation &call) {
  const HostTensor &data = call.operands[0], &updates = call.operands[2];
  FailureOr<std::vector<int64_t>> places =
      readElementPlaces(call, call.operands[1], data.getShape(), op.getAxis());
  if (failed(places))
    return failure();
  for (auto [d, size] : llvm::enumerate(updates.getShape()))
    if (d != static_cast<size_t>(op.getAxis()) && size > data.getDim(d))
      return call.emitError() << "expects updates no larger than the data in dimension " << d << ", but got "
                              << size << " and " << data.getDim(d);
  return scatter(call, op.getReduction(), data, updates, *places, 1);
}

static Results evaluate(ScatterNdOp op, Invocation &call) {
  const HostTensor &data = call.operands[0], &indices = call.operands[1];
  FailureOr<std::vector<int64_t>> places = readTuplePlaces(call, indices, data.getShape(), 0);
  if (failed(places))
    return failure();
  int64_t count = llvm::product_of(data.getShape().drop_front(indices.getShape().back()));
  return scatter(call, op.getReduction(), data, call.operands[2], *places, count);
}

static Results evaluate(TensorScatterOp op, Invocation &call) {
  const HostTensor &cache = call.operands[0], &update = call.operands[1];
  HostTensor at = call[op.getWriteIndices()], result = call.makeResult();
  int64_t axis = op.getAxis(), size = cache.getDim(axis), entries = update.getDim(axis),
          batch = cache.getDim(0);
  Shape starts = at ? at.toIntegers() : Shape(batch, 0);
  copyRun(cache, 0, result, 0, cache.getNumElements());
  int64_t middle = llvm::product_of(cache.getShape().slice(1, axis - 1));
  int64_t inner = llvm::product_of(cache.getShape().drop_front(axis + 1));
  for (int64_t b = 0; b < batch; ++b) {
    bool fits = op.getMode() == ScatterMode::circular ? starts[b] >= 0
                                                      : starts[b] >= 0 && starts[b] <= size - entries;
    if (!fits)
      return call.emitError() << "expects entries that fit a cache of " << size << ", but got " << entries
                              << " from " << starts[b];
    for (int64_t m = b * middle; m < (b + 1) * middle; ++m)
      for (int64_t i = 0; i < entries; ++i)
        copyRun(update, (m * entries + i) * inner, result, (m * size + (starts[b] + i) % size) * inner,
                inner);
  }
  return Tensors{result};
}

//===----------------------------------------------------------------------------------------===//
// One-hot, non-zero, compress
//===----------------------------------------------------------------------------------------===//

static Results evaluate(OneHotOp op, Invocation &call) {
  const HostTensor &indices = call.operands[0], &values = call.operands[2];
  int64_t depth = call.operands[1].toIntegers()[0], axis = op.getAxis();
  if (depth < 0)
    return call.emitError() << "expects a depth that is not negative, but got " << depth;
  Shape shape(indices.getShape());
  shape.insert(shape.begin() + axis, depth);
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  if (failed(result))
    return failure();
  SmallVector<double> places = indices.toDoubles();
  int64_t inner = llvm::product_of(indices.getShape().drop_front(axis));
  for (int64_t i = 0; i < result->getNumElements(); ++i) {
    int64_t outer = i / inner / depth, at = i / inner % depth;
    int64_t index = truncateReal<int64_t>(places[outer * inner + i % inner]);
    copyRun(values, index == at || index == at - depth, *result, i, 1);
  }
  return Tensors{*result};
}

static Results evaluate(NonZeroOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  std::vector<int64_t> found;
  dispatchArithmetic(input.getElementType(), [&](auto tag) {
    using Wide = typename decltype(tag)::type;
    for (auto [i, element] : llvm::enumerate(readAll<Wide>(input)))
      if (element != Wide(0))
        found.push_back(i);
  });
  FailureOr<HostTensor> result = call.makeResult(0, {input.getRank(), static_cast<int64_t>(found.size())});
  if (failed(result))
    return failure();
  MutableArrayRef<int64_t> coordinates = result->getMutable<int64_t>();
  Shape strides = getStrides(input.getShape());
  for (int64_t d = 0; d < input.getRank(); ++d)
    for (auto [i, place] : llvm::enumerate(found))
      coordinates[d * found.size() + i] = place / strides[d] % input.getDim(d);
  return Tensors{*result};
}

static Results evaluate(CompressOp op, Invocation &call) {
  HostTensor input =
      op.getAxis() ? call.operands[0] : call.operands[0].reshaped({call.operands[0].getNumElements()});
  int64_t axis = op.getAxis().value_or(0), size = input.getDim(axis);
  Shape shape(input.getShape());
  SmallVector<int64_t> kept;
  for (auto [i, condition] : llvm::enumerate(call.operands[1].get<Bool>()))
    if (condition && static_cast<int64_t>(i) >= size)
      return call.emitError() << "expects a condition for " << size << " slices, but slice " << i
                              << " is chosen";
    else if (condition)
      kept.push_back(i);
  shape[axis] = kept.size();
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  if (failed(result))
    return failure();
  int64_t outer = llvm::product_of(input.getShape().take_front(axis)), target = 0;
  int64_t inner = llvm::product_of(input.getShape().drop_front(axis + 1));
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t place : kept) {
      copyRun(input, (i * size + place) * inner, *result, target, inner);
      target += inner;
    }
  return Tensors{*result};
}

void reference::addIndexing(OpTable &table) {
  table.add<GatherOp>([](GatherOp op, Invocation &call) { return evaluate(op, call); });
  table.add<GatherElementsOp>([](GatherElementsOp op, Invocation &call) { return evaluate(op, call); });
  table.add<GatherNdOp>([](GatherNdOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ScatterElementsOp>([](ScatterElementsOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ScatterNdOp>([](ScatterNdOp op, Invocation &call) { return evaluate(op, call); });
  table.add<TensorScatterOp>([](TensorScatterOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<OneHotOp>([](OneHotOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<NonZeroOp>([](NonZeroOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<CompressOp>([](CompressOp op, Invocation &call) { return evaluate(op, call); });
  addOrdering(table);
}
