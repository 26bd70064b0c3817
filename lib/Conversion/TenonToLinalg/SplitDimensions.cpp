//===- SplitDimensions.cpp - Dimensions that kernels compute in parts --------------------------===//
//
// Convolutions in groups and attention of grouped heads compute a dimension in two parts (group, member),
// since an access map has no quotients. Merging the parts is free in memory, but no structured op: so each
// lowering ends in a tensor.collapse_shape, and here these move down. An op that reads the merged dimension
// gets loops over the parts,
//
//     collapse %c [n, g*m] -> generic (d0, d1)      becomes      generic (d0, d1, d2) reading %c [d0, d1,
//     d2],
//                                                                all other operands at d1 * m + d2 ->
//                                                                collapse
//
// until the kernel's result is in parts and a tenon.reshape outside, a view, merges them.
//
//===----------------------------------------------------------------------------------------===//

#include "SplitDimensions.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

using Factors = SmallVector<int64_t>;

/// `index` as a combination of its parts: ((p0 * f1) + p1) * f2 + p2 ...
static AffineExpr combine(ArrayRef<AffineExpr> parts, ArrayRef<int64_t> factors) {
  AffineExpr index = parts[0];
  for (size_t i = 1; i < parts.size(); ++i)
    index = index * factors[i] + parts[i];
  return index;
}

/// The loops `index` combines, if it combines loops of just these extents.
static std::optional<SmallVector<AffineExpr>> partsOf(AffineExpr index, ArrayRef<int64_t> factors,
                                                      ArrayRef<int64_t> extents) {
  SmallVector<AffineExpr> parts;
  int64_t weight = 1;
  for (size_t i = factors.size(); i-- > 0; weight *= factors[i]) {
    AffineExpr part;
    for (auto [dim, extent] : llvm::enumerate(extents)) {
      AffineExpr loop = getAffineDimExpr(dim, index.getContext());
      AffineExpr rest = simplifyAffineExpr(index - loop * weight, extents.size(), 0);
      if (extent == factors[i] && index.isFunctionOfDim(dim) && !rest.isFunctionOfDim(dim))
        part = loop;
    }
    if (!part)
      return std::nullopt;
    parts.insert(parts.begin(), part);
  }
  if (simplifyAffineExpr(combine(parts, factors) - index, extents.size(), 0) != 0)
    return std::nullopt;
  return parts;
}

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {

/// Gives a structured op loops over the parts of the dimensions that a collapse merges.
class LoopSplitter {
public:
  LoopSplitter(linalg::GenericOp op, tensor::CollapseShapeOp collapse)
      : op(op), collapse(collapse), context(op.getContext()), extents(op.getStaticLoopRanges()),
        factors(op.getNumLoops()) {}

  LogicalResult run(RewriterBase &rewriter);

private:
  LogicalResult findFactors();
  void numberLoops();
  SmallVector<AffineExpr> partLoops(unsigned loop) const;
  AffineMap convertMap(OpOperand &operand);
  Value splitInit(RewriterBase &rewriter, Value init, AffineMap map,
                  SmallVector<ReassociationIndices> &merged);
  void splitIndexOps(RewriterBase &rewriter, Block &body) const;

  linalg::GenericOp op;
  tensor::CollapseShapeOp collapse;
  MLIRContext *context;
  SmallVector<int64_t> extents;
  /// For each loop that is split the extents of its parts.
  SmallVector<Factors> factors;
  /// The number of each old loop's first new loop, and the old loops in terms of the new ones.
  SmallVector<unsigned> firstLoop;
  SmallVector<AffineExpr> replacements;
  unsigned numLoops = 0;
};

} // namespace

/// Finds the loops to split from the operands that read the merged tensor.
LogicalResult LoopSplitter::findFactors() {
  RankedTensorType parts = tensorType(collapse.getSrc());
  for (OpOperand *operand : op.getDpsInputOperands()) {
    if (operand->get() != collapse.getResult())
      continue;
    AffineMap map = op.getMatchingIndexingMap(operand);
    for (auto [group, index] : llvm::zip_equal(collapse.getReassociationIndices(), map.getResults())) {
      Factors sizes = llvm::map_to_vector(group, [&](int64_t dim) { return parts.getDimSize(dim); });
      if (sizes.size() == 1 || llvm::is_contained(sizes, ShapedType::kDynamic)) {
        if (sizes.size() > 1)
          return failure();
        continue;
      }
      bool isOne = llvm::all_of(sizes, [](int64_t size) { return size == 1; });
      if (isOne || partsOf(index, sizes, extents))
        continue;
      auto loop = dyn_cast<AffineDimExpr>(index);
      if (!loop || (!factors[loop.getPosition()].empty() && factors[loop.getPosition()] != sizes))
        return failure();
      factors[loop.getPosition()] = sizes;
    }
  }
  return success();
}

