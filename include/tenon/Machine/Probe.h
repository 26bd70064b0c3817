//===- Probe.h - Measures the limits of the machine this process runs on -----------------------===//

#ifndef TENON_MACHINE_PROBE_H
#define TENON_MACHINE_PROBE_H

#include <cstdint>

namespace tenon {

/// The f32 multiply-add rate of one core in GFLOP/s, from independent chains of vector FMAs of `vectorBits`
/// bits (128, 256 or 512) over about `seconds`; the best of several rounds. 0 if the host has no such
/// instruction.
double measurePeakGFlops(unsigned vectorBits, double seconds = 0.05);

/// The widest vector in bits that measurePeakGFlops can use on this host.
unsigned widestProbeBits();

/// What one core reads in GB/s, streaming over a footprint of `bytes` (rounded up to 4 KiB) for about
/// `seconds`; the best of several rounds.
double measureReadGBytes(int64_t bytes, double seconds = 0.05);

} // namespace tenon

#endif // TENON_MACHINE_PROBE_H
