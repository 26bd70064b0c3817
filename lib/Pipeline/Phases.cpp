//===- Phases.cpp - Every pass, in order ------------------------------------------------------===//
//
//  model.onnx ─import→ tenon ops ─graph→ kernels of tenon ops ─kernel→ functions of structured ops
//    ─schedule→ each with a #tenon.schedule ─codegen→ loops of vectors and one arena ─target→ objects
//    ─package→ artefact
//
// THE page: nothing else orders passes. One line a pass, and why it stands there.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Pipeline/Phases.h"

#include "tenon/Codegen/Passes.h"
#include "tenon/Conversion/Passes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Graph/Passes.h"
#include "tenon/Kernel/Passes.h"
#include "tenon/Reference/Evaluator.h"
#include "tenon/Schedule/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace tenon;

static constexpr llvm::StringLiteral names[] = {"import",  "graph",  "kernel", "schedule",
                                                "codegen", "target", "package"};

StringRef tenon::stringify(Phase phase) { return names[static_cast<unsigned>(phase)]; }

std::optional<Phase> tenon::parsePhase(StringRef name) {
  for (unsigned i = 0; i < std::size(names); ++i)
    if (names[i] == name)
      return static_cast<Phase>(i);
  return std::nullopt;
}

static constexpr llvm::StringLiteral accuracies[] = {"full", "high", "moderate"};

StringRef tenon::stringify(Accuracy accuracy) { return accuracies[static_cast<unsigned>(accuracy)]; }

std::optional<Accuracy> tenon::parseAccuracy(StringRef name) {
  for (unsigned i = 0; i < std::size(accuracies); ++i)
    if (accuracies[i] == name)
      return static_cast<Accuracy>(i);
  return std::nullopt;
}

static std::unique_ptr<Pass> foldConstants(FoldConstantsOptions options = {}) {
  return createFoldConstantsPass(reference::makeOpEvaluator(), options);
}

// Tables: a pass and its reason side by side.
// clang-format off

static void buildGraph(OpPassManager &passes, const PhaseOptions &options) {
  ApplyWinogradOptions winograd;
  winograd.largestTile = 2 * static_cast<int64_t>(options.accuracy); // none, 2x2, 4x4
  winograd.machine = options.target;
  winograd.cpu = options.cpu;
  winograd.features = options.features;
  auto evaluator = reference::makeOpEvaluator();
  InferShapesOptions first;
  first.allowUnknown = true;
  passes.addNestedPass<func::FuncOp>(createInferShapes(first));   // first: every other pass reads shapes
  passes.addNestedPass<func::FuncOp>(foldConstants());            // decides conditions and trip counts
  passes.addNestedPass<func::FuncOp>(createUnrollControlFlowPass(evaluator)); // nothing after it knows of regions
  passes.addNestedPass<func::FuncOp>(createInferShapes());        // with sizes that were computed, and of iterations
  passes.addNestedPass<func::FuncOp>(foldConstants());            // parameters of ops become attributes where they can
  passes.addNestedPass<func::FuncOp>(createDecomposeRecurrent()); // its steps are plain ops for all that follows
  passes.addPass(createCSEPass());                                // exporters repeat themselves; patterns count uses
  passes.addNestedPass<func::FuncOp>(createRecoverPatterns());    // while exporters' idioms still stand as written
  passes.addNestedPass<func::FuncOp>(createSimplify());           // statistics and factors move into the weights
  passes.addNestedPass<func::FuncOp>(createRecoverAttention());   // scales are products by now, and some moved into weights
  passes.addNestedPass<func::FuncOp>(createChooseLayouts());      // channels last, before fusion hides the transposes
  passes.addNestedPass<func::FuncOp>(createDecomposeConvTranspose()); // phases interleave where channels stand together
  passes.addNestedPass<func::FuncOp>(createSimplify());           // transposes that met cancel
  passes.addNestedPass<func::FuncOp>(createApplyWinograd(winograd));       // on final layouts; before weights are folded
  passes.addNestedPass<func::FuncOp>(foldConstants());            // weights in the layout and scale the passes asked for
  passes.addPass(createCSEPass());
  passes.addNestedPass<func::FuncOp>(createFormKernels());        // last: nothing moves across kernels after it
}

