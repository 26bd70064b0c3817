//===- Indexing.cpp - Shape rules of gathers, scatters and selections ----------------------------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

static Type indexType(MLIRContext *context) { return IntegerType::get(context, 64); }

/// The size that the single element of `value` holds, null if unknown.
static AffineExpr singleSize(SymbolicSizes &sizes, Value value) {
  FailureOr<Sizes> known = sizes.valueOf(value);
  return succeeded(known) && known->size() == 1 ? known->front() : AffineExpr();
}

/// Whether `value` may have one element.
static bool mayBeSingle(Value value) {
  return llvm::all_of(tensorType(value).getShape(),
                      [](int64_t size) { return size == 1 || ShapedType::isDynamic(size); });
}

//===----------------------------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------------------------===//

InferredTypes GatherOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getData());
  int64_t axis = op.getAxis();
  if (failed(checkAxis(RuleError(loc, getOperationName()), axis, type.getRank()))) // gather_c1
    return failure();
  SymbolicSizes sizes(type.getContext());
  Sizes data = sizes.of(type), indices = sizes.of(tensorType(op.getIndices()));
  Sizes result(ArrayRef(data).take_front(axis));
  llvm::append_range(result, indices);
  llvm::append_range(result, ArrayRef(data).drop_front(axis + 1));
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

InferredTypes GatherElementsOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getData()), indices = tensorType(op.getIndices());
  int64_t axis = op.getAxis();
  if (failed(checkAxis(error, axis, type.getRank()))) // gather_elements_c1
    return failure();
  if (type.getRank() != indices.getRank()) // gather_elements_c2
    return error("expects indices rank ", type.getRank(), ", but got ", indices.getRank());
  for (int64_t i = 0; i < type.getRank(); ++i) {
    int64_t size = type.getDimSize(i), count = indices.getDimSize(i);
    if (i != axis && !ShapedType::isDynamic(size) && !ShapedType::isDynamic(count) &&
        count > size) // gather_elements_c3
      return error("expects indices no larger than the data, but got ", count, " and ", size,
                   " in dimension ", i);
  }
  SymbolicSizes sizes(type.getContext());
  return SmallVector<Type>{sizes.tensor(sizes.of(indices), type.getElementType())};
}

InferredTypes GatherNdOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getData()), indicesType = tensorType(op.getIndices());
  int64_t batch = op.getBatchDims();
  if (batch < 0 || type.getRank() <= batch || indicesType.getRank() <= batch) // gather_nd_c1
    return error("expects data and indices of more than ", batch, " dimensions, but got ", type, " and ",
                 indicesType);
  SymbolicSizes sizes(type.getContext());
  Sizes data = sizes.of(type), indices = sizes.of(indicesType);
  for (int64_t i = 0; i < batch; ++i)
    if (!SymbolicSizes::mayEqual(data[i], indices[i])) // gather_nd_c1
      return error("expects batch dimensions that agree, but got ", sizes.print(data[i]), " and ",
                   sizes.print(indices[i]), " in dimension ", i);
  std::optional<int64_t> tuple = SymbolicSizes::constantValue(indices.back());
  if (!tuple || *tuple > type.getRank() - batch) // gather_nd_c2
    return error("expects index tuples of at most ", type.getRank() - batch, " entries, but got ",
                 sizes.print(indices.back()));
  Sizes result(ArrayRef(indices).drop_back());
  llvm::append_range(result, ArrayRef(data).drop_front(batch + *tuple));
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

InferredTypes OneHotOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getIndices()), values = tensorType(op.getValues());
  int64_t axis = op.getAxis();
  if (failed(checkAxis(error, axis, type.getRank() + 1))) // one_hot_c1
    return failure();
  if (!mayBeSingle(op.getDepth()) || values.getRank() != 1 ||
      (values.hasStaticShape() && values.getDimSize(0) != 2)) // one_hot_c2
    return error("expects a depth of one element and values of two, but got ", op.getDepth().getType(),
                 " and ", values);
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  AffineExpr depth = singleSize(sizes, op.getDepth());
  if (std::optional<int64_t> known = SymbolicSizes::constantValue(depth); known && *known < 0) // one_hot_c3
    return error("expects a depth that is not negative, but got ", *known);
  result.insert(result.begin() + axis, depth);
  return SmallVector<Type>{sizes.tensor(result, values.getElementType())};
}

