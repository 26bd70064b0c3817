//===- Shape.cpp - Shape rules, verifiers and folders of the ops that move elements -------------===//

#include "ShapeRule.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tenon;

/// Fails unless input and result have one element type.
static LogicalResult checkSameElements(const RuleError &error, Value input, Value result) {
  Type from = tensorType(input).getElementType(), to = tensorType(result).getElementType();
  return from == to ? success() : error("expects result element type ", from, ", but got ", to);
}

static bool areAll(ArrayRef<int64_t> values, int64_t value) {
  return llvm::all_of(values, [value](int64_t v) { return v == value; });
}

//===----------------------------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RuleError error(*this);
  if (failed(checkSameElements(error, getInput(), getResult()))) // reshape_c1
    return failure();
  SymbolicSizes sizes(getContext());
  AffineExpr from = sizes.product(sizes.of(tensorType(getInput()))), to = sizes.product(sizes.of(getType()));
  if (!SymbolicSizes::mayEqual(from, to)) // reshape_c2
    return error("expects a result of ", sizes.print(from), " elements, but got ", sizes.print(to));
  return success();
}

/// The constant `value` under the shape of `type`, if that needs no copy of weights.
static ElementsAttr reshapeConstant(Attribute value, RankedTensorType type) {
  if (!value || !type.hasStaticShape())
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(value))
    return dense.reshape(type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return {};
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return reshapeConstant(adaptor.getInput(), getType());
}

/// Only the last of several reshapes counts.
static LogicalResult mergeReshapes(ReshapeOp op, PatternRewriter &rewriter) {
  auto producer = op.getInput().getDefiningOp<ReshapeOp>();
  if (!producer)
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(producer.getInput()); });
  return success();
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(mergeReshapes);
}

//===----------------------------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------------------------===//

InferredTypes TransposeOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  ArrayRef<int64_t> perm = op.getPerm();
  if (static_cast<int64_t>(perm.size()) != type.getRank() || !isPermutationVector(perm)) // transpose_c1
    return RuleError(loc, getOperationName())("expects a permutation of ", type.getRank(),
                                              " dimensions, but got [", perm, "]");
  SymbolicSizes sizes(type.getContext());
  Sizes input = sizes.of(type), result;
  for (int64_t dimension : perm)
    result.push_back(input[dimension]);
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  bool isIdentity = llvm::equal(getPerm(), llvm::seq<int64_t>(0, getPerm().size()));
  if (isIdentity && getInput().getType() == getType())
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput());
      splat && getType().hasStaticShape())
    return splat.resizeSplat(getType());
  return {};
}

static LogicalResult mergeTransposes(TransposeOp op, PatternRewriter &rewriter) {
  auto producer = op.getInput().getDefiningOp<TransposeOp>();
  if (!producer)
    return failure();
  SmallVector<int64_t> perm;
  for (int64_t dimension : op.getPerm())
    perm.push_back(producer.getPerm()[dimension]);
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(producer.getInput());
    op.setPerm(perm);
  });
  return success();
}

/// A transpose that moves only dimensions of size 1 leaves the elements in order.
static LogicalResult transposeToReshape(TransposeOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  int64_t last = -1;
  for (int64_t dimension : op.getPerm()) {
    if (shape[dimension] == 1)
      continue;
    if (dimension < last)
      return failure();
    last = dimension;
  }
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
  return success();
}

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(mergeTransposes);
  patterns.add(transposeToReshape);
}

//===----------------------------------------------------------------------------------------===//
// Expand and tile
//===----------------------------------------------------------------------------------------===//

LogicalResult ExpandOp::verify() {
  RuleError error(*this);
  if (failed(checkSameElements(error, getInput(), getResult()))) // expand_c1
    return failure();
  ArrayRef<int64_t> from = tensorType(getInput()).getShape(), to = getType().getShape();
  bool fits = from.size() <= to.size();
  for (size_t i = 0; fits && i < from.size(); ++i) {
    int64_t own = from[from.size() - 1 - i], target = to[to.size() - 1 - i];
    fits = own == 1 || own == target || ShapedType::isDynamic(own) || ShapedType::isDynamic(target);
  }
  if (!fits) // expand_c2
    return error("expects an input that broadcasts to the result, but got ", getInput().getType(), " and ",
                 getType());
  return success();
}

