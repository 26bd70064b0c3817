//===- Passes.h - Passes of the graph phase -----------------------------------------------------------===//

#ifndef TENON_GRAPH_PASSES_H
#define TENON_GRAPH_PASSES_H

#include "tenon/Dialect/Tenon/IR/OpEvaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "tenon/Graph/Passes.h.inc"

/// FoldConstants with the evaluator that computes the values.
std::unique_ptr<mlir::Pass> createFoldConstantsPass(OpEvaluator evaluator, FoldConstantsOptions options = {});
/// UnrollControlFlow with the evaluator that decides conditions; without one, only sizes and constants
/// decide.
std::unique_ptr<mlir::Pass> createUnrollControlFlowPass(OpEvaluator evaluator,
                                                        UnrollControlFlowOptions options = {});

#define GEN_PASS_REGISTRATION
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

#endif // TENON_GRAPH_PASSES_H
