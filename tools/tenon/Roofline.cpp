//===- Roofline.cpp - Kernels against the limits of this machine ------------------------------===//

#include "Roofline.h"

#include "Failure.h"
#include "MachineLimits.h"
#include "Quantity.h"

#include "tenon/Machine/Machine.h"
#include "tenon/Machine/Probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

//===----------------------------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------------------------===//

/// What MachineLimits calls each rate.
static constexpr std::pair<const char *, double Ceilings::*> namedRates[] = {
    {"f32", &Ceilings::f32}, {"bf16", &Ceilings::bf16}, {"int8", &Ceilings::int8},    {"l1", &Ceilings::l1},
    {"l2", &Ceilings::l2},   {"l3", &Ceilings::l3},     {"memory", &Ceilings::memory}};

Ceilings measureCeilings(int threads) {
  Ceilings ceilings;
  ceilings.threads = threads;
  for (const MachineLimit &limit : measureLimits(threads))
    for (auto [name, rate] : namedRates)
      if (limit.name == llvm::StringRef(name))
        ceilings.*rate = limit.rate;
  return ceilings;
}

static Ceilings highest(const Ceilings &a, Ceilings b) {
  for (auto [name, rate] : namedRates)
    b.*rate = std::max(a.*rate, b.*rate);
  return b;
}

const char *stringify(Bound bound) {
  static constexpr const char *names[] = {"compute", "L1", "L2", "L3", "memory"};
  return names[static_cast<size_t>(bound)];
}

namespace {
/// What a kernel can reach at most.
class LimitModel {
public:
  explicit LimitModel(const tenon::Machine &machine) : machine(machine) {}

  /// Sets the limit of an entry whose flops and bytes are those of one call of `kernel`, before which
  /// `weightReach` bytes are touched since its weights were.
  void limit(RooflineEntry &entry, const ManifestKernel &kernel, double weightReach,
             const Ceilings &ceilings) const {
    double computeSeconds = divide(kernel.flops, peakOf(kernel.arithmetic, ceilings));
    // Weights come back after all that has passed through the caches since; the rest, at best, is where the
    // kernel before left it.
    Bound weightsAt = placeOf(weightReach, ceilings), othersAt = placeOf(kernel.bytes, ceilings);
    double weightSeconds = divide(kernel.weightBytes, bandwidthOf(weightsAt, ceilings));
    double otherSeconds = divide(kernel.bytes - kernel.weightBytes, bandwidthOf(othersAt, ceilings));
    double memorySeconds = weightSeconds + otherSeconds;
    entry.limitSeconds = std::max(computeSeconds, memorySeconds);
    entry.bound = computeSeconds >= memorySeconds ? Bound::Compute
                  : weightSeconds > otherSeconds  ? weightsAt
                                                  : othersAt;
  }

private:
  static double divide(double amount, double rate) { return rate > 0 ? amount / (rate * 1e9) : 0; }

  /// An element type without instructions of its own is no faster than f32.
  static double peakOf(llvm::StringRef arithmetic, const Ceilings &ceilings) {
    if (arithmetic == "i8" && ceilings.int8 > 0)
      return ceilings.int8;
    if (arithmetic == "bf16" && ceilings.bf16 > 0)
      return ceilings.bf16;
    return arithmetic == "f64" || arithmetic == "i64" ? ceilings.f32 / 2 : ceilings.f32;
  }

  static double bandwidthOf(Bound place, const Ceilings &ceilings) {
    switch (place) {
    case Bound::L1:
      return ceilings.l1;
    case Bound::L2:
      return ceilings.l2;
    case Bound::L3:
      return ceilings.l3;
    default:
      return ceilings.memory;
    }
  }

