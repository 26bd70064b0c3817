//===- KernelProgress.cpp - What a kernel has read and written after some of its steps ---------------===//
//
// By intervals, from the result backwards: the rows of a step's tile give the indices at which every op is
// needed, and those the elements of the arguments.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelProgress.h"

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Structure/StructuredKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace tenon;

namespace {
/// The least and the most an index is.
struct Interval {
  int64_t least = 0, most = 0;
};

/// Measures one kernel.
class Measurement {
public:
  Measurement(StructuredKernel &kernel, const Schedule &schedule, const Machine &machine)
      : kernel(kernel), root(kernel.getOp(kernel.getRoot())), stage(*schedule.find(kernel.getRoot())),
        schedule(schedule), machine(machine) {}

  bool run(KernelProgress &progress);

private:
  bool isPlain() const;
  bool isReadByOps(BlockArgument argument) const;
  bool writesInOrder(Value result) const;
  Interval tileOf(int64_t step) const;
  int64_t startOf(int64_t step) const;
  void read(int64_t step, KernelProgress &progress);

  StructuredKernel &kernel;
  const StructuredOp &root;
  const StageSchedule &stage;
  const Schedule &schedule;
  const Machine &machine;
  /// Of the outermost loop.
  int64_t extent = 0, width = 0;
};
} // namespace

static Interval intervalOf(AffineExpr expr, ArrayRef<Interval> dims) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return {constant.getValue(), constant.getValue()};
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Interval lhs = intervalOf(binary.getLHS(), dims), rhs = intervalOf(binary.getRHS(), dims);
  auto divided = [&](auto divide) {
    return Interval{divide(lhs.least, rhs.least), divide(lhs.most, rhs.least)};
  };
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return {lhs.least + rhs.least, lhs.most + rhs.most};
  case AffineExprKind::Mul: { // by a constant
    int64_t a = lhs.least * rhs.least, b = lhs.most * rhs.least;
    return {std::min(a, b), std::max(a, b)};
  }
  case AffineExprKind::FloorDiv:
    return divided([](int64_t a, int64_t b) { return llvm::divideFloorSigned(a, b); });
  case AffineExprKind::CeilDiv:
    return divided([](int64_t a, int64_t b) { return llvm::divideCeilSigned(a, b); });
  default: { // Mod
    bool inOnePeriod =
        llvm::divideFloorSigned(lhs.least, rhs.least) == llvm::divideFloorSigned(lhs.most, rhs.least);
    return inOnePeriod ? Interval{llvm::mod(lhs.least, rhs.least), llvm::mod(lhs.most, rhs.least)}
                       : Interval{0, rhs.least - 1};
  }
  }
}

/// The outermost dimension of a tensor that has more than one index, and the elements from one of its indices
/// to the next.
static std::pair<unsigned, int64_t> rowsOf(RankedTensorType type) {
  unsigned dim = 0;
  while (dim + 1 < type.getRank() && type.getDimSize(dim) == 1)
    ++dim;
  int64_t elements = 1;
  for (int64_t size : type.getShape().drop_front(std::min<size_t>(dim + 1, type.getRank())))
    elements *= size;
  return {dim, elements};
}

/// Whether all sizes are known, there is an outermost parallel loop of known trips, and nothing is computed
/// before it.
bool Measurement::isPlain() const {
  if (stage.parallelLoops == 0)
    return false;
  for (const StructuredOp &op : kernel.getOps())
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (op.staticExtent(loop).value_or(0) == 0)
        return false;
  for (const StageSchedule &other : schedule.stages)
    if (other.parent == kernel.getRoot() && other.depth == 0)
      return false;
  // The trips of loops over vectors of unknown length are not known.
  for (LoopStep loop : ArrayRef(stage.loops).take_front(stage.parallelLoops))
    if (machine.vscaleBits != 0 && stage.vectorDim == loop.dim)
      return false;
  return true;
}

/// Whether only the inputs of structured ops are an argument's uses: they read by their maps.
bool Measurement::isReadByOps(BlockArgument argument) const {
  return llvm::all_of(argument.getUses(), [&](OpOperand &use) {
    auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
    return kernel.numberOf(use.getOwner()) && !(generic && generic.isDpsInit(&use));
  });
}

/// Whether the rows of a result are the outermost loop's.
bool Measurement::writesInOrder(Value result) const {
  std::optional<unsigned> number = kernel.numberOf(result);
  auto type = cast<RankedTensorType>(result.getType());
  if (!number || type.getRank() == 0)
    return false;
  const StructuredOp &op = kernel.getOp(*number);
  AffineMap map = op.outputs[cast<OpResult>(result).getResultNumber()].map;
  unsigned loop = cast<AffineDimExpr>(map.getResult(rowsOf(type).first)).getPosition();
  if (*number == kernel.getRoot())
    return loop == stage.loops.front().dim;
  auto loops = kernel.mapLoopsToRoot();
  auto known = loops.find(*number);
  return known != loops.end() && known->second[loop] == stage.loops.front().dim;
}

/// Where the tile of a step begins at the least: tiles may be made even.
int64_t Measurement::startOf(int64_t step) const {
  if (stage.vectorDim == stage.loops.front().dim)
    return std::min(extent, step * width);
  EvenSplit split = splitEvenly(extent, width);
  int64_t large = std::min(step, split.largeCount);
  return split.large * large + split.small * (step - large);
}

/// The indices that the tile of a step may have.
Interval Measurement::tileOf(int64_t step) const {
  return {startOf(step), std::min(extent, (step + 1) * width) - 1};
}