void LoopSplitter::numberLoops() {
  for (const Factors &parts : factors) {
    firstLoop.push_back(numLoops);
    numLoops += std::max<size_t>(parts.size(), 1);
  }
  for (unsigned loop = 0; loop < factors.size(); ++loop)
    replacements.push_back(factors[loop].empty() ? getAffineDimExpr(firstLoop[loop], context)
                                                 : combine(partLoops(loop), factors[loop]));
}

SmallVector<AffineExpr> LoopSplitter::partLoops(unsigned loop) const {
  SmallVector<AffineExpr> loops;
  for (size_t i = 0; i < std::max<size_t>(factors[loop].size(), 1); ++i)
    loops.push_back(getAffineDimExpr(firstLoop[loop] + i, context));
  return loops;
}

/// An operand's map over the new loops; one of the merged tensor reads the parts.
AffineMap LoopSplitter::convertMap(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<AffineExpr> results;
  bool readsParts = operand.get() == collapse.getResult();
  RankedTensorType parts = tensorType(collapse.getSrc());
  for (auto [i, index] : llvm::enumerate(map.getResults())) {
    AffineExpr converted = index.replaceDims(replacements);
    if (!readsParts) {
      results.push_back(converted);
      continue;
    }
    ReassociationIndices group = collapse.getReassociationIndices()[i];
    Factors sizes = llvm::map_to_vector(group, [&](int64_t dim) { return parts.getDimSize(dim); });
    if (group.size() == 1) {
      results.push_back(converted);
    } else if (llvm::all_of(sizes, [](int64_t size) { return size == 1; })) {
      results.append(group.size(), getAffineConstantExpr(0, context));
    } else if (std::optional<SmallVector<AffineExpr>> loops = partsOf(index, sizes, extents)) {
      for (AffineExpr loop : *loops)
        results.push_back(loop.replaceDims(replacements));
    } else {
      llvm::append_range(results, partLoops(cast<AffineDimExpr>(index).getPosition()));
    }
  }
  return AffineMap::get(numLoops, 0, results, context);
}

/// The initial value of a result in parts, and which of its dimensions belong together.
Value LoopSplitter::splitInit(RewriterBase &rewriter, Value init, AffineMap map,
                              SmallVector<ReassociationIndices> &merged) {
  RankedTensorType type = tensorType(init);
  SymbolicSizes sizes(context);
  SymbolicSizes::Sizes whole = sizes.of(type), split;
  for (auto [dim, index] : llvm::enumerate(map.getResults())) {
    const Factors &parts = factors[cast<AffineDimExpr>(index).getPosition()];
    merged.emplace_back();
    for (int64_t part : parts) {
      merged.back().push_back(split.size());
      split.push_back(sizes.constant(part));
    }
    if (parts.empty()) {
      merged.back().push_back(split.size());
      split.push_back(whole[dim]);
    }
  }
  if (split.size() == whole.size())
    return init;
  // Dimensions in parts are static, so the dynamic sizes stay the same.
  auto fill = init.getDefiningOp<linalg::FillOp>();
  Value source = fill ? fill.getOutputs()[0] : init;
  auto empty = source.getDefiningOp<tensor::EmptyOp>();
  assert(empty && "structured ops start from empty or filled tensors");
  Value result = tensor::EmptyOp::create(rewriter, op.getLoc(), sizes.tensor(split, type.getElementType()),
                                         empty.getDynamicSizes());
  if (!fill)
    return result;
  return linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs()[0], result).getResult(0);
}

void LoopSplitter::splitIndexOps(RewriterBase &rewriter, Block &body) const {
  for (linalg::IndexOp index : llvm::make_early_inc_range(body.getOps<linalg::IndexOp>())) {
    rewriter.setInsertionPoint(index);
    Location loc = index.getLoc();
    unsigned loop = index.getDim();
    Value value = linalg::IndexOp::create(rewriter, loc, firstLoop[loop]);
    for (size_t i = 1; i < factors[loop].size(); ++i) {
      Value size = arith::ConstantIndexOp::create(rewriter, loc, factors[loop][i]);
      Value part = linalg::IndexOp::create(rewriter, loc, firstLoop[loop] + i);
      value = arith::AddIOp::create(rewriter, loc, arith::MulIOp::create(rewriter, loc, value, size), part);
    }
    rewriter.replaceOp(index, value);
  }
}

