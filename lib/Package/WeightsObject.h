//===- WeightsObject.h - An object file with the weights and nothing else ----------------------------===//

#ifndef TENON_LIB_PACKAGE_WEIGHTSOBJECT_H
#define TENON_LIB_PACKAGE_WEIGHTSOBJECT_H

#include "tenon/Package/Package.h"

#include "llvm/Support/raw_ostream.h"

namespace tenon {

/// Checks that the blobs are in order, don't overlap, and end within the weights.
llvm::LogicalResult checkWeights(const Package &package, std::string &error);

/// Writes an ELF object whose one section, read-only and page-aligned, holds the weights under the hidden
/// global symbol
/// `<name>_weights`. `model` is an object for the same target: class, byte order, machine and ABI flags are
/// taken from it. Nothing but headers is held in memory.
void writeWeightsObject(const Package &package, llvm::ArrayRef<char> model, llvm::raw_ostream &out);

} // namespace tenon

#endif // TENON_LIB_PACKAGE_WEIGHTSOBJECT_H
