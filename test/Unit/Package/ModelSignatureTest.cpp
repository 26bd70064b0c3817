//===- ModelSignatureTest.cpp - Names, size expressions, and signatures read from functions ---===//

#include "tenon/Package/ModelSignature.h"

#include "tenon-rt/tensor.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;

namespace {

TEST(Identifier, IsValidInCAndCPlusPlus) {
  EXPECT_EQ(makeIdentifier("logits"), "logits");
  EXPECT_EQ(makeIdentifier("input.1"), "input_1");
  EXPECT_EQ(makeIdentifier("1x"), "_1x");
  EXPECT_EQ(makeIdentifier(""), "_");
  EXPECT_EQ(makeIdentifier("int"), "int_");
  EXPECT_EQ(makeIdentifier("template"), "template_");
  EXPECT_EQ(makeIdentifier("na\xc3\xafve"), "na__ve");
}

class Size : public testing::Test {
protected:
  AffineExpr constant(int64_t value) { return getAffineConstantExpr(value, &context); }
  std::string print(AffineExpr size) { return printSize(size, {"n", "m"}); }
  MLIRContext context;
  AffineExpr n = getAffineSymbolExpr(0, &context), m = getAffineSymbolExpr(1, &context);
};

TEST_F(Size, PrintsAsC) {
  EXPECT_EQ(print(constant(64)), "64");
  EXPECT_EQ(print(n), "n");
  EXPECT_EQ(print(n * 2 + 1), "2 * n + 1");
  EXPECT_EQ(print((n - 3).floorDiv(2) + 1), "(n - 3) / 2 + 1");
  EXPECT_EQ(print((n + m).ceilDiv(16) * 16), "16 * ((n + m + 15) / 16)");
  EXPECT_EQ(print(n * m), "n * m");
  EXPECT_EQ(print(n - m), "n - m");
  EXPECT_EQ(print(n - m * 3), "n - 3 * m");
  EXPECT_EQ(print(n % 4), "n % 4");
}

TEST_F(Size, KnowsLinearForms) {
  FailureOr<LinearSize> linear = getLinearSize((n + m * 2) * 3 - 4, 2);
  ASSERT_TRUE(succeeded(linear));
  EXPECT_EQ(linear->constant, -4);
  EXPECT_EQ(linear->coefficients[0], 3);
  EXPECT_EQ(linear->coefficients[1], 6);
  EXPECT_TRUE(failed(getLinearSize(n * m, 2)));
  EXPECT_TRUE(failed(getLinearSize(n.floorDiv(2), 2)));
}

class Signature : public testing::Test {
protected:
  Signature() {
    DialectRegistry registry;
    registry.insert<TenonDialect, func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  /// Reads the signature of a declaration `@main`; its diagnostics go to `messages`.
  FailureOr<ModelSignature> read(const std::string &type) {
    module = parseSourceString<ModuleOp>(
        "module attributes {tenon.model = \"my-model\"} { func.func private @main" + type + " }", &context);
    EXPECT_TRUE(module);
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) { messages += diagnostic.str(); });
    return readSignature(module->lookupSymbol<func::FuncOp>("main"));
  }
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string messages;
};

TEST_F(Signature, ReadsNamesTypesAndSizes) {
  FailureOr<ModelSignature> signature = read(R"((
    tensor<?x?x8xf32, #tenon.dims<[batch, sequence + 1, 8]>> {tenon.name = "tokens"}, tensor<2xui8>
  ) -> (tensor<?x?xi1, #tenon.dims<[sequence floordiv 2, batch]>> {tenon.name = "mask"}))");
  ASSERT_TRUE(succeeded(signature)) << messages;
  EXPECT_EQ(signature->name, "my_model");
  EXPECT_EQ(signature->symbols, (std::vector<std::string>{"batch", "sequence"}));
  ASSERT_EQ(signature->inputs.size(), 2u);
  EXPECT_EQ(signature->inputs[0].name, "tokens");
  EXPECT_EQ(signature->inputs[0].dtype, TENON_DTYPE_FLOAT32);
  EXPECT_EQ(printSize(signature->inputs[0].sizes[1], signature->symbols), "sequence + 1");
  EXPECT_EQ(signature->inputs[1].name, "input1");
  EXPECT_EQ(signature->inputs[1].dtype, TENON_DTYPE_UINT8);
  ASSERT_EQ(signature->outputs.size(), 1u);
  EXPECT_EQ(signature->outputs[0].dtype, TENON_DTYPE_BOOL);
  EXPECT_EQ(printSize(signature->outputs[0].sizes[0], signature->symbols), "sequence / 2");
  EXPECT_EQ(printSize(signature->outputs[0].sizes[1], signature->symbols), "batch");
}

TEST_F(Signature, RefusesSizesWithoutName) {
  EXPECT_TRUE(failed(read("(tensor<?xf32> {tenon.name = \"x\"})")));
  EXPECT_EQ(messages,
            "input 'x' expects a size in dimension 0 that follows from the inputs, but got 'tensor<?xf32>'");
}

TEST_F(Signature, RefusesSymbolsTheInputsDoNotTell) {
  EXPECT_TRUE(failed(read("(tensor<?xf32, #tenon.dims<[a + b]>>)")));
  EXPECT_EQ(messages, "the value of 'a' doesn't follow from the shapes of the inputs");
}

TEST_F(Signature, RefusesTypesThatCannotCross) {
  EXPECT_TRUE(failed(read("(tensor<2xindex> {tenon.name = \"x\"})")));
  EXPECT_EQ(messages, "input 'x' has element type 'index', which can't cross the C interface");
}

} // namespace
