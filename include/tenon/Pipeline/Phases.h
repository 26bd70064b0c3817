//===- Phases.h - The seven phases, by name -------------------------------------------------------------===//

#ifndef TENON_PIPELINE_PHASES_H
#define TENON_PIPELINE_PHASES_H

#include "tenon/Machine/Machine.h"

#include "mlir/Pass/PassManager.h"

namespace tenon {

/// The phases in order. Their names in lower case are the vocabulary of options, folders and reports.
enum class Phase { Import, Graph, Kernel, Schedule, Codegen, Target, Package };

llvm::StringRef stringify(Phase phase);
std::optional<Phase> parsePhase(llvm::StringRef name);

/// How far the compiler may depart from computing what the model says, term by term, to be faster. Measured
/// errors: docs/Rationale/Winograd.md.
enum class Accuracy {
  /// Every sum of products is that of the model: only the order of summation is free.
  Full,
  /// Besides, sums may be regrouped where that loses no more than summing in f32 does: Winograd's
  /// convolutions
  /// of 2x2 results.
  High,
  /// Besides, up to about four times that error for convolutions: Winograd's of 4x4 results.
  Moderate
};

llvm::StringRef stringify(Accuracy accuracy);
std::optional<Accuracy> parseAccuracy(llvm::StringRef name);

/// Which kernels take turns (InterleaveKernels).
enum class Interleaving {
  None,
  /// Those that save time by the estimate.
  Profitable,
  /// All that can, as tests want it.
  All
};

/// What the passes of a phase depend on.
struct PhaseOptions {
  Machine machine;
  Accuracy accuracy = Accuracy::Full;
  /// The machine's name, CPU and features as the user gave them, for passes that take text.
  std::string target = "host", cpu, features;
  Interleaving interleaving = Interleaving::Profitable;
};

/// Appends the passes of `phase` (graph, kernel, schedule or codegen; the target phase is the Target's).
void buildPhase(Phase phase, mlir::OpPassManager &passes, const PhaseOptions &options);

/// Registers `--tenon-graph`, `--tenon-kernel`, `--tenon-schedule` and `--tenon-codegen`.
void registerPhasePipelines();

} // namespace tenon

#endif // TENON_PIPELINE_PHASES_H
