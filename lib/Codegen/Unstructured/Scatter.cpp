//===- Scatter.cpp - Copies with elements written at places given by indices ------------------------===//
//
// Updates are carried out in row-major order, as they may meet. One whose index is out of range is left out:
// it must not write to other memory.
//
//===----------------------------------------------------------------------------------------===//

#include "Families.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;

/// What stands in a place after an update.
static Value combine(LoopBuilder &b, ScatterReduction reduction, Value present, Value update, Type element) {
  switch (reduction) {
  case ScatterReduction::none:
    return update;
  case ScatterReduction::add:
    return b.sum(present, update);
  case ScatterReduction::mul:
    return b.product(present, update);
  case ScatterReduction::max:
    return b.extremum(present, update, element, /*larger=*/true);
  case ScatterReduction::min:
    return b.extremum(present, update, element, /*larger=*/false);
  }
  llvm_unreachable("all reductions are handled");
}

static Type elementOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getElementType(); }

void tenon::emitLoops(ScatterElementsOp op, LoopBuilder &b, const OpBuffers &buffers) {
  Value data = buffers.inputs[0], indices = buffers.inputs[1], updates = buffers.inputs[2],
        result = buffers.outputs[0];
  unsigned axis = op.getAxis();
  Value size = b.sizes(result)[axis];
  b.copy(data, {}, result, {});
  b.forEach(b.sizes(indices), [&](ValueRange at) {
    SmallVector<Value> place(at);
    place[axis] = b.wrapIndex(b.loadIndex(indices, at), size);
    b.when(b.isInRange(place[axis], size), [&] {
      Value update = b.load(updates, at);
      if (op.getReduction() != ScatterReduction::none)
        update = combine(b, op.getReduction(), b.load(result, place), update, elementOf(op.getData()));
      b.store(update, result, place);
    });
  });
}

void tenon::emitLoops(ScatterNdOp op, LoopBuilder &b, const OpBuffers &buffers) {
  Value data = buffers.inputs[0], indices = buffers.inputs[1], updates = buffers.inputs[2],
        result = buffers.outputs[0];
  SmallVector<Value> tuples = b.sizes(indices), sizes = b.sizes(result);
  tuples.pop_back();
  int64_t entries = cast<RankedTensorType>(op.getIndices().getType()).getShape().back();
  b.copy(data, {}, result, {});
  b.forEach(tuples, [&](ValueRange at) {
    SmallVector<Value> place;
    Value inRange;
    for (int64_t i = 0; i < entries; ++i) {
      SmallVector<Value> entry(at);
      entry.push_back(b.index(i));
      place.push_back(b.wrapIndex(b.loadIndex(indices, entry), sizes[i]));
      Value fits = b.isInRange(place.back(), sizes[i]);
      inRange = inRange ? arith::AndIOp::create(b, inRange, fits).getResult() : fits;
    }
    auto updateSlice = [&] {
      if (op.getReduction() == ScatterReduction::none)
        return b.copy(updates, at, result, place);
      b.forEach(ArrayRef(sizes).drop_front(entries), [&](ValueRange inner) {
        SmallVector<Value> from(at), to(place);
        llvm::append_range(from, inner);
        llvm::append_range(to, inner);
        b.store(
            combine(b, op.getReduction(), b.load(result, to), b.load(updates, from), elementOf(op.getData())),
            result, to);
      });
    };
    if (inRange)
      b.when(inRange, updateSlice);
    else
      updateSlice();
  });
}

void tenon::emitLoops(TensorScatterOp op, LoopBuilder &b, const OpBuffers &buffers) {
  Value cache = buffers.inputs[0], update = buffers.inputs[1], result = buffers.outputs[0];
  unsigned axis = op.getAxis();
  Value size = b.sizes(result)[axis];
  b.copy(cache, {}, result, {});
  SmallVector<Value> outer = b.sizes(update);
  outer.truncate(axis + 1);
  b.forEach(outer, [&](ValueRange at) {
    SmallVector<Value> place(at);
    if (op.getWriteIndices())
      place[axis] = b.add(b.loadIndex(buffers.inputs[2], at.front()), at[axis]);
    if (op.getMode() == ScatterMode::circular)
      place[axis] = arith::RemSIOp::create(b, place[axis], size);
    b.when(b.isInRange(place[axis], size), [&] { b.copy(update, at, result, place); });
  });
}
