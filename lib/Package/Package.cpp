//===- Package.cpp - From objects and weights to an artefact -----------------------------------------===//

#include "tenon/Package/Package.h"

#include "Descriptor.h"
#include "Header.h"
#include "Link.h"
#include "OutputFile.h"
#include "WeightsObject.h"

#include "tenon-rt/model.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/Binary.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace tenon {

namespace {

using Object = llvm::SmallVector<char, 0>;

/// Makes one artefact: writes the parts into a folder beside it, links them there, and moves the result.
class Packager {
public:
  Packager(const Package &package, llvm::StringRef path, std::string &error)
      : package(package), names(package.signature.name), triple(package.triple), path(path), error(error) {}

  LogicalResult write(ArtefactKind kind);

private:
  LogicalResult fail(const llvm::Twine &message) {
    error = ("can't write '" + path + "': " + message).str();
    return failure();
  }
  LogicalResult check();
  LogicalResult emit(llvm::Module &module, Object &object);
  LogicalResult emitDescriptor(bool isLibrary);
  LogicalResult writePart(llvm::StringRef name, llvm::ArrayRef<char> bytes);
  LogicalResult writeCode();
  LogicalResult writeWeights(bool isLibrary);
  LogicalResult linkParts(llvm::StringRef output, std::vector<std::string> arguments);
  LogicalResult linkLibrary();
  LogicalResult linkWasmModule();
  LogicalResult linkObject();
  LogicalResult hideSymbols(llvm::StringRef input, llvm::StringRef output);
  LogicalResult fillIn();
  LogicalResult archive();

  bool hasWeights() const { return package.embedWeights && package.weightsBytes > 0; }
  std::string part(llvm::StringRef name) const { return folder.part(name); }

  const Package &package;
  SymbolNames names;
  llvm::Triple triple;
  std::string path;
  std::string &error;
  WorkFolder folder;
  Object descriptor;
  /// The files to link, in order.
  std::vector<std::string> codeParts, weightParts;
};

} // namespace

LogicalResult Packager::check() {
  const ModelSignature &signature = package.signature;
  if (signature.name.empty() || makeIdentifier(signature.name) != signature.name)
    return fail("expected a model name that is a C identifier, but got '" + signature.name + "'");
  if (!package.workspaceBytes && package.workspaceFunction.empty())
    return fail("expected an expression or a function for the bytes of workspace");
  if (package.workspaceAlignment <= 0 || !llvm::isPowerOf2_64(package.workspaceAlignment))
    return fail("expected a workspace alignment that is a power of two, but got " +
                llvm::Twine(package.workspaceAlignment));
  std::string message;
  if (failed(checkWeights(package, message)))
    return fail(message);
  return success();
}

LogicalResult Packager::emit(llvm::Module &module, Object &object) {
  std::string message;
  if (failed(package.emit(module, object, message)))
    return fail(message);
  return success();
}

LogicalResult Packager::emitDescriptor(bool isLibrary) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = makeDescriptor(package, context);
  // Only a library has the name that fits every model: two objects of it wouldn't link into one program.
  if (isLibrary) {
    llvm::GlobalVariable *model = module->getGlobalVariable(names.descriptor);
    llvm::GlobalAlias::create(llvm::GlobalValue::ExternalLinkage, TENON_MODEL_SYMBOL, model);
  }
  if (failed(emit(*module, descriptor)))
    return failure();
  llvm::file_magic magic = llvm::identify_magic(llvm::StringRef(descriptor.data(), descriptor.size()));
  if (magic != llvm::file_magic::elf_relocatable && magic != llvm::file_magic::wasm_object)
    return fail("expected a target whose objects are ELF or WebAssembly, but got " + package.triple);
  return success();
}

LogicalResult Packager::writePart(llvm::StringRef name, llvm::ArrayRef<char> bytes) {
  return folder.write(
      name, [&](llvm::raw_pwrite_stream &out) { out.write(bytes.data(), bytes.size()); }, error);
}

LogicalResult Packager::writeCode() {
  auto add = [&](llvm::StringRef name, llvm::ArrayRef<char> bytes) {
    codeParts.push_back(part(name));
    return writePart(name, bytes);
  };
  if (failed(add("descriptor.o", descriptor)))
    return failure();
  for (auto [i, object] : llvm::enumerate(package.objects))
    if (failed(add("code" + llvm::utostr(i) + ".o", object)))
      return failure();
  return success();
}

