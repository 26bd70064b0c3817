//===- ProgramReport.cpp - What reports say of a compiled program -----------------------------===//

#include "ProgramReport.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Schedule/Cost/LoopNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace tenon;

/// The multiplication of a sum of products; null for any other op.
static Operation *findProduct(const StructuredOp &op) {
  auto generic = dyn_cast<linalg::GenericOp>(op.op);
  if (!generic || !op.isReduction())
    return nullptr;
  for (Operation &inner : generic.getBody()->without_terminator())
    if (isa<arith::MulFOp, arith::MulIOp>(inner))
      return &inner;
  return nullptr;
}

/// The type of what is multiplied, as it comes: narrow elements are widened on the way to their product.
static std::string arithmeticOf(Operation *product) {
  Value factor = product->getOperand(0);
  while (Operation *widening = factor.getDefiningOp()) {
    if (!isa<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(widening))
      break;
    factor = widening->getOperand(0);
  }
  std::string text;
  llvm::raw_string_ostream(text) << factor.getType();
  return text;
}

static double elementBytesOf(RankedTensorType type) {
  return llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

static double bytesOf(RankedTensorType tensor) {
  double bytes = elementBytesOf(tensor);
  for (int64_t size : tensor.getShape())
    bytes *= ShapedType::isDynamic(size) ? nominalExtent : size;
  return bytes;
}

/// The bytes of `argument` that the kernel can touch: a gather, or a slice, reads no more elements than it
/// has iterations.
static double bytesRead(const StructuredKernel &kernel, BlockArgument argument) {
  auto type = cast<RankedTensorType>(argument.getType());
  double bytes = bytesOf(type), reads = 0;
  for (Operation *user : argument.getUsers()) {
    Operation *reader = isa<linalg::GenericOp>(user) ? user : user->getParentOp();
    const StructuredOp *op =
        llvm::find_if(kernel.getOps(), [&](const StructuredOp &candidate) { return candidate.op == reader; });
    if (!isa<linalg::GenericOp>(reader) || op == kernel.getOps().end())
      return bytes;
    reads += makeLoopNest(kernel, op - kernel.getOps().begin()).iterations() * elementBytesOf(type);
  }
  return std::min(bytes, reads);
}

/// The names of the model's ops a location stands for, the first of them.
static std::string sourceOf(Location loc) {
  std::string source;
  loc->walk([&](Location inner) {
    if (auto named = dyn_cast<NameLoc>(inner); named && source.empty())
      source = named.getName().str();
    return WalkResult::advance();
  });
  return source;
}

/// What the schedule and the loops of a structured kernel say of it.
static void describeStructured(KernelReport &report, const StructuredKernel &kernel, func::FuncOp function) {
  report.source = sourceOf(kernel.getOp(kernel.getRoot()).op->getLoc());
  double mostFlops = 0;
  for (unsigned number = 0; number < kernel.getOps().size(); ++number) {
    Operation *product = findProduct(kernel.getOp(number));
    if (!product)
      continue;
    double flops = 2 * makeLoopNest(kernel, number).iterations();
    report.flops += flops;
    if (flops > mostFlops) {
      mostFlops = flops;
      report.arithmetic = arithmeticOf(product);
    }
  }
  for (BlockArgument argument : function.getArguments()) {
    double bytes = bytesRead(kernel, argument);
    report.bytes += bytes;
    if (function.getArgAttr(argument.getArgNumber(), "tenon.constant"))
      report.weightBytes += bytes;
  }
  if (auto cycles = function->getAttrOfType<FloatAttr>("tenon.cycles"))
    report.cycles = cycles.getValueAsDouble();
  llvm::raw_string_ostream stream(report.schedule);
  stream << function->getAttr("tenon.schedule");
}

static void describeUnstructured(KernelReport &report, func::FuncOp function) {
  if (Operation *op = findUnstructuredOp(function))
    report.source = sourceOf(op->getLoc());
  for (BlockArgument argument : function.getArguments()) {
    double bytes = bytesOf(cast<RankedTensorType>(argument.getType()));
    report.bytes += bytes;
    if (function.getArgAttr(argument.getArgNumber(), "tenon.constant"))
      report.weightBytes += bytes;
  }
}

std::vector<KernelReport> tenon::describeKernels(ModuleOp module) {
  std::vector<KernelReport> reports;
  llvm::StringMap<unsigned> calls;
  module.walk([&](func::CallOp call) { ++calls[call.getCallee()]; });
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr("tenon.structured"))
      continue;
    KernelReport report;
    report.name = function.getName().str();
    report.calls = calls.lookup(function.getName());
    for (Type type : function.getResultTypes())
      report.bytes += bytesOf(cast<RankedTensorType>(type));
    if (function->hasAttr("tenon.schedule")) {
      FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
      if (failed(kernel))
        continue;
      describeStructured(report, *kernel, function);
    } else {
      describeUnstructured(report, function);
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

//===----------------------------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------------------------===//

/// The call or argument that `value` is a view of: between kernels, the program only reshapes.
static Value findOrigin(Value value) {
  Operation *op = value.getDefiningOp();
  while (op && !isa<func::CallOp>(op) && op->getNumOperands() > 0) {
    value = op->getOperand(0);
    op = value.getDefiningOp();
  }
  return value;
}

/// Adds `number` unless it is there.
static void addOnce(std::vector<unsigned> &numbers, unsigned number) {
  if (!llvm::is_contained(numbers, number))
    numbers.push_back(number);
}

std::vector<LaunchReport> tenon::describeLaunches(ModuleOp module, ArrayRef<KernelReport> kernels) {
  std::vector<LaunchReport> launches;
  llvm::StringMap<unsigned> kernelNumbers;
  for (auto [number, kernel] : llvm::enumerate(kernels))
    kernelNumbers[kernel.name] = number;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  llvm::DenseMap<Operation *, unsigned> launchNumbers, constants;
  for (func::CallOp call : main.getOps<func::CallOp>()) {
    LaunchReport launch;
    launch.kernel = kernelNumbers.lookup(call.getCallee());
    launch.source = sourceOf(call.getLoc());
    if (launch.source.empty())
      launch.source = kernels[launch.kernel].source;
    for (Value operand : call.getOperands()) {
      Value origin = findOrigin(operand);
      if (auto argument = dyn_cast<BlockArgument>(origin))
        addOnce(launch.inputs, argument.getArgNumber());
      else if (auto producer = launchNumbers.find(origin.getDefiningOp()); producer != launchNumbers.end())
        addOnce(launch.producers, producer->second);
      else
        addOnce(launch.weights,
                constants.try_emplace(origin.getDefiningOp(), constants.size()).first->second);
    }
    launchNumbers[call] = launches.size();
    launches.push_back(std::move(launch));
  }
  for (auto [number, operand] : llvm::enumerate(main.front().getTerminator()->getOperands()))
    if (auto producer = launchNumbers.find(findOrigin(operand).getDefiningOp());
        producer != launchNumbers.end())
      launches[producer->second].outputs.push_back(number);
  return launches;
}

void tenon::noteSerialLaunches(func::FuncOp program, MutableArrayRef<LaunchReport> launches) {
  // In the order in which LowerLaunch numbers them. Kernels that take turns are launched as one.
  unsigned number = 0;
  SymbolTableCollection symbols;
  program.walk([&](LaunchOp launch) {
    auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
    auto members = kernel->getAttrOfType<IntegerAttr>("tenon.interleaved");
    bool serial = launch.getSerial() || isConstantIntValue(launch.getRange(), 1);
    for (int64_t i = 0; i < (members ? members.getInt() : 1); ++i) {
      assert(number < launches.size() && "expected a launch for each call of the scheduled program");
      launches[number++].serial = serial;
    }
  });
  assert(number == launches.size() && "expected a launch for each call of the scheduled program");
}

//===----------------------------------------------------------------------------------------===//
// The manifest
//===----------------------------------------------------------------------------------------===//

static llvm::json::Array describeTensors(ArrayRef<TensorSignature> tensors, ArrayRef<std::string> symbols) {
  llvm::json::Array described;
  for (const TensorSignature &tensor : tensors) {
    llvm::json::Array sizes;
    for (AffineExpr size : tensor.sizes)
      sizes.push_back(printSize(size, symbols));
    described.push_back(
        llvm::json::Object{{"name", tensor.name}, {"dtype", tensor.dtype}, {"sizes", std::move(sizes)}});
  }
  return described;
}

static llvm::json::Array describe(ArrayRef<LaunchReport> launches) {
  llvm::json::Array described;
  for (const LaunchReport &launch : launches)
    described.push_back(llvm::json::Object{{"kernel", launch.kernel},
                                           {"source", launch.source},
                                           {"producers", launch.producers},
                                           {"inputs", launch.inputs},
                                           {"outputs", launch.outputs},
                                           {"weights", launch.weights},
                                           {"serial", launch.serial}});
  return described;
}

std::string tenon::writeManifest(const ModelSignature &signature, ArrayRef<KernelReport> kernels,
                                 ArrayRef<LaunchReport> launches, const Machine &machine,
                                 func::FuncOp program, int64_t weightsBytes) {
  llvm::json::Array kernelList;
  for (const KernelReport &kernel : kernels)
    kernelList.push_back(llvm::json::Object{{"name", kernel.name},
                                            {"source", kernel.source},
                                            {"calls", kernel.calls},
                                            {"flops", kernel.flops},
                                            {"arithmetic", kernel.arithmetic},
                                            {"bytes", kernel.bytes},
                                            {"weight_bytes", kernel.weightBytes},
                                            {"cycles", kernel.cycles},
                                            {"schedule", kernel.schedule}});
  auto bytes = [&](StringRef attribute) {
    return printGreatest(program->getAttrOfType<AffineMapAttr>(attribute).getValue(), signature.symbols);
  };
  llvm::json::Object manifest{
      {"model", signature.name},
      {"target", machine.name},
      {"triple", machine.triple},
      {"cpu", machine.cpu},
      {"vector_bits", machine.vectorBits},
      {"inputs", describeTensors(signature.inputs, signature.symbols)},
      {"outputs", describeTensors(signature.outputs, signature.symbols)},
      {"weights_bytes", weightsBytes},
      {"workspace_bytes", bytes("tenon.workspace")},
      {"workspace_lower_bound", bytes("tenon.workspace_lower_bound")},
      {"workspace_ratio", program->getAttrOfType<FloatAttr>("tenon.workspace_ratio").getValueAsDouble()},
      {"kernels", std::move(kernelList)},
      {"launches", describe(launches)}};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::json::Value(std::move(manifest));
  return text;
}
