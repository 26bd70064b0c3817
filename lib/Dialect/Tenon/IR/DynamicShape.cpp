//===- DynamicShape.cpp - Shape rules of the dynamic forms, and how they become static ----------===//
//
// A dynamic form becomes static when its result type is known in full, its sizes being numbers or named
// expressions.
//
//===----------------------------------------------------------------------------------------===//

#include "DynamicShape.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// What the operands say
//===----------------------------------------------------------------------------------------===//

/// The count of elements of the vector `value`, or failure after reporting that it is none.
static FailureOr<int64_t> vectorSize(const RuleError &error, StringRef name, Value value) {
  RankedTensorType type = tensorType(value);
  if (type.getRank() != 1 || !type.hasStaticShape())
    return error("expects ", name, " to be a vector of static size, but got ", type);
  return type.getDimSize(0);
}

FailureOr<SmallVector<int64_t>> tenon::knownAxes(const RuleError &error, SymbolicSizes &sizes, Value axes,
                                                 int64_t count, int64_t rank) {
  SmallVector<int64_t> result;
  if (!axes) {
    if (count > rank)
      return error("expects at most ", rank, " axes, but got ", count);
    return llvm::to_vector(llvm::seq<int64_t>(0, count));
  }
  FailureOr<Sizes> known = sizes.valueOf(axes);
  if (failed(known) && count > 0)
    return SmallVector<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    std::optional<int64_t> axis = SymbolicSizes::constantValue((*known)[i]);
    if (!axis)
      return SmallVector<int64_t>();
    int64_t fromStart = *axis < 0 ? *axis + rank : *axis;
    if (fromStart < 0 || fromStart >= rank || llvm::is_contained(result, fromStart))
      return error("expects axes that are different dimensions of ", rank, ", but got ", *axis);
    result.push_back(fromStart);
  }
  return result;
}

/// The elements of `value` as far as known: one per place, null where unknown.
static Sizes elementsOf(SymbolicSizes &sizes, Value value, int64_t count) {
  FailureOr<Sizes> known = sizes.valueOf(value);
  return succeeded(known) ? *known : Sizes(count);
}

/// Whether a value of this type says all about its shape.
static bool isFullyKnown(RankedTensorType type) {
  SymbolicSizes sizes(type.getContext());
  return !llvm::is_contained(sizes.of(type), AffineExpr());
}

RankedTensorType tenon::staticResultType(Operation *op) {
  auto inferable = cast<InferTypeOpInterface>(op);
  SmallVector<Type> inferred;
  if (failed(inferable.inferReturnTypes(op->getContext(), std::nullopt, op->getOperands(),
                                        op->getAttrDictionary(), op->getPropertiesStorage(), op->getRegions(),
                                        inferred)))
    return {};
  auto type = cast<RankedTensorType>(inferred.front()), present = tensorType(op->getResult(0));
  if (!isFullyKnown(type))
    return isFullyKnown(present) ? present : RankedTensorType();
  // Ops that spell the type out elsewhere (terminators, kernels, loops) must see it as it is.
  bool usersAdapt = llvm::all_of(op->getUsers(), [](Operation *user) {
    return isa_and_nonnull<TenonDialect>(user->getDialect()) && user->getNumRegions() == 0 &&
           !user->hasTrait<OpTrait::IsTerminator>();
  });
  if (type == present || usersAdapt)
    return type;
  return isFullyKnown(present) ? present : RankedTensorType();
}

//===----------------------------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------------------------===//

InferredTypes DynamicReshapeOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  FailureOr<int64_t> rank = vectorSize(error, "the shape", op.getShape()); // dynamic_reshape_c1
  if (failed(rank))
    return failure();
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  Sizes input = sizes.of(type), target = elementsOf(sizes, op.getShape(), *rank);
  std::optional<int64_t> inferred;
  int64_t unknown = 0;
  for (int64_t i = 0; i < *rank; ++i) {
    std::optional<int64_t> value = SymbolicSizes::constantValue(target[i]);
    if (value == -1) {
      if (inferred) // dynamic_reshape_c2
        return error("expects at most one size -1, but got them in dimensions ", *inferred, " and ", i);
      inferred = i;
    } else if (value && *value < -1) { // dynamic_reshape_c2
      return error("expects sizes of -1 or more, but got ", *value);
    } else if (value == 0 && !op.getAllowZero()) {
      if (i >= type.getRank())
        return error("expects size 0 for dimensions of the input only, but got it in dimension ", i);
      target[i] = input[i];
    }
    unknown += !target[i];
  }
  // One size follows from the others, be it -1 or not known otherwise.
  if (unknown + inferred.has_value() == 1) {
    int64_t open = inferred ? *inferred : llvm::find(target, AffineExpr()) - target.begin();
    Sizes divisors = target;
    divisors.erase(divisors.begin() + open);
    target[open] = sizes.quotient(input, divisors);
    std::optional<int64_t> total = SymbolicSizes::constantValue(sizes.product(input)),
                           others = SymbolicSizes::constantValue(sizes.product(divisors));
    if (!target[open] && total && others) // dynamic_reshape_c3
      return error("expects sizes that divide ", *total, " elements, but got ", *others);
  } else if (inferred) {
    target[*inferred] = AffineExpr();
  }
  AffineExpr from = sizes.product(input), to = sizes.product(target);
  if (!SymbolicSizes::mayEqual(from, to)) // dynamic_reshape_c3
    return error("expects a result of ", sizes.print(from), " elements, but got ", sizes.print(to));
  return SmallVector<Type>{sizes.tensor(target, type.getElementType())};
}

