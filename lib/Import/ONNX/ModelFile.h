//===- ModelFile.h - An ONNX file: its message, and the bytes of its weights --------------------===//

#ifndef TENON_IMPORT_ONNX_MODELFILE_H
#define TENON_IMPORT_ONNX_MODELFILE_H

#include "ExternalData.h"
#include "WireFormat.h"

#include "tenon/Support/MappedBytes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MemoryBuffer.h"

#include "onnx-ml.pb.h"

namespace tenon::importer {

/// The raw bytes of a tensor, little endian.
struct TensorBytes {
  llvm::StringRef data;
  /// Keeps `data` alive; null if the bytes are small and belong to the message.
  std::shared_ptr<void> owner;
};

class ModelFile {
public:
  /// Reads the file, or reports at its location what is wrong with it.
  static mlir::FailureOr<std::unique_ptr<ModelFile>> open(mlir::MLIRContext *context, llvm::StringRef path);

  const ::onnx::ModelProto &getModel() const { return *model; }
  mlir::Location getLoc() const { return loc; }
  /// The file's name without folder and extension.
  llvm::StringRef getStem() const;

  /// Whether the tensor's elements are raw bytes (in the message, the file or another file) and not a typed
  /// list.
  bool isRaw(const ::onnx::TensorProto &tensor) const;
  /// The raw bytes of such a tensor; nothing after setting `error`.
  std::optional<TensorBytes> rawBytes(const ::onnx::TensorProto &tensor, std::string &error);
  /// What is mapped of the file itself and of those that its tensors have named so far.
  std::vector<MappedBytes> getMappings() const;

private:
  ModelFile(mlir::Location loc, llvm::StringRef path) : loc(loc), path(path), external(path) {}
  mlir::LogicalResult parseBinary();
  mlir::LogicalResult parseText();
  std::optional<TensorBytes> externalBytes(const ::onnx::TensorProto &tensor, std::string &error);
  std::optional<uint64_t> strippedIndex(const ::onnx::TensorProto &tensor) const;

  mlir::Location loc;
  std::string path;
  std::shared_ptr<llvm::MemoryBuffer> buffer;
  std::vector<ByteRange> stripped;
  ExternalData external;
  google::protobuf::Arena arena;
  ::onnx::ModelProto *model = nullptr;
};

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_MODELFILE_H