  /// The nearest memory that holds so many bytes; each thread has caches of its own, but the last.
  Bound placeOf(double bytes, const Ceilings &ceilings) const {
    if (ceilings.l1 > 0 && bytes <= static_cast<double>(machine.l1Bytes) * ceilings.threads)
      return Bound::L1;
    if (ceilings.l2 > 0 && bytes <= static_cast<double>(machine.l2Bytes) * ceilings.threads)
      return Bound::L2;
    if (ceilings.l3 > 0 && bytes <= static_cast<double>(machine.l3Bytes))
      return Bound::L3;
    return Bound::Memory;
  }

  const tenon::Machine &machine;
};
} // namespace

/// The bytes that are touched from one use of a launch's weights to the next, in runs one after the other,
/// its own included; at most `modelBytes`.
static double reachOfWeights(const Manifest &manifest, size_t number, double modelBytes) {
  auto bytesOf = [&](size_t launch) { return manifest.kernels[manifest.launches[launch].kernel].bytes; };
  const std::vector<size_t> &weights = manifest.launches[number].weights;
  auto sharesWeights = [&](size_t launch) {
    const std::vector<size_t> &others = manifest.launches[launch].weights;
    return std::find_first_of(weights.begin(), weights.end(), others.begin(), others.end()) != weights.end();
  };
  double bytes = bytesOf(number);
  size_t count = manifest.launches.size();
  for (size_t before = (number + count - 1) % count; !sharesWeights(before) && before != number;
       before = (before + count - 1) % count)
    bytes += bytesOf(before);
  return std::min(bytes, modelBytes);
}

//===----------------------------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------------------------===//

std::vector<size_t> Roofline::kernelsByTime() const {
  std::vector<size_t> order;
  for (size_t i = 0; i < kernels.size(); ++i)
    if (kernels[i].calls > 0)
      order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(-kernels[a].seconds, a) < std::pair(-kernels[b].seconds, b);
  });
  return order;
}

static void add(RooflineEntry &sum, const RooflineEntry &entry) {
  sum.calls += entry.calls;
  sum.flops += entry.flops;
  sum.bytes += entry.bytes;
  sum.seconds += entry.seconds;
  sum.predictedSeconds += entry.predictedSeconds;
  sum.limitSeconds += entry.limitSeconds;
  sum.bound = entry.bound;
}

static double countBytes(const std::vector<HostArray> &arrays) {
  return std::accumulate(arrays.begin(), arrays.end(), 0.0, [](double sum, const HostArray &array) {
    return sum + static_cast<double>(array.byteCount());
  });
}

/// Raises the ceilings to what is measured now: another process that runs at the same time only lowers them.
static void measureCeilings(Roofline &roofline) {
  roofline.single = highest(roofline.single, measureCeilings(1));
  roofline.all =
      roofline.threads > 1 ? highest(roofline.all, measureCeilings(roofline.threads)) : roofline.single;
}

