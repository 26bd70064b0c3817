//===- MachineLimits.cpp - What this machine can do at most, measured -------------------------===//

#include "MachineLimits.h"

#include "tenon/Machine/Machine.h"
#include "tenon/Machine/Probe.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

using tenon::DotProduct;
using tenon::Machine;

namespace {
/// Measures a rate on the calling thread.
using Measure = std::function<double()>;
/// Makes ready on the calling thread, memory included, what is then measured.
using Prepare = std::function<Measure()>;

/// A kind of limit.
struct LimitKind {
  const char *name;
  const char *description;
  const char *unit;
  /// How `machine` measures it on each of `threads` threads; empty if it lacks such a thing.
  Prepare (*find)(const Machine &machine, int threads);
};
} // namespace

static Prepare findPeak(const Machine &, int) {
  unsigned bits = tenon::widestProbeBits();
  if (!bits)
    return {};
  return [bits] { return [bits] { return tenon::measurePeakGFlops(bits); }; };
}

/// The rate of the widest instruction on one of the element types `lhs`.
static Prepare findDotProduct(const Machine &machine, std::initializer_list<DotProduct::Element> lhs) {
  for (const DotProduct &instruction : machine.dotProducts)
    if (std::find(lhs.begin(), lhs.end(), instruction.lhs) != lhs.end())
      return [&instruction] { return [&instruction] { return tenon::measureDotGOps(instruction); }; };
  return {};
}

static Prepare findBF16(const Machine &machine, int) {
  return findDotProduct(machine, {DotProduct::Element::BFloat16});
}

static Prepare findInt8(const Machine &machine, int) {
#if defined(__x86_64__)
  return findDotProduct(machine, {DotProduct::Element::Unsigned8});
#else
  return findDotProduct(machine, {DotProduct::Element::Signed8});
#endif
}

static Prepare readsOf(int64_t bytes) {
  if (bytes <= 0)
    return {};
  return [bytes] {
    auto probe = std::make_shared<tenon::ReadProbe>(bytes);
    return [probe] { return probe->measureGBytes(); };
  };
}

static Prepare findL1(const Machine &machine, int) { return readsOf(machine.l1Bytes / 2); }
static Prepare findL2(const Machine &machine, int) { return readsOf(machine.l2Bytes / 2); }

static Prepare findL3(const Machine &machine, int threads) {
  return readsOf(machine.l3Bytes ? std::max(machine.l3Bytes / (2 * threads), 2 * machine.l2Bytes) : 0);
}

static Prepare findMemory(const Machine &machine, int threads) {
  // Servers have caches of hundreds of megabytes, of which a virtual machine sees the whole but gets a part.
  constexpr int64_t most = 1 << 30, least = 128 << 20;
  return readsOf(std::clamp(4 * machine.l3Bytes, least, most) / threads);
}

static constexpr LimitKind kinds[] = {
    {"f32", "multiply-add of f32", "GFLOP/s", findPeak},
    {"bf16", "dot product of bf16", "GFLOP/s", findBF16},
    {"int8", "dot product of int8", "GOP/s", findInt8},
    {"l1", "reads from L1", "GB/s", findL1},
    {"l2", "reads from L2", "GB/s", findL2},
    {"l3", "reads from L3", "GB/s", findL3},
    {"memory", "reads from memory", "GB/s", findMemory},
};

/// The sum of what is measured on each of `threads` threads, once all of them are ready.
static double sumOverThreads(int threads, const Prepare &prepare) {
  std::vector<double> rates(threads);
  std::atomic<int> ready = 0;
  auto run = [&](int thread) {
    Measure measure = prepare();
    ++ready;
    while (ready < threads)
      std::this_thread::yield();
    rates[thread] = measure();
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back(run, thread);
  run(0);
  for (std::thread &other : others)
    other.join();
  double sum = 0;
  for (double rate : rates)
    sum += rate;
  return sum;
}

std::vector<std::string> limitNames() {
  std::vector<std::string> names;
  for (const LimitKind &kind : kinds)
    names.push_back(kind.name);
  return names;
}

std::vector<MachineLimit> measureLimits(int threads, const std::vector<std::string> &names) {
  Machine machine = tenon::hostMachine();
  std::vector<MachineLimit> limits;
  for (const LimitKind &kind : kinds) {
    if (!names.empty() && std::find(names.begin(), names.end(), kind.name) == names.end())
      continue;
    Prepare prepare = kind.find(machine, threads);
    if (double rate = prepare ? sumOverThreads(threads, prepare) : 0; rate > 0)
      limits.push_back({kind.name, kind.description, kind.unit, rate});
  }
  return limits;
}

double measurePeak(int threads) {
  std::vector<MachineLimit> limits = measureLimits(threads, {"f32"});
  return limits.empty() ? 0 : limits[0].rate;
}
