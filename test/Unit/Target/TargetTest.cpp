//===- TargetTest.cpp - Modules become objects on every machine, and run on this one -----------===//

#include "CompiledModule.h"

#include "tenon-rt/model.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Support/CacheFolder.h"

#include "mlir/Parser/Parser.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"

#include "gtest/gtest.h"

#include <atomic>
#include <numeric>
#include <thread>

using namespace mlir;
using namespace tenon;

namespace {

/// y = x + x on a static vector through the workspace, then z = y * row over n + 1 rows, n a symbol.
constexpr const char *scaleRows = R"mlir(
module attributes {tenon.model = "scale_rows"} {
  func.func private @double(%x: memref<10xf32> {llvm.noalias}, %y: memref<10xf32> {llvm.noalias}, %begin: index,
                            %end: index) attributes {tenon.kernel} {
    %c8 = arith.constant 8 : index
    %c0 = arith.constant 0 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %c4 = arith.constant 4 : index
    scf.for %i = %c0 to %c8 step %c4 {
      %v = vector.load %x[%i] : memref<10xf32>, vector<4xf32>
      %w = arith.addf %v, %v : vector<4xf32>
      vector.store %w, %y[%i] : memref<10xf32>, vector<4xf32>
    }
    %mask = vector.constant_mask [2] : vector<4xi1>
    %v = vector.maskedload %x[%c8], %mask, %zero : memref<10xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
    %w = arith.addf %v, %v : vector<4xf32>
    vector.maskedstore %y[%c8], %mask, %w : memref<10xf32>, vector<4xi1>, vector<4xf32>
    return
  }
  func.func private @scale(%y: memref<10xf32> {llvm.noalias}, %rows: memref<?xf32> {tenon.dims = affine_map<()[s0] -> (s0 + 1)>},
                           %z: memref<?x10xf32> {tenon.dims = affine_map<()[s0] -> (s0 + 1, 10)>, llvm.noalias}, %n: index,
                           %begin: index, %end: index) attributes {tenon.kernel} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c10 = arith.constant 10 : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    scf.for %i = %begin to %end step %c1 {
      %s = memref.load %rows[%i] : memref<?xf32>
      %scale = vector.broadcast %s : f32 to vector<4xf32>
      %row = memref.subview %z[%i, 0] [1, 10] [1, 1] : memref<?x10xf32> to memref<10xf32, strided<[1], offset: ?>>
      scf.for %j = %c0 to %c10 step %c4 {
        %left = arith.subi %c10, %j : index
        %mask = vector.create_mask %left : vector<4xi1>
        %v = vector.maskedload %y[%j], %mask, %zero : memref<10xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
        %w = vector.fma %v, %scale, %zero : vector<4xf32>
        vector.maskedstore %row[%j], %mask, %w : memref<10xf32, strided<[1], offset: ?>>, vector<4xi1>, vector<4xf32>
      }
    }
    return
  }
  func.func @run(%x: memref<10xf32>, %rows: memref<?xf32> {tenon.dims = affine_map<()[s0] -> (s0 + 1)>},
                 %z: memref<?x10xf32> {tenon.dims = affine_map<()[s0] -> (s0 + 1, 10)>}, %weights: memref<?xi8>,
                 %workspace: memref<?xi8>, %n: index)
      attributes {tenon.program, tenon.inputs = 2 : i64, tenon.outputs = 1 : i64} {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %count = arith.addi %n, %c1 : index
    %y = memref.view %workspace[%c64][] : memref<?xi8> to memref<10xf32>
    tenon.launch @double(%x, %y) range(%c1) serial : memref<10xf32>, memref<10xf32>
    tenon.launch @scale(%y, %rows, %z, %n) range(%count) : memref<10xf32>, memref<?xf32>, memref<?x10xf32>, index
    return
  }
}
)mlir";

/// A pool that gives every iteration a thread of its own.
struct ThreadEach {
  static void parallelFor(void *context, void (*body)(void *, int64_t, int64_t), void *argument,
                          int64_t count) {
    static_cast<ThreadEach *>(context)->calls += 1;
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; ++i)
      threads.emplace_back(body, argument, i, i + 1);
    for (std::thread &thread : threads)
      thread.join();
  }

  std::atomic<int> calls{0};
};

