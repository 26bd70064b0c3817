//===- Control.cpp - Evaluates branches and loops ---------------------------------------------===//

#include "Invocation.h"
#include "Rows.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

static Results evaluate(IfOp op, Invocation &call) {
  bool condition = call.operands[0].get<Bool>()[0];
  return call.interpreter.run(condition ? op.getThenRegion() : op.getElseRegion(), {});
}

/// Slices of one type stacked along a new dimension of the i-th result. With no slices the sizes that the
/// result's type leaves open are 0.
static FailureOr<HostTensor> stack(Invocation &call, unsigned i, ArrayRef<HostTensor> slices, int64_t axis,
                                   bool reverse) {
  Shape shape(call.resultTypes[i].getShape());
  if (slices.empty()) {
    for (int64_t &size : shape)
      size = ShapedType::isDynamic(size) ? 0 : size;
    shape[axis] = 0;
    return call.makeResult(i, shape);
  }
  shape.assign(slices[0].getShape().begin(), slices[0].getShape().end());
  shape.insert(shape.begin() + axis, slices.size());
  FailureOr<HostTensor> result = call.makeResult(i, shape);
  if (failed(result))
    return failure();
  Shape strides = getStrides(shape), slab(shape);
  slab[axis] = 1;
  for (auto [at, slice] : llvm::enumerate(slices)) {
    if (slice.getType() != slices[0].getType())
      return call.emitError() << "stacks values of one type, but got " << slices[0].getType() << " and "
                              << slice.getType();
    Shape sliceStrides = getStrides(slice.getShape());
    sliceStrides.insert(sliceStrides.begin() + axis, 0);
    int64_t place = reverse ? slices.size() - 1 - at : at;
    if (slice.getNumElements() > 0)
      copyElements(slab, getElementBytes(slice.getElementType()), addressOf(slice, 0), sliceStrides,
                   mutableAddressOf(*result, place * strides[axis]), strides);
  }
  return result;
}

/// Slice `at` of a tensor along `axis`, without that dimension.
static HostTensor getSlice(const HostTensor &tensor, int64_t axis, int64_t at) {
  Shape strides = getStrides(tensor.getShape()), shape(tensor.getShape()), slab(tensor.getShape());
  shape.erase(shape.begin() + axis);
  slab[axis] = 1;
  HostTensor slice = HostTensor::zeros(RankedTensorType::get(shape, tensor.getElementType()));
  Shape sliceStrides = getStrides(shape);
  sliceStrides.insert(sliceStrides.begin() + axis, 0);
  if (slice.getNumElements() > 0)
    copyElements(slab, getElementBytes(tensor.getElementType()), addressOf(tensor, at * strides[axis]),
                 strides, mutableAddressOf(slice, 0), sliceStrides);
  return slice;
}

static Results evaluate(LoopOp op, Invocation &call) {
  MLIRContext *context = op.getContext();
  auto number = RankedTensorType::get({}, IntegerType::get(context, 64));
  auto boolean = RankedTensorType::get({}, IntegerType::get(context, 1));
  unsigned numCarried = op.getInitial().size();
  HostTensor trips = call[op.getTripCount()], condition = call[op.getCondition()];
  int64_t limit = trips ? trips.toIntegers()[0] : std::numeric_limits<int64_t>::max();
  bool running = !condition || condition.get<Bool>()[0];

  Tensors carried(call.operands.take_front(numCarried));
  SmallVector<Tensors> scans(op.getNumResults() - numCarried);
  for (int64_t i = 0; running && i < limit; ++i) {
    Tensors arguments{HostTensor::of<int64_t>(number, {i}), HostTensor::of<Bool>(boolean, {Bool(true)})};
    arguments.append(carried);
    Results yielded = call.interpreter.run(op.getBody(), arguments);
    if (failed(yielded))
      return failure();
    running = yielded->front().get<Bool>()[0];
    carried.assign(yielded->begin() + 1, yielded->begin() + 1 + numCarried);
    for (auto [j, scan] : llvm::enumerate(scans))
      scan.push_back((*yielded)[1 + numCarried + j]);
  }
  for (auto [j, scan] : llvm::enumerate(scans)) {
    FailureOr<HostTensor> stacked = stack(call, numCarried + j, scan, 0, /*reverse=*/false);
    if (failed(stacked))
      return failure();
    carried.push_back(*stacked);
  }
  return carried;
}

static Results evaluate(ScanOp op, Invocation &call) {
  unsigned numStates = op.getInitial().size();
  ArrayRef<HostTensor> inputs = call.operands.drop_front(numStates);
  int64_t length = inputs[0].getDim(op.getInputAxes()[0]);
  for (auto [input, axis] : llvm::zip_equal(inputs, op.getInputAxes()))
    if (input.getDim(axis) != length)
      return call.emitError() << "walks inputs of one length, but got " << length << " and "
                              << input.getDim(axis);

  Tensors states(call.operands.take_front(numStates));
  SmallVector<Tensors> outputs(op.getNumResults() - numStates);
  for (int64_t i = 0; i < length; ++i) {
    Tensors arguments(states);
    for (auto [input, axis, reverse] : llvm::zip_equal(inputs, op.getInputAxes(), op.getInputReverse()))
      arguments.push_back(getSlice(input, axis, reverse ? length - 1 - i : i));
    Results yielded = call.interpreter.run(op.getBody(), arguments);
    if (failed(yielded))
      return failure();
    states.assign(yielded->begin(), yielded->begin() + numStates);
    for (auto [j, output] : llvm::enumerate(outputs))
      output.push_back((*yielded)[numStates + j]);
  }
  for (auto [j, output] : llvm::enumerate(outputs)) {
    FailureOr<HostTensor> stacked =
        stack(call, numStates + j, output, op.getOutputAxes()[j], op.getOutputReverse()[j]);
    if (failed(stacked))
      return failure();
    states.push_back(*stacked);
  }
  return states;
}

void reference::addControl(OpTable &table) {
  table.addValueDependent<IfOp>([](IfOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<LoopOp>([](LoopOp op, Invocation &call) { return evaluate(op, call); });
  table.addValueDependent<ScanOp>([](ScanOp op, Invocation &call) { return evaluate(op, call); });
}
