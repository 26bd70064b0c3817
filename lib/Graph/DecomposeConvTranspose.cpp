//===- DecomposeConvTranspose.cpp - Transposed convolutions as convolutions ------------------------===//
//
// In: a function whose transposed convolutions have their channels last. Out: convolutions. Results a stride
// apart are reached by the same taps, so each of the `stride` phases along a dimension is a convolution of
// the input with those taps, mirrored; the phases stand side by side in the result:
//
//      result      0   1   2   3   4   5        stride 2, kernel 4, a padding of 1:
//      phase       a   b   a   b   a   b        phase a: taps 3 and 1, of inputs q - 1 and q
//                                               phase b: taps 2 and 0, of inputs q and q + 1
//
// No zeros are multiplied, and no place is tested. It comes after layouts, since phases interleave best where
// all channels of a place stand together, and before constants are folded, which takes the filters apart.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace tenon {
#define GEN_PASS_DEF_DECOMPOSECONVTRANSPOSE
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

using Sizes = SymbolicSizes::Sizes;

//===----------------------------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------------------------===//

namespace {

/// The taps that reach results `phase`, `phase + stride`, ... along one dimension, the last of them first,
/// and the convolution that they are.
struct Phase {
  int64_t lastTap = 0, tapStep = 1, count = 0;
  int64_t dilation = 1;
  /// Input places in front of that of the first result, and behind that of the last; negative for places that
  /// no tap of this phase reads.
  int64_t low = 0, high = 0;
};

/// One spatial dimension of a transposed convolution.
struct Dimension {
  int64_t kernel, stride, dilation, padding;
  /// The result has `stride * input + excess` places.
  int64_t excess;

  /// How many more results than inputs a phase has; all have as many as the longest.
  int64_t more() const { return llvm::divideCeilSigned(excess, stride); }
  std::optional<Phase> phase(int64_t number) const;
};

} // namespace

/// Tap `k` adds input `q + (number + padding - k * dilation) / stride` to result `q * stride + number`, where
/// that is a whole number. None if no tap does.
std::optional<Phase> Dimension::phase(int64_t number) const {
  Phase phase;
  int64_t firstPlace = 0, lastPlace = 0; // of the input, relative to `q`
  for (int64_t tap = kernel - 1; tap >= 0; --tap) {
    int64_t distance = number + padding - tap * dilation;
    if (distance % stride != 0)
      continue;
    lastPlace = distance / stride;
    if (phase.count == 0) {
      phase.lastTap = tap;
      firstPlace = lastPlace;
    } else if (phase.count == 1) {
      phase.tapStep = phase.lastTap - tap;
      phase.dilation = lastPlace - firstPlace;
    }
    ++phase.count;
  }
  if (phase.count == 0)
    return std::nullopt;
  phase.low = -firstPlace;
  phase.high = more() + lastPlace;
  return phase;
}

//===----------------------------------------------------------------------------------------===//
// The rewrite
//===----------------------------------------------------------------------------------------===//

namespace {

/// Emits the convolutions of one transposed convolution and puts their results together.
class PhaseEmitter {
public:
  explicit PhaseEmitter(ConvTransposeOp op)
      : builder(op.getLoc(), op), sizes(op.getContext()), op(op), input(sizes.of(tensorType(op.getInput()))) {
  }

  /// Why the op has to stay; empty if all is well.
  std::string measure();
  Value emit();

private:
  unsigned getSpatialRank() const { return dimensions.size(); }
  Value filterOf(ArrayRef<Phase> chosen);
  Value convolve(ArrayRef<Phase> chosen);
  void convolveAll(SmallVector<Phase> &chosen, SmallVector<Value> &results);
  Value interleave(SmallVector<Value> results);
  Value stack(SmallVector<Value> results);
  Value slice(Value value, Sizes shape, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps);
  Value reshape(Value value, ArrayRef<AffineExpr> shape) {
    return builder.createOrFold<ReshapeOp>(sizes.tensor(shape, tensorType(value).getElementType()), value);
  }

