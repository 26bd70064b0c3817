#include "tenon/Target/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
namespace tenon {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "tenon/Target/Passes.h.inc"
} // namespace tenon
using namespace mlir;
namespace {
struct ApproximateMathPass : tenon::impl::ApproximateMathPassBase<ApproximateMathPass> {
  void runOnOperation() override {
    RewritePatternSet p(&getContext());
    populateMathPolynomialApproximationPatterns(p, [](StringRef) { return true; });
    (void)applyPatternsGreedily(getOperation(), std::move(p));
  }
};
} // namespace
