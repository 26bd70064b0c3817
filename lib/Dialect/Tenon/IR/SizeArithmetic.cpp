//===- SizeArithmetic.cpp - What index tensors hold, as far as it follows from tensors' sizes ---===//
//
// Exporters write the target of a reshape as ops on index tensors: shape_of, gather, concat, mul, select... A
// small evaluator follows such chains with symbolic sizes for elements. Shape rules ask it through
// SymbolicSizes::valueOf; a canonicalization pattern puts tenon.size_vector and tenon.constant in place of
// what it finds.
//
//===----------------------------------------------------------------------------------------===//

#include "SizeArithmetic.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;

/// Shapes and indices are short; what is longer is data, and left to constant folding.
static constexpr int64_t maxElements = 64;
/// Chains in models are some ten ops long. Following them further would cost stack.
static constexpr int maxDepth = 100;

namespace {
class SizeEvaluator {
public:
  explicit SizeEvaluator(SymbolicSizes &sizes) : sizes(sizes) {}

  FailureOr<Sizes> evaluate(Value value);

private:
  FailureOr<Sizes> compute(Operation *op, RankedTensorType type);
  FailureOr<Sizes> constant(ElementsAttr value);
  FailureOr<Sizes> gather(GatherOp op);
  FailureOr<Sizes> concat(ConcatOp op);
  FailureOr<Sizes> slice(Value input, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps,
                         RankedTensorType type);
  FailureOr<Sizes> dynamicSlice(DynamicSliceOp op, RankedTensorType type);
  FailureOr<Sizes> expand(Value input, RankedTensorType type);
  FailureOr<Sizes> reduce(ReduceOp op);
  /// `operation` on the elements of the operands that stand at one place after broadcasting.
  FailureOr<Sizes> elementwise(ValueRange operands, RankedTensorType type,
                               function_ref<AffineExpr(ArrayRef<AffineExpr>)> operation);

  AffineExpr quotient(AffineExpr lhs, AffineExpr rhs);
  AffineExpr remainder(AffineExpr lhs, AffineExpr rhs);
  AffineExpr larger(AffineExpr lhs, AffineExpr rhs);
  AffineExpr smaller(AffineExpr lhs, AffineExpr rhs);
  AffineExpr compare(Comparison predicate, AffineExpr lhs, AffineExpr rhs);

  SymbolicSizes &sizes;
  DenseMap<Value, FailureOr<Sizes>> known;
  int depth = 0;
};
} // namespace

/// Whether `type` is that of a small index or bool tensor of static shape.
static bool holdsSizes(RankedTensorType type) {
  Type element = type.getElementType();
  return type.hasStaticShape() && type.getNumElements() <= maxElements &&
         (element.isSignlessInteger(64) || element.isSignlessInteger(32) || element.isSignlessInteger(1));
}

/// The place in an operand of shape `from` that broadcasts to place `linear` of shape `to`.
static int64_t broadcastPlace(int64_t linear, ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  int64_t place = 0, stride = 1;
  for (size_t i = 0; i < to.size(); ++i) {
    int64_t size = to[to.size() - 1 - i], index = linear % size;
    linear /= size;
    if (i >= from.size())
      continue;
    int64_t own = from[from.size() - 1 - i];
    place += (own == 1 ? 0 : index) * stride;
    stride *= own;
  }
  return place;
}

FailureOr<Sizes> SizeEvaluator::evaluate(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (!type || !op || op->getNumResults() != 1 || !holdsSizes(type) || depth >= maxDepth)
    return failure();
  if (auto found = known.find(value); found != known.end())
    return found->second;
  ++depth;
  FailureOr<Sizes> result = compute(op, type);
  --depth;
  if (succeeded(result) && static_cast<int64_t>(result->size()) != type.getNumElements())
    result = failure();
  if (succeeded(result) && llvm::none_of(*result, [](AffineExpr size) { return static_cast<bool>(size); }) &&
      !result->empty())
    result = failure();
  known.try_emplace(value, result);
  return result;
}

