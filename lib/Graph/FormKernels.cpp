//===- FormKernels.cpp - Group ops into kernels -------------------------------------------------===//
//
// In: a function of tenon ops. Out: the same ops inside tenon.kernel regions; outside there remain constants,
// reshapes, concatenations and the return. It ends the graph phase: from here on a kernel is the unit of
// everything.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "KernelGroups.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace tenon {
#define GEN_PASS_DEF_FORMKERNELS
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

/// The values an op reads, those its regions take from outside included.
static llvm::SetVector<Value> valuesReadBy(Operation *op) {
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values;
}

/// Adds arguments of the function to `inputs` where sizes inside the kernel don't follow from those of its
/// inputs.
static void addSizeSources(func::FuncOp function, ArrayRef<Operation *> ops, llvm::SetVector<Value> &inputs) {
  SymbolicSizes sizes(function.getContext());
  SymbolicSizes::Sizes wanted;
  for (Operation *op : ops) {
    for (Type type : op->getResultTypes())
      llvm::append_range(wanted, sizes.of(cast<RankedTensorType>(type)));
    if (auto vector = dyn_cast<SizeVectorOp>(op))
      llvm::append_range(wanted, sizes.of(vector.getSizes()));
  }
  auto isKnown = [&](AffineExpr size) {
    return llvm::any_of(inputs, [&](Value input) {
      return llvm::is_contained(sizes.of(cast<RankedTensorType>(input.getType())), size);
    });
  };
  auto gives = [&](Value value, AffineExpr symbol) {
    return llvm::any_of(sizes.of(cast<RankedTensorType>(value.getType())),
                        [&](AffineExpr size) { return size && sizes.linearIn(size, symbol); });
  };
  for (AffineExpr size : wanted) {
    if (!size || isKnown(size))
      continue;
    for (unsigned i = 0; i < sizes.getSymbols().size(); ++i) {
      AffineExpr symbol = getAffineSymbolExpr(i, function.getContext());
      auto givesSymbol = [&](Value value) { return gives(value, symbol); };
      if (!size.isFunctionOfSymbol(i) || llvm::any_of(inputs, givesSymbol))
        continue;
      auto source = llvm::find_if(function.getArguments(), givesSymbol);
      if (source != function.getArguments().end())
        inputs.insert(*source);
    }
  }
}

namespace {

struct FormKernels : tenon::impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override;

private:
  void eraseDeadOps(Block &block);
  void remarkOnNeighbours(const KernelGroups &groups, Block &block);
  void buildKernel(const KernelGroup &group);
};

} // namespace

void FormKernels::eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void FormKernels::remarkOnNeighbours(const KernelGroups &groups, Block &block) {
  for (Operation &consumer : block)
    for (Value value : valuesReadBy(&consumer)) {
      Operation *producer = value.getDefiningOp();
      if (!producer)
        continue;
      if (std::string reason = groups.whySeparate(producer, &consumer); !reason.empty())
        consumer.emitRemark("not fused: ")
            .append(reason)
            .attachNote(producer->getLoc())
            .append("producer is here");
    }
}

/// Clones the ops of the group into a kernel in the place of its last op, which takes over the uses outside.
void FormKernels::buildKernel(const KernelGroup &group) {
  auto isInside = [&](Operation *op) { return llvm::is_contained(group.ops, op); };
  llvm::SetVector<Value> inputs;
  llvm::SetVector<Operation *> constants;
  for (Operation *op : group.ops)
    for (Value value : valuesReadBy(op)) {
      Operation *defining = value.getDefiningOp();
      if (defining && KernelGroups::isClonedInto(defining, op))
        constants.insert(defining);
      else if (!defining || !isInside(defining))
        inputs.insert(value);
    }
  addSizeSources(getOperation(), group.ops, inputs);
  SmallVector<Value> results;
  for (Operation *op : group.ops)
    if (op == group.getRoot() || (group.secondResult && op == group.secondResult.getDefiningOp()))
      for (Value result : op->getResults())
        if (!result.use_empty())
          results.push_back(result);

  OpBuilder builder(group.getRoot());
  SmallVector<Location> locations;
  for (Operation *op : group.ops)
    locations.push_back(op->getLoc());
  auto kernel = KernelOp::create(builder, builder.getFusedLoc(locations), ValueRange(results).getTypes(),
                                 inputs.getArrayRef());
  Block &body = kernel.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&body);
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body.addArgument(input.getType(), input.getLoc()));
  // A constant may be both cloned and an input, of an op that reads it at computed places.
  IRMapping withConstants = mapping;
  for (Operation *constant : constants)
    withConstants.map(constant->getResult(0), builder.clone(*constant)->getResult(0));
  for (Operation *op : group.ops) {
    bool takesClones = llvm::any_of(
        constants, [&](Operation *constant) { return KernelGroups::isClonedInto(constant, op); });
    Operation *clone = builder.clone(*op, takesClones ? withConstants : mapping);
    mapping.map(op->getResults(), clone->getResults());
    withConstants.map(op->getResults(), clone->getResults());
  }
  SmallVector<Value> yielded =
      llvm::map_to_vector(results, [&](Value result) { return mapping.lookup(result); });
  YieldOp::create(builder, kernel.getLoc(), yielded);
  for (auto [result, replacement] : llvm::zip_equal(results, kernel.getResults()))
    result.replaceAllUsesWith(replacement);
  ++numKernels;
  numFused += group.ops.size() - 1;
}

void FormKernels::runOnOperation() {
  if (getOperation().isExternal())
    return;
  if (maxKernelOps < 1) {
    getOperation().emitError("expects max-kernel-ops of 1 or more, but got ") << maxKernelOps.getValue();
    return signalPassFailure();
  }
  if (!getOperation().getBody().hasOneBlock()) {
    getOperation().emitError("expects a function of one block, but got ")
        << getOperation().getBlocks().size();
    return signalPassFailure();
  }
  Block &block = getOperation().front();
  eraseDeadOps(block);
  KernelGroups groups(block, {static_cast<size_t>(maxKernelOps), secondResults});
  if (explain)
    remarkOnNeighbours(groups, block);
  bool hasSecondResults = false;
  for (const KernelGroup *group : groups.getGroups()) {
    buildKernel(*group);
    hasSecondResults |= static_cast<bool>(group->secondResult);
  }
  eraseDeadOps(block);
  // A kernel stands where its last op did, which for a second result can be too late.
  if (hasSecondResults)
    sortTopologically(&block);
}
