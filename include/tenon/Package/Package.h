//===- Package.h - From objects and weights to an artefact ------------------------------------------===//
//
//   objects of the target phase ─┐
//   descriptor (made here) ──────┼─ link ─→ .so | .o | .a, and a C header with a typed function
//   weights, memory-mapped ──────┘
//
// A file comes into being complete or not at all: it is written beside its place and renamed. Output depends
// on the input alone, byte for byte. No tool but the linker library that is part of this process takes part.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_PACKAGE_PACKAGE_H
#define TENON_PACKAGE_PACKAGE_H

#include "tenon/Package/ModelSignature.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"

#include <functional>
#include <string>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace tenon {

/// Compiles a module made here (constants and functions of a few instructions) to an object of the package's
/// target, after giving it the target's triple and data layout. Says why on failure.
using ModuleEmitter = std::function<llvm::LogicalResult(
    llvm::Module &module, llvm::SmallVectorImpl<char> &object, std::string &error)>;

/// A range of the weights. The bytes belong to the caller, who may have mapped them from a file: they are
/// read once, in order, and never copied in memory.
struct WeightBlob {
  /// The name in the source model, for messages.
  std::string name;
  llvm::ArrayRef<char> bytes;
  /// Where they start in the weights.
  int64_t offset = 0;
};

/// All that goes into an artefact.
struct Package {
  ModelSignature signature;

  /// The code's target: LLVM triple, CPU, and feature string ("+avx2,-fma").
  std::string triple;
  std::string cpu;
  std::string features;

  /// Relocatable objects that together define `int32_t <name>_run(const tenon_call *)`. Symbols they share
  /// with each other only should be hidden. The bytes belong to the caller.
  std::vector<llvm::ArrayRef<char>> objects;

  /// In order of their offsets, not overlapping; gaps become zeros.
  std::vector<WeightBlob> weights;
  /// Size of the weights in bytes; at least the end of the last blob.
  int64_t weightsBytes = 0;
  /// What kernels rely on, in bytes: a power of two, at most 4096.
  int64_t weightsAlignment = 64;
  /// Whether the weights go into the artefact. If not, its host hands them to each run.
  bool embedWeights = true;

  /// The scratch memory of a run in bytes: the greatest result, over the signature's symbols, products of
  /// symbols allowed. Null if `workspaceFunction` is given.
  mlir::AffineMap workspaceBytes;
  /// The name of a function `int64_t (const int64_t *symbols)` in one of the objects that computes it
  /// instead.
  std::string workspaceFunction;
  int64_t workspaceAlignment = 64;

  /// Whether the code reads tenon_call.profile.
  bool profile = false;

  /// JSON.
  std::string manifest = "{}";

  ModuleEmitter emit;
};

/// Kinds of file a package is written to.
enum class ArtefactKind {
  /// A shared library (of wasm32: a module) that tenon_rt_model_load takes.
  SharedLibrary,
  /// One relocatable object whose only global symbols start with the model's name.
  Object,
  /// A static library with that object.
  Archive,
  /// A C header for any of those.
  Header
};

/// Writes the package to `path`. On failure nothing is at `path` that wasn't there, and `error` says why,
/// naming the path.
llvm::LogicalResult writeArtefact(const Package &package, ArtefactKind kind, llvm::StringRef path,
                                  std::string &error);

/// The kind that the ending of `path` stands for (.so, .wasm, .o, .a, .h), or failure for another one.
llvm::FailureOr<ArtefactKind> getArtefactKind(llvm::StringRef path);

/// Writes `contents` to the file `path`, complete or not at all. On failure `error` says why, naming the
/// path.
llvm::LogicalResult writeFile(llvm::StringRef path, llvm::StringRef contents, std::string &error);

} // namespace tenon

#endif // TENON_PACKAGE_PACKAGE_H
