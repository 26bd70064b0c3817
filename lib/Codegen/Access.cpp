//===- Access.cpp - Loads and stores of the emitter ------------------------------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

VectorType KernelEmitter::vectorType(Type element) const {
  return VectorType::get({lanes}, element, {scalable});
}

Value KernelEmitter::broadcast(Value scalar) {
  if (isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(builder, loc, vectorType(scalar.getType()), scalar);
}

//===----------------------------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------------------------===//

/// The part of `form` whose coefficients `divisor` divides, divided by it; the rest stays in `form`, its
/// constant in [0, divisor).
static LinearForm takeQuotient(LinearForm &form, int64_t divisor) {
  LinearForm quotient, rest;
  for (auto [value, factor] : form.terms)
    (factor % divisor == 0 ? quotient : rest).add(value, factor % divisor == 0 ? factor / divisor : factor);
  rest.constant = ((form.constant % divisor) + divisor) % divisor;
  quotient.constant = (form.constant - rest.constant) / divisor;
  form = rest;
  return quotient;
}

LinearForm KernelEmitter::indexOf(AffineExpr expr, const Point &point) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    LinearForm form = variables[dim.getPosition()].base;
    if (dim.getPosition() < point.size())
      form.add(scaled(LinearForm(point[dim.getPosition()]), variables[dim.getPosition()].scalable));
    return form;
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return LinearForm(constant.getValue());
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr)) {
    LinearForm form;
    form.add(symbolValues[symbol.getPosition()], 1);
    return form;
  }
  auto binary = cast<AffineBinaryOpExpr>(expr);
  LinearForm lhs = indexOf(binary.getLHS(), point), rhs = indexOf(binary.getRHS(), point);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    lhs.add(rhs);
    return lhs;
  case AffineExprKind::Mul: {
    assert((lhs.isConstant() || rhs.isConstant()) && "index maps are affine");
    if (lhs.isConstant())
      std::swap(lhs, rhs);
    LinearForm product;
    product.add(lhs, rhs.constant);
    return product;
  }
  case AffineExprKind::CeilDiv:
    lhs.constant += rhs.constant - 1;
    [[fallthrough]];
  case AffineExprKind::FloorDiv: {
    LinearForm quotient = takeQuotient(lhs, rhs.constant);
    if (lhs.isConstant()) // what is left is in [0, divisor)
      return quotient;
    Value divisor = arith::ConstantIndexOp::create(builder, loc, rhs.constant);
    quotient.add(arith::FloorDivSIOp::create(builder, loc, lhs.materialize(builder, loc), divisor), 1);
    return quotient;
  }
  default: {
    assert(expr.getKind() == AffineExprKind::Mod && "no other affine expressions");
    (void)takeQuotient(lhs, rhs.constant);
    if (lhs.isConstant())
      return lhs;
    Value divisor = arith::ConstantIndexOp::create(builder, loc, rhs.constant);
    LinearForm rest;
    // Indices are not negative here: only pad shifts below zero, and it divides nothing.
    rest.add(arith::RemUIOp::create(builder, loc, lhs.materialize(builder, loc), divisor), 1);
    return rest;
  }
  }
}

/// A quotient or remainder that comes out without a division, as in tiles that start at multiples of the
/// divisor.
std::optional<LinearForm> KernelEmitter::exactQuotient(AffineExpr expr, const Point &point) {
  if (expr.getKind() != AffineExprKind::FloorDiv && expr.getKind() != AffineExprKind::Mod)
    return std::nullopt;
  auto binary = cast<AffineBinaryOpExpr>(expr);
  bool isSum = true;
  binary.getLHS().walk([&](AffineExpr part) {
    isSum &= part.getKind() != AffineExprKind::FloorDiv && part.getKind() != AffineExprKind::CeilDiv &&
             part.getKind() != AffineExprKind::Mod;
  });
  if (!isSum)
    return std::nullopt;
  LinearForm rest = indexOf(binary.getLHS(), point);
  LinearForm quotient = takeQuotient(rest, cast<AffineConstantExpr>(binary.getRHS()).getValue());
  if (!rest.isConstant())
    return std::nullopt;
  return expr.getKind() == AffineExprKind::Mod ? rest : quotient;
}

