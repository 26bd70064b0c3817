//===- ScalableVectors.cpp - Vectors whose length is only known at run time ---------------------------===//
//
// A vector then holds `lanes` * vscale elements. Tiles stay counted in vectors: within one, extents and
// offsets along the vector dimension count multiples of vscale, so that the points of a tile are as static as
// with vectors of a fixed length. What is not: how many tiles there are, where they start, and how many lanes
// the last vector has. So every dimension that vectors lie along is looped over, with a mask in its last
// vector, and lanes that lie apart in memory are gathered.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Which kernels
//===----------------------------------------------------------------------------------------===//

/// Whether LLVM takes a vector op apart lane by lane, which it can't without knowing their number.
static bool isLaneByLane(Operation *op) {
  return isa<arith::RemFOp>(op) || (isa<math::PowFOp>(op) && op->getResult(0).getType().isF64());
}

/// Whether vectors of a length known at run time can carry the kernel out. One that can't has vectors of the
/// least length instead.
bool KernelEmitter::hasScalableForm() const {
  auto isUnsupported = [&](Type type) {
    type = getElementTypeOrSelf(type);
    return (type.isF16() && !options.scalableF16) || (type.isBF16() && !options.scalableBF16);
  };
  WalkResult walked = kernel.getFunction().getBody().walk([&](Operation *op) {
    bool unsupported = isLaneByLane(op) || llvm::any_of(op->getOperandTypes(), isUnsupported) ||
                       llvm::any_of(op->getResultTypes(), isUnsupported);
    return unsupported ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (walked.wasInterrupted())
    return false;

  const StageSchedule *root = schedule.find(kernel.getRoot());
  auto toRoot = kernel.mapLoopsToRoot();
  for (auto [number, op] : llvm::enumerate(kernel.getOps())) {
    const StageSchedule *stage = schedule.find(number);
    // Constants of a kernel are not in memory, from which lanes could be gathered.
    for (const Access &input : op.inputs)
      for (auto [loop, rootLoop] : llvm::enumerate(toRoot.lookup(number)))
        if (isa_and_nonnull<arith::ConstantOp>(input.tensor.getDefiningOp()) &&
            input.map.isFunctionOfDim(loop) &&
            ((root && rootLoop && root->vectorDim == rootLoop) || (stage && stage->vectorDim == loop)))
          return false;
    if (!stage || !stage->vectorDim || !op.isReductionLoop(*stage->vectorDim))
      continue;
    // No instruction multiplies the lanes of a vector with each other.
    bool multiplies =
        llvm::any_of(op.op->getRegion(0).front().getTerminator()->getOperands(), [](Value yielded) {
          return isa_and_nonnull<arith::MulFOp, arith::MulIOp>(yielded.getDefiningOp());
        });
    if (multiplies)
      return false;
    // Values reduced one by one, along which the lanes of their reader run.
    for (auto [loop, rootLoop] : llvm::enumerate(toRoot.lookup(number)))
      if (!stage->stored && !op.isReductionLoop(loop) && rootLoop && root && root->vectorDim == rootLoop)
        return false;
  }
  return true;
}

//===----------------------------------------------------------------------------------------===//
// Extents and loops
//===----------------------------------------------------------------------------------------===//

LinearForm KernelEmitter::scaled(const LinearForm &form, bool isScaled) {
  if (!isScaled)
    return form;
  LinearForm product;
  product.add(vscale, form.constant);
  for (auto [value, factor] : form.terms)
    product.add(arith::MulIOp::create(builder, loc, value, vscale), factor);
  return product;
}

Value KernelEmitter::times(int64_t factor, bool isScaled) {
  return scaled(LinearForm(factor), isScaled).materialize(builder, loc);
}

Value KernelEmitter::extentOf(const LoopVariable &variable) {
  if (variable.laneCount)
    return variable.laneCount;
  return ShapedType::isDynamic(variable.extent) ? variable.dynamicExtent
                                                : times(variable.extent, variable.scalable);
}

bool KernelEmitter::hasDynamicTrips(const LoopVariable &variable, bool isVector) const {
  return ShapedType::isDynamic(variable.extent) || (scalable && variable.scalable != isVector);
}

/// Whether a vector of any length holds all that a loop over vectors would run through.
bool KernelEmitter::fitsLeastVector(const LoopVariable &variable, bool isVector) const {
  return scalable && isVector && !variable.scalable && !ShapedType::isDynamic(variable.extent) &&
         variable.extent <= leastLanes;
}

/// A loop that the schedule leaves out because a tile holds the whole dimension, which it can't where either
/// is only known at run time: along the vectors of a stage, and along those of its reader.
std::optional<KernelEmitter::Loop> KernelEmitter::findMissingLoop(const Node &node) const {
  if (!scalable)
    return std::nullopt;
  const StructuredOp &op = kernel.getOp(node.op);
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim) {
    auto isAlong = [&](LoopStep step) { return step.dim == dim; };
    if (op.isReductionLoop(dim) || llvm::any_of(node.schedule->inner, isAlong))
      continue;
    Variable variable = variableOf(node, dim);
    const LoopVariable &along = variables[variable];
    bool isVector = vectorVariableOf(node) == variable;
    if (isVector ? !along.scalable : along.scalable || along.capacity.scaled != 0)
      return Loop{variable, isVector ? lanes : 1};
  }
  return std::nullopt;
}

/// The iterations of a parallel range as tiles [first, last). The caller counts tiles of the least length;
/// there are fewer where vectors are longer, and each call of the kernel gets its share of those.
std::pair<Value, Value> KernelEmitter::tileRange(const Node &node, ArrayRef<Loop> loops, ValueRange trips) {
  std::optional<Variable> vector = vectorVariableOf(node);
  if (!scalable || llvm::none_of(loops, [&](Loop loop) { return loop.variable == vector; }))
    return {begin, end};
  Value tiles = arith::ConstantIndexOp::create(builder, loc, 1), iterations = tiles;
  for (auto [loop, trip] : llvm::zip(loops, trips)) {
    int64_t step = loop.variable == vector ? loop.step / lanes * leastLanes : loop.step;
    Value counted = builder.createOrFold<arith::CeilDivUIOp>(
        loc, extentOf(variables[loop.variable]), arith::ConstantIndexOp::create(builder, loc, step));
    tiles = builder.createOrFold<arith::MulIOp>(loc, tiles, trip);
    iterations = builder.createOrFold<arith::MulIOp>(loc, iterations, counted);
  }
  // An empty range has no tile either.
  iterations =
      builder.createOrFold<arith::MaxUIOp>(loc, iterations, arith::ConstantIndexOp::create(builder, loc, 1));
  auto toTile = [&](Value iteration) -> Value {
    return arith::DivUIOp::create(builder, loc, arith::MulIOp::create(builder, loc, iteration, tiles),
                                  iterations);
  };
  return {toTile(begin), toTile(end)};
}

//===----------------------------------------------------------------------------------------===//
// Scratch
//===----------------------------------------------------------------------------------------===//

/// What is needed of a stage that is read at `step` times a vector dimension, next to `extent` elements for
/// each index along it.
LoopVariable KernelEmitter::scalableRegion(const LoopVariable &along, int64_t step, int64_t extent) {
  LoopVariable region;
  region.capacity = {extent - step, step * along.extent};
  if (step == 1 && extent == 1) {
    region.extent = along.extent;
    region.scalable = true;
    region.laneCount = along.laneCount;
    return region;
  }
  LinearForm size(extent - step);
  size.add(extentOf(along), step);
  region.extent = ShapedType::kDynamic;
  region.dynamicExtent = size.materialize(builder, loc);
  return region;
}

Value KernelEmitter::capacityOf(LoopVariable::Capacity capacity) {
  LinearForm size(capacity.fixed);
  size.add(vscale, capacity.scaled);
  return size.materialize(builder, loc);
}

//===----------------------------------------------------------------------------------------===//
// Lanes that lie apart
//===----------------------------------------------------------------------------------------===//

/// The values of an index in all lanes: a vector, or a scalar if they are the same.
Value KernelEmitter::indexLanes(AffineExpr expr, const Point &point, Variable vector) {
  if (std::optional<int64_t> step = laneStep(expr, point, vector)) {
    Value first = indexOf(expr, point).materialize(builder, loc);
    if (*step == 0)
      return first;
    Value along = vector::StepOp::create(builder, loc, vectorType(builder.getIndexType()));
    if (*step != 1)
      along = arith::MulIOp::create(builder, loc, along,
                                    broadcast(arith::ConstantIndexOp::create(builder, loc, *step)));
    return arith::AddIOp::create(builder, loc, broadcast(first), along);
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value lhs = broadcast(indexLanes(binary.getLHS(), point, vector));
  Value rhs = broadcast(indexLanes(binary.getRHS(), point, vector));
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(builder, loc, lhs, rhs);
  case AffineExprKind::CeilDiv: {
    Value one = broadcast(arith::ConstantIndexOp::create(builder, loc, 1));
    lhs = arith::AddIOp::create(builder, loc, lhs, arith::SubIOp::create(builder, loc, rhs, one));
    [[fallthrough]];
  }
  case AffineExprKind::FloorDiv:
    return arith::DivUIOp::create(builder, loc, lhs, rhs);
  default:
    assert(expr.getKind() == AffineExprKind::Mod && "no other affine expressions");
    return arith::RemUIOp::create(builder, loc, lhs, rhs);
  }
}

KernelEmitter::Values KernelEmitter::indexLanes(const Buffer &buffer, ArrayRef<AffineExpr> indices,
                                                const Point &point, Variable vector) {
  Values values;
  for (auto [index, origin] : llvm::zip(indices, buffer.origin)) {
    Value value = indexLanes(index, point, vector);
    if (!(origin == LinearForm())) {
      Value start = origin.materialize(builder, loc);
      value = arith::SubIOp::create(builder, loc, value,
                                    isa<VectorType>(value.getType()) ? broadcast(start) : start);
    }
    values.push_back(value);
  }
  return values;
}

/// How many elements behind the memref's first each lane's element lies.
Value KernelEmitter::elementOffsets(Value memref, ValueRange indices) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  bool isStatic = succeeded(type.getStridesAndOffset(strides, offset)) &&
                  llvm::none_of(strides, [](int64_t stride) { return ShapedType::isDynamic(stride); });
  ValueRange dynamicStrides;
  if (!isStatic)
    dynamicStrides = memref::ExtractStridedMetadataOp::create(builder, loc, memref).getStrides();
  Value sum;
  for (auto [i, index] : llvm::enumerate(indices)) {
    Value stride =
        isStatic ? Value(arith::ConstantIndexOp::create(builder, loc, strides[i])) : dynamicStrides[i];
    Value product = arith::MulIOp::create(builder, loc, broadcast(index), broadcast(stride));
    sum = sum ? Value(arith::AddIOp::create(builder, loc, sum, product)) : product;
  }
  return sum;
}