  ImplicitLocOpBuilder builder;
  SymbolicSizes sizes;
  ConvTransposeOp op;
  Sizes input;
  /// With as many taps as the stride has phases, those behind the filter's own being zero.
  Value filter;
  SmallVector<Dimension> dimensions;
  /// By dimension.
  SmallVector<SmallVector<Phase>> phases;
};

} // namespace

std::string PhaseEmitter::measure() {
  RankedTensorType filter = tensorType(op.getFilter());
  if (op.getLayout() != tenon::DataLayout::channels_last)
    return "its channels are not last";
  if (!filter.hasStaticShape())
    return "its filter has no known shape";
  unsigned spatial = input.size() - 2;
  for (unsigned i = 0; i < spatial; ++i) {
    if (!input[1 + i])
      return "its input has no known shape";
    int64_t kernel = filter.getDimSize(i), stride = op.getStrides()[i], dilation = op.getDilations()[i];
    int64_t excess = op.getOutputPadding()[i] + dilation * (kernel - 1) + 1 - op.getPads()[i] -
                     op.getPads()[spatial + i] - stride;
    dimensions.push_back({std::max(kernel, stride), stride, dilation, op.getPads()[i], excess});
    SmallVector<Phase> &found = phases.emplace_back();
    for (int64_t number = 0; number < stride; ++number) {
      std::optional<Phase> phase = dimensions.back().phase(number);
      if (!phase)
        return "a stride and a dilation have a common factor";
      found.push_back(*phase);
    }
  }
  return "";
}

Value PhaseEmitter::slice(Value value, Sizes shape, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps) {
  return builder.createOrFold<SliceOp>(sizes.tensor(shape, tensorType(value).getElementType()), value,
                                       builder.getDenseI64ArrayAttr(starts),
                                       builder.getDenseI64ArrayAttr(steps));
}

/// The taps of the phases, the last one first; `[kernel..., C, M / group]` to `[kernel..., C / group, M]`.
Value PhaseEmitter::filterOf(ArrayRef<Phase> chosen) {
  Sizes shape = sizes.of(tensorType(filter));
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  for (auto [i, phase] : llvm::enumerate(chosen)) {
    shape[i] = sizes.constant(phase.count);
    starts[i] = phase.lastTap;
    steps[i] = -phase.tapStep;
  }
  Value taps = slice(filter, shape, starts, steps);
  int64_t group = op.getGroup();
  if (group == 1)
    return taps;
  unsigned spatial = getSpatialRank();
  RankedTensorType type = tensorType(taps);
  int64_t channels = type.getDimSize(spatial) / group, outputs = type.getDimSize(spatial + 1);
  SmallVector<int64_t> split(type.getShape().take_front(spatial)), merged = split;
  split.append({group, channels, outputs});
  merged.append({channels, group * outputs});
  auto perm = llvm::to_vector(llvm::seq<int64_t>(0, spatial));
  perm.append({spatial + 1, spatial, spatial + 2});
  Value apart = createReshape(builder, op.getLoc(), taps, split);
  return createReshape(builder, op.getLoc(), TransposeOp::create(builder, apart, perm), merged);
}

/// The results of one phase in each dimension.
Value PhaseEmitter::convolve(ArrayRef<Phase> chosen) {
  unsigned spatial = getSpatialRank();
  Sizes shape = input;
  SmallVector<int64_t> starts(shape.size(), 0), ones(shape.size(), 1), dilations, pads(2 * spatial);
  for (auto [i, phase] : llvm::enumerate(chosen)) {
    starts[1 + i] = std::max<int64_t>(-phase.low, 0);
    shape[1 + i] = sizes.simplify(shape[1 + i] - starts[1 + i] - std::max<int64_t>(-phase.high, 0));
    pads[i] = std::max<int64_t>(phase.low, 0);
    pads[spatial + i] = std::max<int64_t>(phase.high, 0);
    dilations.push_back(phase.dilation);
  }
  Value read = slice(op.getInput(), shape, starts, ones);
  SmallVector<int64_t> strides(spatial, 1);
  return ConvOp::create(builder, read, filterOf(chosen), strides, dilations, pads, op.getGroup(),
                        tenon::DataLayout::channels_last);
}

