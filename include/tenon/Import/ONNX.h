//===- ONNX.h - Reads an ONNX model as a module of tenon ops ------------------------------------===//

#ifndef TENON_IMPORT_ONNX_H
#define TENON_IMPORT_ONNX_H

#include "tenon/Support/MappedBytes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <string>
#include <vector>

namespace tenon {

/// What a caller fixes about a model beyond what its file says.
struct OnnxImportOptions {
  /// Sizes of inputs by name; -1 leaves a dimension as the model has it. Static sizes of the model cannot be
  /// changed.
  std::map<std::string, llvm::SmallVector<int64_t>> shapes;
  /// Values of named dimensions, such as `batch`.
  std::map<std::string, int64_t> symbols;
};

/// Parses `input=1x3x224x224` into `options.shapes` (`?` stands for a size left alone) and reports what is
/// wrong with the text otherwise; null on success.
std::optional<std::string> parseShapeOption(llvm::StringRef text, OnnxImportOptions &options);

/// Parses `batch=1` into `options.symbols`; returns what is wrong with the text, or null.
std::optional<std::string> parseSymbolOption(llvm::StringRef text, OnnxImportOptions &options);

/// Reads the model in the file `path` (binary, or protobuf text if it ends in .onnxtxt, .textproto or
/// .pbtxt).
///
/// The module has the attribute `tenon.model` and one function `main`. Weights stay in the mapped file: the
/// module's `dense_resource` attributes keep the mapping alive, and the file must not change while the
/// context lives. All that is wrong with the model is reported as diagnostics before failure is returned, one
/// per node. `files`, if given, gets what is mapped.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importOnnx(mlir::MLIRContext *context,
                                                              llvm::StringRef path,
                                                              const OnnxImportOptions &options = {},
                                                              std::vector<MappedBytes> *files = nullptr);

} // namespace tenon

#endif // TENON_IMPORT_ONNX_H
