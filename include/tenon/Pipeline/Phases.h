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

/// What the passes of a phase depend on.
struct PhaseOptions {
  Machine machine;
  /// The machine's name, CPU and features as the user gave them, for passes that take text.
  std::string target = "host", cpu, features;
};

/// Appends the passes of `phase` (graph, kernel, schedule or codegen; the target phase is the Target's).
void buildPhase(Phase phase, mlir::OpPassManager &passes, const PhaseOptions &options);

/// Registers `--tenon-graph`, `--tenon-kernel`, `--tenon-schedule` and `--tenon-codegen`.
void registerPhasePipelines();

} // namespace tenon

#endif // TENON_PIPELINE_PHASES_H
