//===- Winograd.cpp - The transforms of Winograd's convolutions to structured ops ----------------===//
//
// `M d M'` is two elementwise ops, one for the columns of the tiles and one for their rows: each sums the
// elements of a line with the coefficients of a row of `M`, which is a constant of the kernel. Tiles of the
// schedule span all rows of `M`, so that every coefficient is known where the sum is emitted: no
// multiplication is left for 1 and -1, and nothing for 0.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "tenon/Dialect/Tenon/IR/Winograd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

/// A matrix with `columns` columns as a constant of the kernel.
static Value createMatrix(StructuredBuilder &b, ArrayRef<double> elements, int64_t columns) {
  SmallVector<float> narrow(elements.begin(), elements.end());
  auto type = RankedTensorType::get({static_cast<int64_t>(elements.size()) / columns, columns},
                                    b.rewriter.getF32Type());
  return arith::ConstantOp::create(b.rewriter, b.loc, DenseElementsAttr::get(type, ArrayRef<float>(narrow)));
}

/// `sum over i of matrix[row, i] * line[i]`, where `line(i)` says where the source is read.
static Value transformLine(StructuredBuilder &b, RankedTensorType result, Value matrix, AffineExpr row,
                           llvm::function_ref<Input(AffineExpr)> line) {
  int64_t columns = tensorType(matrix).getDimSize(1);
  SmallVector<Input> inputs;
  for (int64_t i = 0; i < columns; ++i)
    inputs.push_back(b.input(matrix, {row, b.constant(i)}));
  for (int64_t i = 0; i < columns; ++i)
    inputs.push_back(line(b.constant(i)));
  return b.parallel(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
    // What is added to -0 stays what it is, signs of zeros included.
    Value zero = s.number(s.getF32Type(), 0), sum = s.number(s.getF32Type(), -0.0);
    for (int64_t i = 0; i < columns; ++i) {
      Value absent = s.compare(arith::CmpFPredicate::OEQ, x[i], zero);
      sum = s.select(absent, sum, s.add(sum, s.mul(x[i], x[columns + i])));
    }
    return sum;
  });
}

/// The structured form computes in f32 on spatial sizes it knows.
static LogicalResult checkSupported(StructuredBuilder &b, RankedTensorType type, ArrayRef<int64_t> dims) {
  if (!type.getElementType().isF32() ||
      llvm::any_of(dims, [&](int64_t dim) { return type.isDynamicDim(dim); })) {
    b.error() << "expects f32 and static heights and widths, but got " << type;
    return failure();
  }
  return success();
}

namespace {

struct WinogradInputLowering : OpConversionPattern<WinogradInputOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(WinogradInputOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
    if (failed(checkSupported(b, input, {1, 2})))
      return failure();
    WinogradMatrices matrices = getWinogradMatrices(op.getTile());
    int64_t tile = matrices.tile;
    SmallVector<int64_t> low(4, 0), high(4, 0);
    for (int64_t i : {1, 2}) {
      low[i] = op.getPads()[i - 1];
      high[i] = result.getDimSize(i) * tile + 2 - low[i] - input.getDimSize(i);
    }
    Value padded = b.pad(adaptor.getInput(), low, high, rewriter.getZeroAttr(input.getElementType()));
    Value matrix = createMatrix(b, matrices.input, matrices.points);

    // Columns: [n, row of tiles, point, x, c].
    SymbolicSizes::Sizes sizes = b.getSizes().of(result);
    RankedTensorType columns = b.getSizes().tensor(
        {sizes[0], sizes[1], sizes[3], b.constant(result.getDimSize(2) * tile + 2), sizes[5]},
        input.getElementType());
    Value half = transformLine(b, columns, matrix, b.loop(2), [&](AffineExpr i) {
      return b.input(padded, {b.loop(0), b.loop(1) * tile + i, b.loop(3), b.loop(4)});
    });
    // Rows: [n, row of tiles, column of tiles, point, point, c].
    return b.replace(transformLine(b, result, matrix, b.loop(4), [&](AffineExpr i) {
      return b.input(half, {b.loop(0), b.loop(1), b.loop(3), b.loop(2) * tile + i, b.loop(5)});
    }));
  }
};

struct WinogradOutputLowering : OpConversionPattern<WinogradOutputOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(WinogradOutputOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
    if (failed(checkSupported(b, input, {1, 2})))
      return failure();
    WinogradMatrices matrices = getWinogradMatrices(op.getTile());
    int64_t tile = matrices.tile;
    Value matrix = createMatrix(b, matrices.output, matrices.points);

    // Columns: [n, y, column of tiles, point, k].
    SymbolicSizes::Sizes sizes = b.getSizes().of(input);
    RankedTensorType columns = b.getSizes().tensor(
        {sizes[0], b.constant(op.getHeight()), sizes[2], sizes[4], sizes[5]}, input.getElementType());
    Value half = transformLine(b, columns, matrix, b.loop(1) % tile, [&](AffineExpr i) {
      return b.input(op.getInput(), adaptor.getInput(),
                     {b.loop(0), b.loop(1).floorDiv(tile), b.loop(2), i, b.loop(3), b.loop(4)});
    });
    // Rows: [n, y, x, k].
    return b.replace(transformLine(b, result, matrix, b.loop(2) % tile, [&](AffineExpr i) {
      return b.input(half, {b.loop(0), b.loop(1), b.loop(2).floorDiv(tile), i, b.loop(3)});
    }));
  }
};

} // namespace

void tenon::populateWinogradPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<WinogradInputLowering, WinogradOutputLowering>(converter, patterns.getContext());
}
