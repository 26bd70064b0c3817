//===- Target.cpp - What is the same for every target: dialects, and the pipeline by name -----===//

#include "tenon/Target/Target.h"

#include "tenon/Target/Passes.h"

#include "CPU/CPUTarget.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

using namespace mlir;
using namespace tenon;

Target::~Target() = default;

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
