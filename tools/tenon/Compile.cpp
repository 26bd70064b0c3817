//===- Compile.cpp - tenon compile: from a model to an artefact -------------------------------===//

#include "Commands.h"
#include "Quantity.h"
#include "Session.h"
#include "TextOptions.h"

#include "tenon/Pipeline/OutputFormat.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using tenon::Compilation;
using tenon::OutputFormat;
using tenon::Phase;

namespace {
struct CompileCommand {
  std::string model, output, emit, stopAfter;
  TextOptions text;
  bool noEmbedWeights = false, profile = false, timings = false, json = false;
};

/// A file to write.
struct Output {
  OutputFormat format;
  std::string path;
};
} // namespace

static OutputFormat requireFormat(std::optional<OutputFormat> format, llvm::StringRef asked) {
  if (!format)
    throw Failure(fmt::format("expected a format of output ({}), but got '{}'",
                              llvm::join(tenon::getOutputFormatNames(), ", "), asked.str()));
  return *format;
}

/// `path` with the ending of a format.
static std::string withEnding(llvm::StringRef path, OutputFormat format) {
  llvm::SmallString<128> changed(path);
  llvm::sys::path::replace_extension(changed, tenon::getOutputFormatNames()[static_cast<size_t>(format)]);
  return changed.str().str();
}

/// The files asked for: those of --emit, or the one of -o, or a shared library named like the model.
static std::vector<Output> chooseOutputs(const CompileCommand &command, bool isWasm) {
  std::string stem = command.output.empty() ? llvm::sys::path::stem(command.model).str() : command.output;
  std::vector<Output> outputs;
  if (command.emit.empty()) {
    if (!command.output.empty())
      outputs.push_back(
          {requireFormat(tenon::getOutputFormat(command.output), command.output), command.output});
    else if (command.stopAfter.empty())
      outputs.push_back({OutputFormat::SharedLibrary, stem + (isWasm ? ".wasm" : ".so")});
    return outputs;
  }
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(command.emit).split(names, ',');
  for (llvm::StringRef name : names) {
    OutputFormat format = requireFormat(tenon::parseOutputFormat(name), name);
    bool isNamed = names.size() == 1 && !command.output.empty();
    outputs.push_back({format, isNamed ? command.output : withEnding(stem, format)});
  }
  return outputs;
}

/// Bytes of machine code in an artefact; nothing for a file without.
static std::optional<uint64_t> countCodeBytes(const std::string &path) {
  llvm::Expected<llvm::object::OwningBinary<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createObjectFile(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return std::nullopt;
  }
  uint64_t bytes = 0;
  for (const llvm::object::SectionRef &section : file->getBinary()->sections())
    if (section.isText())
      bytes += section.getSize();
  return bytes;
}

/// What was chosen, on one line.
static std::string summarize(const Compilation &compilation, const std::string &path, double seconds) {
  const tenon::Machine &machine = compilation.getMachine();
  std::string text = fmt::format("{}: {} ({}), {}-bit vectors, {} kernels", path, machine.name, machine.cpu,
                                 machine.vectorBits, compilation.getKernels().size());
  if (std::optional<uint64_t> code = countCodeBytes(path))
    text += fmt::format(", code {}", formatBytes(static_cast<double>(*code)));
  llvm::Expected<llvm::json::Value> manifest = llvm::json::parse(compilation.getManifest());
  if (const llvm::json::Object *root = manifest ? manifest->getAsObject() : nullptr) {
    llvm::StringRef arena = root->getString("workspace_bytes").value_or("0");
    double bytes;
    text += fmt::format(", weights {}, arena {}", formatBytes(root->getNumber("weights_bytes").value_or(0)),
                        arena.getAsDouble(bytes) ? arena.str() + " bytes" : formatBytes(bytes));
  } else {
    llvm::consumeError(manifest.takeError());
  }
  if (size_t cached = compilation.getNumCached())
    text += fmt::format(", {} of {} objects cached", cached, compilation.getNumObjects());
  return text + fmt::format(", {}", formatSeconds(seconds));
}

