//===- CollapseDimensions.cpp - One loop where several always go together ------------------------------===//
//
// A dimension of size 1 costs a loop and says nothing; two loops that every tensor of a kernel steps through
// one inside the other are one longer loop, which tiles divide with less left over. What a kernel computes
// does not change, only how many dimensions its tensors are seen with.
//
// The plan is the greatest one without a contradiction: all is dropped and merged at first, and what some
// access speaks against is taken back until nothing does.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Dialect/Tenon/IR/Placement.h"
#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Kernel/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

#include "llvm/ADT/MapVector.h"

namespace tenon {
#define GEN_PASS_DEF_COLLAPSEDIMENSIONS
#include "tenon/Kernel/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {

/// The dimensions of a tensor, or the loops of an op: which are left out, and which become one with the next
/// that is left.
struct Dimensions {
  llvm::SmallBitVector dropped, merged;

  explicit Dimensions(unsigned count = 0) : dropped(count), merged(count) {}

  bool change() const { return dropped.any() || merged.any(); }
  /// Those left, in order, each with what it is merged with.
  SmallVector<SmallVector<unsigned>> groups() const {
    SmallVector<SmallVector<unsigned>> groups;
    bool goesOn = false;
    for (unsigned dim = 0; dim < dropped.size(); ++dim) {
      if (dropped[dim])
        continue;
      if (!goesOn)
        groups.emplace_back();
      groups.back().push_back(dim);
      goesOn = merged[dim];
    }
    return groups;
  }
  /// The next dimension after `dim` that is left.
  std::optional<unsigned> next(unsigned dim) const {
    while (++dim < dropped.size())
      if (!dropped[dim])
        return dim;
    return std::nullopt;
  }
};

/// What becomes of the tensors and loops of one kernel.
class CollapsePlan {
public:
  explicit CollapsePlan(KernelOp kernel) : kernel(kernel), sizes(kernel.getContext()) {}

  /// Makes the plan; fails if the kernel has ops that are not structured, or nothing changes.
  LogicalResult make();

  const Dimensions &of(Value tensor) const { return tensors.find(tensor)->second; }
  const Dimensions &of(linalg::GenericOp op) const { return loops.find(op)->second; }
  /// `tensor` with the dimensions that are left.
  RankedTensorType typeOf(Value tensor);
  /// The sizes of a type over one list of symbols for all of the kernel.
  SymbolicSizes &getSizes() { return sizes; }
  /// `index` with the loops that are dropped at 0.
  AffineExpr left(linalg::GenericOp op, AffineExpr index) const;

private:
  bool collect();
  void proposeDropped();
  void proposeMerged();
  bool retractDropped(linalg::GenericOp op);
  bool retractMerged(linalg::GenericOp op);
  bool retract(tensor::PadOp pad);
  bool goTogether(linalg::GenericOp op, AffineExpr first, AffineExpr second);
  void forEachAccess(linalg::GenericOp op, function_ref<void(Value, AffineMap)> visit) const;

  KernelOp kernel;
  SymbolicSizes sizes;
  llvm::DenseSet<Value> frozen;
  llvm::MapVector<Value, Dimensions> tensors;
  llvm::MapVector<Operation *, Dimensions> loops;
};

} // namespace

/// The tensors `op` reads, and those it computes, each with its map.
void CollapsePlan::forEachAccess(linalg::GenericOp op, function_ref<void(Value, AffineMap)> visit) const {
  for (OpOperand *input : op.getDpsInputOperands())
    visit(input->get(), op.getMatchingIndexingMap(input));
  for (OpOperand &init : op.getDpsInitsMutable())
    visit(op.getTiedOpResult(&init), op.getMatchingIndexingMap(&init));
}

/// Whether the value is made inside a concat, which gives it strides.
static bool liesInConcat(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (llvm::any_of(value.getUsers(), [](Operation *user) { return isa<ConcatOp>(user); }))
    return true;
  std::optional<SmallVector<int64_t>> strides = stridesInPlace(value);
  return strides && *strides != rowMajorStrides(type.getShape());
}

