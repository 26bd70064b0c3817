//===- Reduction.cpp - Reductions along dimensions to structured ops ---------------------------===//
//
// What a kind does before combining is part of the reduction's body, what it does after is an op of its own
// over the result. The loops are the result's dimensions, then the reduced ones.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace tenon;

/// How the kind combines elements once each is prepared.
static Combiner combinerOf(ReduceKind kind, bool isBool) {
  switch (kind) {
  case ReduceKind::prod:
    return Combiner::product;
  case ReduceKind::max:
    return Combiner::maximum;
  case ReduceKind::min:
    // Of bools in bytes this is their product, whose neutral element is a bool too.
    return isBool ? Combiner::product : Combiner::minimum;
  default:
    return Combiner::sum;
  }
}

static Value prepare(ReduceKind kind, ScalarBuilder &b, Value x, bool isUnsigned) {
  if (kind == ReduceKind::l1)
    return isUnsigned ? x : b.abs(x);
  if (kind == ReduceKind::l2 || kind == ReduceKind::sum_square)
    return b.mul(x, x);
  return x;
}

/// Integers divide and take roots as their type says: towards zero, by way of f64.
static Value finish(ReduceKind kind, ScalarBuilder &b, Value x, const ElementCount &count, bool isUnsigned) {
  bool isFloat = isa<FloatType>(x.getType());
  auto inFloat = [&](llvm::function_ref<Value(Value)> function) -> Value {
    if (isFloat)
      return function(x);
    Type wide = b.getF64Type();
    if (isUnsigned)
      return arith::FPToUIOp::create(b, x.getType(), function(arith::UIToFPOp::create(b, wide, x)));
    return arith::FPToSIOp::create(b, x.getType(), function(arith::SIToFPOp::create(b, wide, x)));
  };
  switch (kind) {
  case ReduceKind::mean:
    return inFloat(
        [&](Value sum) { return b.div(sum, StructuredBuilder::asFloat(b, count, sum.getType())); });
  case ReduceKind::l2:
    return inFloat([&](Value sum) { return b.sqrt(sum); });
  case ReduceKind::log_sum:
    return inFloat([&](Value sum) -> Value { return math::LogOp::create(b, sum); });
  default:
    return x;
  }
}

namespace {

struct ReduceLowering : OpConversionPattern<ReduceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ReduceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    if (op.getKind() == ReduceKind::log_sum_exp)
      return b.replace(logSumExp(b, op, adaptor));
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
    Type element = input.getElementType();
    bool isBool = element.isInteger(1), isUnsigned = isUnsignedElement(element);
    ReduceKind kind = op.getKind();
    // Bools are combined as the bytes they are stored in.
    Type computed = isBool ? getStorageType(element) : getComputeType(element);
    ReducedShape shape = b.reduceShape(input, op.getAxes(), computed, op.getKeepDims());
    Input read = b.input(op.getInput(), adaptor.getInput(), shape.indices);
    if (isBool)
      read.element = computed;
    ElementCount count = kind == ReduceKind::mean ? b.countElements(input, op.getAxes()) : ElementCount();
    auto finished = [&](ScalarBuilder &s, Value x) { return finish(kind, s, x, count, isUnsigned); };
    if (op.getAxes().empty())
      return b.replace(b.parallel(result, read, [&](ScalarBuilder &s, ValueRange x) {
        return finished(s, prepare(kind, s, x[0], isUnsigned));
      }));
    Value reduced = b.reduce(
        shape.kept, combinerOf(kind, isBool), shape.reductions, read,
        [&](ScalarBuilder &s, ValueRange x) { return prepare(kind, s, x[0], isUnsigned); }, isUnsigned);
    bool needsFinish = kind == ReduceKind::mean || kind == ReduceKind::l2 || kind == ReduceKind::log_sum;
    if (!needsFinish)
      return b.replace(b.narrow(reduced, result));
    return b.replace(b.parallel(result, b.input(reduced, b.loops(result)),
                                [&](ScalarBuilder &s, ValueRange x) { return finished(s, x[0]); }));
  }

private:
  /// log(sum(exp(x - max))) + max: no exponential overflows.
  static Value logSumExp(StructuredBuilder &b, ReduceOp op, OpAdaptor adaptor);
};

} // namespace

