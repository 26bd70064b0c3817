//===- KernelEmitter.h - Carries out the schedule of a kernel ------------------------------------===//
//
// In: a kernel function of structured ops on tensors, and its schedule. Out: loops around register tiles of
// 1-D vector ops on memrefs. Values are emitted on demand: the tile of the kernel's result asks for the
// elements it needs, producers without a stage of their own are computed at the use, stages are computed
// where the schedule puts them.
//
//   LoopTree.cpp      stages as a tree, and the scratch regions they fill
//   Tiles.cpp         the loops over a variable, their tiles and what remains; parallel loops
//   RegisterTile.cpp  the points of a tile, reductions with accumulators in registers
//   Prefetch.cpp      the next panel of packed weights, while this one is used
//   Access.cpp        loads and stores: contiguous, broadcast, masked, strided, transposed in registers
//   Body.cpp          the scalar body of an op, emitted again on vectors
//   Padding.cpp       padded tensors: guarded reads, and bands with their borders
//   SkipPadding.cpp   windows compute nothing where they read padding alone
//   InPlace.cpp       inputs whose memory a result may take
//   ScalableVectors.cpp  what differs where the length of a vector is only known at run time
//
// Why no tile-and-fuse, vectorizer or bufferization: docs/Rationale/OneEmitter.md.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_CODEGEN_KERNELEMITTER_H
#define TENON_LIB_CODEGEN_KERNELEMITTER_H

#include "LinearForm.h"

#include "tenon/Codegen/EmitterOptions.h"
#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Structure/StructuredKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "llvm/ADT/BitVector.h"

#include <map>

namespace tenon {

/// An index variable of the generated code: one per loop dimension of a stage, moved by the loops over it.
struct LoopVariable {
  /// The most elements a region of scratch holds along a variable: fixed + scaled * vscale.
  struct Capacity {
    int64_t fixed = 0;
    int64_t scaled = 0;

    bool isSame(Capacity other) const { return fixed == other.fixed && scaled == other.scaled; }
  };

  /// The index at the start of the current tile.
  LinearForm base;
  /// The extent of the current tile, or kDynamic before a dynamic dimension is tiled.
  int64_t extent = 0;
  /// The extent as a value when it's dynamic.
  mlir::Value dynamicExtent;
  /// In the remainder of a dynamic vector dimension: how many lanes of the one vector in the tile are in
  /// range.
  mlir::Value laneCount;
  /// Whether `extent`, and the offsets of points within it, count multiples of vscale: in a tile of vectors
  /// whose length is only known at run time.
  bool scalable = false;
  /// Where `dynamicExtent` depends on vscale.
  Capacity capacity;
  /// The scope in which `base` last changed.
  unsigned level = 0;
};

struct BodyContext;

class KernelEmitter {
public:
  KernelEmitter(StructuredKernel &kernel, const Schedule &schedule, const EmitterOptions &options);

  /// Fills the empty function `target`, whose arguments are the kernel's tensors as memrefs (inputs, then
  /// results), its symbols, and the range of parallel iterations.
  llvm::LogicalResult emit(mlir::func::FuncOp target);
  /// How many elements a vector of this kernel holds, at the least; known after emit.
  int64_t getLeastLanes() const { return leastLanes; }
  /// Pairs of a result and an input whose memory it may take if nothing else needs it; known after emit.
  llvm::ArrayRef<std::pair<unsigned, unsigned>> getOverwritable() const { return overwritable; }

private:
  /// Offsets from the tile's start, one per variable.
  using Point = llvm::SmallVector<int64_t, 12>;
  using Exprs = llvm::SmallVector<mlir::AffineExpr, 6>;
  using Values = llvm::SmallVector<mlir::Value, 4>;
  using Key = std::vector<int64_t>;
  using Variable = unsigned;

  /// A loop over a variable, with the step in elements.
  struct Loop {
    Variable variable;
    int64_t step;
    /// Its tiles are a stage's register tiles, not along vectors: they are made even (splitEvenly).
    bool even = false;
  };

  /// Memory that holds a tensor or the part of it that is needed. `origin` is the index of its first element.
  struct Buffer {
    mlir::Value memref;
    llvm::SmallVector<LinearForm> origin;
  };

  /// A place that reads a stored stage: the op that does, and at which indices.
  struct Use {
    unsigned reader;
    Exprs indices;
  };