FailureOr<Sizes> SizeEvaluator::compute(Operation *op, RankedTensorType type) {
  auto binary = [&](auto typed, auto &&operation) {
    return elementwise(typed->getOperands(), type,
                       [&](ArrayRef<AffineExpr> x) -> AffineExpr { return operation(x[0], x[1]); });
  };
  return llvm::TypeSwitch<Operation *, FailureOr<Sizes>>(op)
      .Case([&](ConstantOp constantOp) { return constant(constantOp.getValue()); })
      .Case([&](SizeVectorOp vector) { return sizes.of(vector.getSizes()); })
      .Case([&](ShapeOfOp shape) { return sizes.of(tensorType(shape.getInput())); })
      .Case([&](GatherOp gatherOp) { return gather(gatherOp); })
      .Case([&](ConcatOp concatOp) { return concat(concatOp); })
      .Case([&](SliceOp s) { return slice(s.getInput(), s.getStarts(), s.getSteps(), type); })
      .Case([&](DynamicSliceOp s) { return dynamicSlice(s, type); })
      .Case<ReshapeOp, DynamicReshapeOp>([&](auto reshape) { return evaluate(reshape.getInput()); })
      .Case<ExpandOp, DynamicExpandOp>([&](auto expandOp) { return expand(expandOp.getInput(), type); })
      .Case([&](ReduceOp reduceOp) { return reduce(reduceOp); })
      .Case([&](AddOp add) { return binary(add, [](AffineExpr l, AffineExpr r) { return l + r; }); })
      .Case([&](SubOp sub) { return binary(sub, [](AffineExpr l, AffineExpr r) { return l - r; }); })
      .Case([&](MulOp mul) { return binary(mul, [](AffineExpr l, AffineExpr r) { return l * r; }); })
      .Case(
          [&](DivOp div) { return binary(div, [&](AffineExpr l, AffineExpr r) { return quotient(l, r); }); })
      .Case(
          [&](ModOp mod) { return binary(mod, [&](AffineExpr l, AffineExpr r) { return remainder(l, r); }); })
      .Case([&](MaxOp max) { return binary(max, [&](AffineExpr l, AffineExpr r) { return larger(l, r); }); })
      .Case([&](MinOp min) { return binary(min, [&](AffineExpr l, AffineExpr r) { return smaller(l, r); }); })
      .Case([&](CompareOp test) {
        return binary(test, [&](AffineExpr l, AffineExpr r) { return compare(test.getPredicate(), l, r); });
      })
      .Case([&](SelectOp select) {
        return elementwise(select->getOperands(), type, [](ArrayRef<AffineExpr> x) -> AffineExpr {
          std::optional<int64_t> condition = SymbolicSizes::constantValue(x[0]);
          return condition ? x[*condition ? 1 : 2] : x[1] == x[2] ? x[1] : AffineExpr();
        });
      })
      .Case([&](NegOp neg) {
        return elementwise(neg->getOperands(), type, [](ArrayRef<AffineExpr> x) { return -x[0]; });
      })
      .Case([&](CastOp cast) -> FailureOr<Sizes> {
        // To bool is a test; sizes fit the narrower integers.
        if (type.getElementType().isInteger(1) && !tensorType(cast.getInput()).getElementType().isInteger(1))
          return failure();
        return evaluate(cast.getInput());
      })
      .Default([](Operation *) { return failure(); });
}

FailureOr<Sizes> SizeEvaluator::constant(ElementsAttr value) {
  auto elements = dyn_cast<DenseIntElementsAttr>(value);
  if (!elements)
    return failure();
  Sizes result;
  bool isBool = elements.getElementType().isInteger(1);
  for (const APInt &element : elements.getValues<APInt>())
    result.push_back(sizes.constant(isBool ? element.getZExtValue() : element.getSExtValue()));
  return result;
}

FailureOr<Sizes> SizeEvaluator::gather(GatherOp op) {
  FailureOr<Sizes> data = evaluate(op.getData()), indices = evaluate(op.getIndices());
  if (failed(data) || failed(indices))
    return failure();
  ArrayRef<int64_t> shape = tensorType(op.getData()).getShape();
  int64_t axis = op.getAxis(), size = shape[axis];
  int64_t outer = llvm::product_of(shape.take_front(axis)),
          inner = llvm::product_of(shape.drop_front(axis + 1));
  Sizes result;
  for (int64_t o = 0; o < outer; ++o)
    for (AffineExpr index : *indices) {
      std::optional<int64_t> at = SymbolicSizes::constantValue(index);
      if (!at || *at < -size || *at >= size)
        return failure();
      int64_t row = o * size + (*at < 0 ? *at + size : *at);
      llvm::append_range(result, ArrayRef(*data).slice(row * inner, inner));
    }
  return result;
}

FailureOr<Sizes> SizeEvaluator::concat(ConcatOp op) {
  int64_t axis = op.getAxis();
  SmallVector<Sizes> inputs;
  SmallVector<int64_t> chunks;
  for (Value input : op.getInputs()) {
    RankedTensorType type = tensorType(input);
    if (!type.hasStaticShape())
      return failure();
    FailureOr<Sizes> held = evaluate(input);
    inputs.push_back(succeeded(held) ? *held : Sizes(type.getNumElements()));
    chunks.push_back(llvm::product_of(type.getShape().drop_front(axis)));
  }
  int64_t outer = llvm::product_of(tensorType(op.getInputs().front()).getShape().take_front(axis));
  Sizes result;
  for (int64_t o = 0; o < outer; ++o)
    for (auto [input, chunk] : llvm::zip_equal(inputs, chunks))
      llvm::append_range(result, ArrayRef(input).slice(o * chunk, chunk));
  return result;
}

