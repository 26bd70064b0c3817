//===- ProfiledModel.cpp - A model whose kernels can be timed ---------------------------------===//

#include "ProfiledModel.h"

#include "Session.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <chrono>

bool isModelSource(const std::string &path) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  return extension == ".onnx" || extension == ".onnxtxt" || extension == ".mlir";
}

static LoadedModel compileAndLoad(const std::string &path, const tenon::CompileOptions &options,
                                  int threads) {
  Session session;
  std::unique_ptr<tenon::Compilation> compilation =
      Session::require(tenon::Compilation::open(session.context(), path, options));
  Session::require(compilation->run());
  llvm::SmallString<128> library;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("tenon", "so", library))
    throw Failure("cannot make a temporary file: " + code.message());
  // A loaded library needs its file no more.
  llvm::FileRemover remover(library);
  std::string error;
  if (failed(compilation->write(tenon::ArtefactKind::SharedLibrary, library, error)))
    throw Failure(error);
  return LoadedModel(library.str().str(), threads);
}

LoadedModel openProfiled(const std::string &path, tenon::CompileOptions options, int threads) {
  if (isModelSource(path)) {
    options.profile = true;
    options.stopAfter = tenon::Phase::Package;
    return compileAndLoad(path, options, threads);
  }
  LoadedModel model(path, threads);
  if (!(model.descriptor().flags & TENON_MODEL_PROFILE))
    throw Failure(fmt::format("{}: expected a model compiled with --profile, or its source", path));
  return model;
}

KernelRecorder::KernelRecorder(LoadedModel &model, size_t launches) : model(model) {
  // A pool cuts a loop into at most 16 pieces a thread.
  events.resize(std::max<size_t>(launches, 1) * (1 + 16 * static_cast<size_t>(model.threads())));
  tenon_rt_recorder_init(&recorder, events.data(), static_cast<int64_t>(events.size()));
  model.setProfile(&recorder.profile);
}

KernelRecorder::~KernelRecorder() { model.setProfile(nullptr); }

llvm::ArrayRef<tenon_rt_event> KernelRecorder::run(const Arguments &arguments) {
  tenon_rt_recorder_clear(&recorder);
  model.run(arguments);
  if (int64_t lost = tenon_rt_recorder_lost(&recorder); lost > 0) {
    events.resize(events.size() + static_cast<size_t>(lost));
    tenon_rt_recorder_init(&recorder, events.data(), static_cast<int64_t>(events.size()));
    return run(arguments);
  }
  return llvm::ArrayRef<tenon_rt_event>(events).take_front(
      static_cast<size_t>(tenon_rt_recorder_count(&recorder)));
}

static double median(std::vector<double> &values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

LaunchTimes timeLaunches(LoadedModel &model, const Arguments &arguments, size_t launches, double minSeconds) {
  static constexpr size_t leastRuns = 5, mostRuns = 2000;
  KernelRecorder recorder(model, launches);
  // The first calls fault in pages and wake threads.
  for (double end = now() + minSeconds / 10; now() < end;)
    (void)recorder.run(arguments);

  std::vector<double> runs;
  std::vector<std::vector<double>> samples(launches);
  for (double end = now() + minSeconds; runs.size() < leastRuns || (now() < end && runs.size() < mostRuns);) {
    double start = now();
    llvm::ArrayRef<tenon_rt_event> events = recorder.run(arguments);
    runs.push_back(now() - start);
    for (std::vector<double> &sample : samples)
      sample.push_back(0);
    for (const tenon_rt_event &event : events)
      if (event.kind == TENON_RT_EVENT_LAUNCH)
        samples[event.launch].back() += static_cast<double>(event.end - event.begin) * 1e-9;
  }
  LaunchTimes times;
  times.runs = runs.size();
  times.run = median(runs);
  for (std::vector<double> &sample : samples)
    times.launches.push_back(median(sample));
  return times;
}