Roofline measureRoofline(LoadedModel &model, const InputOptions &inputOptions, double minSeconds) {
  const tenon_model &descriptor = model.descriptor();
  // Arithmetic and bytes of the manifest are of no particular size then.
  if (descriptor.symbol_count > 0)
    throw Failure(
        fmt::format("a roofline needs static sizes, but '{0}' is open; give --symbol {0}=1 with the "
                    "model's source",
                    descriptor.symbols[0]));
  std::vector<HostArray> inputs = makeInputs(model, inputOptions);
  Roofline roofline;
  roofline.manifest = readManifest(descriptor);
  roofline.threads = model.threads();
  std::vector<HostArray> outputs = model.makeOutputs({});
  measureCeilings(roofline);
  roofline.times =
      timeLaunches(model, Arguments(inputs, outputs), roofline.manifest.launches.size(), minSeconds);
  measureCeilings(roofline);

  tenon::Machine machine = tenon::hostMachine();
  // The cost model counts cycles of the machine's table; the peak says how many of them there are in a
  // second, however the processor clocks itself under this load.
  double flopsPerCycle = 2 * machine.fmaPerCycle * tenon::widestProbeBits() / 32;
  roofline.clockGHz = flopsPerCycle > 0 ? roofline.single.f32 / flopsPerCycle : machine.clockGHz;
  double modelBytes = static_cast<double>(descriptor.weights_bytes + descriptor.workspace_bytes(nullptr)) +
                      countBytes(inputs) + countBytes(outputs);
  LimitModel limits(machine);

  RooflineEntry none;
  none.calls = 0;
  roofline.kernels.assign(roofline.manifest.kernels.size(), none);
  roofline.total = none;
  for (size_t i = 0; i < roofline.manifest.launches.size(); ++i) {
    const ManifestLaunch &launch = roofline.manifest.launches[i];
    const ManifestKernel &kernel = roofline.manifest.kernels[launch.kernel];
    RooflineEntry entry;
    entry.flops = kernel.flops;
    entry.bytes = kernel.bytes;
    entry.seconds = roofline.times.launches[i];
    if (roofline.clockGHz > 0)
      entry.predictedSeconds =
          kernel.cycles / (roofline.clockGHz * 1e9) / (launch.serial ? 1 : roofline.threads);
    limits.limit(entry, kernel, reachOfWeights(roofline.manifest, i, modelBytes),
                 launch.serial ? roofline.single : roofline.all);
    roofline.launches.push_back(entry);
    add(roofline.kernels[launch.kernel], entry);
    add(roofline.total, entry);
  }
  return roofline;
}

//===----------------------------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------------------------===//

static std::string microseconds(double seconds) { return fmt::format("{:.2f}", seconds * 1e6); }

static std::vector<std::string> formatRow(const std::string &name, const RooflineEntry &entry,
                                          double totalSeconds) {
  auto share = [](double part, double whole) {
    return whole > 0 ? fmt::format("{:.1f}", 100 * part / whole) : "-";
  };
  return {name,
          fmt::format("{}", entry.calls),
          microseconds(entry.seconds),
          share(entry.seconds, totalSeconds),
          entry.predictedSeconds > 0 ? microseconds(entry.predictedSeconds) : "-",
          microseconds(entry.limitSeconds),
          share(entry.limitSeconds, entry.seconds),
          entry.flops > 0 ? fmt::format("{:.3f}", entry.flops / 1e6) : "-",
          fmt::format("{:.1f}", entry.bytes / 1024),
          entry.flops > 0 ? fmt::format("{:.2f}", entry.flops / entry.bytes) : "-",
          entry.flops > 0 && entry.seconds > 0 ? fmt::format("{:.1f}", entry.flops / entry.seconds / 1e9)
                                               : "-",
          fmt::format("{:.1f}", entry.seconds > 0 ? entry.bytes / entry.seconds / 1e9 : 0)};
}

static std::string describeCeilings(const Ceilings &ceilings) {
  std::string text = fmt::format("limits of {} thread{}: {:.1f} GFLOP/s", ceilings.threads,
                                 ceilings.threads > 1 ? "s" : "", ceilings.f32);
  if (ceilings.int8 > 0)
    text += fmt::format(", int8 {:.1f} GOP/s", ceilings.int8);
  if (ceilings.bf16 > 0)
    text += fmt::format(", bf16 {:.1f} GFLOP/s", ceilings.bf16);
  for (auto [name, rate] : {std::pair("L1", ceilings.l1), std::pair("L2", ceilings.l2),
                            std::pair("L3", ceilings.l3), std::pair("memory", ceilings.memory)})
    if (rate > 0)
      text += fmt::format(", {} {:.1f} GB/s", name, rate);
  return text + "\n";
}

