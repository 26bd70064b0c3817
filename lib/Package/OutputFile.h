//===- OutputFile.h - Files that come into being complete or not at all -----------------------------===//

#ifndef TENON_LIB_PACKAGE_OUTPUTFILE_H
#define TENON_LIB_PACKAGE_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <system_error>

namespace tenon {

/// A folder for the parts of an artefact beside its place, so that moving the result there is a rename. Gone
/// with this object, whatever is in it.
class WorkFolder {
public:
  WorkFolder() = default;
  ~WorkFolder();
  WorkFolder(const WorkFolder &) = delete;
  WorkFolder &operator=(const WorkFolder &) = delete;

  /// Makes the folder for an artefact that will be at `path`. On failure `error` names the path.
  llvm::LogicalResult create(llvm::StringRef path, std::string &error);

  /// The path of a part.
  std::string part(llvm::StringRef name) const;

  /// Writes a part through `write`. On failure `error` names the artefact: the folder means nothing to a
  /// user.
  llvm::LogicalResult write(llvm::StringRef name, llvm::function_ref<void(llvm::raw_pwrite_stream &)> write,
                            std::string &error) const;

  /// Moves a part to the artefact's place.
  llvm::LogicalResult moveToPlace(llvm::StringRef name, std::string &error) const;

private:
  llvm::LogicalResult fail(std::error_code code, std::string &error) const;

  std::string artefact;
  std::string folder;
};

} // namespace tenon

#endif // TENON_LIB_PACKAGE_OUTPUTFILE_H
