//===- CPUTarget.h - The target for everything LLVM generates CPU code for ---------------------===//

#ifndef TENON_LIB_TARGET_CPU_CPUTARGET_H
#define TENON_LIB_TARGET_CPU_CPUTARGET_H

#include "tenon/Target/Target.h"

namespace tenon {

/// The target for a CPU or a WebAssembly engine; see createTarget.
llvm::FailureOr<std::unique_ptr<Target>> createCPUTarget(const Machine &machine, std::string &error);

} // namespace tenon

#endif // TENON_LIB_TARGET_CPU_CPUTARGET_H
