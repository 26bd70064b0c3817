//===- CompiledModule.cpp - Compiles the text of a module, and loads it into this process ------===//

#include "CompiledModule.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include "gtest/gtest.h"

#include <dlfcn.h>

using namespace mlir;
using namespace tenon;

std::unique_ptr<Target> tenon::targetFor(StringRef name) {
  std::string error;
  FailureOr<Machine> machine = lookupMachine(name, "", "", &error);
  EXPECT_TRUE(succeeded(machine)) << error;
  FailureOr<std::unique_ptr<Target>> target = createTarget(*machine, &error);
  EXPECT_TRUE(succeeded(target)) << error;
  return std::move(*target);
}

ObjectBytes tenon::compileText(const Target &target, StringRef text) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  prepareContext(context);
  context.getOrLoadDialect<TenonDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(module) << text.str();
  if (!module)
    return {};
  FailureOr<ObjectBytes> object = target.compileToObject(*module);
  EXPECT_TRUE(succeeded(object));
  return succeeded(object) ? std::move(*object) : ObjectBytes();
}

namespace {
/// A file that is removed in the end.
struct TemporaryFile {
  explicit TemporaryFile(StringRef suffix) {
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("tenon", suffix, path));
  }
  ~TemporaryFile() { llvm::sys::fs::remove(path); }

  void write(const ObjectBytes &bytes) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error).write(bytes.data(), bytes.size());
    EXPECT_FALSE(error);
  }

  llvm::SmallString<64> path;
};
} // namespace

std::string tenon::disassemble(const ObjectBytes &object) {
  TemporaryFile input("o"), output("txt");
  input.write(object);
  std::optional<StringRef> redirects[] = {std::nullopt, output.path.str(), std::nullopt};
  int status = llvm::sys::ExecuteAndWait(TENON_TEST_OBJDUMP,
                                         {TENON_TEST_OBJDUMP, "-d", "-r", "--no-show-raw-insn", input.path},
                                         std::nullopt, redirects);
  EXPECT_EQ(status, 0);
  auto text = llvm::MemoryBuffer::getFile(output.path);
  // The first lines name the temporary file, whose letters are random.
  return text ? (*text)->getBuffer().substr((*text)->getBuffer().find("Disassembly of")).str() : "";
}

std::vector<std::string> tenon::runnableMachines() {
#if defined(__x86_64__)
  return {"host", "x86-64-v2"};
#else
  return {"host"};
#endif
}

CompiledModule::CompiledModule(ArrayRef<ObjectBytes> objects) {
  std::vector<std::unique_ptr<TemporaryFile>> inputs;
  TemporaryFile output("so");
  SmallVector<StringRef> arguments = {TENON_TEST_LINKER, "-shared", "-o", output.path};
  for (const ObjectBytes &object : objects) {
    inputs.push_back(std::make_unique<TemporaryFile>("o"));
    inputs.back()->write(object);
    arguments.push_back(inputs.back()->path);
  }
  EXPECT_EQ(llvm::sys::ExecuteAndWait(TENON_TEST_LINKER, arguments), 0);
  library = dlopen(output.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(library, nullptr) << dlerror();
}

CompiledModule::~CompiledModule() {
  if (library)
    dlclose(library);
}

void *CompiledModule::findAddress(const char *name) const {
  void *address = library ? dlsym(library, name) : nullptr;
  EXPECT_NE(address, nullptr) << name;
  return address;
}

std::string tenon::elementwiseText(const std::string &name, const std::string &operandType,
                                   const std::string &resultType, const std::string &body) {
  std::string text = R"mlir(
func.func private @NAME_kernel(%xs: memref<?x8xOPERAND> {tenon.dims = affine_map<()[s0] -> (s0, 8)>},
                               %ys: memref<?x8xOPERAND> {tenon.dims = affine_map<()[s0] -> (s0, 8)>},
                               %results: memref<?x8xRESULT> {tenon.dims = affine_map<()[s0] -> (s0, 8)>},
                               %n: index, %begin: index, %end: index) attributes {tenon.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %begin to %end step %c1 {
    %x = vector.load %xs[%i, %c0] : memref<?x8xOPERAND>, vector<8xOPERAND>
    %y = vector.load %ys[%i, %c0] : memref<?x8xOPERAND>, vector<8xOPERAND>
    BODY
    vector.store %result, %results[%i, %c0] : memref<?x8xRESULT>, vector<8xRESULT>
  }
  return
}
func.func @NAME(%xs: memref<?x8xOPERAND> {tenon.dims = affine_map<()[s0] -> (s0, 8)>},
                %ys: memref<?x8xOPERAND> {tenon.dims = affine_map<()[s0] -> (s0, 8)>},
                %results: memref<?x8xRESULT> {tenon.dims = affine_map<()[s0] -> (s0, 8)>}, %weights: memref<?xi8>,
                %workspace: memref<?xi8>, %n: index)
    attributes {tenon.program, tenon.inputs = 2 : i64, tenon.outputs = 1 : i64} {
  tenon.launch @NAME_kernel(%xs, %ys, %results, %n) range(%n) serial
    : memref<?x8xOPERAND>, memref<?x8xOPERAND>, memref<?x8xRESULT>, index
  return
}
)mlir";
  const std::pair<StringRef, const std::string &> replacements[] = {
      {"BODY", body}, {"OPERAND", operandType}, {"RESULT", resultType}, {"NAME", name}};
  for (const auto &[pattern, replacement] : replacements)
    for (size_t at; (at = text.find(pattern.str())) != std::string::npos;)
      text.replace(at, pattern.size(), replacement);
  return text;
}

void tenon::runElementwise(const CompiledModule &module, const std::string &name, const void *x,
                           const void *y, void *result, int64_t count) {
  auto *run = module.find<int32_t(const tenon_call *)>((name + "_run").c_str());
  ASSERT_NE(run, nullptr);
  const void *inputs[] = {x, y};
  void *outputs[] = {result};
  int64_t rows = count / 8;
  tenon_call call = {inputs, outputs, &rows, nullptr, nullptr, nullptr, nullptr};
  ASSERT_EQ(run(&call), TENON_OK);
}