std::string formatRoofline(const Roofline &roofline, const std::string &model) {
  std::vector<std::vector<std::string>> rows = {{"kernel", "calls", "us", "%", "predicted us", "limit us",
                                                 "% of limit", "MFLOP", "KiB", "FLOP/B", "GFLOP/s", "GB/s",
                                                 "bound", "from"}};
  for (size_t i : roofline.kernelsByTime()) {
    const ManifestKernel &kernel = roofline.manifest.kernels[i];
    rows.push_back(formatRow(kernel.name, roofline.kernels[i], roofline.total.seconds));
    rows.back().insert(rows.back().end(), {stringify(roofline.kernels[i].bound), kernel.source});
  }
  rows.push_back(formatRow("all", roofline.total, roofline.total.seconds));
  std::string text = fmt::format("{}: {} thread{}, medians of {} runs, {} a run, {} in kernels\n", model,
                                 roofline.threads, roofline.threads > 1 ? "s" : "", roofline.times.runs,
                                 formatSeconds(roofline.times.run), formatSeconds(roofline.total.seconds));
  text += describeCeilings(roofline.all);
  if (roofline.threads > 1)
    text += describeCeilings(roofline.single);
  return text + fmt::format("{:.2f} GHz for the cost model\n\n", roofline.clockGHz) + formatTable(rows);
}

static llvm::json::Object describe(const RooflineEntry &entry) {
  return llvm::json::Object{{"calls", entry.calls},
                            {"seconds", entry.seconds},
                            {"predicted_seconds", entry.predictedSeconds},
                            {"limit_seconds", entry.limitSeconds},
                            {"limit_fraction", entry.limitFraction()},
                            {"bound", stringify(entry.bound)},
                            {"flops", entry.flops},
                            {"bytes", entry.bytes}};
}

static llvm::json::Object describe(const Ceilings &ceilings) {
  return llvm::json::Object{{"threads", ceilings.threads},  {"f32_gflops", ceilings.f32},
                            {"bf16_gflops", ceilings.bf16}, {"int8_gops", ceilings.int8},
                            {"l1_gbytes", ceilings.l1},     {"l2_gbytes", ceilings.l2},
                            {"l3_gbytes", ceilings.l3},     {"memory_gbytes", ceilings.memory}};
}

static llvm::json::Array namesOf(const tenon_tensor *tensors, int32_t count) {
  llvm::json::Array names;
  for (int32_t i = 0; i < count; ++i)
    names.push_back(tensors[i].name);
  return names;
}

llvm::json::Object describeRoofline(const Roofline &roofline, const tenon_model &model) {
  const Manifest &manifest = roofline.manifest;
  llvm::json::Array kernels, launches;
  for (size_t i : roofline.kernelsByTime()) {
    llvm::json::Object described = describe(roofline.kernels[i]);
    described["name"] = manifest.kernels[i].name;
    described["source"] = manifest.kernels[i].source;
    described["schedule"] = manifest.kernels[i].schedule;
    described["arithmetic"] = manifest.kernels[i].arithmetic;
    kernels.push_back(std::move(described));
  }
  for (size_t i = 0; i < manifest.launches.size(); ++i) {
    const ManifestLaunch &launch = manifest.launches[i];
    llvm::json::Object described = describe(roofline.launches[i]);
    described.erase("calls");
    described["kernel"] = manifest.kernels[launch.kernel].name;
    described["source"] = launch.source;
    described["serial"] = launch.serial;
    described["producers"] = launch.producers;
    described["inputs"] = launch.inputs;
    described["outputs"] = launch.outputs;
    described["weights"] = launch.weights;
    launches.push_back(std::move(described));
  }
  llvm::json::Object total = describe(roofline.total);
  total.erase("bound");
  return llvm::json::Object{{"model", model.name},
                            {"cpu", manifest.cpu},
                            {"inputs", namesOf(model.inputs, model.input_count)},
                            {"outputs", namesOf(model.outputs, model.output_count)},
                            {"threads", roofline.threads},
                            {"runs", roofline.times.runs},
                            {"run_seconds", roofline.times.run},
                            {"clock_ghz", roofline.clockGHz},
                            {"limits", describe(roofline.all)},
                            {"limits_one_thread", describe(roofline.single)},
                            {"kernels", std::move(kernels)},
                            {"launches", std::move(launches)},
                            {"total", std::move(total)}};
}
