//===- CacheFolder.h - Bytes kept in files from one run to the next ------------------------------===//
//
// A folder of entries, each a file named by its key. A key must say all that the bytes depend on, so an entry
// never changes and nobody has to agree on anything: several processes may use a folder at once. The cache
// saves time and promises nothing else. Whatever goes wrong with it, an entry that is cut short or a full
// disk, makes an entry that is not found.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_CACHEFOLDER_H
#define TENON_SUPPORT_CACHEFOLDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

namespace tenon {

/// All functions may be called from several threads at once.
class CacheFolder {
public:
  /// The folder $TENON_CACHE_DIR, or `tenon` in $XDG_CACHE_HOME, or in ~/.cache. Empty, a cache that holds
  /// nothing, where neither these nor a home are known.
  static std::string defaultPath();

  /// The cache in the folder `path`, which need not exist yet.
  explicit CacheFolder(std::string path) : path(std::move(path)) {}

  /// A key for what depends on these bytes and nothing else.
  static std::string makeKey(llvm::StringRef bytes);

  /// The bytes that were inserted under `key`, or nothing.
  std::optional<llvm::SmallVector<char, 0>> find(llvm::StringRef key) const;
  /// Keeps `bytes` under `key`: letters and digits.
  void insert(llvm::StringRef key, llvm::ArrayRef<char> bytes) const;
  /// Removes what was not used for the longest time until the rest takes up to `maxBytes`, unless this was
  /// done less than `interval` ago.
  void prune(uint64_t maxBytes = uint64_t(256) << 20,
             std::chrono::seconds interval = std::chrono::minutes(20)) const;

  /// How many calls of `find` have found something.
  unsigned getNumFound() const { return numFound; }

private:
  std::string pathOf(llvm::StringRef key) const;

  std::string path;
  mutable std::atomic<unsigned> numFound = 0;
};

} // namespace tenon

#endif // TENON_SUPPORT_CACHEFOLDER_H
