//===- Inspect.cpp - tenon inspect: what is in a compiled model -------------------------------===//

#include "Commands.h"
#include "Inputs.h"
#include "Quantity.h"
#include "Roofline.h"
#include "RooflinePage.h"
#include "TextOptions.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

namespace {
struct InspectOptions {
  std::string model, page;
  bool json = false, schedules = false, roofline = false;
  TextOptions compilation;
  InputOptions inputs;
  double minSeconds = 1;
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

static void printJson(llvm::json::Value value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", value);
  fmt::print("{}\n", text);
}

static void inspectRoofline(const InspectOptions &options) {
  if (options.schedules)
    throw Failure("--roofline expects no --schedules; --json has them");
  if (!isModelSource(options.model))
    for (const auto &[key, value] : options.compilation.values)
      if (key != "threads")
        throw Failure(fmt::format("--{}: expected a model to compile, but {} is compiled",
                                  key == "cache" ? "no-cache" : key, options.model));
  tenon::CompileOptions compile = options.compilation.parse();
  LoadedModel model = openProfiled(options.model, compile, static_cast<int>(compile.threads));
  InputOptions inputs = options.inputs;
  inputs.seed = 1;
  Roofline roofline = measureRoofline(model, inputs, options.minSeconds);
  std::string error;
  if (!options.page.empty() &&
      failed(tenon::writeFile(options.page, makeRooflinePage(describeRoofline(roofline, model.descriptor())),
                              error)))
    throw Failure(error);
  if (options.json)
    printJson(describeRoofline(roofline, model.descriptor()));
  else
    fmt::print("{}", formatRoofline(roofline, model.descriptor().name));
}

static void inspect(const InspectOptions &options) {
  if (options.roofline)
    return inspectRoofline(options);
  LoadedModel model(options.model, /*threads=*/1);
  const tenon_model &descriptor = model.descriptor();
  llvm::Expected<llvm::json::Value> manifest = llvm::json::parse(descriptor.manifest);
  if (!manifest)
    throw Failure(options.model + ": the manifest is damaged: " + llvm::toString(manifest.takeError()));
  llvm::json::Object &root = *manifest->getAsObject();
  if (options.json) {
    root["features"] = descriptor.features;
    return printJson(std::move(*manifest));
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
  fmt::print(", {:.2f}x the {} alive at once\n", root.getNumber("workspace_ratio").value_or(1),
             formatAmount(root.getString("workspace_lower_bound").value_or("0")));
}

void addInspectCommand(CLI::App &driver, ExitCode &exitCode) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App *command = driver.add_subcommand("inspect", "Show what is in a compiled model");
  command
      ->add_option("MODEL", options->model,
                   "a shared library written by tenon compile; with --roofline, also a model")
      ->required();
  command->add_flag("--schedules", options->schedules, "show the schedule of each kernel");
  command->add_flag("--json", options->json, "print JSON: the manifest, or the roofline");
  CLI::Option *roofline = command->add_flag(
      "--roofline", options->roofline, "run the model and hold each kernel against this machine's limits");
  command->add_option("--html", options->page, "also write the roofline as a page for browsers")
      ->type_name("FILE")
      ->needs(roofline);
  command->add_option("--min-time", options->minSeconds, "measure for this long")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.01, 3600.0))
      ->needs(roofline);
  options->inputs.addInputTo(*command)->needs(roofline);
  for (CLI::Option *option : options->compilation.addTo(*command))
    option->needs(roofline);
  command->callback([options] { inspect(*options); });
}
