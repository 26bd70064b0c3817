//===- PackOperands.cpp - Lay constant operands out in the order their kernel reads them ---------------===//

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Kernel/Passes.h"
#include "tenon/Structure/StructuredKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tenon {
#define GEN_PASS_DEF_PACKOPERANDS
#include "tenon/Kernel/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {
/// How an argument of a kernel is packed: `dim` is split into tiles of `width`, or moved innermost whole if
/// that is 0.
struct Packing {
  unsigned argument;
  unsigned dim;
  int64_t width;
};
} // namespace

namespace {
/// The register tile of a reduction: the steps of its loops, and the loop that lies along the vector lanes,
/// whose step counts vectors.
struct Tile {
  unsigned vectorLoop;
  /// 0 for a loop that lies in the tile whole.
  SmallVector<int64_t> steps;
};
} // namespace

/// The tile of reduction `number`; none if its lanes lie along what it reduces.
static std::optional<Tile> registerTile(const StructuredKernel &kernel, const Schedule &schedule,
                                        unsigned number) {
  const StageSchedule *stage = schedule.find(number), *root = schedule.find(kernel.getRoot());
  const StructuredOp &op = kernel.getOp(number);
  if (!stage || (stage->vectorDim && op.isReductionLoop(*stage->vectorDim)))
    return std::nullopt;
  auto lastStep = [](ArrayRef<LoopStep> loops, unsigned dim) {
    int64_t step = 0;
    for (LoopStep loop : loops)
      if (loop.dim == dim)
        step = loop.step;
    return step;
  };
  // Where the stage has no loops of its own, its tile is the root's.
  auto toRoot = kernel.mapLoopsToRoot();
  SmallVector<std::optional<unsigned>> rootLoops(toRoot.lookup(number));
  Tile tile;
  std::optional<unsigned> vectorLoop;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    std::optional<unsigned> rootLoop = rootLoops[loop];
    int64_t step = lastStep(stage->loops, loop);
    bool isOwn = step != 0;
    if (!isOwn && rootLoop)
      step = lastStep(root->loops, *rootLoop);
    tile.steps.push_back(step);
    if (isOwn ? stage->vectorDim == loop : root->vectorDim && rootLoop == root->vectorDim)
      vectorLoop = loop;
  }
  if (!vectorLoop)
    return std::nullopt;
  tile.vectorLoop = *vectorLoop;
  return tile;
}

/// Whether one tile after the other reads the same elements of an operand with `map`.
static bool isReadAgain(const StructuredOp &op, AffineMap map, const Tile &tile) {
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (op.isReductionLoop(loop) || map.isFunctionOfDim(loop) || tile.steps[loop] == 0)
      continue;
    std::optional<int64_t> extent = op.staticExtent(loop);
    if (!extent || *extent > tile.steps[loop])
      return true;
  }
  return false;
}

/// In how many places at once a tile reads an operand with `map` whose vectors lie in one piece.
static int64_t placesRead(const StructuredOp &op, AffineMap map, const Tile &tile) {
  int64_t places = 1;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    if (loop != tile.vectorLoop && !op.isReductionLoop(loop) && map.isFunctionOfDim(loop))
      places *= tile.steps[loop] != 0 ? tile.steps[loop] : op.staticExtent(loop).value_or(1);
  return places;
}

/// How many elements of a tile's `width` to lay out together where it alone reads them, in `places` at once.
/// Memory serves several streams faster than one: a cache line to each if that makes enough of them, or a
/// vector.
static int64_t streamWidth(int64_t width, int64_t places, int64_t lanes, int64_t line) {
  constexpr int64_t enoughStreams = 3;
  if (places >= enoughStreams)
    return width;
  bool fitsLines = line >= lanes && width % line == 0 && width / line * places >= enoughStreams;
  return fitsLines ? line : lanes;
}