/// Lists the kernel's tensors and loops; false if there is an op whose dimensions can't be changed.
bool CollapsePlan::collect() {
  auto isTensor = [](Value value) { return isa<RankedTensorType>(value.getType()); };
  auto add = [&](Value value) {
    tensors.insert({value, Dimensions(cast<RankedTensorType>(value.getType()).getRank())});
  };
  Block &body = kernel.getBody().front();
  for (Value argument : body.getArguments()) {
    if (!isTensor(argument))
      return false;
    add(argument);
  }
  for (Operation &op : body.without_terminator()) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      for (Value init : generic.getDpsInits())
        if (!init.getDefiningOp<tensor::EmptyOp>() && !init.getDefiningOp<linalg::FillOp>())
          return false;
      loops.insert({&op, Dimensions(generic.getNumLoops())});
      generic.walk([&](tensor::ExtractOp extract) { frozen.insert(extract.getTensor()); });
    } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      if (!fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>())
        return false;
    } else if (!isa<tensor::EmptyOp, tensor::PadOp, tensor::DimOp>(op) &&
               !isa<arith::ArithDialect>(op.getDialect())) {
      return false;
    }
    for (Value result : op.getResults())
      if (isTensor(result))
        add(result);
  }
  // A place inside a concat has the strides of the whole along each dimension.
  for (auto [result, yielded] : llvm::zip_equal(kernel.getResults(), body.getTerminator()->getOperands()))
    if (liesInConcat(result))
      frozen.insert(yielded);
  return true;
}

/// Proposes to drop whatever is 1.
void CollapsePlan::proposeDropped() {
  for (auto &[tensor, dims] : tensors) {
    auto type = cast<RankedTensorType>(tensor.getType());
    for (int64_t dim = 0; dim < type.getRank() && !frozen.contains(tensor); ++dim)
      dims.dropped[dim] = type.getDimSize(dim) == 1;
  }
  for (auto &[op, dims] : loops) {
    auto generic = cast<linalg::GenericOp>(op);
    SmallVector<int64_t> extents = generic.getStaticLoopRanges();
    SmallVector<unsigned> reductions;
    generic.getReductionDims(reductions);
    for (unsigned loop = 0; loop < dims.dropped.size(); ++loop)
      dims.dropped[loop] = extents[loop] == 1;
    // A reduction stays one.
    llvm::SmallBitVector &dropped = dims.dropped;
    if (!reductions.empty() && llvm::all_of(reductions, [&](unsigned loop) { return dropped[loop]; }))
      dropped[reductions.back()] = false;
  }
}

/// Proposes to merge whatever is left and has a name for its size.
void CollapsePlan::proposeMerged() {
  for (auto &[tensor, dims] : tensors) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SymbolicSizes::Sizes known = sizes.of(type);
    for (int64_t dim = 0; dim < type.getRank() && !frozen.contains(tensor); ++dim) {
      std::optional<unsigned> next = dims.next(dim);
      dims.merged[dim] = !dims.dropped[dim] && next && known[dim] && known[*next];
    }
  }
}

AffineExpr CollapsePlan::left(linalg::GenericOp op, AffineExpr index) const {
  const Dimensions &dims = of(op);
  SmallVector<AffineExpr> replacements;
  for (unsigned loop = 0; loop < dims.dropped.size(); ++loop)
    replacements.push_back(dims.dropped[loop] ? getAffineConstantExpr(0, op.getContext())
                                              : getAffineDimExpr(loop, op.getContext()));
  return simplifyAffineExpr(index.replaceDims(replacements), dims.dropped.size(), 0);
}

