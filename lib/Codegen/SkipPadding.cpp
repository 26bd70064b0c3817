//===- SkipPadding.cpp - Windows compute nothing where they read padding alone --------------------------===//
//
// Where the padding of a tensor is the neutral element of what a reduction does with it, as in a convolution
// or a maximum over windows, the iterations that read padding change nothing. The loops over a window, and
// those over its positions inside a block of the window, leave them out: of a 3x3 window over 7x7 pixels
// nearly a tenth along each dimension. (A weight that is infinite or not a number then leaves its padding
// alone, as in libraries of convolutions.)
//
//===----------------------------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;

/// `value` before it was converted to another type; zero stays zero.
static Value beforeConversion(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp, arith::SIToFPOp, arith::UIToFPOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Whether an iteration changes no result of `op` where input `number` is `padding`.
static bool isNeutral(linalg::GenericOp op, unsigned number, Value padding) {
  BlockArgument input = op.getBody()->getArgument(number);
  bool isZero = matchPattern(padding, m_AnyZeroFloat()) || matchPattern(padding, m_Zero());
  APFloat bound(0.0);
  bool isLeast = matchPattern(padding, m_ConstantFloat(&bound)) && bound.isInfinity() && bound.isNegative();
  for (auto [yielded, accumulator] :
       llvm::zip_equal(op.getBody()->getTerminator()->getOperands(), op.getRegionOutputArgs())) {
    Operation *combiner = yielded.getDefiningOp();
    if (!combiner || combiner->getNumOperands() != 2)
      return false;
    bool isFirst = combiner->getOperand(0) == accumulator;
    if (!isFirst && combiner->getOperand(1) != accumulator)
      return false;
    Value added = combiner->getOperand(isFirst ? 1 : 0);
    bool isInput = beforeConversion(added) == input;
    if (isa<arith::MaximumFOp, arith::MaxNumFOp>(combiner) && isInput && isLeast)
      continue;
    if (!isa<arith::AddFOp, arith::AddIOp>(combiner) || !isZero)
      return false;
    Operation *product = added.getDefiningOp();
    bool isFactor =
        isa_and_nonnull<arith::MulFOp, arith::MulIOp>(product) &&
        llvm::any_of(product->getOperands(), [&](Value factor) { return beforeConversion(factor) == input; });
    if (!isInput && !isFactor)
      return false;
  }
  return true;
}

/// The padded dimensions that the reduction of a node reads through windows.
ArrayRef<KernelEmitter::PaddedWindow> KernelEmitter::paddedWindows(const Node &node) {
  auto [found, isNew] = windows.try_emplace(node.op);
  SmallVector<PaddedWindow> &known = found->second;
  const StructuredOp &op = kernel.getOp(node.op);
  auto generic = dyn_cast<linalg::GenericOp>(op.op);
  if (!isNew || !generic || !op.isReduction() || op.inputs.size() != size_t(generic.getNumDpsInputs()))
    return known;
  for (auto [number, input] : llvm::enumerate(op.inputs)) {
    auto pad = input.tensor.getDefiningOp<tensor::PadOp>();
    if (!pad || !pad.getConstantPaddingValue() || !isNeutral(generic, number, pad.getConstantPaddingValue()))
      continue;
    for (auto [dim, index] : llvm::enumerate(compose(input.map, node.indices))) {
      int64_t low = pad.getStaticLow()[dim], high = pad.getStaticHigh()[dim];
      int64_t size = pad.getSourceType().getDimSize(dim);
      if ((low == 0 && high == 0) || ShapedType::isDynamic(size))
        continue;
      // The taps of the window, and the loops that move it.
      int64_t reach = 0, apart = 0;
      unsigned tapLoops = 0;
      bool isRegular = true;
      for (Variable variable = 0; variable < variables.size(); ++variable) {
        if (!index.isFunctionOfDim(variable))
          continue;
        std::optional<int64_t> step = laneStep(index, Point(variables.size(), 0), variable);
        bool isTap = llvm::any_of(llvm::seq<unsigned>(0, op.getNumLoops()), [&](unsigned loop) {
          return op.isReductionLoop(loop) && node.indices[loop] == getAffineDimExpr(variable, context);
        });
        if (!step || *step <= 0 || ShapedType::isDynamic(variables[variable].extent) || scalable) {
          isRegular = false;
        } else if (isTap) {
          ++tapLoops;
          apart = *step;
          reach = *step * (variables[variable].extent - 1);
        }
      }
      // Each position of the window must meet the source, or nothing would start its result.
      if (isRegular && tapLoops == 1 && low <= reach && high <= reach && apart <= size)
        known.push_back({index, low, size});
    }
  }
  return known;
}

/// Where a window reads along a loop: iteration i of `variable` reads from `at` + `step` * i on, up to
/// `behind` further, as the other loops stand.
KernelEmitter::WindowReads KernelEmitter::readsAlong(const PaddedWindow &window, Variable variable) {
  Point origin(variables.size(), 0);
  WindowReads reads;
  reads.at = indexOf(window.index, origin);
  for (Variable other = 0; other < variables.size(); ++other) {
    if (!window.index.isFunctionOfDim(other))
      continue;
    int64_t step = *laneStep(window.index, origin, other);
    if (other == variable)
      reads.step = step;
    else
      reads.behind += step * (variables[other].extent - 1);
  }
  return reads;
}

/// Cuts a run of tiles of `variable` to those that read something of the sources of padded tensors: here as
/// far as it is known, and in the values returned, the number of the first tile and of the one behind the
/// last, where it is not.
std::optional<std::pair<Value, Value>> KernelEmitter::skipPadding(const Node &node, Variable variable,
                                                                  TileRun &run) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  struct Bound {
    LinearForm form;
    int64_t divisor;
  };
  int64_t firstKnown = 0, endKnown = run.count;
  SmallVector<Bound> firsts, ends;
  for (const PaddedWindow &window : paddedWindows(node)) {
    if (!window.index.isFunctionOfDim(variable))
      continue;
    WindowReads reads = readsAlong(window, variable);
    int64_t step = reads.step * run.extent;
    // Tile k is needed if low <= at + behind + step * (start + k + 1) - 1 and at + step * (start + k) < low +
    // size.
    LinearForm first(window.low - reads.behind - reads.step * (run.start + run.extent - 1));
    first.add(reads.at, -1);
    LinearForm end(window.low + window.size - 1 - reads.step * run.start + step);
    end.add(reads.at, -1);
    std::optional<Range> firstRange = rangeOf(first), endRange = rangeOf(end);
    if (first.isConstant()) {
      firstKnown = std::max<int64_t>(firstKnown, llvm::divideCeilSigned(first.constant, step));
      endKnown = std::min<int64_t>(endKnown, llvm::divideFloorSigned(end.constant, step));
      continue;
    }
    if (!firstRange || llvm::divideCeilSigned(firstRange->second, step) > 0)
      firsts.push_back({first, step});
    if (!endRange || llvm::divideFloorSigned(endRange->first, step) < run.count)
      ends.push_back({end, step});
  }
  run.start += firstKnown * run.extent;
  run.first += firstKnown;
  run.count = std::max<int64_t>(0, endKnown - firstKnown);
  if (run.count == 0 || (firsts.empty() && ends.empty()))
    return std::nullopt;
  // Tiles are counted from the first one known to be needed.
  auto divide = [&](const Bound &bound, int64_t round) -> Value {
    LinearForm form = bound.form;
    form.constant += round - firstKnown * bound.divisor;
    Value positive = arith::MaxSIOp::create(builder, loc, form.materialize(builder, loc), constant(0));
    return builder.createOrFold<arith::DivUIOp>(loc, positive, constant(bound.divisor));
  };
  Value first, end = constant(run.count);
  for (const Bound &bound : firsts) {
    Value here = divide(bound, bound.divisor - 1);
    first = first ? arith::MaxSIOp::create(builder, loc, first, here) : here;
  }
  for (const Bound &bound : ends)
    end = arith::MinSIOp::create(builder, loc, end, divide(bound, 0));
  if (!first)
    first = constant(0);
  return std::make_pair(first, end);
}

