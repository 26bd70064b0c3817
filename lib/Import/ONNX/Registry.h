//===- Registry.h - Which ONNX ops Tenon reads, in which versions -------------------------------===//

#ifndef TENON_IMPORT_ONNX_REGISTRY_H
#define TENON_IMPORT_ONNX_REGISTRY_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <string>

namespace tenon::importer {

class NodeReader;

/// The oldest and newest opset of the default domain that is read.
inline constexpr int64_t kOldestOpset = 6;
inline constexpr int64_t kNewestOpset = 28;

/// Makes the ops of one node and hands over its results, or reports and fails.
using Handler = llvm::LogicalResult (*)(NodeReader &node);

/// As the number of inputs: any.
inline constexpr unsigned kAnyNumber = ~0u;

/// How the versions of an op from `since` on (up to the next entry) are read.
struct OpEntry {
  int64_t since;
  unsigned minInputs, maxInputs;
  /// Null if these versions are refused, for the reason `refusal`.
  Handler handler;
  std::string refusal;
  /// Whether inputs may be sequences; else they are tensors.
  bool takesSequences = false;
};

/// The ops of all families.
class Registry {
public:
  Registry();

  /// Reads versions of `op` from `since` on with `handler`; the first `minInputs` inputs must be given.
  void add(llvm::StringRef op, int64_t since, unsigned minInputs, unsigned maxInputs, Handler handler,
           llvm::StringRef domain = "");
  /// As add, for an op that takes sequences.
  void addForSequences(llvm::StringRef op, int64_t since, unsigned minInputs, unsigned maxInputs,
                       Handler handler);
  /// Refuses versions of `op` from `since` on for this reason.
  void refuse(llvm::StringRef op, llvm::StringRef reason, int64_t since = 1, llvm::StringRef domain = "");

  /// The entry for the op at this opset version of its domain; null if the op is unknown.
  const OpEntry *find(llvm::StringRef domain, llvm::StringRef op, int64_t opset) const;

private:
  void insert(llvm::StringRef domain, llvm::StringRef op, OpEntry entry);

  llvm::StringMap<llvm::SmallVector<OpEntry, 2>> entries;
};

// A family a file, as in the dialect.
void registerActivations(Registry &registry);
void registerAttention(Registry &registry);
void registerContraction(Registry &registry);
void registerControl(Registry &registry);
void registerElementwise(Registry &registry);
void registerFunctions(Registry &registry);
void registerGridSample(Registry &registry);
void registerIndexing(Registry &registry);
void registerNormalization(Registry &registry);
void registerPooling(Registry &registry);
void registerQuant(Registry &registry);
void registerRecurrent(Registry &registry);
void registerReduction(Registry &registry);
void registerResize(Registry &registry);
void registerSequences(Registry &registry);
void registerShape(Registry &registry);
void registerSignal(Registry &registry);

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_REGISTRY_H
