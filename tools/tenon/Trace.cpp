//===- Trace.cpp - Kernels on their threads over time -----------------------------------------===//
//
// The format: "Trace Event Format", the array form in an object. A slice is an event of phase X with begin
// and duration; slices of one thread nest. Names of threads are events of phase M.
//
//===----------------------------------------------------------------------------------------===//

#include "Trace.h"

#include "Manifest.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

#include <chrono>
#include <set>

namespace {
/// One call of the model.
struct TracedRun {
  int64_t begin = 0, end = 0;
  std::vector<tenon_rt_event> events;
};

class TraceWriter {
public:
  TraceWriter(llvm::raw_ostream &stream, const tenon_model &model, const std::vector<TracedRun> &runs)
      : json(stream), model(model), manifest(readManifest(model)), runs(runs) {}

  void write();

private:
  void name(const char *what, int32_t thread, const std::string &text);
  void slice(const std::string &text, const char *category, int32_t thread, int64_t begin, int64_t end,
             llvm::function_ref<void()> writeArguments);
  void microseconds(const char *key, int64_t nanoseconds);
  void writeRun(size_t number);
  void writeEvent(const tenon_rt_event &event);

  llvm::json::OStream json;
  const tenon_model &model;
  Manifest manifest;
  const std::vector<TracedRun> &runs;
  /// The thread that runs the model.
  int32_t caller = 0;
};
} // namespace

static constexpr int64_t processNumber = 1;

static int64_t nowNanoseconds() {
  // The clock of the recorder's events.
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void TraceWriter::name(const char *what, int32_t thread, const std::string &text) {
  json.object([&] {
    json.attribute("ph", "M");
    json.attribute("name", what);
    json.attribute("pid", processNumber);
    json.attribute("tid", thread);
    json.attributeObject("args", [&] { json.attribute("name", text); });
  });
}

void TraceWriter::microseconds(const char *key, int64_t nanoseconds) {
  json.attributeBegin(key);
  json.rawValue(fmt::format("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000));
  json.attributeEnd();
}

void TraceWriter::slice(const std::string &text, const char *category, int32_t thread, int64_t begin,
                        int64_t end, llvm::function_ref<void()> writeArguments) {
  json.object([&] {
    json.attribute("ph", "X");
    json.attribute("name", text);
    json.attribute("cat", category);
    json.attribute("pid", processNumber);
    json.attribute("tid", thread);
    microseconds("ts", begin - runs.front().begin);
    microseconds("dur", end - begin);
    json.attributeObject("args", writeArguments);
  });
}

void TraceWriter::writeEvent(const tenon_rt_event &event) {
  const ManifestLaunch &launch = manifest.launches[event.launch];
  const ManifestKernel &kernel = manifest.kernels[launch.kernel];
  std::string text = launch.source.empty() ? kernel.name : launch.source;
  bool isLaunch = event.kind == TENON_RT_EVENT_LAUNCH;
  slice(text, isLaunch ? "launch" : "range", event.thread, event.begin, event.end, [&] {
    json.attribute("kernel", kernel.name);
    json.attribute("launch", event.launch);
    if (isLaunch) {
      json.attribute("flops", kernel.flops);
      json.attribute("bytes", kernel.bytes);
      json.attribute("schedule", kernel.schedule);
    } else {
      json.attribute("begin", event.range_begin);
      json.attribute("end", event.range_end);
    }
  });
}

void TraceWriter::writeRun(size_t number) {
  const TracedRun &run = runs[number];
  slice(fmt::format("run {}", number), "run", caller, run.begin, run.end, [&] {});
  for (const tenon_rt_event &event : run.events)
    writeEvent(event);
}

void TraceWriter::write() {
  std::set<int32_t> threads;
  for (const TracedRun &run : runs)
    for (const tenon_rt_event &event : run.events) {
      threads.insert(event.thread);
      if (event.kind == TENON_RT_EVENT_LAUNCH)
        caller = event.thread;
    }
  threads.insert(caller);
  json.object([&] {
    json.attribute("displayTimeUnit", "ns");
    json.attributeArray("traceEvents", [&] {
      name("process_name", caller, model.name);
      int workers = 0;
      for (int32_t thread : threads)
        name("thread_name", thread, thread == caller ? "caller" : fmt::format("worker {}", ++workers));
      for (size_t number = 0; number < runs.size(); ++number)
        writeRun(number);
    });
  });
}

std::string traceRuns(LoadedModel &model, const Arguments &arguments) {
  static constexpr size_t warmingRuns = 2, tracedRuns = 5;
  KernelRecorder recorder(model, readManifest(model.descriptor()).launches.size());
  std::vector<TracedRun> runs;
  for (size_t i = 0; i < warmingRuns + tracedRuns; ++i) {
    TracedRun run;
    run.begin = nowNanoseconds();
    llvm::ArrayRef<tenon_rt_event> events = recorder.run(arguments);
    run.end = nowNanoseconds();
    run.events.assign(events.begin(), events.end());
    if (i >= warmingRuns)
      runs.push_back(std::move(run));
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  TraceWriter(stream, model.descriptor(), runs).write();
  return text;
}
