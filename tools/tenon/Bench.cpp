//===- Bench.cpp - tenon bench: times a compiled model, or probes the machine's limits --------===//

#include "Commands.h"
#include "Inputs.h"
#include "MachineLimits.h"
#include "ProfiledModel.h"
#include "Quantity.h"
#include "Trace.h"

#include "tenon/Pipeline/OptionText.h"

#include "tenon/Machine/Machine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace {
struct BenchOptions {
  std::string model, trace;
  InputOptions inputs;
  int threads = 0;
  double minSeconds = 2;
  bool json = false, limits = false;
  std::vector<std::string> only;
};

/// Seconds of single calls, sorted.
class Latencies {
public:
  explicit Latencies(std::vector<double> seconds) : sorted(std::move(seconds)) {
    std::sort(sorted.begin(), sorted.end());
  }
  size_t count() const { return sorted.size(); }
  /// The smallest latency that `share` of the calls don't exceed.
  double quantile(double share) const {
    size_t rank = static_cast<size_t>(share * static_cast<double>(sorted.size()));
    return sorted[std::min(rank, sorted.size() - 1)];
  }

private:
  std::vector<double> sorted;
};
} // namespace

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static Latencies timeCalls(LoadedModel &model, const Arguments &arguments, double minSeconds) {
  // The first calls fault in pages and wake threads.
  for (double end = now() + minSeconds / 10; now() < end;)
    model.run(arguments);
  std::vector<double> seconds;
  for (double end = now() + minSeconds, start = now(); start < end || seconds.size() < 10;) {
    model.run(arguments);
    double stop = now();
    seconds.push_back(stop - start);
    start = stop;
  }
  return Latencies(std::move(seconds));
}

/// Multiply-adds of a run, each counted as two, as the manifest tells; 0 if it depends on the inputs.
static double countFlops(const tenon_model &descriptor) {
  llvm::Expected<llvm::json::Value> manifest = llvm::json::parse(descriptor.manifest);
  if (!manifest) {
    llvm::consumeError(manifest.takeError());
    return 0;
  }
  double flops = 0;
  const llvm::json::Object *root = manifest->getAsObject();
  const llvm::json::Array *kernels = root ? root->getArray("kernels") : nullptr;
  if (!kernels || descriptor.symbol_count > 0)
    return 0;
  for (const llvm::json::Value &value : *kernels)
    if (const llvm::json::Object *kernel = value.getAsObject())
      flops += kernel->getNumber("flops").value_or(0) * kernel->getNumber("calls").value_or(1);
  return flops;
}

static void printJson(llvm::json::Object object) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", llvm::json::Value(std::move(object)));
  fmt::print("{}\n", text);
}

/// What the machine calls itself, for whoever compares the limits of several.
static llvm::json::Object describeHost() {
  tenon::Machine machine = tenon::hostMachine();
  llvm::json::Array features;
  for (llvm::StringRef feature : llvm::split(machine.features, ','))
    if (feature.consume_front("+"))
      features.push_back(feature.str());
  return llvm::json::Object{{"triple", machine.triple},
                            {"cpu", machine.cpu},
                            {"features", std::move(features)},
                            {"cores", static_cast<int64_t>(machine.cores)},
                            {"vector_bits", static_cast<int64_t>(machine.vectorBits)},
                            {"l1_bytes", machine.l1Bytes},
                            {"l2_bytes", machine.l2Bytes},
                            {"l3_bytes", machine.l3Bytes}};
}

static void showLimits(const BenchOptions &options) {
  int threads = options.threads ? options.threads : tenon_rt_processor_count();
  std::vector<MachineLimit> limits = measureLimits(threads, options.only);
  if (options.json) {
    llvm::json::Object rates;
    for (const MachineLimit &limit : limits)
      rates[limit.name] = llvm::json::Object{{"rate", limit.rate}, {"unit", limit.unit}};
    printJson(
        llvm::json::Object{{"machine", describeHost()}, {"threads", threads}, {"limits", std::move(rates)}});
    return;
  }
  fmt::print("{} thread{}, {}-bit vectors\n", threads, threads > 1 ? "s" : "",
             tenon::hostMachine().vectorBits);
  std::vector<std::vector<std::string>> rows = {{"limit", "rate", ""}};
  for (const MachineLimit &limit : limits)
    rows.push_back({limit.description, fmt::format("{:.1f}", limit.rate), limit.unit});
  fmt::print("{}", formatTable(rows));
}