LogicalResult LoopSplitter::run(RewriterBase &rewriter) {
  if (failed(findFactors()))
    return failure();
  numberLoops();
  rewriter.setInsertionPoint(op);
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    maps.push_back(convertMap(*operand));
    inputs.push_back(operand->get() == collapse.getResult() ? collapse.getSrc() : operand->get());
  }
  SmallVector<SmallVector<ReassociationIndices>> merged;
  for (OpOperand &operand : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    inits.push_back(splitInit(rewriter, operand.get(), map, merged.emplace_back()));
    SmallVector<AffineExpr> written;
    for (AffineExpr index : map.getResults())
      llvm::append_range(written, partLoops(cast<AffineDimExpr>(index).getPosition()));
    maps.push_back(AffineMap::get(numLoops, 0, written, context));
  }
  SmallVector<utils::IteratorType> iterators;
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    iterators.append(std::max<size_t>(factors[loop].size(), 1), kind);
  auto split = linalg::GenericOp::create(rewriter, op.getLoc(), TypeRange(ValueRange(inits)), inputs, inits,
                                         maps, iterators);
  rewriter.inlineRegionBefore(op.getRegion(), split.getRegion(), split.getRegion().begin());
  splitIndexOps(rewriter, *split.getBody());
  rewriter.setInsertionPointAfter(split);
  SmallVector<Value> results;
  for (auto [result, old, groups] : llvm::zip_equal(split.getResults(), op.getResults(), merged)) {
    bool isSplit = result.getType() != old.getType();
    results.push_back(
        isSplit ? tensor::CollapseShapeOp::create(rewriter, op.getLoc(), old.getType(), result, groups)
                      .getResult()
                : Value(result));
  }
  rewriter.replaceOp(op, results);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// The other readers of a merged tensor
//===----------------------------------------------------------------------------------------===//

/// Pads in parts; fails where a merged dimension itself is padded.
static LogicalResult sinkBelowPad(RewriterBase &rewriter, tensor::PadOp pad,
                                  tensor::CollapseShapeOp collapse) {
  SymbolicSizes sizes(pad.getContext());
  SymbolicSizes::Sizes parts = sizes.of(tensorType(collapse.getSrc())),
                       padded = sizes.of(pad.getResultType());
  SmallVector<int64_t> low(parts.size(), 0), high(parts.size(), 0);
  for (auto [i, group] : llvm::enumerate(collapse.getReassociationIndices())) {
    int64_t before = pad.getStaticLow()[i], after = pad.getStaticHigh()[i];
    if (group.size() > 1 && (before != 0 || after != 0))
      return failure();
    low[group[0]] = before;
    high[group[0]] = after;
    if (group.size() == 1)
      parts[group[0]] = padded[i];
  }
  rewriter.setInsertionPoint(pad);
  RankedTensorType type = sizes.tensor(parts, pad.getResultType().getElementType());
  auto split = tensor::PadOp::create(rewriter, pad.getLoc(), type, collapse.getSrc(), low, high, ValueRange(),
                                     ValueRange());
  Block *body =
      rewriter.createBlock(&split.getRegion(), {}, SmallVector<Type>(parts.size(), rewriter.getIndexType()),
                           SmallVector<Location>(parts.size(), pad.getLoc()));
  rewriter.setInsertionPointToEnd(body);
  tensor::YieldOp::create(rewriter, pad.getLoc(), pad.getConstantPaddingValue());
  rewriter.setInsertionPointAfter(split);
  rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(pad, pad.getResultType(), split.getResult(),
                                                       collapse.getReassociationIndices());
  return success();
}

/// Yields the parts; the view that merges them stands behind the kernel.
static void sinkOut(RewriterBase &rewriter, KernelOp kernel, OpOperand &yielded,
                    tensor::CollapseShapeOp collapse) {
  OpResult result = kernel->getResult(yielded.getOperandNumber());
  Type whole = result.getType();
  rewriter.modifyOpInPlace(yielded.getOwner(), [&] { yielded.set(collapse.getSrc()); });
  rewriter.modifyOpInPlace(kernel, [&] { result.setType(collapse.getSrcType()); });
  rewriter.setInsertionPointAfter(kernel);
  auto merged = ReshapeOp::create(rewriter, collapse.getLoc(), whole, result);
  rewriter.replaceAllUsesExcept(result, merged.getResult(), merged);
}

LogicalResult tenon::sinkCollapses(KernelOp kernel) {
  IRRewriter rewriter(kernel.getContext());
  Block &block = kernel.getBody().front();
  auto next = [&]() -> tensor::CollapseShapeOp {
    auto collapses = block.getOps<tensor::CollapseShapeOp>();
    return collapses.empty() ? tensor::CollapseShapeOp() : *collapses.begin();
  };
  while (tensor::CollapseShapeOp collapse = next()) {
    while (!collapse->use_empty()) {
      OpOperand &use = *collapse->use_begin();
      Operation *user = use.getOwner();
      LogicalResult sunk = failure();
      if (auto generic = dyn_cast<linalg::GenericOp>(user))
        sunk = LoopSplitter(generic, collapse).run(rewriter);
      else if (auto pad = dyn_cast<tensor::PadOp>(user))
        sunk = sinkBelowPad(rewriter, pad, collapse);
      else if (isa<YieldOp>(user))
        sunk = (sinkOut(rewriter, kernel, use, collapse), success());
      if (failed(sunk))
        return user->emitOpError(
                   "expects to read dimensions that its kernel computes in parts one to one, as from ")
               << collapse.getSrcType() << " for " << collapse.getResultType();
    }
    rewriter.eraseOp(collapse);
  }
  return success();
}
