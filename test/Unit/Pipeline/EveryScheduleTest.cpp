//===- EveryScheduleTest.cpp - A kernel computes the same under every schedule ------------------------===//
//
// The schedule decides how fast a kernel is, never what it computes. Each program here is compiled with
// candidates from all over the space of its kernels' schedules, run, and compared with the reference
// evaluator: each kernel in one call, and an iteration a call from the last to the first, as slow threads
// might. What is wrongly written in place shows in the second run if not in the first.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon-rt/loader.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Pipeline/Compiler.h"
#include "tenon/Reference/Evaluator.h"
#include "tenon/Schedule/Space/ScheduleSpace.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

namespace {

struct Program {
  const char *name;
  const char *text;
};

std::ostream &operator<<(std::ostream &stream, const Program &program) { return stream << program.name; }

/// The size of caches decides which schedules are offered; small ones bring out those of large models.
Machine smallCaches(const Machine &machine) {
  Machine small = machine;
  small.l1Bytes = 2 << 10;
  small.l2Bytes = 16 << 10;
  return small;
}

/// A hook that has each iteration of a kernel run by a call of its own, the last one first.
void runBackwards(void *, const tenon_parallel *, int32_t, void (*kernel)(void *, int64_t, int64_t),
                  void *frame, int64_t range) {
  for (int64_t i = range; i-- > 0;)
    kernel(frame, i, i + 1);
}

class EverySchedule : public ::testing::TestWithParam<Program> {
protected:
  std::vector<HostTensor> inputsOf(func::FuncOp function) {
    std::vector<HostTensor> inputs;
    for (Type type : function.getArgumentTypes())
      inputs.push_back(HostTensor::random(cast<RankedTensorType>(type), inputs.size() + 1));
    return inputs;
  }

  std::unique_ptr<Compilation> compile(const CompileOptions &options) {
    auto module = parseSourceString<ModuleOp>(GetParam().text, context.get());
    FailureOr<std::unique_ptr<Compilation>> compilation = Compilation::open(std::move(module), options);
    EXPECT_TRUE(succeeded(compilation) && succeeded((*compilation)->run()));
    return std::move(*compilation);
  }

  /// About `count` schedules from all over the space of each kernel: its name and the schedule's text.
  std::vector<std::pair<std::string, std::string>> candidates(const Machine &machine, unsigned count) {
    std::vector<std::pair<std::string, std::string>> found;
    CompileOptions options;
    options.stopAfter = Phase::Kernel;
    std::unique_ptr<Compilation> compilation = compile(options);
    for (auto function : compilation->getModule().getOps<func::FuncOp>()) {
      if (!function->hasAttr("tenon.structured"))
        continue;
      FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
      EXPECT_TRUE(succeeded(kernel));
      std::vector<ScoredSchedule> all = enumerateSchedules(*kernel, machine, 1000);
      size_t stride = std::max<size_t>(1, all.size() / count);
      for (size_t i = 0; i < all.size(); i += stride) {
        std::string text;
        llvm::raw_string_ostream(text) << ScheduleAttr::get(context.get(), all[i].schedule);
        found.emplace_back(function.getSymName().str(), text);
      }
    }
    return found;
  }

  /// Compiles with one schedule given, runs, and compares.
  void check(const std::pair<std::string, std::string> &schedule) {
    SCOPED_TRACE(schedule.first + ": " + schedule.second);
    CompileOptions options;
    options.schedules = {schedule};
    options.profile = true;
    std::unique_ptr<Compilation> compilation = compile(options);
    SmallString<128> path;
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("every-schedule", "so", path));
    llvm::FileRemover remover(path);
    std::string error;
    ASSERT_TRUE(succeeded(compilation->write(ArtefactKind::SharedLibrary, path, error))) << error;