OpFoldResult ExpandOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto producer = getInput().getDefiningOp<ExpandOp>()) {
    getInputMutable().assign(producer.getInput());
    return getResult();
  }
  if (auto splat = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput());
      splat && splat.isSplat() && getType().hasStaticShape())
    return splat.resizeSplat(getType());
  return {};
}

LogicalResult TileOp::verify() {
  RuleError error(*this);
  RankedTensorType from = tensorType(getInput()), to = getType();
  if (failed(checkSameElements(error, getInput(), getResult()))) // tile_c1
    return failure();
  bool fits = from.getRank() == to.getRank(); // tile_c1
  for (int64_t i = 0; fits && i < from.getRank(); ++i) {
    int64_t own = from.getDimSize(i), target = to.getDimSize(i);
    if (!ShapedType::isDynamic(own) && !ShapedType::isDynamic(target))
      fits = own == 0 ? target == 0 : target % own == 0; // tile_c2
  }
  if (!fits)
    return error("expects result sizes that are multiples of the input's, but got ", to, " and ", from);
  return success();
}

OpFoldResult TileOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput());
      splat && getType().hasStaticShape())
    return splat.resizeSplat(getType());
  return {};
}

//===----------------------------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------------------------===//

InferredTypes ConcatOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  if (op.getInputs().empty()) // concat_c1
    return error("expects an input, but got none");
  RankedTensorType first = tensorType(op.getInputs().front());
  int64_t axis = op.getAxis();
  if (failed(checkAxis(error, axis, first.getRank()))) // concat_c2
    return failure();
  SymbolicSizes sizes(first.getContext());
  Sizes result = sizes.of(first);
  for (Value input : op.getInputs().drop_front()) {
    RankedTensorType type = tensorType(input);
    if (type.getRank() != first.getRank() || type.getElementType() != first.getElementType()) // concat_c1
      return error("expects inputs of one rank and element type, but got ", first, " and ", type);
    for (auto [i, size] : llvm::enumerate(sizes.of(type))) {
      if (static_cast<int64_t>(i) == axis) {
        result[i] = result[i] && size ? result[i] + size : AffineExpr();
        continue;
      }
      if (!SymbolicSizes::mayEqual(result[i], size)) // concat_c3
        return error("expects inputs of equal sizes in dimension ", i, ", but got ", sizes.print(result[i]),
                     " and ", sizes.print(size));
      result[i] = meet(result[i], size);
    }
  }
  return SmallVector<Type>{sizes.tensor(result, first.getElementType())};
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  if (getInputs().size() == 1 && getInputs().front().getType() == getType())
    return getInputs().front();
  return {};
}

/// Inputs without elements add nothing.
static LogicalResult dropEmptyInputs(ConcatOp op, PatternRewriter &rewriter) {
  SmallVector<Value> inputs = llvm::to_vector(llvm::make_filter_range(
      op.getInputs(), [&](Value input) { return tensorType(input).getDimSize(op.getAxis()) != 0; }));
  if (inputs.empty() || inputs.size() == op.getInputs().size())
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
  return success();
}

/// A concatenation of concatenations is one, if the inner ones have no other use.
static LogicalResult mergeConcats(ConcatOp op, PatternRewriter &rewriter) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto producer = input.getDefiningOp<ConcatOp>();
    if (producer && producer.getAxis() == op.getAxis() && producer->hasOneUse())
      llvm::append_range(inputs, producer.getInputs());
    else
      inputs.push_back(input);
  }
  if (inputs.size() == op.getInputs().size())
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(inputs); });
  return success();
}

void ConcatOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(dropEmptyInputs);
  patterns.add(mergeConcats);
}

//===----------------------------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  RuleError error(*this);
  RankedTensorType input = tensorType(getInput());
  int64_t rank = input.getRank();
  if (failed(checkSameElements(error, getInput(), getResult()))) // slice_c1
    return failure();
  if (getType().getRank() != rank || static_cast<int64_t>(getStarts().size()) != rank ||
      static_cast<int64_t>(getSteps().size()) != rank) // slice_c1
    return error("expects ", rank, " starts, steps and dimensions of the result, but got ",
                 getStarts().size(), ", ", getSteps().size(), " and ", getType().getRank());
  for (int64_t i = 0; i < rank; ++i) {
    int64_t start = getStarts()[i], step = getSteps()[i], size = input.getDimSize(i),
            count = getType().getDimSize(i);
    if (step == 0) // slice_c2
      return error("expects steps that are not 0, but got 0 in dimension ", i);
    if (ShapedType::isDynamic(size) || ShapedType::isDynamic(count) || count == 0)
      continue;
    int64_t last = start + (count - 1) * step;
    if (start < 0 || start >= size || last < 0 || last >= size) // slice_c3
      return error("expects elements in [0, ", size, ") of dimension ", i, ", but got ", start, " to ", last);
  }
  return success();
}

bool SliceOp::isContiguous() {
  if (!areAll(getSteps(), 1) || llvm::any_of(getStarts(), [](int64_t start) { return start < 0; }))
    return false;
  SymbolicSizes sizes(getContext());
  Sizes whole = sizes.of(tensorType(getInput())), part = sizes.of(getType());
  if (llvm::is_contained(whole, AffineExpr()) || llvm::is_contained(part, AffineExpr()))
    return false;
  // One element of each outer dimension, a range of the next, and all of those behind it.
  int64_t dim = 0, rank = whole.size();
  while (dim < rank && SymbolicSizes::constantValue(part[dim]) == 1)
    ++dim;
  return dim == rank || ArrayRef(whole).drop_front(dim + 1) == ArrayRef(part).drop_front(dim + 1);
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType() && areAll(getStarts(), 0) && areAll(getSteps(), 1)) {
    // Of an unnamed dynamic size a part may have the same type as the whole.
    SymbolicSizes sizes(getContext());
    if (!llvm::is_contained(sizes.of(getType()), AffineExpr()))
      return getInput();
  }
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput());
      splat && getType().hasStaticShape())
    return splat.resizeSplat(getType());
  return {};
}

static LogicalResult mergeSlices(SliceOp op, PatternRewriter &rewriter) {
  auto producer = op.getInput().getDefiningOp<SliceOp>();
  auto isNegative = [](int64_t start) { return start < 0; };
  if (!producer || llvm::any_of(op.getStarts(), isNegative) || llvm::any_of(producer.getStarts(), isNegative))
    return failure();
  SmallVector<int64_t> starts, steps;
  for (auto [start, step, innerStart, innerStep] :
       llvm::zip_equal(op.getStarts(), op.getSteps(), producer.getStarts(), producer.getSteps())) {
    starts.push_back(innerStart + start * innerStep);
    steps.push_back(step * innerStep);
  }
  if (llvm::any_of(starts, isNegative))
    return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputMutable().assign(producer.getInput());
    op.setStarts(starts);
    op.setSteps(steps);
  });
  return success();
}

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(mergeSlices);
}

//===----------------------------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------------------------===//

InferredTypes PadOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  ArrayRef<int64_t> low = op.getLow(), high = op.getHigh();
  if (static_cast<int64_t>(low.size()) != type.getRank() ||
      static_cast<int64_t>(high.size()) != type.getRank()) // pad_c1
    return error("expects ", type.getRank(), " counts low and high, but got ", low.size(), " and ",
                 high.size());
  if (failed(checkPadValue(error, op.getMode(), op.getValue(), type))) // pad_c2
    return failure();
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  for (auto [i, size] : llvm::enumerate(result)) {
    if (!size)
      continue;
    size = size + (low[i] + high[i]);
    if (std::optional<int64_t> value = SymbolicSizes::constantValue(size); value && *value < 0) // pad_c3
      return error("expects sizes that are not negative, but got ", *value, " in dimension ", i);
  }
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  if (areAll(getLow(), 0) && areAll(getHigh(), 0) && getInput().getType() == getType())
    return getInput();
  return {};
}

