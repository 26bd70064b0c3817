//===- FoldConstants.cpp - Evaluate what depends on constants only ------------------------------===//
//
// In: a function of tenon ops. Out: the same, with constants in place of everything that follows from
// constants. Values on the way to them never become attributes, which would live as long as the context:
// weights are laid out, padded and transposed without holding each step. The evaluator comes from outside,
// since the graph phase must not know it.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "Patterns.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"

namespace tenon {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Values in memory
//===----------------------------------------------------------------------------------------===//

namespace {

/// The elements of a constant value: all of them, or the one that a splat repeats.
struct KnownValue {
  HostTensor tensor;
  bool isSplat = false;
};

} // namespace

static RankedTensorType scalarOf(Type type) {
  return RankedTensorType::get({}, cast<RankedTensorType>(type).getElementType());
}

static std::optional<KnownValue> readConstant(ConstantOp op) {
  ElementsAttr elements = op.getValue();
  auto splat = dyn_cast<SplatElementsAttr>(elements);
  if (splat)
    elements = splat.resizeSplat(scalarOf(splat.getType()));
  FailureOr<HostTensor> tensor = HostTensor::from(elements);
  if (failed(tensor))
    return std::nullopt;
  return KnownValue{*tensor, static_cast<bool>(splat)};
}

/// All elements of a value of this type.
static HostTensor materialize(const KnownValue &value, Type type) {
  if (!value.isSplat)
    return value.tensor;
  auto tensorType = cast<RankedTensorType>(type);
  HostTensor result =
      HostTensor::zeros(RankedTensorType::get(tensorType.getShape(), tensorType.getElementType()));
  MutableArrayRef<char> bytes = result.getMutableBytes();
  ArrayRef<char> element = value.tensor.getBytes();
  for (size_t i = 0; i < bytes.size(); i += element.size())
    llvm::copy(element, bytes.begin() + i);
  return result;
}

static ElementsAttr toAttribute(const KnownValue &value, Type type, StringRef name) {
  if (!value.isSplat)
    return value.tensor.toElementsAttr(name, /*releasable=*/true);
  auto tensorType = cast<RankedTensorType>(type);
  auto splat = cast<DenseElementsAttr>(value.tensor.toElementsAttr(name));
  return splat.resizeSplat(RankedTensorType::get(tensorType.getShape(), tensorType.getElementType()));
}

/// Whether all elements of the result are elements of the one operand.
static bool onlyMovesElements(Operation *op) {
  return isa<ReshapeOp, TransposeOp, ExpandOp, SliceOp, TileOp>(op);
}

/// The uniform op on single elements.
static FailureOr<HostTensor> evaluateOnScalars(Operation *op, ArrayRef<HostTensor> operands,
                                               const OpEvaluator &evaluator) {
  Block scratch;
  SmallVector<Value> arguments;
  for (Type type : op->getOperandTypes())
    arguments.push_back(scratch.addArgument(scalarOf(type), op->getLoc()));
  OperationState state(op->getLoc(), op->getName(), arguments, {scalarOf(op->getResult(0).getType())},
                       op->getAttrs());
  Operation *scalarOp = Operation::create(state);
  scratch.push_back(scalarOp);
  FailureOr<SmallVector<HostTensor>> results = evaluator(scalarOp, operands);
  if (failed(results))
    return failure();
  return results->front();
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

namespace {

struct FoldConstants : tenon::impl::FoldConstantsBase<FoldConstants> {
  explicit FoldConstants(OpEvaluator evaluator, FoldConstantsOptions options)
      : FoldConstantsBase(std::move(options)), evaluator(std::move(evaluator)) {}

  void runOnOperation() override;

private:
  /// An op that follows from constants only.
  struct Candidate {
    /// What the constants it follows from take, each use counted.
    int64_t leafBytes;
    /// Whether all of them are splats, and it is one too.
    bool isSplat;
    /// Number of uses by ops that are still to be evaluated.
    unsigned pending = 0;
  };

  void foldEmpty();
  void findCandidates();
  bool staysInBudget(Operation *op, const Candidate &candidate) const;
  SmallVector<Operation *> findRoots();
  LogicalResult evaluateFor(Operation *root);
  LogicalResult evaluate(Operation *op);
  std::optional<KnownValue> valueOf(Value value);
  void forgetOperandsOf(Operation *op);
  void replaceByConstants(Operation *root);
  void bury(Operation *op);

  OpEvaluator evaluator;
  /// In program order.
  llvm::MapVector<Operation *, Candidate> candidates;
  llvm::DenseMap<Value, KnownValue> values;
  /// What the evaluator does not know.
  llvm::DenseSet<Operation *> refused;
  /// What is dead and taken out. New ops must not come to lie where they lay: candidates are known by that.
  SmallVector<Operation *> buried;
};

} // namespace

static int64_t sizeInBytes(Type type) {
  FailureOr<int64_t> bytes = HostTensor::getSizeInBytes(cast<RankedTensorType>(type));
  return succeeded(bytes) ? *bytes : std::numeric_limits<int64_t>::max();
}

static int64_t addSaturating(int64_t lhs, int64_t rhs) {
  int64_t sum;
  return llvm::AddOverflow(lhs, rhs, sum) ? std::numeric_limits<int64_t>::max() : sum;
}

/// Whether the op could be evaluated if its operands were known.
static bool mayEvaluate(Operation *op) {
  return isa<TenonDialect>(op->getDialect()) && !isa<ConstantOp>(op) &&
         !op->hasTrait<OpTrait::IsTerminator>() && op->getNumRegions() == 0 && op->getNumOperands() > 0 &&
         op->getNumResults() > 0 && isPure(op) && llvm::all_of(op->getResultTypes(), [](Type type) {
           return cast<RankedTensorType>(type).hasStaticShape();
         });
}

void FoldConstants::findCandidates() {
  candidates.clear();
  getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<KernelOp>(op))
      return WalkResult::skip();
    if (!mayEvaluate(op) || refused.contains(op))
      return WalkResult::advance();
    Candidate candidate{0, isUniform(op) || onlyMovesElements(op)};
    for (Value operand : op->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (auto constant = dyn_cast_or_null<ConstantOp>(producer)) {
        bool isSplat = isa<SplatElementsAttr>(constant.getValue());
        candidate.isSplat &= isSplat;
        candidate.leafBytes =
            addSaturating(candidate.leafBytes, isSplat ? 0 : sizeInBytes(constant.getType()));
      } else if (auto known = candidates.find(producer); known != candidates.end()) {
        candidate.isSplat &= known->second.isSplat;
        candidate.leafBytes = addSaturating(candidate.leafBytes, known->second.leafBytes);
      } else {
        return WalkResult::advance();
      }
    }
    candidates.insert({op, candidate});
    return WalkResult::advance();
  });
}

