//===- PackageTest.cpp - Artefacts: written, loaded, run, and refused when they are damaged ---===//

#include "tenon/Package/Package.h"

#include "ToyPackage.h"

#include "tenon-rt/loader.h"
#include "tenon-rt/threads.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Host.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sys/resource.h>
#include <thread>

using namespace tenon;
namespace fs = llvm::sys::fs;

namespace {

/// A folder for the files of one test.
class Artefact : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(fs::createUniqueDirectory("tenon-package", folder)); }
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
  void replace(llvm::StringRef name, llvm::StringRef contents) const {
    std::string error;
    ASSERT_TRUE(succeeded(writeFile(path(name), contents, error))) << error;
  }
  size_t countFiles() const {
    size_t count = 0;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; it != end && !code; it.increment(code))
      ++count;
    return count;
  }
  void write(const Package &package, ArtefactKind kind, llvm::StringRef name) const {
    std::string error;
    ASSERT_TRUE(succeeded(writeArtefact(package, kind, path(name), error))) << error;
  }
  /// Expects that writing fails with exactly this message and leaves nothing behind.
  void expectNotWritten(const Package &package, llvm::StringRef name, const std::string &message) const {
    size_t before = countFiles();
    std::string error;
    EXPECT_TRUE(failed(writeArtefact(package, ArtefactKind::SharedLibrary, path(name), error)));
    EXPECT_EQ(error, message);
    EXPECT_EQ(countFiles(), before);
  }

  llvm::SmallString<128> folder;
};

/// A loaded model with what it takes to run it.
struct Loaded {
  explicit Loaded(const std::string &path, const tenon_parallel *parallel = nullptr) {
    EXPECT_EQ(tenon_rt_model_load(path.c_str(), &model), TENON_OK) << tenon_rt_last_error();
    if (model) {
      EXPECT_EQ(tenon_rt_context_create(model, parallel, &context), TENON_OK) << tenon_rt_last_error();
    }
  }
  ~Loaded() {
    tenon_rt_context_destroy(context);
    tenon_rt_model_release(model);
  }
  const tenon_model &descriptor() const { return *tenon_rt_model_descriptor(model); }

  void expectRuns(int64_t batch, llvm::ArrayRef<float> factors) {
    std::vector<float> x(batch * 4), y(x.size());
    std::vector<int64_t> halves(batch / 2);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i % 7) / 7;
    const int64_t xShape[] = {batch, 4}, halvesShape[] = {batch / 2};
    const tenon_rt_array inputs[] = {{x.data(), TENON_DTYPE_FLOAT32, 2, xShape}};
    const tenon_rt_array outputs[] = {{y.data(), TENON_DTYPE_FLOAT32, 2, xShape},
                                      {halves.data(), TENON_DTYPE_INT64, 1, halvesShape}};
    ASSERT_EQ(tenon_rt_run(context, inputs, 1, outputs, 2), TENON_OK) << tenon_rt_last_error();
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_EQ(y[i], std::exp(x[i] * factors[i % 4])) << "element " << i;
    EXPECT_EQ(halves, std::vector<int64_t>(batch / 2, batch));
  }

  tenon_rt_model *model = nullptr;
  tenon_rt_context *context = nullptr;
};

void expectNotLoaded(const std::string &path, int status, llvm::StringRef message) {
  tenon_rt_model *model = nullptr;
  EXPECT_EQ(tenon_rt_model_load(path.c_str(), &model), status);
  EXPECT_EQ(model, nullptr);
  EXPECT_NE(llvm::StringRef(tenon_rt_last_error()).find(message), llvm::StringRef::npos)
      << "expected '" << message.str() << "' in: " << tenon_rt_last_error();
}

//===----------------------------------------------------------------------------------------===//
// Shared libraries
//===----------------------------------------------------------------------------------------===//

TEST_F(Artefact, LibraryRunsOnOneThread) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded loaded(path("toy.so"));
  for (int64_t batch : {1, 2, 9})
    loaded.expectRuns(batch, toy.factors);
}

