//===- OutputFormat.h - The kinds of file a compilation can write -----------------------------===//

#ifndef TENON_PIPELINE_OUTPUTFORMAT_H
#define TENON_PIPELINE_OUTPUTFORMAT_H

#include "tenon/Pipeline/Compiler.h"

namespace tenon {

/// A kind of file: artefacts, the C header for them, and texts of what the phases hand on.
enum class OutputFormat { SharedLibrary, Wasm, Object, Archive, Header, Assembly, LLVMIR, MLIR };

/// The format of that name, which is also the ending of its files: so, wasm, o, a, h, s, ll, mlir.
std::optional<OutputFormat> parseOutputFormat(llvm::StringRef name);

/// The format that the ending of `path` stands for.
std::optional<OutputFormat> getOutputFormat(llvm::StringRef path);

/// The formats' names, in the order of the enumeration.
llvm::ArrayRef<llvm::StringLiteral> getOutputFormatNames();

/// The earliest phase a compilation must have run to be written in this format.
Phase getNeededPhase(OutputFormat format);

/// Writes `compilation` to `path`, complete or not at all. On failure `error` says why, naming the path.
llvm::LogicalResult writeOutput(Compilation &compilation, OutputFormat format, llvm::StringRef path,
                                std::string &error);

} // namespace tenon

#endif // TENON_PIPELINE_OUTPUTFORMAT_H