std::optional<int64_t> KernelEmitter::laneStep(AffineExpr expr, const Point &point,
                                               std::optional<Variable> vector) {
  if (!vector || !expr.isFunctionOfDim(*vector))
    return 0;
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return 1;
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<int64_t> lhs = laneStep(binary.getLHS(), point, vector),
                         rhs = laneStep(binary.getRHS(), point, vector);
  if (!lhs || !rhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return *lhs + *rhs;
  if (expr.getKind() == AffineExprKind::Mul) {
    AffineExpr factor = *lhs == 0 ? binary.getLHS() : binary.getRHS();
    auto constant = dyn_cast<AffineConstantExpr>(factor);
    return constant
               ? std::optional<int64_t>(
                     constant.getValue() *
                     std::max(*lhs, *rhs, [](int64_t a, int64_t b) { return std::abs(a) < std::abs(b); }))
               : std::nullopt;
  }
  // A quotient or remainder is regular if all lanes of this vector stay within one block of the divisor.
  int64_t divisor = cast<AffineConstantExpr>(binary.getRHS()).getValue();
  OpBuilder::InsertionGuard guard(builder);
  LinearForm first = indexOf(binary.getLHS(), point);
  (void)takeQuotient(first, divisor);
  if (scalable || !first.isConstant() || *lhs < 0 || first.constant + *lhs * (lanes - 1) >= divisor)
    return std::nullopt;
  return expr.getKind() == AffineExprKind::Mod ? *lhs : 0;
}

std::optional<int64_t> KernelEmitter::laneStride(Value memref, ArrayRef<AffineExpr> indices,
                                                 const Point &point, std::optional<Variable> vector) {
  SmallVector<int64_t> strides;
  int64_t offset, total = 0;
  if (failed(cast<MemRefType>(memref.getType()).getStridesAndOffset(strides, offset)))
    return std::nullopt;
  for (auto [index, stride] : llvm::zip(indices, strides)) {
    std::optional<int64_t> step = laneStep(index, point, vector);
    if (!step || (*step != 0 && ShapedType::isDynamic(stride)))
      return std::nullopt;
    total += *step == 0 ? 0 : *step * stride;
  }
  return total;
}

KernelEmitter::Values KernelEmitter::indexValues(const Buffer &buffer, ArrayRef<AffineExpr> indices,
                                                 const Point &point) {
  Values values;
  for (auto [index, origin] : llvm::zip(indices, buffer.origin)) {
    LinearForm form = indexOf(index, point);
    form.add(origin, -1);
    values.push_back(form.materialize(builder, loc));
  }
  return values;
}

//===----------------------------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------------------------===//

int64_t KernelEmitter::laneCount(const Point &point, std::optional<Variable> vector) const {
  if (!vector)
    return 1;
  int64_t offset = *vector < point.size() ? point[*vector] : 0;
  return std::min(lanes, variables[*vector].extent - offset);
}

Value KernelEmitter::laneMask(const Point &point, std::optional<Variable> vector) {
  if (!vector)
    return {};
  VectorType type = vectorType(builder.getI1Type());
  if (Value count = variables[*vector].laneCount) {
    Value &mask = scopes.back().memo[{0, static_cast<int64_t>(*vector)}];
    if (!mask)
      mask = vector::CreateMaskOp::create(builder, loc, type, count);
    return mask;
  }
  int64_t count = laneCount(point, vector);
  if (count == lanes)
    return {};
  SmallVector<bool> bits(lanes);
  std::fill(bits.begin(), bits.begin() + count, true);
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, bits));
}

//===----------------------------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------------------------===//

