//===- Compiler.h - From a model to an artefact -------------------------------------------------------===//
//
// What the driver, the C ABI and tests call: options in one struct, one call a compilation. Diagnostics go to
// the handlers of the MLIR context; nothing is printed here.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_PIPELINE_COMPILER_H
#define TENON_PIPELINE_COMPILER_H

#include "tenon/Machine/Machine.h"
#include "tenon/Package/Package.h"
#include "tenon/Pipeline/GuardedRun.h"
#include "tenon/Pipeline/Phases.h"
#include "tenon/Support/MappedBytes.h"
#include "tenon/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <utility>
#include <vector>

namespace tenon {

/// How a model is compiled. The defaults are what a user wants: this machine, full optimization.
struct CompileOptions {
  /// The machine compiled for: a name lookupMachine knows, and LLVM's CPU and features in place of its own.
  std::string target = "host";
  std::string cpu;
  std::string features;

  /// Sizes of inputs set by hand: "input" to {1, 3, 224, 224}; -1 leaves a size as it is.
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes;
  /// Values of the model's symbols: "batch" to 1.
  std::vector<std::pair<std::string, int64_t>> symbols;

  /// Threads the program is meant to run on; 0 for the machine's cores. It decides how finely kernels are
  /// split, not how many threads run them.
  unsigned threads = 0;
  /// How far results may be from those of the model's own sums.
  Accuracy accuracy = Accuracy::Full;
  /// Which kernels run in turns rather than one after another; none in code with `profile`, which times them
  /// one by one.
  Interleaving interleaving = Interleaving::Profitable;
  /// Whether weights become part of the artefact, or are handed to each run.
  bool embedWeights = true;
  /// Whether the host of the model can have its kernels watched (tenon_profile of tenon-rt/model.h). Code
  /// without it doesn't pay for it.
  bool profile = false;

  /// Schedules given by hand, as text of #tenon.schedule, by the name of the kernel.
  std::vector<std::pair<std::string, std::string>> schedules;

  /// Whether machine code and schedules are taken from and added to the cache of CacheFolder::defaultPath.
  /// They are the same either way.
  bool cache = true;

  /// Whether a defect of the compiler, a crash in a pass included, leaves a reproducer in the system's folder
  /// for temporary files. For processes that do nothing but compile: it handles signals.
  bool reproduceDefects = false;

  /// The last phase to run.
  Phase stopAfter = Phase::Package;
  /// Whether the verifier runs after every pass, rather than at the phases' ends.
  bool verifyEach = false;
};

/// One kernel as reports show it.
struct KernelReport {
  std::string name;
  std::string source;     ///< the model's ops it came from
  std::string schedule;   ///< text of #tenon.schedule; empty for a kernel with a lowering of its own
  std::string arithmetic; ///< element type of what is multiplied and added ("f32", "i8"); empty if nothing is
  double flops = 0;       ///< 2 for a multiply-add; 0 if nothing is multiplied and added
  double bytes = 0;       ///< of the tensors it reads and writes, each once
  double weightBytes = 0; ///< those of `bytes` that are weights
  double cycles = 0;      ///< estimated, on one core; 0 without an estimate
  unsigned calls = 1;
};

/// One launch of the program, in order, and where its data comes from.
struct LaunchReport {
  unsigned kernel;                 ///< place in the kernels
  std::string source;              ///< the model's ops it came from
  std::vector<unsigned> producers; ///< earlier launches whose results it reads
  std::vector<unsigned> inputs;    ///< the model's inputs it reads
  std::vector<unsigned> outputs;   ///< the model's outputs it computes
  std::vector<unsigned> weights;   ///< the constants it reads, numbered through the program
  bool serial = false;             ///< whether it always runs on one thread
};

/// What a phase took.
struct PhaseTime {
  Phase phase;
  double seconds;
};

/// A model on its way through the phases.
class Compilation {
public:
  /// Starts with the model in `path`: .onnx, its text forms, or .mlir of the tenon dialect. Fails with a
  /// diagnostic.
  static mlir::FailureOr<std::unique_ptr<Compilation>> open(mlir::MLIRContext &context, llvm::StringRef path,
                                                            const CompileOptions &options);
  /// Starts with a module as an importer leaves it, locations and all. Fails with a diagnostic.
  static mlir::FailureOr<std::unique_ptr<Compilation>> open(mlir::OwningOpRef<mlir::ModuleOp> module,
                                                            const CompileOptions &options);
  /// Runs every phase up to and with `options.stopAfter` but packaging. Fails with a diagnostic; what has
  /// failed is not to be used after that.
  llvm::LogicalResult run();

  /// How the run ended, and why it failed.
  RunResult getResult() const { return result; }

  /// Writes an artefact; needs a run through the target phase. `error` says why it failed, naming the path.
  llvm::LogicalResult write(ArtefactKind kind, llvm::StringRef path, std::string &error);
  /// Writes the assembly or LLVM IR text of the code; needs a run through the codegen phase.
  llvm::LogicalResult writeCode(OutputKind kind, llvm::StringRef path, std::string &error);

  /// The module as the last phase left it.
  mlir::ModuleOp getModule() { return *module; }
  const Machine &getMachine() const { return machine; }
  const ModelSignature &getSignature() const { return signature; }
  llvm::ArrayRef<KernelReport> getKernels() const { return kernels; }
  llvm::ArrayRef<LaunchReport> getLaunches() const { return launches; }
  /// Wall time of the phases run so far, in order.
  llvm::ArrayRef<PhaseTime> getTimes() const { return times; }
  /// Objects of machine code, one for each kernel and one for the program around them, and how many of them
  /// came from the cache.
  size_t getNumObjects() const { return objects.size(); }
  size_t getNumCached() const { return numCached; }
  /// JSON with all a report needs: signature, kernels, bytes of weights and arena; also embedded in the
  /// artefact.
  const std::string &getManifest() const { return manifest; }

private:
  Compilation(CompileOptions options, Machine machine)
      : options(std::move(options)), machine(std::move(machine)) {}
  static mlir::FailureOr<std::unique_ptr<Compilation>> start(mlir::MLIRContext &context,
                                                             const CompileOptions &options);
  llvm::LogicalResult runPhase(Phase phase);
  llvm::LogicalResult runGuarded(Phase phase, mlir::ModuleOp before,
                                 llvm::function_ref<llvm::LogicalResult()> run);
  llvm::LogicalResult applyGivenSchedules();
  llvm::LogicalResult compileKernels();
  void releasePages() const;
  llvm::LogicalResult describeProgram();

  CompileOptions options;
  Machine machine;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ModelSignature signature;
  std::vector<KernelReport> kernels;
  std::vector<LaunchReport> launches;
  std::vector<PhaseTime> times;
  std::vector<MappedBytes> files;
  std::string manifest;
  RunResult result = RunResult::Done;
  std::vector<ObjectBytes> objects;
  size_t numCached = 0;
  mlir::AffineMap workspaceBytes;
  mlir::ArrayAttr weights;
  std::vector<int64_t> weightOffsets;
  int64_t weightsBytes = 0;
};

/// A context with every dialect a compilation needs, ready for several compilations one after the other.
std::unique_ptr<mlir::MLIRContext> makeContext();

} // namespace tenon

#endif // TENON_PIPELINE_COMPILER_H
