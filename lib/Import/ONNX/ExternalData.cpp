//===- ExternalData.cpp - Maps the weight files beside a model, and only those ------------------===//

#include "ExternalData.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace tenon;
using namespace tenon::importer;

ExternalData::ExternalData(StringRef modelPath) : folder(sys::path::parent_path(modelPath)) {
  if (folder.empty())
    folder = ".";
}

namespace {

/// A file descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int fd) : fd(fd) {}
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  void reset(int newFd) {
    if (fd >= 0)
      ::close(fd);
    fd = newFd;
  }
  int get() const { return fd; }

private:
  int fd;
};

} // namespace

FileMapping ExternalData::map(StringRef location, std::string &error) {
  auto refuse = [&](const Twine &why) -> FileMapping {
    error = ("external data '" + location + "' " + why).str();
    return nullptr;
  };
  if (location.empty() || location.contains('\0'))
    return refuse("is no file name");
  auto [entry, isNew] = mappings.try_emplace(location);
  if (!isNew && entry->second)
    return entry->second;
  if (sys::path::is_absolute(location, sys::path::Style::posix) || location.contains('\\'))
    return refuse("must be a relative path");
  SmallVector<StringRef> components;
  location.split(components, '/', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  if (components.empty() || is_contained(components, ".."))
    return refuse("must stay in the model's folder, but has '..'");

  // Opened a component at a time and never through a link, so that nothing can be swapped in between check
  // and use.
  Descriptor at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (at.get() < 0)
    return refuse(Twine("cannot be opened: ") + std::strerror(errno));
  for (auto [i, component] : enumerate(components)) {
    bool last = i + 1 == components.size();
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (last ? O_NONBLOCK : O_DIRECTORY);
    int fd = ::openat(at.get(), component.str().c_str(), flags);
    if (fd < 0) {
      struct stat status;
      if (::fstatat(at.get(), component.str().c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISLNK(status.st_mode))
        return refuse("is or goes through a symbolic link");
      return refuse(Twine("cannot be opened: ") + std::strerror(errno));
    }
    at.reset(fd);
  }
  struct stat status;
  if (::fstat(at.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return refuse("is not a regular file");
  if (status.st_nlink > 1)
    return refuse("has more than one name (hard links)");
  if (status.st_size == 0)
    return refuse("is empty");

  std::error_code code;
  auto mapping = std::make_shared<sys::fs::mapped_file_region>(sys::fs::convertFDToNativeFile(at.get()),
                                                               sys::fs::mapped_file_region::readonly,
                                                               status.st_size, 0, code);
  if (code)
    return refuse("cannot be mapped: " + code.message());
  mappings[location] = mapping;
  return mapping;
}

std::vector<MappedBytes> ExternalData::getMappings() const {
  std::vector<StringRef> names;
  for (const auto &[name, mapping] : mappings)
    if (mapping)
      names.push_back(name);
  llvm::sort(names);
  std::vector<MappedBytes> all;
  for (StringRef name : names) {
    FileMapping mapping = mappings.lookup(name);
    all.emplace_back(ArrayRef(mapping->const_data(), mapping->size()), mapping);
  }
  return all;
}