/// The model to time; one that is traced may be compiled for it, which uses up the sizes of `inputs`.
static LoadedModel openModel(const BenchOptions &options, InputOptions &inputs) {
  if (options.trace.empty())
    return LoadedModel(options.model, options.threads);
  tenon::CompileOptions compile;
  compile.threads = options.threads;
  if (isModelSource(options.model)) {
    for (const std::string &symbol : inputs.symbols)
      if (std::optional<std::string> problem = tenon::setOption(compile, "symbol", symbol))
        throw Failure("--symbol: " + *problem);
    inputs.symbols.clear();
  }
  return openProfiled(options.model, compile, options.threads);
}

static void bench(const BenchOptions &options) {
  InputOptions inputOptions = options.inputs;
  LoadedModel model = openModel(options, inputOptions);
  if (!inputOptions.seed)
    inputOptions.seed = 1;
  std::vector<HostArray> inputs = makeInputs(model, inputOptions);
  std::vector<int64_t> symbols = model.solveSymbols(inputs);
  std::vector<HostArray> outputs = model.makeOutputs(symbols);

  double peakBefore = measurePeak(model.threads());
  Latencies latencies = timeCalls(model, Arguments(inputs, outputs), options.minSeconds);
  double peak = (peakBefore + measurePeak(model.threads())) / 2;

  if (std::string error;
      !options.trace.empty() &&
      failed(tenon::writeFile(options.trace, traceRuns(model, Arguments(inputs, outputs)), error)))
    throw Failure(error);

  const tenon_model &descriptor = model.descriptor();
  double median = latencies.quantile(0.5), p90 = latencies.quantile(0.9), p99 = latencies.quantile(0.99);
  double gflops = countFlops(descriptor) / median / 1e9;
  int64_t workspace = descriptor.workspace_bytes(symbols.data());
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  double resident = static_cast<double>(usage.ru_maxrss) * 1024;

  if (options.json) {
    printJson(llvm::json::Object{{"model", descriptor.name},
                                 {"threads", model.threads()},
                                 {"calls", static_cast<int64_t>(latencies.count())},
                                 {"min_s", latencies.quantile(0)},
                                 {"median_s", median},
                                 {"p90_s", p90},
                                 {"p99_s", p99},
                                 {"calls_per_s", 1 / median},
                                 {"gflops", gflops},
                                 {"peak_gflops", peak},
                                 {"weights_bytes", descriptor.weights_bytes},
                                 {"workspace_bytes", workspace},
                                 {"max_resident_bytes", resident}});
    return;
  }
  fmt::print("{}: {} thread{}, {} calls\n", descriptor.name, model.threads(), model.threads() > 1 ? "s" : "",
             latencies.count());
  fmt::print("  latency     {} median, {} p90, {} p99\n", formatSeconds(median), formatSeconds(p90),
             formatSeconds(p99));
  fmt::print("  throughput  {:.1f} calls/s\n", 1 / median);
  if (gflops > 0)
    fmt::print("  arithmetic  {:.1f} GFLOP/s{}\n", gflops,
               peak > 0 ? fmt::format(", {:.1f} % of the measured peak of {:.1f}", 100 * gflops / peak, peak)
                        : "");
  fmt::print("  memory      {} weights, {} arena, {} process at most\n",
             formatBytes(descriptor.weights_bytes), formatBytes(workspace), formatBytes(resident));
}

void addBenchCommand(CLI::App &driver, ExitCode &exitCode) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App *command = driver.add_subcommand("bench", "Time a compiled model, or probe this machine's limits");
  CLI::Option *model = command->add_option(
      "MODEL", options->model, "a shared library written by tenon compile; with --trace, also a model");
  options->inputs.addTo(*command);
  command->add_option("--threads", options->threads, "threads to run on; 0, the default, for all processors")
      ->check(CLI::Range(0, TENON_RT_MAX_THREADS));
  command->add_option("--min-time", options->minSeconds, "measure for this long")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.01, 3600.0));
  command
      ->add_option("--trace", options->trace,
                   "also write the kernels of a few runs as JSON trace events, for Perfetto")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "print JSON");
  CLI::Option *limits =
      command->add_flag("--limits", options->limits, "measure this machine's limits instead of a model")
          ->excludes(model);
  command->add_option("--only", options->only, "measure only these limits")
      ->type_name("LIMIT,...")
      ->delimiter(',')
      ->check(CLI::IsMember(limitNames()))
      ->needs(limits);
  command->callback([options] {
    if (options->limits)
      return showLimits(*options);
    if (options->model.empty())
      throw Failure("bench expects a model, or --limits");
    bench(*options);
  });
}
