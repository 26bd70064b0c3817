//===- Shape.cpp - Evaluates the ops that move elements, and those that compute sizes -------------------===//
//
// The dynamic forms find the sizes and places in their operands and then move elements as the static forms
// do.
//
//===----------------------------------------------------------------------------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

/// Copies `shape` elements between strided places, each given by the offset of its first element.
static void copy(ArrayRef<int64_t> shape, const HostTensor &from, int64_t fromOffset,
                 ArrayRef<int64_t> fromStrides, HostTensor &to, int64_t toOffset,
                 ArrayRef<int64_t> toStrides) {
  if (llvm::is_contained(shape, 0))
    return;
  copyElements(shape, getElementBytes(from.getElementType()), addressOf(from, fromOffset), fromStrides,
               mutableAddressOf(to, toOffset), toStrides);
}

//===----------------------------------------------------------------------------------------===//
// Reshape, transpose, expand, concat
//===----------------------------------------------------------------------------------------===//

static Results reshape(Invocation &call, const HostTensor &input, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, input.getElementType());
  if (type.getNumElements() != input.getNumElements())
    return call.emitError() << "expects as many elements as before, but got " << input.getType()
                            << " to reshape to " << type;
  return Tensors{input.reshaped(type)};
}

static Results evaluate(ReshapeOp op, Invocation &call) {
  // One size that nothing else determines follows from the number of elements.
  Shape shape(call.resultTypes[0].getShape());
  int64_t known = 1, unknown = 0;
  for (int64_t size : shape)
    (ShapedType::isDynamic(size) ? unknown : known) *= ShapedType::isDynamic(size) ? 1 : size;
  unknown = llvm::count_if(shape, ShapedType::isDynamic);
  if (unknown > 1 || (unknown == 1 && known == 0))
    return call.emitError() << "has a result of type " << call.resultTypes[0]
                            << ", whose sizes its operands do not determine";
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = call.operands[0].getNumElements() / known;
  return reshape(call, call.operands[0], shape);
}

static Results evaluate(TransposeOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  Shape inputStrides = getStrides(call.operands[0].getShape()), strides;
  for (int64_t dim : op.getPerm())
    strides.push_back(inputStrides[dim]);
  copy(result.getShape(), call.operands[0], 0, strides, result, 0, getStrides(result.getShape()));
  return Tensors{result};
}

static Results expand(Invocation &call, const HostTensor &input, HostTensor result) {
  ArrayRef<int64_t> from = input.getShape(), to = result.getShape();
  bool fits = from.size() <= to.size();
  for (size_t i = 0; fits && i < from.size(); ++i)
    fits = from[i] == 1 || from[i] == to[to.size() - from.size() + i];
  if (!fits)
    return call.emitError() << "expects a value that broadcasts to " << result.getType() << ", but got "
                            << input.getType();
  copy(to, input, 0, getBroadcastStrides(from, to), result, 0, getStrides(to));
  return Tensors{result};
}

static Results evaluate(ExpandOp op, Invocation &call) {
  return expand(call, call.operands[0], call.makeResult());
}

static Results evaluate(ConcatOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  Shape strides = getStrides(result.getShape());
  int64_t at = 0;
  for (const HostTensor &input : call.operands) {
    copy(input.getShape(), input, 0, getStrides(input.getShape()), result, at, strides);
    at += input.getDim(op.getAxis()) * strides[op.getAxis()];
  }
  return Tensors{result};
}

//===----------------------------------------------------------------------------------------===//
// Slice, pad, tile
//===----------------------------------------------------------------------------------------===//

static Results slice(Invocation &call, const HostTensor &input, ArrayRef<int64_t> starts,
                     ArrayRef<int64_t> steps, HostTensor result) {
  Shape strides = getStrides(input.getShape());
  int64_t offset = 0;
  for (unsigned d = 0; d < strides.size(); ++d) {
    int64_t size = input.getDim(d), count = result.getDim(d);
    int64_t first = starts[d] < 0 ? starts[d] + size : starts[d], last = first + (count - 1) * steps[d];
    if (count > 0 && (first < 0 || first >= size || last < 0 || last >= size))
      return call.emitError() << "takes elements " << first << " to " << last << " of dimension " << d
                              << ", which has size " << size;
    offset += first * strides[d];
    strides[d] *= steps[d];
  }
  copy(result.getShape(), input, offset, strides, result, 0, getStrides(result.getShape()));
  return Tensors{result};
}

static Results evaluate(SliceOp op, Invocation &call) {
  return slice(call, call.operands[0], op.getStarts(), op.getSteps(), call.makeResult());
}

