//===- PlanMemory.cpp - Turn the program into launches on one arena ------------------------------------===//

#include "ArenaLayout.h"
#include "InterleavedLaunch.h"

#include "tenon/Codegen/Passes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Structure/StructuredKernel.h"
#include "tenon/Support/Refusal.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include "llvm/ADT/MapVector.h"

namespace tenon {
#define GEN_PASS_DEF_PLANMEMORY
#include "tenon/Codegen/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {

constexpr int64_t alignment = 64;

/// Memory that holds one or more values: a whole allocation.
struct Allocation {
  enum class Kind { Input, Output, Weights, Workspace } kind = Kind::Workspace;
  unsigned number = 0;          ///< of the input or output
  AffineExpr bytes;             ///< over the program's symbols
  Greatest offset;              ///< in the weights or the workspace
  unsigned first = 0, last = 0; ///< the first and last op that touches it
  /// Where windows of a tensor of `bytesRolled` bytes are all there is of it.
  RollingAttr rolling;
  int64_t bytesRolled = 0;
};

/// Where a value lies: `byteOffset` into an allocation.
struct Placement {
  unsigned allocation = 0;
  AffineExpr byteOffset; ///< over the program's symbols
};

/// A kernel, the memory and the symbols it runs on, and its parallel iterations.
struct Launched {
  func::FuncOp kernel;
  SmallVector<Value> arguments;
  Value range;
};

class MemoryPlanner {
public:
  MemoryPlanner(func::FuncOp program, double serialCycles)
      : program(program), context(program.getContext()), sizes(context), serialCycles(serialCycles) {}

  LogicalResult plan();

private:
  AffineExpr bytesOf(RankedTensorType type);
  Placement newPlace(Allocation::Kind kind, unsigned number, Value value);
  LogicalResult placeWindows(func::CallOp call);
  AffineExpr bytesPerIndex(RankedTensorType type, int64_t dim);
  LogicalResult placeValues();
  LogicalResult placeConcat(ConcatOp concat);
  LogicalResult placeSlice(SliceOp slice);
  void findTimes();
  void findLifetimes();
  void shareInPlace();
  bool overwrite(func::CallOp call, unsigned time, unsigned result, unsigned input);
  void layOutWorkspace();
  void layOutWeights();
  func::FuncOp makeRun();
  FailureOr<Launched> launchedBy(OpBuilder &builder, func::CallOp call);
  LogicalResult addTurn(const Launched &launched, func::CallOp call);
  void endTurns(OpBuilder &builder, Location loc);
  Value windowsOf(OpBuilder &builder, Location loc, unsigned allocation);
  LogicalResult emitLaunches(func::FuncOp run);
  Value memoryOf(const Allocation &allocation);
  Value offsetOf(OpBuilder &builder, Location loc, const Allocation &allocation, AffineExpr byteOffset);
  Value bufferOf(OpBuilder &builder, Location loc, Value tensor, MemRefType type);
  Value expand(OpBuilder &builder, Location loc, AffineExpr expr);
  func::FuncOp loopsOf(func::CallOp call);

  func::FuncOp program;
  MLIRContext *context;
  SymbolicSizes sizes;
  double serialCycles;
  SmallVector<Allocation> allocations;
  llvm::DenseMap<Value, Placement> placements;
  SmallVector<std::pair<ConstantOp, unsigned>> weights;
  /// When an op runs: calls that take turns, and what stands between them, at one time.
  llvm::DenseMap<Operation *, unsigned> times;
  ArenaLayout layout;
  /// The calls that take turns at the place reached, their windows and their cycles.
  SmallVector<InterleavedKernel> group;
  llvm::MapVector<unsigned, RollingMemory> windows;
  double groupCycles = 0;
  SymbolTableCollection symbolTable;
  Value weightsArgument, workspaceArgument;
  SmallVector<Value> outputArguments, symbolArguments, inputArguments;
};

} // namespace

