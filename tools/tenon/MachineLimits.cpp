//===- MachineLimits.cpp - What this machine can do at most, measured
//-----------------------------------------===//

#include "MachineLimits.h"

#include "tenon/Machine/Machine.h"
#include "tenon/Machine/Probe.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

/// The sum of what `measure` returns on each of `threads` threads at the same time.
static double sumOverThreads(int threads, const std::function<double()> &measure) {
  std::vector<double> rates(threads);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back([&, i] { rates[i] = measure(); });
  rates[0] = measure();
  for (std::thread &other : others)
    other.join();
  double sum = 0;
  for (double rate : rates)
    sum += rate;
  return sum;
}

double measurePeak(int threads) {
  unsigned bits = tenon::widestProbeBits();
  return sumOverThreads(threads, [bits] { return tenon::measurePeakGFlops(bits); });
}

MachineLimits measureLimits(int threads) {
  tenon::Machine machine = tenon::hostMachine();
  MachineLimits limits;
  limits.threads = threads;
  limits.vectorBits = tenon::widestProbeBits();
  limits.gflops = measurePeak(threads);
  auto readRate = [threads](int64_t bytes) {
    return sumOverThreads(threads, [bytes] { return tenon::measureReadGBytes(bytes); });
  };
  limits.l1 = readRate(machine.l1Bytes / 2);
  if (machine.l2Bytes)
    limits.l2 = readRate(machine.l2Bytes / 2);
  if (machine.l3Bytes)
    limits.l3 = readRate(std::max(machine.l3Bytes / (2 * threads), 2 * machine.l2Bytes));
  limits.memory = readRate(std::max<int64_t>(4 * machine.l3Bytes / threads, 128 << 20));
  return limits;
}