/// Keeps the dimensions that an index still moves along, and the loops of those a result keeps.
bool CollapsePlan::retractDropped(linalg::GenericOp op) {
  bool changed = false;
  Dimensions &loopDims = loops[op];
  forEachAccess(op, [&](Value tensor, AffineMap map) {
    Dimensions &dims = tensors[tensor];
    bool isResult = tensor.getDefiningOp() == op;
    for (auto [dim, index] : llvm::enumerate(map.getResults())) {
      if (dims.dropped[dim] && left(op, index) != 0) {
        dims.dropped[dim] = false;
        changed = true;
      }
      // A window at its one position steps through its size; a tensor that is larger does not say so.
      auto alone = dyn_cast<AffineDimExpr>(left(op, index));
      if (alone && alone != index &&
          cast<RankedTensorType>(tensor.getType()).getDimSize(dim) !=
              op.getStaticLoopRanges()[alone.getPosition()])
        for (int dropped = loopDims.dropped.find_first(); dropped >= 0;
             dropped = loopDims.dropped.find_next(dropped))
          if (index.isFunctionOfDim(dropped)) {
            loopDims.dropped.reset(dropped);
            changed = true;
          }
      auto loop = dyn_cast<AffineDimExpr>(index);
      if (isResult && loop && !dims.dropped[dim] && loopDims.dropped[loop.getPosition()]) {
        loopDims.dropped[loop.getPosition()] = false;
        changed = true;
      }
    }
  });
  return changed;
}

/// Whether every tensor of `op` has the two loops as neighbours that may merge, or neither of them.
bool CollapsePlan::goTogether(linalg::GenericOp op, AffineExpr first, AffineExpr second) {
  auto outer = dyn_cast<AffineDimExpr>(first), inner = dyn_cast<AffineDimExpr>(second);
  if (!outer || !inner || of(op).next(outer.getPosition()) != inner.getPosition())
    return false;
  auto kinds = op.getIteratorTypesArray();
  if (kinds[outer.getPosition()] != kinds[inner.getPosition()])
    return false;
  for (linalg::IndexOp index : op.getBody()->getOps<linalg::IndexOp>())
    if (index.getDim() == outer.getPosition() || index.getDim() == inner.getPosition())
      return false;
  bool together = true;
  forEachAccess(op, [&](Value tensor, AffineMap map) {
    const Dimensions &dims = of(tensor);
    unsigned found = 0, uses = 0;
    for (auto [dim, whole] : llvm::enumerate(map.getResults())) {
      AffineExpr index = left(op, whole);
      uses += index.isFunctionOfDim(outer.getPosition()) + index.isFunctionOfDim(inner.getPosition());
      std::optional<unsigned> next = dims.next(dim);
      found += dims.merged[dim] && next && index == outer && left(op, map.getResult(*next)) == inner;
    }
    together &= uses == 2 * found;
  });
  return together;
}

bool CollapsePlan::retractMerged(linalg::GenericOp op) {
  bool changed = false;
  forEachAccess(op, [&](Value tensor, AffineMap map) {
    Dimensions &dims = tensors[tensor];
    for (int dim = dims.merged.find_first(); dim >= 0; dim = dims.merged.find_next(dim)) {
      if (goTogether(op, left(op, map.getResult(dim)), left(op, map.getResult(*dims.next(dim)))))
        continue;
      dims.merged.reset(dim);
      changed = true;
    }
  });
  return changed;
}

/// A dimension that is padded stays what it is; all others are the same on both sides.
bool CollapsePlan::retract(tensor::PadOp pad) {
  Dimensions &before = tensors[pad.getSource()], &after = tensors[pad.getResult()];
  bool changed = false;
  for (unsigned dim = 0; dim < before.dropped.size(); ++dim) {
    auto isPadded = [&](unsigned at) { return pad.getStaticLow()[at] != 0 || pad.getStaticHigh()[at] != 0; };
    bool mayDrop = before.dropped[dim] && after.dropped[dim] && !isPadded(dim);
    changed |= mayDrop != before.dropped[dim] || mayDrop != after.dropped[dim];
    before.dropped[dim] = after.dropped[dim] = mayDrop;
    std::optional<unsigned> next = before.next(dim);
    bool mayMerge = before.merged[dim] && after.merged[dim] && !isPadded(dim) && next && !isPadded(*next);
    changed |= mayMerge != before.merged[dim] || mayMerge != after.merged[dim];
    before.merged[dim] = after.merged[dim] = mayMerge;
  }
  return changed;
}

