//===- CPUTarget.cpp - Emits code for CPUs and WebAssembly through LLVM ------------------------===//
//
// Kernels arrive with their loops tiled, unrolled and vectorized, so the mid-end only cleans up: LLVM's O3
// pipeline takes seven times as long and makes them no faster.
//
//===----------------------------------------------------------------------------------------===//

#include "CPUTarget.h"

#include "tenon/Target/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/DCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/GVN.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

#include <mutex>

using namespace mlir;
using namespace tenon;

namespace {
class CPUTarget : public Target {
public:
  CPUTarget(const Machine &machine, const llvm::Target &backend) : Target(machine), backend(backend) {}

  ObjectFormat getObjectFormat() const override;
  void buildPipeline(OpPassManager &passes) const override;
  LogicalResult legalize(ModuleOp module) const override;
  std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext &context) const override;
  void configure(llvm::Module &module) const override;
  LogicalResult emit(llvm::Module &module, OutputKind kind, llvm::raw_pwrite_stream &out,
                     std::string &error) const override;

  /// A code generator of its own for each use: LLVM's are not thread-safe.
  std::unique_ptr<llvm::TargetMachine> createGenerator() const;

private:
  void setFunctionAttributes(llvm::Module &module) const;
  void optimize(llvm::Module &module, llvm::TargetMachine &generator) const;

  const llvm::Target &backend;
};
} // namespace

std::unique_ptr<llvm::TargetMachine> CPUTarget::createGenerator() const {
  const Machine &machine = getMachine();
  llvm::TargetOptions options;
  // Only what the IR allows is fused: fmuladd, and operations with the fast-math flag contract.
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  options.MCOptions.ABIName = machine.abi;
  // A section each, so that the linker can drop kernels nobody launches.
  options.FunctionSections = true;
  options.LoopAlignment = machine.loopAlignment;
  return std::unique_ptr<llvm::TargetMachine>(
      backend.createTargetMachine(llvm::Triple(machine.triple), machine.cpu, machine.features, options,
                                  llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

Target::ObjectFormat CPUTarget::getObjectFormat() const {
  llvm::Triple triple(getMachine().triple);
  return triple.isOSBinFormatWasm()    ? ObjectFormat::Wasm
         : triple.isOSBinFormatMachO() ? ObjectFormat::MachO
                                       : ObjectFormat::ELF;
}

//===----------------------------------------------------------------------------------------===//
// To the LLVM dialect
//===----------------------------------------------------------------------------------------===//

void CPUTarget::buildPipeline(OpPassManager &passes) const {
  const Machine &machine = getMachine();
  // First, while argument types still say what a frame holds.
  passes.addPass(createLowerLaunchPass());
  // Before legalization, because polynomials are written with multiply-adds.
  ApproximateMathPassOptions math;
  math.libm = machine.hasLibm;
  passes.addPass(createApproximateMathPass(math));
  // Before LLVM sees masks and narrow floats: it takes them apart element by element.
  LegalizeVectorsPassOptions vectors;
  vectors.maskedElementBits = machine.maskedElementBits;
  vectors.slowMaskedStores = machine.hasSlowMaskedStores;
  vectors.f16Conversion = machine.hasF16Conversion;
  vectors.bf16Conversion = machine.hasBF16Conversion;
  vectors.fusedMultiplyAdd = machine.hasFma;
  passes.addPass(createLegalizeVectorsPass(vectors));
  ConvertToLLVMPassOptions conversion;
  conversion.indexBits = machine.indexBits;
  passes.addPass(createConvertToLLVMPass(conversion));
}

LogicalResult CPUTarget::legalize(ModuleOp module) const {
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  buildPipeline(passes);
  return passes.run(module);
}

//===----------------------------------------------------------------------------------------===//
// To LLVM IR
//===----------------------------------------------------------------------------------------===//

void CPUTarget::configure(llvm::Module &module) const {
  module.setTargetTriple(llvm::Triple(getMachine().triple));
  module.setDataLayout(createGenerator()->createDataLayout());
  module.setPICLevel(llvm::PICLevel::BigPIC);
  if (!getMachine().abi.empty())
    module.addModuleFlag(llvm::Module::Error, "target-abi",
                         llvm::MDString::get(module.getContext(), getMachine().abi));
  setFunctionAttributes(module);
}

void CPUTarget::setFunctionAttributes(llvm::Module &module) const {
  const Machine &machine = getMachine();
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.cpu);
    if (!machine.features.empty())
      function.addFnAttr("target-features", machine.features);
    function.addFnAttr("prefer-vector-width", std::to_string(machine.vectorBits));
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

void CPUTarget::optimize(llvm::Module &module, llvm::TargetMachine &generator) const {
  llvm::LoopAnalysisManager loopAnalyses;
  llvm::FunctionAnalysisManager functionAnalyses;
  llvm::CGSCCAnalysisManager callGraphAnalyses;
  llvm::ModuleAnalysisManager moduleAnalyses;
  llvm::PassBuilder builder(&generator);
  builder.registerModuleAnalyses(moduleAnalyses);
  builder.registerCGSCCAnalyses(callGraphAnalyses);
  builder.registerFunctionAnalyses(functionAnalyses);
  builder.registerLoopAnalyses(loopAnalyses);
  builder.crossRegisterProxies(loopAnalyses, functionAnalyses, callGraphAnalyses, moduleAnalyses);

  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(
      llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), /*UseMemorySSA=*/true));
  passes.addPass(llvm::GVNPass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::DCEPass());
  llvm::ModulePassManager modulePasses;
  modulePasses.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  modulePasses.run(module, moduleAnalyses);
}

std::unique_ptr<llvm::Module> CPUTarget::translate(ModuleOp module, llvm::LLVMContext &context) const {
  auto model = module->getAttrOfType<StringAttr>("tenon.model");
  // LLVM's verifier costs as much as the translation, which only handles what MLIR has verified.
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(
      module, context, model ? model.getValue() : "tenon", /*disableVerification=*/true);
  if (!translated)
    return nullptr;
  configure(*translated);
  optimize(*translated, *createGenerator());
  return translated;
}

//===----------------------------------------------------------------------------------------===//
// To bytes
//===----------------------------------------------------------------------------------------===//

namespace {
/// Collects what code generation reports (an intrinsic the CPU lacks, assembly that doesn't assemble).
struct CollectErrors : llvm::DiagnosticHandler {
  explicit CollectErrors(std::string &errors) : errors(errors) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() == llvm::DS_Error) {
      llvm::raw_string_ostream out(errors);
      llvm::DiagnosticPrinterRawOStream printer(out);
      out << (errors.empty() ? "" : "; ");
      info.print(printer);
    }
    return true;
  }

  std::string &errors;
};
} // namespace

