//===- MappedBytes.h - Bytes of a file in the address space --------------------------------------------===//
//
// Constants borrow their bytes from the model's file, which is mapped: what is read of it comes into memory
// page by page, and counts as this process's until somebody wants the memory. Between two phases nobody
// reads, and the next one reads something else.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_MAPPEDBYTES_H
#define TENON_SUPPORT_MAPPEDBYTES_H

#include "llvm/ADT/ArrayRef.h"

#include <memory>

namespace tenon {

/// A mapping of a whole file, for reading. Copies share it.
class MappedBytes {
public:
  /// `bytes` start with a page of a mapping that nobody writes to and that `owner` keeps alive.
  MappedBytes(llvm::ArrayRef<char> bytes, std::shared_ptr<const void> owner)
      : bytes(bytes), owner(std::move(owner)) {}

  llvm::ArrayRef<char> get() const { return bytes; }

  /// Gives back the memory that holds pages of the file. The bytes stay what they are: those that are read
  /// again come from the system's cache of files, or the file.
  void releasePages() const;

private:
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const void> owner;
};

} // namespace tenon

#endif // TENON_SUPPORT_MAPPEDBYTES_H