/// Runs scaleRows on rows 0, 1, ..., n and checks every element; what lies behind the last one must stay.
void runScaleRows(const CompiledModule &module, int64_t n, const tenon_parallel *parallel,
                  const tenon_profile *profile = nullptr) {
  auto *run = module.find<int32_t(const tenon_call *)>("scale_rows_run");
  ASSERT_NE(run, nullptr);
  std::vector<float> x(10), rows(n + 1), z((n + 1) * 10 + 1, -1.0f);
  std::iota(x.begin(), x.end(), 1.0f);
  std::iota(rows.begin(), rows.end(), 0.0f);
  alignas(64) char workspace[256];
  const void *inputs[] = {x.data(), rows.data()};
  void *outputs[] = {z.data()};
  tenon_call call = {inputs, outputs, &n, nullptr, workspace, parallel, profile};
  ASSERT_EQ(run(&call), TENON_OK);
  for (int64_t i = 0; i <= n; ++i)
    for (int64_t j = 0; j < 10; ++j)
      ASSERT_EQ(z[i * 10 + j], 2 * float(j + 1) * float(i)) << i << ", " << j;
  EXPECT_EQ(z.back(), -1.0f);
}

TEST(Target, ProgramsRunWithAndWithoutThreads) {
  for (const std::string &machine : runnableMachines()) {
    SCOPED_TRACE(machine);
    CompiledModule module(compileText(*targetFor(machine), scaleRows));
    runScaleRows(module, 6, nullptr);
    ThreadEach pool;
    tenon_parallel parallel = {&pool, ThreadEach::parallelFor, 4};
    runScaleRows(module, 6, &parallel);
    EXPECT_EQ(pool.calls, 1) << "the serial launch must not ask for threads";
    runScaleRows(module, 0, &parallel);
    EXPECT_EQ(pool.calls, 1) << "a range of one must not ask for threads";
  }
}

/// Notes what launches ask for, and carries them out.
struct Watcher {
  static void launch(void *context, const tenon_parallel *parallel, int32_t number,
                     void (*kernel)(void *, int64_t, int64_t), void *frame, int64_t range) {
    auto *watcher = static_cast<Watcher *>(context);
    watcher->numbers.push_back(number);
    watcher->ranges.push_back(range);
    watcher->threads.push_back(parallel);
    for (int64_t i = 0; i < range; ++i)
      kernel(frame, i, i + 1);
  }

  std::vector<int32_t> numbers;
  std::vector<int64_t> ranges;
  std::vector<const tenon_parallel *> threads;
};

TEST(Target, ProfiledProgramsLeaveLaunchesToTheWatcher) {
  std::string text = scaleRows;
  text.replace(text.find("tenon.model"), 0, "tenon.profile, ");
  for (const std::string &machine : runnableMachines()) {
    SCOPED_TRACE(machine);
    CompiledModule module(compileText(*targetFor(machine), text));
    Watcher watcher;
    tenon_profile profile = {&watcher, Watcher::launch};
    ThreadEach pool;
    tenon_parallel parallel = {&pool, ThreadEach::parallelFor, 4};
    runScaleRows(module, 6, &parallel, &profile);
    EXPECT_EQ(watcher.numbers, (std::vector<int32_t>{0, 1}));
    EXPECT_EQ(pool.calls, 0);
    ASSERT_EQ(watcher.threads.size(), 2u);
    EXPECT_EQ(llvm::count(watcher.threads, &parallel), 1) << "the serial launch must not get threads";
    EXPECT_EQ(llvm::count(watcher.ranges, 7), 1);
    // As any other without a watcher.
    runScaleRows(module, 6, &parallel);
    EXPECT_EQ(watcher.numbers.size(), 2u);
    EXPECT_EQ(pool.calls, 1);
  }
}

TEST(Target, SplitModulesCompileInParallelAndLink) {
  MLIRContext context;
  prepareContext(context);
  context.getOrLoadDialect<TenonDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(scaleRows, &context);
  ASSERT_TRUE(module);
  SmallVector<OwningOpRef<ModuleOp>> parts = splitModule(*module);
  ASSERT_EQ(parts.size(), 3u);
  SmallVector<ModuleOp> modules;
  for (OwningOpRef<ModuleOp> &part : parts) {
    ASSERT_TRUE(succeeded(verify(*part)));
    modules.push_back(*part);
  }
  FailureOr<std::vector<ObjectBytes>> objects = targetFor("host")->compileToObjects(modules);
  ASSERT_TRUE(succeeded(objects));
  runScaleRows(CompiledModule(*objects), 3, nullptr);
}

