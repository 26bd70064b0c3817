//===- LowerLaunch.cpp - Gives kernels, launches and programs their machine interface ----------===//
//
// Functions on memrefs become functions on addresses, and launches become calls. Runs before everything else
// of the target phase, while sizes are still visible in types: from here on a memref is an address that a
// builtin.unrealized_conversion_cast turns into a memref of static layout, which tenon-convert-to-llvm
// resolves.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Target/Passes.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace tenon {
#define GEN_PASS_DEF_LOWERLAUNCHPASS
#include "tenon/Target/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

static constexpr StringLiteral kernelAttrName = "tenon.kernel";
static constexpr StringLiteral programAttrName = "tenon.program";
static constexpr StringLiteral inputsAttrName = "tenon.inputs";
static constexpr StringLiteral outputsAttrName = "tenon.outputs";
static constexpr StringLiteral modelAttrName = "tenon.model";
static constexpr StringLiteral profileAttrName = "tenon.profile";
static constexpr StringLiteral dimsAttrName = "tenon.dims";

/// The fields of tenon_call, tenon_parallel and tenon_profile, in order (tenon-rt/model.h).
enum CallField {
  CallInputs,
  CallOutputs,
  CallSymbols,
  CallWeights,
  CallWorkspace,
  CallParallel,
  CallProfile,
  CallFieldCount
};
enum ParallelField { ParallelContext, ParallelFor };
enum ProfileField { ProfileContext, ProfileLaunch };

namespace {
/// Emits the memory accesses of the interface at one place.
struct InterfaceBuilder {
  OpBuilder &builder;
  Location loc;

  Type pointer() { return LLVM::LLVMPointerType::get(builder.getContext()); }
  Type i64() { return builder.getI64Type(); }

  /// The address of element `index` of an array of `elementType`.
  Value element(Value array, Type elementType, int64_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer(), elementType, array, LLVM::GEPArg(int32_t(index)));
  }
  /// The value of a struct's pointer field.
  Value field(Value object, Type structType, int64_t index) {
    Value address = LLVM::GEPOp::create(builder, loc, pointer(), structType, object,
                                        ArrayRef<LLVM::GEPArg>{0, int32_t(index)});
    return LLVM::LoadOp::create(builder, loc, pointer(), address);
  }
  Value load(Type type, Value address) { return LLVM::LoadOp::create(builder, loc, type, address); }
  Value toIndex(Value integer) {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), integer);
  }
  Value toI64(Value index) { return arith::IndexCastOp::create(builder, loc, i64(), index); }
};
} // namespace

static Type getCallType(MLIRContext *context) {
  SmallVector<Type> fields(CallFieldCount, LLVM::LLVMPointerType::get(context));
  return LLVM::LLVMStructType::getLiteral(context, fields);
}

static Type getParallelType(MLIRContext *context) {
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(context, {pointer, pointer, IntegerType::get(context, 32)});
}

static Type getProfileType(MLIRContext *context) {
  Type pointer = LLVM::LLVMPointerType::get(context);
  return LLVM::LLVMStructType::getLiteral(context, {pointer, pointer});
}

static FunctionType getEntryType(MLIRContext *context) {
  Type i64 = IntegerType::get(context, 64);
  return FunctionType::get(context, {LLVM::LLVMPointerType::get(context), i64, i64}, {});
}

/// The strides of the type if all of them are static and it starts at the address.
static std::optional<SmallVector<int64_t>> getStaticStrides(MemRefType type) {
  // Row-major, also of a tensor without elements, whose strides are no affine map.
  if (type.hasStaticShape() && type.getLayout().isIdentity())
    return computeSuffixProduct(type.getShape());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) || offset != 0 ||
      llvm::is_contained(strides, ShapedType::kDynamic))
    return std::nullopt;
  return strides;
}

/// Whether an address alone gives this memref: sizes, strides and offset are static.
static bool hasStaticLayout(MemRefType type) { return type.hasStaticShape() && getStaticStrides(type); }