//===----------------------------------------------------------------------------------------===//
// Scatters
//===----------------------------------------------------------------------------------------===//

/// Fails unless updates of type `updates` can be combined with elements of `data` as asked.
static LogicalResult checkUpdates(const RuleError &error, RankedTensorType data, RankedTensorType updates,
                                  ScatterReduction reduction) {
  if (data.getElementType() != updates.getElementType()) // scatter_elements_c3 scatter_nd_c3
    return error("expects updates of element type ", data.getElementType(), ", but got ",
                 updates.getElementType());
  if (data.getElementType().isInteger(1) &&
      (reduction == ScatterReduction::add ||
       reduction == ScatterReduction::mul)) // scatter_elements_c4 scatter_nd_c4
    return error("expects reduction none, max or min for bool, but got ", stringifyEnum(reduction));
  return success();
}

InferredTypes ScatterElementsOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType data = tensorType(op.getData()), indices = tensorType(op.getIndices()),
                   updates = tensorType(op.getUpdates());
  if (failed(checkAxis(error, op.getAxis(), data.getRank()))) // scatter_elements_c1
    return failure();
  if (indices.getRank() != data.getRank() ||
      failed(verifyCompatibleShape(indices, updates))) // scatter_elements_c2
    return error("expects indices and updates of one shape of rank ", data.getRank(), ", but got ", indices,
                 " and ", updates);
  if (failed(checkUpdates(error, data, updates, op.getReduction())))
    return failure();
  return SmallVector<Type>{data};
}

InferredTypes ScatterNdOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getData()), indicesType = tensorType(op.getIndices()),
                   updates = tensorType(op.getUpdates());
  SymbolicSizes sizes(type.getContext());
  Sizes data = sizes.of(type), indices = sizes.of(indicesType);
  std::optional<int64_t> tuple =
      indices.empty() ? std::nullopt : SymbolicSizes::constantValue(indices.back());
  if (data.empty() || !tuple || *tuple > type.getRank()) // scatter_nd_c1
    return error("expects index tuples of at most ", type.getRank(), " entries, but got indices ",
                 indicesType);
  Sizes expected(ArrayRef(indices).drop_back());
  llvm::append_range(expected, ArrayRef(data).drop_front(*tuple));
  RankedTensorType expectedType = sizes.tensor(expected, type.getElementType());
  if (failed(verifyCompatibleShape(expectedType, updates))) // scatter_nd_c2
    return error("expects updates of shape ", expectedType, ", but got ", updates);
  if (failed(checkUpdates(error, type, updates, op.getReduction())))
    return failure();
  return SmallVector<Type>{type};
}

InferredTypes TensorScatterOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType cache = tensorType(op.getCache()), update = tensorType(op.getUpdate());
  int64_t axis = op.getAxis();
  if (axis < 1 || axis >= cache.getRank()) // tensor_scatter_c1
    return error("expects axis in [1, ", cache.getRank(), "), but got ", axis);
  bool fits = cache.getRank() == update.getRank() && cache.getElementType() == update.getElementType();
  for (int64_t i = 0; fits && i < cache.getRank(); ++i) {
    int64_t size = cache.getDimSize(i), count = update.getDimSize(i);
    if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(count))
      fits = i == axis ? count <= size : count == size;
  }
  if (!fits) // tensor_scatter_c2
    return error("expects an update that fits the cache, but got ", update, " and ", cache);
  if (op.getWriteIndices()) {
    RankedTensorType writes = tensorType(op.getWriteIndices());
    if (writes.getRank() != 1 ||
        failed(verifyCompatibleShape(writes.getShape(), cache.getShape().take_front()))) // tensor_scatter_c3
      return error("expects an index per sequence of the batch, but got ", writes, " for ", cache);
  }
  return SmallVector<Type>{cache};
}

