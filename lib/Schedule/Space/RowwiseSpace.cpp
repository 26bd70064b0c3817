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

/// Whether what an op computes, by itself or through ops without a stage that it reads, is costly.
static bool computesCostly(const KernelShape &shape, const StructuredOp &op) {
  if (isCostly(op))
    return true;
  return llvm::any_of(op.inputs, [&](const Access &input) {
    std::optional<unsigned> producer = shape.kernel.numberOf(input.tensor);
    if (!producer || !shape.rootLoops.contains(*producer) || shape.readers.lookup(*producer) > 1)
      return false;
    const StructuredOp &inlined = shape.kernel.getOp(*producer);
    return !inlined.isReduction() && computesCostly(shape, inlined);
  });
}

/// The loop that a reduction of whole rows has its lanes along: a reduced one, where every operand is
/// contiguous.
static std::optional<unsigned> lanesAlongRow(const KernelShape &shape, unsigned number) {
  const StructuredOp &op = shape.kernel.getOp(number);
  LoopNest nest = makeLoopNest(shape.kernel, number);
  std::optional<unsigned> lanes;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (op.isReductionLoop(loop) && canVectorize(nest, loop) && nest.extents[loop] > 1)
      lanes = loop;
  return lanes;
}

/// Whether what is left parallel of a reduction inside a row lies in its tile: then it stays in registers.
static bool reducesWholeRow(const KernelShape &shape, unsigned number, const llvm::SmallBitVector &shared) {
  const StructuredOp &op = shape.kernel.getOp(number);
  SmallVector<std::optional<unsigned>> toRoot = shape.rootLoops.lookup(number);
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (!op.isReductionLoop(loop) && !(toRoot[loop] && shared.test(*toRoot[loop])))
      return false;
  return true;
}

/// The reduction that can store op `number` while it goes along the rows anyhow: one that reads each of its
/// elements once.
static std::optional<unsigned> reductionAlong(const KernelShape &shape, unsigned number,
                                              const llvm::SmallBitVector &shared) {
  Value tensor = shape.kernel.getOp(number).outputs.front().tensor;
  for (unsigned reader = number + 1; reader < shape.kernel.getOps().size(); ++reader) {
    const StructuredOp &op = shape.kernel.getOp(reader);
    if (reader == shape.kernel.getRoot() || !shape.rootLoops.contains(reader) || !op.isReduction() ||
        !reducesWholeRow(shape, reader, shared))
      continue;
    for (const Access &input : op.inputs)
      if (input.tensor == tensor && input.map.isPermutation())
        return reader;
  }
  return std::nullopt;
}

void tenon::enumerateRowwise(const KernelShape &shape, std::vector<ScoredSchedule> &found) {
  StructuredKernel &kernel = shape.kernel;
  unsigned rootNumber = kernel.getRoot();
  const StructuredOp &root = shape.root();
  llvm::SmallBitVector shared = shape.sharedLoops();
  constexpr int64_t unroll = 4;
  // The coefficients of a polynomial take most of 16 registers, and what comes next starts before it is done.
  int64_t costlyUnroll = shape.machine.numVectorRegisters > 16 ? 4 : 1;

  ScoredSchedule candidate;
  StageSchedule rootStage;
  rootStage.op = rootNumber;
  std::optional<unsigned> vector = contiguousLoop(root);
  // Rows that lie across memory, as those of channels, go by vectors of rows.
  if (vector && shared.test(*vector) && llvm::any_of(shape.reductions, [&](unsigned number) {
        return lanesAlongRow(shape, number).has_value();
      }))
    vector = std::nullopt;
  rootStage.vectorDim = vector;
  // Several of these vectors at a time: sums that wait for nothing but themselves, and whole lines of memory.
  bool isCheap = llvm::none_of(shape.rootLoops, [&](const auto &entry) {
    bool alongRow = llvm::any_of(entry.second,
                                 [&](std::optional<unsigned> loop) { return !loop || !shared.test(*loop); });
    return alongRow && isCostly(kernel.getOp(entry.first));
  });
  for (unsigned loop = 0; loop < root.getNumLoops(); ++loop)
    if (shared.test(loop))
      rootStage.loops.push_back({loop, vector == loop && isCheap ? unroll : 1});
  unsigned depth = rootStage.loops.size();
  if (!root.isReduction())
    for (unsigned loop = 0; loop < root.getNumLoops(); ++loop)
      if (!shared.test(loop))
        rootStage.inner.push_back({loop, vector == loop ? unroll : 1});
  rootStage.parallelLoops = depth;
  candidate.schedule.stages.push_back(rootStage);
  // Whether a reduction's loops compute something costly: of its own, or a stage that they store.
  auto computesHere = [&](unsigned number) {
    auto isStoredHere = [&](const StageSchedule &stage) { return stage.with == number; };
    return computesCostly(shape, kernel.getOp(number)) ||
           llvm::any_of(candidate.schedule.stages, isStoredHere);
  };

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
      stage.vectorDim = lanesAlongRow(shape, number);
      stage.stored = !reducesWholeRow(shape, number, shared);
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
          stage.inner.push_back({loop, stage.vectorDim != loop ? 1
                                       : computesHere(number)  ? costlyUnroll
                                                               : unroll});
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
    if ((stage.with = reductionAlong(shape, number, shared))) {
      candidate.schedule.stages.push_back(stage);
      continue;
    }
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