static InterleaveAttr turnsOf(Operation *op) { return op->getAttrOfType<InterleaveAttr>("tenon.interleave"); }

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
  for (Value input : concat.getInputs()) {
    if (!placements.try_emplace(input, whole).second)
      return concat.emitOpError("expects operands that are placed nowhere else");
    AffineExpr size = sizes.of(cast<RankedTensorType>(input.getType()))[axis];
    whole.byteOffset = whole.byteOffset + size * bytesPerIndex(type, axis);
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

//===----------------------------------------------------------------------------------------===//
// The program on memory
//===----------------------------------------------------------------------------------------===//

func::FuncOp MemoryPlanner::makeRun() {
  OpBuilder builder(program);
  FunctionType type = program.getFunctionType();
  // Inputs, outputs, weights and workspace are all bytes: views give them their types.
  auto bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
  SmallVector<Type> arguments(type.getNumInputs() + type.getNumResults() + 2, bytes);
  arguments.append(sizes.getSymbols().size(), builder.getIndexType());
  auto run = func::FuncOp::create(builder, program.getLoc(), "run", builder.getFunctionType(arguments, {}));
  run->setAttr("tenon.program", builder.getUnitAttr());
  run->setAttr("tenon.inputs", builder.getI64IntegerAttr(type.getNumInputs()));
  run->setAttr("tenon.outputs", builder.getI64IntegerAttr(type.getNumResults()));
  run->setAttr("tenon.symbols", builder.getArrayAttr(SmallVector<Attribute>(sizes.getSymbols().begin(),
                                                                            sizes.getSymbols().end())));
  run->setAttr("tenon.signature", TypeAttr::get(type));
  auto names = [&](unsigned count, auto attributeOf) {
    SmallVector<Attribute> names;
    for (unsigned i = 0; i < count; ++i) {
      auto name = attributeOf(i);
      names.push_back(name ? name : builder.getStringAttr("value_" + Twine(i)));
    }
    return builder.getArrayAttr(names);
  };
  run->setAttr("tenon.input_names", names(type.getNumInputs(), [&](unsigned i) {
                 return program.template getArgAttrOfType<StringAttr>(i, "tenon.name");
               }));
  run->setAttr("tenon.output_names", names(type.getNumResults(), [&](unsigned i) {
                 return program.template getResultAttrOfType<StringAttr>(i, "tenon.name");
               }));
  Block *entry = run.addEntryBlock();
  unsigned next = 0;
  for (unsigned i = 0; i < type.getNumInputs(); ++i)
    inputArguments.push_back(entry->getArgument(next++));
  for (unsigned i = 0; i < type.getNumResults(); ++i)
    outputArguments.push_back(entry->getArgument(next++));
  weightsArgument = entry->getArgument(next++);
  workspaceArgument = entry->getArgument(next++);
  for (size_t i = 0; i < sizes.getSymbols().size(); ++i)
    symbolArguments.push_back(entry->getArgument(next++));
  return run;
}

Value MemoryPlanner::expand(OpBuilder &builder, Location loc, AffineExpr expr) {
  return affine::expandAffineExpr(builder, loc, expr, {}, symbolArguments);
}

/// The argument of the program that an allocation is a part of.
Value MemoryPlanner::memoryOf(const Allocation &allocation) {
  switch (allocation.kind) {
  case Allocation::Kind::Input:
    return inputArguments[allocation.number];
  case Allocation::Kind::Output:
    return outputArguments[allocation.number];
  case Allocation::Kind::Weights:
    return weightsArgument;
  case Allocation::Kind::Workspace:
    return workspaceArgument;
  }
  llvm_unreachable("all kinds are handled");
}

/// The byte at which `byteOffset` of an allocation is.
Value MemoryPlanner::offsetOf(OpBuilder &builder, Location loc, const Allocation &allocation,
                              AffineExpr byteOffset) {
  Value offset;
  for (AffineExpr start : allocation.offset) {
    AffineExpr expr = simplifyAffineExpr(start + byteOffset, 0, sizes.getSymbols().size());
    Value candidate = expand(builder, loc, expr);
    offset = offset ? arith::MaxSIOp::create(builder, loc, offset, candidate) : candidate;
  }
  return offset;
}

/// The memory of `tensor` as the kernel wants to see it.
Value MemoryPlanner::bufferOf(OpBuilder &builder, Location loc, Value tensor, MemRefType type) {
  Placement place = placements[tensor];
  const Allocation &allocation = allocations[place.allocation];
  SmallVector<Value> dynamicSizes;
  for (auto [i, size] : llvm::enumerate(sizes.of(cast<RankedTensorType>(tensor.getType()))))
    if (type.isDynamicDim(i))
      dynamicSizes.push_back(expand(builder, loc, size));
  Value memory = memoryOf(allocation);
  Value offset = offsetOf(builder, loc, allocation, place.byteOffset);
  if (type.getLayout().isIdentity())
    return memref::ViewOp::create(builder, loc, type, memory, offset, dynamicSizes);
  // Strided inside a concat: the rows lie apart, but within as many elements as the view spans.
  SmallVector<int64_t> strides;
  int64_t start;
  (void)type.getStridesAndOffset(strides, start);
  SmallVector<OpFoldResult> shape;
  AffineExpr span = sizes.constant(1);
  for (auto [i, size] : llvm::enumerate(sizes.of(cast<RankedTensorType>(tensor.getType())))) {
    span = span + (size - 1) * strides[i];
    shape.push_back(type.isDynamicDim(i) ? OpFoldResult(expand(builder, loc, size))
                                         : builder.getIndexAttr(type.getDimSize(i)));
  }
  auto flat = MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  Value elements = memref::ViewOp::create(builder, loc, flat, memory, offset, expand(builder, loc, span));
  SmallVector<OpFoldResult> stridesOfRows;
  for (int64_t stride : strides)
    stridesOfRows.push_back(builder.getIndexAttr(stride));
  return memref::ReinterpretCastOp::create(builder, loc, type, elements, builder.getIndexAttr(start), shape,
                                           stridesOfRows);
}

/// The kernel that `call` runs, its range and its memory.
FailureOr<Launched> MemoryPlanner::launchedBy(OpBuilder &builder, func::CallOp call) {
  Location loc = call.getLoc();
  func::FuncOp kernel = loopsOf(call);
  if (!kernel)
    return call.emitOpError("expects a kernel whose loops were emitted, but '")
           << call.getCallee() << "' is none";
  Launched launched{kernel, {}, {}};
  ArrayRef<Type> types = kernel.getArgumentTypes();
  SmallVector<Value> &arguments = launched.arguments;
  for (Value tensor :
       llvm::concat<Value>(llvm::to_vector(call.getOperands()), llvm::to_vector(call.getResults()))) {
    unsigned allocation = placements[tensor].allocation;
    arguments.push_back(allocations[allocation].rolling
                            ? windowsOf(builder, loc, allocation)
                            : bufferOf(builder, loc, tensor, cast<MemRefType>(types[arguments.size()])));
  }
  SmallVector<Value> symbols;
  for (Attribute name : kernel->getAttrOfType<ArrayAttr>("tenon.symbols")) {
    const auto *known = llvm::find(sizes.getSymbols(), name);
    symbols.push_back(symbolArguments[known - sizes.getSymbols().begin()]);
  }
  AffineMap rangeMap = kernel->getAttrOfType<AffineMapAttr>("tenon.range").getValue();
  launched.range = affine::expandAffineExpr(builder, loc, rangeMap.getResult(0), {}, symbols);
  llvm::append_range(arguments, symbols);
  return launched;
}

/// The memory that the windows of an allocation take, as bytes.
Value MemoryPlanner::windowsOf(OpBuilder &builder, Location loc, unsigned number) {
  const Allocation &allocation = allocations[number];
  RollingMemory &there = windows[number];
  if (!there.memory) {
    int64_t bytes = cast<AffineConstantExpr>(allocation.bytes).getValue();
    Value offset = offsetOf(builder, loc, allocation, sizes.constant(0));
    there.memory = memref::ViewOp::create(builder, loc, MemRefType::get(bytes, builder.getI8Type()),
                                          memoryOf(allocation), offset, ValueRange());
    there.rolling = allocation.rolling;
    there.bytes = allocation.bytesRolled;
  }
  return there.memory;
}

static double cyclesOf(func::FuncOp kernel) {
  auto cycles = kernel->getAttrOfType<FloatAttr>("tenon.cycles");
  return cycles ? cycles.getValueAsDouble() : std::numeric_limits<double>::infinity();
}

/// Adds a call to those it takes turns with.
LogicalResult MemoryPlanner::addTurn(const Launched &launched, func::CallOp call) {
  InterleaveAttr turns = turnsOf(call);
  std::optional<int64_t> range = getConstantIntValue(launched.range);
  if (!range || *range % turns.getStep() != 0)
    return call.emitOpError("expects a known number of iterations, in steps of ") << turns.getStep();
  if (!group.empty() && (group.front().turns.getBands() != turns.getBands() ||
                         group.front().turns.getShares() != turns.getShares()))
    return call.emitOpError("expects the bands and shares of the calls it takes turns with");
  func::FuncOp kernel = launched.kernel;
  group.push_back(
      {kernel.getName(), kernel.getArgumentTypes().drop_back(2), launched.arguments, *range, turns});
  groupCycles += cyclesOf(kernel);
  return success();
}

/// Launches the calls that take turns, if there are any.
void MemoryPlanner::endTurns(OpBuilder &builder, Location loc) {
  if (group.empty())
    return;
  std::string name = "interleaved_" + std::to_string(group.front().turns.getGroup());
  SmallVector<RollingMemory> rolling = llvm::to_vector(llvm::make_second_range(windows));
  launchInterleaved(builder, loc, name, group, rolling, groupCycles < serialCycles);
  group.clear();
  windows.clear();
  groupCycles = 0;
}

LogicalResult MemoryPlanner::emitLaunches(func::FuncOp run) {
  OpBuilder builder(context);
  builder.setInsertionPointToStart(&run.getBody().front());
  llvm::SmallDenseSet<int64_t> begun;
  for (func::CallOp call : program.getOps<func::CallOp>()) {
    InterleaveAttr turns = turnsOf(call);
    if (!group.empty() && (!turns || turns.getGroup() != group.front().turns.getGroup()))
      endTurns(builder, call.getLoc());
    if (turns && group.empty() && !begun.insert(turns.getGroup()).second)
      return call.emitOpError("expects the calls of group ") << turns.getGroup() << " one behind another";
    FailureOr<Launched> launched = launchedBy(builder, call);
    if (failed(launched))
      return failure();
    if (turns) {
      if (failed(addTurn(*launched, call)))
        return failure();
      continue;
    }
    bool serial = cyclesOf(launched->kernel) < serialCycles;
    LaunchOp::create(builder, call.getLoc(), launched->kernel.getName(), launched->arguments, launched->range,
                     /*from=*/Value(), serial);
  }
  endTurns(builder, program.getLoc());
  func::ReturnOp::create(builder, program.getLoc());
  return success();
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
