//===- TextOptions.cpp - Options of the compiler on the command line --------------------------===//

#include "TextOptions.h"

#include "Failure.h"

#include "tenon/Pipeline/OptionText.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

static std::string listMachines() {
  std::vector<std::string> names;
  for (llvm::StringRef name : tenon::machineNames())
    names.push_back(name.str());
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<CLI::Option *> TextOptions::addTo(CLI::App &command) {
  std::vector<CLI::Option *> added;
  auto add = [&](const std::string &key, const char *type, const std::string &description) {
    auto store = [this, key](const std::vector<std::string> &texts) {
      for (const std::string &text : texts)
        values.emplace_back(key, text);
    };
    added.push_back(command.add_option_function<std::vector<std::string>>("--" + key, store, description)
                        ->type_name(type)
                        ->expected(1)
                        ->take_all());
  };
  add("target", "NAME", "the machine to compile for (default: host): " + listMachines());
  add("cpu", "NAME", "the processor as LLVM calls it, instead of the machine's own");
  add("features", "LIST", "instruction sets to add or leave out: +avx512vnni,-fma");
  add("shape", "INPUT=1x3x224x224", "the sizes of an input, ? leaves one alone; may be repeated");
  add("symbol", "NAME=SIZE", "the value of a named size, batch=1; may be repeated");
  add("threads", "N", "threads the model will run on; 0, the default, for the machine's cores");
  add("accuracy", "LEVEL",
      "what results may lose for speed: full (the default), high (no more than summing in f32 does), "
      "moderate "
      "(about four times that)");
  added.push_back(command.add_flag_callback(
      "--no-cache", [this] { values.emplace_back("cache", "false"); },
      "make all machine code anew, and keep none of it"));
  return added;
}

tenon::CompileOptions TextOptions::parse() const {
  tenon::CompileOptions options;
  options.reproduceDefects = true;
  for (const auto &[key, value] : values)
    if (std::optional<std::string> problem = tenon::setOption(options, key, value))
      throw Failure(fmt::format("--{}: {}", key, *problem));
  return options;
}
