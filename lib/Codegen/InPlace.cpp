//===- InPlace.cpp - Memory of results that serves twice ---------------------------------------===//
//
// A stage that the root reads element by element, and makes a result of the same type of, needs no scratch:
// it is stored where the result will be, and each tile of the root replaces what it has read. A row of scores
// then takes the memory of one row, not of two.
//
// A result may take the memory of an input that nobody reads afterwards, if the kernel has read each element
// of it for the last time when it stores the result's element at the same place. That follows from the order
// of the loops and from the indices of the reads, whatever the ops compute:
//
//   loops around a read        the part of the input read by then        written in the same iterations
//   those of the tile          the tile's own elements                   the tile, after all its values
//   the outer D of them        a tile of each dimension cut by them      that tile of the result, afterwards
//
// Tiles don't overlap, and what is stored once is never computed again: iterations only have to keep to their
// own elements. A softmax, which reads a row twice before it writes it, does. Where a stage is stored in the
// result, what is read from then on must be its own.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelEmitter.h"

using namespace mlir;
using namespace tenon;

/// Whether the kernel touches `argument` by nothing but indices that its ops' maps give.
static bool isReadByMapsOnly(BlockArgument argument) {
  return llvm::all_of(argument.getUses(), [](OpOperand &use) {
    if (auto generic = dyn_cast<linalg::GenericOp>(use.getOwner()))
      return generic.isDpsInput(&use);
    return isa<tensor::DimOp>(use.getOwner()) ||
           (isa<tensor::PadOp>(use.getOwner()) && use.getOperandNumber() == 0);
  });
}

/// Calls `visit` with each argument of the kernel that the ops of `node` read, stages it reads left out, and
/// the indices they read it at.
void KernelEmitter::forEachRead(const StructuredOp &op, const Exprs &indices,
                                function_ref<void(BlockArgument, const Exprs &)> visit) {
  for (const Access &input : op.inputs) {
    Exprs at = compose(input.map, indices);
    if (auto argument = dyn_cast<BlockArgument>(input.tensor)) {
      visit(argument, at);
      continue;
    }
    std::optional<unsigned> producer = kernel.numberOf(input.tensor);
    if (!producer || placed.contains(*producer))
      continue;
    const StructuredOp &inlined = kernel.getOp(*producer);
    forEachRead(inlined, loopIndices(inlined, cast<OpResult>(input.tensor).getResultNumber(), at), visit);
  }
}

/// Visits the reads of a stage and of all stages inside it.
void KernelEmitter::forEachReadInside(const Node &node,
                                      function_ref<void(BlockArgument, const Exprs &)> visit) {
  forEachRead(kernel.getOp(node.op), node.indices, visit);
  for (const std::unique_ptr<Node> &child : node.children)
    forEachReadInside(*child, visit);
}

/// For each variable of a stored stage inside `node`: the indices it is read at.
void KernelEmitter::collectUses(const Node &node, llvm::DenseMap<Variable, Exprs> &uses) const {
  for (const std::unique_ptr<Node> &child : node.children) {
    collectUses(*child, uses);
    if (!child->stored)
      continue;
    for (auto [i, expr] : llvm::enumerate(kernel.getOp(child->op).outputs.front().map.getResults()))
      for (const Use &use : child->uses)
        uses[variableOf(*child, cast<AffineDimExpr>(expr).getPosition())].push_back(use.indices[i]);
  }
}

/// Whether the first `depth` loops of the root leave the whole of `variable` to each of their iterations.
bool KernelEmitter::isWholeInside(const Node &root, Variable variable, unsigned depth) const {
  auto isAlong = [&](Loop loop) { return loop.variable == variable; };
  // Vectors of any length get a loop inside all of `loops` where the schedule has none.
  if (scalable && depth == root.schedule->loops.size() &&
      llvm::none_of(toLoops(root, root.schedule->inner), isAlong))
    return false;
  int64_t extent = variables[variable].extent;
  bool isStatic = !scalable && !ShapedType::isDynamic(extent);
  return llvm::all_of(toLoops(root, ArrayRef(root.schedule->loops).take_front(depth)),
                      [&](Loop loop) { return !isAlong(loop) || (isStatic && loop.step >= extent); });
}

/// Whether `stage` can be stored where result `result` of the root will be: all of the iteration's elements,
/// and no others, which stay until the root's tile at the same place has read them.
bool KernelEmitter::canUseResult(const Node &root, const Node &stage, unsigned result) const {
  const StructuredOp &op = kernel.getOp(root.op), &staged = kernel.getOp(stage.op);
  unsigned depth = root.schedule->loops.size();
  Value tensor = staged.outputs.front().tensor;
  if (!stage.stored || staged.isReduction() || op.isReduction() || depthIn(stage, root) != depth ||
      staged.outputs.size() != 1 || tensor.getType() != op.outputs[result].tensor.getType() ||
      resultBuffers.contains(tensor) || !tileResults.empty())
    return false;
  Exprs written = compose(op.outputs[result].map, root.indices);
  bool isReplaced = false;
  for (const Use &use : stage.uses) {
    isReplaced |= use.indices == written;
    auto reader = placed.find(use.reader);
    bool isDone =
        reader != placed.end() && reader->second->parent == &root && depthIn(*reader->second, root) == depth;
    for (auto [index, own] : llvm::zip_equal(use.indices, written))
      if (index != own && !(isDone && isWholeInside(root, cast<AffineDimExpr>(own).getPosition(), depth)))
        return false;
  }
  return isReplaced;
}