KernelEmitter::Key KernelEmitter::memoKey(Value tensor, ArrayRef<AffineExpr> indices, const Point &point,
                                          int64_t kind) {
  Key key{reinterpret_cast<int64_t>(tensor.getAsOpaquePointer()), kind};
  for (AffineExpr index : indices) {
    key.push_back(reinterpret_cast<int64_t>(index.getAsOpaquePointer()));
    // Neighbours share a quotient.
    if (std::optional<LinearForm> exact = exactQuotient(index, point)) {
      key.push_back(exact->constant);
      for (auto [value, factor] : exact->terms)
        key.insert(key.end(), {reinterpret_cast<int64_t>(value.getAsOpaquePointer()), factor});
      continue;
    }
    // The bases count too: the remainder of a loop starts elsewhere at the same offsets, and variables that
    // stand for computed indices come and go under the same number.
    for (Variable variable = 0; variable < variables.size(); ++variable) {
      if (!index.isFunctionOfDim(variable))
        continue;
      const LinearForm &base = variables[variable].base;
      key.push_back((variable < point.size() ? point[variable] : 0) + base.constant);
      for (auto [value, factor] : base.terms) {
        key.push_back(reinterpret_cast<int64_t>(value.getAsOpaquePointer()));
        key.push_back(factor);
      }
    }
  }
  return key;
}

/// Emits a load at the outermost scope where its indices are known (not beyond the tile's), once.
Value KernelEmitter::hoisted(Key key, ArrayRef<AffineExpr> indices, function_ref<Value()> emit) {
  unsigned level = hoistLimit;
  for (AffineExpr index : indices)
    for (Variable variable = 0; variable < variables.size(); ++variable)
      if (index.isFunctionOfDim(variable))
        level = std::max(level, variables[variable].level);
  unsigned current = scopes.size() - 1;
  level = std::min(level, current);
  for (unsigned at = level; at <= current; ++at)
    if (auto found = scopes[at].memo.find(key); found != scopes[at].memo.end())
      return found->second;
  OpBuilder::InsertionGuard guard(builder);
  Operation *before = nullptr;
  for (unsigned at = level + 1; at <= current && !before; ++at)
    before = scopes[at].loop;
  // Scopes without a loop are straight code of the same block: the innermost of them can see the value.
  unsigned place = current;
  if (before) {
    builder.setInsertionPoint(before);
    place = level;
  }
  return scopes[place].memo[key] = emit();
}

Value KernelEmitter::loadContiguous(Value memref, ValueRange indices, Value mask) {
  VectorType type = vectorType(getElementTypeOrSelf(memref.getType()));
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, memref, indices);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  return vector::MaskedLoadOp::create(builder, loc, type, memref, indices, mask, zero);
}

/// Lanes that lie a few elements apart, within two vectors of memory: both are loaded and what is between
/// left out. Nothing is read beyond the last lane. Null where they lie closer or further apart.
Value KernelEmitter::loadStrided(const Buffer &buffer, const Exprs &indices, const Point &point,
                                 Variable vector, int64_t stride) {
  if (scalable || variables[vector].laneCount || stride < 2)
    return {};
  int64_t count = laneCount(point, vector), span = stride * (count - 1) + 1;
  if (span < lanes || span > 2 * lanes)
    return {};
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(cast<MemRefType>(buffer.memref.getType()).getStridesAndOffset(strides, offset)) ||
      strides.back() != 1)
    return {};
  Values at = indexValues(buffer, indices, point);
  Value low = loadContiguous(buffer.memref, at, {});
  // The second ends with the last lane.
  int64_t start = span - lanes;
  at.back() =
      arith::AddIOp::create(builder, loc, at.back(), arith::ConstantIndexOp::create(builder, loc, start));
  Value high = loadContiguous(buffer.memref, at, {});
  SmallVector<int64_t> elements;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t element = stride * std::min(lane, count - 1); // those out of range repeat the last
    elements.push_back(element < lanes ? element : lanes + element - start);
  }
  return vector::ShuffleOp::create(builder, loc, low, high, elements);
}

