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
    return (stride >= 0 && stride <= 2) || (operand.packable && !nest.reduction[loop]);
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

/// The sizes of the tiles a loop of the root makes of `extent`, in the order of its iterations.
static SmallVector<int64_t> tileSizes(const KernelShape &shape, const StageSchedule &root,
                                      const LoopStep &loop, int64_t extent) {
  bool isVector = loop.dim == root.vectorDim;
  int64_t step = loop.step * (isVector ? shape.lanes : 1);
  auto isAlong = [&](LoopStep other) { return other.dim == loop.dim; };
  const LoopStep *behind =
      llvm::find_if(root.loops, [&](const LoopStep &other) { return &other == &loop; }) + 1;
  bool isTile =
      !isVector && std::none_of(behind, root.loops.end(), isAlong) && llvm::none_of(root.inner, isAlong);
  SmallVector<int64_t> sizes;
  if (isTile) {
    EvenSplit split = splitEvenly(extent, step);
    sizes.assign(split.largeCount, split.large);
    sizes.append(split.smallCount, split.small);
    return sizes;
  }
  for (int64_t start = 0; start < extent; start += step)
    sizes.push_back(std::min(step, extent - start));
  return sizes;
}

/// Cycles that pass, as all cores spend them: those idle while the others finish count too.
static double occupiedCycles(const KernelShape &shape, const ScoredSchedule &candidate) {
  const StageSchedule &root = candidate.schedule.stages.front();
  unsigned cores = shape.machine.cores;
  double tiles = 1, total = 1;
  SmallVector<double> sizes{1};
  for (const LoopStep &loop : ArrayRef(root.loops).take_front(root.parallelLoops)) {
    std::optional<int64_t> extent = shape.root().staticExtent(loop.dim);
    int64_t step = loop.step * (loop.dim == root.vectorDim ? shape.lanes : 1);
    tiles *= extent ? llvm::divideCeil(*extent, step) : cores;
    // Among many tiles it matters little which are cut short.
    if (sizes.empty() || !extent || *extent == 0 || tiles > 16.0 * cores) {
      sizes.clear();
      continue;
    }
    total *= *extent;
    SmallVector<double> products;
    SmallVector<int64_t> along = tileSizes(shape, root, loop, *extent);
    for (double size : sizes)
      for (int64_t factor : along)
        products.push_back(size * factor);
    sizes = std::move(products);
  }
  if (cores == 1)
    return candidate.cycles;
  if (sizes.empty())
    return candidate.cycles * std::ceil(tiles / cores) * cores / tiles;
  // Each core takes the next tile when it is through with its last one.
  SmallVector<double> busy(cores, 0);
  for (double size : sizes)
    *llvm::min_element(busy) += size;
  return candidate.cycles * *llvm::max_element(busy) * cores / total;
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
