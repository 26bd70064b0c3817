//===- TopK.cpp - The k best elements of each line, by a heap in the result -------------------------===//
//
// The result holds the best elements seen, the worst of them at the root of a heap; what beats it takes its
// place. In the end the heap is taken apart from the back, worst first. k may be as large as the line: then
// that is a heapsort. Of equal elements the one with the lower index is better, which makes the order total,
// and the result that of a stable sort. Elements that were not asked to be sorted are all the same.
//
//===----------------------------------------------------------------------------------------===//

#include "Families.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tenon;

namespace {

/// An element and its index along the line.
struct Entry {
  Value element, index;
};

/// Emits the heap of one line.
class Heap {
public:
  Heap(TopKOp op, LoopBuilder &b, const OpBuffers &buffers, ValueRange line)
      : b(b), input(buffers.inputs[0]), values(buffers.outputs[0]), indices(buffers.outputs[1]), line(line),
        axis(op.getAxis()), largest(op.getLargest()),
        type(cast<RankedTensorType>(op.getInput().getType()).getElementType()) {}

  Entry inputAt(Value i) { return {b.load(input, at(i)), i}; }
  Entry get(Value i);
  void set(Value i, Entry entry);
  Value isBetter(Entry lhs, Entry rhs);
  /// Puts `entry` into the hole at `hole` of the heap's first `size` places, or further down where it
  /// belongs.
  void sift(Value size, Value hole, Entry entry);

private:
  SmallVector<Value> at(Value i) {
    SmallVector<Value> place(line);
    place.insert(place.begin() + axis, i);
    return place;
  }

  LoopBuilder &b;
  /// `values` or `indices` is null if no one reads it.
  Value input, values, indices;
  ValueRange line;
  unsigned axis;
  bool largest;
  Type type;
};

} // namespace

Entry Heap::get(Value i) {
  // Without indices, equal elements can't be told apart later either.
  Value index = indices ? b.loadIndex(indices, at(i)) : b.index(0);
  return {b.load(values ? values : input, at(values ? i : index)), index};
}

void Heap::set(Value i, Entry entry) {
  if (values)
    b.store(entry.element, values, at(i));
  if (indices)
    b.store(arith::IndexCastOp::create(b, b.getI64Type(), entry.index), indices, at(i));
}

Value Heap::isBetter(Entry lhs, Entry rhs) {
  Value less = b.isBelow(lhs.element, rhs.element, type), greater = b.isBelow(rhs.element, lhs.element, type);
  Value better = largest ? greater : less, worse = largest ? less : greater;
  Value earlier = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, lhs.index, rhs.index);
  Value no = arith::ConstantIntOp::create(b, 0, 1);
  return arith::SelectOp::create(b, better, better,
                                 arith::SelectOp::create(b, worse, no, earlier).getResult());
}

void Heap::sift(Value size, Value hole, Entry entry) {
  Value no = arith::ConstantIntOp::create(b, 0, 1), one = b.index(1);
  auto isBelowSize = [&](Value i) { return b.isInRange(i, size); };
  auto loop = scf::WhileOp::create(b, TypeRange{b.getIndexType(), b.getIndexType()}, ValueRange{hole});
  OpBuilder::InsertionGuard guard(b);

  // Goes on while a child is worse than the entry; hands on the hole and the worse child.
  Block *before = b.createBlock(&loop.getBefore(), {}, b.getIndexType(), b.getLoc());
  Value parent = before->getArgument(0), left = b.add(b.add(parent, parent), one);
  auto hasChild = scf::IfOp::create(b, TypeRange{b.getI1Type(), b.getIndexType()}, isBelowSize(left),
                                    /*withElseRegion=*/true);
  b.setInsertionPointToStart(hasChild.elseBlock());
  scf::YieldOp::create(b, ValueRange{no, left});
  b.setInsertionPointToStart(hasChild.thenBlock());
  Value next = b.add(left, one);
  Value right = arith::SelectOp::create(b, isBelowSize(next), next, left);
  Entry leftEntry = get(left), rightEntry = get(right);
  Value takesRight = isBetter(leftEntry, rightEntry);
  Value child = arith::SelectOp::create(b, takesRight, right, left);
  Entry worst = {arith::SelectOp::create(b, takesRight, rightEntry.element, leftEntry.element),
                 arith::SelectOp::create(b, takesRight, rightEntry.index, leftEntry.index)};
  scf::YieldOp::create(b, ValueRange{isBetter(entry, worst), child});
  b.setInsertionPointToEnd(before);
  scf::ConditionOp::create(b, hasChild.getResult(0), ValueRange{parent, hasChild.getResult(1)});

  Block *after =
      b.createBlock(&loop.getAfter(), {}, {b.getIndexType(), b.getIndexType()}, {b.getLoc(), b.getLoc()});
  set(after->getArgument(0), get(after->getArgument(1)));
  scf::YieldOp::create(b, ValueRange{after->getArgument(1)});

  b.setInsertionPointAfter(loop);
  set(loop.getResult(0), entry);
}

void tenon::emitLoops(TopKOp op, LoopBuilder &b, const OpBuffers &buffers) {
  Value input = buffers.inputs[0], kept = buffers.outputs[0] ? buffers.outputs[0] : buffers.outputs[1];
  unsigned axis = op.getAxis();
  if (cast<MemRefType>(kept.getType()).getDimSize(axis) == 0)
    return;
  SmallVector<Value> lines = b.sizes(input);
  Value size = lines[axis], k = b.sizes(kept)[axis], zero = b.index(0), one = b.index(1);
  lines.erase(lines.begin() + axis);
  b.forEach(lines, [&](ValueRange line) {
    Heap heap(op, b, buffers, line);
    b.forEach(k, [&](ValueRange i) { heap.set(i[0], heap.inputAt(i[0])); });
    Value parents = arith::DivUIOp::create(b, k, b.index(2));
    b.forEach(parents, [&](ValueRange i) {
      Value parent = b.sub(b.sub(parents, one), i[0]);
      heap.sift(k, parent, heap.get(parent));
    });
    b.forEach(b.sub(size, k), [&](ValueRange i) {
      Entry entry = heap.inputAt(b.add(k, i[0]));
      b.when(heap.isBetter(entry, heap.get(zero)), [&] { heap.sift(k, zero, entry); });
    });
    b.forEach(b.sub(k, one), [&](ValueRange i) {
      Value last = b.sub(b.sub(k, one), i[0]);
      Entry entry = heap.get(last);
      heap.set(last, heap.get(zero));
      heap.sift(last, zero, entry);
    });
  });
}
