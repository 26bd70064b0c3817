//===- RowwiseSpace.cpp - A row at a time: results of reductions used again along what they reduced --===//

#include "KernelShape.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;

bool tenon::isCostly(const StructuredOp &op) {
  auto generic = dyn_cast<linalg::GenericOp>(op.op);
  if (!generic)
    return false;
  return llvm::any_of(generic.getBody()->without_terminator(), [](Operation &inner) {
    return isa<math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp, math::PowFOp, math::SinOp, math::CosOp>(
               inner) ||
           isa<arith::DivFOp>(inner);
  });
}

/// The loop along which an op's result is contiguous, or failing that its last parallel loop.
static std::optional<unsigned> contiguousLoop(const StructuredOp &op) {
  AffineMap map = op.outputs.front().map;
  if (map.getNumResults() == 0)
    return std::nullopt;
  return cast<AffineDimExpr>(map.getResults().back()).getPosition();
}

void tenon::enumerateRowwise(const KernelShape &shape, std::vector<ScoredSchedule> &found) {
  StructuredKernel &kernel = shape.kernel;
  unsigned rootNumber = kernel.getRoot();
  const StructuredOp &root = shape.root();
  llvm::SmallBitVector shared = shape.sharedLoops();
  constexpr int64_t unroll = 4;
  // The coefficients of a polynomial take most of 16 registers.
  int64_t costlyUnroll = shape.machine.numVectorRegisters > 16 ? 4 : 2;

  ScoredSchedule candidate;
  StageSchedule rootStage;
  rootStage.op = rootNumber;
  for (unsigned loop = 0; loop < root.getNumLoops(); ++loop)
    if (shared.test(loop))
      rootStage.loops.push_back({loop, 1});
  unsigned depth = rootStage.loops.size();
  std::optional<unsigned> vector = contiguousLoop(root);
  if (vector && shared.test(*vector))
    vector = std::nullopt;
  rootStage.vectorDim = vector;
  if (!root.isReduction())
    for (unsigned loop = 0; loop < root.getNumLoops(); ++loop)
      if (!shared.test(loop))
        rootStage.inner.push_back({loop, vector == loop ? unroll : 1});
  rootStage.parallelLoops = depth;
  candidate.schedule.stages.push_back(rootStage);

  for (unsigned number = 0; number < kernel.getOps().size(); ++number) {
    const StructuredOp &op = kernel.getOp(number);
    if (number == rootNumber || !shape.rootLoops.contains(number))
      continue;
    StageSchedule stage;
    stage.op = number;
    stage.parent = rootNumber;
    stage.depth = depth;
    SmallVector<std::optional<unsigned>> toRoot = shape.rootLoops.lookup(number);
    LoopNest nest = makeLoopNest(kernel, number);
    if (op.isReduction()) {
      // Lanes along a reduced loop if every operand is contiguous there.
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (op.isReductionLoop(loop) && canVectorize(nest, loop) && nest.extents[loop] > 1)
          stage.vectorDim = loop;
      // What is left parallel inside the row must lie in the reduction's tile: then it is stored instead.
      bool wholeRow = true;
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (!op.isReductionLoop(loop) && !(toRoot[loop] && shared.test(*toRoot[loop])))
          wholeRow = false;
      stage.stored = !wholeRow;
      if (stage.stored) {
        std::optional<unsigned> contiguous = contiguousLoop(op);
        LoopNest::Operand &output = nest.output;
        bool vectorizable = contiguous && canVectorize(nest, *contiguous) && output.strides[*contiguous] == 1;
        stage.vectorDim = vectorizable ? contiguous : stage.vectorDim;
        for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
          if (!op.isReductionLoop(loop))
            stage.loops.push_back({loop, 1});
      }
      for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
        if (op.isReductionLoop(loop))
          stage.inner.push_back({loop, stage.vectorDim == loop ? unroll : 1});
      candidate.schedule.stages.push_back(stage);
      continue;
    }
    // An elementwise producer several ops read, and costly: once into scratch, if there is room for a row of
    // it.
    int64_t rowBytes = 4;
    bool alongRow = false; // what has one value a row stays in a register
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (!(toRoot[loop] && shared.test(*toRoot[loop]))) {
        rowBytes *= nest.extents[loop];
        alongRow = true;
      }
    if (!alongRow || shape.readers.lookup(number) < 2 || !isCostly(op) ||
        rowBytes > shape.machine.maxScratchBytes)
      continue;
    stage.stored = true;
    stage.vectorDim = contiguousLoop(op);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (!(toRoot[loop] && shared.test(*toRoot[loop])))
        stage.loops.push_back({loop, stage.vectorDim == loop ? costlyUnroll : 1});
    candidate.schedule.stages.push_back(stage);
  }
  // Cycles: one body a vector, several for costly ones.
  for (const auto &[number, loops] : shape.rootLoops)
    candidate.cycles +=
        makeLoopNest(kernel, number).iterations() / shape.lanes * (isCostly(kernel.getOp(number)) ? 12 : 2);
  found.push_back(std::move(candidate));
}