/// Whether this is memory handed in as plain bytes, whose size nobody needs.
static bool isByteBuffer(MemRefType type) {
  return type.getRank() == 1 && type.isDynamicDim(0) && type.getElementType().isInteger(8) &&
         type.getLayout().isIdentity();
}

/// Checks that argument `number` of `function` can be rebuilt from an address and the function's symbols.
static LogicalResult checkArgument(func::FuncOp function, unsigned number, unsigned numSymbols) {
  Type type = function.getArgumentTypes()[number];
  if (type.isIndex())
    return success();
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref)
    return function.emitOpError("expects arguments of memref or index type, but argument ")
           << number << " is " << type;
  auto dims = function.getArgAttrOfType<AffineMapAttr>(number, dimsAttrName);
  if (hasStaticLayout(memref) || (!dims && isByteBuffer(memref)))
    return success();
  if (!memref.getLayout().isIdentity() && !getStaticStrides(memref))
    return function.emitOpError(
               "expects dynamic arguments to be row-major or of static strides, but argument ")
           << number << " is " << type;
  if (!dims)
    return function.emitOpError("expects '")
           << dimsAttrName << "' on argument " << number << " of type " << type << " with dynamic sizes";
  AffineMap map = dims.getValue();
  if (map.getNumResults() != memref.getRank() || map.getNumDims() != 0 || map.getNumSymbols() > numSymbols)
    return function.emitOpError("expects '")
           << dimsAttrName << "' of argument " << number << " to have " << memref.getRank()
           << " results over at most " << numSymbols << " symbols, but got " << dims;
  return success();
}

/// The memref of `type` at `address`; `dims` gives its sizes over `symbols` if they are not static.
static Value rebuildMemRef(OpBuilder &builder, Location loc, Value address, MemRefType type,
                           AffineMapAttr dims, ValueRange symbols) {
  if (hasStaticLayout(type))
    return UnrealizedConversionCastOp::create(builder, loc, type, address).getResult(0);
  MemRefType scalarType = MemRefType::get({}, type.getElementType());
  Value scalar = UnrealizedConversionCastOp::create(builder, loc, scalarType, address).getResult(0);
  SmallVector<OpFoldResult> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i))
      sizes.push_back(builder.getIndexAttr(type.getDimSize(i)));
    else if (dims)
      sizes.push_back(affine::expandAffineExpr(builder, loc, dims.getValue().getResult(i), {}, symbols));
    else
      sizes.push_back(
          arith::ConstantIndexOp::create(builder, loc, 0).getResult()); // Never read: see isByteBuffer.
  }
  if (std::optional<SmallVector<int64_t>> strides = getStaticStrides(type))
    return memref::ReinterpretCastOp::create(builder, loc, type, scalar, builder.getIndexAttr(0), sizes,
                                             getAsIndexOpFoldResult(builder.getContext(), *strides));
  SmallVector<OpFoldResult> strides(type.getRank());
  OpFoldResult stride = builder.getIndexAttr(1);
  for (int64_t i = type.getRank() - 1; i >= 0; --i) {
    strides[i] = stride;
    if (i == 0)
      break;
    // Static where the type says so: a size that happens to be constant still makes a dynamic stride.
    if (isa<Attribute>(stride) && isa<Attribute>(sizes[i]))
      stride = builder.getIndexAttr(*getConstantIntValue(stride) * *getConstantIntValue(sizes[i]));
    else
      stride = arith::MulIOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, stride),
                                     getValueOrCreateConstantIndexOp(builder, loc, sizes[i]))
                   .getResult();
  }
  return memref::ReinterpretCastOp::create(builder, loc, type, scalar, builder.getIndexAttr(0), sizes,
                                           strides);
}

