//===- Run.cpp - tenon run: runs a compiled model on arrays of files --------------------------===//

#include "Commands.h"
#include "Inputs.h"
#include "NumpyFile.h"
#include "Quantity.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"

#include <fmt/format.h>

#include <algorithm>

namespace {
struct RunOptions {
  std::string model, outputFolder, savePath;
  InputOptions inputs;
  int threads = 0;
};
} // namespace

/// An output's name as a file's: without separators of folders.
static std::string fileName(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

static void saveOutputs(const LoadedModel &model, const std::vector<HostArray> &outputs,
                        const RunOptions &options) {
  std::vector<std::pair<std::string, const HostArray *>> named;
  for (size_t i = 0; i < outputs.size(); ++i)
    named.emplace_back(model.descriptor().outputs[i].name, &outputs[i]);
  if (!options.savePath.empty())
    writeNpz(options.savePath, named);
  if (options.outputFolder.empty())
    return;
  if (std::error_code code = llvm::sys::fs::create_directories(options.outputFolder))
    throw Failure(options.outputFolder + ": " + code.message());
  for (const auto &[name, array] : named)
    writeNpy(options.outputFolder + "/" + fileName(name) + ".npy", *array);
}

static void run(const RunOptions &options) {
  LoadedModel model(options.model, options.threads);
  std::vector<HostArray> inputs = makeInputs(model, options.inputs);
  std::vector<HostArray> outputs = model.makeOutputs(model.solveSymbols(inputs));
  model.run(Arguments(inputs, outputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const tenon_tensor &tensor = model.descriptor().outputs[i];
    fmt::print("{}  {}  {}\n{}\n", tensor.name, tenon_rt_dtype_name(tensor.dtype),
               formatShape(outputs[i].shape), formatElements(outputs[i]));
  }
  saveOutputs(model, outputs, options);
}

void addRunCommand(CLI::App &driver, ExitCode &exitCode) {
  auto options = std::make_shared<RunOptions>();
  CLI::App *command = driver.add_subcommand("run", "Run a compiled model and print its outputs");
  command->add_option("MODEL", options->model, "a shared library written by tenon compile")->required();
  options->inputs.addTo(*command);
  command->add_option("--output-dir", options->outputFolder, "write each output to FOLDER/NAME.npy")
      ->type_name("FOLDER");
  command->add_option("--save", options->savePath, "write all outputs to one .npz file")->type_name("FILE");
  command->add_option("--threads", options->threads, "threads to run on; 0, the default, for all processors")
      ->check(CLI::Range(0, TENON_RT_MAX_THREADS));
  command->callback([options] { run(*options); });
}
