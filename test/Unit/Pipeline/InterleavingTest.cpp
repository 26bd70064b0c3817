//===- InterleavingTest.cpp - Kernels that take turns compute what they compute one after another
//---------===//
//
// Each program is compiled with all kernels in turns that can be, dealt out to one and to several threads,
// and run with the shares in order, the last one first, and at once: the results are those of the kernels one
// after another, to the bit.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon-rt/loader.h"
#include "tenon-rt/threads.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Pipeline/Compiler.h"
#include "tenon/Support/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;

namespace {

struct Program {
  const char *name;
  /// Shares that its kernels have steps enough for.
  unsigned shares;
  const char *text;
};

std::ostream &operator<<(std::ostream &stream, const Program &program) { return stream << program.name; }

/// Has each iteration run by a call of its own, the last one first.
void runBackwards(void *, void (*body)(void *, int64_t, int64_t), void *argument, int64_t count) {
  for (int64_t i = count; i-- > 0;)
    body(argument, i, i + 1);
}

class Interleaved : public ::testing::TestWithParam<Program> {
protected:
  std::unique_ptr<Compilation> compile(const CompileOptions &options) {
    auto module = parseSourceString<ModuleOp>(GetParam().text, context.get());
    FailureOr<std::unique_ptr<Compilation>> compilation = Compilation::open(std::move(module), options);
    EXPECT_TRUE(succeeded(compilation) && succeeded((*compilation)->run()));
    return std::move(*compilation);
  }

  /// The bytes of the only result, with launches spread by `parallel`.
  std::vector<char> run(const CompileOptions &options, const tenon_parallel *parallel) {
    std::unique_ptr<Compilation> compilation = compile(options);
    SmallString<128> path;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("interleaved", "so", path));
    llvm::FileRemover remover(path);
    std::string error;
    EXPECT_TRUE(succeeded(compilation->write(ArtefactKind::SharedLibrary, path, error))) << error;
    tenon_rt_model *model = nullptr;
    EXPECT_EQ(tenon_rt_model_load(path.c_str(), &model), 0) << tenon_rt_last_error();
    tenon_rt_context *run = nullptr;
    EXPECT_EQ(tenon_rt_context_create(model, parallel, &run), 0) << tenon_rt_last_error();
    const tenon_model *descriptor = tenon_rt_model_descriptor(model);
    auto arrayOf = [](HostTensor &tensor, const tenon_tensor &described) {
      return tenon_rt_array{tensor.getMutable<float>().data(), described.dtype,
                            static_cast<int32_t>(tensor.getType().getRank()),
                            tensor.getType().getShape().data()};
    };
    auto main = parseSourceString<ModuleOp>(GetParam().text, context.get());
    FunctionType type = main->lookupSymbol<func::FuncOp>("main").getFunctionType();
    HostTensor input = HostTensor::random(cast<RankedTensorType>(type.getInput(0)), 1);
    HostTensor output = HostTensor::zeros(cast<RankedTensorType>(type.getResult(0)));
    tenon_rt_array given = arrayOf(input, descriptor->inputs[0]),
                   made = arrayOf(output, descriptor->outputs[0]);
    // Twice: what is wrongly left from one run shows in the next.
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(tenon_rt_run(run, &given, 1, &made, 1), 0) << tenon_rt_last_error();
    tenon_rt_context_destroy(run);
    tenon_rt_model_release(model);
    return std::vector<char>(output.getBytes().begin(), output.getBytes().end());
  }

  std::unique_ptr<MLIRContext> context = makeContext();
};

// Else the test below would compare nothing.
TEST_P(Interleaved, TakesTurns) {
  CompileOptions options;
  options.interleaving = Interleaving::All;
  options.stopAfter = Phase::Schedule;
  for (unsigned shares = 1; shares <= GetParam().shares; ++shares) {
    SCOPED_TRACE(shares);
    options.threads = shares;
    std::unique_ptr<Compilation> compilation = compile(options);
    unsigned calls = 0, rolling = 0;
    bool hasOverlap = false;
    compilation->getModule().walk([&](func::CallOp call) {
      if (auto turns = call->getAttrOfType<InterleaveAttr>("tenon.interleave")) {
        ++calls;
        hasOverlap |= turns.getBefore() > 0 || turns.getBehind() > 0;
      }
      if (auto results = call->getAttrOfType<ArrayAttr>("tenon.rolling"))
        rolling += llvm::count_if(results, llvm::IsaPred<RollingAttr>);
    });
    EXPECT_GE(calls, 2u);
    EXPECT_GE(rolling, 1u);
    EXPECT_EQ(hasOverlap, shares > 1);
  }
}