FailureOr<Sizes> SizeEvaluator::slice(Value input, ArrayRef<int64_t> starts, ArrayRef<int64_t> steps,
                                      RankedTensorType type) {
  FailureOr<Sizes> data = evaluate(input);
  if (failed(data))
    return failure();
  ArrayRef<int64_t> from = tensorType(input).getShape(), to = type.getShape();
  Sizes result;
  for (int64_t linear = 0; linear < type.getNumElements(); ++linear) {
    int64_t rest = linear, place = 0, stride = 1;
    for (int64_t i = to.size(); i-- > 0;) {
      int64_t start = starts[i] < 0 ? starts[i] + from[i] : starts[i];
      place += (start + rest % to[i] * steps[i]) * stride;
      rest /= to[i];
      stride *= from[i];
    }
    result.push_back((*data)[place]);
  }
  return result;
}

FailureOr<Sizes> SizeEvaluator::dynamicSlice(DynamicSliceOp op, RankedTensorType type) {
  DynamicSliceOp::Adaptor adaptor(op->getOperands(), op->getAttrDictionary(), op->getPropertiesStorage());
  FailureOr<SmallVector<std::optional<SliceRange>>> ranges =
      sliceRanges(RuleError(std::nullopt, op->getName().getStringRef()), sizes, adaptor);
  if (failed(ranges))
    return failure();
  SmallVector<int64_t> starts, steps;
  for (auto [range, size] : llvm::zip_equal(*ranges, type.getShape())) {
    if (!range || SymbolicSizes::constantValue(range->size) != size)
      return failure();
    starts.push_back(range->start);
    steps.push_back(range->step);
  }
  return slice(op.getInput(), starts, steps, type);
}

FailureOr<Sizes> SizeEvaluator::expand(Value input, RankedTensorType type) {
  return elementwise(input, type, [](ArrayRef<AffineExpr> x) { return x[0]; });
}

FailureOr<Sizes> SizeEvaluator::reduce(ReduceOp op) {
  RankedTensorType type = tensorType(op.getInput());
  bool reducesAll = static_cast<int64_t>(op.getAxes().size()) == type.getRank();
  if (!reducesAll || (op.getKind() != ReduceKind::prod && op.getKind() != ReduceKind::sum))
    return failure();
  FailureOr<Sizes> elements = evaluate(op.getInput());
  if (failed(elements))
    return failure();
  if (op.getKind() == ReduceKind::prod)
    return Sizes{sizes.product(*elements)};
  AffineExpr sum = sizes.constant(0);
  for (AffineExpr element : *elements)
    sum = sum && element ? sum + element : AffineExpr();
  return Sizes{sum};
}

FailureOr<Sizes> SizeEvaluator::elementwise(ValueRange operands, RankedTensorType type,
                                            function_ref<AffineExpr(ArrayRef<AffineExpr>)> operation) {
  SmallVector<Sizes> values;
  for (Value operand : operands) {
    FailureOr<Sizes> value = evaluate(operand);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  Sizes result;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    SmallVector<AffineExpr> elements;
    for (auto [operand, value] : llvm::zip_equal(operands, values))
      elements.push_back(value[broadcastPlace(i, tensorType(operand).getShape(), type.getShape())]);
    // A select may do with two of its three; what is unknown otherwise makes the result so.
    bool mayCompute =
        elements.size() == 3 ? static_cast<bool>(elements[0]) : !llvm::is_contained(elements, AffineExpr());
    AffineExpr element = mayCompute ? operation(elements) : AffineExpr();
    result.push_back(element ? sizes.simplify(element) : element);
  }
  return result;
}

// Integer division truncates, floordiv does not: they agree if nothing is negative.
AffineExpr SizeEvaluator::quotient(AffineExpr lhs, AffineExpr rhs) {
  std::optional<int64_t> dividend = SymbolicSizes::constantValue(lhs),
                         divisor = SymbolicSizes::constantValue(rhs);
  if (divisor == 0)
    return {};
  if (dividend && divisor)
    return sizes.constant(*dividend / *divisor);
  if (AffineExpr whole = sizes.quotient(lhs, rhs))
    return whole;
  if (!divisor || *divisor < 0 || SymbolicSizes::lowerBound(lhs).value_or(-1) < 0)
    return {};
  return lhs.floorDiv(rhs);
}

AffineExpr SizeEvaluator::remainder(AffineExpr lhs, AffineExpr rhs) {
  std::optional<int64_t> divisor = SymbolicSizes::constantValue(rhs);
  if (!divisor || *divisor <= 0 || SymbolicSizes::lowerBound(lhs).value_or(-1) < 0)
    return {};
  return lhs % rhs;
}

