//===- Probe.h - Measures the limits of the machine this process runs on -----------------------===//

#ifndef TENON_MACHINE_PROBE_H
#define TENON_MACHINE_PROBE_H

#include "tenon/Machine/Machine.h"

#include <cstdint>
#include <memory>

namespace tenon {

/// The f32 multiply-add rate of one core in GFLOP/s, from independent accumulators of vectors of `vectorBits`
/// bits (128, 256 or 512) over about `seconds`; the best of several rounds. 0 if the host has no such
/// instruction.
double measurePeakGFlops(unsigned vectorBits, double seconds = 0.05);

/// The widest vector in bits that measurePeakGFlops can use on this host.
unsigned widestProbeBits();

/// The rate of `instruction`, which the host must have, on one core: 10^9 operations per second, a product
/// and its sum counted as two; the best of several rounds over about `seconds`. 0 if there is no loop for it.
double measureDotGOps(const DotProduct &instruction, double seconds = 0.05);

/// Memory that one core reads over and over.
class ReadProbe {
public:
  /// Allocates a footprint of `bytes` (rounded up to 4 KiB) and writes to every page of it.
  explicit ReadProbe(int64_t bytes);

  /// What the calling core reads in GB/s, streaming over the footprint for about `seconds`; the best of
  /// several rounds.
  double measureGBytes(double seconds = 0.05) const;

private:
  struct Free {
    void operator()(char *data) const;
  };

  int64_t bytes;
  std::unique_ptr<char, Free> data;
};

} // namespace tenon

#endif // TENON_MACHINE_PROBE_H