TEST_F(Artefact, LibraryRunsOnAPool) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  tenon_rt_pool *pool = nullptr;
  ASSERT_EQ(tenon_rt_pool_create(4, &pool), TENON_OK);
  {
    Loaded loaded(path("toy.so"), tenon_rt_pool_parallel(pool));
    loaded.expectRuns(1000, toy.factors);
  }
  tenon_rt_pool_destroy(pool);
}

TEST_F(Artefact, DescriptorReadsThroughC) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded loaded(path("toy.so"));
  const tenon_model &model = loaded.descriptor();
  EXPECT_EQ(model.magic, TENON_MODEL_MAGIC);
  EXPECT_EQ(model.abi_version, TENON_ABI_VERSION);
  EXPECT_STREQ(model.name, "toy");
  EXPECT_EQ(model.triple, toy.package.triple);
  EXPECT_STREQ(model.cpu, "generic");
  EXPECT_STREQ(model.features, "");
  ASSERT_EQ(model.input_count, 1);
  ASSERT_EQ(model.output_count, 2);
  ASSERT_EQ(model.symbol_count, 1);
  EXPECT_EQ(model.flags, 0);
  toy.package.profile = true;
  write(toy.package, ArtefactKind::SharedLibrary, "watched.so");
  EXPECT_EQ(Loaded(path("watched.so")).descriptor().flags, TENON_MODEL_PROFILE);
  EXPECT_STREQ(model.symbols[0], "batch");

  EXPECT_STREQ(model.inputs[0].name, "x");
  EXPECT_EQ(model.inputs[0].dtype, TENON_DTYPE_FLOAT32);
  ASSERT_EQ(model.inputs[0].rank, 2);
  const tenon_dim &batch = model.inputs[0].dims[0], &four = model.inputs[0].dims[1];
  EXPECT_EQ(batch.constant, 0);
  ASSERT_NE(batch.coefficients, nullptr);
  EXPECT_EQ(batch.coefficients[0], 1);
  EXPECT_EQ(batch.evaluate, nullptr);
  EXPECT_STREQ(batch.text, "batch");
  EXPECT_EQ(four.constant, 4);
  EXPECT_EQ(four.coefficients, nullptr);
  EXPECT_STREQ(four.text, "4");

  EXPECT_STREQ(model.outputs[1].name, "halves");
  EXPECT_EQ(model.outputs[1].dtype, TENON_DTYPE_INT64);
  ASSERT_EQ(model.outputs[1].rank, 1);
  const tenon_dim &half = model.outputs[1].dims[0];
  EXPECT_STREQ(half.text, "batch / 2");
  ASSERT_NE(half.evaluate, nullptr);
  const int64_t symbols[] = {7};
  EXPECT_EQ(tenon_dim_value(&half, symbols, 1), 3);

  EXPECT_EQ(model.weights_bytes, 256);
  EXPECT_EQ(model.weights_alignment, 64);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(model.weights) % 4096, 0u);
  const char *weights = static_cast<const char *>(model.weights);
  for (int64_t i = 0; i < ToyPackage::factorsOffset; ++i)
    EXPECT_EQ(weights[i], 0);
  EXPECT_EQ(std::memcmp(weights + ToyPackage::factorsOffset, toy.factors.data(), sizeof toy.factors), 0);
  EXPECT_EQ(model.workspace_bytes(symbols), 7 * 8 + 64);
  EXPECT_EQ(model.workspace_alignment, 64);
  EXPECT_STREQ(model.manifest, R"({"kernels": 1})");
}

TEST_F(Artefact, WorkspaceIsTheGreatestOfSeveralSizes) {
  ToyPackage toy;
  mlir::MLIRContext *context = toy.package.workspaceBytes.getContext();
  mlir::AffineExpr batch = mlir::getAffineSymbolExpr(0, context);
  toy.package.workspaceBytes = mlir::AffineMap::get(
      0, 1, {batch * 8 + 64, mlir::getAffineConstantExpr(100, context), batch * batch}, context);
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded loaded(path("toy.so"));
  for (auto [symbol, bytes] : {std::pair<int64_t, int64_t>(2, 100), {7, 120}, {100, 10000}})
    EXPECT_EQ(loaded.descriptor().workspace_bytes(&symbol), bytes);
}

