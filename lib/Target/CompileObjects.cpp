//===- CompileObjects.cpp - Modules to objects, each of them once ------------------------------===//
//
// The object of a kernel depends on its IR, the machine and the compiler, and on nothing else: not on the
// weights, the other kernels, or its place among them. So the IR is the key under which the object is kept. A
// kernel is compiled under a name that is always the same and gets its own name afterwards: one kernel more
// at the start of a model renumbers all that follow.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Support/CacheFolder.h"
#include "tenon/Target/CompilerBuild.h"
#include "tenon/Target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;

/// The name all kernels are compiled under.
static constexpr StringLiteral kernelName = "kernel";

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

//===----------------------------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------------------------===//

/// The kernel that is all there is in the module, or null.
static func::FuncOp getOnlyKernel(ModuleOp module) {
  Block &body = *module.getBody();
  auto kernel = llvm::hasSingleElement(body) ? dyn_cast<func::FuncOp>(body.front()) : func::FuncOp();
  return kernel && kernel->hasAttr("tenon.kernel") && !kernel.isDeclaration() ? kernel : func::FuncOp();
}

/// Renames the symbols of a kernel that was compiled as `kernelName`: the entry, and what its name precedes.
static FailureOr<ObjectBytes> renameKernel(ModuleOp module, const ObjectBytes &object, StringRef name) {
  auto fail = [&](llvm::Error error) -> FailureOr<ObjectBytes> {
    return module.emitError("cannot name the object of '")
           << name << "': " << llvm::toString(std::move(error));
  };
  auto buffer = llvm::MemoryBuffer::getMemBuffer(StringRef(object.data(), object.size()), "",
                                                 /*RequiresNullTerminator=*/false);
  auto file = llvm::object::ObjectFile::createObjectFile(buffer->getMemBufferRef());
  if (!file)
    return fail(file.takeError());
  llvm::StringMap<std::string> names;
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    llvm::Expected<StringRef> old = symbol.getName();
    if (!old)
      return fail(old.takeError());
    if (*old == kernelName || old->starts_with((kernelName + ".").str()))
      names[*old] = (name + old->drop_front(kernelName.size())).str();
  }
  llvm::objcopy::ConfigManager config;
  for (const auto &entry : names)
    config.Common.SymbolsToRename[entry.first()] = entry.second;
  ObjectBytes renamed;
  llvm::raw_svector_ostream out(renamed);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(config, **file, out))
    return fail(std::move(error));
  return renamed;
}

//===----------------------------------------------------------------------------------------===//
// The cache
//===----------------------------------------------------------------------------------------===//

/// All that the objects of a target depend on besides their modules. Empty if it can't be told.
static std::string describeTarget(const Target &target, MLIRContext *context) {
  std::string build = describeCompilerBuild(), text;
  if (build.empty())
    return "";
  const Machine &machine = target.getMachine();
  llvm::raw_string_ostream stream(text);
  stream << build << machine.triple << ' ' << machine.cpu << ' ' << machine.features << ' ' << machine.abi
         << ' ' << machine.vectorBits << '\n';
  // The passes' options say what they were told of the machine.
  PassManager passes(context, ModuleOp::getOperationName());
  target.buildPipeline(passes);
  passes.printAsTextualPipeline(stream);
  return text;
}

/// What the object of `module` is kept under. Printing leaves locations out and numbers values.
static std::string makeKey(const std::string &target, ModuleOp module) {
  std::string text = target;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().useLocalScope());
  return CacheFolder::makeKey(text);
}

FailureOr<std::vector<ObjectBytes>> Target::compileToObjects(ArrayRef<ModuleOp> modules,
                                                             const CacheFolder *cache) const {
  std::vector<ObjectBytes> objects(modules.size());
  if (modules.empty())
    return objects;
  ModuleOp first = modules.front();
  std::string description = cache ? describeTarget(*this, first.getContext()) : "";
  auto compile = [&](ModuleOp module) -> FailureOr<ObjectBytes> {
    if (description.empty())
      return compileToObject(module);
    std::string key = makeKey(description, module);
    if (std::optional<ObjectBytes> found = cache->find(key))
      return *found;
    FailureOr<ObjectBytes> object = compileToObject(module);
    if (succeeded(object))
      cache->insert(key, *object);
    return object;
  };
  LogicalResult result = failableParallelForEachN(first.getContext(), 0, modules.size(), [&](size_t i) {
    // Objects of WebAssembly can't be renamed.
    func::FuncOp kernel = getObjectFormat() == ObjectFormat::ELF ? getOnlyKernel(modules[i]) : func::FuncOp();
    std::string name = kernel ? kernel.getName().str() : "";
    if (kernel)
      kernel.setName(kernelName);
    FailureOr<ObjectBytes> object = compile(modules[i]);
    if (succeeded(object) && kernel)
      object = renameKernel(modules[i], *object, name);
    if (succeeded(object))
      objects[i] = std::move(*object);
    return LogicalResult(object);
  });
  if (failed(result))
    return failure();
  return objects;
}
