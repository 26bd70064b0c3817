//===- CompilerBuild.h - What tells one build of the compiler from another ---------------------===//

#ifndef TENON_TARGET_COMPILERBUILD_H
#define TENON_TARGET_COMPILERBUILD_H

#include <string>

namespace tenon {

/// The build IDs of the code that makes objects: Tenon's, MLIR's and LLVM's, wherever the linker put them.
/// Empty if one of them has none, as when it was linked with --build-id=none.
std::string describeCompilerBuild();

} // namespace tenon

#endif // TENON_TARGET_COMPILERBUILD_H