static LogicalResult makeStatic(DynamicReshapeOp op, PatternRewriter &rewriter) {
  RankedTensorType type = staticResultType(op);
  if (!type)
    return failure();
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, type, op.getInput());
  return success();
}

void DynamicReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add<DynamicReshapeOp>(makeStatic);
}

//===----------------------------------------------------------------------------------------===//
// Expand and tile
//===----------------------------------------------------------------------------------------===//

InferredTypes DynamicExpandOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  FailureOr<int64_t> rank = vectorSize(error, "the shape", op.getShape()); // dynamic_expand_c1
  if (failed(rank))
    return failure();
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  Sizes target = elementsOf(sizes, op.getShape(), *rank);
  FailureOr<Sizes> result = sizes.broadcast(sizes.of(type), target);
  if (failed(result)) // dynamic_expand_c2
    return error("expects input and shape that broadcast, but got ", type, " and ",
                 sizes.tensor(target, type.getElementType()));
  return SmallVector<Type>{sizes.tensor(*result, type.getElementType())};
}

static LogicalResult makeStatic(DynamicExpandOp op, PatternRewriter &rewriter) {
  RankedTensorType type = staticResultType(op);
  if (!type)
    return failure();
  rewriter.replaceOpWithNewOp<ExpandOp>(op, type, op.getInput());
  return success();
}

void DynamicExpandOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add<DynamicExpandOp>(makeStatic);
}

InferredTypes DynamicTileOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  FailureOr<int64_t> count = vectorSize(error, "repeats", op.getRepeats()); // dynamic_tile_c1
  if (failed(count))
    return failure();
  if (*count != type.getRank()) // dynamic_tile_c1
    return error("expects ", type.getRank(), " repeats, but got ", *count);
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type), repeats = elementsOf(sizes, op.getRepeats(), *count);
  for (auto [size, times] : llvm::zip_equal(result, repeats)) {
    if (std::optional<int64_t> value = SymbolicSizes::constantValue(times);
        value && *value < 0) // dynamic_tile_c2
      return error("expects repeats that are not negative, but got ", *value);
    size = sizes.product({size, times});
  }
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

static LogicalResult makeStatic(DynamicTileOp op, PatternRewriter &rewriter) {
  RankedTensorType type = staticResultType(op);
  if (!type)
    return failure();
  rewriter.replaceOpWithNewOp<TileOp>(op, type, op.getInput());
  return success();
}

void DynamicTileOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add<DynamicTileOp>(makeStatic);
}

//===----------------------------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------------------------===//

/// The place that a bound of ONNX Slice means in a dimension of `size`: from the end if negative, clamped to
/// [low, size + high]. Null if that depends on more than is known.
static AffineExpr clampedBound(SymbolicSizes &sizes, AffineExpr bound, AffineExpr size, int64_t low,
                               int64_t high) {
  if (!bound || !size)
    return {};
  std::optional<int64_t> value = SymbolicSizes::constantValue(bound),
                         extent = SymbolicSizes::constantValue(size);
  if (!value)
    return bound; // A symbolic bound lies within the dimension.
  if (extent)
    return sizes.constant(std::clamp(*value < 0 ? *value + *extent : *value, low, *extent + high));
  int64_t atLeast = SymbolicSizes::lowerBound(size).value_or(0);
  if (*value >= 0) {
    if (*value <= atLeast + high)
      return bound;
    // Exporters write "to the end" as the largest integer of some width.
    return *value >= std::numeric_limits<int32_t>::max() ? size + high : AffineExpr();
  }
  if (*value + atLeast >= low)
    return sizes.simplify(size + *value);
  return *value <= std::numeric_limits<int32_t>::min() + 1 ? sizes.constant(low) : AffineExpr();
}

