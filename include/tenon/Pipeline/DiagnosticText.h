//===- DiagnosticText.h - Diagnostics as lines a user reads -----------------------------------===//

#ifndef TENON_PIPELINE_DIAGNOSTICTEXT_H
#define TENON_PIPELINE_DIAGNOSTICTEXT_H

#include "mlir/IR/Diagnostics.h"

#include <string>

namespace tenon {

/// The diagnostic and its notes, one line each: `error: model.onnx: node 'conv1': expects rank 4, but got 3`.
/// The place is left out as far as it is not known; a place in a text is `model.mlir:3:5`.
std::string formatDiagnostic(mlir::Diagnostic &diagnostic);

/// `error`, `warning`, `note` or `remark`.
llvm::StringRef stringify(mlir::DiagnosticSeverity severity);

} // namespace tenon

#endif // TENON_PIPELINE_DIAGNOSTICTEXT_H
