//===- LayoutRegions.cpp - Which activations share a layout --------------------------------------===//

#include "LayoutRegions.h"

#include "Patterns.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;

SmallVector<int64_t> tenon::toChannelsLast(int64_t rank) {
  SmallVector<int64_t> perm = {0};
  llvm::append_range(perm, llvm::seq<int64_t>(2, rank));
  perm.push_back(1);
  return perm;
}

SmallVector<int64_t> tenon::toChannelsFirst(int64_t rank) {
  SmallVector<int64_t> perm = {0, rank - 1};
  llvm::append_range(perm, llvm::seq<int64_t>(1, rank - 1));
  return perm;
}

/// Whether a transpose in front of the op is as good behind it.
static bool keepsLayout(Operation *op) {
  return isUniform(op) || isa<ConcatOp, SliceOp, PadOp, TileOp, ResizeOp, SoftmaxOp, LogSoftmaxOp, LpNormOp,
                              CumsumOp, QuantizeLinearOp, DequantizeLinearOp>(op);
}

/// Whether the rows of a result are long enough for vectors along them, with little left over at their ends.
/// Steps up to two are a choice among the elements of two vectors.
static bool hasLongRows(Value result, ArrayRef<int64_t> strides) {
  constexpr int64_t leastColumns = 32;
  return tensorType(result).getShape().back() >= leastColumns && strides.back() <= 2;
}

namespace {
/// What an op whose layout is to be chosen asks for.
enum class Wish { None, EitherLayout, ChannelsLast };
} // namespace

static Wish wishOf(Operation *op) {
  auto either = [](bool condition) { return condition ? Wish::EitherLayout : Wish::ChannelsLast; };
  return llvm::TypeSwitch<Operation *, Wish>(op)
      .Case([&](ConvOp conv) {
        int64_t channels = tensorType(conv.getInput()).getDimSize(1);
        bool isDepthwise =
            conv.getGroup() == channels && tensorType(conv.getResult()).getDimSize(1) == channels;
        return either(isDepthwise && hasLongRows(conv.getResult(), conv.getStrides()));
      })
      .Case<MaxPoolOp, AveragePoolOp, LpPoolOp>(
          [&](auto pool) { return either(hasLongRows(pool.getResult(), pool.getStrides())); })
      .Case<InstanceNormOp, GroupNormOp, LrnOp, BatchNormOp>([](Operation *) { return Wish::EitherLayout; })
      .Case<ConvTransposeOp>([](Operation *) { return Wish::ChannelsLast; })
      .Default(Wish::None);
}

/// Whether the op stands between channels last and a region with its channels first.
static bool meetsChannelsLast(Operation *op) {
  auto isTranspose = [](Operation *other, SmallVector<int64_t> perm(int64_t)) {
    auto transpose = dyn_cast_or_null<TransposeOp>(other);
    return transpose && transpose.getPerm().size() > 2 && !followsFromConstants(transpose.getInput()) &&
           transpose.getPerm() == ArrayRef(perm(transpose.getPerm().size()));
  };
  return llvm::any_of(op->getOperands(),
                      [&](Value value) { return isTranspose(value.getDefiningOp(), toChannelsFirst); }) ||
         llvm::any_of(op->getUsers(), [&](Operation *user) { return isTranspose(user, toChannelsLast); });
}

LayoutRegions::LayoutRegions(func::FuncOp function) {
  auto belongs = [](Operation *op) { return wishOf(op) != Wish::None || keepsLayout(op); };
  function.walk([&](Operation *op) {
    if (!belongs(op))
      return;
    regions.insert(op);
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp();
          producer && belongs(producer) && !followsFromConstants(operand))
        regions.unionSets(op, producer);
  });
  function.walk([&](Operation *op) {
    if (belongs(op) && (wishOf(op) == Wish::ChannelsLast || meetsChannelsLast(op)))
      channelsLast.insert(regions.getLeaderValue(op));
  });
}

bool LayoutRegions::wantsChannelsLast(Operation *op) const {
  return wishOf(op) != Wish::None && channelsLast.contains(regions.getLeaderValue(op));
}
