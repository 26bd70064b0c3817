//===- Unstructured.cpp - Which unstructured ops have loops, and why others have none ---------------===//

#include "Families.h"

#include "tenon/Support/Refusal.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;

/// Why no loops can be emitted for the op.
static StringRef refusal(Operation *op) {
  if (isa<NonZeroOp, CompressOp, UniqueOp, NonMaxSuppressionOp>(op))
    return "gives a result whose size depends on the elements of its inputs: programs know sizes before they "
           "run";
  if (isa<IfOp, LoopOp, ScanOp>(op))
    return "needs branches in the program, which has none: it has to be decided by constants";
  if (isa<RnnOp, GruOp, LstmOp>(op))
    return "has to be decomposed first";
  return "takes sizes or places from a tensor that is not known when compiling";
}

LogicalResult tenon::emitUnstructured(Operation *op, OpBuilder &builder, const OpBuffers &buffers) {
  LoopBuilder b(op->getLoc(), builder);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<CumsumOp, CumprodOp, ScatterElementsOp, ScatterNdOp, TensorScatterOp, TopKOp>([&](auto known) {
        emitLoops(known, b, buffers);
        return success();
      })
      .Default([&](Operation *) { return refuse(op) << refusal(op); });
}
