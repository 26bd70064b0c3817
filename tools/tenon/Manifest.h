//===- Manifest.h - What a compiled model says of its kernels ---------------------------------===//

#ifndef TENON_TOOLS_TENON_MANIFEST_H
#define TENON_TOOLS_TENON_MANIFEST_H

#include "tenon-rt/model.h"

#include <string>
#include <vector>

/// tenon::KernelReport, read back.
struct ManifestKernel {
  std::string name, source, schedule, arithmetic;
  double flops = 0, bytes = 0, weightBytes = 0, cycles = 0;
};

/// tenon::LaunchReport, read back.
struct ManifestLaunch {
  size_t kernel = 0;
  std::string source;
  std::vector<size_t> producers, inputs, outputs, weights;
  bool serial = false;
};

/// The parts of a manifest that say what the program does, in order.
struct Manifest {
  std::string target, cpu;
  std::vector<ManifestKernel> kernels;
  std::vector<ManifestLaunch> launches;
};

/// Reads the manifest of a loaded model. Throws a Failure if it is damaged.
Manifest readManifest(const tenon_model &model);

#endif // TENON_TOOLS_TENON_MANIFEST_H