//===----------------------------------------------------------------------------------------===//
// Selections
//===----------------------------------------------------------------------------------------===//

InferredTypes TopKOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  int64_t axis = op.getAxis();
  if (failed(checkAxis(error, axis, type.getRank()))) // top_k_c1
    return failure();
  if (!mayBeSingle(op.getK())) // top_k_c2
    return error("expects k of one element, but got ", op.getK().getType());
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  AffineExpr k = singleSize(sizes, op.getK());
  std::optional<int64_t> count = SymbolicSizes::constantValue(k),
                         size = SymbolicSizes::constantValue(result[axis]);
  if (count && (*count < 0 || (size && *count > *size))) // top_k_c2
    return error("expects k in [0, ", sizes.print(result[axis]), "], but got ", *count);
  result[axis] = k;
  return SmallVector<Type>{sizes.tensor(result, type.getElementType()),
                           sizes.tensor(result, indexType(type.getContext()))};
}

InferredTypes NonZeroOp::infer(std::optional<Location>, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  return SmallVector<Type>{
      RankedTensorType::get({type.getRank(), ShapedType::kDynamic}, indexType(type.getContext()))};
}

InferredTypes CompressOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput()), condition = tensorType(op.getCondition());
  std::optional<int64_t> axis = op.getAxis();
  if (axis && failed(checkAxis(error, *axis, type.getRank()))) // compress_c1
    return failure();
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  std::optional<int64_t> limit = SymbolicSizes::constantValue(axis ? result[*axis] : sizes.product(result));
  if (condition.getRank() != 1 ||
      (limit && condition.hasStaticShape() && condition.getDimSize(0) > *limit)) // compress_c2
    return error("expects a condition vector no longer than the dimension, but got ", condition, " for ",
                 type);
  if (axis)
    result[*axis] = AffineExpr();
  else
    result.assign(1, AffineExpr());
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

InferredTypes UniqueOp::infer(std::optional<Location> loc, Adaptor op) {
  RankedTensorType type = tensorType(op.getInput());
  std::optional<int64_t> axis = op.getAxis();
  if (axis && failed(checkAxis(RuleError(loc, getOperationName()), *axis, type.getRank()))) // unique_c1
    return failure();
  SymbolicSizes sizes(type.getContext());
  Sizes result = sizes.of(type);
  AffineExpr all = axis ? result[*axis] : sizes.product(result);
  if (axis)
    result[*axis] = AffineExpr();
  else
    result.assign(1, AffineExpr());
  Type index = indexType(type.getContext()), counts = sizes.tensor(AffineExpr(), index);
  return SmallVector<Type>{sizes.tensor(result, type.getElementType()), counts, sizes.tensor(all, index),
                           counts};
}

InferredTypes NonMaxSuppressionOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType boxesType = tensorType(op.getBoxes()), scoresType = tensorType(op.getScores());
  SymbolicSizes sizes(boxesType.getContext());
  Sizes boxes = sizes.of(boxesType), scores = sizes.of(scoresType);
  if (boxes.size() != 3 || !SymbolicSizes::mayEqual(boxes[2], sizes.constant(4))) // non_max_suppression_c1
    return error("expects boxes [batches, boxes, 4], but got ", boxesType);
  if (scores.size() != 3 || !SymbolicSizes::mayEqual(scores[0], boxes[0]) ||
      !SymbolicSizes::mayEqual(scores[2], boxes[1])) // non_max_suppression_c2
    return error("expects scores [batches, classes, boxes] for boxes ", boxesType, ", but got ", scoresType);
  for (Value parameter : {op.getMaxBoxes(), op.getOverlapThreshold(), op.getScoreThreshold()})
    if (parameter && !mayBeSingle(parameter)) // non_max_suppression_c3
      return error("expects parameters of one element, but got ", parameter.getType());
  return SmallVector<Type>{
      RankedTensorType::get({ShapedType::kDynamic, 3}, indexType(boxesType.getContext()))};
}