static void buildKernel(OpPassManager &passes) {
  passes.addPass(createConvertTenonToLinalg());                   // one dialect step: structured ops inside kernels
  passes.addPass(createCSEPass());                                // equal empties and fills become one: kernels compare equal
  passes.addPass(createIsolatePlacements());                      // before outlining: its copies are kernels too
  passes.addPass(createCollapseDimensions());                     // after placements, which fix the strides of results
  passes.nest<func::FuncOp>().addNestedPass<KernelOp>(createCSEPass()); // the fills it repeats, but not equal copies
  passes.addPass(createOutlineKernels());                         // equal kernels become one function
  passes.addNestedPass<func::FuncOp>(createOfferCopies());        // of operands known not to be constant by now
}

static void buildSchedule(OpPassManager &passes, const PhaseOptions &options) {
  ChooseSchedulesOptions choose;
  choose.machine = options.target;
  choose.cpu = options.cpu;
  choose.features = options.features;
  choose.cores = options.machine.cores;
  passes.addPass(createChooseSchedules(choose));                  // a function with a schedule keeps it
  InterleaveKernelsOptions interleave;
  interleave.machine = options.target;
  interleave.cpu = options.cpu;
  interleave.features = options.features;
  interleave.cores = options.machine.cores;
  interleave.regardless = options.interleaving == Interleaving::All;
  if (options.interleaving != Interleaving::None)
    passes.addPass(createInterleaveKernels(interleave));          // last: the schedules say how kernels proceed
}

static void buildCodegen(OpPassManager &passes, const PhaseOptions &options) {
  PackOperandsOptions pack;
  pack.vectorBits = options.machine.vectorBits;
  pack.lineBytes = options.machine.cacheLineBytes;
  pack.wholeRows = options.machine.vscaleBits != 0;
  passes.addPass(createPackOperands(pack));                       // after scheduling: the tile decides the layout
  FoldConstantsOptions anySize;
  anySize.slackBytes = std::numeric_limits<int64_t>::max();
  passes.addNestedPass<func::FuncOp>(foldConstants(anySize));    // carries the packing out on the weights
  EmitKernelsOptions emit;
  emit.vectorBits = options.machine.vectorBits;
  emit.vscaleBits = options.machine.vscaleBits;
  emit.scalableF16 = options.machine.hasF16Conversion;
  emit.scalableBF16 = options.machine.hasBF16Conversion;
  emit.fuseMultiplyAdd = options.machine.hasFma;
  emit.maxScratchBytes = options.machine.maxScratchBytes;
  passes.addPass(createEmitKernels(emit));                        // loops and vectors; tensors are gone from kernels
  passes.addPass(createPlanMemory());                             // needs the kernels' ranges and result layouts
  passes.addPass(createCSEPass());                                // the emitter repeats index arithmetic
}

// clang-format on

void tenon::buildPhase(Phase phase, OpPassManager &passes, const PhaseOptions &options) {
  switch (phase) {
  case Phase::Graph:
    return buildGraph(passes, options);
  case Phase::Kernel:
    return buildKernel(passes);
  case Phase::Schedule:
    return buildSchedule(passes, options);
  case Phase::Codegen:
    return buildCodegen(passes, options);
  case Phase::Import:
  case Phase::Target:
  case Phase::Package:
    return; // not passes over one module: the importer, the Target and the packager
  }
}

namespace {
struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  Option<std::string> machine{*this, "machine", llvm::cl::desc("Name of the machine"),
                              llvm::cl::init("host")};
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("Another CPU, by its LLVM name")};
  Option<std::string> features{*this, "features", llvm::cl::desc("LLVM features to add or remove, +a,-b")};
  Option<Accuracy> accuracy{
      *this, "accuracy", llvm::cl::desc("How far results may depart from the model's own sums"),
      llvm::cl::init(Accuracy::Full),
      llvm::cl::values(clEnumValN(Accuracy::Full, "full", "not at all"),
                       clEnumValN(Accuracy::High, "high", "as far as summing in f32 does"),
                       clEnumValN(Accuracy::Moderate, "moderate", "about four times as far"))};
};
} // namespace

void tenon::registerPhasePipelines() {
  for (Phase phase : {Phase::Graph, Phase::Kernel, Phase::Schedule, Phase::Codegen}) {
    PassPipelineRegistration<PipelineOptions>(
        ("tenon-" + stringify(phase)).str(), ("The passes of the " + stringify(phase) + " phase").str(),
        [phase](OpPassManager &passes, const PipelineOptions &given) {
          PhaseOptions options;
          options.target = given.machine;
          options.cpu = given.cpu;
          options.features = given.features;
          options.accuracy = given.accuracy;
          llvm::FailureOr<Machine> machine = lookupMachine(given.machine, given.cpu, given.features);
          if (succeeded(machine))
            options.machine = *machine;
          buildPhase(phase, passes, options);
        });
  }
}