TEST_F(Artefact, LibraryExportsTheDescriptorOnly) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  auto binary = llvm::object::ObjectFile::createObjectFile(path("toy.so"));
  ASSERT_TRUE(static_cast<bool>(binary));
  std::vector<std::string> exported;
  for (llvm::object::SymbolRef symbol :
       llvm::cast<llvm::object::ELFObjectFileBase>(*binary->getBinary()).getDynamicSymbolIterators())
    if (!(llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined))
      if (llvm::StringRef name = llvm::cantFail(symbol.getName()); !name.empty())
        exported.push_back(name.str());
  llvm::sort(exported);
  EXPECT_EQ(exported, (std::vector<std::string>{"tenon_model_descriptor", "toy_model"}));
}

TEST_F(Artefact, TwoModelsLiveInOneProcess) {
  ToyPackage first("first"), second("second");
  second.factors = {1, 2, 3, 4};
  write(first.package, ArtefactKind::SharedLibrary, "first.so");
  write(second.package, ArtefactKind::SharedLibrary, "second.so");
  Loaded one(path("first.so")), two(path("second.so"));
  one.expectRuns(3, first.factors);
  two.expectRuns(3, second.factors);
}

TEST_F(Artefact, SameInputGivesSameBytes) {
  ToyPackage toy;
  for (auto [kind, ending] :
       {std::pair(ArtefactKind::SharedLibrary, "so"), std::pair(ArtefactKind::Object, "o"),
        std::pair(ArtefactKind::Archive, "a"), std::pair(ArtefactKind::Header, "h")}) {
    write(toy.package, kind, llvm::Twine("1.").concat(ending).str());
    write(toy.package, kind, llvm::Twine("2.").concat(ending).str());
    EXPECT_FALSE(read(llvm::Twine("1.").concat(ending).str()).empty());
    EXPECT_TRUE(read(llvm::Twine("1.").concat(ending).str()) == read(llvm::Twine("2.").concat(ending).str()))
        << ending;
  }
}

#if defined(__linux__)
/// The lines of /proc/self/smaps on the mapping that holds `address`.
std::vector<std::string> describeMapping(const void *address) {
  std::ifstream smaps("/proc/self/smaps");
  std::vector<std::string> lines;
  bool isInside = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin, end;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      isInside = begin <= reinterpret_cast<uintptr_t>(address) && reinterpret_cast<uintptr_t>(address) < end;
    if (isInside)
      lines.push_back(line);
  }
  return lines;
}

TEST_F(Artefact, InstancesShareTheWeightsOfTheFile) {
  ToyPackage toy;
  toy.package.weightsBytes = 1 << 20;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded one(path("toy.so")), two(path("toy.so"));
  one.expectRuns(3, toy.factors);
  two.expectRuns(3, toy.factors);
  const char *weights = static_cast<const char *>(one.descriptor().weights);
  EXPECT_EQ(weights, two.descriptor().weights);
  std::vector<std::string> mapping = describeMapping(weights + (1 << 19));
  ASSERT_FALSE(mapping.empty());
  EXPECT_NE(mapping.front().find("toy.so"), std::string::npos) << mapping.front();
  // Nobody may write there, so that all processes have the same pages.
  EXPECT_NE(mapping.front().find(" r--p "), std::string::npos) << mapping.front();
}
#endif

TEST_F(Artefact, WeightsMayBeCopiedToHugePages) {
  ToyPackage toy;
  toy.package.weightsBytes = 8 << 20;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded loaded(path("toy.so"));
  const tenon_model *model = &loaded.descriptor();
  tenon_rt_context *context = loaded.context;
  void *weights = tenon_rt_allocate(model->weights_bytes, model->weights_alignment);
  ASSERT_NE(weights, nullptr);
  memcpy(weights, model->weights, model->weights_bytes);
  int status = tenon_rt_context_set_weights(context, weights, model->weights_bytes);
  ASSERT_EQ(status, TENON_OK);
  loaded.expectRuns(3, toy.factors);
  tenon_rt_free(weights);
}