TEST(Target, CachedObjectsAreTheSame) {
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tenon-target-test", folder));
  auto compile = [&](StringRef text, const CacheFolder *cache) {
    MLIRContext context;
    prepareContext(context);
    context.getOrLoadDialect<TenonDialect>();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    SmallVector<OwningOpRef<ModuleOp>> parts = splitModule(*module);
    SmallVector<ModuleOp> modules;
    for (OwningOpRef<ModuleOp> &part : parts)
      modules.push_back(*part);
    FailureOr<std::vector<ObjectBytes>> objects = targetFor("host")->compileToObjects(modules, cache);
    return succeeded(objects) ? *objects : std::vector<ObjectBytes>();
  };
  std::vector<ObjectBytes> expected = compile(scaleRows, nullptr);
  ASSERT_EQ(expected.size(), 3u);
  for (unsigned found : {0u, 3u}) {
    CacheFolder cache(folder.str().str());
    EXPECT_EQ(compile(scaleRows, &cache), expected);
    EXPECT_EQ(cache.getNumFound(), found);
  }
  // A kernel under another name is the same kernel; the program that calls it is not the same program.
  std::string renamed = scaleRows;
  for (size_t at; (at = renamed.find("@scale(")) != std::string::npos;)
    renamed.replace(at, 6, "@grow");
  CacheFolder cache(folder.str().str());
  std::vector<ObjectBytes> objects = compile(renamed, &cache);
  EXPECT_EQ(cache.getNumFound(), 2u);
  EXPECT_EQ(objects, compile(renamed, nullptr));
  runScaleRows(CompiledModule(objects), 3, nullptr);
  llvm::sys::fs::remove_directories(folder);
}

/// What the object of a machine must be, and an instruction on vectors of floats it must hold.
struct ExpectedObject {
  const char *machine;
  llvm::file_magic::Impl magic;
  const char *instruction;
};

TEST(Target, EveryMachineGetsVectorInstructions) {
  constexpr auto elf = llvm::file_magic::elf_relocatable, wasm = llvm::file_magic::wasm_object;
  const ExpectedObject expected[] = {
      {"x86-64-v2", elf, "addps"},   {"x86-64-v3", elf, "vfmadd"},
      {"x86-64-v4", elf, "{%k"},     {"aarch64", elf, "fadd\tv"},
      {"rpi4", elf, "fadd\tv"},      {"rpi5", elf, "fadd\tv"},
      {"riscv64", elf, "vfadd.vv"},  {"riscv64-zvl256b", elf, "vfadd.vv"},
      {"wasm32", wasm, "f32x4.add"}, {"aarch64-sve", elf, "fadd\tv"},
  };
  EXPECT_EQ(std::size(expected) + 1, machineNames().size());
  for (const ExpectedObject &object : expected) {
    SCOPED_TRACE(object.machine);
    std::unique_ptr<Target> target = targetFor(object.machine);
    ObjectBytes bytes = compileText(*target, scaleRows);
    EXPECT_EQ(llvm::identify_magic(StringRef(bytes.data(), bytes.size())), object.magic);
    EXPECT_EQ(target->getObjectFormat(),
              object.magic == wasm ? Target::ObjectFormat::Wasm : Target::ObjectFormat::ELF);
    std::string code = disassemble(bytes);
    EXPECT_NE(code.find(object.instruction), std::string::npos) << code;
  }
}

TEST(Target, EmitsTextBitcodeAndConfiguredModules) {
  std::unique_ptr<Target> target = targetFor("riscv64");
  llvm::LLVMContext context;
  llvm::Module module("table", context);
  target->configure(module);
  EXPECT_EQ(module.getTargetTriple().str(), "riscv64-unknown-linux-gnu");
  for (OutputKind kind :
       {OutputKind::LLVMIR, OutputKind::Bitcode, OutputKind::Assembly, OutputKind::Object}) {
    ObjectBytes bytes;
    llvm::raw_svector_ostream out(bytes);
    std::string error;
    EXPECT_TRUE(succeeded(target->emit(module, kind, out, error))) << error;
    StringRef text(bytes.data(), bytes.size());
    if (kind == OutputKind::LLVMIR || kind == OutputKind::Assembly) {
      EXPECT_TRUE(text.contains(kind == OutputKind::LLVMIR ? "target triple" : ".attribute")) << text.str();
    } else {
      EXPECT_EQ(llvm::identify_magic(text),
                kind == OutputKind::Bitcode ? llvm::file_magic::bitcode : llvm::file_magic::elf_relocatable);
    }
  }
}

TEST(Target, KernelsAreHiddenAndProgramsAreNot) {
  MLIRContext context;
  prepareContext(context);
  context.getOrLoadDialect<TenonDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(scaleRows, &context);
  ASSERT_TRUE(module);
  std::unique_ptr<Target> target = targetFor("x86-64-v4");
  ASSERT_TRUE(succeeded(target->legalize(*module)));
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated = target->translate(*module, llvmContext);
  ASSERT_TRUE(translated);
  EXPECT_TRUE(translated->getFunction("scale")->hasHiddenVisibility());
  EXPECT_TRUE(translated->getFunction("scale.body")->hasInternalLinkage());
  llvm::Function *run = translated->getFunction("scale_rows_run");
  EXPECT_TRUE(run->hasDefaultVisibility() && run->hasExternalLinkage());
  EXPECT_EQ(run->getFnAttribute("target-cpu").getValueAsString(), "x86-64-v4");
  EXPECT_EQ(run->getFnAttribute("prefer-vector-width").getValueAsString(), "512");
  EXPECT_TRUE(run->doesNotThrow());
}

} // namespace
