//===- WeightsObject.h - The place of the weights in a link, and the weights in that place ----------===//

#ifndef TENON_LIB_PACKAGE_WEIGHTSOBJECT_H
#define TENON_LIB_PACKAGE_WEIGHTSOBJECT_H

#include "tenon/Package/Package.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace tenon {

/// Checks that the blobs are in order, don't overlap, and end within the weights.
llvm::LogicalResult checkWeights(const Package &package, std::string &error);

/// Writes an ELF object that makes room for the weights, in a read-only section of their own, page-aligned,
/// under the hidden global symbol `<name>_weights`. `model` is an object for the same target: class, byte
/// order, machine and ABI flags are taken from it. `isLibrary` says that a library will be linked from it.
void writeWeightsObject(const Package &package, llvm::ArrayRef<char> model, bool isLibrary,
                        llvm::raw_ostream &out);

/// Writes the weights into the ELF file at `path`, a library or a relocatable object that was linked from
/// such an object.
llvm::Error fillInWeights(const Package &package, const std::string &path);

} // namespace tenon

#endif // TENON_LIB_PACKAGE_WEIGHTSOBJECT_H
