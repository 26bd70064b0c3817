//===- EmitKernels.cpp - Carry out each kernel's schedule -------------------------------------------===//

#include "KernelEmitter.h"
#include "Unstructured/Unstructured.h"

#include "tenon/Codegen/Passes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tenon {
#define GEN_PASS_DEF_EMITKERNELS
#include "tenon/Codegen/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

/// The number of iterations of the parallel loops, as a map of the kernel's symbols.
static AffineMap parallelRange(StructuredKernel &kernel, const Schedule &schedule, int64_t lanes) {
  MLIRContext *context = kernel.getFunction().getContext();
  const StructuredOp &root = kernel.getOp(kernel.getRoot());
  const StageSchedule &stage = *schedule.find(kernel.getRoot());
  AffineExpr range = getAffineConstantExpr(1, context);
  for (LoopStep loop : ArrayRef(stage.loops).take_front(stage.parallelLoops)) {
    int64_t step = stage.vectorDim == loop.dim ? loop.step * lanes : loop.step;
    range = range * root.extents[loop.dim].ceilDiv(step);
  }
  unsigned symbols = kernel.getSymbols().size();
  return AffineMap::get(0, symbols, simplifyAffineExpr(range, 0, symbols));
}

/// The memref type that holds a tensor; its dynamic sizes go into an argument attribute, since memrefs can't
/// name them.
static MemRefType bufferType(Type type, DenseI64ArrayAttr strides) {
  auto tensor = cast<RankedTensorType>(type);
  MemRefLayoutAttrInterface layout;
  if (strides)
    layout = StridedLayoutAttr::get(type.getContext(), /*offset=*/0, strides.asArrayRef());
  return MemRefType::get(tensor.getShape(), tensor.getElementType(), layout);
}

/// Creates the function that will hold the loops of `source`: its tensors as memrefs, its symbols, the range.
static func::FuncOp createLoopFunction(func::FuncOp source, SymbolicSizes &symbolic) {
  OpBuilder builder(source);
  SmallVector<Type> arguments;
  SmallVector<Attribute> dims;
  unsigned symbols = symbolic.getSymbols().size();
  auto addTensor = [&](Type type, DenseI64ArrayAttr strides = {}) {
    arguments.push_back(bufferType(type, strides));
    auto tensor = cast<RankedTensorType>(type);
    SymbolicSizes::Sizes sizes = symbolic.of(tensor);
    dims.push_back(tensor.hasStaticShape()
                       ? Attribute()
                       : AffineMapAttr::get(AffineMap::get(0, symbols, sizes, source.getContext())));
  };
  for (Type type : source.getArgumentTypes())
    addTensor(type);
  for (auto [i, type] : llvm::enumerate(source.getResultTypes()))
    addTensor(type, source.getResultAttrOfType<DenseI64ArrayAttr>(i, "tenon.strides"));
  arguments.append(symbols + 2, builder.getIndexType());

  auto target = func::FuncOp::create(builder, source.getLoc(), (source.getName() + "_loops").str(),
                                     builder.getFunctionType(arguments, {}));
  target.setPrivate();
  for (auto [i, map] : llvm::enumerate(dims))
    if (map)
      target.setArgAttr(i, "tenon.dims", map);
  // The memory plan takes it off where it lets a result share memory with what its kernel reads.
  for (unsigned i = 0; i < dims.size(); ++i)
    target.setArgAttr(i, "llvm.noalias", builder.getUnitAttr());
  target->setAttr("tenon.kernel", builder.getUnitAttr());
  target->setAttr("tenon.symbols", builder.getArrayAttr(SmallVector<Attribute>(symbolic.getSymbols().begin(),
                                                                               symbolic.getSymbols().end())));
  for (StringRef name : {"tenon.schedule", "tenon.cycles"})
    if (Attribute value = source->getAttr(name))
      target->setAttr(name, value);
  return target;
}

/// The program still calls the kernel on tensors: a declaration stays until the memory plan replaces the
/// calls.
static void makeDeclaration(func::FuncOp source, func::FuncOp target) {
  source.getBody().getBlocks().clear();
  source.setPrivate();
  for (StringRef name : {"tenon.structured", "tenon.schedule", "tenon.cycles"})
    source->removeAttr(name);
  source->setAttr("tenon.emitted", FlatSymbolRefAttr::get(target));
}

