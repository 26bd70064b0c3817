//===- LoaderTest.cpp - Checks and runs of a model that is linked in: a descriptor written by hand ------===//

#include "tenon-rt/loader.h"
#include "tenon-rt/threads.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

//===----------------------------------------------------------------------------------------===//
// The model: y[batch, 2 * n + 1] = x[batch, 2 * n + 1] + w, halves[batch / 2] = n, with w an input of shape
// [n]
//===----------------------------------------------------------------------------------------===//

enum Symbol { Batch, N };

int32_t run(const tenon_call *call) {
  const int64_t batch = call->symbols[Batch], n = call->symbols[N];
  if (batch == 13)
    return TENON_ERROR_EXECUTION;
  auto *x = static_cast<const float *>(call->inputs[0]);
  auto *y = static_cast<float *>(call->outputs[0]);
  auto *halves = static_cast<int64_t *>(call->outputs[1]);
  auto *scratch = static_cast<float *>(call->workspace);
  float weight = *static_cast<const float *>(call->weights);
  for (int64_t i = 0; i < batch * (2 * n + 1); ++i)
    scratch[i] = x[i] + weight;
  std::copy_n(scratch, batch * (2 * n + 1), y);
  for (int64_t i = 0; i < batch / 2; ++i)
    halves[i] = n;
  return TENON_OK;
}

const int64_t batchTerm[] = {1, 0}, oddTerm[] = {0, 2}, nTerm[] = {0, 1};
const tenon_dim xDims[] = {{0, batchTerm, nullptr, "batch"}, {1, oddTerm, nullptr, "2 * n + 1"}};
const tenon_dim wDims[] = {{0, nTerm, nullptr, "n"}, {3, nullptr, nullptr, "3"}};
const tenon_dim halvesDims[] = {
    {0, nullptr, [](const int64_t *symbols) { return symbols[Batch] / 2; }, "batch / 2"}};
const tenon_tensor inputs[] = {{"x", TENON_DTYPE_FLOAT32, 2, xDims}, {"w", TENON_DTYPE_INT8, 2, wDims}};
const tenon_tensor outputs[] = {{"y", TENON_DTYPE_FLOAT32, 2, xDims},
                                {"halves", TENON_DTYPE_INT64, 1, halvesDims}};
const char *const symbolNames[] = {"batch", "n"};
alignas(64) const float weights[] = {0.5f, 0, 0, 0};

tenon_model makeModel() {
  tenon_model model = {};
  model.magic = TENON_MODEL_MAGIC;
  model.abi_version = TENON_ABI_VERSION;
  model.name = "toy";
  model.triple = model.features = "";
  model.cpu = "any";
  model.manifest = "{}";
  model.input_count = 2;
  model.output_count = 2;
  model.symbol_count = 2;
  model.inputs = inputs;
  model.outputs = outputs;
  model.symbols = symbolNames;
  model.weights = weights;
  model.weights_bytes = sizeof weights;
  model.weights_alignment = 64;
  model.workspace_bytes = [](const int64_t *symbols) { return 4 * symbols[Batch] * (2 * symbols[N] + 1); };
  model.workspace_alignment = 64;
  model.run = run;
  return model;
}

/// Arguments for a batch and n, with the right shapes; a test breaks one.
struct Arguments {
  Arguments(int64_t batch, int64_t n)
      : x(batch * (2 * n + 1)), y(x.size()), w(n * 3), halves(batch / 2), xShape{batch, 2 * n + 1},
        wShape{n, 3}, halvesShape{batch / 2} {
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i);
    ins = {{x.data(), TENON_DTYPE_FLOAT32, 2, xShape}, {w.data(), TENON_DTYPE_INT8, 2, wShape}};
    outs = {{y.data(), TENON_DTYPE_FLOAT32, 2, xShape}, {halves.data(), TENON_DTYPE_INT64, 1, halvesShape}};
  }
  int run(tenon_rt_context *context) {
    return tenon_rt_run(context, ins.data(), ins.size(), outs.data(), outs.size());
  }
  std::vector<float> x, y;
  std::vector<int8_t> w;
  std::vector<int64_t> halves;
  int64_t xShape[2], wShape[2], halvesShape[1];
  std::vector<tenon_rt_array> ins, outs;
};

class Loader : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(tenon_rt_model_open(&descriptor, &model), TENON_OK);
    ASSERT_EQ(tenon_rt_context_create(model, nullptr, &context), TENON_OK);
  }
  void TearDown() override {
    tenon_rt_context_destroy(context);
    tenon_rt_model_release(model);
  }
  void expectRefused(Arguments &arguments, int status, const std::string &message) {
    EXPECT_EQ(arguments.run(context), status);
    EXPECT_EQ(tenon_rt_last_error(), message);
  }

  tenon_model descriptor = makeModel();
  tenon_rt_model *model = nullptr;
  tenon_rt_context *context = nullptr;
};

