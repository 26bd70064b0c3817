//===- ProgramReport.cpp - What reports say of a compiled program
//-------------------------------------------===//

#include "ProgramReport.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Schedule/Cost/LoopNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace tenon;

/// Multiply-adds of a reduction count two operations each; anything else counts none.
static double flopsOf(const StructuredKernel &kernel, unsigned number) {
  const StructuredOp &op = kernel.getOp(number);
  auto generic = dyn_cast<linalg::GenericOp>(op.op);
  if (!generic || !op.isReduction())
    return 0;
  bool multiplies = llvm::any_of(generic.getBody()->without_terminator(),
                                 [](Operation &inner) { return isa<arith::MulFOp, arith::MulIOp>(inner); });
  return multiplies ? 2 * makeLoopNest(kernel, number).iterations() : 0;
}

static double bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  double bytes = llvm::divideCeil(tensor.getElementTypeBitWidth(), 8);
  for (int64_t size : tensor.getShape())
    bytes *= ShapedType::isDynamic(size) ? nominalExtent : size;
  return bytes;
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

std::vector<KernelReport> tenon::describeKernels(ModuleOp module) {
  std::vector<KernelReport> reports;
  llvm::StringMap<unsigned> calls;
  module.walk([&](func::CallOp call) { ++calls[call.getCallee()]; });
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    auto schedule = function->getAttrOfType<ScheduleAttr>("tenon.schedule");
    if (!schedule)
      continue;
    KernelReport report;
    report.name = function.getName().str();
    report.calls = calls.lookup(function.getName());
    FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
    if (failed(kernel))
      continue;
    report.source = sourceOf(kernel->getOp(kernel->getRoot()).op->getLoc());
    for (unsigned op = 0; op < kernel->getOps().size(); ++op)
      report.flops += flopsOf(*kernel, op);
    for (Type type : function.getArgumentTypes())
      report.bytes += bytesOf(type);
    for (Type type : function.getResultTypes())
      report.bytes += bytesOf(type);
    if (auto cycles = function->getAttrOfType<FloatAttr>("tenon.cycles"))
      report.cycles = cycles.getValueAsDouble();
    llvm::raw_string_ostream stream(report.schedule);
    stream << Attribute(schedule);
    reports.push_back(std::move(report));
  }
  return reports;
}

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

std::string tenon::writeManifest(const ModelSignature &signature, ArrayRef<KernelReport> kernels,
                                 const Machine &machine, func::FuncOp program, int64_t weightsBytes) {
  llvm::json::Array kernelList;
  for (const KernelReport &kernel : kernels)
    kernelList.push_back(llvm::json::Object{{"name", kernel.name},
                                            {"source", kernel.source},
                                            {"calls", kernel.calls},
                                            {"flops", kernel.flops},
                                            {"bytes", kernel.bytes},
                                            {"cycles", kernel.cycles},
                                            {"schedule", kernel.schedule}});
  AffineExpr workspace = program->getAttrOfType<AffineMapAttr>("tenon.workspace").getValue().getResult(0);
  llvm::json::Object manifest{
      {"model", signature.name},
      {"target", machine.name},
      {"triple", machine.triple},
      {"cpu", machine.cpu},
      {"vector_bits", machine.vectorBits},
      {"inputs", describeTensors(signature.inputs, signature.symbols)},
      {"outputs", describeTensors(signature.outputs, signature.symbols)},
      {"weights_bytes", weightsBytes},
      {"workspace_bytes", printSize(workspace, signature.symbols)},
      {"workspace_lower_bound", program->getAttrOfType<IntegerAttr>("tenon.workspace_lower_bound").getInt()},
      {"kernels", std::move(kernelList)}};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::json::Value(std::move(manifest));
  return text;
}
