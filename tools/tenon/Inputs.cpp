//===- Inputs.cpp - The arrays a command runs a model on --------------------------------------===//

#include "Inputs.h"

#include "Failure.h"
#include "NumpyFile.h"
#include "Quantity.h"

#include "CLI/App.hpp"
#include "llvm/ADT/StringRef.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

CLI::Option *InputOptions::addInputTo(CLI::App &command) {
  return command
      .add_option("--input,-i", inputs,
                  "an input: NAME=FILE.npy, NAME=random:SEED, or FILE.npz for several; may be repeated")
      ->type_name("INPUT");
}

void InputOptions::addTo(CLI::App &command) {
  addInputTo(command);
  command.add_option("--random", seed, "draw the inputs that are not given at random")->type_name("SEED");
  command.add_option("--symbol", symbols, "the value of an open size for random inputs: batch=1")
      ->type_name("NAME=SIZE");
}

static const tenon_tensor &requireInput(const LoadedModel &model, const std::string &name) {
  if (const tenon_tensor *tensor = model.findInput(name))
    return *tensor;
  std::vector<std::string> names;
  for (int32_t i = 0; i < model.descriptor().input_count; ++i)
    names.push_back(model.descriptor().inputs[i].name);
  throw Failure(fmt::format("the model has no input '{}'; its inputs are: {}", name, fmt::join(names, ", ")));
}

namespace {
/// Where each input comes from: an array of a file, or a seed.
struct Sources {
  std::map<std::string, HostArray> arrays;
  std::map<std::string, uint64_t> seeds;
};
} // namespace

static Sources readSources(const LoadedModel &model, const InputOptions &options) {
  Sources sources;
  for (const std::string &text : options.inputs) {
    size_t split = text.find('=');
    if (split == std::string::npos) {
      for (auto &[name, array] : readNpz(text)) {
        requireInput(model, name);
        sources.arrays.insert_or_assign(name, std::move(array));
      }
      continue;
    }
    std::string name = text.substr(0, split);
    llvm::StringRef value = llvm::StringRef(text).substr(split + 1);
    requireInput(model, name);
    if (value.consume_front("random:")) {
      uint64_t seed;
      if (value.getAsInteger(10, seed))
        throw Failure(fmt::format("input '{}' expects random:SEED, but got 'random:{}'", name, value.str()));
      sources.seeds[name] = seed;
    } else {
      sources.arrays.insert_or_assign(name, readNpy(value.str()));
    }
  }
  return sources;
}

std::vector<HostArray> makeInputs(const LoadedModel &model, const InputOptions &options) {
  Sources sources = readSources(model, options);
  const tenon_model &descriptor = model.descriptor();
  std::optional<std::vector<int64_t>> symbols;
  std::vector<HostArray> inputs;
  for (int32_t i = 0; i < descriptor.input_count; ++i) {
    const tenon_tensor &tensor = descriptor.inputs[i];
    if (auto array = sources.arrays.find(tensor.name); array != sources.arrays.end()) {
      inputs.push_back(std::move(array->second));
      continue;
    }
    auto seed = sources.seeds.find(tensor.name);
    if (seed == sources.seeds.end() && !options.seed) {
      std::vector<std::string> text = describeTensor(tensor);
      throw Failure(fmt::format("input '{0}' ({1} {2}) is missing; give --input {0}=FILE.npy or --random=1",
                                text[0], text[1], text[2]));
    }
    if (!symbols)
      symbols = parseSymbols(descriptor, options.symbols);
    inputs.emplace_back(tensor.dtype, model.shapeOf(tensor, *symbols));
    fillRandom(inputs.back(), seed != sources.seeds.end() ? seed->second : *options.seed + i);
  }
  return inputs;
}