TEST_F(Loader, OnlyProfiledModelsTakeAProfile) {
  tenon_profile profile = {};
  EXPECT_EQ(tenon_rt_context_set_profile(context, &profile), TENON_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(tenon_rt_last_error(), "model 'toy' was compiled without profiling");
  EXPECT_EQ(tenon_rt_context_set_profile(context, nullptr), TENON_OK);
  EXPECT_EQ(tenon_rt_context_set_profile(nullptr, &profile), TENON_ERROR_INVALID_ARGUMENT);

  static const tenon_profile *seen;
  descriptor.flags = TENON_MODEL_PROFILE;
  descriptor.run = [](const tenon_call *call) {
    seen = call->profile;
    return run(call);
  };
  Arguments arguments(2, 3);
  EXPECT_EQ(tenon_rt_context_set_profile(context, &profile), TENON_OK);
  EXPECT_EQ(arguments.run(context), TENON_OK);
  EXPECT_EQ(seen, &profile);
  EXPECT_EQ(tenon_rt_context_set_profile(context, nullptr), TENON_OK);
  EXPECT_EQ(arguments.run(context), TENON_OK);
  EXPECT_EQ(seen, nullptr);
}

TEST_F(Loader, SolvesSymbolsAndRuns) {
  // Up and down again: the workspace grows, then is reused.
  for (int64_t batch : {2, 5, 1, 4}) {
    Arguments arguments(batch, 3);
    ASSERT_EQ(arguments.run(context), TENON_OK) << tenon_rt_last_error();
    for (size_t i = 0; i < arguments.y.size(); ++i)
      EXPECT_EQ(arguments.y[i], i + 0.5f);
    EXPECT_EQ(arguments.halves, std::vector<int64_t>(batch / 2, 3));
  }
}

TEST_F(Loader, EmptyTensorsNeedNoData) {
  Arguments arguments(0, 2);
  arguments.ins[0].data = nullptr;
  EXPECT_EQ(arguments.run(context), TENON_OK) << tenon_rt_last_error();
}

TEST_F(Loader, ComputesShapesOfOutputs) {
  Arguments arguments(7, 2);
  int64_t symbols[2], shape[2];
  ASSERT_EQ(tenon_rt_solve_symbols(model, arguments.ins.data(), 2, symbols), TENON_OK);
  EXPECT_EQ(symbols[Batch], 7);
  EXPECT_EQ(symbols[N], 2);
  tenon_rt_shape(model, &descriptor.outputs[1], symbols, shape);
  EXPECT_EQ(shape[0], 3);
  tenon_rt_shape(model, &descriptor.outputs[0], symbols, shape);
  EXPECT_EQ(shape[1], 5);
}

TEST_F(Loader, RefusesAWrongStaticSize) {
  Arguments arguments(2, 3);
  arguments.wShape[1] = 4;
  expectRefused(arguments, TENON_ERROR_SHAPE, "input 'w' expects size 3 in dimension 1, but got 4");
}

TEST_F(Loader, RefusesInputsThatDisagree) {
  Arguments arguments(2, 3);
  arguments.wShape[0] = 4;
  expectRefused(arguments, TENON_ERROR_SHAPE, "input 'w' expects size 3 (n) in dimension 0, but got 4");
}

TEST_F(Loader, RefusesASizeNoSymbolGives) {
  Arguments arguments(2, 3);
  arguments.xShape[1] = 8;
  expectRefused(arguments, TENON_ERROR_SHAPE,
                "input 'x' expects a size of the form 2 * n + 1 in dimension 1, but got 8");
}

TEST_F(Loader, RefusesAWrongRank) {
  Arguments arguments(2, 3);
  arguments.ins[0].rank = 1;
  expectRefused(arguments, TENON_ERROR_SHAPE, "input 'x' expects rank 2, but got 1");
}

TEST_F(Loader, RefusesAWrongElementType) {
  Arguments arguments(2, 3);
  arguments.ins[1].dtype = TENON_DTYPE_UINT8;
  expectRefused(arguments, TENON_ERROR_DTYPE, "input 'w' expects element type int8, but got uint8");
}

TEST_F(Loader, RefusesAWrongOutput) {
  Arguments arguments(4, 3);
  arguments.halvesShape[0] = 3;
  expectRefused(arguments, TENON_ERROR_SHAPE,
                "output 'halves' expects size 2 (batch / 2) in dimension 0, but got 3");
}

TEST_F(Loader, RefusesMissingData) {
  Arguments arguments(2, 3);
  arguments.outs[0].data = nullptr;
  expectRefused(arguments, TENON_ERROR_INVALID_ARGUMENT, "output 'y' has no data");
}

TEST_F(Loader, RefusesMisalignedData) {
  Arguments arguments(2, 3);
  arguments.ins[0].data = reinterpret_cast<char *>(arguments.x.data()) + 1;
  expectRefused(arguments, TENON_ERROR_INVALID_ARGUMENT, "input 'x' isn't aligned as its elements (float32)");
}

TEST_F(Loader, RefusesAWrongCount) {
  Arguments arguments(2, 3);
  arguments.ins.pop_back();
  expectRefused(arguments, TENON_ERROR_INVALID_ARGUMENT, "expected 2 inputs, but got 1");
}

TEST_F(Loader, ReportsAFailureInTheModel) {
  Arguments arguments(13, 1);
  expectRefused(arguments, TENON_ERROR_EXECUTION,
                "model 'toy' stopped: the model can't run with these inputs");
}

TEST_F(Loader, RunsWithOtherWeights) {
  alignas(64) float others[] = {100, 0, 0, 0};
  EXPECT_EQ(tenon_rt_context_set_weights(context, others, 12), TENON_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(tenon_rt_last_error(), "model 'toy' expects 16 bytes of weights, but got 12");
  EXPECT_EQ(tenon_rt_context_set_weights(context, others + 1, 16), TENON_ERROR_INVALID_ARGUMENT);
  ASSERT_EQ(tenon_rt_context_set_weights(context, others, 16), TENON_OK);
  Arguments arguments(1, 1);
  ASSERT_EQ(arguments.run(context), TENON_OK);
  EXPECT_EQ(arguments.y[1], 101);
  ASSERT_EQ(tenon_rt_context_set_weights(context, nullptr, 0), TENON_OK);
  ASSERT_EQ(arguments.run(context), TENON_OK);
  EXPECT_EQ(arguments.y[1], 1.5f);
}

TEST_F(Loader, ModelIsSharedByThreads) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      tenon_rt_context *own = nullptr;
      ASSERT_EQ(tenon_rt_context_create(model, nullptr, &own), TENON_OK);
      for (int round = 0; round < 50; ++round) {
        Arguments arguments(thread + 1, round % 4);
        ASSERT_EQ(arguments.run(own), TENON_OK) << tenon_rt_last_error();
        for (size_t i = 0; i < arguments.y.size(); ++i)
          ASSERT_EQ(arguments.y[i], i + 0.5f);
      }
      tenon_rt_context_destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(Loader, RefusesAWorkspaceThatDoesNotFit) {
  const int64_t symbols[] = {INT64_C(1) << 40, 1 << 10};
  EXPECT_EQ(tenon_rt_context_reserve(context, symbols), TENON_ERROR_OUT_OF_MEMORY);
  Arguments arguments(2, 3);
  EXPECT_EQ(arguments.run(context), TENON_OK) << "a failed reservation leaves the context usable";
}

//===----------------------------------------------------------------------------------------===//
// Descriptors and files that are refused
//===----------------------------------------------------------------------------------------===//

void expectNotOpened(const tenon_model &descriptor, int status, const std::string &message) {
  tenon_rt_model *model = nullptr;
  EXPECT_EQ(tenon_rt_model_open(&descriptor, &model), status);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(tenon_rt_last_error(), message);
}

TEST(LoaderDescriptor, RefusesAnotherMagicNumber) {
  tenon_model descriptor = makeModel();
  descriptor.magic = 0x544e4f4e;
  expectNotOpened(descriptor, TENON_ERROR_NOT_A_MODEL,
                  "not a compiled model: expected magic number 0x4e4f4e54, but got 0x544e4f4e");
}

TEST(LoaderDescriptor, RefusesAnotherVersion) {
  tenon_model descriptor = makeModel();
  descriptor.abi_version = 99;
  expectNotOpened(descriptor, TENON_ERROR_ABI_VERSION,
                  "expected a model of ABI version 1, but got version 99");
}

TEST(LoaderDescriptor, RefusesAnInstructionSetThatIsNotThere) {
  tenon_model descriptor = makeModel();
  descriptor.features = "time-travel";
  expectNotOpened(
      descriptor, TENON_ERROR_CPU_FEATURE,
      "model 'toy' was compiled for 'any': this processor or system doesn't support 'time-travel'");
}

TEST(LoaderDescriptor, RefusesASymbolNoInputTells) {
  tenon_model descriptor = makeModel();
  descriptor.input_count = 1;
  tenon_tensor input = inputs[1];
  descriptor.inputs = &input;
  tenon_rt_model *model = nullptr;
  ASSERT_EQ(tenon_rt_model_open(&descriptor, &model), TENON_OK);
  int64_t symbols[2];
  const int64_t shape[] = {2, 3};
  tenon_rt_array array = {nullptr, TENON_DTYPE_INT8, 2, shape};
  EXPECT_EQ(tenon_rt_solve_symbols(model, &array, 1, symbols), TENON_ERROR_SHAPE);
  EXPECT_STREQ(tenon_rt_last_error(), "the value of 'batch' doesn't follow from the shapes of the inputs");
  tenon_rt_model_release(model);
}

void expectNotLoaded(const std::string &path, const std::string &message) {
  tenon_rt_model *model = nullptr;
  EXPECT_EQ(tenon_rt_model_load(path.c_str(), &model), TENON_ERROR_NO_FILE);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(tenon_rt_last_error(), message);
}

TEST(LoaderFile, RefusesWhatIsNotALibrary) {
  std::string missing = testing::TempDir() + "no-such-model.so";
  expectNotLoaded(missing, "can't open '" + missing + "': No such file or directory");
  expectNotLoaded("/", "'/' is not a file");
  std::string text = testing::TempDir() + "text.so";
  std::ofstream(text) << "not a library";
  expectNotLoaded(text, "'" + text + "' is not a shared library");
  std::remove(text.c_str());
}

//===----------------------------------------------------------------------------------------===//
// Memory and names
//===----------------------------------------------------------------------------------------===//

TEST(Memory, IsAligned) {
  for (int64_t alignment : {1, 8, 64, 4096})
    for (int64_t bytes : {INT64_C(0), INT64_C(1), INT64_C(1000), INT64_C(8) << 20}) {
      void *memory = tenon_rt_allocate(bytes, alignment);
      ASSERT_NE(memory, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % std::max<int64_t>(alignment, 64), 0u);
      std::memset(memory, 1, bytes);
      tenon_rt_free(memory);
    }
}

#if defined(__linux__)
TEST(Memory, LargeBlocksAskForHugePages) {
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"))
    GTEST_SKIP() << "the system has no transparent huge pages";
  constexpr int64_t bytes = 8 << 20;
  char *memory = static_cast<char *>(tenon_rt_allocate(bytes, 64));
  ASSERT_NE(memory, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % (2 << 20), 0u);
  std::ifstream smaps("/proc/self/smaps");
  bool isInside = false;
  std::string flags;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin, end;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
      isInside = begin <= reinterpret_cast<uintptr_t>(memory) && reinterpret_cast<uintptr_t>(memory) < end;
    else if (isInside && line.rfind("VmFlags:", 0) == 0)
      flags = line + " ";
  }
  EXPECT_NE(flags.find(" hg "), std::string::npos) << flags;
  tenon_rt_free(memory);
}
#endif

TEST(Memory, RefusesImpossibleSizes) {
  EXPECT_EQ(tenon_rt_allocate(-1, 64), nullptr);
  EXPECT_EQ(tenon_rt_allocate(64, 3), nullptr);
  EXPECT_EQ(tenon_rt_allocate(64, 0), nullptr);
  EXPECT_EQ(tenon_rt_allocate(INT64_MAX, 64), nullptr);
  tenon_rt_free(nullptr);
}

TEST(Names, EveryStatusHasAText) {
  for (int status = TENON_OK; status <= TENON_ERROR_EXECUTION; ++status)
    EXPECT_STRNE(tenon_rt_status_text(status), "unknown status");
  EXPECT_STREQ(tenon_rt_status_text(1000), "unknown status");
}

TEST(Names, ElementTypes) {
  EXPECT_STREQ(tenon_rt_dtype_name(TENON_DTYPE_FLOAT32), "float32");
  EXPECT_STREQ(tenon_rt_dtype_name(TENON_DTYPE_BFLOAT16), "bfloat16");
  EXPECT_STREQ(tenon_rt_dtype_name(TENON_DTYPE_INT2), "int2");
  EXPECT_STREQ(tenon_rt_dtype_name(-1), "undefined");
  EXPECT_EQ(tenon_dtype_size(TENON_DTYPE_FLOAT16), 2);
  EXPECT_EQ(tenon_dtype_size(TENON_DTYPE_STRING), 0);
}

} // namespace
