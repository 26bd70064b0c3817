//===- MemoryPlanner.h - Gives the values of a program their memory ----------------------------------===//
//
//   PlanMemory.cpp     places, lifetimes and offsets
//   LaunchProgram.cpp  the program on memory: its views and launches
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_CODEGEN_MEMORYPLANNER_H
#define TENON_LIB_CODEGEN_MEMORYPLANNER_H

#include "ArenaLayout.h"
#include "InterleavedLaunch.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"

#include "llvm/ADT/MapVector.h"

namespace tenon {

/// Memory that holds one or more values: a whole allocation.
struct Allocation {
  enum class Kind { Input, Output, Weights, Workspace } kind = Kind::Workspace;
  unsigned number = 0;          ///< of the input or output
  mlir::AffineExpr bytes;       ///< over the program's symbols
  Greatest offset;              ///< in the weights or the workspace
  unsigned first = 0, last = 0; ///< the first and last op that touches it
  /// Where windows of a tensor of `bytesRolled` bytes are all there is of it.
  RollingAttr rolling;
  int64_t bytesRolled = 0;
};

/// Where a value lies: `byteOffset` into an allocation.
struct Placement {
  unsigned allocation = 0;
  mlir::AffineExpr byteOffset; ///< over the program's symbols
};

/// A kernel, the memory and the symbols it runs on, and its parallel iterations.
struct Launched {
  mlir::func::FuncOp kernel;
  llvm::SmallVector<mlir::Value> arguments;
  mlir::Value range;
};

class MemoryPlanner {
public:
  MemoryPlanner(mlir::func::FuncOp program, double serialCycles)
      : program(program), context(program.getContext()), sizes(context), serialCycles(serialCycles) {}

  mlir::LogicalResult plan();

private:
  mlir::AffineExpr bytesOf(mlir::RankedTensorType type);
  Placement newPlace(Allocation::Kind kind, unsigned number, mlir::Value value);
  mlir::LogicalResult placeWindows(mlir::func::CallOp call);
  mlir::AffineExpr bytesPerIndex(mlir::RankedTensorType type, int64_t dim);
  mlir::LogicalResult placeValues();
  mlir::LogicalResult placeConcat(ConcatOp concat);
  mlir::LogicalResult placeSlice(SliceOp slice);
  void findTimes();
  void findLifetimes();
  void shareInPlace();
  bool overwrite(mlir::func::CallOp call, unsigned time, unsigned result, unsigned input);
  void layOutWorkspace();
  void layOutWeights();
  mlir::func::FuncOp makeRun();
  mlir::FailureOr<Launched> launchedBy(mlir::OpBuilder &builder, mlir::func::CallOp call);
  mlir::LogicalResult addTurn(const Launched &launched, mlir::func::CallOp call);
  void endTurns(mlir::OpBuilder &builder, mlir::Location loc);
  mlir::Value windowsOf(mlir::OpBuilder &builder, mlir::Location loc, unsigned allocation);
  mlir::LogicalResult emitLaunches(mlir::func::FuncOp run);
  mlir::Value memoryOf(const Allocation &allocation);
  mlir::Value offsetOf(mlir::OpBuilder &builder, mlir::Location loc, const Allocation &allocation,
                       mlir::AffineExpr byteOffset);
  mlir::Value bufferOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor,
                       mlir::MemRefType type);
  mlir::Value expand(mlir::OpBuilder &builder, mlir::Location loc, mlir::AffineExpr expr);
  mlir::func::FuncOp loopsOf(mlir::func::CallOp call);

  mlir::func::FuncOp program;
  mlir::MLIRContext *context;
  SymbolicSizes sizes;
  double serialCycles;
  llvm::SmallVector<Allocation> allocations;
  llvm::DenseMap<mlir::Value, Placement> placements;
  llvm::SmallVector<std::pair<ConstantOp, unsigned>> weights;
  /// When an op runs: calls that take turns, and what stands between them, at one time.
  llvm::DenseMap<mlir::Operation *, unsigned> times;
  ArenaLayout layout;
  /// The calls that take turns at the place reached, their windows and their cycles.
  llvm::SmallVector<InterleavedKernel> group;
  llvm::MapVector<unsigned, RollingMemory> windows;
  double groupCycles = 0;
  mlir::SymbolTableCollection symbolTable;
  mlir::Value weightsArgument, workspaceArgument;
  llvm::SmallVector<mlir::Value> outputArguments, symbolArguments, inputArguments;
};

/// How a call takes turns with others, if it does.
inline InterleaveAttr turnsOf(mlir::Operation *op) {
  return op->getAttrOfType<InterleaveAttr>("tenon.interleave");
}

} // namespace tenon

#endif // TENON_LIB_CODEGEN_MEMORYPLANNER_H