/// What a slice takes of one dimension, or nothing if that depends on more than is known.
static std::optional<SliceRange> sliceRange(SymbolicSizes &sizes, AffineExpr size, AffineExpr start,
                                            AffineExpr end, int64_t step) {
  AffineExpr from =
      step > 0 ? clampedBound(sizes, start, size, 0, 0) : clampedBound(sizes, start, size, 0, -1);
  AffineExpr to = step > 0 ? clampedBound(sizes, end, size, 0, 0) : clampedBound(sizes, end, size, -1, -1);
  if (!from || !to)
    return std::nullopt;
  AffineExpr distance = sizes.simplify(step > 0 ? to - from : from - to);
  AffineExpr count = sizes.simplify(distance.ceilDiv(std::abs(step)));
  std::optional<int64_t> first = SymbolicSizes::constantValue(from),
                         known = SymbolicSizes::constantValue(count);
  if (known)
    count = sizes.constant(std::max<int64_t>(*known, 0));
  // A bound in symbols lies within the dimension, so only bounds that are numbers can cross.
  else if (SymbolicSizes::lowerBound(distance).value_or(-1) < 0 && SymbolicSizes::constantValue(start) &&
           SymbolicSizes::constantValue(end))
    return std::nullopt;
  if (!first) {
    AffineExpr fromEnd = sizes.simplify(from - size);
    first = SymbolicSizes::constantValue(fromEnd);
    if (first == 0 && known && *known <= 0)
      first = -1; // Nothing is taken, from behind the end.
    if (!first || *first >= 0)
      return std::nullopt;
  }
  return SliceRange{*first, step, count};
}

FailureOr<SmallVector<std::optional<SliceRange>>>
tenon::sliceRanges(const RuleError &error, SymbolicSizes &sizes, DynamicSliceOp::Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  FailureOr<int64_t> count = vectorSize(error, "starts", op.getStarts()); // dynamic_slice_c1
  if (failed(count))
    return failure();
  for (auto [name, operand] : {std::pair<StringRef, Value>("ends", op.getEnds()),
                               {"axes", op.getAxes()},
                               {"steps", op.getSteps()}}) {
    FailureOr<int64_t> own = operand ? vectorSize(error, name, operand) : count;
    if (failed(own))
      return failure();
    if (*own != *count) // dynamic_slice_c1
      return error("expects ", *count, " ", name, ", but got ", *own);
  }
  FailureOr<SmallVector<int64_t>> axes =
      knownAxes(error, sizes, op.getAxes(), *count, type.getRank()); // dynamic_slice_c2
  if (failed(axes))
    return failure();

  Sizes input = sizes.of(type), starts = elementsOf(sizes, op.getStarts(), *count),
        ends = elementsOf(sizes, op.getEnds(), *count);
  Sizes steps = op.getSteps() ? elementsOf(sizes, op.getSteps(), *count) : Sizes(*count, sizes.constant(1));
  SmallVector<std::optional<SliceRange>> result;
  if (static_cast<int64_t>(axes->size()) < *count) {
    result.resize(type.getRank());
    return result;
  }
  for (AffineExpr size : input)
    result.push_back(SliceRange{0, 1, size});
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    std::optional<int64_t> step = SymbolicSizes::constantValue(steps[i]);
    if (step == 0) // dynamic_slice_c3
      return error("expects steps that are not 0, but got 0 for dimension ", axis);
    result[axis] = step ? sliceRange(sizes, input[axis], starts[i], ends[i], *step) : std::nullopt;
  }
  return result;
}

InferredTypes DynamicSliceOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  FailureOr<SmallVector<std::optional<SliceRange>>> ranges =
      sliceRanges(RuleError(loc, getOperationName()), sizes, op);
  if (failed(ranges))
    return failure();
  Sizes result;
  for (const std::optional<SliceRange> &range : *ranges)
    result.push_back(range ? range->size : AffineExpr());
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

static LogicalResult makeStatic(DynamicSliceOp op, PatternRewriter &rewriter) {
  RankedTensorType type = staticResultType(op);
  SymbolicSizes sizes(op.getContext());
  DynamicSliceOp::Adaptor adaptor(op->getOperands(), op->getAttrDictionary(), op->getPropertiesStorage());
  FailureOr<SmallVector<std::optional<SliceRange>>> ranges =
      sliceRanges(RuleError(std::nullopt, op->getName().getStringRef()), sizes, adaptor);
  if (!type || failed(ranges))
    return failure();
  SmallVector<int64_t> starts, steps;
  for (const std::optional<SliceRange> &range : *ranges) {
    if (!range)
      return failure();
    // An empty slice may start behind the end.
    bool isEmpty = SymbolicSizes::constantValue(range->size) == 0;
    starts.push_back(isEmpty ? 0 : range->start);
    steps.push_back(range->step);
  }
  rewriter.replaceOpWithNewOp<SliceOp>(op, type, op.getInput(), starts, steps);
  return success();
}

void DynamicSliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add<DynamicSliceOp>(makeStatic);
}

//===----------------------------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------------------------===//

namespace {
/// What is added before and after each dimension, null where unknown.
struct Padding {
  Sizes low, high;
};
} // namespace

