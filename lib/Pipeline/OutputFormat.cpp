//===- OutputFormat.cpp - The kinds of file a compilation can write ---------------------------===//

#include "tenon/Pipeline/OutputFormat.h"

#include "mlir/IR/AsmState.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tenon;

static constexpr llvm::StringLiteral formatNames[] = {"so", "wasm", "o", "a", "h", "s", "ll", "mlir"};

ArrayRef<llvm::StringLiteral> tenon::getOutputFormatNames() { return formatNames; }

std::optional<OutputFormat> tenon::parseOutputFormat(StringRef name) {
  for (unsigned i = 0; i < std::size(formatNames); ++i)
    if (formatNames[i] == name)
      return static_cast<OutputFormat>(i);
  return std::nullopt;
}

std::optional<OutputFormat> tenon::getOutputFormat(StringRef path) {
  StringRef ending = llvm::sys::path::extension(path);
  return ending.consume_front(".") ? parseOutputFormat(ending) : std::nullopt;
}

Phase tenon::getNeededPhase(OutputFormat format) {
  switch (format) {
  case OutputFormat::SharedLibrary:
  case OutputFormat::Wasm:
  case OutputFormat::Object:
  case OutputFormat::Archive:
  case OutputFormat::Header:
    return Phase::Package;
  case OutputFormat::Assembly:
  case OutputFormat::LLVMIR:
    return Phase::Codegen;
  case OutputFormat::MLIR:
    return Phase::Import;
  }
  llvm_unreachable("unknown output format");
}

static LogicalResult writeModule(ModuleOp module, StringRef path, std::string &error) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  // Weights stay in the model: text of them would be longer than all the rest.
  OpPrintingFlags flags;
  flags.enableDebugInfo(false).elideLargeElementsAttrs(16).elideLargeResourceString(64);
  module.print(stream, flags);
  stream << '\n';
  return writeFile(path, text, error);
}

LogicalResult tenon::writeOutput(Compilation &compilation, OutputFormat format, StringRef path,
                                 std::string &error) {
  switch (format) {
  case OutputFormat::SharedLibrary:
  case OutputFormat::Wasm:
    return compilation.write(ArtefactKind::SharedLibrary, path, error);
  case OutputFormat::Object:
    return compilation.write(ArtefactKind::Object, path, error);
  case OutputFormat::Archive:
    return compilation.write(ArtefactKind::Archive, path, error);
  case OutputFormat::Header:
    return compilation.write(ArtefactKind::Header, path, error);
  case OutputFormat::Assembly:
    return compilation.writeCode(OutputKind::Assembly, path, error);
  case OutputFormat::LLVMIR:
    return compilation.writeCode(OutputKind::LLVMIR, path, error);
  case OutputFormat::MLIR:
    return writeModule(compilation.getModule(), path, error);
  }
  llvm_unreachable("unknown output format");
}
