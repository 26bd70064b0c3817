//===- Simplify.cpp - Algebra over the whole program --------------------------------------------===//
//
// In: a function of tenon ops. Out: the same function in fewer and cheaper ops: identities, constant factors
// moved into weights, normalizations with given statistics taken apart, reshapes moved together, equal ops
// merged. What it leaves to be computed from constants is for constant folding. It stands before the passes
// that look for larger forms.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"

namespace tenon {
#define GEN_PASS_DEF_SIMPLIFY
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {

struct Simplify : tenon::impl::SimplifyBase<Simplify> {
  using SimplifyBase::SimplifyBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateCanonicalizations(set);
    populateArithmeticSimplifications(set);
    populateWeightFoldings(set);
    populateRelayoutSimplifications(set);
    patterns = std::make_shared<FrozenRewritePatternSet>(std::move(set));
    return success();
  }

  void runOnOperation() override {
    // Patterns look at numbers of uses, which merging equal ops changes.
    bool changed = true;
    for (int64_t round = 0; changed && round < maxRounds; ++round) {
      IRRewriter rewriter(&getContext());
      DominanceInfo dominance(getOperation());
      bool merged = false;
      eliminateCommonSubExpressions(rewriter, dominance, getOperation(), &merged);
      if (failed(applyUntilStable(getOperation(), *patterns, &changed)))
        return signalPassFailure();
      changed |= merged;
    }
  }

  std::shared_ptr<const FrozenRewritePatternSet> patterns;
};

} // namespace
