//===- PlanMemory.cpp - Turn the program into launches on one arena ------------------------------------===//

#include "MemoryPlanner.h"

#include "tenon/Codegen/Passes.h"
#include "tenon/Dialect/Tenon/IR/Placement.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Structure/StructuredKernel.h"
#include "tenon/Support/Refusal.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tenon {
#define GEN_PASS_DEF_PLANMEMORY
#include "tenon/Codegen/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

static constexpr int64_t alignment = 64;

static AffineExpr alignUp(AffineExpr bytes) {
  return simplifyAffineExpr(bytes.ceilDiv(alignment) * alignment, 0, 64);
}

AffineExpr MemoryPlanner::bytesOf(RankedTensorType type) {
  int64_t elementBytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  AffineExpr bytes = sizes.constant(elementBytes);
  for (AffineExpr size : sizes.of(type))
    bytes = bytes * size;
  return simplifyAffineExpr(bytes, 0, sizes.getSymbols().size());
}

/// A place at the start of an allocation for all of `value`.
Placement MemoryPlanner::newPlace(Allocation::Kind kind, unsigned number, Value value) {
  AffineExpr bytes = bytesOf(cast<RankedTensorType>(value.getType()));
  allocations.push_back({kind, number, bytes, Greatest{sizes.constant(0)}, ~0u, 0, {}, 0});
  return {static_cast<unsigned>(allocations.size() - 1), sizes.constant(0)};
}

/// The bytes from one index of `dim` to the next in a contiguous tensor.
AffineExpr MemoryPlanner::bytesPerIndex(RankedTensorType type, int64_t dim) {
  AffineExpr bytes = sizes.constant(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  for (AffineExpr size : ArrayRef(sizes.of(type)).drop_front(dim + 1))
    bytes = bytes * size;
  return bytes;
}

//===----------------------------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------------------------===//

/// Gives each value a place, from its last use backwards: what wants it somewhere decides before it is made.
LogicalResult MemoryPlanner::placeValues() {
  Block &body = program.getBody().front();
  for (auto [i, argument] : llvm::enumerate(body.getArguments()))
    placements[argument] = newPlace(Allocation::Kind::Input, i, argument);
  for (Operation &op : llvm::reverse(body)) {
    if (auto result = dyn_cast<func::ReturnOp>(op)) {
      for (auto [i, value] : llvm::enumerate(result.getOperands()))
        if (!placements.try_emplace(value, newPlace(Allocation::Kind::Output, i, value)).second &&
            !value.getDefiningOp<ConstantOp>()) // without elements: others are copied
          return result.emitOpError("expects operands that are placed nowhere else");
      continue;
    }
    for (Value result : op.getResults())
      if (!placements.contains(result) && !isa<ReshapeOp, SliceOp, ConstantOp>(op))
        placements[result] = newPlace(Allocation::Kind::Workspace, 0, result);
    if (auto call = dyn_cast<func::CallOp>(op)) {
      if (failed(placeWindows(call)))
        return failure();
    } else if (auto concat = dyn_cast<ConcatOp>(op)) {
      if (failed(placeConcat(concat)))
        return failure();
    } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      // The view decides where what it views is made, if it has a place already.
      if (auto placed = placements.find(reshape.getResult()); placed != placements.end()) {
        Placement there = placed->second;
        placements.try_emplace(reshape.getInput(), there);
      }
    }
  }
  // Views of values that were placed by something else.
  for (Operation &op : body) {
    if (auto constant = dyn_cast<ConstantOp>(op)) {
      Placement place = newPlace(Allocation::Kind::Weights, 0, constant);
      weights.push_back({constant, place.allocation});
      placements[constant.getResult()] = place;
    } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
      Placement there = placements[reshape.getInput()];
      placements[reshape.getResult()] = there;
    } else if (auto slice = dyn_cast<SliceOp>(op)) {
      if (failed(placeSlice(slice)))
        return failure();
    } else if (!isa<func::CallOp, ConcatOp, func::ReturnOp>(op)) {
      return op.emitOpError("is not part of a program of kernels");
    }
  }
  return success();
}

/// Results that roll take the memory of their windows, one for each share.
LogicalResult MemoryPlanner::placeWindows(func::CallOp call) {
  auto results = call->getAttrOfType<ArrayAttr>("tenon.rolling");
  InterleaveAttr turns = turnsOf(call);
  for (unsigned number = 0; results && number < call.getNumResults(); ++number) {
    auto rolling = number < results.size() ? dyn_cast<RollingAttr>(results[number]) : RollingAttr();
    if (!rolling)
      continue;
    Allocation &allocation = allocations[placements[call.getResult(number)].allocation];
    auto bytes = dyn_cast<AffineConstantExpr>(allocation.bytes);
    if (!turns || !bytes || allocation.kind != Allocation::Kind::Workspace || allocation.rolling)
      return call.emitOpError("expects rolling results to be of known size, and read by its group alone");
    allocation.rolling = rolling;
    allocation.bytesRolled = bytes.getValue();
    allocation.bytes = sizes.constant(rolling.getWindow() * turns.getShares());
  }
  return success();
}