static FailureOr<Padding> paddingOf(const RuleError &error, SymbolicSizes &sizes, DynamicPadOp::Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  int64_t rank = type.getRank();
  FailureOr<int64_t> count = vectorSize(error, "pads", op.getPads()); // dynamic_pad_c1
  if (failed(count))
    return failure();
  FailureOr<int64_t> axisCount = op.getAxes() ? vectorSize(error, "axes", op.getAxes()) : rank;
  if (failed(axisCount))
    return failure();
  if (*count != 2 * *axisCount) // dynamic_pad_c1
    return error("expects ", 2 * *axisCount, " pads, but got ", *count);
  if (failed(checkPadValue(error, op.getMode(), op.getValue(), type))) // dynamic_pad_c3
    return failure();
  FailureOr<SmallVector<int64_t>> axes =
      knownAxes(error, sizes, op.getAxes(), *axisCount, rank); // dynamic_pad_c2
  if (failed(axes))
    return failure();
  if (static_cast<int64_t>(axes->size()) < *axisCount)
    return Padding{Sizes(rank), Sizes(rank)};
  Padding result{Sizes(rank, sizes.constant(0)), Sizes(rank, sizes.constant(0))};
  Sizes pads = elementsOf(sizes, op.getPads(), *count);
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    result.low[axis] = pads[i];
    result.high[axis] = pads[*axisCount + i];
  }
  return result;
}

InferredTypes DynamicPadOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  FailureOr<Padding> padding = paddingOf(RuleError(loc, getOperationName()), sizes, op);
  if (failed(padding))
    return failure();
  Sizes result = sizes.of(type);
  for (auto [size, low, high] : llvm::zip_equal(result, padding->low, padding->high))
    size = size && low && high ? size + low + high : AffineExpr();
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

static LogicalResult makeStatic(DynamicPadOp op, PatternRewriter &rewriter) {
  RankedTensorType type = staticResultType(op);
  SymbolicSizes sizes(op.getContext());
  DynamicPadOp::Adaptor adaptor(op->getOperands(), op->getAttrDictionary(), op->getPropertiesStorage());
  FailureOr<Padding> padding =
      paddingOf(RuleError(std::nullopt, op->getName().getStringRef()), sizes, adaptor);
  if (!type || failed(padding))
    return failure();
  SmallVector<int64_t> low, high;
  for (auto [before, after] : llvm::zip_equal(padding->low, padding->high)) {
    std::optional<int64_t> beforeCount = SymbolicSizes::constantValue(before),
                           afterCount = SymbolicSizes::constantValue(after);
    if (!beforeCount || !afterCount)
      return failure();
    low.push_back(*beforeCount);
    high.push_back(*afterCount);
  }
  rewriter.replaceOpWithNewOp<PadOp>(op, type, op.getMode(), op.getInput(), op.getValue(), low, high);
  return success();
}

void DynamicPadOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add<DynamicPadOp>(makeStatic);
}

//===----------------------------------------------------------------------------------------===//
// Range
//===----------------------------------------------------------------------------------------===//

/// The number that the constant `value` of one element holds, if it is one.
static std::optional<double> constantNumber(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || elements.getNumElements() != 1)
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return (*elements.value_begin<APFloat>()).convertToDouble();
  return static_cast<double>((*elements.value_begin<APInt>()).getSExtValue());
}

InferredTypes RangeOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  Type element = tensorType(op.getStart()).getElementType();
  for (Value operand : {op.getStart(), op.getLimit(), op.getDelta()}) {
    RankedTensorType type = tensorType(operand);
    if (type.getElementType() != element || !type.hasStaticShape() || type.getNumElements() != 1) // range_c1
      return error("expects operands of one element of ", element, ", but got ", type);
  }
  SymbolicSizes sizes(element.getContext());
  std::optional<double> start = constantNumber(op.getStart()), limit = constantNumber(op.getLimit()),
                        delta = constantNumber(op.getDelta());
  if (delta == 0) // range_c2
    return error("expects a delta that is not 0, but got 0");
  AffineExpr count;
  if (start && limit && delta) {
    count = sizes.constant(static_cast<int64_t>(std::max(std::ceil((*limit - *start) / *delta), 0.0)));
  } else if (delta && std::trunc(*delta) == *delta && *delta > 0) {
    FailureOr<Sizes> from = sizes.valueOf(op.getStart()), to = sizes.valueOf(op.getLimit());
    if (succeeded(from) && succeeded(to)) {
      AffineExpr distance = sizes.simplify(to->front() - from->front());
      if (SymbolicSizes::lowerBound(distance).value_or(-1) >= 0)
        count = distance.ceilDiv(static_cast<int64_t>(*delta));
    }
  }
  return SmallVector<Type>{sizes.tensor(count, element)};
}