  /// A stage: an op with loops of its own, and the stages computed inside them.
  struct Node {
    unsigned op;
    const StageSchedule *schedule;
    /// The op's loop indices as expressions over the variables.
    Exprs indices;
    /// For a stored stage: the indices of its result at each place that reads it.
    llvm::SmallVector<Use> uses;
    /// The stage this one is computed in, and those computed in it.
    Node *parent = nullptr;
    std::vector<std::unique_ptr<Node>> children;
    /// Where its results go, while it is emitted.
    llvm::ArrayRef<Buffer> destinations;
    bool stored = false;
    /// A reduction that a stored stage reads, computed outside of it.
    bool lifted = false;
    /// Where a stage that a reduction stores on its way goes.
    Buffer scratch;
    /// The result of the root whose memory serves as scratch.
    std::optional<unsigned> inResult;
  };

  /// The least and the most an index may be.
  using Range = std::pair<int64_t, int64_t>;

  /// Tiles of one extent in a row, of a loop whose trips are known: `count` of them from number `first`,
  /// which starts at `start`.
  struct TileRun {
    int64_t first, count, start, extent;
  };

  /// The innermost point where values computed so far can be used again; one per loop.
  struct Scope {
    std::map<Key, mlir::Value> memo;
    mlir::Operation *loop = nullptr;
  };

  /// A padded dimension that a reduction reads at `index`, a sum over the variables. What it reads outside of
  /// [low, low + size) changes no result.
  struct PaddedWindow {
    mlir::AffineExpr index;
    int64_t low, size;
  };

  /// Where a window reads along a loop: see readsAlong.
  struct WindowReads {
    LinearForm at;
    int64_t step = 0, behind = 0;
  };

  /// What a reduction in registers left for its consumers.
  struct ReducedTile {
    Exprs resultIndices;
    llvm::SmallVector<Variable> variables;
    std::optional<Variable> vectorVariable;
    /// The values of each result by the offsets of `variables`.
    llvm::SmallVector<std::map<Key, mlir::Value>> values;
  };

  /// Which part of a panel of weights a tile asks for ahead of its use.
  struct PanelPrefetch {
    /// The weights as one row of elements, and the first element of the tile's share.
    mlir::Value memory;
    LinearForm offset;
    /// Elements in the share.
    int64_t share = 0;
    /// The first scope inside the tile.
    unsigned scope = 0;
  };

  // LoopTree.cpp
  llvm::LogicalResult buildTree(Node &node);
  void noteRootIndices(const StructuredOp &op, const Exprs &indices);
  llvm::LogicalResult collect(mlir::Value tensor, Exprs indices, Node &user, unsigned reader);
  llvm::LogicalResult checkCarried(const Node &node);
  mlir::AffineExpr liftIndex(mlir::AffineExpr index, const Node &parent) const;
  llvm::LogicalResult emitNode(Node &node, llvm::ArrayRef<Buffer> destinations);
  llvm::LogicalResult emitLoops(Node &node, unsigned depth, llvm::ArrayRef<Buffer> destinations);
  llvm::LogicalResult emitStages(Node &node, unsigned depth);
  llvm::LogicalResult emitStoredStage(Node &stage);
  llvm::LogicalResult emitInnerLoops(Node &node, llvm::ArrayRef<Loop> loops,
                                     llvm::ArrayRef<Buffer> destinations);
  unsigned depthIn(const Node &child, const Node &parent) const;
  llvm::FailureOr<LoopVariable> regionAlong(Node &stage, unsigned dim, llvm::ArrayRef<Use> uses);
  llvm::LogicalResult placeRegion(Node &stage, llvm::SmallVectorImpl<LinearForm> &origin);
  llvm::LogicalResult allocate(Node &stage, Buffer &scratch);
  llvm::SmallVector<Loop> toLoops(const Node &node, llvm::ArrayRef<LoopStep> steps) const;
  Variable addVariable(mlir::AffineExpr extent);
  Variable variableOf(const Node &node, unsigned dim) const;
  std::optional<Variable> vectorVariableOf(const Node &node) const;

