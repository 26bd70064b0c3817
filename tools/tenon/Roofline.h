//===- Roofline.h - Kernels against the limits of this machine --------------------------------===//
//
// A kernel can be no faster than its arithmetic at the machine's peak, nor than its data at the bandwidth of
// where they are. The slower of the two is its limit; its time is measured, and predicted by the cost model
// that chose its schedule.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_TOOLS_TENON_ROOFLINE_H
#define TENON_TOOLS_TENON_ROOFLINE_H

#include "Inputs.h"
#include "Manifest.h"
#include "ProfiledModel.h"

#include "llvm/Support/JSON.h"

/// Measured rates of one number of threads; 0 for what the machine lacks.
struct Ceilings {
  int threads = 1;
  /// 10^9 operations per second by element type.
  double f32 = 0, bf16 = 0, int8 = 0;
  /// GB/s of reads.
  double l1 = 0, l2 = 0, l3 = 0, memory = 0;
};

/// Measures what `threads` threads together can do; about half a second.
Ceilings measureCeilings(int threads);

/// What holds a kernel back.
enum class Bound { Compute, L1, L2, L3, Memory };

/// "compute", "L1", "L2", "L3", "memory".
const char *stringify(Bound bound);

/// All launches of a kernel in a run, or one of them.
struct RooflineEntry {
  size_t calls = 1;
  double flops = 0, bytes = 0;
  /// Measured; what the cost model expects, 0 if it has no estimate; what the machine's limits allow.
  double seconds = 0, predictedSeconds = 0, limitSeconds = 0;
  Bound bound = Bound::Memory;

  /// How close the kernel is to its limit: 1 is as fast as this machine goes.
  double limitFraction() const { return seconds > 0 ? limitSeconds / seconds : 0; }
};

/// The kernels of a model as they ran.
struct Roofline {
  Manifest manifest;
  LaunchTimes times;
  int threads = 1;
  /// What one thread can do, for launches that run on one, and what all of them can.
  Ceilings single, all;
  /// Cycles per nanosecond of one core at the measured peak.
  double clockGHz = 0;
  /// By the manifest's launches, and by its kernels.
  std::vector<RooflineEntry> launches, kernels;
  RooflineEntry total;

  /// The kernels that ran, the one that took longest first.
  std::vector<size_t> kernelsByTime() const;
};

/// Runs `model` for about `minSeconds` and measures this machine's limits. Throws a Failure if a size is
/// open.
Roofline measureRoofline(LoadedModel &model, const InputOptions &inputOptions, double minSeconds);

/// A table of the kernels sorted by time, and totals.
std::string formatRoofline(const Roofline &roofline, const std::string &model);

/// The same as JSON, with the launches, their producers and the limits.
llvm::json::Object describeRoofline(const Roofline &roofline, const tenon_model &model);

#endif // TENON_TOOLS_TENON_ROOFLINE_H
