//===- Padding.cpp - Padded tensors: guarded reads, and bands with their borders ---------------------===//
//
// A tensor.pad without a stage of its own is read through guards; one that is stored is written border by
// border, so that no element is tested.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Reads
//===----------------------------------------------------------------------------------------===//

/// The values `form` may take, as far as its loops have known trips.
std::optional<KernelEmitter::Range> KernelEmitter::rangeOf(const LinearForm &form) const {
  Range range{form.constant, form.constant};
  for (auto [value, factor] : form.terms) {
    auto known = ranges.find(value);
    if (known == ranges.end())
      return std::nullopt;
    auto [least, most] = known->second;
    range.first += factor * (factor > 0 ? least : most);
    range.second += factor * (factor > 0 ? most : least);
  }
  return range;
}

/// Finds the iterations at which the padded tensors that stages read through guards are inside their bounds,
/// whatever the other loops of the stage.
void KernelEmitter::findUnguarded(const Node &node) {
  for (const std::unique_ptr<Node> &child : node.children)
    findUnguarded(*child);
  findUnguarded(kernel.getOp(node.op), node.indices);
}

/// The same for what `op` reads at `indices`, and the elementwise ops without a stage that it reads through.
void KernelEmitter::findUnguarded(const StructuredOp &op, const Exprs &indices) {
  for (const Access &input : op.inputs) {
    std::optional<unsigned> producer = kernel.numberOf(input.tensor);
    if (!producer || placed.contains(*producer))
      continue;
    const StructuredOp &read = kernel.getOp(*producer);
    auto pad = dyn_cast<tensor::PadOp>(read.op);
    if (!pad) {
      Exprs inside = compose(input.map, indices);
      findUnguarded(read, loopIndices(read, cast<OpResult>(input.tensor).getResultNumber(), inside));
      continue;
    }
    for (auto [dim, index] : llvm::enumerate(compose(input.map, indices))) {
      int64_t low = pad.getStaticLow()[dim], high = pad.getStaticHigh()[dim];
      int64_t size = pad.getSourceType().getDimSize(dim);
      if ((low == 0 && high == 0) || ShapedType::isDynamic(size))
        continue;
      // index = step * variable + others, others from `least` to `most`.
      std::optional<Variable> along;
      int64_t step = 0;
      LinearForm start = indexOf(index, Point());
      if (!start.isConstant())
        continue;
      int64_t least = start.constant, most = start.constant;
      bool isRegular = true;
      for (Variable variable = 0; variable < variables.size(); ++variable) {
        if (!index.isFunctionOfDim(variable))
          continue;
        std::optional<int64_t> factor = laneStep(index, Point(variables.size(), 0), variable);
        if (!factor || *factor <= 0 || ShapedType::isDynamic(variables[variable].extent)) {
          isRegular = false;
        } else if (variable < rootVariables && !along) {
          along = variable;
          step = *factor;
        } else {
          most += *factor * (variables[variable].extent - 1);
        }
      }
      if (!isRegular || !along)
        continue;
      auto [known, isNew] = unguarded.try_emplace(*along, Range{0, variables[*along].extent - 1});
      known->second.first = std::max<int64_t>(known->second.first, llvm::divideCeilSigned(low - least, step));
      known->second.second =
          std::min<int64_t>(known->second.second, llvm::divideFloorSigned(size - 1 + low - most, step));
    }
  }
}

