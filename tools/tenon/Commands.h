//===- Commands.h - The subcommands of the driver ---------------------------------------------===//

#ifndef TENON_TOOLS_TENON_COMMANDS_H
#define TENON_TOOLS_TENON_COMMANDS_H

#include "Failure.h"

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"

/// Adds a subcommand to the driver. When it is chosen, it runs during parsing, and sets `exitCode` unless it
/// throws a Failure.
using AddCommand = void (*)(CLI::App &driver, ExitCode &exitCode);

void addCompileCommand(CLI::App &driver, ExitCode &exitCode);
void addRunCommand(CLI::App &driver, ExitCode &exitCode);
void addBenchCommand(CLI::App &driver, ExitCode &exitCode);
void addInspectCommand(CLI::App &driver, ExitCode &exitCode);
void addVerifyCommand(CLI::App &driver, ExitCode &exitCode);

#endif // TENON_TOOLS_TENON_COMMANDS_H