LogicalResult CollapsePlan::make() {
  if (!collect())
    return failure();
  auto untilStable = [&](function_ref<bool(linalg::GenericOp)> step) {
    bool changed = true;
    while (changed) {
      changed = false;
      for (Operation &op : kernel.getBody().front()) {
        if (auto generic = dyn_cast<linalg::GenericOp>(op))
          changed |= step(generic);
        else if (auto pad = dyn_cast<tensor::PadOp>(op))
          changed |= retract(pad);
      }
    }
  };
  proposeDropped();
  untilStable([&](linalg::GenericOp op) { return retractDropped(op); });
  proposeMerged();
  untilStable([&](linalg::GenericOp op) { return retractMerged(op); });
  for (auto &entry : loops) {
    Dimensions &dims = entry.second;
    auto op = cast<linalg::GenericOp>(entry.first);
    forEachAccess(op, [&](Value tensor, AffineMap map) {
      const Dimensions &read = of(tensor);
      for (int dim = read.merged.find_first(); dim >= 0; dim = read.merged.find_next(dim))
        dims.merged.set(cast<AffineDimExpr>(left(op, map.getResult(dim))).getPosition());
    });
  }
  bool changes = llvm::any_of(tensors, [](auto &entry) { return entry.second.change(); });
  return success(changes);
}

RankedTensorType CollapsePlan::typeOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  const Dimensions &dims = of(tensor);
  if (!dims.change())
    return type;
  SymbolicSizes::Sizes whole = sizes.of(type), left;
  for (ArrayRef<unsigned> group : dims.groups())
    left.push_back(sizes.product(llvm::map_to_vector(group, [&](unsigned dim) { return whole[dim]; })));
  return sizes.tensor(left, type.getElementType());
}

//===----------------------------------------------------------------------------------------===//
// Carrying it out
//===----------------------------------------------------------------------------------------===//

namespace {

/// Writes a kernel anew with the dimensions that are left.
class Collapser {
public:
  Collapser(KernelOp kernel, CollapsePlan &plan) : kernel(kernel), plan(plan), builder(kernel) {}

  /// Replaces the kernel; fails, with nothing changed, if the size of a result can't be had from its inputs.
  LogicalResult run();

private:
  FailureOr<Value> sizeOf(AffineExpr size);
  FailureOr<Value> emptyOf(Location loc, RankedTensorType type);
  FailureOr<Value> initOf(Location loc, Value init, RankedTensorType type);
  LogicalResult convert(Operation &op);
  LogicalResult convert(linalg::GenericOp op);
  LogicalResult convert(tensor::PadOp pad);
  AffineMap convertMap(linalg::GenericOp op, Value tensor, AffineMap map) const;

  KernelOp kernel;
  CollapsePlan &plan;
  OpBuilder builder;
  Block *body = nullptr;
  IRMapping mapping;
};

} // namespace

/// The value of a size: the dimension of an argument, or a product of some.
FailureOr<Value> Collapser::sizeOf(AffineExpr size) {
  if (std::optional<int64_t> value = SymbolicSizes::constantValue(size))
    return arith::ConstantIndexOp::create(builder, kernel.getLoc(), *value).getResult();
  for (Value argument : body->getArguments())
    for (auto [dim, known] : llvm::enumerate(plan.getSizes().of(cast<RankedTensorType>(argument.getType()))))
      if (known == size)
        return tensor::DimOp::create(builder, kernel.getLoc(), argument, dim).getResult();
  if (!size || size.getKind() != AffineExprKind::Mul)
    return failure();
  auto product = cast<AffineBinaryOpExpr>(size);
  FailureOr<Value> lhs = sizeOf(product.getLHS()), rhs = sizeOf(product.getRHS());
  if (failed(lhs) || failed(rhs))
    return failure();
  return arith::MulIOp::create(builder, kernel.getLoc(), *lhs, *rhs).getResult();
}

FailureOr<Value> Collapser::emptyOf(Location loc, RankedTensorType type) {
  SmallVector<Value> dynamic;
  for (auto [dim, size] : llvm::enumerate(plan.getSizes().of(type))) {
    if (!type.isDynamicDim(dim))
      continue;
    FailureOr<Value> value = sizeOf(size);
    if (failed(value))
      return failure();
    dynamic.push_back(*value);
  }
  return tensor::EmptyOp::create(builder, loc, type, dynamic).getResult();
}