TEST_P(Interleaved, ComputesTheSame) {
  tenon_parallel backwards = {nullptr, runBackwards, 2};
  tenon_rt_pool *pool = nullptr;
  ASSERT_EQ(tenon_rt_pool_create(3, &pool), 0);
  CompileOptions options;
  for (unsigned shares : {1, 2, 3, 5}) {
    SCOPED_TRACE(shares);
    options.threads = shares;
    options.interleaving = Interleaving::None;
    std::vector<char> expected = run(options, nullptr);
    options.interleaving = Interleaving::All;
    EXPECT_TRUE(run(options, nullptr) == expected) << "in order";
    EXPECT_TRUE(run(options, &backwards) == expected) << "backwards";
    EXPECT_TRUE(run(options, tenon_rt_pool_parallel(pool)) == expected) << "on three threads";
  }
  tenon_rt_pool_destroy(pool);
}

const Program programs[] = {
    // Windows that read rows on both sides of a band's, one of them in steps of two, and a value read twice.
    {"windows", 1, R"(
func.func @main(%x: tensor<1x16x221x43xf32>) -> tensor<1x16x111x22xf32> {
  %u = tenon.constant dense<0.11> : tensor<16x16x1x1xf32>
  %v = tenon.constant dense<0.07> : tensor<16x1x5x5xf32>
  %w = tenon.constant dense<-0.05> : tensor<16x1x3x3xf32>
  %a = tenon.conv %x, %u {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x16x221x43xf32>, tensor<16x16x1x1xf32>) -> tensor<1x16x221x43xf32>
  %b = tenon.tanh %a : (tensor<1x16x221x43xf32>) -> tensor<1x16x221x43xf32>
  %c = tenon.conv %b, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 16 : i64} : (tensor<1x16x221x43xf32>, tensor<16x1x3x3xf32>) -> tensor<1x16x111x22xf32>
  %d = tenon.conv %c, %v {strides = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>, group = 16 : i64} : (tensor<1x16x111x22xf32>, tensor<16x1x5x5xf32>) -> tensor<1x16x111x22xf32>
  %e = tenon.add %d, %c : (tensor<1x16x111x22xf32>, tensor<1x16x111x22xf32>) -> tensor<1x16x111x22xf32>
  return %e : tensor<1x16x111x22xf32>
})"},
    // An inverted residual, with views between kernels on pixels and kernels on images.
    {"inverted_residual", 2, R"(
func.func @main(%x: tensor<1x8x161x43xf32>) -> tensor<1x8x161x43xf32> {
  %u = tenon.constant dense<0.11> : tensor<24x8x1x1xf32>
  %v = tenon.constant dense<0.07> : tensor<24x1x3x3xf32>
  %w = tenon.constant dense<-0.05> : tensor<8x24x1x1xf32>
  %a = tenon.conv %x, %u {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x161x43xf32>, tensor<24x8x1x1xf32>) -> tensor<1x24x161x43xf32>
  %b = tenon.relu %a : (tensor<1x24x161x43xf32>) -> tensor<1x24x161x43xf32>
  %c = tenon.conv %b, %v {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 24 : i64} : (tensor<1x24x161x43xf32>, tensor<24x1x3x3xf32>) -> tensor<1x24x161x43xf32>
  %d = tenon.relu %c : (tensor<1x24x161x43xf32>) -> tensor<1x24x161x43xf32>
  %e = tenon.conv %d, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x24x161x43xf32>, tensor<8x24x1x1xf32>) -> tensor<1x8x161x43xf32>
  %f = tenon.add %e, %x : (tensor<1x8x161x43xf32>, tensor<1x8x161x43xf32>) -> tensor<1x8x161x43xf32>
  return %f : tensor<1x8x161x43xf32>
})"},
};

INSTANTIATE_TEST_SUITE_P(Programs, Interleaved, ::testing::ValuesIn(programs),
                         [](const auto &info) { return info.param.name; });

} // namespace