/// Notes what a step reads.
void Measurement::read(int64_t step, KernelProgress &progress) {
  std::vector<std::optional<SmallVector<Interval>>> needed(kernel.getOps().size());
  auto whole = [](const StructuredOp &op) {
    SmallVector<Interval> loops;
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      loops.push_back({0, *op.staticExtent(loop) - 1});
    return loops;
  };
  needed[kernel.getRoot()] = whole(root);
  (*needed[kernel.getRoot()])[stage.loops.front().dim] = tileOf(step);
  for (unsigned number = kernel.getOps().size(); number-- > 0;) {
    if (!needed[number])
      continue;
    for (const Access &input : kernel.getOp(number).inputs) {
      auto type = cast<RankedTensorType>(input.tensor.getType());
      SmallVector<Interval> indices;
      for (auto [expr, size] : llvm::zip(input.map.getResults(), type.getShape())) {
        Interval index = intervalOf(expr, *needed[number]);
        auto clamp = [last = size - 1](int64_t at) { return std::clamp<int64_t>(at, 0, last); };
        indices.push_back({clamp(index.least), clamp(index.most)}); // a pad reads nothing outside
      }
      if (auto argument = dyn_cast<BlockArgument>(input.tensor)) {
        auto [rows, elements] = rowsOf(type);
        KernelProgress::Read &read = progress.reads[argument.getArgNumber()];
        int64_t first = type.getRank() == 0 ? 0 : indices[rows].least * elements;
        int64_t end = type.getRank() == 0 ? 1 : (indices[rows].most + 1) * elements;
        read.first[step] = std::min(read.first[step], first);
        read.end[step] = std::max(read.end[step], end);
        continue;
      }
      std::optional<unsigned> producer = kernel.numberOf(input.tensor);
      if (!producer)
        continue; // a constant inside the kernel
      const StructuredOp &op = kernel.getOp(*producer);
      AffineMap map = op.outputs[cast<OpResult>(input.tensor).getResultNumber()].map;
      SmallVector<Interval> loops = whole(op);
      for (auto [expr, index] : llvm::zip(map.getResults(), indices))
        loops[cast<AffineDimExpr>(expr).getPosition()] = index;
      if (std::optional<SmallVector<Interval>> &known = needed[*producer]; !known) {
        known = loops;
      } else {
        for (auto [all, more] : llvm::zip(*known, loops))
          all = {std::min(all.least, more.least), std::max(all.most, more.most)};
      }
    }
  }
}

bool Measurement::run(KernelProgress &progress) {
  constexpr int64_t mostSteps = 1 << 14;
  if (!isPlain())
    return false;
  int64_t lanes = std::max<int64_t>(1, machine.vectorBits / kernel.widestElementBits());
  auto widthOf = [&](LoopStep loop) { return stage.vectorDim == loop.dim ? loop.step * lanes : loop.step; };
  ArrayRef<LoopStep> parallel = ArrayRef(stage.loops).take_front(stage.parallelLoops);
  extent = *root.staticExtent(parallel.front().dim);
  width = widthOf(parallel.front());
  progress.steps = llvm::divideCeil(extent, width);
  progress.iterations = 1;
  for (LoopStep loop : parallel.drop_front())
    progress.iterations *= llvm::divideCeil(*root.staticExtent(loop.dim), widthOf(loop));
  if (progress.steps < 2 || progress.steps > mostSteps)
    return false;

  func::FuncOp function = kernel.getFunction();
  for (Value result : function.front().getTerminator()->getOperands()) {
    if (!writesInOrder(result))
      return false;
    auto type = cast<RankedTensorType>(result.getType());
    int64_t elements = rowsOf(type).second;
    KernelProgress::Write &write = progress.writes.emplace_back();
    for (int64_t step = 0; step <= progress.steps; ++step) {
      write.written.push_back(step < progress.steps ? startOf(step) * elements : type.getNumElements());
      write.begun.push_back(std::min(extent, step * width) * elements);
    }
  }

  for (BlockArgument argument : function.getArguments()) {
    auto type = cast<RankedTensorType>(argument.getType());
    if (!type.hasStaticShape() || type.getNumElements() == 0 || !isReadByOps(argument))
      return false;
    if (function.getArgAttr(argument.getArgNumber(), "tenon.constant"))
      progress.weightBytes += type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    KernelProgress::Read unread;
    unread.first.assign(progress.steps, type.getNumElements());
    unread.end.assign(progress.steps, 0);
    progress.reads.push_back(unread);
  }
  for (int64_t step = 0; step < progress.steps; ++step)
    read(step, progress);
  for (KernelProgress::Read &read : progress.reads)
    for (int64_t i = 1; i < progress.steps; ++i) {
      read.end[i] = std::max(read.end[i], read.end[i - 1]);
      int64_t j = progress.steps - 1 - i;
      read.first[j] = std::min(read.first[j], read.first[j + 1]);
    }
  return true;
}

std::optional<KernelProgress> KernelProgress::of(func::FuncOp function, const Machine &machine) {
  auto schedule = function->getAttrOfType<ScheduleAttr>("tenon.schedule");
  if (!schedule || findUnstructuredOp(function))
    return std::nullopt;
  FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
  if (failed(kernel) || !schedule.getSchedule().find(kernel->getRoot()))
    return std::nullopt;
  KernelProgress progress;
  if (!Measurement(*kernel, schedule.getSchedule(), machine).run(progress))
    return std::nullopt;
  return progress;
}
