//===- ApplyWinograd.cpp - Convolutions in fewer multiplications --------------------------------===//
//
// In: a function whose convolutions have their channels last. Out: the same, with those of 3x3 windows, of
// stride 1 and in one group, that are estimated to gain from it, as
//
//      x ── winograd_input ── [tiles, points, C]
//                                     │ matrix product at each point ── [tiles, points, K] ── winograd_output
//      w ── G w G' ───────── [points, C, K]
//
// The filter's side follows from constants and is computed while compiling. The sums are taken in another
// order, and what is lost by rounding grows with the tile: so none is larger than the user allows. Here and
// not later, since what is computed at compile time is decided in this phase; after layouts, since the
// product at each point wants channels last. Source: Lavin and Gray, arXiv:1509.09308.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"

#include "tenon/Dialect/Tenon/IR/Winograd.h"
#include "tenon/Machine/Machine.h"

namespace tenon {
#define GEN_PASS_DEF_APPLYWINOGRAD
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// What it costs
//===----------------------------------------------------------------------------------------===//

namespace {

/// The sizes of a convolution, and what it takes on a machine in cycles of one core.
class ConvolutionCost {
public:
  ConvolutionCost(ConvOp op, const Machine &machine)
      : machine(machine), samples(tensorType(op.getResult()).getDimSize(0)),
        height(tensorType(op.getResult()).getDimSize(1)), width(tensorType(op.getResult()).getDimSize(2)),
        inputs(tensorType(op.getInput()).getDimSize(3)), outputs(tensorType(op.getResult()).getDimSize(3)) {}

  double direct() const { return product(9, samples * height * width); }
  double winograd(const WinogradMatrices &matrices) const;

private:
  double product(double points, double rows) const;
  double transform(double tiles, double channels, double multiplyAdds, double bytes, double bandwidth) const;

  const Machine &machine;
  double samples, height, width, inputs, outputs;
};

} // namespace

/// `rows` rows of results, each with a product of all channels at `points` places, and the wait for the
/// weights, which the rest of the program has driven out of the caches. Where the wait is long it hides
/// little: each weight is then used for few rows.
double ConvolutionCost::product(double points, double rows) const {
  double weights = points * inputs * outputs;
  return 2 * rows * weights / machine.peakFlopsPerCycle() + 4 * weights / machine.dramBytesPerCycle;
}

/// The sums of one transform, or moving what it reads and writes.
double ConvolutionCost::transform(double tiles, double channels, double multiplyAdds, double bytes,
                                  double bandwidth) const {
  double vectors = std::ceil(channels / machine.vectorLanes(32));
  return std::max(tiles * vectors * multiplyAdds / machine.fmaPerCycle, bytes / bandwidth);
}

double ConvolutionCost::winograd(const WinogradMatrices &matrices) const {
  double tile = matrices.tile, size = matrices.points, points = size * size;
  double tiles = samples * std::ceil(height / tile) * std::ceil(width / tile);
  auto terms = [](ArrayRef<double> matrix) {
    return llvm::count_if(matrix, [](double element) { return element != 0; });
  };
  // What one kernel leaves for the next is read from where it fits; of the third level others use a part.
  double before = 4 * tiles * points * inputs, after = 4 * tiles * points * outputs;
  double bandwidth = machine.dramBytesPerCycle;
  if (before + after <= machine.l2Bytes)
    bandwidth = machine.l2BytesPerCycle;
  else if (before + after <= machine.l3Bytes / 4.0)
    bandwidth = machine.l3BytesPerCycle;
  double image = samples * height * width * 4;
  return transform(tiles, inputs, 2 * size * terms(matrices.input), image * inputs + before, bandwidth) +
         product(points, tiles) +
         transform(tiles, outputs, (size + tile) * terms(matrices.output), after + image * outputs,
                   bandwidth);
}

//===----------------------------------------------------------------------------------------===//
// The rewrite
//===----------------------------------------------------------------------------------------===//

/// Why the convolution has no form for Winograd's algorithm; empty if it has.
static std::string whyNot(ConvOp op) {
  auto allAre = [](ArrayRef<int64_t> values, int64_t value) {
    return llvm::all_of(values, [&](int64_t other) { return other == value; });
  };
  RankedTensorType input = tensorType(op.getInput()), filter = tensorType(op.getFilter());
  if (input.getRank() != 4 || op.getLayout() != tenon::DataLayout::channels_last)
    return "it has not two spatial dimensions before its channels";
  if (!filter.hasStaticShape() || !allAre(filter.getShape().take_front(2), 3))
    return "its window is not 3x3";
  if (!allAre(op.getStrides(), 1) || !allAre(op.getDilations(), 1) || op.getGroup() != 1)
    return "it has strides, dilations or groups";
  if (!input.getElementType().isF32())
    return "its elements are not f32";
  if (!input.hasStaticShape())
    return "its sizes are not all known";
  if (!followsFromConstants(op.getFilter()))
    return "its filter is not constant";
  return "";
}

/// `G w G'` for each pair of channels: two products with the matrix, along rows and along columns.
static Value transformFilter(OpBuilder &builder, ConvOp op, const WinogradMatrices &matrices) {
  Location loc = op.getLoc();
  ArrayRef<int64_t> shape = tensorType(op.getFilter()).getShape();
  int64_t channels = shape[2] * shape[3], points = matrices.points;
  SmallVector<float> narrow(matrices.filter.begin(), matrices.filter.end());
  auto type = RankedTensorType::get({points, 3}, builder.getF32Type());
  Value matrix = ConstantOp::create(
      builder, loc, cast<ElementsAttr>(DenseElementsAttr::get(type, ArrayRef<float>(narrow))));
  Value rows = createReshape(builder, loc, op.getFilter(), {3, 3 * channels});
  rows = MatmulOp::create(builder, loc, matrix, rows, /*transpose_lhs=*/false, /*transpose_rhs=*/false);
  rows = createReshape(builder, loc, rows, {points, 3, channels});
  Value both = MatmulOp::create(builder, loc, matrix, rows, /*transpose_lhs=*/false, /*transpose_rhs=*/false);
  return createReshape(builder, loc, both, {points * points, shape[2], shape[3]});
}

static void rewrite(ConvOp op, const WinogradMatrices &matrices) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  RankedTensorType type = tensorType(op.getResult());
  int64_t points = matrices.points;
  Value input = WinogradInputOp::create(builder, loc, op.getInput(), matrices.tile, op.getPads());
  SmallVector<int64_t> tiled(tensorType(input).getShape());
  int64_t tiles = tiled[0] * tiled[1] * tiled[2];
  Value lhs = createReshape(builder, loc, input, {tiles, points * points, tiled[5]});
  Value products =
      EinsumOp::create(builder, loc, "pbc,bck->pbk", ValueRange{lhs, transformFilter(builder, op, matrices)});
  tiled[5] = type.getDimSize(3);
  products = createReshape(builder, loc, products, tiled);
  Value result =
      WinogradOutputOp::create(builder, loc, products, matrices.tile, type.getDimSize(1), type.getDimSize(2));
  op.replaceAllUsesWith(result);
  op.erase();
}

