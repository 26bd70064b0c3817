//===- KernelGroups.cpp - Which ops of a block become one kernel --------------------------------===//

#include "KernelGroups.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "llvm/ADT/SetVector.h"

#include <array>
#include <map>

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// What an op is to fusion
//===----------------------------------------------------------------------------------------===//

static bool isElementwise(Operation *op) { return op->hasTrait<trait::Elementwise>(); }

/// Whether one result element of the elementwise op costs much more than a multiplication.
static bool isExpensive(Operation *op) {
  return isa<ExpOp, LogOp, SqrtOp, RsqrtOp, ReciprocalOp, SinOp, CosOp, TanOp, AsinOp, AcosOp, AtanOp, SinhOp,
             CoshOp, TanhOp, AsinhOp, AcoshOp, AtanhOp, ErfOp, SigmoidOp, SoftplusOp, GeluOp, DivOp, PowOp,
             ModOp, BatchNormOp, QuantizeLinearOp>(op);
}

/// Whether the reduction reads an element once for each of the windows it lies in.
static bool slidesWindow(Operation *op) {
  return isa<MaxPoolOp, AveragePoolOp, LpPoolOp, MaxPoolWithIndicesOp, LrnOp>(op);
}

/// Whether the relayout finds its elements by more than a linear expression of the result's place.
static bool readsAtComputedPlace(Operation *op) {
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getMode() != PadMode::constant;
  return isa<TileOp, TriluOp>(op);
}

/// A size to compare tensors by; an unknown dimension counts as 64.
static int64_t estimateElements(Value value) {
  int64_t elements = 1;
  for (int64_t size : cast<RankedTensorType>(value.getType()).getShape())
    elements *= ShapedType::isDynamic(size) ? 64 : size;
  return elements;
}

static int64_t estimateBytes(Value value) {
  unsigned bits = cast<RankedTensorType>(value.getType()).getElementTypeBitWidth();
  return estimateElements(value) * std::max(1u, bits / 8);
}

/// Whether the transpose moves enough to be worth registers of its own.
static bool isLargeTranspose(Operation *op) {
  constexpr int64_t largeElements = 4096;
  return isa<TransposeOp>(op) && estimateElements(op->getResult(0)) > largeElements;
}

/// Whether the op only picks and permutes rows that stay as they are: what reads it may as well read where
/// they come from.
static bool keepsRows(Operation *op) {
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return transpose.getPerm().back() + 1 == static_cast<int64_t>(transpose.getPerm().size());
  auto slice = dyn_cast<SliceOp>(op);
  return slice && !slice.getSteps().empty() && slice.getSteps().back() == 1;
}

