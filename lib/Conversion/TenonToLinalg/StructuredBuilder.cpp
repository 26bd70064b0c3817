//===- StructuredBuilder.cpp - Builds the structured ops of one lowering -----------------------===//

#include "StructuredBuilder.h"

#include "tenon/Support/Refusal.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tenon {

static RankedTensorType storedType(RankedTensorType type) {
  return type.clone(getStorageType(type.getElementType()));
}

TypedAttr getSplat(Value tensor) {
  auto constant = tensor.getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<SplatElementsAttr>(constant.getValue()) : SplatElementsAttr();
  if (!elements)
    return {};
  Type stored = getStorageType(elements.getElementType());
  if (isa<FloatType>(stored))
    return FloatAttr::get(stored, elements.getSplatValue<APFloat>());
  // Only bool changes its width, and its 1 is no sign.
  return IntegerAttr::get(stored, elements.getSplatValue<APInt>().zext(stored.getIntOrFloatBitWidth()));
}

StructuredBuilder::StructuredBuilder(ConversionPatternRewriter &rewriter, Operation *op)
    : rewriter(rewriter), loc(op->getLoc()), context(op->getContext()), op(op),
      kernelBlock(&op->getParentOfType<KernelOp>().getBody().front()), sizes(op->getContext()) {}

SmallVector<AffineExpr> StructuredBuilder::loops(unsigned begin, unsigned end) const {
  return llvm::map_to_vector(llvm::seq(begin, end), [&](unsigned i) { return loop(i); });
}

//===----------------------------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------------------------===//

Input StructuredBuilder::input(Value original, Value converted, ArrayRef<AffineExpr> indices) const {
  return {converted, elementOf(original), SmallVector<AffineExpr>(indices), getSplat(original)};
}

Input StructuredBuilder::input(Value tensor, ArrayRef<AffineExpr> indices) const {
  return {tensor, elementOf(tensor), SmallVector<AffineExpr>(indices), {}};
}

Input StructuredBuilder::window(ArrayRef<AffineExpr> windowSizes, unsigned first) {
  Value tensor = empty(sizes.tensor(windowSizes, Float32Type::get(context)));
  return input(tensor, loops(first, first + windowSizes.size()));
}

Input StructuredBuilder::broadcast(Value original, Value converted, RankedTensorType result) const {
  RankedTensorType type = tensorType(original);
  int64_t missing = result.getRank() - type.getRank();
  SmallVector<AffineExpr> indices;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    bool repeated = type.getDimSize(i) == 1 && result.getDimSize(missing + i) != 1;
    indices.push_back(repeated ? constant(0) : loop(missing + i));
  }
  return input(original, converted, indices);
}

//===----------------------------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------------------------===//

Value StructuredBuilder::dimOf(BlockArgument argument, int64_t dim) {
  for (tensor::DimOp known : kernelBlock->getOps<tensor::DimOp>())
    if (known.getSource() == argument && known.getConstantIndex() == dim)
      return known;
  // At the top of the kernel, so that later lowerings can share it.
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(kernelBlock);
  return tensor::DimOp::create(rewriter, loc, argument, dim);
}

Value StructuredBuilder::sizeValue(AffineExpr size) {
  std::optional<int64_t> value = SymbolicSizes::constantValue(size);
  if (value)
    return arith::ConstantIndexOp::create(rewriter, loc, *value);
  if (!size) {
    error() << "expects sizes that are constant or named by #tenon.dims";
    return arith::ConstantIndexOp::create(rewriter, loc, 0);
  }
  SmallVector<std::tuple<BlockArgument, int64_t, AffineExpr>> known;
  for (BlockArgument argument : kernelBlock->getArguments())
    for (auto [dim, expr] : llvm::enumerate(sizes.of(tensorType(argument))))
      if (expr && !SymbolicSizes::constantValue(expr))
        known.emplace_back(argument, dim, expr);
  for (auto [argument, dim, expr] : known)
    if (expr == size)
      return dimOf(argument, dim);

  unsigned symbols = sizes.getSymbols().size();
  SmallVector<AffineExpr> solved(symbols);
  SmallVector<Value> operands;
  for (unsigned i = 0; i < symbols; ++i) {
    AffineExpr symbol = getAffineSymbolExpr(i, context),
               operand = getAffineSymbolExpr(operands.size(), context);
    solved[i] = operand;
    if (!size.isFunctionOfSymbol(i))
      continue;
    const auto *source = llvm::find_if(
        known, [&](const auto &entry) { return sizes.linearIn(std::get<AffineExpr>(entry), symbol); });
    if (source == known.end()) {
      error() << "expects the size " << sizes.print(size) << " to follow from the kernel's arguments";
      return arith::ConstantIndexOp::create(rewriter, loc, 0);
    }
    auto [argument, dim, expr] = *source;
    auto [factor, offset] = *sizes.linearIn(expr, symbol);
    solved[i] = (operand - offset).floorDiv(factor);
    operands.push_back(dimOf(argument, dim));
  }
  AffineMap map = AffineMap::get(0, operands.size(), size.replaceSymbols(solved), context);
  return affine::AffineApplyOp::create(rewriter, loc, simplifyAffineMap(map), operands);
}

