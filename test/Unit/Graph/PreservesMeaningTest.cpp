//===- PreservesMeaningTest.cpp - Programs compute the same before and after the graph phase ----===//
//
// Each program runs in the reference evaluator as written and after the passes, on the same pseudo-random
// inputs. The results may differ by rounding: scaled weights and reciprocals of constants are rounded once
// more.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Graph/Passes.h"
#include "tenon/Reference/Evaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

namespace {

class PreservesMeaning : public ::testing::Test {
protected:
  PreservesMeaning() {
    context.loadDialect<TenonDialect, func::FuncDialect>();
    context.disableMultithreading();
  }

  void parse(const char *text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module);
  }

  std::vector<HostTensor> run() {
    auto function = *module->getOps<func::FuncOp>().begin();
    std::vector<HostTensor> inputs;
    for (Type type : function.getArgumentTypes())
      inputs.push_back(HostTensor::random(cast<RankedTensorType>(type), inputs.size() + 1));
    FailureOr<SmallVector<HostTensor>> results = reference::evaluate(function, inputs);
    return succeeded(results) ? std::vector<HostTensor>(results->begin(), results->end())
                              : std::vector<HostTensor>();
  }

  /// Runs the graph phase and compares.
  void checkPreserved() {
    std::vector<HostTensor> expected = run();
    ASSERT_FALSE(expected.empty());
    PassManager passes(&context, "builtin.module");
    OpPassManager &nested = passes.nest<func::FuncOp>();
    auto foldConstants = [] { return createFoldConstantsPass(reference::makeOpEvaluator()); };
    InferShapesOptions asFarAsKnown;
    asFarAsKnown.allowUnknown = true;
    nested.addPass(createInferShapes(asFarAsKnown));
    nested.addPass(foldConstants());
    nested.addPass(createUnrollControlFlowPass(reference::makeOpEvaluator()));
    nested.addPass(createInferShapes());
    nested.addPass(foldConstants());
    nested.addPass(createRecoverPatterns());
    nested.addPass(createSimplify());
    nested.addPass(createChooseLayouts());
    nested.addPass(createDecomposeConvTranspose());
    nested.addPass(createSimplify());
    nested.addPass(foldConstants());
    nested.addPass(createFormKernels());
    ASSERT_TRUE(succeeded(passes.run(*module)));
    std::vector<HostTensor> actual = run();
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      ASSERT_EQ(actual[i].getType(), expected[i].getType());
      SmallVector<double> got = actual[i].toDoubles(), want = expected[i].toDoubles();
      for (size_t j = 0; j < got.size(); ++j)
        // Some hundred products of f32, each rounded to 6e-8.
        ASSERT_NEAR(got[j], want[j], 2e-5 * (1 + std::abs(want[j]))) << "result " << i << ", element " << j;
    }
  }

  template <typename Op>
  unsigned count() {
    unsigned count = 0;
    module->walk([&](Op) { ++count; });
    return count;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(PreservesMeaning, ResidualBlockOfConvolutions) {
  parse(R"mlir(
func.func @main(%x: tensor<2x3x7x5xf32>) -> tensor<2x4xf32> {
  %w0 = tenon.constant dense<0.3> : tensor<4x3x3x3xf32>
  %w1 = tenon.constant dense<[[[[0.5]], [[-0.25]], [[0.125]], [[1.0]]], [[[1.5]], [[0.25]], [[-0.5]], [[0.75]]],
                             [[[-1.0]], [[0.5]], [[0.25]], [[0.125]]], [[[0.5]], [[0.5]], [[2.0]], [[-1.5]]]]>
     : tensor<4x4x1x1xf32>
  %s = tenon.constant dense<[1.0, 2.0, -0.5, 0.25]> : tensor<4xf32>
  %b = tenon.constant dense<[0.5, -1.0, 0.25, 1.5]> : tensor<4xf32>
  %m = tenon.constant dense<[0.125, 0.5, -0.75, 1.0]> : tensor<4xf32>
  %v = tenon.constant dense<[1.0, 0.5, 2.0, 0.25]> : tensor<4xf32>
  %0 = tenon.conv %x, %w0 {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 0, 1, 2>}
     : (tensor<2x3x7x5xf32>, tensor<4x3x3x3xf32>) -> tensor<2x4x7x5xf32>
  %1 = tenon.batch_norm %0, %s, %b, %m, %v {epsilon = 1.0e-05 : f32}
     : (tensor<2x4x7x5xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x7x5xf32>
  %2 = tenon.relu %1 : (tensor<2x4x7x5xf32>) -> tensor<2x4x7x5xf32>
  %3 = tenon.conv %2, %w1 {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}
     : (tensor<2x4x7x5xf32>, tensor<4x4x1x1xf32>) -> tensor<2x4x7x5xf32>
  %4 = tenon.batch_norm %3, %b, %s, %v, %v {epsilon = 1.0e-05 : f32}
     : (tensor<2x4x7x5xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x7x5xf32>
  %5 = tenon.add %4, %2 : (tensor<2x4x7x5xf32>, tensor<2x4x7x5xf32>) -> tensor<2x4x7x5xf32>
  %6 = tenon.max_pool %5 {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>,
       pads = array<i64: 1, 0, 1, 0>} : (tensor<2x4x7x5xf32>) -> tensor<2x4x4x4xf32>
  %7 = tenon.reduce mean %6 {axes = array<i64: 2, 3>, keep_dims} : (tensor<2x4x4x4xf32>) -> tensor<2x4x1x1xf32>
  %8 = tenon.reshape %7 : (tensor<2x4x1x1xf32>) -> tensor<2x4xf32>
  return %8 : tensor<2x4xf32>
}
)mlir");
  checkPreserved();
  // Of the data only the input is transposed, and every convolution has taken up its batch normalization.
  EXPECT_EQ(count<TransposeOp>(), 1u);
  EXPECT_EQ(count<MulOp>(), 0u);
  EXPECT_EQ(count<BatchNormOp>(), 0u);
}

TEST_F(PreservesMeaning, DepthwiseGroupedAndTransposedConvolutions) {
  parse(R"mlir(
func.func @main(%x: tensor<1x4x6x5xf32>, %d: tensor<4x1x3x3xf32>, %g: tensor<6x2x1x1xf32>, %t: tensor<6x3x2x2xf32>)
    -> tensor<1x3x12x10xf32> {
  %0 = tenon.conv %x, %d {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>,
       group = 4 : i64} : (tensor<1x4x6x5xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x6x5xf32>
  %1 = tenon.conv %0, %g {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
       group = 2 : i64} : (tensor<1x4x6x5xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x6x5xf32>
  %2 = tenon.conv_transpose %1, %t {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
       pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
     : (tensor<1x6x6x5xf32>, tensor<6x3x2x2xf32>) -> tensor<1x3x12x10xf32>
  return %2 : tensor<1x3x12x10xf32>
}
)mlir");
  checkPreserved();
}

TEST_F(PreservesMeaning, RelayoutsBetweenPoolings) {
  parse(R"mlir(
func.func @main(%x: tensor<2x4x6x8xf32>) -> (tensor<2x2x3x4x5xf32>, tensor<2x4x3xf32>) {
  %two = tenon.constant dense<[[[2.0]], [[3.0]], [[-1.0]], [[0.5]]]> : tensor<4x1x1xf32>
  %0 = tenon.average_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
       pads = array<i64: 0, 0, 0, 0>} : (tensor<2x4x6x8xf32>) -> tensor<2x4x3x4xf32>
  %1 = tenon.mul %two, %0 : (tensor<4x1x1xf32>, tensor<2x4x3x4xf32>) -> tensor<2x4x3x4xf32>
  %2 = tenon.slice %1 {starts = array<i64: 0, 3, 0, 1>, steps = array<i64: 1, -2, 1, 1>}
     : (tensor<2x4x3x4xf32>) -> tensor<2x2x3x3xf32>
  %3 = tenon.pad edge %2 {low = array<i64: 0, 0, 0, 1>, high = array<i64: 0, 0, 0, 0>}
     : (tensor<2x2x3x3xf32>) -> tensor<2x2x3x4xf32>
  %4 = tenon.concat %1, %3, %1 {axis = 1 : i64}
     : (tensor<2x4x3x4xf32>, tensor<2x2x3x4xf32>, tensor<2x4x3x4xf32>) -> tensor<2x10x3x4xf32>
  %5 = tenon.softmax %4 {axis = 1 : i64} : (tensor<2x10x3x4xf32>) -> tensor<2x10x3x4xf32>
  %6 = tenon.reshape %5 : (tensor<2x10x3x4xf32>) -> tensor<2x2x5x3x4xf32>
  %7 = tenon.transpose %6 {perm = array<i64: 0, 1, 3, 4, 2>} : (tensor<2x2x5x3x4xf32>) -> tensor<2x2x3x4x5xf32>
  %8 = tenon.reduce max %1 {axes = array<i64: 3>} : (tensor<2x4x3x4xf32>) -> tensor<2x4x3xf32>
  return %7, %8 : tensor<2x2x3x4x5xf32>, tensor<2x4x3xf32>
}
)mlir");
  checkPreserved();
}

TEST_F(PreservesMeaning, TransformerLayerAsExported) {
  parse(R"mlir(
func.func @main(%x: tensor<2x3x8xf32>, %wq: tensor<8x8xf32>, %w1: tensor<8x16xf32>) -> tensor<2x3x8xf32> {
  %w2 = tenon.constant dense<0.125> : tensor<16x8xf32>
  %scale = tenon.constant dense<[1.0, 2.0, 0.5, -1.0, 1.5, 0.25, 1.0, -0.5]> : tensor<8xf32>
  %bias = tenon.constant dense<[0.5, 0.0, 0.25, -1.0, 1.0, 0.125, 0.75, -0.5]> : tensor<8xf32>
  %two = tenon.constant dense<2.0> : tensor<f32>
  %eps = tenon.constant dense<1.0e-05> : tensor<f32>
  %root = tenon.constant dense<1.41421354> : tensor<f32>
  %one = tenon.constant dense<1.0> : tensor<f32>
  %half = tenon.constant dense<0.5> : tensor<f32>
  %q = tenon.matmul %x, %wq : (tensor<2x3x8xf32>, tensor<8x8xf32>) -> tensor<2x3x8xf32>
  %qb = tenon.add %q, %bias : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %h = tenon.reshape %qb : (tensor<2x3x8xf32>) -> tensor<2x3x2x4xf32>
  %t = tenon.transpose %h {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x3x2x4xf32>) -> tensor<2x2x3x4xf32>
  %k = tenon.transpose %h {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x3x2x4xf32>) -> tensor<2x2x4x3xf32>
  %a = tenon.matmul %t, %k : (tensor<2x2x3x4xf32>, tensor<2x2x4x3xf32>) -> tensor<2x2x3x3xf32>
  %as = tenon.div %a, %two : (tensor<2x2x3x3xf32>, tensor<f32>) -> tensor<2x2x3x3xf32>
  %p = tenon.softmax %as {axis = 3 : i64} : (tensor<2x2x3x3xf32>) -> tensor<2x2x3x3xf32>
  %c = tenon.matmul %p, %t : (tensor<2x2x3x3xf32>, tensor<2x2x3x4xf32>) -> tensor<2x2x3x4xf32>
  %ct = tenon.transpose %c {perm = array<i64: 0, 2, 1, 3>} : (tensor<2x2x3x4xf32>) -> tensor<2x3x2x4xf32>
  %cr = tenon.reshape %ct : (tensor<2x3x2x4xf32>) -> tensor<2x3x8xf32>
  %r = tenon.add %cr, %x : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %m = tenon.reduce mean %r {axes = array<i64: 2>, keep_dims} : (tensor<2x3x8xf32>) -> tensor<2x3x1xf32>
  %d = tenon.sub %r, %m : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %sq = tenon.pow %d, %two : (tensor<2x3x8xf32>, tensor<f32>) -> tensor<2x3x8xf32>
  %v = tenon.reduce mean %sq {axes = array<i64: 2>, keep_dims} : (tensor<2x3x8xf32>) -> tensor<2x3x1xf32>
  %ve = tenon.add %v, %eps : (tensor<2x3x1xf32>, tensor<f32>) -> tensor<2x3x1xf32>
  %sd = tenon.sqrt %ve : (tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %n = tenon.div %d, %sd : (tensor<2x3x8xf32>, tensor<2x3x1xf32>) -> tensor<2x3x8xf32>
  %ns = tenon.mul %n, %scale : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %nb = tenon.add %ns, %bias : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %f = tenon.matmul %nb, %w1 : (tensor<2x3x8xf32>, tensor<8x16xf32>) -> tensor<2x3x16xf32>
  %g0 = tenon.div %f, %root : (tensor<2x3x16xf32>, tensor<f32>) -> tensor<2x3x16xf32>
  %g1 = tenon.erf %g0 : (tensor<2x3x16xf32>) -> tensor<2x3x16xf32>
  %g2 = tenon.add %g1, %one : (tensor<2x3x16xf32>, tensor<f32>) -> tensor<2x3x16xf32>
  %g3 = tenon.mul %f, %g2 : (tensor<2x3x16xf32>, tensor<2x3x16xf32>) -> tensor<2x3x16xf32>
  %g4 = tenon.mul %g3, %half : (tensor<2x3x16xf32>, tensor<f32>) -> tensor<2x3x16xf32>
  %o = tenon.matmul %g4, %w2 : (tensor<2x3x16xf32>, tensor<16x8xf32>) -> tensor<2x3x8xf32>
  %y = tenon.add %o, %nb : (tensor<2x3x8xf32>, tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}
)mlir");
  checkPreserved();
  EXPECT_EQ(count<LayerNormOp>(), 1u);
  EXPECT_EQ(count<GeluOp>(), 1u);
}

TEST_F(PreservesMeaning, SharedValues) {
  parse(R"mlir(
func.func @main(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %0 = tenon.add %x, %y : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.layer_norm %0 {axis = 1 : i64, epsilon = 1.0e-05 : f32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.matmul %1, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  %3 = tenon.sigmoid %2 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = tenon.mul %2, %3 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %5 = tenon.add %4, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %6 = tenon.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %7 = tenon.reduce sum %6 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4xf32>
  %8 = tenon.mul %5, %6 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %8, %7 : tensor<4x8xf32>, tensor<4xf32>
}
)mlir");
  checkPreserved();
}

TEST_F(PreservesMeaning, BranchesAndLoopsOfRunTime) {
  // The inputs decide how often the loop runs: the sum of 4 numbers from [-1, 1) grows past 3 or it does not.
  parse(R"mlir(
func.func @main(%x: tensor<4xf32>, %d: tensor<4xf32>) -> (tensor<4xf32>, tensor<i64>, tensor<3x2xf32>) {
  %trips = tenon.constant dense<6> : tensor<i64>
  %none = tenon.constant dense<0> : tensor<i64>
  %three = tenon.constant dense<3.0> : tensor<f32>
  %zero = tenon.constant dense<0.0> : tensor<f32>
  %v, %n = tenon.loop(%x, %none) trip(%trips) : (tensor<4xf32>, tensor<i64>, tensor<i64>) -> (tensor<4xf32>, tensor<i64>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %carried: tensor<4xf32>, %count: tensor<i64>):
    %sum = tenon.add %carried, %d : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %total = tenon.reduce sum %sum {axes = array<i64: 0>} : (tensor<4xf32>) -> tensor<f32>
    %size = tenon.abs %total : (tensor<f32>) -> tensor<f32>
    %go = tenon.compare lt %size, %three : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %isPositive = tenon.compare gt %total, %zero : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %next = tenon.if %isPositive : (tensor<i1>) -> tensor<4xf32> {
      %twice = tenon.add %sum, %sum : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      tenon.yield %twice : tensor<4xf32>
    } else {
      tenon.yield %sum : tensor<4xf32>
    }
    tenon.yield %go, %next, %i : tensor<i1>, tensor<4xf32>, tensor<i64>
  }
  %pairs = tenon.constant dense<[[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]]> : tensor<3x2xf32>
  %first = tenon.slice %v {starts = array<i64: 0>, steps = array<i64: 1>} : (tensor<4xf32>) -> tensor<2xf32>
  %last, %sums = tenon.scan(%first) over(%pairs) {input_axes = array<i64: 0>, output_axes = array<i64: 0>,
                   input_reverse = array<i1: true>, output_reverse = array<i1: false>}
               : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    %p = tenon.mul %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    tenon.yield %p, %p : tensor<2xf32>, tensor<2xf32>
  }
  return %v, %n, %sums : tensor<4xf32>, tensor<i64>, tensor<3x2xf32>
}
)mlir");
  checkPreserved();
  EXPECT_EQ(count<LoopOp>() + count<IfOp>() + count<ScanOp>(), 0u);
}

} // namespace