/// The lanes one by one; lanes out of range repeat the first.
Value KernelEmitter::loadLanes(const Buffer &buffer, const Exprs &indices, const Point &point,
                               Variable vector) {
  if (scalable)
    return gather(buffer.memref, indexLanes(buffer, indices, point, vector), laneMask(point, vector));
  Type element = getElementTypeOrSelf(buffer.memref.getType());
  if (variables[vector].laneCount) {
    // Only the number of lanes is known at run time: gather with the mask.
    Values first = indexValues(buffer, indices, point);
    Values offsets;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Point at = point;
      at[vector] += lane;
      Value inRange = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                            arith::ConstantIndexOp::create(builder, loc, lane),
                                            variables[vector].laneCount);
      Values here = indexValues(buffer, indices, at);
      for (auto [index, fallback] : llvm::zip(here, first))
        index = arith::SelectOp::create(builder, loc, inRange, index, fallback);
      offsets.push_back(memref::LoadOp::create(builder, loc, buffer.memref, here));
    }
    return vector::FromElementsOp::create(builder, loc, vectorType(element), offsets);
  }
  Values elements;
  int64_t count = laneCount(point, vector);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Point at = point;
    at[vector] += lane < count ? lane : 0;
    elements.push_back(
        lane < count || elements.empty()
            ? Value(memref::LoadOp::create(builder, loc, buffer.memref, indexValues(buffer, indices, at)))
            : elements.front());
  }
  return vector::FromElementsOp::create(builder, loc, vectorType(element), elements);
}

/// The columns of a square of vectors. Blocks of 128 bits, which most machines shuffle more cheaply as wholes
/// and within than across, are transposed first, which loads can do, then what is in them.
static SmallVector<Value, 4> transposeSquare(OpBuilder &builder, Location loc, SmallVector<Value, 4> rows) {
  int64_t lanes = rows.size(), bits = getElementTypeOrSelf(rows.front().getType()).getIntOrFloatBitWidth();
  int64_t block = std::min<int64_t>(lanes, std::max<int64_t>(128 / bits, 1)), blocks = lanes / block;
  auto shuffle = [&](Value lhs, Value rhs, function_ref<int64_t(int64_t)> elementOf) -> Value {
    SmallVector<int64_t> elements = llvm::map_to_vector(llvm::seq<int64_t>(0, lanes), elementOf);
    return vector::ShuffleOp::create(builder, loc, lhs, rhs, elements);
  };
  // Blocks that are `apart` blocks apart change places.
  for (int64_t apart = 1; apart < blocks; apart *= 2) {
    int64_t distance = apart * block;
    for (int64_t row = 0; row < lanes; ++row) {
      if (row & distance)
        continue;
      Value lhs = rows[row], rhs = rows[row + distance];
      rows[row] =
          shuffle(lhs, rhs, [&](int64_t lane) { return lane & distance ? lanes + lane - distance : lane; });
      rows[row + distance] =
          shuffle(lhs, rhs, [&](int64_t lane) { return lane & distance ? lanes + lane : lane + distance; });
    }
  }
  // Units of both rows by turns: of the first halves of blocks, and of the second.
  for (int64_t unit = 1; unit < block; unit *= 2) {
    SmallVector<Value, 4> next(rows);
    for (int64_t row = 0; row < lanes; ++row) {
      if (row & unit)
        continue;
      int64_t base = row / (2 * unit) * (2 * unit), place = base + 2 * (row - base);
      for (int64_t half : {0, 1})
        next[place + half] = shuffle(rows[row], rows[row + unit], [&](int64_t lane) {
          int64_t start = lane / block * block, within = (lane - start) / 2;
          int64_t source = within / unit * unit + lane % unit;
          return start + half * block / 2 + source + ((lane / unit) % 2 ? lanes : 0);
        });
    }
    rows = next;
  }
  return rows;
}

/// Lanes lie apart in memory, but another dimension of the tile is contiguous: loads a square of vectors
/// along that one and transposes it in registers. Null where there is no such dimension.
Value KernelEmitter::loadTransposed(const Buffer &buffer, const Exprs &indices, const Point &point,
                                    Variable vector) {
  if (scalable || laneCount(point, vector) < lanes || variables[vector].laneCount || lanes < 4)
    return {};
  std::optional<Variable> contiguous;
  for (Variable variable = 0; variable < variables.size(); ++variable) {
    const LoopVariable &candidate = variables[variable];
    if (variable == vector || ShapedType::isDynamic(candidate.extent) || candidate.laneCount)
      continue;
    int64_t start = point[variable] / lanes * lanes;
    if (laneStride(buffer.memref, indices, point, variable) == 1 && start + lanes <= candidate.extent)
      contiguous = variable;
  }
  if (!contiguous)
    return {};
  int64_t start = point[*contiguous] / lanes * lanes;
  Values rows;
  for (int64_t row = 0; row < lanes; ++row) {
    Point at = point;
    at[vector] += row;
    at[*contiguous] = start;
    rows.push_back(loadContiguous(buffer.memref, indexValues(buffer, indices, at), {}));
  }
  rows = transposeSquare(builder, loc, rows);
  Value result;
  for (int64_t column = 0; column < lanes; ++column) {
    Point at = point;
    at[*contiguous] = start + column;
    scopes.back().memo[memoKey(buffer.memref, indices, at, 4)] = rows[column];
    if (at[*contiguous] == point[*contiguous])
      result = rows[column];
  }
  return result;
}