ReducedShape StructuredBuilder::reduceShape(RankedTensorType type, ArrayRef<int64_t> axes, Type element,
                                            bool keepDims) {
  ReducedShape shape;
  SymbolicSizes::Sizes all = sizes.of(type), kept;
  unsigned rank = type.getRank(), parallel = keepDims ? rank : rank - axes.size();
  for (unsigned dim = 0; dim < rank; ++dim) {
    bool reduced = llvm::is_contained(axes, dim);
    shape.indices.push_back(loop(reduced ? parallel + shape.reductions++ : kept.size()));
    if (reduced && !keepDims)
      continue;
    kept.push_back(reduced ? constant(1) : all[dim]);
    shape.keptIndices.push_back(reduced ? constant(0) : loop(dim));
  }
  shape.kept = sizes.tensor(kept, element);
  return shape;
}

ElementCount StructuredBuilder::countElements(RankedTensorType type, ArrayRef<int64_t> axes) {
  ElementCount count;
  for (int64_t axis : axes) {
    if (!type.isDynamicDim(axis)) {
      count.constant *= type.getDimSize(axis);
      continue;
    }
    Value size = sizeValue(sizes.of(type)[axis]);
    count.dynamic =
        count.dynamic ? arith::MulIOp::create(rewriter, loc, count.dynamic, size).getResult() : size;
  }
  return count;
}

Value StructuredBuilder::asFloat(ScalarBuilder &b, const ElementCount &count, Type type) {
  Value constant = b.number(type, count.constant);
  if (!count.dynamic)
    return constant;
  Value integer = arith::IndexCastOp::create(b, b.getI64Type(), count.dynamic);
  Value dynamic = arith::SIToFPOp::create(b, type, integer);
  return count.constant == 1 ? dynamic : b.mul(dynamic, constant);
}

//===----------------------------------------------------------------------------------------===//
// Structured ops
//===----------------------------------------------------------------------------------------===//

Value StructuredBuilder::empty(RankedTensorType type) {
  SmallVector<Value> dynamic;
  for (auto [i, size] : llvm::enumerate(sizes.of(type)))
    if (type.isDynamicDim(i))
      dynamic.push_back(sizeValue(size));
  return tensor::EmptyOp::create(rewriter, loc, storedType(type), dynamic);
}

Value StructuredBuilder::fill(RankedTensorType type, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(rewriter, loc, value);
  return linalg::FillOp::create(rewriter, loc, scalar, empty(type)).getResult(0);
}

Value StructuredBuilder::generic(RankedTensorType stored, Value init, unsigned reductions,
                                 ArrayRef<Input> inputs,
                                 function_ref<Value(ScalarBuilder &, ValueRange, Value)> body,
                                 bool inlineSplats) {
  unsigned rank = stored.getRank(), numLoops = rank + reductions;
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  auto isInlined = [&](const Input &input) { return inlineSplats && input.splat; };
  for (const Input &input : inputs) {
    if (isInlined(input))
      continue;
    tensors.push_back(input.tensor);
    maps.push_back(AffineMap::get(numLoops, 0, input.indices, context));
  }
  maps.push_back(AffineMap::get(numLoops, 0, loops(0, rank), context));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(reductions, utils::IteratorType::reduction);
  auto buildBody = [&](OpBuilder &builder, Location bodyLoc, ValueRange arguments) {
    ScalarBuilder b(bodyLoc, builder);
    SmallVector<Value> values;
    ValueRange read = arguments;
    for (const Input &input : inputs) {
      if (isInlined(input)) {
        values.push_back(b.constantOf(input.splat));
        continue;
      }
      values.push_back(read.front());
      read = read.drop_front();
    }
    linalg::YieldOp::create(b, body(b, values, arguments.back()));
  };
  return linalg::GenericOp::create(rewriter, loc, TypeRange{stored}, tensors, ValueRange{init}, maps,
                                   iterators, buildBody)
      .getResult(0);
}

