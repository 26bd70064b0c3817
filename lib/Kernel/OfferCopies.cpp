//===- OfferCopies.cpp - Copies of operands that a schedule may store panel by panel ----------===//

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

/// The dimension of an operand that lies innermost in panels of it, if tiles of a contraction would read
/// those again and again: the one along the lanes of the result, or for the operand without it one that is
/// reduced. None for an operand that is best read as it lies.
static std::optional<unsigned> panelDimension(const StructuredOp &op, AffineMap map) {
  if (map.getNumResults() < 2 || !map.isProjectedPermutation())
    return std::nullopt;
  AffineMap result = op.outputs.front().map;
  AffineExpr lanes = result.getNumResults() > 0 ? result.getResults().back() : AffineExpr();
  bool isReadAgain = false;
  std::optional<unsigned> lanesDim, reducedDim;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (!map.isFunctionOfDim(loop)) {
      if (!op.isReductionLoop(loop))
        isReadAgain |= op.staticExtent(loop).value_or(std::numeric_limits<int64_t>::max()) > 1;
      continue;
    }
    if (!op.staticExtent(loop))
      return std::nullopt; // a panel has a size
    unsigned dim = *map.getResultPosition(getAffineDimExpr(loop, map.getContext()));
    if (op.isReductionLoop(loop))
      reducedDim = dim;
    else if (lanes == getAffineDimExpr(loop, map.getContext()))
      lanesDim = dim;
  }
  unsigned last = map.getNumResults() - 1;
  if (!isReadAgain || !reducedDim || (!lanesDim && reducedDim == last))
    return std::nullopt;
  return lanesDim ? lanesDim : reducedDim;
}

/// An op of its own that moves `value`, dimension `last` innermost; `map` then reads what it moved.
static Value copyOf(OpBuilder &builder, Location loc, Value value, unsigned last, AffineMap &map) {
  auto type = cast<RankedTensorType>(value.getType());
  unsigned rank = type.getRank();
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> read(rank), indices;
  for (unsigned i = 0; i < rank; ++i) {
    unsigned from = i + 1 == rank ? last : i + (i >= last);
    shape.push_back(type.getDimSize(from));
    read[from] = builder.getAffineDimExpr(i);
    indices.push_back(map.getResult(from));
  }
  map = AffineMap::get(map.getNumDims(), map.getNumSymbols(), indices, builder.getContext());
  Value empty = tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  AffineMap maps[] = {AffineMap::get(rank, 0, read, builder.getContext()),
                      builder.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(builder, loc, TypeRange{empty.getType()}, ValueRange{value},
                                        ValueRange{empty}, maps, iterators,
                                        [](OpBuilder &inside, Location at, ValueRange arguments) {
                                          linalg::YieldOp::create(inside, at, arguments.front());
                                        });
  return copy.getResult(0);
}

namespace {
struct OfferCopies : tenon::impl::OfferCopiesBase<OfferCopies> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function->hasAttr("tenon.structured") || function->hasAttr("tenon.schedule") ||
        findUnstructuredOp(function))
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
    SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      auto argument = dyn_cast<BlockArgument>(operand->get());
      if (!argument || argument.getOwner() != &function.getBody().front() ||
          function.getArgAttr(argument.getArgNumber(), "tenon.constant") || // laid out ahead of time
          !cast<RankedTensorType>(argument.getType()).hasStaticShape())
        continue;
      AffineMap &map = maps[operand->getOperandNumber()];
      std::optional<unsigned> last = panelDimension(*contraction, map);
      OpBuilder builder(generic);
      if (last)
        operand->set(copyOf(builder, generic.getLoc(), argument, *last, map));
    }
    generic.setIndexingMapsAttr(Builder(generic).getAffineMapArrayAttr(maps));
  }
};
} // namespace