TEST_F(Artefact, WeightsMayStayOutside) {
  ToyPackage toy;
  toy.package.embedWeights = false;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded loaded(path("toy.so"));
  EXPECT_EQ(loaded.descriptor().weights, nullptr);
  EXPECT_EQ(loaded.descriptor().weights_bytes, 256);

  alignas(64) char weights[256] = {};
  const float factors[] = {1, 1, 2, 2};
  std::memcpy(weights + ToyPackage::factorsOffset, factors, sizeof factors);
  ASSERT_EQ(tenon_rt_context_set_weights(loaded.context, weights, sizeof weights), TENON_OK);
  loaded.expectRuns(2, factors);
}

TEST_F(Artefact, SeveralThreadsPackageAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      ToyPackage toy("toy" + std::to_string(i));
      write(toy.package, ArtefactKind::SharedLibrary, "toy" + std::to_string(i) + ".so");
    });
  for (std::thread &thread : threads)
    thread.join();
  for (int i = 0; i < 4; ++i)
    Loaded(path("toy" + std::to_string(i) + ".so")).expectRuns(2, ToyPackage().factors);
}

//===----------------------------------------------------------------------------------------===//
// Objects, archives, other machines
//===----------------------------------------------------------------------------------------===//

TEST_F(Artefact, ObjectHidesAllButTheDescriptor) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::Object, "toy.o");
  auto binary = llvm::object::ObjectFile::createObjectFile(path("toy.o"));
  ASSERT_TRUE(static_cast<bool>(binary));
  std::vector<std::string> globals;
  for (llvm::object::SymbolRef symbol : binary->getBinary()->symbols()) {
    uint32_t flags = llvm::cantFail(symbol.getFlags());
    if ((flags & llvm::object::SymbolRef::SF_Global) && !(flags & llvm::object::SymbolRef::SF_Undefined))
      globals.push_back(llvm::cantFail(symbol.getName()).str());
  }
  llvm::sort(globals);
  EXPECT_EQ(globals, (std::vector<std::string>{"toy_model", "toy_weights"}));
}

TEST_F(Artefact, ArchiveHoldsTheObject) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::Object, "toy.o");
  write(toy.package, ArtefactKind::Archive, "toy.a");
  auto buffer = llvm::MemoryBuffer::getFile(path("toy.a"));
  ASSERT_TRUE(static_cast<bool>(buffer));
  auto archive = llvm::cantFail(llvm::object::Archive::create((*buffer)->getMemBufferRef()));
  llvm::Error error = llvm::Error::success();
  int members = 0;
  for (const llvm::object::Archive::Child &child : archive->children(error)) {
    EXPECT_EQ(llvm::cantFail(child.getName()), "toy.o");
    EXPECT_TRUE(llvm::cantFail(child.getBuffer()) == read("toy.o"));
    ++members;
  }
  llvm::cantFail(std::move(error));
  EXPECT_EQ(members, 1);
  EXPECT_TRUE(static_cast<bool>(llvm::cantFail(archive->findSym("toy_model"))));
}

class ArtefactFor : public Artefact, public testing::WithParamInterface<const char *> {};