/// The source inside its bounds, the padding value outside. The load itself is always in range: scalar and
/// broadcast loads clamp their index, vector loads mask the lanes.
Value KernelEmitter::evaluatePad(tensor::PadOp pad, const Exprs &indices, const Point &point,
                                 std::optional<Variable> vector) {
  SymbolicSizes::Sizes sizes = kernel.getSizes().of(pad.getSourceType());
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  Value padding = pad.getConstantPaddingValue();
  padding = builder.clone(*padding.getDefiningOp())->getResult(0);

  Value inside, insideLanes;
  Exprs sourceIndices;
  unsigned firstFresh = variables.size();
  bool wholeLanes = true;
  for (auto [i, index] : llvm::enumerate(indices)) {
    int64_t low = pad.getStaticLow()[i], high = pad.getStaticHigh()[i];
    AffineExpr shifted = index - low;
    if (low == 0 && high == 0) {
      sourceIndices.push_back(index);
      continue;
    }
    LinearForm at = indexOf(shifted, point);
    std::optional<int64_t> step = laneStep(index, point, vector);
    std::optional<Range> range = rangeOf(at);
    std::optional<int64_t> staticSize = SymbolicSizes::constantValue(sizes[i]);
    if (step == 0 && range && staticSize) {
      if (range->first >= 0 && range->second < *staticSize) {
        sourceIndices.push_back(shifted);
        continue;
      }
      if (range->second < 0 || range->first >= *staticSize) {
        variables.truncate(firstFresh);
        bool isVector =
            vector && llvm::any_of(indices, [&](AffineExpr read) { return read.isFunctionOfDim(*vector); });
        return isVector ? broadcast(padding) : padding;
      }
    }
    Value position = at.materialize(builder, loc);
    Value size = indexOf(sizes[i], {}).materialize(builder, loc);
    if (step == 0) {
      Value valid = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, position, size);
      inside = inside ? Value(arith::AndIOp::create(builder, loc, inside, valid)) : valid;
      // A fresh variable stands for the clamped index.
      Value last = arith::SubIOp::create(builder, loc, size, constant(1));
      Value clamped = arith::MaxSIOp::create(
          builder, loc, arith::MinSIOp::create(builder, loc, position, last), constant(0));
      LoopVariable fresh;
      fresh.base.add(clamped, 1);
      fresh.extent = 1;
      fresh.level = scopes.size() - 1;
      variables.push_back(fresh);
      sourceIndices.push_back(getAffineDimExpr(variables.size() - 1, context));
      continue;
    }
    wholeLanes = false;
    Value lanePositions = vector::StepOp::create(builder, loc, vectorType(builder.getIndexType()));
    if (step.value_or(1) != 1)
      lanePositions = arith::MulIOp::create(builder, loc, lanePositions, broadcast(constant(*step)));
    lanePositions = arith::AddIOp::create(builder, loc, lanePositions, broadcast(position));
    Value valid =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, lanePositions, broadcast(size));
    insideLanes = insideLanes ? Value(arith::AndIOp::create(builder, loc, insideLanes, valid)) : valid;
    sourceIndices.push_back(shifted);
  }
  Point extended = point;
  extended.resize(variables.size(), 0);
  Value value;
  if (wholeLanes) {
    value = evaluate(pad.getSource(), sourceIndices, extended, vector);
    if (inside) {
      if (isa<VectorType>(value.getType()))
        padding = broadcast(padding);
      value = arith::SelectOp::create(builder, loc, inside, value, padding);
    }
  } else {
    // Padded along the lanes: only a tensor in memory can be read with a mask.
    auto found = buffers.find(pad.getSource());
    assert(found != buffers.end() && "checked when the schedule was verified");
    if (inside)
      insideLanes = arith::AndIOp::create(builder, loc, insideLanes, broadcast(inside));
    if (Value range = laneMask(point, vector))
      insideLanes = arith::AndIOp::create(builder, loc, insideLanes, range);
    const Buffer &buffer = found->second;
    std::optional<int64_t> stride = laneStride(buffer.memref, sourceIndices, extended, vector);
    VectorType type = vectorType(getElementTypeOrSelf(buffer.memref.getType()));
    padding = broadcast(padding);
    if (scalable && stride != 1) {
      value =
          gather(buffer.memref, indexLanes(buffer, sourceIndices, extended, *vector), insideLanes, padding);
    } else if (stride == 1 && !isScalar()) {
      value =
          vector::MaskedLoadOp::create(builder, loc, type, buffer.memref,
                                       indexValues(buffer, sourceIndices, extended), insideLanes, padding);
    } else {
      Values elements;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        Point at = extended;
        at[*vector] += lane;
        Value in = vector::ExtractOp::create(builder, loc, insideLanes, ArrayRef<int64_t>{lane});
        Values here = indexValues(buffer, sourceIndices, at);
        for (Value &index : here)
          index = arith::SelectOp::create(builder, loc, in, index, constant(0));
        Value element = memref::LoadOp::create(builder, loc, buffer.memref, here);
        Value outside = vector::ExtractOp::create(builder, loc, padding, ArrayRef<int64_t>{lane});
        elements.push_back(arith::SelectOp::create(builder, loc, in, element, outside));
      }
      value = vector::FromElementsOp::create(builder, loc, type, elements);
    }
  }
  variables.truncate(firstFresh);
  return value;
}

//===----------------------------------------------------------------------------------------===//
// Stored bands
//===----------------------------------------------------------------------------------------===//

