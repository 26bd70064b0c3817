//===- LoopNest.cpp - A structured op as numbers -----------------------------------------------------===//

#include "tenon/Schedule/Cost/LoopNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <numeric>

using namespace mlir;
using namespace tenon;

/// The value of `expr` at `point`; quotients and remainders of packed layouts included.
static int64_t valueAt(AffineExpr expr, ArrayRef<int64_t> point) {
  SmallVector<Attribute> operands;
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return point[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t lhs = valueAt(binary.getLHS(), point), rhs = valueAt(binary.getRHS(), point);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::Mod:
    return lhs % rhs;
  case AffineExprKind::FloorDiv:
    return lhs / rhs;
  default:
    return llvm::divideCeil(lhs, rhs);
  }
}

/// Whether the tensor is a constant inside the kernel, whose elements tiles know.
static bool isKnown(Value tensor) { return isa_and_nonnull<arith::ConstantOp>(tensor.getDefiningOp()); }

static LoopNest::Operand makeOperand(Access access, unsigned loops) {
  LoopNest::Operand operand;
  auto type = cast<RankedTensorType>(access.tensor.getType());
  if (isKnown(access.tensor)) // no memory to move in
    access.map = AffineMap::get(
        loops, 0, SmallVector<AffineExpr>(type.getRank(), getAffineConstantExpr(0, type.getContext())),
        type.getContext());
  operand.elementBytes = std::max(1u, type.getElementTypeBitWidth() / 8);
  operand.strides.assign(loops, 0);
  SmallVector<int64_t> origin(loops, 0);
  int64_t stride = 1;
  operand.coefficients.resize(access.map.getNumResults());
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    AffineExpr expr = access.map.getResult(i);
    for (unsigned loop = 0; loop < loops; ++loop) {
      SmallVector<int64_t> moved = origin;
      moved[loop] = 1;
      int64_t coefficient = valueAt(expr, moved) - valueAt(expr, origin);
      operand.coefficients[i].push_back(coefficient);
      operand.strides[loop] += coefficient * stride;
    }
    stride *= type.isDynamicDim(i) ? nominalExtent : type.getDimSize(i);
  }
  operand.padded = access.tensor.getDefiningOp<tensor::PadOp>() != nullptr;
  if (auto argument = dyn_cast<BlockArgument>(access.tensor))
    if (auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()))
      operand.packable = function.getArgAttr(argument.getArgNumber(), "tenon.constant") != nullptr;
  return operand;
}

/// `access` past the ops that only move elements.
static Access throughMoves(const StructuredKernel &kernel, Access access, ArrayRef<unsigned> stored) {
  while (std::optional<unsigned> producer = kernel.numberOf(access.tensor)) {
    const StructuredOp &op = kernel.getOp(*producer);
    auto generic = dyn_cast<linalg::GenericOp>(op.op);
    if (!generic || op.isReduction() || op.inputs.size() != 1 || op.outputs.size() != 1 ||
        llvm::is_contained(stored, *producer))
      return access;
    auto yielded = dyn_cast<BlockArgument>(generic.getBody()->getTerminator()->getOperand(0));
    if (!yielded || yielded.getOwner() != generic.getBody() || !op.outputs.front().map.isPermutation())
      return access;
    AffineMap toLoops = inversePermutation(op.outputs.front().map);
    access = {op.inputs.front().tensor, op.inputs.front().map.compose(toLoops).compose(access.map)};
  }
  return access;
}

/// Raises `periods` to those of the constants that `access` reads, also through elementwise ops.
static void addPeriods(const StructuredKernel &kernel, const Access &access, LoopNest &nest,
                       ArrayRef<unsigned> stored, llvm::SmallDenseSet<unsigned> &visited) {
  if (isKnown(access.tensor)) {
    for (AffineExpr index : access.map.getResults()) {
      AffineExpr inside = index;
      int64_t period = std::numeric_limits<int64_t>::max();
      if (index.getKind() == AffineExprKind::Mod) {
        inside = cast<AffineBinaryOpExpr>(index).getLHS();
        period = cast<AffineConstantExpr>(cast<AffineBinaryOpExpr>(index).getRHS()).getValue();
      }
      if (auto dim = dyn_cast<AffineDimExpr>(inside))
        nest.periods[dim.getPosition()] =
            std::max(nest.periods[dim.getPosition()], std::min(period, nest.extents[dim.getPosition()]));
    }
    return;
  }
  std::optional<unsigned> producer = kernel.numberOf(access.tensor);
  if (!producer || llvm::is_contained(stored, *producer) || !visited.insert(*producer).second)
    return;
  const StructuredOp &op = kernel.getOp(*producer);
  AffineMap written = op.outputs[cast<OpResult>(access.tensor).getResultNumber()].map;
  if (op.isReduction() || !written.isPermutation())
    return;
  AffineMap loops = inversePermutation(written).compose(access.map);
  for (const Access &input : op.inputs)
    addPeriods(kernel, {input.tensor, input.map.compose(loops)}, nest, stored, visited);
}