/// The place along a dimension of `size` elements that the padding at `at` repeats; `at` may be any integer.
static int64_t mirror(PadMode mode, int64_t at, int64_t size) {
  if (mode == PadMode::edge || size == 1)
    return std::clamp<int64_t>(at, 0, size - 1);
  int64_t period = mode == PadMode::wrap ? size : 2 * size - 2;
  int64_t place = ((at % period) + period) % period;
  return place < size ? place : period - place;
}

static Results pad(Invocation &call, PadMode mode, const HostTensor &input, const HostTensor &value,
                   ArrayRef<int64_t> low, HostTensor result) {
  Shape inputStrides = getStrides(input.getShape()), strides = getStrides(result.getShape()), shape;
  int64_t rank = input.getRank(), inputOffset = 0, offset = 0;
  for (int64_t d = 0; d < rank; ++d) {
    // The part of the input that stays: negative padding cuts it.
    int64_t begin = std::max<int64_t>(0, -low[d]), end = std::min(input.getDim(d), result.getDim(d) - low[d]);
    shape.push_back(std::max<int64_t>(0, end - begin));
    inputOffset += begin * inputStrides[d];
    offset += (begin + low[d]) * strides[d];
  }
  if (mode == PadMode::constant) {
    if (value)
      copy(result.getShape(), value, 0, Shape(rank, 0), result, 0, strides);
    copy(shape, input, inputOffset, inputStrides, result, offset, strides);
    return Tensors{result};
  }
  if (result.getNumElements() > 0 && input.getNumElements() == 0)
    return call.emitError() << "has nothing to pad with: its input is " << input.getType();
  // One dimension after the other: slabs across it are copied whole.
  HostTensor current = input;
  for (int64_t d = 0; d < rank; ++d) {
    if (current.getDim(d) == result.getDim(d) && low[d] == 0)
      continue;
    Shape padded(current.getShape()), slab(current.getShape());
    padded[d] = result.getDim(d);
    slab[d] = 1;
    HostTensor next = HostTensor::zeros(RankedTensorType::get(padded, input.getElementType()));
    Shape from = getStrides(slab.empty() ? slab : Shape(current.getShape())), to = getStrides(padded);
    for (int64_t i = 0; i < padded[d]; ++i)
      copy(slab, current, mirror(mode, i - low[d], current.getDim(d)) * from[d], from, next, i * to[d], to);
    current = next;
  }
  return Tensors{current};
}

static Results evaluate(PadOp op, Invocation &call) {
  return pad(call, op.getMode(), call.operands[0], call[op.getValue()], op.getLow(), call.makeResult());
}

static Results tile(Invocation &call, const HostTensor &input, HostTensor result) {
  // Element [r * size + i] of a dimension as [r][i] of two: the input repeats along r.
  Shape shape, from, to, inputStrides = getStrides(input.getShape()), strides = getStrides(result.getShape());
  for (int64_t d = 0; d < input.getRank(); ++d) {
    int64_t size = input.getDim(d);
    if (size == 0 ? result.getDim(d) != 0 : result.getDim(d) % size != 0)
      return call.emitError() << "expects a multiple of the size " << size << " in dimension " << d
                              << ", but got " << result.getDim(d);
    shape.append({size == 0 ? 0 : result.getDim(d) / size, size});
    from.append({0, inputStrides[d]});
    to.append({size * strides[d], strides[d]});
  }
  copy(shape, input, 0, from, result, 0, to);
  return Tensors{result};
}

static Results evaluate(TileOp op, Invocation &call) {
  return tile(call, call.operands[0], call.makeResult());
}

//===----------------------------------------------------------------------------------------===//
// Trilu, reverse_sequence
//===----------------------------------------------------------------------------------------===//

static Results evaluate(TriluOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  int64_t rows = input.getDim(input.getRank() - 2), columns = input.getDim(input.getRank() - 1);
  int64_t bytes = getElementBytes(input.getElementType()), diagonal = op.getDiagonal();
  for (int64_t row = 0; columns > 0 && row < input.getNumElements() / columns; ++row) {
    // The kept part of a row is a run of columns around the diagonal's.
    int64_t i = row % rows, begin = 0, end = columns;
    if (op.getUpper())
      begin = std::clamp<int64_t>(i + diagonal, 0, columns);
    else
      end = std::clamp<int64_t>(i + diagonal + 1, 0, columns);
    std::memcpy(mutableAddressOf(result, row * columns + begin), addressOf(input, row * columns + begin),
                (end - begin) * bytes);
  }
  return Tensors{result};
}