/// What a result of `type` starts from, as `init` says.
FailureOr<Value> Collapser::initOf(Location loc, Value init, RankedTensorType type) {
  FailureOr<Value> empty = emptyOf(loc, type);
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (failed(empty) || !fill)
    return empty;
  Value start = mapping.lookup(fill.getInputs()[0]);
  return linalg::FillOp::create(builder, loc, start, *empty).getResult(0);
}

AffineMap Collapser::convertMap(linalg::GenericOp op, Value tensor, AffineMap map) const {
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> renumbered(map.getNumDims(), getAffineConstantExpr(0, context));
  auto groups = plan.of(op).groups();
  for (auto [number, group] : llvm::enumerate(groups))
    renumbered[group.front()] = getAffineDimExpr(number, context);
  SmallVector<AffineExpr> results;
  for (ArrayRef<unsigned> group : plan.of(tensor).groups())
    results.push_back(plan.left(op, map.getResult(group.front())).replaceDims(renumbered));
  return AffineMap::get(groups.size(), 0, results, context);
}

LogicalResult Collapser::convert(linalg::GenericOp op) {
  // A body may read sizes that are left only as factors of others.
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  if (llvm::any_of(captured, [&](Value value) { return !mapping.contains(value); }))
    return failure();
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : op.getDpsInputOperands()) {
    inputs.push_back(mapping.lookup(input->get()));
    maps.push_back(convertMap(op, input->get(), op.getMatchingIndexingMap(input)));
  }
  for (OpOperand &init : op.getDpsInitsMutable()) {
    Value result = op.getTiedOpResult(&init);
    FailureOr<Value> start = initOf(op.getLoc(), init.get(), plan.typeOf(result));
    if (failed(start))
      return failure();
    inits.push_back(*start);
    maps.push_back(convertMap(op, result, op.getMatchingIndexingMap(&init)));
  }
  auto groups = plan.of(op).groups();
  SmallVector<utils::IteratorType> iterators;
  for (ArrayRef<unsigned> group : groups)
    iterators.push_back(op.getIteratorTypesArray()[group.front()]);
  auto collapsed = linalg::GenericOp::create(builder, op.getLoc(), TypeRange(ValueRange(inits)), inputs,
                                             inits, maps, iterators);
  op.getRegion().cloneInto(&collapsed.getRegion(), mapping);
  OpBuilder::InsertionGuard guard(builder);
  for (linalg::IndexOp index : llvm::make_early_inc_range(collapsed.getBody()->getOps<linalg::IndexOp>())) {
    builder.setInsertionPoint(index);
    unsigned loop = index.getDim();
    auto kept = llvm::find_if(groups, [&](ArrayRef<unsigned> group) { return group.front() == loop; });
    Value value = kept == groups.end()
                      ? Value(arith::ConstantIndexOp::create(builder, index.getLoc(), 0))
                      : Value(linalg::IndexOp::create(builder, index.getLoc(), kept - groups.begin()));
    index.replaceAllUsesWith(value);
    index.erase();
  }
  mapping.map(op.getResults(), collapsed.getResults());
  return success();
}

LogicalResult Collapser::convert(tensor::PadOp pad) {
  Value padding = pad.getConstantPaddingValue();
  if (!padding || !mapping.contains(padding))
    return failure();
  SmallVector<int64_t> low, high;
  for (ArrayRef<unsigned> group : plan.of(pad.getResult()).groups()) {
    low.push_back(pad.getStaticLow()[group.front()]);
    high.push_back(pad.getStaticHigh()[group.front()]);
  }
  RankedTensorType type = plan.typeOf(pad.getResult());
  Location loc = pad.getLoc();
  auto collapsed = tensor::PadOp::create(builder, loc, type, mapping.lookup(pad.getSource()), low, high,
                                         ValueRange(), ValueRange());
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&collapsed.getRegion(), {}, SmallVector<Type>(type.getRank(), builder.getIndexType()),
                      SmallVector<Location>(type.getRank(), loc));
  tensor::YieldOp::create(builder, loc, mapping.lookup(padding));
  mapping.map(pad.getResult(), collapsed.getResult());
  return success();
}