LoopNest tenon::makeLoopNest(const StructuredKernel &kernel, unsigned number, ArrayRef<unsigned> stored) {
  const StructuredOp &op = kernel.getOp(number);
  LoopNest nest;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    nest.extents.push_back(op.staticExtent(loop).value_or(nominalExtent));
    nest.reduction.push_back(op.isReductionLoop(loop));
  }
  for (const Access &input : op.inputs)
    nest.inputs.push_back(makeOperand(throughMoves(kernel, input, stored), op.getNumLoops()));
  nest.output = makeOperand(op.outputs.front(), op.getNumLoops());
  nest.periods.assign(op.getNumLoops(), 1);
  llvm::SmallDenseSet<unsigned> visited;
  if (!op.isReduction())
    for (const Access &input : op.inputs)
      addPeriods(kernel, input, nest, stored, visited);
  nest.combinesLanes = op.outputs.size() == 1;
  return nest;
}

double LoopNest::iterations() const {
  double count = 1;
  for (int64_t extent : extents)
    count *= extent;
  return count;
}

int64_t LoopNest::Operand::runBytes(ArrayRef<int64_t> extents) const {
  SmallVector<unsigned> order; // by stride
  for (unsigned loop = 0; loop < strides.size(); ++loop)
    if (extents[loop] > 1 && strides[loop] != 0)
      order.push_back(loop);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(std::abs(strides[a]), a) < std::make_pair(std::abs(strides[b]), b);
  });
  int64_t run = elementBytes;
  for (unsigned loop : order) {
    int64_t stride = std::abs(strides[loop]) * elementBytes;
    if (stride > run)
      break;
    run += stride * (extents[loop] - 1);
  }
  return run;
}

double LoopNest::Operand::pages(ArrayRef<int64_t> extents, int64_t pageBytes) const {
  double bytes = footprint(extents, elementBytes);
  if (packable)
    return std::ceil(bytes / pageBytes);
  int64_t run = runBytes(extents), apart = std::numeric_limits<int64_t>::max();
  for (size_t loop = 0; loop < strides.size(); ++loop)
    if (int64_t stride = std::abs(strides[loop]) * elementBytes; extents[loop] > 1 && stride > run)
      apart = std::min(apart, stride);
  double runs = std::max(1.0, bytes / run);
  return runs * (apart < pageBytes ? double(apart) / pageBytes : std::ceil(double(run) / pageBytes));
}

double LoopNest::Operand::setsReached(ArrayRef<int64_t> extents, int64_t lineBytes, int64_t wayBytes) const {
  // Constants are laid out as they are read, padded inputs are stored with a pitch that avoids this.
  if (packable || padded)
    return 1;
  int64_t run = elementBytes, apart = 0;
  for (size_t loop = 0; loop < strides.size(); ++loop) {
    if (extents[loop] == 1 || strides[loop] == 0)
      continue;
    int64_t stride = std::abs(strides[loop]) * elementBytes;
    if (stride <= run)
      run += stride * (extents[loop] - 1);
    else
      apart = std::gcd(apart, stride);
  }
  if (apart == 0)
    return 1;
  double starts = double(wayBytes) / std::gcd(apart, wayBytes);
  return std::min(1.0, starts * llvm::alignTo(run, lineBytes) / wayBytes);
}

double LoopNest::Operand::footprint(ArrayRef<int64_t> extents, int64_t lineBytes) const {
  double bytes = elementBytes;
  for (size_t i = 0; i < coefficients.size(); ++i) {
    int64_t span = 1, points = 1; // from the first index to the last, and how many different ones at most
    for (auto [coefficient, extent] : llvm::zip(coefficients[i], extents)) {
      span += std::abs(coefficient) * (extent - 1);
      points *= coefficient == 0 ? 1 : extent;
    }
    bool last = i + 1 == coefficients.size();
    if (last && !packable)
      bytes *=
          double(std::min<int64_t>(llvm::divideCeil(span * elementBytes, lineBytes), points) * lineBytes) /
          elementBytes;
    else
      bytes *= double(std::min(span, points));
  }
  return bytes;
}
