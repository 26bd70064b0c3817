//===- LoopBuilder.cpp - Loops of scalar code on memory ---------------------------------------------===//

#include "Unstructured.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

Value LoopBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(*this, value); }

SmallVector<Value> LoopBuilder::sizes(Value memref, int64_t begin) {
  SmallVector<Value> result;
  for (int64_t dim = begin; dim < cast<MemRefType>(memref.getType()).getRank(); ++dim)
    result.push_back(createOrFold<memref::DimOp>(memref, index(dim)));
  return result;
}

//===----------------------------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------------------------===//

void LoopBuilder::nest(ValueRange sizes, SmallVectorImpl<Value> &indices, Body body) {
  if (indices.size() == sizes.size())
    return body(indices);
  auto loop = scf::ForOp::create(*this, index(0), sizes[indices.size()], index(1));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  indices.push_back(loop.getInductionVar());
  nest(sizes, indices, body);
  indices.pop_back();
}

void LoopBuilder::forEach(ValueRange sizes, Body body) {
  SmallVector<Value> indices;
  nest(sizes, indices, body);
}

void LoopBuilder::when(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  body();
}

//===----------------------------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------------------------===//

Value LoopBuilder::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(*this, memref, indices);
}

void LoopBuilder::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(*this, value, memref, indices);
}

/// The buffer with all of its dimensions as one, if it is contiguous.
static Value flatten(LoopBuilder &b, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() < 2 || !type.getLayout().isIdentity())
    return memref;
  ReassociationIndices all = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  return memref::CollapseShapeOp::create(b, memref, ArrayRef<ReassociationIndices>{all});
}

void LoopBuilder::copy(Value from, ValueRange fromOuter, Value to, ValueRange toOuter) {
  if (fromOuter.empty() && toOuter.empty() && cast<MemRefType>(from.getType()).getLayout().isIdentity() &&
      cast<MemRefType>(to.getType()).getLayout().isIdentity()) {
    from = flatten(*this, from);
    to = flatten(*this, to);
  }
  auto at = [](ValueRange outer, ValueRange inner) {
    SmallVector<Value> indices(outer);
    llvm::append_range(indices, inner);
    return indices;
  };
  SmallVector<Value> inner = sizes(from, fromOuter.size());
  if (inner.empty())
    return store(load(from, fromOuter), to, toOuter);
  // Whole vectors first: the last dimension is contiguous in every buffer.
  constexpr int64_t vectorBytes = 32;
  Type element = cast<MemRefType>(from.getType()).getElementType();
  int64_t lanes = vectorBytes * 8 / element.getIntOrFloatBitWidth();
  auto vector = VectorType::get({lanes}, element);
  Value length = inner.back();
  Value whole = createOrFold<arith::MulIOp>(createOrFold<arith::DivUIOp>(length, index(lanes)), index(lanes));
  inner.pop_back();
  forEach(inner, [&](ValueRange indices) {
    auto run = [&](Value begin, Value end, Value step, function_ref<void(ValueRange, ValueRange)> move) {
      auto loop = scf::ForOp::create(*this, begin, end, step);
      OpBuilder::InsertionGuard guard(*this);
      setInsertionPointToStart(loop.getBody());
      SmallVector<Value> last(indices);
      last.push_back(loop.getInductionVar());
      move(at(fromOuter, last), at(toOuter, last));
    };
    run(index(0), whole, index(lanes), [&](ValueRange source, ValueRange target) {
      vector::StoreOp::create(*this, vector::LoadOp::create(*this, vector, from, source), to, target);
    });
    run(whole, length, index(1),
        [&](ValueRange source, ValueRange target) { store(load(from, source), to, target); });
  });
}

//===----------------------------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------------------------===//

Value LoopBuilder::loadIndex(Value memref, ValueRange indices) {
  return arith::IndexCastOp::create(*this, getIndexType(), load(memref, indices));
}

Value LoopBuilder::add(Value lhs, Value rhs) { return createOrFold<arith::AddIOp>(lhs, rhs); }
Value LoopBuilder::sub(Value lhs, Value rhs) { return createOrFold<arith::SubIOp>(lhs, rhs); }

Value LoopBuilder::isNegative(Value value) {
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::slt, value, index(0));
}

Value LoopBuilder::wrapIndex(Value value, Value size) {
  return arith::SelectOp::create(*this, isNegative(value), add(value, size), value);
}

Value LoopBuilder::isInRange(Value place, Value size) {
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::ult, place, size);
}

//===----------------------------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------------------------===//

Value LoopBuilder::inFloat(Value lhs, Value rhs, function_ref<Value(Value, Value)> op) {
  Type type = lhs.getType();
  if (type.getIntOrFloatBitWidth() >= 32)
    return op(lhs, rhs);
  Value result =
      op(arith::ExtFOp::create(*this, getF32Type(), lhs), arith::ExtFOp::create(*this, getF32Type(), rhs));
  return isa<FloatType>(result.getType()) ? arith::TruncFOp::create(*this, type, result).getResult() : result;
}

Value LoopBuilder::sum(Value lhs, Value rhs) {
  if (!isa<FloatType>(lhs.getType()))
    return arith::AddIOp::create(*this, lhs, rhs);
  return inFloat(lhs, rhs, [&](Value x, Value y) { return arith::AddFOp::create(*this, x, y); });
}

Value LoopBuilder::product(Value lhs, Value rhs) {
  if (!isa<FloatType>(lhs.getType()))
    return arith::MulIOp::create(*this, lhs, rhs);
  return inFloat(lhs, rhs, [&](Value x, Value y) { return arith::MulFOp::create(*this, x, y); });
}

/// Whether elements compare as unsigned numbers; a bool is the byte 0 or 1.
static bool isUnsigned(Type element) { return element.isUnsignedInteger() || element.isInteger(1); }

Value LoopBuilder::extremum(Value lhs, Value rhs, Type element, bool larger) {
  if (isa<FloatType>(element))
    return inFloat(lhs, rhs, [&](Value x, Value y) -> Value {
      if (larger)
        return arith::MaximumFOp::create(*this, x, y);
      return arith::MinimumFOp::create(*this, x, y);
    });
  Value below = isBelow(lhs, rhs, element);
  return larger ? arith::SelectOp::create(*this, below, rhs, lhs)
                : arith::SelectOp::create(*this, below, lhs, rhs);
}

Value LoopBuilder::isBelow(Value lhs, Value rhs, Type element) {
  if (!isa<FloatType>(element))
    return arith::CmpIOp::create(
        *this, isUnsigned(element) ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, lhs, rhs);
  return inFloat(lhs, rhs, [&](Value x, Value y) -> Value {
    // Unordered or less, but not if x is nan: then it's y or nothing that is below.
    Value less = arith::CmpFOp::create(*this, arith::CmpFPredicate::ULT, x, y);
    Value known = arith::CmpFOp::create(*this, arith::CmpFPredicate::ORD, x, x);
    return arith::AndIOp::create(*this, less, known);
  });
}
