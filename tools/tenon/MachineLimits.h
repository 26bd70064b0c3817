//===- MachineLimits.h - What this machine can do at most, measured
//-------------------------------------------===//

#ifndef TENON_TOOLS_TENON_MACHINELIMITS_H
#define TENON_TOOLS_TENON_MACHINELIMITS_H

/// Rates of several threads together; 0 where a machine has no such thing.
struct MachineLimits {
  int threads = 1;
  unsigned vectorBits = 0;
  double gflops = 0;
  /// GB/s of streaming reads from the caches and from memory.
  double l1 = 0, l2 = 0, l3 = 0, memory = 0;
};

/// The f32 multiply-add peak in GFLOP/s of `threads` threads at once.
double measurePeak(int threads);

/// The peak and the bandwidths; takes about a second.
MachineLimits measureLimits(int threads);

#endif // TENON_TOOLS_TENON_MACHINELIMITS_H
