//===- TextOptions.h - Options of the compiler on the command line ----------------------------===//

#ifndef TENON_TOOLS_TENON_TEXTOPTIONS_H
#define TENON_TOOLS_TENON_TEXTOPTIONS_H

#include "CLI/App.hpp"

#include "tenon/Pipeline/Compiler.h"

/// What the user says of a compilation, as text until all of the command line is read.
struct TextOptions {
  /// Adds --target, --cpu, --features, --shape, --symbol, --threads, --accuracy and --no-cache to a
  /// subcommand.
  std::vector<CLI::Option *> addTo(CLI::App &command);
  /// The options; throws a Failure that names the flag with a bad value.
  tenon::CompileOptions parse() const;

  std::vector<std::pair<std::string, std::string>> values;
};

#endif // TENON_TOOLS_TENON_TEXTOPTIONS_H