/// The results of all phases, those of the last dimension next to each other.
void PhaseEmitter::convolveAll(SmallVector<Phase> &chosen, SmallVector<Value> &results) {
  if (chosen.size() == getSpatialRank())
    return results.push_back(convolve(chosen));
  for (const Phase &phase : phases[chosen.size()]) {
    chosen.push_back(phase);
    convolveAll(chosen, results);
    chosen.pop_back();
  }
}

/// The phases behind each dimension that has several, as parts of concats, in which they are computed.
Value PhaseEmitter::interleave(SmallVector<Value> results) {
  Sizes apart = sizes.of(tensorType(results.front()));
  for (unsigned i = getSpatialRank(); i-- > 0;)
    if (dimensions[i].stride > 1)
      apart.insert(apart.begin() + i + 2, sizes.constant(1));
  for (Value &result : results)
    result = reshape(result, apart);
  int64_t axis = apart.size() - 1;
  for (const Dimension &dimension : llvm::reverse(dimensions)) {
    --axis;
    if (dimension.stride == 1)
      continue;
    SmallVector<Value> merged;
    for (ArrayRef<Value> rest = results; !rest.empty(); rest = rest.drop_front(dimension.stride))
      merged.push_back(ConcatOp::create(builder, rest.take_front(dimension.stride), axis));
    results = merged;
    --axis;
  }
  return results.front();
}

/// The same by a transpose, where sizes known at run time leave no strides to compute phases in their places.
Value PhaseEmitter::stack(SmallVector<Value> results) {
  Sizes single = sizes.of(tensorType(results.front())), all;
  int64_t batch = llvm::count_if(dimensions, [](const Dimension &dimension) { return dimension.stride > 1; });
  SmallVector<int64_t> perm = {batch};
  for (auto [i, dimension] : llvm::enumerate(dimensions)) {
    perm.push_back(batch + 1 + i);
    if (dimension.stride == 1)
      continue;
    perm.push_back(all.size());
    all.push_back(sizes.constant(dimension.stride));
  }
  perm.push_back(batch + single.size() - 1);
  llvm::append_range(all, single);
  single.insert(single.begin(), sizes.constant(1));
  for (Value &result : results)
    result = reshape(result, single);
  return TransposeOp::create(builder, reshape(ConcatOp::create(builder, results, 0), all), perm);
}

Value PhaseEmitter::emit() {
  filter = op.getFilter();
  SmallVector<int64_t> none(input.size(), 0), missing = none;
  for (auto [i, dimension] : llvm::enumerate(dimensions))
    missing[i] = dimension.kernel - tensorType(filter).getDimSize(i);
  filter = builder.createOrFold<PadOp>(PadMode::constant, filter, /*value=*/Value(), none, missing);
  SmallVector<Phase> chosen;
  SmallVector<Value> results;
  convolveAll(chosen, results);
  Value result = results.front();
  if (results.size() > 1)
    result = tensorType(result).hasStaticShape() ? interleave(results) : stack(results);
  Sizes wanted = sizes.of(op.getType()), merged = wanted;
  for (auto [i, dimension] : llvm::enumerate(dimensions))
    merged[1 + i] = sizes.simplify((input[1 + i] + dimension.more()) * dimension.stride);
  result = reshape(result, merged);
  // The last results of the longest phases may be too many.
  SmallVector<int64_t> ones(wanted.size(), 1);
  return slice(result, wanted, none, ones);
}

namespace {
struct DecomposeConvTranspose : tenon::impl::DecomposeConvTransposeBase<DecomposeConvTranspose> {
  using DecomposeConvTransposeBase::DecomposeConvTransposeBase;

  void runOnOperation() override {
    SmallVector<ConvTransposeOp> ops;
    getOperation().walk([&](ConvTransposeOp op) { ops.push_back(op); });
    for (ConvTransposeOp op : ops) {
      PhaseEmitter emitter(op);
      if (std::string reason = emitter.measure(); !reason.empty()) {
        if (explain)
          op.emitRemark("stays as it is: ") << reason;
        continue;
      }
      op.replaceAllUsesWith(emitter.emit());
      op.erase();
      ++numDecomposed;
    }
  }
};
} // namespace