Value KernelEmitter::gather(Value memref, ValueRange indices, Value mask, Value passThrough) {
  VectorType type = vectorType(getElementTypeOrSelf(memref.getType()));
  if (!passThrough)
    passThrough = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  if (!mask)
    mask = broadcast(arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
  Values origin(indices.size(), arith::ConstantIndexOp::create(builder, loc, 0));
  return vector::GatherOp::create(builder, loc, type, memref, origin, elementOffsets(memref, indices), mask,
                                  passThrough);
}

void KernelEmitter::scatter(Value value, Value memref, ValueRange indices, Value mask) {
  if (!mask)
    mask = broadcast(arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
  Values origin(indices.size(), arith::ConstantIndexOp::create(builder, loc, 0));
  vector::ScatterOp::create(builder, loc, /*resultType=*/Type(), memref, origin,
                            elementOffsets(memref, indices), mask, value);
}

//===----------------------------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------------------------===//

/// The reduction of a vector that combines by `op`.
static vector::CombiningKind combiningKind(Operation *op) {
  using Kind = vector::CombiningKind;
  return llvm::TypeSwitch<Operation *, Kind>(op)
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return Kind::ADD; })
      .Case([](arith::AndIOp) { return Kind::AND; })
      .Case([](arith::OrIOp) { return Kind::OR; })
      .Case([](arith::XOrIOp) { return Kind::XOR; })
      .Case([](arith::MaxSIOp) { return Kind::MAXSI; })
      .Case([](arith::MaxUIOp) { return Kind::MAXUI; })
      .Case([](arith::MinSIOp) { return Kind::MINSI; })
      .Case([](arith::MinUIOp) { return Kind::MINUI; })
      .Case([](arith::MaximumFOp) { return Kind::MAXIMUMF; })
      .Case([](arith::MinimumFOp) { return Kind::MINIMUMF; })
      .Case([](arith::MaxNumFOp) { return Kind::MAXNUMF; })
      .Case([](arith::MinNumFOp) { return Kind::MINNUMF; })
      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Kind::MUL; });
}

Value KernelEmitter::combineScalableLanes(linalg::GenericOp op, Value vector) {
  Operation *combiner = op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  auto fast = dyn_cast<arith::ArithFastMathInterface>(combiner);
  return vector::ReductionOp::create(builder, loc, combiningKind(combiner), vector,
                                     fast ? fast.getFastMathFlagsAttr().getValue()
                                          : arith::FastMathFlags::none);
}