  // Tiles.cpp
  /// Runs `body` for each tile of `variable`: full tiles in a loop, then what remains. `carried` are
  /// loop-carried values. Tiles in which `reduction` reads padding alone may be left out.
  llvm::LogicalResult forEachTile(Loop loop, bool isVector, Values &carried,
                                  llvm::function_ref<llvm::LogicalResult(Values &)> body,
                                  const Node *reduction = nullptr);
  llvm::LogicalResult forEachStaticTile(Loop loop, Values &carried,
                                        llvm::function_ref<llvm::LogicalResult(Values &)> body,
                                        const Node *reduction);
  llvm::SmallVector<TileRun> tileRuns(Loop loop) const;
  /// Runs `body` for the tiles of a run, or for those of the numbers given, first and behind the last.
  llvm::LogicalResult repeatTile(Variable variable, TileRun run,
                                 std::optional<std::pair<mlir::Value, mlir::Value>> bounds, Values &carried,
                                 llvm::function_ref<llvm::LogicalResult(Values &)> body);
  llvm::LogicalResult forEachDynamicTile(Variable variable, int64_t step, bool isVector, Values &carried,
                                         llvm::function_ref<llvm::LogicalResult(Values &)> body);
  /// Runs `body` with the tile of `variable` moved by `offset` and cut to `extent`, in a scope of its own.
  llvm::LogicalResult inTile(Variable variable, const LinearForm &offset, int64_t extent,
                             mlir::Value laneCount, mlir::Operation *loop, Values &carried,
                             llvm::function_ref<llvm::LogicalResult(Values &)> body, bool scalable = false);
  llvm::LogicalResult emitParallelLoops(Node &node, llvm::ArrayRef<Buffer> destinations);
  llvm::LogicalResult emitParallelTile(Node &node, llvm::ArrayRef<Loop> loops, mlir::ValueRange tileNumbers,
                                       unsigned i, llvm::ArrayRef<Buffer> destinations);
  llvm::LogicalResult emitParallelRuns(Variable variable, llvm::ArrayRef<TileRun> runs, mlir::Value tile,
                                       mlir::Operation *branch,
                                       llvm::function_ref<llvm::LogicalResult(Values &)> body);
  llvm::LogicalResult inRemainder(Variable variable, const LinearForm &start, bool isVector,
                                  mlir::Operation *branch,
                                  llvm::function_ref<llvm::LogicalResult(Values &)> body);

  // InPlace.cpp
  void forEachRead(const StructuredOp &op, const Exprs &indices,
                   llvm::function_ref<void(mlir::BlockArgument, const Exprs &)> visit);
  void forEachReadInside(const Node &node,
                         llvm::function_ref<void(mlir::BlockArgument, const Exprs &)> visit);
  void collectUses(const Node &node, llvm::DenseMap<Variable, Exprs> &uses) const;
  bool isWholeInside(const Node &root, Variable variable, unsigned depth) const;
  bool canUseResult(const Node &root, const Node &stage, unsigned result) const;
  void findStagesInResults(Node &root);
  bool keepsOwnElements(const Node &stage, mlir::BlockArgument argument);
  llvm::BitVector findOverwritable(const Node &root, mlir::OpResult result,
                                   const llvm::DenseMap<Variable, Exprs> &uses);
  void findOverwritable(const Node &root);

  // Padding.cpp
  void findUnguarded(const Node &node);
  void findUnguarded(const StructuredOp &op, const Exprs &indices);
  std::optional<Range> rangeOf(const LinearForm &form) const;
  bool canSplitBorder(const Node &node, const Buffer &destination) const;
  bool isRun(const Node &node, unsigned dim, const Buffer &destination) const;
  void writeRun(mlir::Value to, Values start, mlir::Value from, Values source, mlir::Value padding,
                mlir::Value count);
  void emitRuns(Node &node, unsigned dim, const Buffer &destination, mlir::Value start, mlir::Value end);
  llvm::LogicalResult emitPadded(Node &node, unsigned dim, bool inside, const Buffer &destination);

  // SkipPadding.cpp
  llvm::ArrayRef<PaddedWindow> paddedWindows(const Node &node);
  WindowReads readsAlong(const PaddedWindow &window, Variable variable);
  std::optional<std::pair<mlir::Value, mlir::Value>> skipPadding(const Node &node, Variable variable,
                                                                 TileRun &run);
  std::optional<LinearForm> firstInside(const Node &node, Variable variable);
  bool readsPadding(const Node &node, const Point &point, std::optional<Variable> vector);

  // RegisterTile.cpp
  llvm::SmallVector<Point> tilePoints(llvm::ArrayRef<Variable> variables,
                                      std::optional<Variable> vector) const;
  llvm::LogicalResult emitTile(Node &node, llvm::ArrayRef<Buffer> destinations);
  llvm::LogicalResult emitReduction(Node &node);
  void storeCarried(const Node &node, llvm::ArrayRef<Point> points, std::optional<Variable> vector);
  llvm::SmallVector<Variable> blockedReductions(const Node &node) const;
  Values startOrContinue(Node &node, llvm::ArrayRef<Point> points, std::optional<Variable> vector);
  llvm::LogicalResult reduceLoops(const Node &node, llvm::ArrayRef<Loop> loops,
                                  std::optional<Variable> vector, Values &accumulators,
                                  llvm::function_ref<llvm::LogicalResult(Values &)> body);
  mlir::Value combineLanes(mlir::linalg::GenericOp op, mlir::Value vector);
  mlir::Value combine(mlir::linalg::GenericOp op, mlir::Value lhs, mlir::Value rhs);
  mlir::Value reducedValue(mlir::OpResult result, Point point, std::optional<Variable> vector);