TEST_P(ArtefactFor, IsOfThatMachine) {
  ToyPackage toy("toy", GetParam());
  llvm::Triple triple(GetParam());
  for (auto [kind, name] :
       {std::pair(ArtefactKind::SharedLibrary, "toy.so"), std::pair(ArtefactKind::Object, "toy.o")}) {
    write(toy.package, kind, name);
    std::string contents = read(name);
    if (triple.isWasm()) {
      EXPECT_EQ(llvm::identify_magic(contents), llvm::file_magic::wasm_object);
      continue;
    }
    auto binary = llvm::object::ObjectFile::createObjectFile(path(name));
    ASSERT_TRUE(static_cast<bool>(binary));
    EXPECT_EQ(binary->getBinary()->getArch(), triple.getArch());
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, ArtefactFor,
                         testing::Values("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu",
                                         "riscv64-unknown-linux-gnu", "wasm32-unknown-unknown"));

TEST_F(Artefact, LoaderRefusesAnotherMachine) {
  const bool isArm = llvm::Triple(llvm::sys::getProcessTriple()).isAArch64();
  ToyPackage toy("toy", isArm ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu");
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  expectNotLoaded(path("toy.so"), TENON_ERROR_NO_FILE,
                  "was compiled for another processor: expected ELF machine");
}

TEST_F(Artefact, LoaderRefusesAnInstructionSetThatIsNotThere) {
  ToyPackage toy;
  llvm::Triple triple(toy.package.triple);
  std::string missing;
#define TENON_X86_FEATURE(name, leaf, subleaf, reg, bit, state)                                              \
  if (triple.isX86() && !tenon_rt_cpu_has(name))                                                             \
    missing = name;
#define TENON_AARCH64_FEATURE(name, word, bit)                                                               \
  if (triple.isAArch64() && !tenon_rt_cpu_has(name))                                                         \
    missing = name;
#include "tenon-rt/features.def"
  if (missing.empty())
    GTEST_SKIP() << "this processor has everything";
  toy.package.features = "+" + missing;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  expectNotLoaded(path("toy.so"), TENON_ERROR_CPU_FEATURE,
                  "this processor or system doesn't support '" + missing + "'");
}

TEST_F(Artefact, ListsWhatCodeForTheCPUMayUse) {
  ToyPackage toy("toy", "x86_64-unknown-linux-gnu");
  toy.package.cpu = "haswell";
  // What code generation doesn't use by itself, such as sgx, isn't asked for.
  toy.package.features = "-fma,+avxvnni,+sgx";
  write(toy.package, ArtefactKind::Object, "toy.o");
  // With the zeros of the texts around it, so that it's the whole list.
  const char list[] =
      "\0sse3,pclmul,ssse3,sse4.1,sse4.2,movbe,popcnt,avx,f16c,sahf,lzcnt,bmi,avx2,bmi2,avxvnni";
  EXPECT_NE(read("toy.o").find(list, 0, sizeof list), std::string::npos);
}

TEST_F(Artefact, LoaderAcceptsWhatTheHostHas) {
  ToyPackage toy;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    toy.package.features += (feature.second ? ",+" : ",-") + feature.first().str();
  toy.package.cpu = llvm::sys::getHostCPUName().str();
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded loaded(path("toy.so"));
  EXPECT_STRNE(loaded.descriptor().features, "");
  loaded.expectRuns(2, toy.factors);
}

//===----------------------------------------------------------------------------------------===//
// Damaged files
//===----------------------------------------------------------------------------------------===//

TEST_F(Artefact, LoaderRefusesATruncatedLibrary) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  std::string whole = read("toy.so");
  for (size_t bytes = 0; bytes < whole.size(); bytes += 1 + whole.size() / 97) {
    replace("short.so", llvm::StringRef(whole).take_front(bytes));
    expectNotLoaded(path("short.so"), TENON_ERROR_NO_FILE, path("short.so"));
  }
  replace("short.so", llvm::StringRef(whole).drop_back());
  expectNotLoaded(path("short.so"), TENON_ERROR_NO_FILE, "is cut short");
}

TEST_F(Artefact, LoaderRefusesAnotherVersionAndMagicNumber) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  std::string whole = read("toy.so");
  const uint32_t start[] = {TENON_MODEL_MAGIC, TENON_ABI_VERSION};
  size_t at = whole.find(std::string(reinterpret_cast<const char *>(start), sizeof start));
  ASSERT_NE(at, std::string::npos);
  std::string other = whole;
  other[at + 4] = 9;
  replace("other.so", other);
  expectNotLoaded(path("other.so"), TENON_ERROR_ABI_VERSION,
                  "expected a model of ABI version 1, but got version 9");
  other = whole;
  other[at] = 'X';
  replace("magic.so", other);
  expectNotLoaded(path("magic.so"), TENON_ERROR_NOT_A_MODEL, "expected magic number");
}

