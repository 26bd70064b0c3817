//===- CacheFolderTest.cpp - What a cache keeps, and what it makes of damage ----------------------===//

#include "tenon/Support/CacheFolder.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <csignal>
#include <sys/resource.h>
#include <thread>

using namespace llvm;
using tenon::CacheFolder;

namespace {

class CacheFolderTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(sys::fs::createUniqueDirectory("tenon-cache-test", root));
    path = (root + "/a/cache").str();
  }
  void TearDown() override { sys::fs::remove_directories(root); }

  static ArrayRef<char> bytesOf(StringRef text) { return {text.data(), text.size()}; }
  static std::string lookup(const CacheFolder &cache, StringRef key) {
    std::optional<SmallVector<char, 0>> found = cache.find(key);
    return found ? "found " + std::string(found->begin(), found->end()) : "nothing";
  }
  /// The files of the cache, temporary ones too.
  std::vector<std::string> list() {
    std::vector<std::string> files;
    std::error_code code;
    for (sys::fs::directory_iterator it(path, code), end; it != end && !code; it.increment(code))
      if (sys::path::filename(it->path()) != "llvmcache.timestamp")
        files.push_back(it->path());
    return files;
  }
  static std::string read(const std::string &file) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> contents = MemoryBuffer::getFile(file);
    return contents ? (*contents)->getBuffer().str() : "";
  }
  static void write(const std::string &file, StringRef contents) {
    std::error_code code;
    raw_fd_ostream(file, code) << contents;
    ASSERT_FALSE(code);
  }

  SmallString<128> root;
  std::string path;
};

TEST_F(CacheFolderTest, FindsWhatWasInserted) {
  CacheFolder cache(path);
  EXPECT_EQ(lookup(cache, "abc"), "nothing");
  cache.insert("abc", bytesOf("one"));
  cache.insert("abd", bytesOf(""));
  EXPECT_EQ(lookup(cache, "abc"), "found one");
  EXPECT_EQ(lookup(cache, "abd"), "found ");
  EXPECT_EQ(lookup(CacheFolder(path), "abc"), "found one");
  EXPECT_EQ(lookup(cache, "ab"), "nothing");
  EXPECT_EQ(cache.getNumFound(), 2u);
}

TEST_F(CacheFolderTest, KeysTellBytesApart) {
  EXPECT_EQ(CacheFolder::makeKey("kernel"), CacheFolder::makeKey("kernel"));
  EXPECT_NE(CacheFolder::makeKey("kernel"), CacheFolder::makeKey("kerne1"));
  EXPECT_EQ(CacheFolder::makeKey("").size(), 40u);
}

TEST_F(CacheFolderTest, DamagedEntriesAreNotFoundAndReplaced) {
  CacheFolder cache(path);
  const std::string text(1000, 'x');
  cache.insert("abc", bytesOf(text));
  ASSERT_EQ(list().size(), 1u);
  const std::string file = list().front(), whole = read(file);
  for (size_t kept : {size_t(0), size_t(5), size_t(24), whole.size() - 1}) {
    write(file, StringRef(whole).take_front(kept));
    EXPECT_EQ(lookup(cache, "abc"), "nothing") << kept << " bytes left";
  }
  for (size_t place : {size_t(0), size_t(9), size_t(17), size_t(500)}) {
    std::string changed = whole;
    changed[place] ^= 4;
    write(file, changed);
    EXPECT_EQ(lookup(cache, "abc"), "nothing") << "byte " << place << " changed";
  }
  write(file, whole + "x");
  EXPECT_EQ(lookup(cache, "abc"), "nothing") << "a byte too many";
  cache.insert("abc", bytesOf(text));
  EXPECT_EQ(lookup(cache, "abc"), "found " + text);
}

TEST_F(CacheFolderTest, AnEntryUnderAnotherNameIsNotFound) {
  CacheFolder cache(path);
  cache.insert("abc", bytesOf("one"));
  std::string file = list().front();
  ASSERT_FALSE(sys::fs::rename(file, file + "d"));
  EXPECT_EQ(lookup(cache, "abcd"), "nothing");
}

TEST_F(CacheFolderTest, WhereNothingCanBeWrittenNothingHappens) {
  CacheFolder none("");
  none.insert("abc", bytesOf("one"));
  none.prune();
  EXPECT_EQ(lookup(none, "abc"), "nothing");

  write((root + "/file").str(), "");
  CacheFolder belowFile((root + "/file/cache").str());
  belowFile.insert("abc", bytesOf("one"));
  belowFile.prune();
  EXPECT_EQ(lookup(belowFile, "abc"), "nothing");
}

TEST_F(CacheFolderTest, OnAFullDiskNothingIsKept) {
  // A limit on the size of files makes writes fail half-way, as a full disk does.
  auto *previousHandler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit previous;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &previous), 0);
  rlimit small = {500, previous.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  CacheFolder cache(path);
  cache.insert("abc", bytesOf(std::string(1000, 'x')));
  setrlimit(RLIMIT_FSIZE, &previous);
  std::signal(SIGXFSZ, previousHandler);
  EXPECT_EQ(lookup(cache, "abc"), "nothing");
  EXPECT_TRUE(list().empty()) << "half an entry is left";
}

TEST_F(CacheFolderTest, RemovesWhatWasNotUsedForTheLongestTime) {
  CacheFolder cache(path);
  const std::string text(1000, 'x');
  for (const char *key : {"one", "two", "three"}) {
    cache.insert(key, bytesOf(text));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(lookup(cache, "one"), "found " + text);
  cache.prune(/*maxBytes=*/2500, /*interval=*/std::chrono::seconds(0));
  EXPECT_EQ(lookup(cache, "one"), "found " + text);
  EXPECT_EQ(lookup(cache, "two"), "nothing");
  EXPECT_EQ(lookup(cache, "three"), "found " + text);
}

TEST_F(CacheFolderTest, PruningWaitsForItsInterval) {
  CacheFolder cache(path);
  cache.insert("one", bytesOf("x"));
  cache.prune(/*maxBytes=*/1000, std::chrono::hours(1));
  cache.insert("two", bytesOf(std::string(5000, 'x')));
  cache.prune(/*maxBytes=*/1000, std::chrono::hours(1));
  EXPECT_EQ(list().size(), 2u);
  cache.prune(/*maxBytes=*/1000, std::chrono::seconds(0));
  EXPECT_LT(list().size(), 2u);
}

TEST_F(CacheFolderTest, ThreadsSeeWholeEntriesOrNone) {
  // Of one key all write the same, as those do who compute the same.
  const std::string text(100000, 'x');
  std::atomic<unsigned> wrong = 0, found = 0;
  std::vector<std::thread> threads;
  for (unsigned thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      CacheFolder cache(path);
      for (unsigned i = 0; i < 50; ++i) {
        cache.insert("abc", bytesOf(text));
        std::optional<SmallVector<char, 0>> bytes = cache.find("abc");
        found += bytes.has_value();
        wrong += bytes && std::string(bytes->begin(), bytes->end()) != text;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(found, 200u);
  EXPECT_EQ(list().size(), 1u) << "temporary files are left";
}

} // namespace
