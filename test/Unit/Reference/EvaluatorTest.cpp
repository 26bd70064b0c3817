//===- EvaluatorTest.cpp - Functions with inputs, observers, limits and silence -----------------------===//

#include "tenon/Reference/Evaluator.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;

namespace {
class EvaluatorTest : public testing::Test {
protected:
  EvaluatorTest() {
    context.loadDialect<TenonDialect, func::FuncDialect>();
    context.getDiagEngine().registerHandler(
        [this](Diagnostic &diagnostic) { diagnostics.push_back(diagnostic.str()); });
  }

  /// The only function of a module.
  func::FuncOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return *module->getOps<func::FuncOp>().begin();
  }
  HostTensor floats(ArrayRef<int64_t> shape, ArrayRef<float> elements) {
    return HostTensor::of(RankedTensorType::get(shape, Float32Type::get(&context)), elements);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  SmallVector<std::string> diagnostics;
};
} // namespace

TEST_F(EvaluatorTest, SymbolsTakeTheirValuesFromTheInputs) {
  func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<?x2xf32, #tenon.dims<[batch, 2]>>) -> tensor<?xf32, #tenon.dims<[batch * 2]>> {
      %0 = tenon.reshape %x : (tensor<?x2xf32, #tenon.dims<[batch, 2]>>) -> tensor<?xf32, #tenon.dims<[batch * 2]>>
      %1 = tenon.add %0, %0 : (tensor<?xf32, #tenon.dims<[batch * 2]>>, tensor<?xf32, #tenon.dims<[batch * 2]>>)
        -> tensor<?xf32, #tenon.dims<[batch * 2]>>
      return %1 : tensor<?xf32, #tenon.dims<[batch * 2]>>
    })");
  auto results = reference::evaluate(function, {floats({2, 2}, {1, 2, 3, 4})});
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ(results->front().getShape(), ArrayRef<int64_t>({4}));
  EXPECT_EQ(results->front().get<float>(), ArrayRef<float>({2, 4, 6, 8}));
}

TEST_F(EvaluatorTest, InputsThatDoNotFitAreRefused) {
  func::FuncOp function =
      parse("func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> { return %x : tensor<2xf32> }");
  EXPECT_TRUE(failed(reference::evaluate(function, {floats({3}, {1, 2, 3})})));
  EXPECT_TRUE(failed(reference::evaluate(function, {})));
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0],
            "'func.func' op expects a value of type 'tensor<2xf32>', but got 'tensor<3xf32>'");
  EXPECT_EQ(diagnostics[1], "'func.func' op expects 1 values for its region, but got 0");
}

TEST_F(EvaluatorTest, ObserverSeesEveryOpAlsoInKernels) {
  func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<f32>) -> tensor<f32> {
      %0 = tenon.kernel(%x : tensor<f32>) -> (tensor<f32>) {
      ^bb0(%a: tensor<f32>):
        %1 = tenon.exp %a : (tensor<f32>) -> tensor<f32>
        %2 = tenon.neg %1 : (tensor<f32>) -> tensor<f32>
        tenon.yield %2 : tensor<f32>
      }
      return %0 : tensor<f32>
    })");
  std::vector<std::pair<std::string, float>> seen;
  auto results =
      reference::evaluate(function, {floats({}, {0})}, [&](Operation *op, ArrayRef<HostTensor> results) {
        seen.emplace_back(op->getName().stripDialect().str(), results[0].get<float>()[0]);
      });
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ(seen, (std::vector<std::pair<std::string, float>>{{"exp", 1}, {"neg", -1}, {"kernel", -1}}));
}

TEST_F(EvaluatorTest, LargeResultsAreRefusedBeforeTheyAreMade) {
  func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<1xf32>) -> tensor<1099511627776xf32> {
      %0 = tenon.expand %x : (tensor<1xf32>) -> tensor<1099511627776xf32>
      return %0 : tensor<1099511627776xf32>
    })");
  reference::EvaluatorOptions options;
  options.maxResultBytes = 1 << 20;
  EXPECT_TRUE(failed(reference::evaluate(function, {floats({1}, {1})}, nullptr, options)));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0],
            "'tenon.expand' op has a result of type 'tensor<1099511627776xf32>', which is too large to "
            "evaluate");
}

TEST_F(EvaluatorTest, FoldingFailsSilently) {
  func::FuncOp function = parse(R"(
    func.func @f(%x: tensor<2xf32>, %i: tensor<1xi64>) -> tensor<1xf32> {
      %0 = tenon.gather %x, %i {axis = 0 : i64} : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
      return %0 : tensor<1xf32>
    })");
  Operation *gather = &function.getBody().front().front();
  auto index = [&](int64_t i) {
    return HostTensor::of<int64_t>(RankedTensorType::get({1}, IntegerType::get(&context, 64)), {i});
  };
  OpEvaluator evaluator = reference::makeOpEvaluator();
  auto results = evaluator(gather, {floats({2}, {1, 2}), index(1)});
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ(results->front().get<float>()[0], 2);
  EXPECT_TRUE(failed(evaluator(gather, {floats({2}, {1, 2}), index(7)})));
  EXPECT_TRUE(failed(evaluator(gather, {floats({2}, {1, 2})})));
  EXPECT_TRUE(failed(evaluator(function, {})));
  EXPECT_TRUE(diagnostics.empty());
}

TEST_F(EvaluatorTest, ConstantsAreNotCopied) {
  HostTensor weights = HostTensor::random(RankedTensorType::get({100}, Float32Type::get(&context)), 1);
  OpBuilder builder(&context);
  OwningOpRef<ConstantOp> constant =
      ConstantOp::create(builder, builder.getUnknownLoc(), weights.toElementsAttr("w"));
  auto results = reference::evaluate(constant.get(), {});
  ASSERT_TRUE(succeeded(results));
  EXPECT_EQ(results->front().getBytes().data(), weights.getBytes().data());
}

// Sizes around the blocks and tiles of the product: each must see every element once.
TEST_F(EvaluatorTest, MatrixProductsOfRaggedSizes) {
  for (auto [m, k, n] : {std::array<int64_t, 3>{1, 1, 1}, {33, 7, 129}, {4, 300, 5}, {65, 2, 3}}) {
    auto type = [&](int64_t rows, int64_t columns) {
      return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) + "xi32>";
    };
    func::FuncOp function = parse("func.func @f(%a: " + type(m, k) + ", %b: " + type(k, n) + ") -> " +
                                  type(m, n) + " { %0 = tenon.matmul %a, %b : (" + type(m, k) + ", " +
                                  type(k, n) + ") -> " + type(m, n) + "\n return %0 : " + type(m, n) + " }");
    HostTensor a = HostTensor::random(RankedTensorType::get({m, k}, IntegerType::get(&context, 32)), 1);
    HostTensor b = HostTensor::random(RankedTensorType::get({k, n}, IntegerType::get(&context, 32)), 2);
    auto results = reference::evaluate(function, {a, b});
    ASSERT_TRUE(succeeded(results));
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        int32_t sum = 0;
        for (int64_t p = 0; p < k; ++p)
          sum += a.get<int32_t>()[i * k + p] * b.get<int32_t>()[p * n + j];
        ASSERT_EQ(results->front().get<int32_t>()[i * n + j], sum) << i << ", " << j;
      }
    }
  }
}
