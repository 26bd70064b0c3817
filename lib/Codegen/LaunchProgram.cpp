//===- LaunchProgram.cpp - The program on memory: its views and launches -----------------------------===//

#include "MemoryPlanner.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tenon;

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
