//===- Host.cpp - Describes the machine this process runs on -----------------------------------===//

#include "Family.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Threading.h"
#include "llvm/TargetParser/Host.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace tenon;
using llvm::StringRef;

/// The trimmed text of a file of the operating system, empty if there is none.
static std::string readText(const llvm::Twine &path) {
  auto buffer = llvm::MemoryBuffer::getFileAsStream(path);
  return buffer ? (*buffer)->getBuffer().trim().str() : "";
}

/// Sets the size of the data cache of `level`.
static void setCache(Machine &machine, unsigned level, int64_t bytes) {
  if (level == 1)
    machine.l1Bytes = bytes;
  else if (level == 2)
    machine.l2Bytes = bytes;
  else if (level == 3)
    machine.l3Bytes = bytes;
}

/// Reads the caches of the first core from Linux's sysfs; false if it is not there.
static bool readCachesFromSystem(Machine &machine) {
  bool found = false;
  for (unsigned index = 0; index < 8; ++index) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    unsigned level;
    std::string text = readText(folder + "size");
    StringRef size = text;
    bool inMegabytes = size.consume_back("M");
    size.consume_back("K");
    int64_t units;
    if (StringRef(readText(folder + "level")).getAsInteger(10, level) || size.getAsInteger(10, units) ||
        readText(folder + "type") == "Instruction")
      continue;
    setCache(machine, level, units << (inMegabytes ? 20 : 10));
    unsigned line;
    if (!StringRef(readText(folder + "coherency_line_size")).getAsInteger(10, line) && line != 0)
      machine.cacheLineBytes = line;
    found = true;
  }
  return found;
}

/// Reads the caches by the CPU's own instruction, for containers that hide sysfs and for other operating
/// systems.
static void readCachesFromCpu(Machine &machine) {
#if defined(__x86_64__)
  // AMD enumerates caches in a leaf of its own, in Intel's format.
  unsigned a, b, c, d;
  unsigned leaf = __get_cpuid_max(0x80000000, nullptr) >= 0x8000001d &&
                          __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & (1u << 22))
                      ? 0x8000001d
                      : 4;
  for (unsigned index = 0; index < 8 && __get_cpuid_count(leaf, index, &a, &b, &c, &d); ++index) {
    unsigned type = a & 31;
    if (type == 0)
      return;
    constexpr unsigned instructionCache = 2;
    if (type == instructionCache)
      continue;
    int64_t ways = (b >> 22) + 1, partitions = ((b >> 12) & 1023) + 1, line = (b & 4095) + 1,
            sets = int64_t(c) + 1;
    setCache(machine, (a >> 5) & 7, ways * partitions * line * sets);
    machine.cacheLineBytes = unsigned(line);
  }
#endif
}

/// The highest sustained clock that the operating system reports, 0 if none.
static double readClockGHz() {
  double value;
  if (!StringRef(readText("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")).getAsDouble(value))
    return value / 1e6;
  std::string text = readText("/proc/cpuinfo");
  StringRef info = text;
  size_t at = info.find("cpu MHz");
  if (at != StringRef::npos && !info.substr(at).split('\n').first.split(':').second.trim().getAsDouble(value))
    return value / 1e3;
  return 0;
}

Machine tenon::hostMachine() {
  Machine machine;
  machine.name = "host";
  machine.triple = llvm::sys::getProcessTriple();
  machine.cpu = llvm::sys::getHostCPUName().str();
  llvm::SmallVector<std::string> features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  // A StringMap has no order, and the feature string is part of cache keys.
  llvm::sort(features);
  machine.features = llvm::join(features, ",");

  std::string error;
  if (failed(describeMachine(machine, error))) {
    // A CPU newer than LLVM: its features still describe it.
    machine.cpu = "";
    machine.dotProducts.clear();
    (void)describeMachine(machine, error);
  }
  if (!readCachesFromSystem(machine))
    readCachesFromCpu(machine);
  machine.pageBytes = llvm::sys::Process::getPageSizeEstimate();
  // Honours the process's affinity, which containers and taskset restrict.
  machine.cores = std::max(1u, llvm::hardware_concurrency().compute_thread_count());
  machine.clockGHz = readClockGHz();
  return machine;
}