/// Replaces the memref arguments of `body` by addresses; symbols and the range stay what they are.
static void takeAddresses(func::FuncOp body, ArrayRef<Value> symbols) {
  Block &entry = body.front();
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  Type pointer = LLVM::LLVMPointerType::get(body.getContext());
  for (auto [number, argument] : llvm::enumerate(entry.getArguments())) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    auto dims = body.getArgAttrOfType<AffineMapAttr>(number, dimsAttrName);
    body.removeArgAttr(number, dimsAttrName);
    argument.setType(pointer);
    Value memref = rebuildMemRef(builder, argument.getLoc(), argument, type, dims, symbols);
    Operation *first = memref.getDefiningOp();
    while (first->getOperand(0) != argument)
      first = first->getOperand(0).getDefiningOp();
    argument.replaceAllUsesExcept(memref, first);
  }
  body.setType(FunctionType::get(body.getContext(), entry.getArgumentTypes(), {}));
}

static SmallVector<Value> getSymbols(Block &entry, unsigned numTrailing) {
  SmallVector<Value> symbols;
  for (BlockArgument argument : entry.getArguments().drop_back(numTrailing))
    if (argument.getType().isIndex())
      symbols.push_back(argument);
  return symbols;
}

//===----------------------------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------------------------===//

static LogicalResult checkKernel(func::FuncOp kernel) {
  ArrayRef<Type> types = kernel.getArgumentTypes();
  if (types.size() < 2 || !types.back().isIndex() || !types.drop_back().back().isIndex())
    return kernel.emitOpError("expects a kernel's last two arguments to be of type index");
  if (kernel.getNumResults() != 0)
    return kernel.emitOpError("expects a kernel without results, but got ") << kernel.getResultTypes();
  if (kernel.isDeclaration())
    return success();
  ArrayRef<Type> arguments = types.drop_back(2);
  unsigned numSymbols = llvm::count_if(arguments, [](Type type) { return type.isIndex(); });
  for (unsigned i = 0; i < arguments.size(); ++i)
    if (failed(checkArgument(kernel, i, numSymbols)))
      return failure();
  return success();
}