  // Prefetch.cpp
  std::optional<llvm::SmallVector<std::pair<mlir::scf::ForOp, int64_t>>> loopsFrom(unsigned level) const;
  std::optional<PanelPrefetch> planPrefetch(Node &node, const ReducedTile &tile,
                                            llvm::ArrayRef<Variable> reduced);
  int64_t tilesBesidePanels(const Node &node, const ReducedTile &tile,
                            llvm::ArrayRef<mlir::AffineExpr> indices) const;
  void emitPrefetch(const PanelPrefetch &plan);
  /// Asks for what the root's tile writes and reads once the reduction before it is done.
  void prefetchTile(const Node &node, llvm::ArrayRef<Buffer> destinations);

  // Access.cpp
  LinearForm indexOf(mlir::AffineExpr expr, const Point &point);
  std::optional<LinearForm> exactQuotient(mlir::AffineExpr expr, const Point &point);
  /// By how much the index grows from lane to lane, or none if it is not regular.
  std::optional<int64_t> laneStep(mlir::AffineExpr expr, const Point &point, std::optional<Variable> vector);
  std::optional<int64_t> laneStride(mlir::Value memref, llvm::ArrayRef<mlir::AffineExpr> indices,
                                    const Point &point, std::optional<Variable> vector);
  Values indexValues(const Buffer &buffer, llvm::ArrayRef<mlir::AffineExpr> indices, const Point &point);
  int64_t laneCount(const Point &point, std::optional<Variable> vector) const;
  /// The mask of the lanes in range; null when all are.
  mlir::Value laneMask(const Point &point, std::optional<Variable> vector);
  mlir::Value load(const Buffer &buffer, Exprs indices, Point point, std::optional<Variable> vector);
  mlir::Value loadContiguous(mlir::Value memref, mlir::ValueRange indices, mlir::Value mask);
  mlir::Value loadLanes(const Buffer &buffer, const Exprs &indices, const Point &point, Variable vector);
  mlir::Value loadStrided(const Buffer &buffer, const Exprs &indices, const Point &point, Variable vector,
                          int64_t stride);
  mlir::Value loadTransposed(const Buffer &buffer, const Exprs &indices, const Point &point, Variable vector);
  void store(mlir::Value value, const Buffer &buffer, const Exprs &indices, Point point,
             std::optional<Variable> vector);
  mlir::Value hoisted(Key key, llvm::ArrayRef<mlir::AffineExpr> indices,
                      llvm::function_ref<mlir::Value()> emit);
  Key memoKey(mlir::Value tensor, llvm::ArrayRef<mlir::AffineExpr> indices, const Point &point, int64_t kind);
  mlir::VectorType vectorType(mlir::Type element) const;
  mlir::Value broadcast(mlir::Value scalar);

  // Body.cpp
  /// The element of `tensor` at `indices`: a vector if the index moves along `vector`, else a scalar.
  mlir::Value evaluate(mlir::Value tensor, Exprs indices, Point point, std::optional<Variable> vector);
  mlir::Value evaluatePad(mlir::tensor::PadOp pad, const Exprs &indices, const Point &point,
                          std::optional<Variable> vector);
  mlir::Value evaluateConstant(mlir::DenseElementsAttr elements, llvm::ArrayRef<mlir::AffineExpr> indices,
                               const Point &point, std::optional<Variable> vector);
  /// The values the op's body yields, with `accumulators` for its result arguments in a reduction.
  Values evaluateBody(mlir::linalg::GenericOp op, const Exprs &indices, const Point &point,
                      std::optional<Variable> vector, mlir::ValueRange accumulators);
  mlir::Value evaluateInBody(mlir::Value value, BodyContext &context);
  mlir::Value evaluateMultiplyAdd(mlir::arith::AddFOp sum, mlir::arith::MulFOp product, mlir::Value summand,
                                  BodyContext &body);
  mlir::Value evaluateExtract(mlir::tensor::ExtractOp extract, BodyContext &context);
  Exprs compose(mlir::AffineMap map, llvm::ArrayRef<mlir::AffineExpr> indices) const;
  Exprs loopIndices(const StructuredOp &op, unsigned result, llvm::ArrayRef<mlir::AffineExpr> resultIndices);

