//===- ScheduleSpace.cpp - The schedules a kernel may have ---------------------------------------------===//

#include "KernelShape.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace tenon;

int64_t tenon::vectorLanes(const StructuredKernel &kernel, const Machine &machine) {
  return machine.vectorLanes(kernel.widestElementBits());
}

KernelShape::KernelShape(StructuredKernel &kernel, const Machine &machine)
    : kernel(kernel), machine(machine), lanes(vectorLanes(kernel, machine)),
      rootLoops(kernel.mapLoopsToRoot()) {
  for (unsigned number = 0; number < kernel.getOps().size(); ++number) {
    if (!rootLoops.contains(number))
      continue;
    if (kernel.getOp(number).isReduction())
      reductions.push_back(number);
    for (const Access &input : kernel.getOp(number).inputs)
      if (std::optional<unsigned> producer = kernel.numberOf(input.tensor))
        ++readers[*producer];
  }
}

llvm::SmallBitVector KernelShape::sharedLoops() const {
  llvm::SmallBitVector shared(root().getNumLoops());
  for (unsigned loop = 0; loop < root().getNumLoops(); ++loop)
    if (!root().isReductionLoop(loop))
      shared.set(loop);
  for (unsigned number : reductions) {
    llvm::SmallBitVector here(root().getNumLoops());
    const StructuredOp &op = kernel.getOp(number);
    for (auto [loop, rootLoop] : llvm::enumerate(rootLoops.lookup(number)))
      if (rootLoop && !op.isReductionLoop(loop))
        here.set(*rootLoop);
    shared &= here;
  }
  return shared;
}

bool tenon::canVectorize(const LoopNest &nest, unsigned loop) {
  auto regular = [&](const LoopNest::Operand &operand) {
    int64_t stride = operand.strides[loop];
    // Packing lays out what moves with a parallel loop; along a reduced one the operand is as it is.
    return stride == 0 || stride == 1 || (operand.packable && !nest.reduction[loop]);
  };
  if (!llvm::all_of(nest.inputs, regular))
    return false;
  return nest.reduction[loop] ? nest.combinesLanes : nest.output.strides[loop] == 1;
}

//===----------------------------------------------------------------------------------------===//
// The fallback, legal for every kernel
//===----------------------------------------------------------------------------------------===//

/// One element at a time: every loop in order, reductions at the tile.
static ScoredSchedule scalarSchedule(const KernelShape &shape) {
  StructuredKernel &kernel = shape.kernel;
  ScoredSchedule candidate;
  StageSchedule rootStage;
  rootStage.op = kernel.getRoot();
  for (unsigned loop = 0; loop < shape.root().getNumLoops(); ++loop)
    if (shape.root().isReductionLoop(loop))
      rootStage.inner.push_back({loop, 1});
    else
      rootStage.loops.push_back({loop, 1});
  rootStage.parallelLoops = rootStage.loops.size();
  unsigned depth = rootStage.loops.size();
  candidate.schedule.stages.push_back(rootStage);
  for (unsigned number : shape.reductions) {
    if (number == kernel.getRoot())
      continue;
    StageSchedule stage;
    stage.op = number;
    stage.parent = kernel.getRoot();
    stage.depth = depth;
    const StructuredOp &op = kernel.getOp(number);
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (op.isReductionLoop(loop))
        stage.inner.push_back({loop, 1});
    candidate.schedule.stages.push_back(stage);
  }
  for (const auto &[number, loops] : shape.rootLoops)
    candidate.cycles += makeLoopNest(kernel, number).iterations() * 4;
  return candidate;
}

/// Cycles that pass, as all cores spend them: those idle while the others finish count too.
static double occupiedCycles(const KernelShape &shape, const ScoredSchedule &candidate) {
  const StageSchedule &root = candidate.schedule.stages.front();
  double tiles = 1;
  for (LoopStep loop : ArrayRef(root.loops).take_front(root.parallelLoops)) {
    std::optional<int64_t> extent = shape.root().staticExtent(loop.dim);
    int64_t step = loop.step * (loop.dim == root.vectorDim ? shape.lanes : 1);
    tiles *= extent ? llvm::divideCeil(*extent, step) : shape.machine.cores;
  }
  double rounds = std::ceil(tiles / shape.machine.cores);
  return candidate.cycles * rounds * shape.machine.cores / tiles;
}

std::vector<ScoredSchedule> tenon::enumerateSchedules(StructuredKernel &kernel, const Machine &machine,
                                                      unsigned count) {
  KernelShape shape(kernel, machine);
  std::vector<ScoredSchedule> found;
  llvm::SmallBitVector shared = shape.sharedLoops();
  bool pointwise = true;
  for (unsigned loop = 0; loop < shape.root().getNumLoops(); ++loop)
    pointwise &= shared.test(loop) || shape.root().isReductionLoop(loop);
  if (pointwise && shape.reductions.size() <= 1)
    enumerateTiled(shape, shape.reductions.empty() ? kernel.getRoot() : shape.reductions.front(), found);
  else if (enumerateChained(shape, found); found.empty())
    enumerateRowwise(shape, found);
  if (found.empty())
    found.push_back(scalarSchedule(shape));
  return takeCheapest(std::move(found), count,
                      [&](const ScoredSchedule &candidate) { return occupiedCycles(shape, candidate); });
}
