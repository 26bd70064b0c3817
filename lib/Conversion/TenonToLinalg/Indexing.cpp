//===- Indexing.cpp - Reads at places given by other tensors to structured ops -----------------===//
//
// The loops are the result's; the indices are inputs, and the data, which is an argument of the kernel, is
// read in the body at computed places. Scatters and selections of data-dependent size have a lowering of
// their own.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

using namespace mlir;
using namespace tenon;

/// The sizes of a tensor as values, made before the op that extracts from it.
static SmallVector<Value> sizeValues(StructuredBuilder &b, RankedTensorType type) {
  SmallVector<Value> values;
  for (AffineExpr size : b.getSizes().of(type))
    values.push_back(b.sizeValue(size));
  return values;
}

namespace {

struct GatherLowering : OpConversionPattern<GatherOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(GatherOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    if (!b.checkExtractable(adaptor.getData(), "data"))
      return failure();
    RankedTensorType result = tensorType(op.getResult()), data = tensorType(op.getData());
    unsigned axis = op.getAxis(), indexRank = tensorType(op.getIndices()).getRank();
    Value size = b.sizeValue(b.getSizes().of(data)[axis]);
    Input index = b.input(op.getIndices(), adaptor.getIndices(), b.loops(axis, axis + indexRank));
    return b.replace(b.move(result, index, [&](ScalarBuilder &s, ValueRange x) {
      SmallVector<Value> at;
      for (unsigned dim = 0; dim < data.getRank(); ++dim)
        at.push_back(dim == axis  ? StructuredBuilder::readIndex(s, x[0], size)
                     : dim < axis ? s.index(dim)
                                  : s.index(dim - 1 + indexRank));
      return StructuredBuilder::extract(s, adaptor.getData(), at);
    }));
  }
};

struct GatherElementsLowering : OpConversionPattern<GatherElementsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(GatherElementsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    if (!b.checkExtractable(adaptor.getData(), "data"))
      return failure();
    RankedTensorType result = tensorType(op.getResult());
    unsigned axis = op.getAxis();
    Value size = b.sizeValue(b.getSizes().of(tensorType(op.getData()))[axis]);
    Input index = b.input(op.getIndices(), adaptor.getIndices(), b.loops(result));
    return b.replace(b.move(result, index, [&](ScalarBuilder &s, ValueRange x) {
      SmallVector<Value> at;
      for (unsigned dim = 0; dim < result.getRank(); ++dim)
        at.push_back(dim == axis ? StructuredBuilder::readIndex(s, x[0], size) : s.index(dim));
      return StructuredBuilder::extract(s, adaptor.getData(), at);
    }));
  }
};

struct GatherNdLowering : OpConversionPattern<GatherNdOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(GatherNdOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    if (!b.checkExtractable(adaptor.getData(), "data"))
      return failure();
    RankedTensorType result = tensorType(op.getResult()), data = tensorType(op.getData());
    RankedTensorType indices = tensorType(op.getIndices());
    unsigned batch = op.getBatchDims(), outer = indices.getRank() - 1, tuple = indices.getDimSize(outer);
    SmallVector<Value> sizes = sizeValues(b, data);
    // The tuple's entries are read one by one, by as many inputs.
    SmallVector<Input> entries;
    for (unsigned i = 0; i < tuple; ++i) {
      SmallVector<AffineExpr> at = b.loops(0, outer);
      at.push_back(b.constant(i));
      entries.push_back(b.input(op.getIndices(), adaptor.getIndices(), at));
    }
    return b.replace(b.move(result, entries, [&](ScalarBuilder &s, ValueRange x) {
      SmallVector<Value> at;
      for (unsigned dim = 0; dim < data.getRank(); ++dim) {
        bool isPicked = dim >= batch && dim < batch + tuple;
        at.push_back(isPicked      ? StructuredBuilder::readIndex(s, x[dim - batch], sizes[dim])
                     : dim < batch ? s.index(dim)
                                   : s.index(outer + dim - batch - tuple));
      }
      return StructuredBuilder::extract(s, adaptor.getData(), at);
    }));
  }
};

struct OneHotLowering : OpConversionPattern<OneHotOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(OneHotOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    StructuredBuilder b(rewriter, op);
    RankedTensorType result = tensorType(op.getResult());
    unsigned axis = op.getAxis();
    Value depth = b.sizeValue(b.getSizes().of(result)[axis]);
    SmallVector<AffineExpr> outer = b.loops(result);
    outer.erase(outer.begin() + axis);
    Input inputs[] = {b.input(op.getIndices(), adaptor.getIndices(), outer),
                      b.input(op.getValues(), adaptor.getValues(), b.constant(0)),
                      b.input(op.getValues(), adaptor.getValues(), b.constant(1))};
    bool isUnsigned = isUnsignedElement(elementOf(op.getIndices()));
    return b.replace(b.move(result, inputs, [&](ScalarBuilder &s, ValueRange x) {
      Value index = s.load(x[0], elementOf(op.getIndices()));
      if (isa<FloatType>(index.getType()))
        index = arith::FPToSIOp::create(s, s.getI64Type(), index);
      else
        index = s.widen(index, elementOf(op.getIndices()), s.getI64Type());
      Value place = isUnsigned ? arith::IndexCastOp::create(s, s.getIndexType(), index).getResult()
                               : StructuredBuilder::wrapIndex(s, index, depth);
      return s.select(s.compare(arith::CmpIPredicate::eq, place, s.index(axis)), x[2], x[1]);
    }));
  }
};

} // namespace

void tenon::populateIndexingPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<GatherElementsLowering, GatherLowering, GatherNdLowering, OneHotLowering>(
      converter, patterns.getContext());
}
