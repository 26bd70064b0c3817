//===- Inspect.cpp - tenon inspect: what is in a compiled model
//------------------------------------------------===//

#include "Commands.h"
#include "LoadedModel.h"
#include "Quantity.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

namespace {
struct InspectOptions {
  std::string model;
  bool json = false, schedules = false;
};
} // namespace

static void printTensors(const char *title, const tenon_tensor *tensors, int32_t count) {
  std::vector<std::vector<std::string>> rows;
  for (int32_t i = 0; i < count; ++i)
    rows.push_back(describeTensor(tensors[i]));
  fmt::print("\n{}\n{}", title, formatTable(rows));
}

/// An amount that is a number of bytes or, with open sizes, an expression.
static std::string formatAmount(llvm::StringRef text) {
  double bytes;
  return text.getAsDouble(bytes) ? text.str() + " bytes" : formatBytes(bytes);
}

static void printKernels(const llvm::json::Array &kernels, bool withSchedules) {
  std::vector<std::vector<std::string>> rows = {{"kernel", "calls", "MFLOP", "KiB", "kcycles", "from"}};
  if (withSchedules)
    rows[0].push_back("schedule");
  double flops = 0, bytes = 0, calls = 0;
  for (const llvm::json::Value &value : kernels) {
    const llvm::json::Object &kernel = *value.getAsObject();
    auto number = [&](const char *key) { return kernel.getNumber(key).value_or(0); };
    auto text = [&](const char *key) { return kernel.getString(key).value_or("").str(); };
    double count = number("calls");
    calls += count;
    flops += count * number("flops");
    bytes += count * number("bytes");
    rows.push_back({text("name"), fmt::format("{:.0f}", count),
                    number("flops") > 0 ? fmt::format("{:.3f}", number("flops") / 1e6) : "-",
                    fmt::format("{:.1f}", number("bytes") / 1024),
                    fmt::format("{:.1f}", number("cycles") / 1e3), text("source")});
    if (withSchedules)
      rows.back().push_back(text("schedule"));
  }
  fmt::print("\nkernels\n{}", formatTable(rows));
  fmt::print("\n{} kernels called {:.0f} times: {:.3f} MFLOP, {} moved\n", kernels.size(), calls, flops / 1e6,
             formatBytes(bytes));
}

static void inspect(const InspectOptions &options) {
  LoadedModel model(options.model, /*threads=*/1);
  const tenon_model &descriptor = model.descriptor();
  llvm::Expected<llvm::json::Value> manifest = llvm::json::parse(descriptor.manifest);
  if (!manifest)
    throw Failure(options.model + ": the manifest is damaged: " + llvm::toString(manifest.takeError()));
  llvm::json::Object &root = *manifest->getAsObject();
  if (options.json) {
    root["features"] = descriptor.features;
    std::string text;
    llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", *manifest);
    fmt::print("{}\n", text);
    return;
  }
  fmt::print("{}: for {} ({}), {}-bit vectors\n", descriptor.name, descriptor.cpu, descriptor.triple,
             root.getInteger("vector_bits").value_or(0));
  if (*descriptor.features)
    fmt::print("needs {}\n", descriptor.features);
  printTensors("inputs", descriptor.inputs, descriptor.input_count);
  printTensors("outputs", descriptor.outputs, descriptor.output_count);
  if (const llvm::json::Array *kernels = root.getArray("kernels"))
    printKernels(*kernels, options.schedules);
  fmt::print("{} weights{}, {} arena", formatBytes(descriptor.weights_bytes),
             descriptor.weights ? "" : " (not embedded)",
             formatAmount(root.getString("workspace_bytes").value_or("0")));
  if (std::optional<int64_t> bound = root.getInteger("workspace_lower_bound");
      bound && descriptor.symbol_count == 0)
    fmt::print(" ({} are needed at once)", formatBytes(*bound));
  fmt::print("\n");
}

void addInspectCommand(CLI::App &driver, ExitCode &exitCode) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App *command = driver.add_subcommand("inspect", "Show what is in a compiled model");
  command->add_option("MODEL", options->model, "a shared library written by tenon compile")->required();
  command->add_flag("--schedules", options->schedules, "show the schedule of each kernel");
  command->add_flag("--json", options->json, "print the manifest as JSON");
  command->callback([options] { inspect(*options); });
}
