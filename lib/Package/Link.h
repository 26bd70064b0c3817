//===- Link.h - The linker as a function --------------------------------------------------------------===//

#ifndef TENON_LIB_PACKAGE_LINK_H
#define TENON_LIB_PACKAGE_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"
#include "llvm/TargetParser/Triple.h"

#include <string>
#include <vector>

namespace tenon {

/// Runs LLD in this process with the arguments of ld.lld (`wasm`: of wasm-ld). On failure `error` holds its
/// messages, one a line. May be called from several threads; the links follow one another, since LLD works on
/// global state.
llvm::LogicalResult link(bool wasm, llvm::ArrayRef<std::string> arguments, std::string &error);

/// The shared libraries on this machine that code for `triple` may call into: libm, libc and the compiler's
/// own (memcpy, expf, conversions of half floats). Empty if libc or libm isn't here, as when compiling for
/// another system.
std::vector<std::string> findSystemLibraries(const llvm::Triple &triple);

} // namespace tenon

#endif // TENON_LIB_PACKAGE_LINK_H
