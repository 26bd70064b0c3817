//===- Reproducer.h - A module on which the compiler fails, as a file ------------------------------===//

#ifndef TENON_PIPELINE_REPRODUCER_H
#define TENON_PIPELINE_REPRODUCER_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace tenon {

/// Writes `module` as text to a new file in the system's folder for temporary files, under a comment with the
/// command that repeats what failed: tenon-opt with `pipeline`. Constants of more than 4096 bytes lose their
/// elements: they would make the file as large as the model, and tell what others may not be meant to know.
/// Returns the path; on failure `error` says why. `module` is changed.
mlir::FailureOr<std::string> writeReproducer(mlir::ModuleOp module, llvm::StringRef pipeline,
                                             std::string &error);

} // namespace tenon

#endif // TENON_PIPELINE_REPRODUCER_H