    tenon_rt_model *model = nullptr;
    ASSERT_EQ(tenon_rt_model_load(path.c_str(), &model), 0) << tenon_rt_last_error();
    tenon_rt_context *run = nullptr;
    ASSERT_EQ(tenon_rt_context_create(model, nullptr, &run), 0) << tenon_rt_last_error();
    auto arrays = [&](std::vector<HostTensor> &tensors, const tenon_tensor *described) {
      std::vector<tenon_rt_array> found;
      for (auto [i, tensor] : llvm::enumerate(tensors))
        found.push_back({tensor.getMutable<float>().data(), described[i].dtype,
                         static_cast<int32_t>(tensor.getType().getRank()),
                         tensor.getType().getShape().data()});
      return found;
    };
    const tenon_model *descriptor = tenon_rt_model_descriptor(model);
    const tenon_profile backwards = {nullptr, runBackwards};
    for (const tenon_profile *profile : {static_cast<const tenon_profile *>(nullptr), &backwards}) {
      SCOPED_TRACE(profile ? "backwards" : "in one call");
      std::vector<HostTensor> actual;
      for (const HostTensor &tensor : expected)
        actual.push_back(HostTensor::zeros(tensor.getType()));
      std::vector<tenon_rt_array> given = arrays(inputs, descriptor->inputs),
                                  made = arrays(actual, descriptor->outputs);
      ASSERT_EQ(tenon_rt_context_set_profile(run, profile), 0) << tenon_rt_last_error();
      EXPECT_EQ(tenon_rt_run(run, given.data(), given.size(), made.data(), made.size()), 0)
          << tenon_rt_last_error();
      compare(actual);
      if (HasFatalFailure())
        break;
    }
    tenon_rt_context_destroy(run);
    tenon_rt_model_release(model);
  }

  void compare(const std::vector<HostTensor> &actual) {
    for (size_t i = 0; i < actual.size(); ++i) {
      SmallVector<double> got = actual[i].toDoubles(), want = expected[i].toDoubles();
      for (size_t j = 0; j < got.size(); ++j)
        // Up to some thousand products of f32, each rounded to 6e-8, added in another order.
        ASSERT_NEAR(got[j], want[j], 2e-5 * (1 + std::abs(want[j]))) << "result " << i << ", element " << j;
    }
  }

  void SetUp() override {
    context = makeContext();
    auto module = parseSourceString<ModuleOp>(GetParam().text, context.get());
    ASSERT_TRUE(module);
    auto function = module->lookupSymbol<func::FuncOp>("main");
    inputs = inputsOf(function);
    FailureOr<SmallVector<HostTensor>> results = reference::evaluate(function, inputs);
    ASSERT_TRUE(succeeded(results));
    expected.assign(results->begin(), results->end());
  }

  std::unique_ptr<MLIRContext> context;
  std::vector<HostTensor> inputs, expected;
};

TEST_P(EverySchedule, ComputesTheSame) {
  Machine machine = hostMachine();
  for (const Machine &offered : {machine, smallCaches(machine)})
    for (const auto &schedule : candidates(offered, 5)) {
      check(schedule);
      if (HasFatalFailure())
        return;
    }
}

