//===- HeaderTest.cpp - Generated headers compile as C and C++, and programs link and run -----===//

#include "ToyPackage.h"

#include "tenon-rt/tensor.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <gtest/gtest.h>

using namespace tenon;
namespace fs = llvm::sys::fs;

namespace {

/// A way to build the program: language, its standard, and what is linked.
struct Build {
  const char *language;
  const char *standard;
  const char *ending;
};

class Header : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(fs::createUniqueDirectory("tenon-header", folder)); }
  void TearDown() override { fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) const {
    llvm::SmallString<128> result(folder);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  std::string read(llvm::StringRef name) const {
    auto buffer = llvm::MemoryBuffer::getFile(path(name));
    return buffer ? (*buffer)->getBuffer().str() : "";
  }
  void write(const Package &package, llvm::StringRef ending) const {
    std::string error, file = path(package.signature.name + ending.str());
    ASSERT_TRUE(succeeded(writeArtefact(package, *getArtefactKind(file), file, error))) << error;
  }
  /// The exit status of a command; what it prints is in the file "output".
  int run(std::vector<std::string> command) const {
    std::vector<llvm::StringRef> arguments(command.begin(), command.end());
    std::string output = path("output");
    std::optional<llvm::StringRef> redirects[] = {std::nullopt, output, output};
    return llvm::sys::ExecuteAndWait(command[0], arguments, std::nullopt, redirects);
  }
  /// Compiles a file that includes the header and nothing else, with all warnings.
  void expectCompiles(llvm::StringRef header) const {
    for (auto [language, standard] :
         {std::pair("c", "c99"), std::pair("c", "c11"), std::pair("c++", "c++11")})
      EXPECT_EQ(run({TENON_TEST_COMPILER, "-x", language, std::string("-std=") + standard, "-Wall", "-Wextra",
                     "-Wpedantic", "-Werror", "-fsyntax-only", "-include", path(header), "/dev/null"}),
                0)
          << language << " " << standard << ": " << read("output");
  }

  llvm::SmallString<128> folder;
};

class HeaderProgram : public Header, public testing::WithParamInterface<Build> {};

TEST_P(HeaderProgram, LinksTwoModelsAndRuns) {
  ToyPackage first("first"), second("second");
  second.factors = {1, 1, 1, 1};
  auto [language, standard, ending] = GetParam();
  std::vector<std::string> command = {TENON_TEST_COMPILER,
                                      "-x",
                                      language,
                                      std::string("-std=") + standard,
                                      "-Wall",
                                      "-Wextra",
                                      "-Wpedantic",
                                      "-Werror",
                                      "-I",
                                      path(""),
                                      TENON_TEST_PROGRAM,
                                      "-x",
                                      "none"};
  for (const Package *package : {&first.package, &second.package}) {
    write(*package, ".h");
    write(*package, ending);
    command.push_back(path(package->signature.name + ending));
  }
  command.insert(command.end(), {"-lm", "-Wl,-rpath," + path(""), "-o", path("program")});
  ASSERT_EQ(run(command), 0) << read("output");
  ASSERT_EQ(run({path("program")}), 0) << read("output");
  // exp(0 / 2), exp(1 / 2); exp(0), exp(1), through the host's threads.
  EXPECT_EQ(read("output"), "0 0: 1.000 1.649 3\n0 1: 1.000 2.718 3\nfirst second 64\n");
}

INSTANTIATE_TEST_SUITE_P(Builds, HeaderProgram,
                         testing::Values(Build{"c", "c11", ".o"}, Build{"c", "c11", ".a"},
                                         Build{"c", "c11", ".so"}, Build{"c++", "c++14", ".o"}),
                         [](const auto &info) {
                           return std::string(info.param.language[1] ? "Cxx" : "C") + (info.param.ending + 1);
                         });

TEST_F(Header, StandsAloneAndBesideTheInstalledOne) {
  ToyPackage toy;
  write(toy.package, ".h");
  expectCompiles("toy.h");
  std::string error;
  ASSERT_TRUE(succeeded(writeFile(
      path("both.h"), "#include \"toy.h\"\n#include \"" TENON_TEST_INCLUDE "/tenon-rt/model.h\"\n", error)))
      << error;
  expectCompiles("both.h");
}

TEST_F(Header, AnyNameBecomesAnIdentifier) {
  ToyPackage toy;
  auto &inputs = toy.package.signature.inputs, &outputs = toy.package.signature.outputs;
  inputs[0].name = "int";
  outputs[0].name = "Int_";
  outputs[1].name = "a */ b\\";
  for (const char *name : {"workspace", "batch", "1", "", "\xe5\x85\xa5\xe5\x8a\x9b", "line\nbreak"})
    outputs.push_back({name, TENON_DTYPE_BOOL, {}});
  write(toy.package, ".h");
  expectCompiles("toy.h");
  EXPECT_NE(read("toy.h").find("const float *int_ /* [batch, 4] */, float *Int__2 /* [batch, 4] */"),
            std::string::npos)
      << read("toy.h");
}

TEST_F(Header, EveryElementTypeHasACType) {
  ToyPackage toy;
  for (int dtype :
       {TENON_DTYPE_FLOAT16, TENON_DTYPE_BFLOAT16, TENON_DTYPE_FLOAT64, TENON_DTYPE_BOOL, TENON_DTYPE_INT4,
        TENON_DTYPE_UINT4, TENON_DTYPE_INT8, TENON_DTYPE_UINT8, TENON_DTYPE_INT16, TENON_DTYPE_UINT16,
        TENON_DTYPE_INT32, TENON_DTYPE_UINT32, TENON_DTYPE_INT64, TENON_DTYPE_UINT64})
    toy.package.signature.inputs.push_back({"t" + std::to_string(dtype), dtype, {}});
  write(toy.package, ".h");
  expectCompiles("toy.h");
}

TEST_F(Header, WorkspaceOfSeveralSizes) {
  ToyPackage toy;
  mlir::MLIRContext *context = toy.package.workspaceBytes.getContext();
  mlir::AffineExpr batch = mlir::getAffineSymbolExpr(0, context);
  toy.package.workspaceBytes = mlir::AffineMap::get(0, 1, {batch * 8 + 64, batch * batch}, context);
  write(toy.package, ".h");
  expectCompiles("toy.h");
  // Which is the greatest is up to the model.
  EXPECT_NE(read("toy.h").find("#define TOY_WORKSPACE_BYTES(batch) toy_workspace_bytes(batch)\n"),
            std::string::npos);
}

TEST_F(Header, WithoutInputsAndSymbols) {
  ToyPackage toy;
  mlir::MLIRContext context;
  toy.package.signature.symbols.clear();
  toy.package.signature.inputs.clear();
  toy.package.signature.outputs = {{"y", TENON_DTYPE_FLOAT32, {mlir::getAffineConstantExpr(10, &context)}}};
  toy.package.workspaceBytes = {};
  toy.package.workspaceFunction = "bytes";
  toy.package.embedWeights = false;
  write(toy.package, ".h");
  expectCompiles("toy.h");
  std::string text = read("toy.h");
  EXPECT_NE(text.find("#define TOY_Y_ELEMENTS 10\n"), std::string::npos);
  EXPECT_NE(text.find("static inline int toy_infer(float *y /* 10 */, const void *weights, void *workspace, "
                      "const tenon_parallel *parallel) {"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("static inline int64_t toy_workspace_bytes(void) {"), std::string::npos);
}

} // namespace
