//===- OptionText.h - Options of a compilation as text ----------------------------------------===//

#ifndef TENON_PIPELINE_OPTIONTEXT_H
#define TENON_PIPELINE_OPTIONTEXT_H

#include "tenon/Pipeline/Compiler.h"

namespace tenon {

/// Sets the option `key` from its text, as the driver's flags and the C ABI spell it:
///
///   target, cpu, features   text
///   shape                   `input=1x3x224x224`, `?` leaves a size alone; may be set for each input
///   symbol                  `batch=1`; may be set for each symbol
///   threads                 a number, 0 for the machine's cores
///   accuracy                full, high or moderate
///   embed-weights           true or false
///   profile                 true or false
///   cache                   true or false
///   stop-after              a phase's name
///   verify-each             true or false
///
/// Returns what is wrong with key or value, or nothing.
std::optional<std::string> setOption(CompileOptions &options, llvm::StringRef key, llvm::StringRef value);

/// Whether `key` is an option of setOption.
bool isOption(llvm::StringRef key);

} // namespace tenon

#endif // TENON_PIPELINE_OPTIONTEXT_H