Value KernelEmitter::load(const Buffer &buffer, Exprs indices, Point point, std::optional<Variable> vector) {
  point.resize(variables.size(), 0);
  std::optional<int64_t> stride = laneStride(buffer.memref, indices, point, vector);
  if (isScalar())
    stride = 0;
  enum Kind { Scalar = 1, Contiguous = 2, Lanes = 3, Transposed = 4 };
  if (stride == 0)
    return hoisted(memoKey(buffer.memref, indices, point, Scalar), indices, [&]() -> Value {
      return memref::LoadOp::create(builder, loc, buffer.memref, indexValues(buffer, indices, point));
    });
  if (stride == 1) {
    // A part of a vector is another value than the whole one at the same place.
    int64_t kind = Contiguous + 16 * laneCount(point, vector);
    return hoisted(memoKey(buffer.memref, indices, point, kind), indices, [&] {
      return loadContiguous(buffer.memref, indexValues(buffer, indices, point), laneMask(point, vector));
    });
  }
  Key key = memoKey(buffer.memref, indices, point, Transposed);
  if (auto found = scopes.back().memo.find(key); found != scopes.back().memo.end())
    return found->second;
  if (stride)
    if (Value value = loadTransposed(buffer, indices, point, *vector))
      return value;
  return hoisted(memoKey(buffer.memref, indices, point, Lanes + 16 * laneCount(point, vector)), indices, [&] {
    Value strided = stride ? loadStrided(buffer, indices, point, *vector, *stride) : Value();
    return strided ? strided : loadLanes(buffer, indices, point, *vector);
  });
}

//===----------------------------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------------------------===//

void KernelEmitter::store(Value value, const Buffer &buffer, const Exprs &indices, Point point,
                          std::optional<Variable> vector) {
  point.resize(variables.size(), 0);
  std::optional<int64_t> stride = laneStride(buffer.memref, indices, point, vector);
  if (!vector || stride == 0 || isScalar()) {
    if (isa<VectorType>(value.getType()))
      value = vector::ExtractOp::create(builder, loc, value, ArrayRef<int64_t>{0});
    memref::StoreOp::create(builder, loc, value, buffer.memref, indexValues(buffer, indices, point));
    return;
  }
  value = broadcast(value);
  Value mask = laneMask(point, vector);
  if (stride == 1) {
    Values at = indexValues(buffer, indices, point);
    if (mask)
      vector::MaskedStoreOp::create(builder, loc, buffer.memref, at, mask, value);
    else
      vector::StoreOp::create(builder, loc, value, buffer.memref, at);
    return;
  }
  if (scalable)
    return scatter(value, buffer.memref, indexLanes(buffer, indices, point, *vector), mask);
  for (int64_t lane = 0; lane < laneCount(point, vector); ++lane) {
    Point at = point;
    at[*vector] += lane;
    Value element = vector::ExtractOp::create(builder, loc, value, ArrayRef<int64_t>{lane});
    if (!variables[*vector].laneCount) {
      memref::StoreOp::create(builder, loc, element, buffer.memref, indexValues(buffer, indices, at));
      continue;
    }
    Value inRange = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                          arith::ConstantIndexOp::create(builder, loc, lane),
                                          variables[*vector].laneCount);
    scf::IfOp::create(builder, loc, inRange, [&](OpBuilder &inside, Location) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(inside.getInsertionBlock(), inside.getInsertionPoint());
      memref::StoreOp::create(builder, loc, element, buffer.memref, indexValues(buffer, indices, at));
      scf::YieldOp::create(builder, loc);
    });
  }
}
