//===- CacheFolder.cpp - Bytes kept in files from one run to the next ----------------------------===//
//
// An entry is a header and the bytes. It is written under a name of its own and renamed, so that nobody sees
// half of it; its checksum tells of disks that filled up or lost power.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Support/CacheFolder.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

using namespace llvm;
using namespace tenon;
namespace fs = llvm::sys::fs;

namespace {
struct EntryHeader {
  char magic[8] = {'t', 'e', 'n', 'o', 'n', 'c', '0', '1'};
  uint64_t bytes = 0;
  uint64_t checksum = 0;
};
} // namespace

/// The header of an entry with these bytes. The key is part of the checksum: a file under another's name is
/// no entry.
static EntryHeader makeHeader(StringRef key, ArrayRef<char> bytes) {
  auto hash = [](const char *data, size_t size) {
    return xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(data), size));
  };
  EntryHeader header;
  header.bytes = bytes.size();
  header.checksum = hash(bytes.data(), bytes.size()) ^ hash(key.data(), key.size());
  return header;
}

std::string CacheFolder::defaultPath() {
  if (std::optional<std::string> given = sys::Process::GetEnv("TENON_CACHE_DIR"); given && !given->empty())
    return *given;
  SmallString<128> path;
  if (!sys::path::cache_directory(path))
    return "";
  sys::path::append(path, "tenon");
  return path.str().str();
}

std::string CacheFolder::makeKey(StringRef bytes) {
  std::array<uint8_t, 32> digest = SHA256::hash(arrayRefFromStringRef(bytes));
  return toHex(ArrayRef(digest).take_front(20), /*LowerCase=*/true);
}

std::string CacheFolder::pathOf(StringRef key) const {
  SmallString<128> file(path);
  // pruneCache touches only files of this name.
  sys::path::append(file, "llvmcache-" + key);
  return file.str().str();
}

std::optional<SmallVector<char, 0>> CacheFolder::find(StringRef key) const {
  if (path.empty())
    return std::nullopt;
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(pathOf(key), /*IsText=*/false,
                                                                      /*RequiresNullTerminator=*/false);
  if (!file)
    return std::nullopt;
  ArrayRef<char> contents((*file)->getBufferStart(), (*file)->getBufferSize());
  if (contents.size() < sizeof(EntryHeader))
    return std::nullopt;
  ArrayRef<char> bytes = contents.drop_front(sizeof(EntryHeader));
  EntryHeader expected = makeHeader(key, bytes);
  if (std::memcmp(contents.data(), &expected, sizeof expected) != 0)
    return std::nullopt;
  // Says when it was last used, on file systems that don't; a folder that can't be written to is left alone.
  int descriptor;
  if (!fs::openFileForWrite(pathOf(key), descriptor, fs::CD_OpenExisting, fs::OF_None)) {
    (void)fs::setLastAccessAndModificationTime(descriptor, std::chrono::system_clock::now());
    (void)sys::Process::SafelyCloseFileDescriptor(descriptor);
  }
  ++numFound;
  return SmallVector<char, 0>(bytes);
}

void CacheFolder::insert(StringRef key, ArrayRef<char> bytes) const {
  // For its owner alone: what is in here will be run.
  if (path.empty() || fs::create_directories(path, /*IgnoreExisting=*/true, fs::owner_all))
    return;
  int descriptor;
  SmallString<128> temporary;
  if (fs::createUniqueFile(pathOf(key) + "-%%%%%%%%", descriptor, temporary))
    return;
  raw_fd_ostream out(descriptor, /*shouldClose=*/true);
  EntryHeader header = makeHeader(key, bytes);
  out.write(reinterpret_cast<const char *>(&header), sizeof header);
  out.write(bytes.data(), bytes.size());
  out.close();
  bool isComplete = !out.has_error();
  // Or the stream's destructor ends the process.
  out.clear_error();
  if (!isComplete || fs::rename(temporary, pathOf(key)))
    fs::remove(temporary);
}

void CacheFolder::prune(uint64_t maxBytes, std::chrono::seconds interval) const {
  if (path.empty() || !fs::is_directory(path))
    return;
  CachePruningPolicy policy;
  policy.Interval = interval;
  policy.Expiration = std::chrono::seconds(0);
  policy.MaxSizePercentageOfAvailableSpace = 0;
  policy.MaxSizeBytes = maxBytes;
  pruneCache(path, policy);
}