LogicalResult CPUTarget::emit(llvm::Module &module, OutputKind kind, llvm::raw_pwrite_stream &out,
                              std::string &error) const {
  if (kind == OutputKind::LLVMIR) {
    module.print(out, nullptr);
    return success();
  }
  if (kind == OutputKind::Bitcode) {
    llvm::WriteBitcodeToFile(module, out);
    return success();
  }
  std::string reported;
  module.getContext().setDiagnosticHandler(std::make_unique<CollectErrors>(reported));
  std::unique_ptr<llvm::TargetMachine> generator = createGenerator();
  llvm::legacy::PassManager passes;
  if (generator->addPassesToEmitFile(passes, out, nullptr,
                                     kind == OutputKind::Object ? llvm::CodeGenFileType::ObjectFile
                                                                : llvm::CodeGenFileType::AssemblyFile,
                                     /*DisableVerify=*/true)) {
    error = "LLVM cannot write this kind of file for '" + getMachine().triple + "'";
    return failure();
  }
  passes.run(module);
  module.getContext().setDiagnosticHandler(nullptr);
  if (reported.empty())
    return success();
  error = "cannot generate code for '" + getMachine().name + "': " + reported;
  return failure();
}

FailureOr<std::unique_ptr<Target>> tenon::createCPUTarget(const Machine &machine, std::string &error) {
  static std::once_flag initialized;
  std::call_once(initialized, [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
  });
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(llvm::Triple(machine.triple), error);
  if (!backend)
    return failure();
  auto target = std::make_unique<CPUTarget>(machine, *backend);
  if (!target->createGenerator()) {
    error = "LLVM has no code generator for '" + machine.triple + "'";
    return failure();
  }
  return std::unique_ptr<Target>(std::move(target));
}