/// The packings worth making in a kernel, and the maps of its ops changed to read them.
static SmallVector<Packing> packArguments(StructuredKernel &kernel, const Schedule &schedule,
                                          int64_t vectorBits, int64_t lineBytes, bool wholeRows) {
  SmallVector<Packing> packings;
  func::FuncOp function = kernel.getFunction();
  MLIRContext *context = function.getContext();
  int64_t lanes = std::max<int64_t>(1, vectorBits / kernel.widestElementBits());

  for (auto [number, op] : llvm::enumerate(kernel.getOps())) {
    auto generic = dyn_cast<linalg::GenericOp>(op.op);
    if (!generic || !op.isReduction())
      continue;
    std::optional<Tile> tile = registerTile(kernel, schedule, number);
    if (!tile)
      continue;
    unsigned loop = tile->vectorLoop;
    int64_t vectors = tile->steps[loop];
    if (vectors == 0 && !wholeRows)
      continue;
    SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
    for (OpOperand *operand : generic.getDpsInputOperands()) {
      auto argument = dyn_cast<BlockArgument>(operand->get());
      if (!argument || !function.getArgAttr(argument.getArgNumber(), "tenon.constant") ||
          !argument.hasOneUse())
        continue;
      AffineMap map = generic.getMatchingIndexingMap(operand);
      auto type = cast<RankedTensorType>(argument.getType());
      AffineExpr lane = getAffineDimExpr(loop, context);
      auto *found = llvm::find(map.getResults(), lane);
      unsigned uses = llvm::count_if(map.getResults(), [&](AffineExpr e) { return e.isFunctionOfDim(loop); });
      if (found == map.getResults().end() || uses != 1 || type.getRank() < 2)
        continue;
      Packing packing{argument.getArgNumber(), unsigned(found - map.getResults().begin()), 0};
      if (!wholeRows) {
        packing.width = vectors * lanes;
        if (!isReadAgain(op, map, *tile))
          packing.width = streamWidth(packing.width, placesRead(op, map, *tile), lanes,
                                      lineBytes * 8 / type.getElementTypeBitWidth());
      }
      SmallVector<AffineExpr> packed;
      SmallVector<int64_t> shape;
      int64_t size = type.getDimSize(packing.dim);
      if (!wholeRows) {
        packed.push_back(lane.floorDiv(packing.width));
        shape.push_back(static_cast<int64_t>(llvm::divideCeil(size, packing.width)));
      } else if (packing.dim + 1 == type.getRank()) {
        continue; // it lies innermost
      }
      for (unsigned dim = 0; dim < map.getNumResults(); ++dim)
        if (dim != packing.dim) {
          packed.push_back(map.getResult(dim));
          shape.push_back(type.getDimSize(dim));
        }
      packed.push_back(wholeRows ? lane : lane % packing.width);
      shape.push_back(wholeRows ? size : packing.width);
      maps[operand->getOperandNumber()] = AffineMap::get(map.getNumDims(), 0, packed, context);
      argument.setType(RankedTensorType::get(shape, type.getElementType()));
      packings.push_back(packing);
    }
    generic.setIndexingMapsAttr(Builder(context).getAffineMapArrayAttr(maps));
  }
  if (!packings.empty())
    function.setType(
        FunctionType::get(context, function.getBody().getArgumentTypes(), function.getResultTypes()));
  return packings;
}

/// `constant` laid out as `packing` says: padded to whole tiles, split, and the tile moved innermost.
static Value packConstant(OpBuilder &builder, Location loc, Value constant, const Packing &packing) {
  auto type = cast<RankedTensorType>(constant.getType());
  int64_t rank = type.getRank(), size = type.getDimSize(packing.dim);
  if (packing.width == 0) {
    SmallVector<int64_t> permutation;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != packing.dim)
        permutation.push_back(dim);
    permutation.push_back(packing.dim);
    return TransposeOp::create(builder, loc, constant, permutation);
  }
  int64_t tiles = static_cast<int64_t>(llvm::divideCeil(size, packing.width));
  if (int64_t missing = tiles * packing.width - size) {
    SmallVector<int64_t> low(rank, 0), high(rank, 0), shape(type.getShape());
    high[packing.dim] = missing;
    shape[packing.dim] += missing;
    type = RankedTensorType::get(shape, type.getElementType());
    auto scalar = RankedTensorType::get({}, type.getElementType());
    Value zero =
        ConstantOp::create(builder, loc,
                           cast<ElementsAttr>(DenseElementsAttr::get(
                               scalar, cast<Attribute>(builder.getZeroAttr(type.getElementType())))));
    constant = PadOp::create(builder, loc, type, PadMode::constant, constant, zero, low, high);
  }
  SmallVector<int64_t> split(type.getShape().take_front(packing.dim));
  split.append({tiles, packing.width});
  llvm::append_range(split, type.getShape().drop_front(packing.dim + 1));
  constant = ReshapeOp::create(builder, loc, RankedTensorType::get(split, type.getElementType()), constant);
  SmallVector<int64_t> permutation{packing.dim};
  for (int64_t dim = 0; dim < rank + 1; ++dim)
    if (dim != packing.dim && dim != packing.dim + 1)
      permutation.push_back(dim);
  permutation.push_back(packing.dim + 1);
  return TransposeOp::create(builder, loc, constant, permutation);
}

namespace {
struct PackOperands : tenon::impl::PackOperandsBase<PackOperands> {
  using PackOperandsBase::PackOperandsBase;

  void runOnOperation() override {
    SymbolTableCollection symbols;
    llvm::DenseMap<Operation *, SmallVector<Packing>> packings;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      auto schedule = function->getAttrOfType<ScheduleAttr>("tenon.schedule");
      if (!schedule || !function->hasAttr("tenon.structured"))
        continue;
      FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
      if (failed(kernel))
        return signalPassFailure();
      packings[function] = packArguments(*kernel, schedule.getSchedule(), vectorBits, lineBytes, wholeRows);
    }
    // Calls that share a constant share its packed form: the steps of a recurrent layer all read the same
    // weights.
    llvm::DenseMap<std::tuple<Value, unsigned, int64_t>, Value> packed;
    getOperation().walk([&](func::CallOp call) {
      auto callee = symbols.lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
      OpBuilder builder(call);
      for (const Packing &packing : packings[callee]) {
        Value constant = call.getOperand(packing.argument);
        Value &form = packed[{constant, packing.dim, packing.width}];
        if (!form)
          form = packConstant(builder, call.getLoc(), constant, packing);
        call.setOperand(packing.argument, form);
      }
    });
  }
};
} // namespace