/// Splits a kernel into a body on addresses and an entry that unpacks the frame.
static void lowerKernel(func::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  std::string name = kernel.getName().str();
  if (kernel.isDeclaration()) {
    kernel.setAllArgAttrs(SmallVector<DictionaryAttr>());
    kernel.setType(getEntryType(context));
    return;
  }

  // Arguments of the body keep llvm.noalias, which values loaded from a frame could not have.
  kernel.setName(name + ".body");
  kernel.setPrivate();
  kernel->removeAttr(kernelAttrName);
  kernel->setAttr("llvm.linkage", LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  takeAddresses(kernel, getSymbols(kernel.front(), /*numTrailing=*/2));

  OpBuilder builder(kernel);
  builder.setInsertionPointAfter(kernel);
  auto entry = func::FuncOp::create(builder, kernel.getLoc(), name, getEntryType(context));
  entry->setAttr(kernelAttrName, builder.getUnitAttr());
  Block *block = entry.addEntryBlock();
  builder.setInsertionPointToStart(block);
  InterfaceBuilder interface{builder, kernel.getLoc()};
  SmallVector<Value> arguments;
  ArrayRef<Type> types = kernel.getArgumentTypes();
  for (auto [i, type] : llvm::enumerate(types.drop_back(2))) {
    Value slot = interface.element(block->getArgument(0), interface.i64(), i);
    arguments.push_back(type.isIndex() ? interface.toIndex(interface.load(interface.i64(), slot))
                                       : interface.load(type, slot));
  }
  arguments.push_back(interface.toIndex(block->getArgument(1)));
  arguments.push_back(interface.toIndex(block->getArgument(2)));
  func::CallOp::create(builder, kernel.getLoc(), kernel, arguments);
  func::ReturnOp::create(builder, kernel.getLoc());
}

//===----------------------------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------------------------===//

namespace {
/// How many of a program's arguments are inputs and outputs; weights, workspace and symbols follow.
struct ProgramSignature {
  int64_t inputs, outputs;

  int64_t weights() const { return inputs + outputs; }
  int64_t symbols() const { return inputs + outputs + 2; }
};
} // namespace

static FailureOr<ProgramSignature> checkProgram(func::FuncOp program) {
  auto inputs = program->getAttrOfType<IntegerAttr>(inputsAttrName);
  auto outputs = program->getAttrOfType<IntegerAttr>(outputsAttrName);
  if (!inputs || !outputs)
    return program.emitOpError("expects integer attributes '")
           << inputsAttrName << "' and '" << outputsAttrName << "'";
  ProgramSignature signature = {inputs.getInt(), outputs.getInt()};
  ArrayRef<Type> types = program.getArgumentTypes();
  if (int64_t(types.size()) < signature.symbols())
    return program.emitOpError("expects at least ")
           << signature.symbols() << " arguments (inputs, outputs, weights, workspace), but got "
           << types.size();
  if (program.isDeclaration() || program.getNumResults() != 0)
    return program.emitOpError("expects a program with a body and without results");
  for (auto [i, type] : llvm::enumerate(types)) {
    bool isSymbol = int64_t(i) >= signature.symbols();
    if (isSymbol != type.isIndex())
      return program.emitOpError("expects argument ")
             << i << " to be " << (isSymbol ? "a symbol of type index" : "a memref") << ", but got " << type;
    if (failed(checkArgument(program, i, types.size() - signature.symbols())))
      return failure();
  }
  return signature;
}

/// Replaces the program's arguments by loads from the tenon_call it is run with, which is returned.
static Value lowerProgram(func::FuncOp program, const ProgramSignature &signature, StringRef model) {
  MLIRContext *context = program.getContext();
  Block &entry = program.front();
  takeAddresses(program, getSymbols(entry, /*numTrailing=*/0));

  Type pointer = LLVM::LLVMPointerType::get(context), callType = getCallType(context);
  unsigned numArguments = entry.getNumArguments();
  BlockArgument call = entry.addArgument(pointer, program.getLoc());
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  InterfaceBuilder interface{builder, program.getLoc()};
  auto loadArgument = [&](int64_t i) -> Value {
    if (i < signature.inputs) {
      Value inputs = interface.field(call, callType, CallInputs);
      return interface.load(pointer, interface.element(inputs, pointer, i));
    }
    if (i < signature.weights()) {
      Value outputs = interface.field(call, callType, CallOutputs);
      return interface.load(pointer, interface.element(outputs, pointer, i - signature.inputs));
    }
    if (i < signature.symbols())
      return interface.field(call, callType, i == signature.weights() ? CallWeights : CallWorkspace);
    Value symbols = interface.field(call, callType, CallSymbols);
    Value symbol = interface.element(symbols, interface.i64(), i - signature.symbols());
    return interface.toIndex(interface.load(interface.i64(), symbol));
  };
  for (unsigned i = 0; i < numArguments; ++i)
    if (!entry.getArgument(i).use_empty())
      entry.getArgument(i).replaceAllUsesWith(loadArgument(i));
  entry.eraseArguments(0, numArguments);

  program.setAllArgAttrs(SmallVector<DictionaryAttr>());
  program.setType(FunctionType::get(context, {pointer}, {builder.getI32Type()}));
  program.setName((model + "_run").str());
  program.setPublic();
  for (StringLiteral name : {programAttrName, inputsAttrName, outputsAttrName})
    program->removeAttr(name);
  program.walk([&](func::ReturnOp op) {
    builder.setInsertionPoint(op);
    Value ok = arith::ConstantIntOp::create(builder, op.getLoc(), 0, 32);
    op.getOperandsMutable().assign(ok);
  });
  return call;
}

//===----------------------------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------------------------===//

namespace {
/// Turns the launches of one program into calls that share one frame: a launch returns when its kernel is
/// done. With `withProfile`, a host's tenon_profile carries launches out in their place if there is one.
class LaunchLowering {
public:
  LaunchLowering(func::FuncOp program, Value call, bool withProfile)
      : program(program), call(call), withProfile(withProfile) {}

  void run() {
    SmallVector<LaunchOp> launches;
    size_t numSlots = 1;
    program.walk([&](LaunchOp launch) {
      launches.push_back(launch);
      numSlots = std::max(numSlots, launch.getArguments().size());
    });
    if (launches.empty())
      return;
    OpBuilder builder = OpBuilder::atBlockBegin(&program.front());
    InterfaceBuilder interface{builder, program.getLoc()};
    Value size =
        LLVM::ConstantOp::create(builder, program.getLoc(), builder.getI32IntegerAttr(int32_t(numSlots)));
    frame = LLVM::AllocaOp::create(builder, program.getLoc(), interface.pointer(), interface.i64(), size, 8);
    if (llvm::any_of(launches, [](LaunchOp launch) { return !launch.getSerial(); }))
      parallel = interface.field(call, getCallType(builder.getContext()), CallParallel);
    if (withProfile)
      profile = interface.field(call, getCallType(builder.getContext()), CallProfile);
    for (auto [number, launch] : llvm::enumerate(launches))
      lower(launch, number);
  }

private:
  void lower(LaunchOp launch, int64_t number) {
    OpBuilder builder(launch);
    Location loc = launch.getLoc();
    InterfaceBuilder interface{builder, loc};
    for (auto [i, argument] : llvm::enumerate(launch.getArguments())) {
      Value value =
          argument.getType().isIndex()
              ? interface.toI64(argument)
              : UnrealizedConversionCastOp::create(builder, loc, interface.pointer(), argument).getResult(0);
      LLVM::StoreOp::create(builder, loc, value, interface.element(frame, interface.i64(), i));
    }
    Value begin = launch.getFrom() ? interface.toI64(launch.getFrom())
                                   : arith::ConstantIntOp::create(builder, loc, 0, 64).getResult();
    Value range = interface.toI64(launch.getRange());
    if (profile) {
      Value null = LLVM::ZeroOp::create(builder, loc, interface.pointer());
      Value unwatched = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, profile, null);
      auto branch = scf::IfOp::create(builder, loc, unwatched, /*withElseRegion=*/true);
      builder.setInsertionPointToStart(branch.elseBlock());
      callProfile(interface, launch, number, range);
      builder.setInsertionPointToStart(branch.thenBlock());
    }
    callKernel(interface, launch, begin, range);
    launch.erase();
  }

  /// Whether the kernel runs on the caller's thread in any case.
  static bool isSerial(LaunchOp launch) {
    return launch.getSerial() || isConstantIntValue(launch.getRange(), 1);
  }

  void callKernel(InterfaceBuilder &interface, LaunchOp launch, Value begin, Value range) {
    OpBuilder &builder = interface.builder;
    Location loc = launch.getLoc();
    if (isSerial(launch))
      return callDirectly(builder, launch, begin, range);
    Value one = arith::ConstantIntOp::create(builder, loc, 1, 64);
    Value null = LLVM::ZeroOp::create(builder, loc, interface.pointer());
    Value alone = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, parallel, null);
    Value isShort = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, range, one);
    Value direct = arith::OrIOp::create(builder, loc, alone, isShort);
    auto branch = scf::IfOp::create(builder, loc, direct, /*withElseRegion=*/true);
    builder.setInsertionPointToStart(branch.thenBlock());
    callDirectly(builder, launch, begin, range);
    builder.setInsertionPointToStart(branch.elseBlock());
    callInParallel(interface, launch, range);
  }

  void callDirectly(OpBuilder &builder, LaunchOp launch, Value begin, Value range) {
    func::CallOp::create(builder, launch.getLoc(), launch.getKernelAttr(), TypeRange(),
                         ValueRange{frame, begin, range});
  }

  /// parallel->parallel_for(parallel->context, kernel, frame, range)
  void callInParallel(InterfaceBuilder &interface, LaunchOp launch, Value range) {
    OpBuilder &builder = interface.builder;
    Location loc = launch.getLoc();
    MLIRContext *context = builder.getContext();
    Type type = getParallelType(context), pointer = interface.pointer();
    Value callee = interface.field(parallel, type, ParallelFor);
    Value hostContext = interface.field(parallel, type, ParallelContext);
    Value kernel = getKernelAddress(interface, launch);
    auto calleeType = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                                  {pointer, pointer, pointer, interface.i64()});
    LLVM::CallOp::create(builder, loc, calleeType, ValueRange{callee, hostContext, kernel, frame, range});
  }

  /// profile->launch(profile->context, parallel or null, number, kernel, frame, range)
  void callProfile(InterfaceBuilder &interface, LaunchOp launch, int64_t number, Value range) {
    OpBuilder &builder = interface.builder;
    Location loc = launch.getLoc();
    MLIRContext *context = builder.getContext();
    Type type = getProfileType(context), pointer = interface.pointer();
    Value callee = interface.field(profile, type, ProfileLaunch);
    Value hostContext = interface.field(profile, type, ProfileContext);
    Value threads = isSerial(launch) ? LLVM::ZeroOp::create(builder, loc, pointer).getResult() : parallel;
    Value index = arith::ConstantIntOp::create(builder, loc, number, 32);
    Value kernel = getKernelAddress(interface, launch);
    auto calleeType =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, pointer, builder.getI32Type(),
                                                                       pointer, pointer, interface.i64()});
    LLVM::CallOp::create(builder, loc, calleeType,
                         ValueRange{callee, hostContext, threads, index, kernel, frame, range});
  }

  static Value getKernelAddress(InterfaceBuilder &interface, LaunchOp launch) {
    OpBuilder &builder = interface.builder;
    Value function = func::ConstantOp::create(builder, launch.getLoc(), getEntryType(builder.getContext()),
                                              launch.getKernelAttr());
    return UnrealizedConversionCastOp::create(builder, launch.getLoc(), interface.pointer(), function)
        .getResult(0);
  }

  func::FuncOp program;
  Value call;
  bool withProfile;
  Value frame;
  Value parallel;
  Value profile;
};