namespace {
struct ApplyWinograd : tenon::impl::ApplyWinogradBase<ApplyWinograd> {
  using ApplyWinogradBase::ApplyWinogradBase;

  void runOnOperation() override {
    if (largestTile != 0 && !isWinogradTile(largestTile)) {
      getOperation().emitError("expects largest-tile of 0, 2 or 4, but got ") << largestTile.getValue();
      return signalPassFailure();
    }
    std::string error;
    llvm::FailureOr<Machine> described = lookupMachine(machine, cpu, features, &error);
    if (failed(described)) {
      getOperation().emitError(error);
      return signalPassFailure();
    }
    SmallVector<ConvOp> convolutions;
    getOperation().walk([&](ConvOp op) { convolutions.push_back(op); });
    for (ConvOp op : convolutions)
      if (std::optional<int64_t> tile = chooseTile(op, *described)) {
        rewrite(op, getWinogradMatrices(*tile));
        ++numApplied;
      }
  }

private:
  /// The tile that takes the least, if that is clearly less than computing directly.
  std::optional<int64_t> chooseTile(ConvOp op, const Machine &described) {
    if (std::string reason = whyNot(op); !reason.empty())
      return refuse(op, reason);
    ConvolutionCost cost(op, described);
    // The direct form is one kernel, which hides more of what it waits for than is counted here: 0.8 of its
    // estimate took 0.95 of its time.
    constexpr double worthwhile = 0.75;
    double direct = cost.direct(), least = std::numeric_limits<double>::infinity();
    std::optional<int64_t> best;
    for (int64_t tile = 2; tile <= largestTile; tile += 2) {
      double cycles = cost.winograd(getWinogradMatrices(tile));
      if (cycles < least) {
        best = tile;
        least = cycles;
      }
    }
    if (!best)
      return refuse(op, "no tile is small enough");
    if (least > worthwhile * direct)
      return refuse(op, "it would take " + std::to_string(std::lround(100 * least / direct)) +
                            " % of the cycles");
    return best;
  }

  std::optional<int64_t> refuse(ConvOp op, const std::string &reason) {
    if (explain)
      op.emitRemark("computed directly: ") << reason;
    return std::nullopt;
  }
};
} // namespace