/// The first iteration of a blocked reduction's `variable` that the tile at hand computes, less the start of
/// its block; none if that is iteration 0 of all.
std::optional<LinearForm> KernelEmitter::firstInside(const Node &node, Variable variable) {
  LinearForm base = variables[variable].base;
  std::optional<LinearForm> latest;
  for (const PaddedWindow &window : paddedWindows(node)) {
    if (!window.index.isFunctionOfDim(variable))
      continue;
    WindowReads reads = readsAlong(window, variable);
    LinearForm first(window.low - reads.behind);
    first.add(reads.at, -1);
    first.add(base, reads.step);
    std::optional<Range> range = rangeOf(first);
    if (range && range->second <= 0)
      continue; // the first of all
    LinearForm result;
    if (first.isConstant()) {
      result.constant = llvm::divideCeilSigned(first.constant, reads.step);
    } else {
      first.constant += reads.step - 1;
      Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
      Value step = arith::ConstantIndexOp::create(builder, loc, reads.step);
      Value positive = arith::MaxSIOp::create(builder, loc, first.materialize(builder, loc), zero);
      result.add(builder.createOrFold<arith::DivUIOp>(loc, positive, step), 1);
    }
    if (latest) { // two inputs padded along one window
      Value later = arith::MaxSIOp::create(builder, loc, latest->materialize(builder, loc),
                                           result.materialize(builder, loc));
      result = LinearForm();
      result.add(later, 1);
    }
    latest = result;
  }
  if (latest)
    latest->add(base, -1);
  return latest;
}

/// Whether the reduction of a node reads nothing but padding at `point` of a tile.
bool KernelEmitter::readsPadding(const Node &node, const Point &point, std::optional<Variable> vector) {
  return llvm::any_of(paddedWindows(node), [&](const PaddedWindow &window) {
    if (vector && window.index.isFunctionOfDim(*vector))
      return false;
    std::optional<Range> range = rangeOf(indexOf(window.index, point));
    return range && (range->second < window.low || range->first >= window.low + window.size);
  });
}