/// A constant may be somewhat larger than what it is computed from, as weights are that were quantized.
bool FoldConstants::staysInBudget(Operation *op, const Candidate &candidate) const {
  constexpr int64_t growth = 4;
  if (candidate.isSplat)
    return true;
  int64_t bytes = 0;
  for (Type type : op->getResultTypes())
    bytes = addSaturating(bytes, sizeInBytes(type));
  return (bytes - slackBytes) / growth <= candidate.leafBytes;
}

/// The last candidates on the way from constants that may become constants; counts who waits for the others.
SmallVector<Operation *> FoldConstants::findRoots() {
  SmallVector<Operation *> roots;
  llvm::DenseSet<Operation *> needed;
  for (auto &[op, candidate] : llvm::reverse(candidates)) {
    unsigned neededBy = 0, uses = 0;
    for (Operation *user : op->getUsers()) {
      ++uses;
      neededBy += needed.contains(user);
    }
    bool isRoot = uses > neededBy && staysInBudget(op, candidate);
    if (isRoot)
      roots.push_back(op);
    if (isRoot || neededBy > 0)
      needed.insert(op);
    candidate.pending = neededBy;
  }
  return llvm::to_vector(llvm::reverse(roots));
}

std::optional<KnownValue> FoldConstants::valueOf(Value value) {
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return readConstant(constant);
  auto found = values.find(value);
  return found == values.end() ? std::nullopt : std::optional<KnownValue>(found->second);
}

LogicalResult FoldConstants::evaluate(Operation *op) {
  SmallVector<KnownValue> operands;
  for (Value operand : op->getOperands()) {
    std::optional<KnownValue> value = valueOf(operand);
    if (!value)
      return failure();
    operands.push_back(*value);
  }
  SmallVector<HostTensor> tensors;
  if (candidates.find(op)->second.isSplat) {
    for (const KnownValue &value : operands)
      tensors.push_back(value.tensor);
    FailureOr<HostTensor> result = tensors.front();
    if (!onlyMovesElements(op))
      result = evaluateOnScalars(op, tensors, evaluator);
    if (failed(result))
      return failure();
    values[op->getResult(0)] = {*result, /*isSplat=*/true};
    return success();
  }
  for (auto [value, type] : llvm::zip_equal(operands, op->getOperandTypes()))
    tensors.push_back(materialize(value, type));
  FailureOr<SmallVector<HostTensor>> results = evaluator(op, tensors);
  if (failed(results))
    return failure();
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results))
    values[result] = {tensor, /*isSplat=*/false};
  return success();
}

/// Frees the values that no candidate waits for any more.
void FoldConstants::forgetOperandsOf(Operation *op) {
  for (Value operand : op->getOperands()) {
    auto producer = candidates.find(operand.getDefiningOp());
    if (producer == candidates.end() || --producer->second.pending > 0)
      continue;
    for (Value result : producer->first->getResults())
      values.erase(result);
  }
}