AffineExpr SizeEvaluator::larger(AffineExpr lhs, AffineExpr rhs) {
  AffineExpr atLeast = compare(Comparison::ge, lhs, rhs);
  if (std::optional<int64_t> known = SymbolicSizes::constantValue(atLeast))
    return *known ? lhs : rhs;
  return {};
}

AffineExpr SizeEvaluator::smaller(AffineExpr lhs, AffineExpr rhs) {
  AffineExpr atLeast = compare(Comparison::ge, lhs, rhs);
  if (std::optional<int64_t> known = SymbolicSizes::constantValue(atLeast))
    return *known ? rhs : lhs;
  return {};
}

AffineExpr SizeEvaluator::compare(Comparison predicate, AffineExpr lhs, AffineExpr rhs) {
  AffineExpr difference = sizes.simplify(lhs - rhs);
  std::optional<int64_t> low = SymbolicSizes::lowerBound(difference);
  std::optional<int64_t> negatedHigh = SymbolicSizes::lowerBound(sizes.simplify(-difference));
  bool positive = low && *low > 0, negative = negatedHigh && *negatedHigh > 0;
  bool notNegative = low && *low >= 0, notPositive = negatedHigh && *negatedHigh >= 0;
  bool zero = notNegative && notPositive;
  auto decide = [&](bool holds, bool fails) {
    return holds ? sizes.constant(1) : fails ? sizes.constant(0) : AffineExpr();
  };
  switch (predicate) {
  case Comparison::eq:
    return decide(zero, positive || negative);
  case Comparison::ne:
    return decide(positive || negative, zero);
  case Comparison::lt:
    return decide(negative, notNegative);
  case Comparison::le:
    return decide(notPositive, positive);
  case Comparison::gt:
    return decide(positive, notPositive);
  case Comparison::ge:
    return decide(notNegative, negative);
  }
  llvm_unreachable("unknown comparison");
}

FailureOr<Sizes> SymbolicSizes::valueOf(Value value) { return SizeEvaluator(*this).evaluate(value); }

//===----------------------------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------------------------===//

namespace {
/// Ops that compute what is known become constants or size vectors.
struct FoldSizes : RewritePattern {
  explicit FoldSizes(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || isa<ConstantOp, SizeVectorOp>(op) ||
        !isa_and_nonnull<TenonDialect>(op->getDialect()))
      return failure();
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !holdsSizes(type) || type.getEncoding())
      return failure();
    SymbolicSizes sizes(getContext());
    FailureOr<Sizes> held = sizes.valueOf(op->getResult(0));
    if (failed(held) || llvm::is_contained(*held, AffineExpr()))
      return failure();
    return replaceBySizes(rewriter, op, sizes, *held, type);
  }

private:
  static LogicalResult replaceBySizes(PatternRewriter &rewriter, Operation *op, SymbolicSizes &sizes,
                                      const Sizes &held, RankedTensorType type) {
    unsigned width = type.getElementTypeBitWidth();
    SmallVector<APInt> values;
    for (AffineExpr size : held)
      if (std::optional<int64_t> value = SymbolicSizes::constantValue(size))
        values.emplace_back(width, *value, /*isSigned=*/true, /*implicitTrunc=*/true);
    if (values.size() == held.size()) {
      rewriter.replaceOpWithNewOp<ConstantOp>(op, type, DenseIntElementsAttr::get(type, values));
      return success();
    }
    if (width == 1)
      return failure();
    rewriter.replaceOpWithNewOp<SizeVectorOp>(op, type, sizes.dims(held));
    return success();
  }
};
} // namespace

void tenon::populateSizeFoldings(RewritePatternSet &patterns) {
  patterns.add<FoldSizes>(patterns.getContext());
}

LogicalResult SizeVectorOp::verify() {
  RankedTensorType type = getType();
  size_t count = getSizes().getMap().getNumResults();
  if (!type.hasStaticShape() || type.getNumElements() != static_cast<int64_t>(count)) // size_vector_c1
    return emitOpError("expects a result of ") << count << " elements, but got " << type;
  return success();
}

/// A vector of numbers only is a constant.
static LogicalResult constantSizes(SizeVectorOp op, PatternRewriter &rewriter) {
  SmallVector<APInt> values;
  for (AffineExpr size : op.getSizes().getMap().getResults()) {
    std::optional<int64_t> value = SymbolicSizes::constantValue(size);
    if (!value)
      return failure();
    values.emplace_back(op.getType().getElementTypeBitWidth(), *value, /*isSigned=*/true,
                        /*implicitTrunc=*/true);
  }
  rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), DenseIntElementsAttr::get(op.getType(), values));
  return success();
}

void SizeVectorOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(constantSizes);
}
