//===- Cumulative.cpp - Running sums and products ---------------------------------------------------===//
//
// What was accumulated stands in the result itself: each element reads the one before, rounded to the element
// type.
//
//===----------------------------------------------------------------------------------------===//

#include "Families.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;

template <typename OpT>
static void emitRunning(OpT op, LoopBuilder &b, const OpBuffers &buffers, int64_t neutral,
                        function_ref<Value(Value, Value)> combine) {
  Value input = buffers.inputs[0], result = buffers.outputs[0];
  unsigned axis = op.getAxis();
  Type stored = cast<MemRefType>(result.getType()).getElementType();
  TypedAttr start = isa<FloatType>(stored) ? TypedAttr(b.getFloatAttr(stored, neutral))
                                           : TypedAttr(b.getIntegerAttr(stored, neutral));
  SmallVector<Value> sizes = b.sizes(result);
  Value length = sizes[axis], one = b.index(1);
  b.forEach(sizes, [&](ValueRange loops) {
    auto placeAt = [&](Value step) {
      SmallVector<Value> place(loops);
      place[axis] = op.getReverse() ? b.sub(b.sub(length, one), step) : step;
      return place;
    };
    Value step = loops[axis];
    SmallVector<Value> here = placeAt(step);
    Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, step, b.index(0));
    // The first step has none before it; what it loads instead is not used.
    SmallVector<Value> before = placeAt(arith::SelectOp::create(b, isFirst, step, b.sub(step, one)));
    Value term = b.load(input, op.getExclusive() ? before : here);
    Value initial = arith::ConstantOp::create(b, start);
    Value sum = combine(b.load(result, before), term);
    Value first = op.getExclusive() ? initial : term;
    b.store(arith::SelectOp::create(b, isFirst, first, sum), result, here);
  });
}

void tenon::emitLoops(CumsumOp op, LoopBuilder &b, const OpBuffers &buffers) {
  emitRunning(op, b, buffers, 0, [&](Value x, Value y) { return b.sum(x, y); });
}

void tenon::emitLoops(CumprodOp op, LoopBuilder &b, const OpBuffers &buffers) {
  emitRunning(op, b, buffers, 1, [&](Value x, Value y) { return b.product(x, y); });
}
