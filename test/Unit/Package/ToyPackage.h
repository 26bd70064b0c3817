//===- ToyPackage.h - A package around a small model written in LLVM IR ---------------------------------===//
//
//   y[batch, 4] = exp(x[batch, 4] * weights[4]),  halves[batch / 2] = batch
//
// One kernel over rows, run through the caller's threads if there are any; calls libm; uses the workspace.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_UNIT_PACKAGE_TOYPACKAGE_H
#define TENON_UNIT_PACKAGE_TOYPACKAGE_H

#include "tenon/Package/Package.h"

#include "mlir/IR/MLIRContext.h"

#include <array>
#include <string>

namespace tenon {

class ToyPackage {
public:
  /// A package for this machine under the model name `name`, with code compiled for `triple`.
  explicit ToyPackage(std::string name = "toy", std::string triple = "");

  Package package;
  /// What the model multiplies by.
  std::array<float, 4> factors = {0.5f, -1.0f, 2.0f, 0.0f};
  /// Where they are in the weights.
  static constexpr int64_t factorsOffset = 192;

private:
  mlir::MLIRContext context;
  llvm::SmallVector<char, 0> object;
};

} // namespace tenon

#endif // TENON_UNIT_PACKAGE_TOYPACKAGE_H
