//===- OfferCopies.cpp - Copies of operands that a schedule may store panel by panel
//---------------------===//

#include "tenon/Kernel/Passes.h"
#include "tenon/Structure/StructuredKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace tenon {
#define GEN_PASS_DEF_OFFERCOPIES
#include "tenon/Kernel/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

/// Whether tiles of a contraction would read panels of an operand again and again: rows along a loop of the
/// result, which other loops of the result do not move.
static bool isReadInPanels(const StructuredOp &op, AffineMap map) {
  if (map.getNumResults() < 2 || !map.isProjectedPermutation())
    return false;
  unsigned lanes = map.getDimPosition(map.getNumResults() - 1);
  bool isReduced = false, isReadAgain = false;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (map.isFunctionOfDim(loop) && !op.staticExtent(loop))
      return false; // a panel has a size
    if (op.isReductionLoop(loop))
      isReduced |= map.isFunctionOfDim(loop);
    else if (!map.isFunctionOfDim(loop))
      isReadAgain |= op.staticExtent(loop).value_or(std::numeric_limits<int64_t>::max()) > 1;
  }
  AffineMap result = op.outputs.front().map;
  return isReduced && isReadAgain && !op.isReductionLoop(lanes) && result.getNumResults() > 0 &&
         result.getResults().back() == getAffineDimExpr(lanes, map.getContext());
}

/// An op of its own that moves `value` as it is.
static Value copyOf(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(builder, loc, TypeRange{type}, ValueRange{value}, ValueRange{empty},
                                        ArrayRef<AffineMap>{identity, identity}, iterators,
                                        [](OpBuilder &inside, Location at, ValueRange arguments) {
                                          linalg::YieldOp::create(inside, at, arguments.front());
                                        });
  return copy.getResult(0);
}

namespace {
struct OfferCopies : tenon::impl::OfferCopiesBase<OfferCopies> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function->hasAttr("tenon.structured") || function->hasAttr("tenon.schedule"))
      return;
    FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
    if (failed(kernel))
      return signalPassFailure();
    const StructuredOp *contraction = nullptr;
    for (const StructuredOp &op : kernel->getOps()) {
      if (!op.isReduction())
        continue;
      if (contraction || op.outputs.size() != 1)
        return; // several share their blocks
      contraction = &op;
    }
    auto generic = contraction ? dyn_cast<linalg::GenericOp>(contraction->op) : linalg::GenericOp();
    if (!generic || generic.getNumDpsInputs() != 2)
      return;
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      auto argument = dyn_cast<BlockArgument>(operand->get());
      if (!argument || argument.getOwner() != &function.getBody().front() ||
          function.getArgAttr(argument.getArgNumber(), "tenon.constant") || // laid out ahead of time
          !cast<RankedTensorType>(argument.getType()).hasStaticShape() ||
          !isReadInPanels(*contraction, generic.getMatchingIndexingMap(operand)))
        continue;
      OpBuilder builder(generic);
      operand->set(copyOf(builder, generic.getLoc(), argument));
    }
  }
};
} // namespace