/// Evaluates the root and what it needs, in program order.
LogicalResult FoldConstants::evaluateFor(Operation *root) {
  llvm::SetVector<Operation *> slice;
  slice.insert(root);
  for (size_t i = 0; i < slice.size(); ++i)
    for (Value operand : slice[i]->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (candidates.contains(producer) && !values.contains(operand))
        slice.insert(producer);
    }
  SmallVector<Operation *> ordered(slice.takeVector());
  llvm::sort(ordered,
             [&](Operation *lhs, Operation *rhs) { return candidates.find(lhs) < candidates.find(rhs); });
  for (Operation *op : ordered) {
    if (failed(evaluate(op))) {
      refused.insert(op);
      return failure();
    }
    forgetOperandsOf(op);
  }
  return success();
}

/// The name of the node the op came from.
static StringRef nameOf(Operation *op) {
  auto location = dyn_cast<NameLoc>(op->getLoc());
  return location ? location.getName().getValue() : "folded";
}

/// Whether the op sees a constant in another shape that will be freed with it.
static bool viewsReleasable(Operation *op) {
  while (auto view = dyn_cast_or_null<ReshapeOp>(op))
    op = view.getInput().getDefiningOp();
  auto constant = dyn_cast_or_null<ConstantOp>(op);
  return constant && HostTensor::isReleasable(constant.getValue());
}

void FoldConstants::replaceByConstants(Operation *root) {
  OpBuilder builder(root);
  if (viewsReleasable(root)) {
    HostTensor &tensor = values.find(root->getResult(0))->second.tensor;
    tensor = tensor.copy();
  }
  for (Value result : root->getResults()) {
    if (!result.use_empty()) {
      ElementsAttr elements = toAttribute(values.find(result)->second, result.getType(), nameOf(root));
      result.replaceAllUsesWith(ConstantOp::create(builder, root->getLoc(), result.getType(), elements));
      ++numFolded;
    }
    values.erase(result);
  }
}

/// Takes a dead op out of the function, then what only it used, and frees constants that an earlier run made
/// of weights: on the way to their final layout, each is as large as the weight.
void FoldConstants::bury(Operation *op) {
  llvm::SetVector<Operation *> dead;
  dead.insert(op);
  for (size_t i = 0; i < dead.size(); ++i) {
    SmallVector<Operation *> producers;
    for (Value operand : dead[i]->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        producers.push_back(producer);
    if (auto constant = dyn_cast<ConstantOp>(dead[i]))
      HostTensor::release(constant.getValue());
    dead[i]->dropAllReferences();
    dead[i]->remove();
    for (Operation *producer : producers)
      if (isOpTriviallyDead(producer))
        dead.insert(producer);
  }
  buried.append(dead.begin(), dead.end());
}

/// Replaces what ops read or the function returns by constants where it has no elements.
void FoldConstants::foldEmpty() {
  SmallVector<Value> empty;
  auto collect = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (type && type.hasStaticShape() && type.getNumElements() == 0)
      empty.push_back(value);
  };
  func::FuncOp function = getOperation();
  llvm::for_each(function.getArguments(), collect);
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<KernelOp>(op))
      return WalkResult::skip();
    if (mayEvaluate(op))
      llvm::for_each(op->getResults(), collect);
    return WalkResult::advance();
  });
  for (Value value : empty) {
    auto isReader = [](OpOperand &use) {
      return mayEvaluate(use.getOwner()) || isa<func::ReturnOp>(use.getOwner());
    };
    if (llvm::none_of(value.getUses(), isReader))
      continue;
    OpBuilder builder(function.getContext());
    builder.setInsertionPointAfterValue(value);
    auto type = cast<RankedTensorType>(value.getType());
    auto elements = DenseElementsAttr::get(type.clone(type.getElementType()), ArrayRef<Attribute>());
    Value constant = ConstantOp::create(builder, value.getLoc(), type, elements);
    value.replaceUsesWithIf(constant, isReader);
    ++numFolded;
  }
}

void FoldConstants::runOnOperation() {
  foldEmpty();
  size_t numRefused;
  // What an op that can't be evaluated reads may still be.
  do {
    numRefused = refused.size();
    findCandidates();
    SmallVector<Operation *> roots = findRoots();
    // The largest first: the steps on the way to it take as much again, and later more is held already.
    llvm::sort(roots, [&](Operation *lhs, Operation *rhs) {
      int64_t left = sizeInBytes(lhs->getResult(0).getType()),
              right = sizeInBytes(rhs->getResult(0).getType());
      return left != right ? left > right : candidates.find(lhs) < candidates.find(rhs);
    });
    for (Operation *root : roots)
      if (succeeded(evaluateFor(root))) {
        replaceByConstants(root);
        bury(root);
      }
    values.clear();
  } while (refused.size() > numRefused);
  refused.clear();
  candidates.clear();
  for (Operation *op : buried)
    op->destroy();
  buried.clear();
  getOperation().walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
}

std::unique_ptr<mlir::Pass> tenon::createFoldConstantsPass(OpEvaluator evaluator,
                                                           FoldConstantsOptions options) {
  return std::make_unique<FoldConstants>(std::move(evaluator), std::move(options));
}
