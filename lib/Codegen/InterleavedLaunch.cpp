//===- InterleavedLaunch.cpp - Kernels that take turns, as one kernel --------------------------------===//
//
//     for share in [begin, end)
//       for band in the share's bands, with the start of each window
//         move the windows that move here
//         for each kernel                                  (unrolled)
//           its steps up to those due behind this band
//
// Steps, bands and windows are computed rather than looked up: see InterleaveAttr and RollingAttr.
//
//===----------------------------------------------------------------------------------------===//

#include "InterleavedLaunch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

/// Windows begin at multiples of so many bytes.
static constexpr int64_t lineBytes = 64;

namespace {

/// Arithmetic on indices that are not negative, but for differences.
struct IndexBuilder {
  OpBuilder &builder;
  Location loc;

  Value constant(int64_t value) const { return arith::ConstantIndexOp::create(builder, loc, value); }
  Value add(Value lhs, int64_t rhs) const {
    return builder.createOrFold<arith::AddIOp>(loc, lhs, constant(rhs));
  }
  Value sub(Value lhs, Value rhs) const { return builder.createOrFold<arith::SubIOp>(loc, lhs, rhs); }
  Value times(Value lhs, int64_t rhs) const {
    return builder.createOrFold<arith::MulIOp>(loc, lhs, constant(rhs));
  }
  /// lhs * factor / divisor
  Value scaled(Value lhs, int64_t factor, int64_t divisor) const {
    return builder.createOrFold<arith::DivUIOp>(loc, times(lhs, factor), constant(divisor));
  }
  Value min(Value lhs, Value rhs) const { return builder.createOrFold<arith::MinSIOp>(loc, lhs, rhs); }
  Value max(Value lhs, Value rhs) const { return builder.createOrFold<arith::MaxSIOp>(loc, lhs, rhs); }
  Value select(Value condition, Value then, Value otherwise) const {
    return builder.createOrFold<arith::SelectOp>(loc, condition, then, otherwise);
  }
  Value equal(Value lhs, Value rhs) const {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lhs, rhs);
  }
};

/// One share of a group, inside the loop over the shares.
class ShareEmitter {
public:
  ShareEmitter(OpBuilder &builder, Location loc, ArrayRef<InterleavedKernel> kernels,
               ArrayRef<RollingMemory> rolling, const IRMapping &inside)
      : index{builder, loc}, builder(builder), loc(loc), kernels(kernels), rolling(rolling), inside(inside),
        turns(kernels.front().turns) {}

  void emit(Value share);

private:
  Value moveWindow(const RollingMemory &tensor, Value band, Value isFirst, Value start);
  void copyLines(Value memory, Value to, Value from, Value bytes);
  void launch(const InterleavedKernel &kernel, Value from, Value to, ArrayRef<Value> starts);

  IndexBuilder index;
  OpBuilder &builder;
  Location loc;
  ArrayRef<InterleavedKernel> kernels;
  ArrayRef<RollingMemory> rolling;
  const IRMapping &inside;
  InterleaveAttr turns;
  Value share, firstBand;
};

} // namespace

/// Copies lines towards the front of the same memory, in order.
void ShareEmitter::copyLines(Value memory, Value to, Value from, Value bytes) {
  auto loop = scf::ForOp::create(builder, loc, index.constant(0), bytes, index.constant(lineBytes));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value at = loop.getInductionVar();
  auto line = VectorType::get(lineBytes, builder.getI8Type());
  auto place = [&](Value start) -> Value { return arith::AddIOp::create(builder, loc, start, at); };
  Value moved = vector::LoadOp::create(builder, loc, line, memory, place(from));
  vector::StoreOp::create(builder, loc, moved, memory, place(to));
}

/// Where the window begins in `band`, having begun at `start`; moves what was written of it where it moves.
Value ShareEmitter::moveWindow(const RollingMemory &tensor, Value band, Value isFirst, Value start) {
  RollingAttr how = tensor.rolling;
  Value number = index.sub(band, firstBand);
  Value isDue = index.equal(builder.createOrFold<arith::RemUIOp>(loc, number, index.constant(how.getEvery())),
                            index.constant(0));
  Value even = index.scaled(band, tensor.bytes, turns.getBands());
  Value low = index.max(index.add(even, -how.getLow()), index.constant(0));
  Value next = index.times(index.scaled(low, 1, lineBytes), lineBytes);
  // Nothing has been written before the first band.
  Value written = index.min(index.add(even, how.getHigh()), index.constant(tensor.bytes));
  Value bytes = index.select(isFirst, index.constant(0), index.sub(written, next));
  auto branch = scf::IfOp::create(builder, loc, isDue, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    Value to = index.times(share, how.getWindow());
    Value from = arith::AddIOp::create(builder, loc, to, index.sub(next, start));
    copyLines(inside.lookup(tensor.memory), to, from, bytes);
  }
  return index.select(isDue, next, start);
}

