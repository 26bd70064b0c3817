//===- IsolatePlacements.cpp - Copy values that need two places at once --------------------------------===//

#include "tenon/Dialect/Tenon/IR/Placement.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Kernel/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace tenon {
#define GEN_PASS_DEF_ISOLATEPLACEMENTS
#include "tenon/Kernel/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

/// The value whose bytes `value` is a view of.
static Value viewedValue(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

/// A kernel of one identity op.
static Value copyOf(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto kernel = KernelOp::create(builder, loc, TypeRange{type}, ValueRange{value});
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&kernel.getBody(), {}, TypeRange{type}, {loc});
  Value source = body->getArgument(0);
  SmallVector<Value> dynamicSizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      dynamicSizes.push_back(tensor::DimOp::create(builder, loc, source, dim));
  Value empty = tensor::EmptyOp::create(builder, loc, type, dynamicSizes);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(builder, loc, TypeRange{type}, ValueRange{source}, ValueRange{empty},
                                        ArrayRef<AffineMap>{identity, identity}, iterators,
                                        [](OpBuilder &inside, Location at, ValueRange arguments) {
                                          linalg::YieldOp::create(inside, at, arguments.front());
                                        });
  YieldOp::create(builder, loc, copy.getResults());
  return kernel.getResult(0);
}

/// Whether the rows of an operand lie apart inside the result of `op`.
static bool leavesGaps(Operation *op) {
  auto concat = dyn_cast<ConcatOp>(op);
  if (!concat)
    return false;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(concat.getType()).getShape();
  return llvm::any_of(shape.take_front(concat.getAxis()), [](int64_t size) { return size != 1; });
}

/// Whether `operand`, and what it is a view of, is read for this use alone.
static bool isReadOnce(Value operand) {
  while (operand.hasOneUse()) {
    auto view = operand.getDefiningOp<ReshapeOp>();
    if (!view)
      return true;
    operand = view.getInput();
  }
  return false;
}

/// Whether `source`, seen as `operand`, can be made inside a concat: as a view that has strides there. All of
/// another concat can if nobody else reads a part of it, for then their rows lie apart too.
static bool fitsIntoConcat(Value source, Value operand) {
  auto shapeOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
  for (Value view = operand; view != source; view = view.getDefiningOp<ReshapeOp>().getInput())
    if (!differInOnesOnly(shapeOf(view.getDefiningOp<ReshapeOp>().getInput()), shapeOf(view)))
      return false;
  auto inner = source.getDefiningOp<ConcatOp>();
  return !inner || (!ShapedType::isDynamicShape(shapeOf(source)) && isReadOnce(operand) &&
                    llvm::all_of(inner.getInputs(), isReadOnce));
}

namespace {
struct IsolatePlacements : tenon::impl::IsolatePlacementsBase<IsolatePlacements> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      llvm::DenseSet<Value> placed;
      // Places are taken in order: results first, so that they are rarely copied.
      isolate(function.getBody().front().getTerminator(), placed);
      function.walk([&](ConcatOp concat) {
        if (!concat->getParentOfType<KernelOp>())
          isolate(concat, placed);
      });
    }
  }

  /// Copies the operands of `op` that can't be computed where it wants them.
  static void isolate(Operation *op, llvm::DenseSet<Value> &placed) {
    OpBuilder builder(op);
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = cast<RankedTensorType>(operand.get().getType());
      if (type.hasStaticShape() && type.getNumElements() == 0)
        continue; // nothing to copy, wherever it lies
      Value source = viewedValue(operand.get());
      Operation *producer = source.getDefiningOp();
      bool movable = producer && isa<KernelOp, ConcatOp>(producer);
      if (isa<ConcatOp>(op))
        movable = movable && fitsIntoConcat(source, operand.get());
      // Other readers expect rows without gaps.
      movable = movable && (isReadOnce(operand.get()) || !leavesGaps(op));
      if (movable && placed.insert(source).second)
        continue;
      Value copy = copyOf(builder, op->getLoc(), operand.get());
      operand.set(copy);
      placed.insert(copy);
    }
  }
};
} // namespace
