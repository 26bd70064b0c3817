//===- Compiler.cpp - From a model to an artefact ---------------------------------------------===//

#include "tenon/Pipeline/Compiler.h"

#include "ProgramReport.h"
#include "ScheduleCache.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Import/ONNX.h"
#include "tenon/Pipeline/Registration.h"
#include "tenon/Pipeline/Reproducer.h"
#include "tenon/Support/CacheFolder.h"
#include "tenon/Support/HostTensor.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <chrono>

using namespace mlir;
using namespace tenon;

std::unique_ptr<MLIRContext> tenon::makeContext() {
  DialectRegistry registry;
  registerDialects(registry);
  registerTargetDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry);
  context->loadAllAvailableDialects();
  prepareContext(*context);
  return context;
}

namespace {
/// Adds the time from its construction to its destruction.
class PhaseTimer {
public:
  PhaseTimer(std::vector<PhaseTime> &times, Phase phase) : times(times), phase(phase) {}
  ~PhaseTimer() {
    std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    times.push_back({phase, passed.count()});
  }

private:
  std::vector<PhaseTime> &times;
  Phase phase;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Import
//===----------------------------------------------------------------------------------------===//

FailureOr<std::unique_ptr<Compilation>> Compilation::start(MLIRContext &context,
                                                           const CompileOptions &options) {
  std::string error;
  llvm::FailureOr<Machine> machine = lookupMachine(options.target, options.cpu, options.features, &error);
  if (failed(machine)) {
    emitError(UnknownLoc::get(&context), error);
    return failure();
  }
  if (options.threads > 0)
    machine->cores = options.threads;
  return std::unique_ptr<Compilation>(new Compilation(options, *machine));
}

FailureOr<std::unique_ptr<Compilation>> Compilation::open(MLIRContext &context, StringRef path,
                                                          const CompileOptions &options) {
  FailureOr<std::unique_ptr<Compilation>> compilation = start(context, options);
  if (failed(compilation))
    return failure();
  PhaseTimer timer((*compilation)->times, Phase::Import);
  if (llvm::sys::path::extension(path) == ".mlir") {
    (*compilation)->module = parseSourceFile<ModuleOp>(path, &context);
    if (!(*compilation)->module)
      return failure();
  } else {
    OnnxImportOptions import;
    for (const auto &[name, shape] : options.shapes)
      import.shapes[name].assign(shape.begin(), shape.end());
    for (const auto &[name, value] : options.symbols)
      import.symbols[name] = value;
    FailureOr<OwningOpRef<ModuleOp>> module = importOnnx(&context, path, import, &(*compilation)->files);
    if (failed(module))
      return failure();
    (*compilation)->module = std::move(*module);
  }
  return compilation;
}

FailureOr<std::unique_ptr<Compilation>> Compilation::open(OwningOpRef<ModuleOp> module,
                                                          const CompileOptions &options) {
  FailureOr<std::unique_ptr<Compilation>> compilation = start(*module->getContext(), options);
  if (succeeded(compilation))
    (*compilation)->module = std::move(module);
  return compilation;
}

//===----------------------------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------------------------===//

LogicalResult Compilation::runPhase(Phase phase) {
  PhaseTimer timer(times, phase);
  PassManager passes(module->getContext());
  passes.enableVerifier(true);
  PhaseOptions phaseOptions{machine,          options.accuracy,
                            options.target,   options.cpu,
                            options.features, options.profile ? Interleaving::None : options.interleaving};
  buildPhase(phase, passes, phaseOptions);
  OwningOpRef<ModuleOp> before;
  if (options.reproduceDefects)
    before = module->clone();
  return runGuarded(phase, before ? *before : ModuleOp(), [&] { return passes.run(*module); });
}

/// Runs a phase; if that shows a defect of the compiler, says so and leaves `before`, the module it started
/// with, as a reproducer.
LogicalResult Compilation::runGuarded(Phase phase, ModuleOp before, function_ref<LogicalResult()> run) {
  result = tenon::runGuarded(*module->getContext(), run, options.reproduceDefects);
  if (result == RunResult::Done)
    return success();
  // A schedule that was given may be wrong in many ways, which show where it is carried out.
  if (result == RunResult::Defect && !options.schedules.empty())
    result = RunResult::Refused;
  if (result == RunResult::Refused)
    return failure();
  InFlightDiagnostic error = emitError(UnknownLoc::get(module->getContext()))
                             << "this is a defect of the compiler, in its phase " << stringify(phase)
                             << ", and not a mistake in the model";
  if (!before)
    return error;
  std::string pipeline = ("tenon-" + stringify(phase) + "=machine=" + options.target).str();
  if (options.accuracy != Accuracy::Full)
    pipeline += (" accuracy=" + stringify(options.accuracy)).str();
  for (const auto &[name, value] : {std::pair("cpu", options.cpu), std::pair("features", options.features)})
    if (!value.empty())
      pipeline += (Twine(" ") + name + "=" + value).str();
  std::string problem;
  FailureOr<std::string> path = writeReproducer(before, pipeline, problem);
  if (failed(path))
    return error << "; a reproducer could not be written: " << problem;
  return error << "; please report it with the file '" << *path
               << "', which has the model as it came to this phase, without its weights";
}

LogicalResult Compilation::run() {
  auto main = module->lookupSymbol<func::FuncOp>("main");
  if (!main)
    return module->emitError("expects a function 'main'");
  for (Phase phase : {Phase::Graph, Phase::Kernel, Phase::Schedule, Phase::Codegen}) {
    if (phase > options.stopAfter)
      return success();
    // The kernel phase drops the sign of integers, so the interface is read before it.
    if (phase == Phase::Kernel) {
      FailureOr<ModelSignature> read = readSignature(main);
      if (failed(read))
        return failure();
      signature = *read;
    }
    if (phase == Phase::Schedule && failed(applyGivenSchedules()))
      return failure();
    std::optional<ScheduleCache> known;
    if (phase == Phase::Schedule && options.cache)
      known.emplace(machine).apply(*module);
    if (failed(runPhase(phase)))
      return failure();
    if (known)
      known->keep(*module);
    releasePages();
    if (phase == Phase::Schedule) {
      kernels = describeKernels(*module);
      launches = describeLaunches(*module, kernels);
    }
  }
  if (failed(describeProgram()))
    return failure();
  return options.stopAfter >= Phase::Target ? compileKernels() : success();
}

/// What a phase has read of the model's files would only add to what the next one holds.
void Compilation::releasePages() const {
  for (const MappedBytes &file : files)
    file.releasePages();
}

LogicalResult Compilation::applyGivenSchedules() {
  for (const auto &[name, text] : options.schedules) {
    auto kernel = module->lookupSymbol<func::FuncOp>(name);
    if (!kernel || !kernel->hasAttr("tenon.structured"))
      return module->emitError("expects the name of a kernel, but got '") << name << "'";
    auto schedule = dyn_cast_or_null<ScheduleAttr>(parseAttribute(text, module->getContext()));
    if (!schedule)
      return kernel.emitError("expects a #tenon.schedule for '") << name << "', but got '" << text << "'";
    kernel->setAttr("tenon.schedule", schedule);
  }
  return success();
}

LogicalResult Compilation::describeProgram() {
  auto program = module->lookupSymbol<func::FuncOp>("run");
  workspaceBytes = program->getAttrOfType<AffineMapAttr>("tenon.workspace").getValue();
  weights = (*module)->getAttrOfType<ArrayAttr>("tenon.weights");
  weightOffsets = (*module)->getAttrOfType<DenseI64ArrayAttr>("tenon.weight_offsets").asArrayRef().vec();
  weightsBytes = (*module)->getAttrOfType<IntegerAttr>("tenon.weight_bytes").getInt();
  (*module)->setAttr("tenon.model", StringAttr::get(module->getContext(), signature.name));
  (*module)->removeAttr("tenon.weights");
  (*module)->removeAttr("tenon.weight_offsets");
  (*module)->removeAttr("tenon.weight_bytes");
  if (options.profile)
    (*module)->setAttr("tenon.profile", UnitAttr::get(module->getContext()));
  noteSerialLaunches(program, launches);
  manifest = writeManifest(signature, kernels, launches, machine, program, weightsBytes);
  return success();
}

LogicalResult Compilation::compileKernels() {
  PhaseTimer timer(times, Phase::Target);
  std::string error;
  llvm::FailureOr<std::unique_ptr<Target>> target = createTarget(machine, &error);
  if (failed(target))
    return module->emitError(error);
  SmallVector<OwningOpRef<ModuleOp>> parts = splitModule(*module);
  SmallVector<ModuleOp> modules;
  for (OwningOpRef<ModuleOp> &part : parts)
    modules.push_back(*part);
  CacheFolder cache(CacheFolder::defaultPath());
  llvm::FailureOr<std::vector<ObjectBytes>> compiled = failure();
  auto compile = [&] {
    compiled = (*target)->compileToObjects(modules, options.cache ? &cache : nullptr);
    return LogicalResult(compiled);
  };
  if (failed(runGuarded(Phase::Target, options.reproduceDefects ? *module : ModuleOp(), compile)))
    return failure();
  numCached = cache.getNumFound();
  if (options.cache)
    cache.prune();
  objects = std::move(*compiled);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------------------------===//

/// The bytes of a constant; `copies` keeps those that the IR has in another form. Those of a resource stay
/// where they are, however they are aligned: a model's file aligns weights as it happens, and each copy takes
/// as much again.
static FailureOr<ArrayRef<char>> readBytes(ElementsAttr value, std::vector<HostTensor> &copies) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    FailureOr<int64_t> expected = HostTensor::getSizeInBytes(cast<RankedTensorType>(resource.getType()));
    if (!blob || failed(expected) || blob->getData().size() != static_cast<size_t>(*expected))
      return failure();
    return blob->getData();
  }
  FailureOr<HostTensor> tensor = HostTensor::from(value);
  if (failed(tensor))
    return failure();
  copies.push_back(*tensor);
  return copies.back().getBytes();
}

LogicalResult Compilation::write(ArtefactKind kind, StringRef path, std::string &error) {
  PhaseTimer timer(times, Phase::Package);
  Package package;
  package.signature = signature;
  package.triple = machine.triple;
  package.cpu = machine.cpu;
  package.features = machine.features;
  for (const ObjectBytes &object : objects)
    package.objects.push_back(object);
  std::vector<HostTensor> copies;
  for (auto [i, value] : llvm::enumerate(weights)) {
    FailureOr<ArrayRef<char>> bytes = readBytes(cast<ElementsAttr>(value), copies);
    if (failed(bytes)) {
      error = "constant " + std::to_string(i) + " has no bytes to store";
      return failure();
    }
    package.weights.push_back({"constant_" + std::to_string(i), *bytes, weightOffsets[i]});
  }
  package.weightsBytes = weightsBytes;
  package.embedWeights = options.embedWeights;
  package.profile = options.profile;
  package.workspaceBytes = workspaceBytes;
  package.manifest = manifest;
  llvm::FailureOr<std::unique_ptr<Target>> target = createTarget(machine, &error);
  if (failed(target))
    return failure();
  package.emit = [&](llvm::Module &llvmModule, SmallVectorImpl<char> &object, std::string &message) {
    (*target)->configure(llvmModule);
    llvm::raw_svector_ostream stream(object);
    return (*target)->emit(llvmModule, OutputKind::Object, stream, message);
  };
  return writeArtefact(package, kind, path, error);
}

LogicalResult Compilation::writeCode(OutputKind kind, StringRef path, std::string &error) {
  llvm::FailureOr<std::unique_ptr<Target>> target = createTarget(machine, &error);
  if (failed(target))
    return failure();
  OwningOpRef<ModuleOp> copy = module->clone();
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated;
  if (succeeded((*target)->legalize(*copy)))
    translated = (*target)->translate(*copy, llvmContext);
  if (!translated) {
    error = "the module could not be translated";
    return failure();
  }
  SmallVector<char> text;
  llvm::raw_svector_ostream stream(text);
  if (failed((*target)->emit(*translated, kind, stream, error)))
    return failure();
  return writeFile(path, StringRef(text.data(), text.size()), error);
}