/// The values as the inputs' elements are computed with.
static SmallVector<Value> loadAll(ScalarBuilder &b, ArrayRef<Input> inputs, ValueRange values) {
  SmallVector<Value> loaded;
  for (auto [input, value] : llvm::zip_equal(inputs, values))
    loaded.push_back(b.load(value, input.element));
  return loaded;
}

Value StructuredBuilder::parallel(RankedTensorType type, ArrayRef<Input> inputs, Body body) {
  return generic(
      storedType(type), empty(type), 0, inputs,
      [&](ScalarBuilder &b, ValueRange values, Value) {
        return b.store(body(b, loadAll(b, inputs, values)), type.getElementType());
      },
      /*inlineSplats=*/true);
}

Value StructuredBuilder::move(RankedTensorType type, ArrayRef<Input> inputs, Body body) {
  return generic(
      storedType(type), empty(type), 0, inputs,
      [&](ScalarBuilder &b, ValueRange values, Value) { return body(b, values); }, /*inlineSplats=*/true);
}

Value StructuredBuilder::move(RankedTensorType type, const Input &input) {
  return move(type, input, [](ScalarBuilder &, ValueRange x) { return x[0]; });
}

Value StructuredBuilder::reduce(RankedTensorType type, Combiner combiner, unsigned reductions,
                                ArrayRef<Input> inputs, Body body, bool isUnsigned,
                                arith::FastMathFlags flags) {
  Value init = fill(type, getNeutral(combiner, type.getElementType(), isUnsigned));
  return generic(
      type, init, reductions, inputs,
      [&](ScalarBuilder &b, ValueRange values, Value accumulator) {
        return b.combine(combiner, accumulator, body(b, loadAll(b, inputs, values)), isUnsigned, flags);
      },
      // A splat may be the only input that tells a reduction loop its extent.
      /*inlineSplats=*/false);
}

Value StructuredBuilder::narrow(Value computed, RankedTensorType type) {
  if (elementOf(computed) == getStorageType(type.getElementType()))
    return computed;
  Input whole = input(computed, loops(0, type.getRank()));
  return parallel(type, whole, [](ScalarBuilder &, ValueRange x) { return x[0]; });
}

Value StructuredBuilder::pad(Value tensor, ArrayRef<int64_t> low, ArrayRef<int64_t> high, TypedAttr value) {
  auto isZero = [](int64_t count) { return count == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return tensor;
  RankedTensorType type = tensorType(tensor);
  SymbolicSizes::Sizes padded = sizes.of(type);
  for (auto [i, size] : llvm::enumerate(padded))
    if (size)
      size = size + low[i] + high[i];
  Value scalar = arith::ConstantOp::create(rewriter, loc, value);
  auto pad =
      tensor::PadOp::create(rewriter, loc, sizes.tensor(padded, type.getElementType()), tensor, low, high,
                            /*low=*/ValueRange{}, /*high=*/ValueRange{});
  OpBuilder::InsertionGuard guard(rewriter);
  SmallVector<Location> locations(type.getRank(), loc);
  rewriter.createBlock(&pad.getRegion(), {}, SmallVector<Type>(type.getRank(), rewriter.getIndexType()),
                       locations);
  tensor::YieldOp::create(rewriter, loc, scalar);
  return pad;
}

//===----------------------------------------------------------------------------------------===//
// Reads at computed places
//===----------------------------------------------------------------------------------------===//

bool StructuredBuilder::checkExtractable(Value tensor, StringRef what) {
  if (isKernelArgument(tensor))
    return true;
  error() << "expects its " << what << " to be an argument of the kernel, but it is computed in it";
  return false;
}

Value StructuredBuilder::extract(ScalarBuilder &b, Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(b, tensor, indices);
}

Value StructuredBuilder::wrapIndex(ScalarBuilder &b, Value index, Value size) {
  Value place = arith::IndexCastOp::create(b, b.getIndexType(), index);
  Value isNegative = b.compare(arith::CmpIPredicate::slt, place, b.indexConstant(0));
  return b.select(isNegative, b.add(place, size), place);
}

Value StructuredBuilder::readIndex(ScalarBuilder &b, Value index, Value size) {
  // As an unsigned number, a negative place is a large one.
  return arith::MinUIOp::create(b, wrapIndex(b, index, size), b.sub(size, b.indexConstant(1)));
}

//===----------------------------------------------------------------------------------------===//
// The outcome
//===----------------------------------------------------------------------------------------===//

InFlightDiagnostic StructuredBuilder::error() {
  failed = true;
  return refuse(op);
}

LogicalResult StructuredBuilder::replace(ValueRange values) {
  if (failed)
    return failure();
  rewriter.replaceOp(op, values);
  return success();
}

} // namespace tenon