static void printTimings(const Compilation &compilation, double total) {
  std::vector<std::vector<std::string>> rows = {{"phase", "ms"}};
  for (const tenon::PhaseTime &time : compilation.getTimes())
    rows.push_back({tenon::stringify(time.phase).str(), fmt::format("{:.1f}", time.seconds * 1e3)});
  rows.push_back({"all", fmt::format("{:.1f}", total * 1e3)});
  fmt::print("{}", formatTable(rows));
}

/// The module on stdout, for --stop-after without an output.
static void printModule(Compilation &compilation) {
  mlir::OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16).elideLargeResourceString(64);
  compilation.getModule().print(llvm::outs(), flags);
  llvm::outs() << '\n';
  llvm::outs().flush();
}

static tenon::CompileOptions parseOptions(const CompileCommand &command) {
  TextOptions text = command.text;
  if (!command.stopAfter.empty())
    text.values.emplace_back("stop-after", command.stopAfter);
  text.values.emplace_back("embed-weights", command.noEmbedWeights ? "false" : "true");
  text.values.emplace_back("profile", command.profile ? "true" : "false");
  return text.parse();
}

static void compile(const CompileCommand &command) {
  auto start = std::chrono::steady_clock::now();
  tenon::CompileOptions options = parseOptions(command);
  llvm::FailureOr<tenon::Machine> machine =
      tenon::lookupMachine(options.target, options.cpu, options.features);
  bool isWasm = succeeded(machine) && llvm::StringRef(machine->triple).starts_with("wasm");
  std::vector<Output> outputs = chooseOutputs(command, isWasm);
  for (const Output &output : outputs)
    if (options.stopAfter < tenon::getNeededPhase(output.format))
      throw Failure(fmt::format("writing {} needs the phase {}, but --stop-after is {}", output.path,
                                tenon::stringify(tenon::getNeededPhase(output.format)).str(),
                                command.stopAfter));

  Session session;
  std::unique_ptr<Compilation> compilation =
      Session::require(Compilation::open(session.context(), command.model, options));
  Session::run(*compilation);
  for (const Output &output : outputs) {
    std::string error;
    if (failed(tenon::writeOutput(*compilation, output.format, output.path, error)))
      throw Failure(error);
  }
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (outputs.empty())
    return printModule(*compilation);
  if (command.json)
    fmt::print("{}\n", compilation->getManifest());
  else
    fmt::print("{}\n", summarize(*compilation, outputs.front().path, seconds));
  if (command.timings)
    printTimings(*compilation, seconds);
}

void addCompileCommand(CLI::App &driver, ExitCode &exitCode) {
  auto options = std::make_shared<CompileCommand>();
  CLI::App *command = driver.add_subcommand("compile", "Compile a model");
  command->add_option("MODEL", options->model, "a model: .onnx, its text form .onnxtxt, or .mlir")
      ->required();
  command->add_option("-o,--output", options->output, "the file to write; its ending says what it is")
      ->type_name("FILE");
  command->add_option("--emit", options->emit, "formats to write: so,wasm,o,a,h,s,ll,mlir")
      ->type_name("LIST");
  command
      ->add_option(
          "--stop-after", options->stopAfter,
          "the last phase to run; prints its result if there is no -o: import, graph, kernel, schedule, "
          "codegen, target")
      ->type_name("PHASE");
  options->text.addTo(*command);
  command->add_flag("--no-embed-weights", options->noEmbedWeights,
                    "leave the weights to the host of the model");
  command->add_flag("--profile", options->profile, "let hosts time the kernels: tenon inspect --roofline");
  command->add_flag("--timings", options->timings, "print how long each phase took");
  command->add_flag("--json", options->json, "print the manifest instead of a line");
  command->callback([options] { compile(*options); });
}