struct LowerLaunchPass : tenon::impl::LowerLaunchPassBase<LowerLaunchPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> kernels;
    SmallVector<std::pair<func::FuncOp, ProgramSignature>> programs;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function->hasAttr(kernelAttrName)) {
        if (failed(checkKernel(function)))
          return signalPassFailure();
        kernels.push_back(function);
      } else if (function->hasAttr(programAttrName)) {
        FailureOr<ProgramSignature> signature = checkProgram(function);
        if (failed(signature))
          return signalPassFailure();
        programs.push_back({function, *signature});
      }
    }
    WalkResult strays = module.walk([&](LaunchOp launch) {
      auto parent = launch->getParentOfType<func::FuncOp>();
      if (parent &&
          (parent->hasAttr(programAttrName) || (parent->hasAttr(kernelAttrName) && launch.getSerial())))
        return WalkResult::advance();
      launch.emitOpError("expects to be in a function with '")
          << programAttrName << "', or serial in one with '" << kernelAttrName << "'";
      return WalkResult::interrupt();
    });
    if (strays.wasInterrupted())
      return signalPassFailure();

    for (func::FuncOp kernel : kernels) {
      lowerKernel(kernel);
      if (!kernel.isDeclaration()) // the body now; its launches are serial
        LaunchLowering(kernel, /*call=*/Value(), /*withProfile=*/false).run();
    }
    for (auto &[program, signature] : programs) {
      // Two programs of one model would collide; only a module with a single one is named after the model.
      auto model = module->getAttrOfType<StringAttr>(modelAttrName);
      Value call = lowerProgram(program, signature,
                                model && programs.size() == 1 ? model.getValue() : program.getName());
      LaunchLowering(program, call, module->hasAttr(profileAttrName)).run();
    }
  }
};
} // namespace