/// The weights of WebAssembly, which can't be larger than 4 GiB, as a constant.
static std::unique_ptr<llvm::Module> makeWeightsModule(const Package &package, llvm::StringRef name,
                                                       llvm::LLVMContext &context) {
  std::vector<char> bytes(package.weightsBytes);
  for (const WeightBlob &blob : package.weights)
    std::copy(blob.bytes.begin(), blob.bytes.end(), bytes.begin() + blob.offset);
  auto module = std::make_unique<llvm::Module>(name, context);
  llvm::Constant *value =
      llvm::ConstantDataArray::getString(context, llvm::StringRef(bytes.data(), bytes.size()),
                                         /*AddNull=*/false);
  auto *global = new llvm::GlobalVariable(*module, value->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::ExternalLinkage, value, name);
  global->setVisibility(llvm::GlobalValue::HiddenVisibility);
  global->setAlignment(llvm::Align(package.weightsAlignment));
  return module;
}

LogicalResult Packager::writeWeights(bool isLibrary) {
  if (!hasWeights())
    return success();
  weightParts.push_back(part("weights.o"));
  if (triple.isWasm()) {
    llvm::LLVMContext context;
    Object object;
    if (failed(emit(*makeWeightsModule(package, names.weights, context), object)))
      return failure();
    return writePart("weights.o", object);
  }
  return folder.write(
      "weights.o",
      [&](llvm::raw_pwrite_stream &out) { writeWeightsObject(package, descriptor, isLibrary, out); }, error);
}

LogicalResult Packager::linkParts(llvm::StringRef output, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-o", part(output)});
  std::string messages;
  if (succeeded(link(triple.isWasm(), arguments, messages)))
    return success();
  // The folder's name means nothing to a user and changes from run to run.
  std::string prefix = part("");
  for (size_t at; (at = messages.find(prefix)) != std::string::npos;)
    messages.erase(at, prefix.size());
  // When the disk has no room for the output, no more is to be said than that.
  std::string noRoom = ("linking failed: failed to open " + output + ": ").str();
  llvm::StringRef reason = messages;
  reason.consume_front(noRoom);
  return fail(reason);
}

LogicalResult Packager::linkLibrary() {
  std::string exports = "{ global: " + names.descriptor + "; " TENON_MODEL_SYMBOL "; local: *; };\n";
  if (failed(writePart("exports", exports)))
    return failure();
  std::vector<std::string> arguments = {"-shared",          "-Bsymbolic",
                                        "--gc-sections",    "--build-id=none",
                                        "--hash-style=gnu", "--version-script=" + part("exports")};
  arguments.insert(arguments.end(), codeParts.begin(), codeParts.end());
  arguments.insert(arguments.end(), weightParts.begin(), weightParts.end());
  std::vector<std::string> libraries = findSystemLibraries(triple);
  if (!libraries.empty()) {
    // With everything at hand, what is missing is found now and not when the model is loaded.
    arguments.insert(arguments.end(), {"-z", "defs", "--as-needed"});
    arguments.insert(arguments.end(), libraries.begin(), libraries.end());
  }
  return failed(linkParts("artefact", std::move(arguments))) ? failure() : fillIn();
}

LogicalResult Packager::linkWasmModule() {
  // Functions are called through the descriptor, so the host needs the table; it places tensors behind
  // __heap_base.
  std::vector<std::string> arguments = {"--no-entry",
                                        "--gc-sections",
                                        "--build-id=none",
                                        "--export-table",
                                        "--import-undefined",
                                        "--export=__heap_base",
                                        "--export=" + names.descriptor,
                                        "--export=" TENON_MODEL_SYMBOL,
                                        "--export=" + names.run,
                                        "-z",
                                        "stack-size=1048576"};
  arguments.insert(arguments.end(), codeParts.begin(), codeParts.end());
  arguments.insert(arguments.end(), weightParts.begin(), weightParts.end());
  return linkParts("artefact", std::move(arguments));
}

