//===- GuardedRunTest.cpp - Failures of passes are told apart -----------------------------------------===//

#include "tenon/Pipeline/GuardedRun.h"
#include "tenon/Pipeline/Compiler.h"
#include "tenon/Pipeline/Reproducer.h"
#include "tenon/Support/Refusal.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;

namespace {

/// A pass that does what a test asks for.
struct AnyPass : PassWrapper<AnyPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AnyPass)
  explicit AnyPass(std::function<LogicalResult(ModuleOp)> body) : body(std::move(body)) {}
  void runOnOperation() override {
    if (failed(body(getOperation())))
      signalPassFailure();
  }
  std::function<LogicalResult(ModuleOp)> body;
};

class GuardedRun : public ::testing::Test {
protected:
  GuardedRun() : context(makeContext()) {
    context->getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      reported += diagnostic.str() + "\n";
      return success();
    });
    module = parseSourceString<ModuleOp>("func.func @main() { return }", context.get());
  }

  RunResult run(std::function<LogicalResult(ModuleOp)> body) {
    PassManager passes(context.get());
    passes.addPass(std::make_unique<AnyPass>(std::move(body)));
    return runGuarded(*context, [&] { return passes.run(*module); }, /*catchCrashes=*/true);
  }

  std::unique_ptr<MLIRContext> context;
  OwningOpRef<ModuleOp> module;
  std::string reported;
};

TEST_F(GuardedRun, WithoutFailureIsDone) {
  EXPECT_EQ(run([](ModuleOp) { return success(); }), RunResult::Done);
}

TEST_F(GuardedRun, RefusalsAreNoDefects) {
  EXPECT_EQ(run([](ModuleOp module) -> LogicalResult { return refuse(module) << "is too much"; }),
            RunResult::Refused);
  EXPECT_EQ(reported, "'builtin.module' op is too much\n");
}

TEST_F(GuardedRun, OtherErrorsAreDefects) {
  EXPECT_EQ(run([](ModuleOp module) -> LogicalResult { return module.emitOpError("is too much"); }),
            RunResult::Defect);
  EXPECT_EQ(reported, "'builtin.module' op is too much\n");
}

TEST_F(GuardedRun, FailureWithoutAWordIsADefect) {
  EXPECT_EQ(run([](ModuleOp) { return failure(); }), RunResult::Defect);
}

TEST_F(GuardedRun, InvalidIRIsADefect) {
  EXPECT_EQ(run([](ModuleOp module) {
              module.lookupSymbol<func::FuncOp>("main").getBody().front().getTerminator()->erase();
              return success();
            }),
            RunResult::Defect);
}

TEST_F(GuardedRun, CrashesAreCaught) {
  EXPECT_EQ(run([](ModuleOp) -> LogicalResult { std::abort(); }), RunResult::Crash);
  EXPECT_EQ(run([](ModuleOp) { return success(); }), RunResult::Done)
      << "the guard must have been taken down";
}

TEST_F(GuardedRun, ReproducersHaveNoWeights) {
  OwningOpRef<ModuleOp> model = parseSourceString<ModuleOp>(R"mlir(
    func.func @main() -> (tensor<2xf32>, tensor<40x40xf32>) {
      %small = tenon.constant dense<[1.5, 2.5]> : tensor<2xf32>
      %large = tenon.constant dense_resource<weights> : tensor<40x40xf32>
      return %small, %large : tensor<2xf32>, tensor<40x40xf32>
    }
    {-# dialect_resources: { builtin: { weights: "0x040000000000C03F" } } #-}
  )mlir",
                                                            context.get());
  ASSERT_TRUE(model);
  std::string error;
  FailureOr<std::string> path = writeReproducer(*model, "tenon-graph=machine=host", error);
  ASSERT_TRUE(succeeded(path)) << error;
  llvm::FileRemover remover(*path);
  auto file = llvm::MemoryBuffer::getFile(*path);
  ASSERT_TRUE(file);
  StringRef text = (*file)->getBuffer();
  EXPECT_TRUE(text.contains("// RUN: tenon-opt '--tenon-graph=machine=host' %s\n")) << text.str();
  EXPECT_TRUE(text.contains("dense<[1.500000e+00, 2.500000e+00]>")) << text.str();
  EXPECT_TRUE(text.contains("dense<1.000000e+00> : tensor<40x40xf32>")) << text.str();
  EXPECT_FALSE(text.contains("dense_resource")) << text.str();
  EXPECT_TRUE(parseSourceString<ModuleOp>(text, context.get()));
}

} // namespace
