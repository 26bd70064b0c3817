//===- Link.cpp - The linker as a function -------------------------------------------------------------===//

#include "Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

#include <mutex>

LLD_HAS_DRIVER(elf)
LLD_HAS_DRIVER(wasm)

using namespace llvm;

namespace tenon {

namespace {

/// LLD's global state is the one thing here that can't be passed along.
struct LinkerState {
  std::mutex mutex;
  /// Whether LLD has crashed in a way that forbids another run in this process.
  bool isUnusable = false;
};

} // namespace

static LinkerState &getLinkerState() {
  static LinkerState state;
  return state;
}

/// LLD's messages without its name and its closing remarks.
static std::string cleanUp(StringRef messages) {
  std::string result;
  SmallVector<StringRef> lines;
  messages.split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef line : lines) {
    line.consume_front("ld.lld: ");
    line.consume_front("wasm-ld: ");
    line.consume_front("error: ");
    result += (result.empty() ? "" : "\n") + line.str();
  }
  return result;
}

LogicalResult link(bool wasm, ArrayRef<std::string> arguments, std::string &error) {
  SmallVector<const char *> argv = {wasm ? "wasm-ld" : "ld.lld"};
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());

  std::string messages;
  raw_string_ostream out(messages);
  const lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}, {lld::Wasm, &lld::wasm::link}};
  LinkerState &state = getLinkerState();
  std::lock_guard<std::mutex> lock(state.mutex);
  if (state.isUnusable) {
    error = "the linker crashed earlier in this process and can't run again";
    return failure();
  }
  lld::Result result = lld::lldMain(argv, out, out, drivers);
  state.isUnusable = !result.canRunAgain;
  if (result.retCode == 0)
    return success();
  error = "linking failed: " + cleanUp(messages);
  return failure();
}

/// The folders where shared libraries for `triple` may be, best first.
static SmallVector<std::string> getLibraryFolders(const Triple &triple) {
  std::string multiarch = (triple.getArchName() + "-linux-gnu").str();
  if (triple.isARM())
    multiarch = "arm-linux-gnueabihf";
  SmallVector<std::string> folders = {"/lib/" + multiarch, "/usr/lib/" + multiarch,
                                      "/usr/" + multiarch + "/lib"};
  // Folders without a triple in their name are this machine's.
  if (Triple(sys::getProcessTriple()).getArch() == triple.getArch())
    folders.append({"/lib64", "/usr/lib64", "/lib", "/usr/lib"});
  return folders;
}

std::vector<std::string> findSystemLibraries(const Triple &triple) {
  if (!triple.isOSLinux() || triple.isAndroid() || triple.isMusl())
    return {};
  SmallVector<std::string> folders = getLibraryFolders(triple);
  auto find = [&](StringRef name) -> std::string {
    for (const std::string &folder : folders) {
      SmallString<128> path(folder);
      sys::path::append(path, name);
      if (sys::fs::exists(path))
        return path.str().str();
    }
    return "";
  };
  std::string libm = find("libm.so.6"), libc = find("libc.so.6"), libgcc = find("libgcc_s.so.1");
  if (libm.empty() || libc.empty())
    return {};
  std::vector<std::string> libraries = {libm, libc};
  if (!libgcc.empty())
    libraries.push_back(libgcc);
  return libraries;
}

} // namespace tenon