static Results evaluate(ReverseSequenceOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  Shape lengths = call.operands[1].toIntegers(), strides = getStrides(input.getShape()),
        slab(input.getShape());
  int64_t batchAxis = op.getBatchAxis(), timeAxis = op.getTimeAxis(), times = input.getDim(timeAxis);
  slab[batchAxis] = slab[timeAxis] = 1;
  for (int64_t batch = 0; batch < input.getDim(batchAxis); ++batch) {
    int64_t length = lengths[batch];
    if (length < 0 || length > times)
      return call.emitError() << "expects lengths from 0 to " << times << ", but got " << length;
    for (int64_t time = 0; time < times; ++time) {
      int64_t from = time < length ? length - 1 - time : time, base = batch * strides[batchAxis];
      copy(slab, input, base + from * strides[timeAxis], strides, result, base + time * strides[timeAxis],
           strides);
    }
  }
  return Tensors{result};
}

//===----------------------------------------------------------------------------------------===//
// Sizes as values
//===----------------------------------------------------------------------------------------===//

static Results evaluate(ShapeOfOp op, Invocation &call) {
  return Tensors{HostTensor::of<int64_t>(call.resultTypes[0], call.operands[0].getShape())};
}

static Results evaluate(SizeVectorOp op, Invocation &call) {
  // The expressions as the sizes of a tensor: the symbols' values make them static.
  DimsAttr sizes = op.getSizes();
  Shape dynamic(sizes.getMap().getNumResults(), ShapedType::kDynamic);
  RankedTensorType resolved =
      call.interpreter.resolve(RankedTensorType::get(dynamic, op.getType().getElementType(), sizes));
  if (!resolved.hasStaticShape())
    return call.emitError() << "names a symbol that no input has given a value";
  HostTensor result = call.makeResult();
  writeAll<int64_t>(resolved.getShape(), result);
  return Tensors{result};
}

template <typename T>
static Results range(Invocation &call) {
  T start = readAll<T>(call.operands[0])[0], limit = readAll<T>(call.operands[1])[0],
    delta = readAll<T>(call.operands[2])[0];
  if (delta == 0)
    return call.emitError() << "expects a delta that is not 0";
  double count =
      std::ceil((static_cast<double>(limit) - static_cast<double>(start)) / static_cast<double>(delta));
  FailureOr<HostTensor> result = call.makeResult(0, {truncateReal<int64_t>(std::max(count, 0.0))});
  if (failed(result))
    return failure();
  std::vector<T> elements(result->getNumElements());
  for (size_t i = 0; i < elements.size(); ++i) {
    if constexpr (std::is_integral_v<T>)
      elements[i] = static_cast<T>(static_cast<uint64_t>(start) + i * static_cast<uint64_t>(delta));
    else
      elements[i] = start + static_cast<T>(i) * delta;
  }
  writeAll<T>(elements, *result);
  return Tensors{*result};
}

static Results evaluate(RangeOp op, Invocation &call) {
  return dispatchArithmetic(call.operands[0].getElementType(),
                            [&](auto tag) { return range<typename decltype(tag)::type>(call); });
}

//===----------------------------------------------------------------------------------------===//
// Dynamic forms
//===----------------------------------------------------------------------------------------===//

static Results evaluate(DynamicReshapeOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  Shape shape = call.operands[1].toIntegers();
  int64_t product = 1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 0 && !op.getAllowZero()) {
      if (static_cast<int64_t>(i) >= input.getRank())
        return call.emitError() << "takes size " << i << " from its input, which has rank "
                                << input.getRank();
      size = input.getDim(i);
    }
    if (size < -1)
      return call.emitError() << "expects sizes of -1 and above, but got " << size;
    product *= size == -1 ? 1 : size;
  }
  if (llvm::count(shape, -1) > 1)
    return call.emitError() << "expects at most one size of -1";
  for (int64_t &size : shape)
    if (size == -1)
      size = product == 0 ? 0 : input.getNumElements() / product;
  return reshape(call, input, shape);
}

static Results evaluate(DynamicExpandOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  Shape sizes = call.operands[1].toIntegers(), shape(input.getShape());
  if (shape.size() < sizes.size())
    shape.insert(shape.begin(), sizes.size() - shape.size(), 1);
  for (size_t i = 0; i < sizes.size(); ++i) {
    int64_t &size = shape[shape.size() - sizes.size() + i];
    if (size == 1)
      size = sizes[i];
    else if (sizes[i] != 1 && sizes[i] != size)
      return call.emitError() << "expects sizes that broadcast, but got " << input.getType() << " and size "
                              << sizes[i];
  }
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  return failed(result) ? Results(failure()) : expand(call, input, *result);
}