void ShareEmitter::launch(const InterleavedKernel &kernel, Value from, Value to, ArrayRef<Value> starts) {
  SmallVector<Value> arguments;
  for (auto [argument, type] : llvm::zip(kernel.arguments, kernel.types)) {
    Value memory = inside.lookup(argument);
    for (auto [tensor, start] : llvm::zip(rolling, starts))
      if (tensor.memory == argument) {
        // The tensor as a whole, placed so that its window is where it is.
        Value shift = index.sub(index.times(share, tensor.rolling.getWindow()), start);
        memory = memref::ViewOp::create(builder, loc, cast<MemRefType>(type), memory, shift, ValueRange());
      }
    arguments.push_back(memory);
  }
  int64_t step = kernel.turns.getStep();
  LaunchOp::create(builder, loc, kernel.name, arguments, index.times(to, step), index.times(from, step),
                   /*serial=*/true);
}

void ShareEmitter::emit(Value number) {
  share = number;
  int64_t bands = turns.getBands(), shares = turns.getShares();
  firstBand = index.scaled(share, bands, shares);
  Value behindLast = index.scaled(index.add(share, 1), bands, shares);
  SmallVector<std::pair<Value, Value>> bounds;
  for (const InterleavedKernel &kernel : kernels) {
    int64_t steps = kernel.range / kernel.turns.getStep();
    Value begin = index.add(index.scaled(share, steps, shares), -kernel.turns.getBefore());
    Value end = index.add(index.scaled(index.add(share, 1), steps, shares), kernel.turns.getBehind());
    bounds.push_back({index.max(begin, index.constant(0)), index.min(end, index.constant(steps))});
  }
  SmallVector<Value> starts(rolling.size(), index.constant(0));
  auto loop = scf::ForOp::create(builder, loc, firstBand, behindLast, index.constant(1), starts);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value band = loop.getInductionVar(), next = index.add(band, 1);
  Value isFirst = index.equal(band, firstBand), isLast = index.equal(next, behindLast);
  for (auto [i, tensor] : llvm::enumerate(rolling))
    starts[i] = moveWindow(tensor, band, isFirst, loop.getRegionIterArg(i));
  for (auto [i, kernel] : llvm::enumerate(kernels)) {
    int64_t steps = kernel.range / kernel.turns.getStep(), ahead = kernel.turns.getAhead();
    auto [begin, end] = bounds[i];
    auto doneBefore = [&, begin = begin, end = end](Value band) {
      return index.max(index.min(index.add(index.scaled(band, steps, bands), ahead), end), begin);
    };
    launch(kernel, index.select(isFirst, begin, doneBefore(band)),
           index.select(isLast, end, doneBefore(next)), starts);
  }
  if (!rolling.empty())
    scf::YieldOp::create(builder, loc, starts);
}

void tenon::launchInterleaved(OpBuilder &builder, Location loc, StringRef name,
                              ArrayRef<InterleavedKernel> kernels, ArrayRef<RollingMemory> rolling,
                              bool serial) {
  llvm::SetVector<Value> arguments;
  for (const InterleavedKernel &kernel : kernels)
    arguments.insert(kernel.arguments.begin(), kernel.arguments.end());
  SmallVector<Type> types(ValueRange(arguments.getArrayRef()).getTypes());
  types.append(2, builder.getIndexType());
  func::FuncOp function;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(builder.getInsertionBlock()->getParentOp());
    function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, {}));
    function.setPrivate();
    function->setAttr("tenon.kernel", builder.getUnitAttr());
    function->setAttr("tenon.interleaved", builder.getI64IntegerAttr(kernels.size()));
    Block *entry = function.addEntryBlock();
    IRMapping inside;
    inside.map(arguments.getArrayRef(), entry->getArguments().drop_back(2));
    builder.setInsertionPointToStart(entry);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    unsigned begin = arguments.size();
    auto loop =
        scf::ForOp::create(builder, loc, entry->getArgument(begin), entry->getArgument(begin + 1), one);
    func::ReturnOp::create(builder, loc);
    builder.setInsertionPointToStart(loop.getBody());
    ShareEmitter(builder, loc, kernels, rolling, inside).emit(loop.getInductionVar());
  }
  Value shares = arith::ConstantIndexOp::create(builder, loc, kernels.front().turns.getShares());
  LaunchOp::create(builder, loc, function.getName(), arguments.getArrayRef(), shares, /*from=*/Value(),
                   serial);
}
