//===- tenon-translate.cpp - Models of other formats as tenon modules in text -------------------===//

#include "tenon/Import/ONNX.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"

namespace cl = llvm::cl;

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::opt<bool> importOnnx("import-onnx", cl::desc("read an ONNX model"), cl::Required);
  cl::opt<bool> check("check", cl::desc("only say whether the model can be read"));
  cl::opt<std::string> input(cl::Positional, cl::desc("model"), cl::Required);
  cl::opt<std::string> output("o", cl::desc("output file"), cl::value_desc("file"), cl::init("-"));
  cl::list<std::string> shapes("shape", cl::desc("sizes of an input"), cl::value_desc("name=1x3x224x224"));
  cl::list<std::string> symbols("symbol", cl::desc("value of a named dimension"), cl::value_desc("batch=1"));
  mlir::registerAsmPrinterCLOptions();
  cl::ParseCommandLineOptions(argc, argv, "Translates models into tenon modules\n");

  tenon::OnnxImportOptions options;
  auto complain = [](const std::optional<std::string> &error) {
    if (error)
      llvm::errs() << "error: " << *error << "\n";
    return error.has_value();
  };
  for (const std::string &shape : shapes)
    if (complain(tenon::parseShapeOption(shape, options)))
      return 1;
  for (const std::string &symbol : symbols)
    if (complain(tenon::parseSymbolOption(symbol, options)))
      return 1;

  mlir::MLIRContext context;
  context.getDiagEngine().registerHandler([](mlir::Diagnostic &diagnostic) {
    // Binary files have no lines: their errors name nodes.
    if (auto at = llvm::dyn_cast<mlir::FileLineColLoc>(diagnostic.getLocation()); at && at.getLine())
      llvm::errs() << at.getFilename().getValue() << ":" << at.getLine() << ":" << at.getColumn() << ": ";
    llvm::errs() << "error: " << diagnostic << "\n";
  });
  auto module = tenon::importOnnx(&context, input, options);
  if (failed(module))
    return 1;
  if (check)
    return 0;
  std::error_code code;
  llvm::ToolOutputFile file(output, code, llvm::sys::fs::OF_Text);
  if (code) {
    llvm::errs() << "error: cannot write '" << output << "': " << code.message() << "\n";
    return 1;
  }
  (*module)->print(file.os());
  file.keep();
  return 0;
}
