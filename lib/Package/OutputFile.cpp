//===- OutputFile.cpp - Files that come into being complete or not at all ---------------------------===//

#include "OutputFile.h"

#include "tenon/Package/Package.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using llvm::failure;
using llvm::LogicalResult;
using llvm::StringRef;
using llvm::success;
namespace fs = llvm::sys::fs;

namespace tenon {

WorkFolder::~WorkFolder() {
  if (!folder.empty())
    fs::remove_directories(folder);
}

LogicalResult WorkFolder::fail(std::error_code code, std::string &error) const {
  error = "can't write '" + artefact + "': " + code.message();
  return failure();
}

LogicalResult WorkFolder::create(StringRef path, std::string &error) {
  artefact = path.str();
  if (fs::is_directory(path))
    return fail(std::make_error_code(std::errc::is_a_directory), error);
  llvm::SmallString<256> absolute(path), unique;
  if (std::error_code code = fs::make_absolute(absolute))
    return fail(code, error);
  if (std::error_code code = fs::createUniqueDirectory(absolute, unique))
    return fail(code, error);
  folder = unique.str().str();
  return success();
}

std::string WorkFolder::part(StringRef name) const {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

LogicalResult WorkFolder::write(StringRef name, llvm::function_ref<void(llvm::raw_pwrite_stream &)> write,
                                std::string &error) const {
  std::error_code code;
  llvm::raw_fd_ostream out(part(name), code);
  if (code)
    return fail(code, error);
  write(out);
  out.close();
  if (!out.has_error())
    return success();
  code = out.error();
  // Or the stream's destructor ends the process.
  out.clear_error();
  return fail(code, error);
}

LogicalResult WorkFolder::moveToPlace(StringRef name, std::string &error) const {
  if (std::error_code code = fs::rename(part(name), artefact))
    return fail(code, error);
  return success();
}

LogicalResult writeFile(StringRef path, StringRef contents, std::string &error) {
  WorkFolder folder;
  if (failed(folder.create(path, error)) ||
      failed(folder.write("file", [&](llvm::raw_pwrite_stream &out) { out << contents; }, error)))
    return failure();
  return folder.moveToPlace("file", error);
}

} // namespace tenon
