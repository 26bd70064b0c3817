//===- LayoutRegions.h - Which activations share a layout ----------------------------------------===//
//
// A region is what transposes pass through: the ops between those that fix their own layout. All its values
// have their channels first, or all last, so that none has to move in between.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_GRAPH_LAYOUTREGIONS_H
#define TENON_LIB_GRAPH_LAYOUTREGIONS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace tenon {

/// The permutation from [N, C, spatial...] to [N, spatial..., C], and back.
llvm::SmallVector<int64_t> toChannelsLast(int64_t rank);
llvm::SmallVector<int64_t> toChannelsFirst(int64_t rank);

class LayoutRegions {
public:
  explicit LayoutRegions(mlir::func::FuncOp function);

  /// Whether `op` has a layout and its region is better off with the channels last. Otherwise everything in
  /// the region is computed as well with them first, and data would move at its ends for nothing.
  bool wantsChannelsLast(mlir::Operation *op) const;

private:
  llvm::EquivalenceClasses<mlir::Operation *> regions;
  /// Leaders of the regions that want their channels last.
  llvm::DenseSet<mlir::Operation *> channelsLast;
};

} // namespace tenon

#endif // TENON_LIB_GRAPH_LAYOUTREGIONS_H
