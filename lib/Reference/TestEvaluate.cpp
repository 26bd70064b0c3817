//===- TestEvaluate.cpp - The pass that tests of the evaluator are written with --------------------===//

#include "tenon/Reference/TestEvaluate.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Reference/Evaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace tenon;

namespace {
struct TestEvaluate : PassWrapper<TestEvaluate, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestEvaluate)

  StringRef getArgument() const override { return "tenon-test-evaluate"; }
  StringRef getDescription() const override {
    return "replace functions without arguments by the constants the reference evaluator computes";
  }
  void getDependentDialects(DialectRegistry &registry) const override { registry.insert<TenonDialect>(); }

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || function.getNumArguments() != 0)
      return;
    FailureOr<SmallVector<HostTensor>> results = reference::evaluate(function, {});
    if (failed(results))
      return signalPassFailure();
    Block &body = function.getBody().front();
    body.dropAllReferences();
    body.clear();
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    SmallVector<Value> constants;
    for (const HostTensor &result : *results)
      constants.push_back(ConstantOp::create(builder, function.getLoc(), result.toElementsAttr("result")));
    func::ReturnOp::create(builder, function.getLoc(), constants);
    function.setType(builder.getFunctionType({}, TypeRange(ValueRange(constants))));
  }
};
} // namespace

void reference::registerTestEvaluatePass() { PassRegistration<TestEvaluate>(); }
