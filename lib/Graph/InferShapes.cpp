//===- InferShapes.cpp - Propagate sizes through the whole function -----------------------------===//
//
// In: a function whose inputs have known sizes, numbers or named symbols, as the importer leaves it. Out: the
// same with the sizes of all values, and ops that take index tensors replaced by their static forms. It comes
// first in the graph phase: everything after it decides by shapes.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"
#include "ResultTypes.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Support/Refusal.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tenon {
#define GEN_PASS_DEF_INFERSHAPES
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

/// Whether the user states the types of its operands elsewhere, so that they must not change under it.
static bool fixesOperandTypes(Operation *user) {
  return isa<KernelOp>(user) || (!isa<TenonDialect>(user->getDialect()) && !isa<func::ReturnOp>(user));
}

namespace {

struct InferShapes : tenon::impl::InferShapesBase<InferShapes> {
  using InferShapesBase::InferShapesBase;

  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  FailureOr<bool> refineResults();
  LogicalResult checkAllKnown();
  std::string wayOut();

  std::shared_ptr<const FrozenRewritePatternSet> foldings;
};

} // namespace

LogicalResult InferShapes::initialize(MLIRContext *context) {
  RewritePatternSet patterns(context);
  populateCanonicalizations(patterns);
  foldings = std::make_shared<FrozenRewritePatternSet>(std::move(patterns));
  return success();
}

/// Gives every result the type that follows from the operands, in program order; whether one has changed.
FailureOr<bool> InferShapes::refineResults() {
  bool changed = false;
  // Inner ops first: the results of a branch follow from what its regions yield.
  WalkResult walk = getOperation().walk([&](Operation *op) {
    if (!isa<TenonDialect>(op->getDialect()) || op->getParentOfType<KernelOp>())
      return WalkResult::advance();
    FailureOr<SmallVector<Type>> types = ruleTypes(op);
    if (failed(types))
      return isa<InferTypeOpInterface>(op) ? WalkResult::interrupt() : WalkResult::advance();
    for (auto [result, inferred] : llvm::zip_equal(op->getResults(), *types)) {
      Type refined = meetTypes(result.getType(), inferred);
      if (refined == result.getType() || llvm::any_of(result.getUsers(), fixesOperandTypes))
        continue;
      result.setType(refined);
      ++numRefined;
      changed = true;
    }
    return WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  return changed;
}

/// What a user can do about sizes that are not known.
std::string InferShapes::wayOut() {
  std::string names;
  for (BlockArgument argument : getOperation().getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.hasStaticShape())
      continue;
    auto name = getOperation().getArgAttrOfType<StringAttr>(argument.getArgNumber(), "tenon.name");
    names += (names.empty() ? "give --shape " : " ") +
             (name ? name.str() : "%arg" + std::to_string(argument.getArgNumber())) + "=...";
  }
  return names.empty() ? "all inputs have static sizes, so this one depends on their elements" : names;
}

/// Reports where sizes become unknown: at ops whose operands are all known.
LogicalResult InferShapes::checkAllKnown() {
  bool allKnown = true;
  auto hasUnknown = [](Type type) { return !unknownDims(type).empty(); };
  for (BlockArgument argument : getOperation().getArguments())
    for (int64_t dim : unknownDims(argument.getType())) {
      emitError(argument.getLoc(), "input ")
          << argument.getArgNumber() << " has no size or name in dimension " << dim << "; " << wayOut();
      allKnown = false;
    }
  getOperation().walk([&](Operation *op) {
    if (llvm::any_of(op->getOperandTypes(), hasUnknown))
      return;
    for (OpResult result : op->getResults())
      for (int64_t dim : unknownDims(result.getType())) {
        op->emitOpError("has a result of unknown size in dimension ") << dim << "; " << wayOut();
        allKnown = false;
      }
  });
  return success(allKnown);
}

void InferShapes::runOnOperation() {
  if (getOperation().isExternal())
    return;
  // Sizes that don't fit each other, or are known only at run time: all that is found here is in the model.
  ScopedDiagnosticHandler refusals(&getContext(), [](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      markAsRefusal(diagnostic);
    return failure();
  });
  FailureOr<bool> changed = true;
  while (*changed) {
    if (failed(refineResults()))
      return signalPassFailure();
    GreedyRewriteConfig config;
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    (void)applyPatternsGreedily(getOperation(), *foldings, config);
    changed = refineResults();
    if (failed(changed))
      return signalPassFailure();
  }
  refineSignature(getOperation());
  if (!allowUnknown && failed(checkAllKnown()))
    signalPassFailure();
}