/// Whether the op puts the few channels of an image last for a convolution, which reads them one by one
/// wherever they lie.
static bool movesFewChannels(Operation *op) {
  constexpr int64_t fewChannels = 4;
  auto transpose = dyn_cast<TransposeOp>(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return transpose && type.getRank() > 2 && !type.isDynamicDim(type.getRank() - 1) &&
         type.getDimSize(type.getRank() - 1) <= fewChannels &&
         llvm::all_of(op->getUses(), [](OpOperand &use) {
           auto conv = dyn_cast<ConvOp>(use.getOwner());
           return conv && use.getOperandNumber() == 0 && conv.getGroup() == 1 &&
                  conv.getLayout() == tenon::DataLayout::channels_last;
         });
}

/// Whether the two have one shape, equal symbolic sizes included.
static bool haveSameShape(Value lhs, Value rhs) {
  auto left = cast<RankedTensorType>(lhs.getType()), right = cast<RankedTensorType>(rhs.getType());
  bool known = left.hasStaticShape() || left.getEncoding();
  return known && left.getShape() == right.getShape() && left.getEncoding() == right.getEncoding();
}

/// Whether the sizes of `value` are those of the last dimensions of `result`, or 1.
static bool broadcastsTo(Value value, Value result) {
  auto from = cast<RankedTensorType>(value.getType()), to = cast<RankedTensorType>(result.getType());
  if (from.getRank() > to.getRank())
    return false;
  ArrayRef<int64_t> aligned = to.getShape().take_back(from.getRank());
  return llvm::all_of(llvm::zip_equal(from.getShape(), aligned), [](auto sizes) {
    return std::get<0>(sizes) == 1 || std::get<0>(sizes) == std::get<1>(sizes);
  });
}

static std::string quoted(Operation *op) { return ("'" + op->getName().getStringRef() + "'").str(); }

bool KernelGroups::belongsInKernel(Operation *op) {
  if (!isa<TenonDialect>(op->getDialect()) || op->hasTrait<OpTrait::IsTerminator>())
    return false;
  if (isa<ConstantOp, ReshapeOp, KernelOp, LaunchOp>(op))
    return false;
  if (auto slice = dyn_cast<SliceOp>(op))
    return !slice.isContiguous();
  if (isa<ConcatOp>(op))
    return llvm::any_of(op->getOperandTypes(),
                        [](Type type) { return cast<RankedTensorType>(type).getRank() == 0; });
  return true;
}

bool KernelGroups::isClonedInto(Operation *constant, Operation *user) {
  auto op = dyn_cast<ConstantOp>(constant);
  return op && isa<SplatElementsAttr>(op.getValue()) &&
         (isElementwise(user) || user->hasTrait<trait::Relayout>()) && !readsAtComputedPlace(user);
}

//===----------------------------------------------------------------------------------------===//
// Grouping
//===----------------------------------------------------------------------------------------===//

KernelGroups::KernelGroups(Block &block, const GroupingOptions &options) : options(options) {
  SmallVector<Operation *> ops;
  for (Operation &op : block) {
    position[&op] = position.size();
    if (belongsInKernel(&op))
      ops.push_back(&op);
  }
  // What the following ops save is most for contractions; of two anchors that could take an op the later one
  // does.
  std::array<bool (*)(Operation *), 4> priorities = {
      [](Operation *op) { return op->hasTrait<trait::Contraction>(); },
      [](Operation *op) { return op->hasTrait<trait::Reduction>(); },
      [](Operation *op) { return op->hasTrait<trait::Lookup>(); },
      [](Operation *op) { return !isElementwise(op); }};
  for (auto hasPriority : priorities)
    for (Operation *op : llvm::reverse(ops))
      if (!isElementwise(op) && !groupOf(op) && hasPriority(op) && !joinReader(op) && !waitsForReaders(op))
        growAnchor(op);
  for (Operation *op : llvm::reverse(ops)) {
    if (groupOf(op))
      continue;
    if (isElementwise(op))
      joinUsers(op);
    else if (!joinReader(op))
      growAnchor(op);
  }

  llvm::sort(storage, [&](const auto &lhs, const auto &rhs) {
    return position.lookup(lhs->getRoot()) < position.lookup(rhs->getRoot());
  });
  for (const std::unique_ptr<KernelGroup> &group : llvm::reverse(storage))
    cloneIntoUsers(*group);
  if (options.secondResults)
    for (const std::unique_ptr<KernelGroup> &group : storage)
      returnSecondResult(*group);
}

std::vector<const KernelGroup *> KernelGroups::getGroups() const {
  std::vector<const KernelGroup *> result;
  for (const std::unique_ptr<KernelGroup> &group : storage)
    if (!group->cloned && !group->ops.empty())
      result.push_back(group.get());
  return result;
}

KernelGroup *KernelGroups::startGroup(Operation *op) {
  storage.push_back(std::make_unique<KernelGroup>());
  KernelGroup *group = storage.back().get();
  group->ops.push_back(op);
  group->anchor = isElementwise(op) ? nullptr : op;
  groups[op] = group;
  return group;
}

void KernelGroups::sortOps(KernelGroup &group) {
  llvm::sort(group.ops,
             [&](Operation *lhs, Operation *rhs) { return position.lookup(lhs) < position.lookup(rhs); });
}

/// The op of the grouped block that `user` is, or is inside of.
static Operation *inBlockOf(Operation *op, Operation *user) {
  return op->getBlock()->findAncestorOpInBlock(*user);
}

/// The different ops that use the op's results, in no particular order.
static llvm::SmallSetVector<Operation *, 4> usersOf(Operation *op) {
  llvm::SmallSetVector<Operation *, 4> users;
  for (Operation *user : op->getUsers())
    users.insert(inBlockOf(op, user));
  return users;
}

KernelGroups::GroupSet KernelGroups::userGroups(Operation *op) const {
  SmallVector<Operation *> users(usersOf(op).takeVector());
  llvm::sort(users,
             [&](Operation *lhs, Operation *rhs) { return position.lookup(lhs) < position.lookup(rhs); });
  llvm::SmallSetVector<KernelGroup *, 4> result;
  for (Operation *user : users) {
    KernelGroup *group = groupOf(user);
    if (!group || !group->cloned)
      result.insert(group);
    for (KernelGroup *clone : clones.lookup(user))
      result.insert(clone);
  }
  return GroupSet(result.begin(), result.end());
}

/// Number of ops in `ops` with a value that is used outside of them.
static int countEscapes(ArrayRef<Operation *> ops) {
  return llvm::count_if(ops, [&](Operation *op) {
    return llvm::any_of(usersOf(op), [&](Operation *user) { return !llvm::is_contained(ops, user); });
  });
}

/// Follows the anchor's value through elementwise ops that keep its shape, as long as the ops then have one
/// value that is used outside.
void KernelGroups::growAnchor(Operation *anchor) {
  KernelGroup *group = startGroup(anchor);
  if (anchor->hasTrait<trait::Unstructured>() || anchor->getNumResults() != 1 || isLargeTranspose(anchor))
    return;
  SmallVector<Operation *> ops = {anchor};
  size_t accepted = 1;
  std::map<unsigned, Operation *> candidates;
  auto addUsers = [&](Operation *op) {
    for (Operation *user : usersOf(op))
      candidates.try_emplace(position.lookup(user), user);
  };
  addUsers(anchor);
  while (!candidates.empty() && ops.size() < options.maxOps) {
    Operation *next = candidates.begin()->second;
    candidates.erase(candidates.begin());
    bool fits = isElementwise(next) && next->getNumResults() == 1 && !groupOf(next) &&
                belongsInKernel(next) && haveSameShape(next->getResult(0), anchor->getResult(0));
    if (!fits)
      continue;
    ops.push_back(next);
    addUsers(next);
    if (countEscapes(ops) <= 1)
      accepted = ops.size();
  }
  ops.resize(accepted);
  // The rows of a product may be stored wherever they are wanted.
  auto users = usersOf(ops.back());
  if (anchor->hasTrait<trait::Contraction>() && users.size() == 1 && isa<TransposeOp>(users.front()) &&
      keepsRows(users.front()) && !groupOf(users.front()) && ops.size() < options.maxOps)
    ops.push_back(users.front());
  for (Operation *op : ArrayRef(ops).drop_front()) {
    group->ops.push_back(op);
    groups[op] = group;
  }
}

/// Whether the op's rows are read by elementwise ops only, which find their kernels later.
bool KernelGroups::waitsForReaders(Operation *op) const {
  auto users = usersOf(op);
  return isa<SliceOp>(op) && keepsRows(op) && !users.empty() && llvm::all_of(users, [&](Operation *user) {
           return isElementwise(user) && haveSameShape(user->getResult(0), op->getResult(0));
         });
}

/// Moves the op's rows into the contraction, the relayout or the elementwise ops that alone read them, and
/// the order of few channels into the convolution.
bool KernelGroups::joinReader(Operation *op) {
  if (!keepsRows(op) && !movesFewChannels(op))
    return false;
  GroupSet users = userGroups(op);
  if (users.size() != 1 || !users.front() || users.front()->ops.size() >= options.maxOps)
    return false;
  KernelGroup &group = *users.front();
  auto readsRows = [&](Operation *user) {
    return user->hasTrait<trait::Contraction>() || keepsRows(user) || isa<TransposeOp>(user) ||
           (isElementwise(user) && waitsForReaders(op));
  };
  if (!llvm::all_of(usersOf(op), readsRows))
    return false;
  group.ops.insert(group.ops.begin(), op);
  sortOps(group);
  groups[op] = &group;
  return true;
}

std::string KernelGroups::tooManyOps() const {
  return "the kernel would have more than " + std::to_string(options.maxOps) + " ops";
}

std::string KernelGroups::refusal(Operation *producer, const KernelGroup &group) const {
  Value value = producer->getResult(0);
  for (Operation *user : group.ops)
    for (OpOperand &operand : user->getOpOperands()) {
      if (operand.get() != value)
        continue;
      if (isElementwise(user)) {
        Value result = user->getResult(0);
        if (!broadcastsTo(value, result))
          return "value does not broadcast to the result of " + quoted(user);
        if (isExpensive(producer) && estimateElements(value) < estimateElements(result))
          return "an expensive value would be computed for every element it broadcasts to";
        continue;
      }
      bool readsOnce =
          user->hasTrait<trait::Reduction>() && !slidesWindow(user) && operand.getOperandNumber() == 0;
      if (readsOnce)
        continue;
      if (!user->hasTrait<trait::Relayout>())
        return quoted(user) + " reads an element of this operand many times";
      if (readsAtComputedPlace(user))
        return quoted(user) + " reads at computed places";
      if (isLargeTranspose(user))
        return "a large transpose has a kernel of its own";
      if (isExpensive(producer))
        return "an expensive value would be computed inside of " + quoted(user);
    }
  if (group.ops.size() >= options.maxOps)
    return tooManyOps();
  return "";
}

/// Adds the elementwise op to the group of all of its users, or starts one.
void KernelGroups::joinUsers(Operation *op) {
  GroupSet users = userGroups(op);
  if (users.size() != 1 || !users.front() || !refusal(op, *users.front()).empty()) {
    startGroup(op);
    return;
  }
  users.front()->ops.insert(users.front()->ops.begin(), op);
  sortOps(*users.front());
  groups[op] = users.front();
}

/// Computes a cheap value where it is read, if that reads no more than the value itself would.
void KernelGroups::cloneIntoUsers(KernelGroup &group) {
  constexpr size_t maxUsers = 4, maxClonedOps = 8;
  Operation *root = group.getRoot();
  GroupSet users = userGroups(root);
  if (group.anchor || root->getNumResults() != 1 || group.ops.size() > maxClonedOps || users.size() < 2 ||
      users.size() > maxUsers || llvm::any_of(group.ops, isExpensive))
    return;
  llvm::SmallSetVector<Value, 4> inputs;
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands()) {
      Operation *defining = operand.getDefiningOp();
      if (!defining || (!llvm::is_contained(group.ops, defining) && !isClonedInto(defining, op)))
        inputs.insert(operand);
    }
  int64_t bytes = 0;
  for (Value input : inputs)
    bytes += estimateBytes(input);
  if (bytes > estimateBytes(root->getResult(0)))
    return;
  for (KernelGroup *user : users)
    if (!user || !refusal(root, *user).empty() || user->ops.size() + group.ops.size() > options.maxOps)
      return;
  for (KernelGroup *user : users) {
    for (Operation *op : group.ops) {
      if (llvm::is_contained(user->ops, op))
        continue;
      user->ops.push_back(op);
      clones[op].push_back(user);
    }
    sortOps(*user);
  }
  group.cloned = true;
}

