//===- FoldConstants.cpp - Compute what depends on constants alone --------------------------------------===//
//
// In: a program of tenon ops. Out: the same with every maximal subtree of constants replaced by its value. Values in the
// middle of a subtree never become attributes, which would live as long as the context: weights are laid out, padded and
// transposed without holding each step. The evaluator comes from outside, since the graph phase must not know it.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Graph/Passes.h"

namespace tenon {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {

/// Evaluates the foldable ops of one function.
class ConstantFolder {
public:
  ConstantFolder(const OpEvaluator &evaluator, int64_t slackBytes) : evaluator(evaluator), slackBytes(slackBytes) {}

  /// Returns how many ops were replaced, or failure after a diagnostic.
  FailureOr<unsigned> run(func::FuncOp function);

private:
  bool isFoldable(Operation *op) const;
  FailureOr<HostTensor> valueOf(Value value);
  void release(Operation *op);

  const OpEvaluator &evaluator;
  int64_t slackBytes;
  llvm::DenseSet<Operation *> foldable;
  llvm::DenseMap<Value, HostTensor> values;
  llvm::DenseMap<Value, unsigned> pendingUses;
};

} // namespace

/// Bytes of a tensor, 0 if they are not known.
static int64_t bytesOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return 0;
  return HostTensor::getSizeInBytes(tensor).value_or(0);
}

/// Whether `op` computes from constants only, and its result is worth storing instead.
bool ConstantFolder::isFoldable(Operation *op) const {
  if (isa<ConstantOp>(op) || !isPure(op) || op->getNumRegions() != 0 || op->getNumOperands() == 0)
    return false;
  int64_t inputBytes = 0;
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (!producer || !(isa<ConstantOp>(producer) || foldable.contains(producer)))
      return false;
    // A splat takes no room, however large its type.
    auto constant = dyn_cast<ConstantOp>(producer);
    inputBytes += constant && isa<SplatElementsAttr>(constant.getValue()) ? 0 : bytesOf(operand.getType());
  }
  int64_t resultBytes = 0;
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape() || failed(HostTensor::getSizeInBytes(tensor)))
      return false;
    resultBytes += bytesOf(type);
  }
  return resultBytes <= 4 * inputBytes + slackBytes;
}

FailureOr<HostTensor> ConstantFolder::valueOf(Value value) {
  if (auto known = values.find(value); known != values.end())
    return known->second;
  Operation *op = value.getDefiningOp();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return HostTensor::from(constant.getValue());
  SmallVector<HostTensor> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<HostTensor> tensor = valueOf(operand);
    if (failed(tensor))
      return failure();
    operands.push_back(*tensor);
  }
  FailureOr<SmallVector<HostTensor>> results = evaluator(op, operands);
  if (failed(results))
    return failure();
  for (auto [result, tensor] : llvm::zip(op->getResults(), *results))
    values[result] = tensor;
  release(op);
  return values[value];
}

/// Drops the values of operands whose last reader was `op`.
void ConstantFolder::release(Operation *op) {
  for (Value operand : op->getOperands())
    if (auto pending = pendingUses.find(operand); pending != pendingUses.end() && --pending->second == 0)
      values.erase(operand);
}

FailureOr<unsigned> ConstantFolder::run(func::FuncOp function) {
  SmallVector<Operation *> roots;
  for (Operation &op : function.getBody().front())
    if (isFoldable(&op))
      foldable.insert(&op);
  for (Operation &op : function.getBody().front()) {
    if (!foldable.contains(&op))
      continue;
    bool isRoot = false;
    for (Value result : op.getResults()) {
      pendingUses[result] = llvm::range_size(result.getUses());
      isRoot |= llvm::any_of(result.getUsers(), [&](Operation *user) { return !foldable.contains(user); });
    }
    if (isRoot)
      roots.push_back(&op);
  }
  unsigned replaced = 0;
  for (Operation *root : roots) {
    OpBuilder builder(root);
    for (Value result : root->getResults()) {
      if (result.use_empty())
        continue;
      FailureOr<HostTensor> value = valueOf(result);
      if (failed(value))
        return failure();
      auto constant = ConstantOp::create(builder, root->getLoc(), value->toElementsAttr("folded"));
      result.replaceUsesWithIf(constant.getResult(),
                               [&](OpOperand &use) { return !foldable.contains(use.getOwner()); });
    }
    ++replaced;
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  return replaced;
}

namespace {
struct FoldConstants : tenon::impl::FoldConstantsBase<FoldConstants> {
  explicit FoldConstants(OpEvaluator evaluator) : evaluator(std::move(evaluator)) {}

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    FailureOr<unsigned> replaced = ConstantFolder(evaluator, slackBytes).run(getOperation());
    if (failed(replaced))
      return signalPassFailure();
    numFolded += *replaced;
  }

  OpEvaluator evaluator;
};
} // namespace

std::unique_ptr<Pass> tenon::createFoldConstantsPass(OpEvaluator evaluator) {
  return std::make_unique<FoldConstants>(std::move(evaluator));
}