// Sizes that no tile divides.
const Program programs[] = {
    {"matmul", R"(
func.func @main(%a: tensor<13x37xf32>, %b: tensor<37x45xf32>) -> tensor<13x45xf32> {
  %c = tenon.matmul %a, %b : (tensor<13x37xf32>, tensor<37x45xf32>) -> tensor<13x45xf32>
  %r = tenon.relu %c : (tensor<13x45xf32>) -> tensor<13x45xf32>
  return %r : tensor<13x45xf32>
})"},
    {"matmul_of_transposed", R"(
func.func @main(%a: tensor<37x29xf32>, %b: tensor<45x37xf32>) -> tensor<29x45xf32> {
  %c = tenon.matmul %a, %b {transpose_lhs, transpose_rhs} : (tensor<37x29xf32>, tensor<45x37xf32>) -> tensor<29x45xf32>
  return %c : tensor<29x45xf32>
})"},
    {"matmul_in_batches", R"(
func.func @main(%a: tensor<3x37x19xf32>, %b: tensor<3x37x24xf32>, %d: tensor<24xf32>) -> tensor<3x19x24xf32> {
  %c = tenon.matmul %a, %b {transpose_lhs} : (tensor<3x37x19xf32>, tensor<3x37x24xf32>) -> tensor<3x19x24xf32>
  %e = tenon.add %c, %d : (tensor<3x19x24xf32>, tensor<24xf32>) -> tensor<3x19x24xf32>
  return %e : tensor<3x19x24xf32>
})"},
    {"matmul_of_a_constant", R"(
func.func @main(%a: tensor<50x70xf32>) -> tensor<50x40xf32> {
  %w = tenon.constant dense<0.37> : tensor<70x40xf32>
  %c = tenon.matmul %a, %w : (tensor<50x70xf32>, tensor<70x40xf32>) -> tensor<50x40xf32>
  %t = tenon.tanh %c : (tensor<50x40xf32>) -> tensor<50x40xf32>
  return %t : tensor<50x40xf32>
})"},
    {"padded_convolution", R"(
func.func @main(%x: tensor<1x20x9x11xf32>, %w: tensor<21x20x3x3xf32>) -> tensor<1x21x9x11xf32> {
  %c = tenon.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x20x9x11xf32>, tensor<21x20x3x3xf32>) -> tensor<1x21x9x11xf32>
  %r = tenon.relu %c : (tensor<1x21x9x11xf32>) -> tensor<1x21x9x11xf32>
  return %r : tensor<1x21x9x11xf32>
})"},
    // Three channels do not fill a vector: rows of a padded image are copied as runs of elements.
    {"image_convolution", R"(
func.func @main(%x: tensor<1x3x11x13xf32>, %w: tensor<10x3x3x3xf32>) -> tensor<1x10x6x7xf32> {
  %c = tenon.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x11x13xf32>, tensor<10x3x3x3xf32>) -> tensor<1x10x6x7xf32>
  return %c : tensor<1x10x6x7xf32>
})"},
    {"softmax", R"(
func.func @main(%x: tensor<7x53xf32>) -> tensor<7x53xf32> {
  %s = tenon.softmax %x {axis = 1 : i64} : (tensor<7x53xf32>) -> tensor<7x53xf32>
  return %s : tensor<7x53xf32>
})"},
    {"transpose", R"(
func.func @main(%x: tensor<19x23x3xf32>) -> tensor<3x23x19xf32> {
  %t = tenon.transpose %x {perm = array<i64: 2, 1, 0>} : (tensor<19x23x3xf32>) -> tensor<3x23x19xf32>
  return %t : tensor<3x23x19xf32>
})"},
    // A residual, rows that are read twice before they are written, and values that are read elsewhere too:
    // between the products, what may be is computed in place.
    {"residual_and_softmax", R"(
func.func @main(%a: tensor<13x29xf32>, %b: tensor<29x29xf32>, %c: tensor<29x29xf32>) -> tensor<13x29xf32> {
  %p = tenon.matmul %a, %b : (tensor<13x29xf32>, tensor<29x29xf32>) -> tensor<13x29xf32>
  %q = tenon.matmul %a, %c : (tensor<13x29xf32>, tensor<29x29xf32>) -> tensor<13x29xf32>
  %r = tenon.add %q, %p : (tensor<13x29xf32>, tensor<13x29xf32>) -> tensor<13x29xf32>
  %s = tenon.softmax %r {axis = 1 : i64} : (tensor<13x29xf32>) -> tensor<13x29xf32>
  %t = tenon.matmul %s, %b : (tensor<13x29xf32>, tensor<29x29xf32>) -> tensor<13x29xf32>
  %u = tenon.add %t, %s : (tensor<13x29xf32>, tensor<13x29xf32>) -> tensor<13x29xf32>
  %v = tenon.matmul %u, %c : (tensor<13x29xf32>, tensor<29x29xf32>) -> tensor<13x29xf32>
  return %v : tensor<13x29xf32>
})"},
    {"mirrored", R"(
func.func @main(%a: tensor<37x37xf32>, %b: tensor<37x37xf32>) -> tensor<37x37xf32> {
  %p = tenon.matmul %a, %b : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
  %t = tenon.transpose %p {perm = array<i64: 1, 0>} : (tensor<37x37xf32>) -> tensor<37x37xf32>
  %q = tenon.add %p, %t : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
  %r = tenon.matmul %q, %b : (tensor<37x37xf32>, tensor<37x37xf32>) -> tensor<37x37xf32>
  return %r : tensor<37x37xf32>
})"},
    {"depthwise_residual", R"(
func.func @main(%x: tensor<1x20x9x11xf32>, %v: tensor<20x20x1x1xf32>, %w: tensor<20x1x3x3xf32>) -> tensor<1x20x9x11xf32> {
  %p = tenon.conv %x, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x20x9x11xf32>, tensor<20x20x1x1xf32>) -> tensor<1x20x9x11xf32>
  %c = tenon.conv %p, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 20 : i64} : (tensor<1x20x9x11xf32>, tensor<20x1x3x3xf32>) -> tensor<1x20x9x11xf32>
  %r = tenon.add %c, %p : (tensor<1x20x9x11xf32>, tensor<1x20x9x11xf32>) -> tensor<1x20x9x11xf32>
  %q = tenon.conv %r, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x20x9x11xf32>, tensor<20x20x1x1xf32>) -> tensor<1x20x9x11xf32>
  return %q : tensor<1x20x9x11xf32>
})"},
    {"attention", R"(
func.func @main(%q: tensor<2x3x29x19xf32>, %k: tensor<2x3x37x19xf32>, %v: tensor<2x3x37x21xf32>, %m: tensor<29x37xf32>) -> tensor<2x3x29x21xf32> {
  %y = tenon.attention %q, %k, %v mask(%m) {scale = 0.23 : f32} : (tensor<2x3x29x19xf32>, tensor<2x3x37x19xf32>, tensor<2x3x37x21xf32>, tensor<29x37xf32>) -> tensor<2x3x29x21xf32>
  return %y : tensor<2x3x29x21xf32>
})"},
    {"causal_attention_of_groups", R"(
func.func @main(%q: tensor<1x6x17x16xf32>, %k: tensor<1x2x17x16xf32>, %v: tensor<1x2x17x16xf32>) -> tensor<1x6x17x16xf32> {
  %y = tenon.attention %q, %k, %v {scale = 0.25 : f32, causal} : (tensor<1x6x17x16xf32>, tensor<1x2x17x16xf32>, tensor<1x2x17x16xf32>) -> tensor<1x6x17x16xf32>
  return %y : tensor<1x6x17x16xf32>
})"},
    {"attention_of_one_query", R"(
func.func @main(%q: tensor<1x3x1x24xf32>, %k: tensor<1x3x43x24xf32>, %v: tensor<1x3x43x24xf32>) -> tensor<1x3x1x24xf32> {
  %y = tenon.attention %q, %k, %v {scale = 0.2 : f32} : (tensor<1x3x1x24xf32>, tensor<1x3x43x24xf32>, tensor<1x3x43x24xf32>) -> tensor<1x3x1x24xf32>
  return %y : tensor<1x3x1x24xf32>
})"},
    {"attention_of_heads_in_rows", R"(
func.func @main(%x: tensor<1x31x9x20xf32>) -> tensor<1x31x3x20xf32> {
  %0 = tenon.slice %x {starts = array<i64: 0, 0, 0, 0>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x31x9x20xf32>) -> tensor<1x31x3x20xf32>
  %1 = tenon.slice %x {starts = array<i64: 0, 0, 3, 0>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x31x9x20xf32>) -> tensor<1x31x3x20xf32>
  %2 = tenon.slice %x {starts = array<i64: 0, 0, 6, 0>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x31x9x20xf32>) -> tensor<1x31x3x20xf32>
  %q = tenon.transpose %0 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x31x3x20xf32>) -> tensor<1x3x31x20xf32>
  %k = tenon.transpose %1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x31x3x20xf32>) -> tensor<1x3x31x20xf32>
  %v = tenon.transpose %2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x31x3x20xf32>) -> tensor<1x3x31x20xf32>
  %y = tenon.attention %q, %k, %v {scale = 0.2 : f32} : (tensor<1x3x31x20xf32>, tensor<1x3x31x20xf32>, tensor<1x3x31x20xf32>) -> tensor<1x3x31x20xf32>
  %z = tenon.transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x31x20xf32>) -> tensor<1x31x3x20xf32>
  return %z : tensor<1x31x3x20xf32>
})"},
    // Its result may take the place of what it reads.
    {"attention_between_products", R"(
func.func @main(%x: tensor<31x60xf32>, %a: tensor<60x60xf32>, %b: tensor<60x60xf32>) -> tensor<31x60xf32> {
  %0 = tenon.matmul %x, %a : (tensor<31x60xf32>, tensor<60x60xf32>) -> tensor<31x60xf32>
  %1 = tenon.matmul %x, %b : (tensor<31x60xf32>, tensor<60x60xf32>) -> tensor<31x60xf32>
  %2 = tenon.reshape %0 : (tensor<31x60xf32>) -> tensor<1x31x3x20xf32>
  %3 = tenon.reshape %1 : (tensor<31x60xf32>) -> tensor<1x31x3x20xf32>
  %q = tenon.transpose %2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x31x3x20xf32>) -> tensor<1x3x31x20xf32>
  %k = tenon.transpose %3 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x31x3x20xf32>) -> tensor<1x3x31x20xf32>
  %y = tenon.attention %q, %k, %k {scale = 0.1 : f32} : (tensor<1x3x31x20xf32>, tensor<1x3x31x20xf32>, tensor<1x3x31x20xf32>) -> tensor<1x3x31x20xf32>
  %4 = tenon.transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x31x20xf32>) -> tensor<1x31x3x20xf32>
  %5 = tenon.reshape %4 : (tensor<1x31x3x20xf32>) -> tensor<31x60xf32>
  %6 = tenon.matmul %5, %a : (tensor<31x60xf32>, tensor<60x60xf32>) -> tensor<31x60xf32>
  return %6 : tensor<31x60xf32>
})"},
    {"gated_parts_of_rows", R"(
func.func @main(%x: tensor<13x54xf32>) -> tensor<13x27xf32> {
  %0 = tenon.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<13x54xf32>) -> tensor<13x27xf32>
  %1 = tenon.slice %x {starts = array<i64: 0, 27>, steps = array<i64: 1, 1>} : (tensor<13x54xf32>) -> tensor<13x27xf32>
  %2 = tenon.sigmoid %0 : (tensor<13x27xf32>) -> tensor<13x27xf32>
  %3 = tenon.mul %2, %1 : (tensor<13x27xf32>, tensor<13x27xf32>) -> tensor<13x27xf32>
  return %3 : tensor<13x27xf32>
})"},
    {"product_of_rows_moved", R"(
func.func @main(%x: tensor<13x4x21xf32>, %y: tensor<4x21x27xf32>) -> tensor<13x4x27xf32> {
  %a = tenon.transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<13x4x21xf32>) -> tensor<4x13x21xf32>
  %p = tenon.matmul %a, %y : (tensor<4x13x21xf32>, tensor<4x21x27xf32>) -> tensor<4x13x27xf32>
  %r = tenon.relu %p : (tensor<4x13x27xf32>) -> tensor<4x13x27xf32>
  %b = tenon.transpose %r {perm = array<i64: 1, 0, 2>} : (tensor<4x13x27xf32>) -> tensor<13x4x27xf32>
  return %b : tensor<13x4x27xf32>
})"},
};

INSTANTIATE_TEST_SUITE_P(Programs, EverySchedule, ::testing::ValuesIn(programs),
                         [](const auto &info) { return info.param.name; });

} // namespace