TEST_F(Artefact, LoaderRefusesALibraryThatIsNoModel) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  std::string other = read("toy.so");
  for (size_t at; (at = other.find(TENON_MODEL_SYMBOL)) != std::string::npos;)
    other[at] = 'T';
  replace("other.so", other);
  expectNotLoaded(path("other.so"), TENON_ERROR_NOT_A_MODEL, "it has no symbol 'tenon_model_descriptor'");
}

//===----------------------------------------------------------------------------------------===//
// Packages that can't be written
//===----------------------------------------------------------------------------------------===//

TEST_F(Artefact, MissingCodeIsFoundWhenLinking) {
  ToyPackage toy;
  toy.package.signature.name = "other";
  std::string error;
  EXPECT_TRUE(failed(writeArtefact(toy.package, ArtefactKind::SharedLibrary, path("toy.so"), error)));
  EXPECT_NE(error.find("can't write '" + path("toy.so") + "': linking failed: undefined"), std::string::npos)
      << error;
  EXPECT_NE(error.find("other_run"), std::string::npos) << error;
  EXPECT_EQ(error.find("toy.so-"), std::string::npos) << "names a folder of the packager: " << error;
  EXPECT_EQ(countFiles(), 0u);

  // The linker is as good as new.
  ToyPackage whole;
  write(whole.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded(path("toy.so")).expectRuns(1, whole.factors);
}

TEST_F(Artefact, RefusesWeightsThatOverlap) {
  ToyPackage toy;
  toy.package.weights.push_back({"late", toy.package.weights[0].bytes, 200});
  expectNotWritten(toy.package, "toy.so",
                   "can't write '" + path("toy.so") +
                       "': weight 'late' expects an offset of 208 or more, but got 200");
}

TEST_F(Artefact, RefusesWeightsBeyondTheirSize) {
  ToyPackage toy;
  toy.package.weightsBytes = 207;
  expectNotWritten(toy.package, "toy.so",
                   "can't write '" + path("toy.so") +
                       "': weights expect a size of 208 bytes or more, but got 207");
}

TEST_F(Artefact, NamesAPathThatCannotBeWritten) {
  ToyPackage toy;
  expectNotWritten(toy.package, "no/such/folder/toy.so",
                   "can't write '" + path("no/such/folder/toy.so") + "': No such file or directory");
  ASSERT_FALSE(fs::create_directory(path("taken.so")));
  expectNotWritten(toy.package, "taken.so", "can't write '" + path("taken.so") + "': Is a directory");
}

TEST_F(Artefact, AFullDiskLeavesTheOldFile) {
  replace("toy.so", "old");
  ToyPackage toy;
  std::vector<char> large(1 << 20, 'x');
  toy.package.weights.push_back({"large", large, 4096});
  toy.package.weightsBytes = 4096 + large.size();

  // As if the disk ended after 256 KiB.
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  auto oldHandler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit tight = {256 << 10, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  expectNotWritten(toy.package, "toy.so", "can't write '" + path("toy.so") + "': File too large");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, oldHandler);
  EXPECT_EQ(read("toy.so"), "old");
}

TEST_F(Artefact, ReplacesALibraryThatIsInUse) {
  ToyPackage toy;
  write(toy.package, ArtefactKind::SharedLibrary, "toy.so");
  Loaded old(path("toy.so"));
  ToyPackage changed;
  changed.factors = {3, 2, 1, 0};
  write(changed.package, ArtefactKind::SharedLibrary, "toy.so");
  old.expectRuns(2, toy.factors);
  Loaded(path("toy.so")).expectRuns(2, changed.factors);
}

TEST(ArtefactKinds, FollowTheEnding) {
  EXPECT_EQ(*getArtefactKind("a/b.so"), ArtefactKind::SharedLibrary);
  EXPECT_EQ(*getArtefactKind("b.wasm"), ArtefactKind::SharedLibrary);
  EXPECT_EQ(*getArtefactKind("b.o"), ArtefactKind::Object);
  EXPECT_EQ(*getArtefactKind("b.a"), ArtefactKind::Archive);
  EXPECT_EQ(*getArtefactKind("b.h"), ArtefactKind::Header);
  EXPECT_TRUE(failed(getArtefactKind("b.txt")));
}

} // namespace