/// The operands of a concat lie inside its result, each behind the one before.
LogicalResult MemoryPlanner::placeConcat(ConcatOp concat) {
  Placement whole = placements[concat.getResult()];
  auto type = cast<RankedTensorType>(concat.getType());
  int64_t axis = concat.getAxis();
  bool isContiguous = llvm::all_of(type.getShape().take_front(axis), [](int64_t size) { return size == 1; });
  // Else the operands' kernels write with strides, which are numbers.
  if (!isContiguous && ShapedType::isDynamicShape(type.getShape().drop_front()))
    return refuse(concat) << "expects static sizes behind the first dimension, but got " << type;
  AffineExpr perIndex = bytesPerIndex(type, axis);
  if (std::optional<SmallVector<int64_t>> strides = stridesInPlace(concat.getResult()))
    perIndex = sizes.constant((*strides)[axis] * llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  for (Value input : concat.getInputs()) {
    if (!placements.try_emplace(input, whole).second)
      return concat.emitOpError("expects operands that are placed nowhere else");
    AffineExpr size = sizes.of(cast<RankedTensorType>(input.getType()))[axis];
    whole.byteOffset = whole.byteOffset + size * perIndex;
  }
  return success();
}

/// A slice outside of kernels is a view.
LogicalResult MemoryPlanner::placeSlice(SliceOp slice) {
  if (!slice.isContiguous())
    return refuse(slice) << "expects elements that stand together, outside of kernels";
  Placement place = placements[slice.getInput()];
  auto type = cast<RankedTensorType>(slice.getInput().getType());
  for (auto [dim, start] : llvm::enumerate(slice.getStarts()))
    place.byteOffset = place.byteOffset + bytesPerIndex(type, dim) * start;
  placements[slice.getResult()] = place;
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Lifetimes and offsets
//===----------------------------------------------------------------------------------------===//

void MemoryPlanner::findTimes() {
  llvm::DenseMap<int64_t, Operation *> last;
  for (Operation &op : program.getBody().front())
    if (InterleaveAttr turns = turnsOf(&op))
      last[turns.getGroup()] = &op;
  unsigned time = 0;
  Operation *until = nullptr;
  for (Operation &op : program.getBody().front()) {
    times[&op] = until ? time : ++time;
    if (InterleaveAttr turns = turnsOf(&op); turns && !until)
      until = last[turns.getGroup()];
    if (until == &op)
      until = nullptr;
  }
}

void MemoryPlanner::findLifetimes() {
  for (Operation &op : program.getBody().front()) {
    if (isa<ConstantOp>(op))
      continue;
    auto touch = [&, time = times[&op]](Value value) {
      Allocation &allocation = allocations[placements[value].allocation];
      allocation.first = std::min(allocation.first, time);
      allocation.last = std::max(allocation.last, time);
    };
    llvm::for_each(op.getOperands(), touch);
    llvm::for_each(op.getResults(), touch);
  }
}

/// The loops of the kernel that is called; null if there are none.
func::FuncOp MemoryPlanner::loopsOf(func::CallOp call) {
  auto callee = symbolTable.lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  auto emitted = callee ? callee->getAttrOfType<FlatSymbolRefAttr>("tenon.emitted") : FlatSymbolRefAttr();
  return emitted ? symbolTable.lookupNearestSymbolFrom<func::FuncOp>(call, emitted) : func::FuncOp();
}

/// Gives result `result` of `call` the memory of its operand `input`, if that is all the operand's, the
/// workspace's, and of no use afterwards.
bool MemoryPlanner::overwrite(func::CallOp call, unsigned time, unsigned result, unsigned input) {
  Placement &to = placements[call.getResult(result)], &from = placements[call.getOperand(input)];
  Allocation &there = allocations[to.allocation], &here = allocations[from.allocation];
  auto isWhole = [&](const Allocation &allocation, const Placement &place, Value value) {
    return allocation.kind == Allocation::Kind::Workspace && !allocation.rolling &&
           place.byteOffset == sizes.constant(0) &&
           allocation.bytes == bytesOf(cast<RankedTensorType>(value.getType()));
  };
  if (to.allocation == from.allocation || !isWhole(there, to, call.getResult(result)) ||
      !isWhole(here, from, call.getOperand(input)) || there.first != time || here.last != time)
    return false;
  // Operands may be views of one value, and results of one call may want one place; and the calls it takes
  // turns with read and write at the same time.
  unsigned users = 0, makers = 0;
  for (Operation &op : program.getBody().front()) {
    if (!isa<func::CallOp>(op) || times[&op] != time)
      continue;
    for (Value value : op.getOperands())
      users += placements[value].allocation == from.allocation;
    for (Value value : op.getResults())
      (&op == call ? users : makers) += placements[value].allocation == from.allocation;
  }
  if (users != 1 || makers > 1)
    return false;
  here.last = there.last;
  there.first = ~0u;
  there.last = 0;
  unsigned gone = to.allocation, kept = from.allocation;
  for (auto &[value, place] : placements)
    if (place.allocation == gone)
      place.allocation = kept;
  return true;
}

/// Lets results take the memory of operands that their kernel is the last to read, where it may.
void MemoryPlanner::shareInPlace() {
  for (Operation &op : program.getBody().front()) {
    unsigned time = times[&op];
    auto call = dyn_cast<func::CallOp>(op);
    func::FuncOp loops = call ? loopsOf(call) : func::FuncOp();
    if (!loops)
      continue;
    for (unsigned result = 0; result < call.getNumResults(); ++result) {
      unsigned argument = call.getNumOperands() + result;
      auto inputs = loops.getArgAttrOfType<DenseI64ArrayAttr>(argument, "tenon.may_overwrite");
      if (!inputs)
        continue;
      for (int64_t input : inputs.asArrayRef()) {
        if (loops.getArgumentTypes()[argument] != loops.getArgumentTypes()[input] ||
            !overwrite(call, time, result, input))
          continue;
        for (unsigned shared : {argument, static_cast<unsigned>(input)})
          loops.removeArgAttr(shared, "llvm.noalias");
        break;
      }
    }
  }
}

void MemoryPlanner::layOutWorkspace() {
  SmallVector<unsigned> placed;
  SmallVector<ArenaBuffer> buffers;
  for (auto [i, allocation] : llvm::enumerate(allocations)) {
    if (allocation.kind != Allocation::Kind::Workspace || allocation.first > allocation.last)
      continue;
    placed.push_back(i);
    buffers.push_back({alignUp(allocation.bytes), allocation.first, allocation.last});
  }
  layout = layOutArena(buffers, sizes.getSymbols().size(), context);
  for (auto [i, offset] : llvm::zip(placed, layout.offsets))
    allocations[i].offset = offset;
}

void MemoryPlanner::layOutWeights() {
  int64_t offset = 0;
  SmallVector<Attribute> values;
  SmallVector<int64_t> offsets;
  llvm::DenseMap<Attribute, int64_t> known;
  for (auto [constant, number] : weights) {
    // Equal constants are stored once.
    auto [there, isNew] = known.try_emplace(constant.getValue(), offset);
    allocations[number].offset = {sizes.constant(there->second)};
    if (!isNew)
      continue;
    values.push_back(constant.getValue());
    offsets.push_back(offset);
    offset += llvm::alignTo(cast<AffineConstantExpr>(allocations[number].bytes).getValue(), alignment);
  }
  Builder builder(context);
  auto module = program->getParentOfType<ModuleOp>();
  module->setAttr("tenon.weights", builder.getArrayAttr(values));
  module->setAttr("tenon.weight_offsets", builder.getDenseI64ArrayAttr(offsets));
  module->setAttr("tenon.weight_bytes", builder.getI64IntegerAttr(offset));
}

LogicalResult MemoryPlanner::plan() {
  // In the order the model's signature lists them: first seen in the inputs, then in the outputs.
  FunctionType type = program.getFunctionType();
  for (TypeRange tensors : {TypeRange(type.getInputs()), TypeRange(type.getResults())})
    for (Type tensor : tensors)
      if (auto dims = dyn_cast_or_null<DimsAttr>(cast<RankedTensorType>(tensor).getEncoding()))
        for (StringAttr name : dims.getSymbols())
          sizes.symbol(name);
  if (failed(placeValues()))
    return failure();
  findTimes();
  findLifetimes();
  shareInPlace();
  layOutWorkspace();
  layOutWeights();
  func::FuncOp run = makeRun();
  auto mapOf = [&](const Greatest &greatest) {
    return AffineMapAttr::get(AffineMap::get(0, sizes.getSymbols().size(), greatest, context));
  };
  run->setAttr("tenon.workspace", mapOf(layout.bytes));
  run->setAttr("tenon.workspace_lower_bound", mapOf(layout.lowerBound));
  run->setAttr("tenon.workspace_ratio", Builder(context).getF64FloatAttr(layout.ratio));
  if (failed(emitLaunches(run)))
    return failure();
  program.erase();
  return success();
}

namespace {
struct PlanMemory : tenon::impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (!function->hasAttr("tenon.kernel") && !function->hasAttr("tenon.program") && !function.isExternal())
        if (failed(MemoryPlanner(function, serialCycles).plan()))
          return signalPassFailure();
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr("tenon.emitted"))
        function.erase();
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        function.removeArgAttr(i, "tenon.may_overwrite");
  }
};
} // namespace
