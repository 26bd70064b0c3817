//===- Inputs.h - The arrays a command runs a model on ----------------------------------------===//

#ifndef TENON_TOOLS_TENON_INPUTS_H
#define TENON_TOOLS_TENON_INPUTS_H

#include "LoadedModel.h"

#include <optional>

namespace CLI {
class App;
class Option;
} // namespace CLI

/// What the user says of the inputs.
struct InputOptions {
  /// Adds --input, --random and --symbol to a subcommand.
  void addTo(CLI::App &command);
  /// Adds --input alone.
  CLI::Option *addInputTo(CLI::App &command);

  std::vector<std::string> inputs, symbols;
  /// The seed for inputs that are not given.
  std::optional<uint64_t> seed;
};

/// The model's inputs in order, read from files or drawn at random. Throws a Failure that names what is
/// missing or doesn't fit.
std::vector<HostArray> makeInputs(const LoadedModel &model, const InputOptions &options);

#endif // TENON_TOOLS_TENON_INPUTS_H
