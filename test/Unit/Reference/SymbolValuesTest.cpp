//===- SymbolValuesTest.cpp - Sizes of a call from the shapes of its inputs ---------------------------===//

#include "tenon/Reference/SymbolValues.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tenon;
using reference::SymbolValues;

namespace {
class SymbolValuesTest : public testing::Test {
protected:
  SymbolValuesTest() { context.loadDialect<TenonDialect>(); }
  RankedTensorType type(StringRef text) { return cast<RankedTensorType>(parseType(text, &context)); }
  MLIRContext context;
  SymbolValues values;
};
} // namespace

TEST_F(SymbolValuesTest, LinearSizesAreSolved) {
  EXPECT_TRUE(
      succeeded(values.learn(type("tensor<?x?xf32, #tenon.dims<[batch, 2 * sequence + 1]>>"), {3, 9})));
  EXPECT_EQ(values.lookup("batch"), 3);
  EXPECT_EQ(values.lookup("sequence"), 4);
  RankedTensorType resolved =
      values.resolve(type("tensor<?x?xf32, #tenon.dims<[sequence floordiv 2, batch * 2]>>"));
  EXPECT_EQ(resolved, type("tensor<2x6xf32>"));
}

TEST_F(SymbolValuesTest, OneSizeHelpsToSolveAnother) {
  EXPECT_TRUE(
      succeeded(values.learn(type("tensor<?x?xf32, #tenon.dims<[past + sequence, sequence]>>"), {10, 3})));
  EXPECT_EQ(values.lookup("past"), 7);
}

TEST_F(SymbolValuesTest, ContradictionsFail) {
  EXPECT_TRUE(failed(values.learn(type("tensor<?x?xf32, #tenon.dims<[batch, batch]>>"), {3, 4})));
  SymbolValues other;
  EXPECT_TRUE(succeeded(other.learn(type("tensor<?xf32, #tenon.dims<[batch]>>"), {3})));
  EXPECT_TRUE(failed(other.learn(type("tensor<?xf32, #tenon.dims<[batch + 1]>>"), {3})));
  EXPECT_TRUE(failed(other.learn(type("tensor<3xf32>"), {4})));
  EXPECT_TRUE(failed(other.learn(type("tensor<3xf32>"), {3, 1})));
}

TEST_F(SymbolValuesTest, UnknownSizesStay) {
  EXPECT_TRUE(succeeded(values.learn(type("tensor<?xf32, #tenon.dims<[batch floordiv 2]>>"), {3})));
  EXPECT_EQ(values.lookup("batch"), std::nullopt);
  EXPECT_FALSE(values.resolve(type("tensor<?xf32, #tenon.dims<[batch]>>")).hasStaticShape());
}
