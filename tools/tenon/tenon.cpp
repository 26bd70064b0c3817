//===- tenon.cpp - The driver: compile, run, bench, inspect, verify ---------------------------===//
//
// A file for each subcommand. Results go to stdout, diagnostics to stderr as `error: ...`. Returns 0, 1 if
// what the user gave can't be used, 2 for a defect of the compiler.
//
//===----------------------------------------------------------------------------------------===//

#include "Commands.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Signals.h"

#include <fmt/format.h>
#include <unistd.h>

/// Called in a process that is about to die of a signal: nothing may be allocated.
static void reportCrash(void *) {
  static constexpr char text[] =
      "error: the compiler has crashed, which is its own fault; please report it with the "
      "command line and the model\n";
  (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
  _exit(Defect);
}

int main(int argc, char **argv) {
  llvm::sys::PrintStackTraceOnErrorSignal(argv[0]);
  llvm::sys::AddSignalHandler(reportCrash, nullptr);

  ExitCode exitCode = Success;
  CLI::App driver("Tenon compiles neural networks to machine code that needs nothing else to run.", "tenon");
  driver.set_version_flag("--version", "tenon " TENON_VERSION);
  driver.require_subcommand(1);
  for (AddCommand add :
       {addCompileCommand, addRunCommand, addBenchCommand, addInspectCommand, addVerifyCommand})
    add(driver, exitCode);
  try {
    driver.parse(argc, argv);
  } catch (const CLI::Success &request) {
    return driver.exit(request);
  } catch (const CLI::ParseError &error) {
    fmt::print(stderr, "error: {}; see tenon --help\n", error.what());
    return BadInput;
  } catch (const Failure &failure) {
    if (*failure.what())
      fmt::print(stderr, "error: {}\n", failure.what());
    return failure.code;
  }
  return exitCode;
}