/// Makes all symbols of an object local but the descriptor, so that models link into one program whatever
/// their kernels are called.
LogicalResult Packager::hideSymbols(llvm::StringRef input, llvm::StringRef output) {
  llvm::objcopy::ConfigManager config;
  std::string inputPath = part(input), outputPath = part(output);
  config.Common.InputFilename = inputPath;
  config.Common.OutputFilename = outputPath;
  auto addName = [&](llvm::StringRef name) {
    return config.Common.SymbolsToKeepGlobal.addMatcher(llvm::objcopy::NameOrPattern::create(
        name, llvm::objcopy::MatchStyle::Literal, [](llvm::Error error) { return error; }));
  };
  if (llvm::Error reason = addName(names.descriptor))
    return fail(llvm::toString(std::move(reason)));

  auto binary = llvm::object::createBinary(inputPath);
  if (!binary)
    return fail(llvm::toString(binary.takeError()));
  std::string message;
  LogicalResult result = folder.write(
      output,
      [&](llvm::raw_pwrite_stream &out) {
        if (llvm::Error reason = llvm::objcopy::executeObjcopyOnBinary(config, *binary->getBinary(), out))
          message = llvm::toString(std::move(reason));
      },
      error);
  return message.empty() ? result : fail(message);
}

LogicalResult Packager::linkObject() {
  std::vector<std::string> arguments = {"-r"};
  arguments.insert(arguments.end(), codeParts.begin(), codeParts.end());
  if (triple.isWasm()) {
    arguments.insert(arguments.end(), weightParts.begin(), weightParts.end());
    return linkParts("artefact", std::move(arguments));
  }
  if (failed(linkParts("code.o", std::move(arguments))))
    return failure();
  // Before room is made for the weights: this step holds its file in memory.
  if (!hasWeights())
    return hideSymbols("code.o", "artefact");
  if (failed(hideSymbols("code.o", "local.o")))
    return failure();
  std::vector<std::string> all = {"-r", part("local.o")};
  all.insert(all.end(), weightParts.begin(), weightParts.end());
  return failed(linkParts("artefact", std::move(all))) ? failure() : fillIn();
}

/// Writes the weights into the linked artefact.
LogicalResult Packager::fillIn() {
  if (!hasWeights())
    return success();
  if (llvm::Error reason = fillInWeights(package, part("artefact")))
    return fail(llvm::toString(std::move(reason)));
  return success();
}

LogicalResult Packager::archive() {
  auto member = llvm::NewArchiveMember::getFile(part("artefact"), /*Deterministic=*/true);
  if (!member)
    return fail(llvm::toString(member.takeError()));
  std::string name = package.signature.name + ".o";
  member->MemberName = name;
  if (llvm::Error reason =
          llvm::writeArchive(part("archive"), *member, llvm::SymtabWritingMode::NormalSymtab,
                             llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false))
    return fail(llvm::toString(std::move(reason)));
  return success();
}

LogicalResult Packager::write(ArtefactKind kind) {
  if (failed(check()))
    return failure();
  if (kind == ArtefactKind::Header)
    return writeFile(path, makeHeader(package), error);

  const bool isLibrary = kind == ArtefactKind::SharedLibrary;
  if (failed(emitDescriptor(isLibrary)) || failed(folder.create(path, error)) || failed(writeCode()) ||
      failed(writeWeights(isLibrary)))
    return failure();
  if (failed(!isLibrary ? linkObject() : triple.isWasm() ? linkWasmModule() : linkLibrary()))
    return failure();
  if (kind == ArtefactKind::Archive)
    return failed(archive()) ? failure() : folder.moveToPlace("archive", error);
  return folder.moveToPlace("artefact", error);
}

LogicalResult writeArtefact(const Package &package, ArtefactKind kind, llvm::StringRef path,
                            std::string &error) {
  return Packager(package, path, error).write(kind);
}

FailureOr<ArtefactKind> getArtefactKind(llvm::StringRef path) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".so" || extension == ".wasm")
    return ArtefactKind::SharedLibrary;
  if (extension == ".o")
    return ArtefactKind::Object;
  if (extension == ".a")
    return ArtefactKind::Archive;
  if (extension == ".h")
    return ArtefactKind::Header;
  return failure();
}

} // namespace tenon
