//===- MachineLimits.h - What this machine can do at most, measured ---------------------------===//

#ifndef TENON_TOOLS_TENON_MACHINELIMITS_H
#define TENON_TOOLS_TENON_MACHINELIMITS_H

#include <string>
#include <vector>

/// One measured rate of several threads together.
struct MachineLimit {
  /// What `tenon bench --only` calls it, "f32" or "memory".
  const char *name;
  /// "multiply-add of f32".
  const char *description;
  /// "GFLOP/s", "GOP/s" or "GB/s".
  const char *unit;
  double rate;
};

/// The names of all limits, whether or not this machine has them.
std::vector<std::string> limitNames();

/// Measures the limits called `names`, or all if there are none, each on `threads` threads at once for about
/// 50 milliseconds. What this machine lacks, a dot product or a cache, is left out.
std::vector<MachineLimit> measureLimits(int threads, const std::vector<std::string> &names = {});

/// The f32 multiply-add peak in GFLOP/s of `threads` threads at once; 0 without such an instruction.
double measurePeak(int threads);

#endif // TENON_TOOLS_TENON_MACHINELIMITS_H
