//===- KernelGroups.h - Which ops of a block become one kernel ----------------------------------===//
//
// Decides by traits and shapes only, and changes no IR. A group is built around at most one anchor: an op
// that is not elementwise. All its values but the results are used inside of it, so a kernel in the place of
// its last op sees all of its inputs; for a group with a second result the absence of a cycle is checked.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_GRAPH_KERNELGROUPS_H
#define TENON_LIB_GRAPH_KERNELGROUPS_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <string>
#include <vector>

namespace tenon {

/// The ops of one kernel.
struct KernelGroup {
  /// In program order; cloned ops are in several groups.
  std::vector<mlir::Operation *> ops;
  /// The op the kernel is built around; null if all are elementwise.
  mlir::Operation *anchor = nullptr;
  /// An elementwise value that ops outside need besides the last op's results; may be null.
  mlir::Value secondResult;
  /// Whether every user has its own clone, so no kernel is made of it.
  bool cloned = false;

  mlir::Operation *getRoot() const { return ops.back(); }
};

struct GroupingOptions {
  size_t maxOps;
  bool secondResults;
};

class KernelGroups {
public:
  /// Groups the ops of `block` that are to be in kernels.
  KernelGroups(mlir::Block &block, const GroupingOptions &options);

  /// The groups to make kernels of, ordered by their last op.
  std::vector<const KernelGroup *> getGroups() const;

  /// Why the op that computes `producer`'s result is not in the kernel of its user `consumer`; empty if they
  /// are in one kernel, or one of them is in none.
  std::string whySeparate(mlir::Operation *producer, mlir::Operation *consumer) const;

  /// Whether the op belongs in a kernel at all.
  static bool belongsInKernel(mlir::Operation *op);
  /// Whether the op is a constant that is cloned into the kernel of `user` instead of being its input.
  static bool isClonedInto(mlir::Operation *constant, mlir::Operation *user);

private:
  using GroupSet = llvm::SmallVector<KernelGroup *>;

  KernelGroup *groupOf(mlir::Operation *op) const { return groups.lookup(op); }
  KernelGroup *startGroup(mlir::Operation *op);
  void sortOps(KernelGroup &group);
  /// The groups that use the op's results, each once in program order; null among them stands for users in
  /// none.
  GroupSet userGroups(mlir::Operation *op) const;

  void growAnchor(mlir::Operation *anchor);
  bool joinReader(mlir::Operation *op);
  bool waitsForReaders(mlir::Operation *op) const;
  void joinUsers(mlir::Operation *op);
  void cloneIntoUsers(KernelGroup &group);
  void returnSecondResult(KernelGroup &group);

  /// Why no op of `group` may read the result of the elementwise `producer` inside its kernel; empty if all
  /// may.
  std::string refusal(mlir::Operation *producer, const KernelGroup &group) const;
  /// Whether a value leads from one of `from`'s users outside of `target` back into it.
  bool reaches(mlir::Operation *from, const KernelGroup &target) const;
  std::string tooManyOps() const;

  GroupingOptions options;
  std::vector<std::unique_ptr<KernelGroup>> storage;
  llvm::DenseMap<mlir::Operation *, KernelGroup *> groups;
  llvm::DenseMap<mlir::Operation *, unsigned> position;
  /// The other groups an op was cloned into.
  llvm::DenseMap<mlir::Operation *, GroupSet> clones;
};

} // namespace tenon

#endif // TENON_LIB_GRAPH_KERNELGROUPS_H