  // ScalableVectors.cpp
  bool hasScalableForm() const;
  bool isScalar() const { return lanes == 1 && !scalable; }
  /// `form` times vscale if `isScaled`.
  LinearForm scaled(const LinearForm &form, bool isScaled);
  mlir::Value times(int64_t factor, bool isScaled);
  /// The extent of a variable as a value.
  mlir::Value extentOf(const LoopVariable &variable);
  /// Whether the number of iterations of a loop over `variable` is only known at run time.
  bool hasDynamicTrips(const LoopVariable &variable, bool isVector) const;
  bool fitsLeastVector(const LoopVariable &variable, bool isVector) const;
  std::optional<Loop> findMissingLoop(const Node &node) const;
  LoopVariable scalableRegion(const LoopVariable &along, int64_t step, int64_t extent);
  mlir::Value capacityOf(LoopVariable::Capacity capacity);
  std::pair<mlir::Value, mlir::Value> tileRange(const Node &node, llvm::ArrayRef<Loop> loops,
                                                mlir::ValueRange trips);
  mlir::Value indexLanes(mlir::AffineExpr expr, const Point &point, Variable vector);
  Values indexLanes(const Buffer &buffer, llvm::ArrayRef<mlir::AffineExpr> indices, const Point &point,
                    Variable vector);
  mlir::Value elementOffsets(mlir::Value memref, mlir::ValueRange indices);
  mlir::Value gather(mlir::Value memref, mlir::ValueRange indices, mlir::Value mask,
                     mlir::Value passThrough = {});
  void scatter(mlir::Value value, mlir::Value memref, mlir::ValueRange indices, mlir::Value mask);
  mlir::Value combineScalableLanes(mlir::linalg::GenericOp op, mlir::Value vector);

  friend struct ::tenon::BodyContext;

  mlir::MLIRContext *context;
  mlir::OpBuilder builder;
  mlir::Location loc;
  StructuredKernel &kernel;
  const Schedule &schedule;
  EmitterOptions options;
  /// Elements of a vector; of each unit of vscale if `scalable`.
  int64_t lanes = 1;
  int64_t leastLanes = 1;
  /// Whether the length of this kernel's vectors is only known at run time.
  bool scalable = false;
  mlir::Value vscale;

  llvm::SmallVector<LoopVariable> variables;
  llvm::SmallVector<Scope> scopes;
  /// What is known of loop counters.
  llvm::DenseMap<mlir::Value, Range> ranges;
  /// The iterations of a variable that read padded tensors inside their bounds alone; of variables not
  /// listed, all do.
  llvm::DenseMap<Variable, Range> unguarded;
  /// By the number of a reduction.
  llvm::DenseMap<unsigned, llvm::SmallVector<PaddedWindow>> windows;
  /// Variables of the root with indices that are quotients of them: their tiles keep to the step, which
  /// divides then.
  llvm::SmallDenseSet<Variable> divided;
  /// Loads are not moved out of scopes up to this one: the register tile's own, so that its registers stay
  /// counted.
  unsigned hoistLimit = 0;
  llvm::DenseMap<mlir::Value, Buffer> buffers;
  llvm::DenseMap<mlir::Operation *, ReducedTile> reductions;
  /// The stages that a reduction, by its number, stores on its way, while it has yet to be done.
  llvm::DenseMap<unsigned, llvm::SmallVector<Node *, 1>> carried;
  llvm::SmallVector<Node *> path;
  llvm::DenseMap<unsigned, Node *> placed;
  std::optional<Variable> consumerVector;
  mlir::Block *entry = nullptr;
  Values symbolValues;
  mlir::Value begin, end;
  /// Producers read at indices of the root's loops alone, with those indices, and the number of the root's
  /// variables.
  llvm::DenseMap<mlir::Value, Exprs> rootIndices;
  Variable rootVariables = 0;
  /// For each variable of a stored stage's result: the index it was first read at, over its user's variables.
  llvm::DenseMap<Variable, mlir::AffineExpr> userIndices;
  /// Results of the kernel that are stored stages, and those that are stored with each tile of the root.
  llvm::DenseMap<mlir::Value, Buffer> resultBuffers;
  llvm::SmallVector<std::pair<mlir::Value, Buffer>> tileResults;
  struct Scratch {
    mlir::Value memref;
    llvm::SmallVector<LoopVariable::Capacity> sizes;
  };
  llvm::DenseMap<mlir::Value, Scratch> scratchMemory;
  llvm::SmallVector<std::pair<unsigned, unsigned>> overwritable;
};

} // namespace tenon

#endif // TENON_LIB_CODEGEN_KERNELEMITTER_H