bool KernelGroups::reaches(Operation *from, const KernelGroup &target) const {
  KernelGroup *source = groupOf(from);
  llvm::SmallSetVector<Operation *, 16> reached;
  auto isMerged = [&](Operation *op) {
    return llvm::is_contained(source->ops, op) || llvm::is_contained(target.ops, op);
  };
  auto follow = [&](ArrayRef<Operation *> ops, bool stopAtMerged) {
    for (Operation *op : ops)
      for (Operation *user : usersOf(op)) {
        if (!isMerged(user))
          reached.insert(user);
        else if (stopAtMerged)
          return true;
      }
    return false;
  };
  (void)follow(source->ops, /*stopAtMerged=*/false);
  (void)follow(target.ops, /*stopAtMerged=*/false);
  for (size_t i = 0; i < reached.size(); ++i) {
    Operation *op = reached[i];
    // All values of a kernel come at once, so what one of them needs all of them wait for.
    GroupSet holders = clones.lookup(op);
    if (KernelGroup *group = groupOf(op); group && !group->cloned)
      holders.push_back(group);
    if (holders.empty() && follow(op, /*stopAtMerged=*/true))
      return true;
    for (KernelGroup *holder : holders)
      if (holder == &target || follow(holder->ops, /*stopAtMerged=*/true))
        return true;
  }
  return false;
}