static LogicalResult emitStructuredKernel(func::FuncOp source, const EmitterOptions &options) {
  FailureOr<StructuredKernel> kernel = StructuredKernel::create(source);
  if (failed(kernel))
    return failure();
  const Schedule &schedule = source->getAttrOfType<ScheduleAttr>("tenon.schedule").getSchedule();
  func::FuncOp target = createLoopFunction(source, kernel->getSizes());
  KernelEmitter emitter(*kernel, schedule, options);
  if (failed(emitter.emit(target)))
    return failure();
  target->setAttr("tenon.range",
                  AffineMapAttr::get(parallelRange(*kernel, schedule, emitter.getLeastLanes())));
  for (auto [result, input] : emitter.getOverwritable()) {
    unsigned argument = source.getNumArguments() + result;
    SmallVector<int64_t> inputs;
    if (auto known = target.getArgAttrOfType<DenseI64ArrayAttr>(argument, "tenon.may_overwrite"))
      llvm::append_range(inputs, known.asArrayRef());
    inputs.push_back(input);
    target.setArgAttr(argument, "tenon.may_overwrite", DenseI64ArrayAttr::get(source.getContext(), inputs));
  }
  makeDeclaration(source, target);
  return success();
}

/// The value whose bytes `value` is, before or after casts of signedness.
static Value lookThroughCast(Value value) {
  auto cast = value.getDefiningOp<UnrealizedConversionCastOp>();
  return cast ? cast.getOperand(0) : value;
}

static LogicalResult emitUnstructuredKernel(func::FuncOp source, Operation *op) {
  SymbolicSizes symbolic(source.getContext());
  SmallVector<Type> types(source.getArgumentTypes());
  llvm::append_range(types, source.getResultTypes());
  for (StringAttr name : collectSymbols(types))
    symbolic.symbol(name);
  func::FuncOp target = createLoopFunction(source, symbolic);
  Block *entry = target.addEntryBlock();
  SmallVector<Value> inputs, outputs;
  for (Value operand : op->getOperands()) {
    auto argument = dyn_cast<BlockArgument>(lookThroughCast(operand));
    if (!argument)
      return op->emitOpError("expects operands that are arguments of the kernel");
    inputs.push_back(entry->getArgument(argument.getArgNumber()));
  }
  for (Value result : op->getResults()) {
    Value output;
    for (auto [i, returned] : llvm::enumerate(source.front().getTerminator()->getOperands()))
      if (lookThroughCast(returned) == result)
        output = entry->getArgument(source.getNumArguments() + i);
    outputs.push_back(output);
  }
  OpBuilder builder = OpBuilder::atBlockEnd(entry);
  if (failed(emitUnstructured(op, builder, {inputs, outputs})))
    return failure();
  builder.setInsertionPointToEnd(entry);
  func::ReturnOp::create(builder, source.getLoc());
  AffineExpr one = builder.getAffineConstantExpr(1);
  target->setAttr("tenon.range", AffineMapAttr::get(AffineMap::get(0, symbolic.getSymbols().size(), one)));
  makeDeclaration(source, target);
  return success();
}

static LogicalResult emitKernel(func::FuncOp source, const EmitterOptions &options) {
  if (Operation *op = findUnstructuredOp(source))
    return emitUnstructuredKernel(source, op);
  return source->hasAttrOfType<ScheduleAttr>("tenon.schedule") ? emitStructuredKernel(source, options)
                                                               : success();
}

namespace {
struct EmitKernels : tenon::impl::EmitKernelsBase<EmitKernels> {
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override {
    EmitterOptions options;
    options.vectorBits = vectorBits;
    options.vscaleBits = vscaleBits;
    options.scalableF16 = scalableF16;
    options.scalableBF16 = scalableBF16;
    options.fuseMultiplyAdd = fuseMultiplyAdd;
    options.prefetchBytes = prefetchBytes;
    options.maxScratchBytes = maxScratchBytes;
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr("tenon.structured") && failed(emitKernel(function, options)))
        return signalPassFailure();
  }
};
} // namespace
