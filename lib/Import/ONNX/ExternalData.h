//===- ExternalData.h - Maps the weight files beside a model, and only those --------------------===//

#ifndef TENON_IMPORT_ONNX_EXTERNALDATA_H
#define TENON_IMPORT_ONNX_EXTERNALDATA_H

#include "tenon/Support/MappedBytes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"

#include <memory>
#include <string>
#include <vector>

namespace tenon::importer {

using FileMapping = std::shared_ptr<llvm::sys::fs::mapped_file_region>;

/// The files a model's external tensors name, each mapped once.
///
/// A model is not trusted: a location may only name a regular file in the model's folder or below it.
/// Absolute paths,
/// `..`, symbolic links at any level, files with more than one name (hard links) and anything that isn't a
/// regular file are refused.
class ExternalData {
public:
  explicit ExternalData(llvm::StringRef modelPath);

  /// The mapping of the file at `location`, relative to the model's folder; null after setting `error`.
  FileMapping map(llvm::StringRef location, std::string &error);
  /// All that is mapped, in the order of the names.
  std::vector<MappedBytes> getMappings() const;

private:
  std::string folder;
  llvm::StringMap<FileMapping> mappings;
};

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_EXTERNALDATA_H