/// The axes an operand names, those below 0 counted from the end; the first `count` dimensions if it is
/// absent.
static FailureOr<Shape> getAxes(Invocation &call, const HostTensor &axes, int64_t rank, int64_t count) {
  Shape dims = axes ? axes.toIntegers() : llvm::to_vector(llvm::seq<int64_t>(0, count));
  if (static_cast<int64_t>(dims.size()) != count)
    return call.emitError() << "expects " << dims.size() << " entries, one per axis, but got " << count;
  for (int64_t &dim : dims) {
    if (dim < -rank || dim >= rank)
      return call.emitError() << "expects axes of a tensor of rank " << rank << ", but got " << dim;
    dim += dim < 0 ? rank : 0;
  }
  return dims;
}

static Results evaluate(DynamicSliceOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  int64_t rank = input.getRank();
  Shape starts = call.operands[1].toIntegers(), ends = call.operands[2].toIntegers();
  HostTensor stepTensor = call[op.getSteps()];
  Shape steps = stepTensor ? stepTensor.toIntegers() : Shape(starts.size(), 1);
  FailureOr<Shape> axes = getAxes(call, call[op.getAxes()], rank, starts.size());
  if (failed(axes))
    return failure();

  Shape allStarts(rank, 0), allSteps(rank, 1), shape(input.getShape());
  for (auto [axis, start, end, step] : llvm::zip_equal(*axes, starts, ends, steps)) {
    if (step == 0)
      return call.emitError() << "expects steps that are not 0";
    // Backwards, the place before the first element, -1, is a valid end.
    int64_t size = input.getDim(axis), lowest = step < 0 ? -1 : 0, highest = step < 0 ? size - 1 : size;
    auto clamp = [&](int64_t at) {
      return std::max(lowest, std::min(highest, at < 0 ? std::max(at, -size - 1) + size : at));
    };
    int64_t first = clamp(start), extent = clamp(end) - first;
    bool empty = step > 0 ? extent <= 0 : extent >= 0;
    // Rounded up without overflow for any step.
    shape[axis] = empty ? 0 : 1 + (step > 0 ? (extent - 1) / step : (extent + 1) / step);
    allStarts[axis] = std::max<int64_t>(first, 0);
    allSteps[axis] = shape[axis] > 1 ? step : 1;
  }
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  return failed(result) ? Results(failure()) : slice(call, input, allStarts, allSteps, *result);
}

static Results evaluate(DynamicPadOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  Shape pads = call.operands[1].toIntegers(), low(input.getRank(), 0), shape(input.getShape());
  FailureOr<Shape> axes = getAxes(call, call[op.getAxes()], input.getRank(), pads.size() / 2);
  if (failed(axes))
    return failure();
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    low[axis] = pads[i];
    if (llvm::AddOverflow(shape[axis], pads[i], shape[axis]) ||
        llvm::AddOverflow(shape[axis], pads[axes->size() + i], shape[axis]) || shape[axis] < 0)
      return call.emitError() << "expects pads that leave a size of 0 or more in dimension " << axis;
  }
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  return failed(result) ? Results(failure())
                        : pad(call, op.getMode(), input, call[op.getValue()], low, *result);
}

static Results evaluate(DynamicTileOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  Shape shape(input.getShape()), repeats = call.operands[1].toIntegers();
  if (shape.size() != repeats.size())
    return call.emitError() << "expects " << shape.size() << " counts, but got " << repeats.size();
  for (auto [size, count] : llvm::zip_equal(shape, repeats))
    if (count < 0 || llvm::MulOverflow(size, count, size))
      return call.emitError() << "expects counts of 0 and above, but got " << count;
  FailureOr<HostTensor> result = call.makeResult(0, shape);
  return failed(result) ? Results(failure()) : tile(call, input, *result);
}

void reference::addShape(OpTable &table) {
  table.addValueDependent<ReshapeOp>([](ReshapeOp op, Invocation &call) { return evaluate(op, call); });
  table.add<TransposeOp>([](TransposeOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ExpandOp>([](ExpandOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ConcatOp>([](ConcatOp op, Invocation &call) { return evaluate(op, call); });
  table.add<SliceOp>([](SliceOp op, Invocation &call) { return evaluate(op, call); });
  table.add<PadOp>([](PadOp op, Invocation &call) { return evaluate(op, call); });
  table.add<TileOp>([](TileOp op, Invocation &call) { return evaluate(op, call); });
  table.add<TriluOp>([](TriluOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ReverseSequenceOp>([](ReverseSequenceOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ShapeOfOp>([](ShapeOfOp op, Invocation &call) { return evaluate(op, call); });
  table.add<SizeVectorOp>([](SizeVectorOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<RangeOp>([](RangeOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<DynamicReshapeOp>(
      [](DynamicReshapeOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<DynamicExpandOp>(
      [](DynamicExpandOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<DynamicSliceOp>(
      [](DynamicSliceOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<DynamicPadOp>([](DynamicPadOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<DynamicTileOp>(
      [](DynamicTileOp op, Invocation &call) { return evaluate(op, call); });
}