LogicalResult Collapser::convert(Operation &op) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return convert(generic);
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return convert(pad);
  if (isa<linalg::FillOp>(op))
    return success(); // made anew for each result
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    // The shape of a window.
    auto isInput = [](OpOperand &use) {
      auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
      return generic && generic.isDpsInput(&use);
    };
    if (llvm::none_of(empty->getUses(), isInput))
      return success();
    FailureOr<Value> shape = emptyOf(empty.getLoc(), plan.typeOf(empty));
    if (succeeded(shape))
      mapping.map(empty.getResult(), *shape);
    return success(succeeded(shape));
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> number = dim.getConstantIndex();
    if (!number)
      return failure();
    AffineExpr size = plan.getSizes().of(cast<RankedTensorType>(dim.getSource().getType()))[*number];
    if (FailureOr<Value> value = sizeOf(size); succeeded(value))
      mapping.map(dim.getResult(), *value);
    // Without a value of its own it may still serve results only, which have theirs.
    return success();
  }
  for (Value operand : op.getOperands())
    if (!mapping.contains(operand))
      return failure();
  builder.clone(op, mapping);
  return success();
}

/// `value` seen with the dimensions of `type`.
static Value viewAs(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  while (auto view = value.getDefiningOp<ReshapeOp>()) {
    if (value.getType() == type)
      break;
    value = view.getInput();
  }
  if (value.getType() == type)
    return value;
  return ReshapeOp::create(builder, loc, type, value);
}

LogicalResult Collapser::run() {
  Block &old = kernel.getBody().front();
  Location loc = kernel.getLoc();
  SmallVector<Value> inputs;
  for (auto [input, argument] : llvm::zip_equal(kernel.getInputs(), old.getArguments()))
    inputs.push_back(viewAs(builder, loc, input, plan.typeOf(argument)));
  SmallVector<Type> types;
  for (Value yielded : old.getTerminator()->getOperands())
    types.push_back(plan.typeOf(yielded));
  auto collapsed = KernelOp::create(builder, loc, types, inputs);
  collapsed->setDiscardableAttrs(kernel->getDiscardableAttrDictionary());
  body = builder.createBlock(&collapsed.getBody(), {}, TypeRange(ValueRange(inputs)),
                             SmallVector<Location>(inputs.size(), loc));
  mapping.map(old.getArguments(), body->getArguments());
  for (Operation &op : old.without_terminator())
    if (failed(convert(op))) {
      collapsed.erase();
      for (Value input : inputs)
        if (input.use_empty() && input.getDefiningOp<ReshapeOp>())
          input.getDefiningOp()->erase();
      return failure();
    }
  YieldOp::create(builder, loc, llvm::map_to_vector(old.getTerminator()->getOperands(), [&](Value value) {
                    return mapping.lookup(value);
                  }));
  builder.setInsertionPointAfter(collapsed);
  for (auto [before, after] : llvm::zip_equal(kernel.getResults(), collapsed.getResults()))
    before.replaceAllUsesWith(viewAs(builder, loc, after, cast<RankedTensorType>(before.getType())));
  kernel.erase();
  return success();
}

namespace {
struct CollapseDimensions : tenon::impl::CollapseDimensionsBase<CollapseDimensions> {
  void runOnOperation() override {
    SmallVector<KernelOp> kernels;
    getOperation().walk([&](KernelOp kernel) { kernels.push_back(kernel); });
    for (KernelOp kernel : kernels) {
      CollapsePlan plan(kernel);
      if (succeeded(plan.make()) && succeeded(Collapser(kernel, plan).run()))
        ++numCollapsed;
    }
    // Views of views that nothing reads any more.
    SmallVector<ReshapeOp> views;
    getOperation().walk([&](ReshapeOp view) { views.push_back(view); });
    for (ReshapeOp view : llvm::reverse(views))
      if (view->use_empty())
        view.erase();
  }
};
} // namespace