Value ReduceLowering::logSumExp(StructuredBuilder &b, ReduceOp op, OpAdaptor adaptor) {
  RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
  Type element = input.getElementType();
  bool isUnsigned = isUnsignedElement(element);
  Type computed = isa<FloatType>(element) ? getComputeType(element) : Type(b.rewriter.getF64Type());
  auto load = [&](ScalarBuilder &s, Value x) -> Value {
    if (x.getType() == computed)
      return x;
    if (isUnsigned)
      return arith::UIToFPOp::create(s, computed, x);
    return arith::SIToFPOp::create(s, computed, x);
  };
  ReducedShape shape = b.reduceShape(input, op.getAxes(), computed, op.getKeepDims());
  Input read = b.input(op.getInput(), adaptor.getInput(), shape.indices);
  SmallVector<AffineExpr> whole = b.loops(shape.kept);
  Value most = b.reduce(shape.kept, Combiner::maximum, shape.reductions, read,
                        [&](ScalarBuilder &s, ValueRange x) { return load(s, x[0]); });
  // An infinite maximum would make nan of its own difference.
  Value shift = b.parallel(shape.kept, b.input(most, whole), [&](ScalarBuilder &s, ValueRange x) {
    Value isInfinite = s.compare(arith::CmpFPredicate::OEQ, s.abs(x[0]), s.highest(computed, false));
    return s.select(isInfinite, s.number(computed, 0), x[0]);
  });
  Value sum = b.reduce(shape.kept, Combiner::sum, shape.reductions, {read, b.input(shift, whole)},
                       [&](ScalarBuilder &s, ValueRange x) { return s.exp(s.sub(load(s, x[0]), x[1])); });
  return b.parallel(
      result, {b.input(sum, whole), b.input(shift, whole)}, [&](ScalarBuilder &s, ValueRange x) {
        Value value = s.add(math::LogOp::create(s, x[0]), x[1]);
        if (isa<FloatType>(element))
          return value;
        return isUnsigned ? arith::FPToUIOp::create(s, getStorageType(element), value).getResult()
                          : arith::FPToSIOp::create(s, getStorageType(element), value).getResult();
      });
}

//===----------------------------------------------------------------------------------------===//
// The place of an extremum
//===----------------------------------------------------------------------------------------===//

namespace {

/// One op with two results: the extremum so far and where it stands.
struct ArgReduceLowering : OpConversionPattern<ArgReduceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ArgReduceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
    Type element = input.getElementType(), computed = getComputeType(element);
    bool isMax = op.getKind() == Extremum::max, isUnsigned = isUnsignedElement(element);
    ReducedShape shape = b.reduceShape(input, op.getAxis(), computed, op.getKeepDims());
    unsigned rank = result.getRank();
    Combiner combiner = isMax ? Combiner::maximum : Combiner::minimum;
    Value values = b.fill(shape.kept, getNeutral(combiner, computed, isUnsigned));
    Value places = b.fill(result, rewriter.getI64IntegerAttr(0));
    AffineMap read = AffineMap::get(rank + 1, 0, shape.indices, rewriter.getContext());
    AffineMap written = AffineMap::get(rank + 1, 0, b.loops(result), rewriter.getContext());
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
    iterators.push_back(utils::IteratorType::reduction);
    auto body = [&](OpBuilder &builder, Location loc, ValueRange x) {
      ScalarBuilder s(loc, builder);
      Value value = s.load(x[0], element), index = s.index(rank);
      Value place = arith::IndexCastOp::create(s, s.getI64Type(), index);
      Value better = isBetter(s, value, x[1], isMax, op.getSelectLast(), isUnsigned);
      linalg::YieldOp::create(s, ValueRange{s.select(better, value, x[1]), s.select(better, place, x[2])});
    };
    auto generic =
        linalg::GenericOp::create(rewriter, b.loc, TypeRange{shape.kept, result}, adaptor.getInput(),
                                  ValueRange{values, places}, {read, written, written}, iterators, body);
    return b.replace(generic.getResult(1));
  }

private:
  static Value isBetter(ScalarBuilder &s, Value value, Value best, bool isMax, bool orEqual,
                        bool isUnsigned) {
    using FPred = arith::CmpFPredicate;
    using IPred = arith::CmpIPredicate;
    if (isa<FloatType>(value.getType())) {
      FPred predicate = isMax ? (orEqual ? FPred::OGE : FPred::OGT) : (orEqual ? FPred::OLE : FPred::OLT);
      return s.compare(predicate, value, best);
    }
    IPred predicate = isMax ? (orEqual ? IPred::sge : IPred::sgt) : (orEqual ? IPred::sle : IPred::slt);
    if (isUnsigned)
      predicate = isMax ? (orEqual ? IPred::uge : IPred::ugt) : (orEqual ? IPred::ule : IPred::ult);
    return s.compare(predicate, value, best);
  }
};

} // namespace

void tenon::populateReductionPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<ArgReduceLowering, ReduceLowering>(converter, patterns.getContext());
}
