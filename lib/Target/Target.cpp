//===- Target.cpp - What is the same for every target: compiling whole modules -----------------===//

#include "tenon/Target/Target.h"

#include "tenon/Target/Passes.h"

#include "CPU/CPUTarget.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;

Target::~Target() = default;

FailureOr<ObjectBytes> Target::compileToObject(ModuleOp module) const {
  if (failed(legalize(module)))
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated = translate(module, context);
  if (!translated)
    return failure();
  ObjectBytes bytes;
  llvm::raw_svector_ostream out(bytes);
  std::string error;
  if (failed(emit(*translated, OutputKind::Object, out, error)))
    return module.emitError(error);
  return bytes;
}

FailureOr<std::vector<ObjectBytes>> Target::compileToObjects(ArrayRef<ModuleOp> modules) const {
  std::vector<ObjectBytes> objects(modules.size());
  if (modules.empty())
    return objects;
  ModuleOp first = modules.front();
  LogicalResult result = failableParallelForEachN(first.getContext(), 0, modules.size(), [&](size_t i) {
    FailureOr<ObjectBytes> object = compileToObject(modules[i]);
    if (succeeded(object))
      objects[i] = std::move(*object);
    return LogicalResult(object);
  });
  if (failed(result))
    return failure();
  return objects;
}

FailureOr<std::unique_ptr<Target>> tenon::createTarget(const Machine &machine, std::string *error) {
  std::string ignored;
  return createCPUTarget(machine, error ? *error : ignored);
}

void tenon::registerTargetDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect, ub::UBDialect,
                  vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void tenon::prepareContext(MLIRContext &context) {
  DialectRegistry registry;
  registerTargetDialects(registry);
  context.appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames())
    context.getOrLoadDialect(name);
}

namespace {
/// Which machine `--tenon-target` compiles for.
struct TargetPipelineOptions : PassPipelineOptions<TargetPipelineOptions> {
  Option<std::string> machine{*this, "machine", llvm::cl::desc("name of the machine"),
                              llvm::cl::init("host")};
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("another CPU, by its LLVM name")};
  Option<std::string> features{*this, "features", llvm::cl::desc("LLVM features to add or remove, +a,-b")};
};
} // namespace

void tenon::registerTargetPipeline() {
  PassPipelineRegistration<TargetPipelineOptions>(
      "tenon-target", "a codegen module to the LLVM dialect",
      [](OpPassManager &passes, const TargetPipelineOptions &options) {
        std::string error;
        FailureOr<Machine> machine = lookupMachine(options.machine, options.cpu, options.features, &error);
        if (failed(machine))
          llvm::report_fatal_error(StringRef(error), /*gen_crash_diag=*/false);
        FailureOr<std::unique_ptr<Target>> target = createTarget(*machine, &error);
        if (failed(target))
          llvm::report_fatal_error(StringRef(error), /*gen_crash_diag=*/false);
        (*target)->buildPipeline(passes);
      });
}
