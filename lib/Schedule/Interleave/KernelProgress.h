//===- KernelProgress.h - What a kernel has read and written after some of its steps -----------------===//

#ifndef TENON_LIB_SCHEDULE_INTERLEAVE_KERNELPROGRESS_H
#define TENON_LIB_SCHEDULE_INTERLEAVE_KERNELPROGRESS_H

#include "tenon/Machine/Machine.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

/// How a kernel walks through its tensors when its parallel iterations run in order. A step is one iteration
/// of the outermost parallel loop. Tensors are seen as rows of elements in the order of memory.
struct KernelProgress {
  /// Of an argument: step i reads nothing outside of [first[i], end[i]), nor do the steps before it read
  /// behind end[i], or those after it before first[i].
  struct Read {
    llvm::SmallVector<int64_t> first, end;
  };

  /// Of a result: before step i (and, at the end, behind the last one), the elements before written[i] are
  /// final, and those from begun[i] on untouched by the steps before.
  struct Write {
    llvm::SmallVector<int64_t> written, begun;
  };

  int64_t steps = 0;
  /// Parallel iterations in a step.
  int64_t iterations = 0;
  /// By argument, and by result.
  std::vector<Read> reads;
  std::vector<Write> writes;
  /// Of the arguments that are constants.
  int64_t weightBytes = 0;

  /// How `kernel`, a structured kernel with a schedule, proceeds on `machine`; none where that is not known
  /// beforehand, or where it works for all of its iterations before the first of them.
  static std::optional<KernelProgress> of(mlir::func::FuncOp kernel, const Machine &machine);
};

} // namespace tenon

#endif // TENON_LIB_SCHEDULE_INTERLEAVE_KERNELPROGRESS_H