/// Whether a stored pad can be written border by border: its vectors lie along a dimension that is not
/// padded, or that is copied in runs.
bool KernelEmitter::canSplitBorder(const Node &node, const Buffer &destination) const {
  auto pad = cast<tensor::PadOp>(kernel.getOp(node.op).op);
  unsigned last = node.indices.size() - 1;
  if (node.schedule->vectorDim != last || !node.children.empty())
    return false;
  return (pad.getStaticLow()[last] == 0 && pad.getStaticHigh()[last] == 0) || isRun(node, last, destination);
}

/// Writes `count` elements of `to` from `start` on: those of `from` from `source` on, or, without it,
/// `padding`.
void KernelEmitter::writeRun(Value to, Values start, Value from, Values source, Value padding, Value count) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  VectorType type = vectorType(getElementTypeOrSelf(to.getType()));
  auto advance = [&](Values indices, Value by) {
    indices.back() = arith::AddIOp::create(builder, loc, indices.back(), by);
    return indices;
  };
  // Four vectors at a time, then single ones, then what is left.
  Value done = constant(0);
  for (int64_t vectors : {4, 1}) {
    Value step = constant(vectors * lanes);
    Value end = arith::MulIOp::create(builder, loc, arith::DivUIOp::create(builder, loc, count, step), step);
    auto loop = scf::ForOp::create(builder, loc, done, end, step);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    for (int64_t vector = 0; vector < vectors; ++vector) {
      Value at = arith::AddIOp::create(builder, loc, loop.getInductionVar(), constant(vector * lanes));
      Value value = from ? vector::LoadOp::create(builder, loc, type, from, advance(source, at)).getResult()
                         : broadcast(padding);
      vector::StoreOp::create(builder, loc, value, to, advance(start, at));
    }
    done = end;
  }
  Value rest = arith::SubIOp::create(builder, loc, count, done);
  Value mask = vector::CreateMaskOp::create(builder, loc, type.clone(builder.getI1Type()), rest);
  Value value = broadcast(padding);
  if (from)
    value = vector::MaskedLoadOp::create(builder, loc, type, from, advance(source, done), mask, value);
  vector::MaskedStoreOp::create(builder, loc, to, advance(start, done), mask, value);
}

/// Whether positions of a stored pad along dimension `dim` lie one behind the other in the source and the
/// region: the last dimension, or the one before it if that holds few channels, which do not fill vectors.
bool KernelEmitter::isRun(const Node &node, unsigned dim, const Buffer &destination) const {
  auto pad = cast<tensor::PadOp>(kernel.getOp(node.op).op);
  auto source = buffers.find(pad.getSource());
  unsigned last = node.indices.size() - 1;
  if (scalable || isScalar() || source == buffers.end())
    return false;
  auto from = cast<MemRefType>(source->second.memref.getType());
  auto to = cast<MemRefType>(destination.memref.getType());
  auto isWhole = [](const Buffer &buffer) {
    return llvm::all_of(buffer.origin,
                        [](const LinearForm &at) { return at.isConstant() && at.constant == 0; });
  };
  if (!from.hasStaticShape() || !from.getLayout().isIdentity() || !to.hasStaticShape() ||
      !to.getLayout().isIdentity() || !isWhole(source->second))
    return false;
  if (dim == last)
    return true;
  int64_t channels = from.getDimSize(last);
  const LoopVariable &region = variables[variableOf(node, last)];
  return dim + 1 == last && channels == to.getDimSize(last) && channels == region.extent &&
         region.base.isConstant() && region.base.constant == 0 && channels % lanes != 0;
}

