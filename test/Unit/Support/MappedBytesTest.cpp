//===- MappedBytesTest.cpp - Pages of a file come and go ----------------------------------------------===//

#include "tenon/Support/MappedBytes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace tenon;

/// KiB in memory of the mapping that starts at `address`, as the system tells.
static int64_t residentKiB(const char *address) {
  auto text = MemoryBuffer::getFileAsStream("/proc/self/smaps");
  if (!text)
    return -1;
  StringRef rest =
      (*text)->getBuffer().split(formatv("\n{0:x-}-", reinterpret_cast<uintptr_t>(address)).str()).second;
  int64_t size = -1;
  rest.split("\nRss:").second.ltrim().consumeInteger(10, size);
  return size;
}

TEST(MappedBytes, PagesGoAndTheBytesStay) {
  SmallString<64> path;
  int file;
  ASSERT_FALSE(sys::fs::createTemporaryFile("mapped", "bytes", file, path));
  constexpr size_t size = 1 << 20;
  {
    raw_fd_ostream stream(file, /*shouldClose=*/true);
    for (size_t i = 0; i < size; ++i)
      stream << static_cast<char>(i % 251);
  }
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  ASSERT_TRUE(static_cast<bool>(buffer));
  ASSERT_EQ((*buffer)->getBufferKind(), MemoryBuffer::MemoryBuffer_MMap);
  std::shared_ptr<MemoryBuffer> owner = std::move(*buffer);
  MappedBytes bytes(arrayRefFromStringRef<char>(owner->getBuffer()), owner);
  owner.reset();

  auto isWhole = [&] {
    for (size_t i = 0; i < size; ++i)
      if (bytes.get()[i] != static_cast<char>(i % 251))
        return false;
    return true;
  };
  EXPECT_TRUE(isWhole());
  EXPECT_EQ(residentKiB(bytes.get().data()), 1024);
  bytes.releasePages();
  EXPECT_EQ(residentKiB(bytes.get().data()), 0);
  EXPECT_TRUE(isWhole());
  sys::fs::remove(path);
}
