//===- Failure.h - Ending a command with a message --------------------------------------------===//

#ifndef TENON_TOOLS_TENON_FAILURE_H
#define TENON_TOOLS_TENON_FAILURE_H

#include <stdexcept>
#include <string>

/// What the process returns.
enum ExitCode : int {
  /// Done.
  Success = 0,
  /// What the user gave can't be used; stderr says why.
  BadInput = 1,
  /// A defect of the compiler.
  Defect = 2
};

/// Ends the command: `main` prints the text behind `error: ` and returns the code. An empty text says that
/// all has been printed.
struct Failure : std::runtime_error {
  explicit Failure(const std::string &text, ExitCode code = BadInput)
      : std::runtime_error(text), code(code) {}
  ExitCode code;
};

#endif // TENON_TOOLS_TENON_FAILURE_H