/// Writes dimension `dim` of a padded region, with the last one inside it as one, or that alone: the source
/// from `start` to `end`, padding before and behind.
void KernelEmitter::emitRuns(Node &node, unsigned dim, const Buffer &destination, Value start, Value end) {
  auto pad = cast<tensor::PadOp>(kernel.getOp(node.op).op);
  const Buffer &source = buffers[pad.getSource()];
  bool isLast = dim + 1 == node.indices.size();
  int64_t channels = isLast ? 1 : pad.getSourceType().getDimSize(dim + 1);
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto seenAsRuns = [&](Value memref) -> Value {
    if (isLast)
      return memref;
    SmallVector<ReassociationIndices> groups;
    for (int64_t outer = 0; outer < dim; ++outer)
      groups.push_back({outer});
    groups.push_back({dim, dim + 1});
    return memref::CollapseShapeOp::create(builder, loc, memref, groups);
  };
  Value from = seenAsRuns(source.memref), to = seenAsRuns(destination.memref);
  Value padding = builder.clone(*pad.getConstantPaddingValue().getDefiningOp())->getResult(0);
  Exprs shifted;
  for (auto [index, before] : llvm::zip(node.indices, pad.getStaticLow()))
    shifted.push_back(index - before);
  auto inElements = [&](Value position) -> Value {
    return isLast ? position : Value(arith::MulIOp::create(builder, loc, position, constant(channels)));
  };
  auto write = [&](Value lower, Value upper, bool isInside) {
    auto runAt = [&](const Buffer &buffer, ArrayRef<AffineExpr> indices) {
      Values at = indexValues(buffer, indices, Point(variables.size(), 0));
      if (!isLast)
        at.pop_back();
      at.back() = inElements(arith::AddIOp::create(builder, loc, at.back(), lower));
      return at;
    };
    Value count = inElements(arith::SubIOp::create(builder, loc, upper, lower));
    writeRun(to, runAt(destination, node.indices), isInside ? from : Value(),
             isInside ? runAt(source, shifted) : Values(), padding, count);
  };
  write(constant(0), start, false);
  write(start, end, true);
  write(end, extentOf(variables[variableOf(node, dim)]), false);
}

/// Writes dimension `dim` of a padded region and those inside it: each padded dimension in three loops, the
/// border before, the source, and the border behind, so that no element is tested on its own.
LogicalResult KernelEmitter::emitPadded(Node &node, unsigned dim, bool inside, const Buffer &destination) {
  auto pad = cast<tensor::PadOp>(kernel.getOp(node.op).op);
  Variable variable = variableOf(node, dim);
  unsigned last = node.indices.size() - 1;
  Values none;
  bool isPadded = pad.getStaticLow()[dim] != 0 || pad.getStaticHigh()[dim] != 0;
  if (dim == last && !isPadded) {
    auto body = [&](Values &) -> LogicalResult {
      Exprs shifted;
      for (auto [index, low] : llvm::zip(node.indices, pad.getStaticLow()))
        shifted.push_back(index - low);
      SmallVector<std::pair<Point, Value>> row;
      for (const Point &point : tilePoints(variable, variable))
        row.push_back(
            {point, inside ? evaluate(pad.getSource(), shifted, point, variable)
                           : builder.clone(*pad.getConstantPaddingValue().getDefiningOp())->getResult(0)});
      for (auto &[point, value] : row)
        store(value, destination, node.indices, point, variable);
      return success();
    };
    unsigned savedLimit = hoistLimit;
    hoistLimit = scopes.size() - 1;
    LogicalResult result = forEachTile({variable, 4 * lanes}, /*isVector=*/true, none, body);
    hoistLimit = savedLimit;
    return result;
  }
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  const LoopVariable &region = variables[variable];
  Value extent = extentOf(region);
  auto loopOver = [&](Value lower, Value upper, bool part) -> LogicalResult {
    auto loop = scf::ForOp::create(builder, loc, lower, upper, constant(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    LinearForm offset;
    offset.add(loop.getInductionVar(), 1);
    return inTile(variable, offset, 1, {}, loop, none,
                  [&](Values &) { return emitPadded(node, dim + 1, part, destination); });
  };
  int64_t low = pad.getStaticLow()[dim];
  if (!inside && isRun(node, dim, destination)) {
    emitRuns(node, dim, destination, extent, extent); // nothing of the source
    return success();
  }
  if (!inside || !isPadded)
    return loopOver(constant(0), extent, inside);
  // The source's rows, seen from the start of the region and cut to it.
  LinearForm first(low);
  first.add(region.base, -1);
  LinearForm behind = first;
  behind.add(indexOf(kernel.getSizes().of(pad.getSourceType()) [dim], {}));
  auto cut = [&](const LinearForm &at) -> Value {
    Value upper = arith::MinSIOp::create(builder, loc, at.materialize(builder, loc), extent);
    return arith::MaxSIOp::create(builder, loc, upper, constant(0));
  };
  Value start = cut(first), end = cut(behind);
  if (isRun(node, dim, destination)) {
    emitRuns(node, dim, destination, start, end);
    return success();
  }
  return failure(failed(loopOver(constant(0), start, false)) || failed(loopOver(start, end, true)) ||
                 failed(loopOver(end, extent, false)));
}
