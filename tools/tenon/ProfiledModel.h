//===- ProfiledModel.h - A model whose kernels can be timed -----------------------------------===//

#ifndef TENON_TOOLS_TENON_PROFILEDMODEL_H
#define TENON_TOOLS_TENON_PROFILEDMODEL_H

#include "LoadedModel.h"

#include "tenon-rt/profile.h"

#include "tenon/Pipeline/Compiler.h"

#include <vector>

/// Whether the file is a model to compile, rather than a compiled one.
bool isModelSource(const std::string &path);

/// Loads the compiled model at `path`, or compiles the model there with `options` for this process alone.
/// Throws a Failure if it was compiled without profiling.
LoadedModel openProfiled(const std::string &path, tenon::CompileOptions options, int threads);

/// The events of the runs of one model.
class KernelRecorder {
public:
  /// `launches` is their number in the manifest; the model is watched until the recorder goes away.
  KernelRecorder(LoadedModel &model, size_t launches);
  ~KernelRecorder();
  KernelRecorder(const KernelRecorder &) = delete;
  KernelRecorder &operator=(const KernelRecorder &) = delete;

  /// Runs the model once more. The events, in order of their ends, are those of this run alone and are valid
  /// until the next.
  llvm::ArrayRef<tenon_rt_event> run(const Arguments &arguments);

private:
  LoadedModel &model;
  std::vector<tenon_rt_event> events;
  tenon_rt_recorder recorder;
};

/// How long runs and launches take, in seconds: medians over many runs.
struct LaunchTimes {
  size_t runs = 0;
  double run = 0;
  std::vector<double> launches;
};

/// Runs the model for about `minSeconds`.
LaunchTimes timeLaunches(LoadedModel &model, const Arguments &arguments, size_t launches, double minSeconds);

#endif // TENON_TOOLS_TENON_PROFILEDMODEL_H