/// Finds the stages that are stored in results, at most one in each.
void KernelEmitter::findStagesInResults(Node &root) {
  const StructuredOp &op = kernel.getOp(root.op);
  if (!isa<linalg::GenericOp>(op.op))
    return;
  auto returned = kernel.getFunction().getBody().front().getTerminator()->getOperands();
  for (unsigned result = 0; result < op.outputs.size(); ++result)
    for (std::unique_ptr<Node> &child : root.children)
      if (llvm::is_contained(returned, op.outputs[result].tensor) && !child->inResult &&
          canUseResult(root, *child, result)) {
        child->inResult = result;
        break;
      }
}

/// Whether all that `stage` reads of `argument` is at the place of the element it computes, once.
bool KernelEmitter::keepsOwnElements(const Node &stage, BlockArgument argument) {
  Exprs written = compose(kernel.getOp(stage.op).outputs.front().map, stage.indices);
  bool keeps = true;
  if (stage.schedule->with)
    for (const Access &input : kernel.getOp(*stage.schedule->with).inputs)
      keeps &= input.tensor != kernel.getOp(stage.op).outputs.front().tensor || input.map.isPermutation();
  forEachReadInside(stage, [&](BlockArgument read, const Exprs &indices) {
    keeps &= read != argument || indices == written;
  });
  return keeps;
}

/// The arguments that `result` of the root may take the memory of. `uses` are those of collectUses.
llvm::BitVector KernelEmitter::findOverwritable(const Node &root, OpResult result,
                                                const llvm::DenseMap<Variable, Exprs> &uses) {
  const StructuredOp &op = kernel.getOp(root.op);
  ArrayRef<BlockArgument> arguments = kernel.getFunction().getArguments();
  llvm::BitVector safe(arguments.size());
  for (BlockArgument argument : arguments)
    if (argument.getType() == result.getType() && isReadByMapsOnly(argument))
      safe.set(argument.getArgNumber());
  Exprs written = compose(op.outputs[result.getResultNumber()].map, root.indices);
  // The tile computes all its values before it stores the first.
  if (!op.isReduction())
    forEachRead(op, root.indices, [&](BlockArgument argument, const Exprs &indices) {
      if (indices != written)
        safe.reset(argument.getArgNumber());
    });
  auto isOwn = [&](AffineExpr index, AffineExpr own) {
    auto variable = dyn_cast<AffineDimExpr>(index);
    auto stage = variable ? uses.find(variable.getPosition()) : uses.end();
    return index == own ||
           (stage != uses.end() && llvm::all_of(stage->second, [&](AffineExpr use) { return use == own; }));
  };
  bool isTaken = false; // from the first stage on that is stored in the result
  for (const std::unique_ptr<Node> &child : root.children) {
    unsigned depth = depthIn(*child, root);
    bool isStage = child->inResult == result.getResultNumber();
    isTaken |= isStage;
    if (isTaken && depth == root.schedule->loops.size())
      forEachReadInside(*child, [&](BlockArgument argument, const Exprs &) {
        if (!isStage || !keepsOwnElements(*child, argument))
          safe.reset(argument.getArgNumber());
      });
    forEachReadInside(*child, [&](BlockArgument argument, const Exprs &indices) {
      // Stages outside of parallel loops are computed by each call, which others may have overtaken.
      bool keeps = argument.getType() == result.getType() && depth >= root.schedule->parallelLoops;
      for (unsigned i = 0; keeps && i < written.size(); ++i)
        keeps = isOwn(indices[i], written[i]) ||
                isWholeInside(root, cast<AffineDimExpr>(written[i]).getPosition(), depth);
      if (!keeps)
        safe.reset(argument.getArgNumber());
    });
  }
  if (isTaken)
    forEachRead(op, root.indices,
                [&](BlockArgument argument, const Exprs &) { safe.reset(argument.getArgNumber()); });
  return safe;
}

void KernelEmitter::findOverwritable(const Node &root) {
  const StructuredOp &op = kernel.getOp(root.op);
  // Blocks of a reduction store what they have so far.
  if (llvm::any_of(root.schedule->loops, [&](LoopStep loop) { return op.isReductionLoop(loop.dim); }))
    return;
  llvm::DenseMap<Variable, Exprs> uses;
  collectUses(root, uses);
  ValueRange results = kernel.getFunction().getBody().front().getTerminator()->getOperands();
  for (unsigned i = 0; i < results.size(); ++i) {
    Value value = results[i];
    if (value.getDefiningOp() != op.op || llvm::count(results, value) != 1)
      continue;
    for (unsigned argument : findOverwritable(root, cast<OpResult>(value), uses).set_bits())
      overwritable.push_back({i, argument});
  }
}