/// What a negative count removes is a slice before the padding, which then has the rest in memory to read.
static LogicalResult sliceBeforePad(PadOp op, PatternRewriter &rewriter) {
  SmallVector<int64_t> low(op.getLow()), high(op.getHigh());
  auto isNegative = [](int64_t count) { return count < 0; };
  if (op.getMode() != PadMode::constant ||
      (llvm::none_of(low, isNegative) && llvm::none_of(high, isNegative)))
    return failure();
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  Sizes kept = sizes.of(type);
  SmallVector<int64_t> starts, steps(low.size(), 1);
  for (auto [before, after, size] : llvm::zip_equal(low, high, kept)) {
    if (!size)
      return rewriter.notifyMatchFailure(op, "has an unknown size");
    int64_t start = std::max<int64_t>(-before, 0);
    size = size + (std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0));
    before = std::max<int64_t>(before, 0);
    after = std::max<int64_t>(after, 0);
    // More than there is: padding alone is left.
    if (std::optional<int64_t> left = SymbolicSizes::constantValue(size); left && *left < 0) {
      (start > 0 ? after : before) += *left;
      size = rewriter.getAffineConstantExpr(0);
      start = 0;
    }
    starts.push_back(start);
  }
  Value slice = SliceOp::create(rewriter, op.getLoc(), sizes.tensor(kept, type.getElementType()),
                                op.getInput(), starts, steps);
  rewriter.replaceOpWithNewOp<PadOp>(op, op.getType(), op.getMode(), slice, op.getValue(), low, high);
  return success();
}

void PadOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *) {
  patterns.add(sliceBeforePad);
}

LogicalResult tenon::checkPadValue(const RuleError &error, PadMode mode, Value value,
                                   RankedTensorType input) {
  if (!value)
    return success();
  RankedTensorType type = tensorType(value);
  if (type.getElementType() != input.getElementType() || !type.hasStaticShape() || type.getNumElements() != 1)
    return error("expects a value of one element of ", input.getElementType(), ", but got ", type);
  if (mode != PadMode::constant)
    return error("expects a value with mode constant only, but got mode ", stringifyEnum(mode));
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Triangles, sequences and sizes
//===----------------------------------------------------------------------------------------===//

InferredTypes TriluOp::infer(std::optional<Location> loc, Adaptor op) {
  if (int64_t rank = tensorType(op.getInput()).getRank(); rank < 2) // trilu_c1
    return RuleError(loc, getOperationName())("expects input rank 2 or more, but got ", rank);
  return SmallVector<Type>{op.getInput().getType()};
}

InferredTypes ReverseSequenceOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput()), lengths = tensorType(op.getLengths());
  int64_t batch = op.getBatchAxis(), time = op.getTimeAxis();
  if (type.getRank() < 2 || batch < 0 || time < 0 || batch + time != 1) // reverse_sequence_c1
    return error("expects axes 0 and 1 in some order, but got ", batch, " and ", time, " of rank ",
                 type.getRank());
  if (lengths.getRank() != 1 ||
      failed(
          verifyCompatibleShape(lengths.getShape(), type.getShape().slice(batch, 1)))) // reverse_sequence_c2
    return error("expects a length per sequence, but got ", lengths, " for ", type);
  return SmallVector<Type>{type};
}

InferredTypes ShapeOfOp::infer(std::optional<Location>, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  return SmallVector<Type>{RankedTensorType::get(type.getRank(), IntegerType::get(type.getContext(), 64))};
}