/// Adds an elementwise group, whose value other groups need too, to one that reads it.
void KernelGroups::returnSecondResult(KernelGroup &group) {
  if (group.anchor || group.cloned || group.secondResult || group.getRoot()->getNumResults() != 1)
    return;
  Operation *root = group.getRoot();
  for (KernelGroup *user : userGroups(root)) {
    bool streams =
        user && user != &group && !user->secondResult && user->getRoot()->getNumResults() == 1 &&
        (!user->anchor || (user->anchor->hasTrait<trait::Reduction>() && !slidesWindow(user->anchor)));
    if (!streams || !haveSameShape(root->getResult(0), user->getRoot()->getResult(0)) ||
        !refusal(root, *user).empty() || user->ops.size() + group.ops.size() > options.maxOps ||
        reaches(root, *user))
      continue;
    user->secondResult = root->getResult(0);
    for (Operation *op : group.ops) {
      if (!llvm::is_contained(user->ops, op))
        user->ops.push_back(op);
      if (groupOf(op) == &group)
        groups[op] = user;
      for (KernelGroup *&holder : clones[op])
        if (holder == &group)
          holder = user;
    }
    sortOps(*user);
    group.ops.clear();
    return;
  }
}

//===----------------------------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------------------------===//

std::string KernelGroups::whySeparate(Operation *producer, Operation *consumer) const {
  const KernelGroup *from = groupOf(producer), *to = groupOf(consumer);
  if (!from || !to || from == to || llvm::is_contained(to->ops, producer) || from->cloned || to->cloned)
    return "";
  for (Operation *op : {producer, consumer})
    if (op->hasTrait<trait::Unstructured>() || op->getNumResults() != 1)
      return quoted(op) + " stands alone in its kernel";
  if (!isElementwise(producer) && !isElementwise(consumer))
    return quoted(producer) + " and " + quoted(consumer) + " are both not elementwise";
  if (isElementwise(producer))
    if (std::string reason = refusal(producer, *to); !reason.empty())
      return reason;
  if (size_t users = usersOf(producer).size(); users > 1)
    return "producer has " + std::to_string(users) + " uses";
  if (isLargeTranspose(producer))
    return "a large transpose has a kernel of its own";
  if (!haveSameShape(producer->getResult(0), consumer->getResult(0)))
    return "consumer has another shape than " + quoted(producer);
  if (to->anchor)
    return "consumer's kernel is built around " + quoted(to->anchor);
  return tooManyOps();
}
