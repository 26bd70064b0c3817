//===- Attention.cpp - Scaled dot-product attention to structured ops --------------------------===//
//
// Two contractions with a softmax between them, over the loops
//
//     batch, heads, queries, keys, and the reduced one; heads in parts (group, member) where key and value
//     are shared.
//
// The keys are an op of their own, transposed, so that a schedule may store those of a head once for all
// queries. What divides a row of the softmax waits until the row has been reduced to a result: that is one
// multiplication an element of the result instead of one a score. Half precision is rounded at the end only.
//
//===----------------------------------------------------------------------------------------===//

#include "Patterns.h"
#include "StructuredBuilder.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

namespace {

struct AttentionLowering : OpConversionPattern<AttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override;

private:
  /// The loops and sizes of a tensor [batch, heads, rows, columns], heads possibly in parts.
  struct Heads {
    SmallVector<AffineExpr> loops;
    SymbolicSizes::Sizes sizes;
    /// Indices into the heads of the query and the groups of key and value.
    AffineExpr head, group;
    unsigned rank() const { return loops.size() + 2; }
  };

  static FailureOr<Heads> makeHeads(StructuredBuilder &b, AttentionOp op);
  static Value makeScores(StructuredBuilder &b, AttentionOp op, OpAdaptor adaptor, const Heads &heads,
                          Type computed);
  static Value transposedKeys(StructuredBuilder &b, AttentionOp op, OpAdaptor adaptor);

  /// A softmax along the last dimension before its division: exp(x - max), and one over their sum.
  struct Softmax {
    Value exponentials, factor;
    ReducedShape shape;
  };
  static Softmax softmax(StructuredBuilder &b, Value scores);
};

} // namespace

FailureOr<AttentionLowering::Heads> AttentionLowering::makeHeads(StructuredBuilder &b, AttentionOp op) {
  RankedTensorType query = tensorType(op.getQuery()), key = tensorType(op.getKey());
  SymbolicSizes::Sizes sizes = b.getSizes().of(query);
  int64_t all = query.getDimSize(1), groups = key.getDimSize(1);
  Heads heads;
  heads.loops = {b.loop(0), b.loop(1)};
  heads.sizes = {sizes[0], sizes[1]};
  heads.head = b.loop(1);
  heads.group = groups == 1 ? b.constant(0) : b.loop(1);
  if (groups == all || groups == 1)
    return heads;
  if (ShapedType::isDynamic(all) || ShapedType::isDynamic(groups)) {
    b.error() << "expects static numbers of heads and groups, but got " << query << " and " << key;
    return failure();
  }
  int64_t members = all / groups;
  heads.loops.push_back(b.loop(2));
  heads.sizes = {sizes[0], b.constant(groups), b.constant(members)};
  heads.head = b.loop(1) * members + b.loop(2);
  return heads;
}

/// The keys as [batch, groups, dim, keys].
Value AttentionLowering::transposedKeys(StructuredBuilder &b, AttentionOp op, OpAdaptor adaptor) {
  RankedTensorType key = tensorType(op.getKey());
  SymbolicSizes::Sizes sizes = b.getSizes().of(key);
  std::swap(sizes[2], sizes[3]);
  return b.move(b.getSizes().tensor(sizes, key.getElementType()),
                b.input(op.getKey(), adaptor.getKey(), {b.loop(0), b.loop(1), b.loop(3), b.loop(2)}));
}

/// scale * query key' + mask, minus infinity where a key comes after its query.
Value AttentionLowering::makeScores(StructuredBuilder &b, AttentionOp op, OpAdaptor adaptor,
                                    const Heads &heads, Type computed) {
  unsigned rank = heads.rank();
  AffineExpr batch = b.loop(0), query = b.loop(rank - 2), key = b.loop(rank - 1), reduced = b.loop(rank);
  SymbolicSizes::Sizes sizes = heads.sizes;
  sizes.push_back(b.getSizes().of(tensorType(op.getQuery()))[2]);
  sizes.push_back(b.getSizes().of(tensorType(op.getKey()))[2]);
  RankedTensorType type = b.getSizes().tensor(sizes, computed);
  Input inputs[] = {b.input(op.getQuery(), adaptor.getQuery(), {batch, heads.head, query, reduced}),
                    b.input(op.getKey(), transposedKeys(b, op, adaptor), {batch, heads.group, reduced, key})};
  Value products = b.reduce(type, Combiner::sum, 1, inputs,
                            [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); });

  SmallVector<Input> read = {b.input(products, b.loops(type))};
  if (op.getMask()) {
    RankedTensorType mask = tensorType(op.getMask());
    AffineExpr whole[] = {batch, heads.head, query, key};
    SmallVector<AffineExpr> indices;
    for (int64_t i = 0, missing = 4 - mask.getRank(); i < mask.getRank(); ++i)
      indices.push_back(mask.getDimSize(i) == 1 ? b.constant(0) : whole[missing + i]);
    read.push_back(b.input(op.getMask(), adaptor.getMask(), indices));
  }
  double scale = op.getScale().convertToDouble();
  return b.parallel(type, read, [&](ScalarBuilder &s, ValueRange x) {
    Value score = s.mul(x[0], s.number(computed, scale));
    if (op.getMask())
      score = s.add(score, x[1]);
    if (!op.getCausal())
      return score;
    Value isSeen = s.compare(arith::CmpIPredicate::sle, s.index(rank - 1), s.index(rank - 2));
    return s.select(isSeen, score, s.lowest(computed, false));
  });
}

AttentionLowering::Softmax AttentionLowering::softmax(StructuredBuilder &b, Value scores) {
  RankedTensorType type = tensorType(scores);
  ReducedShape shape = b.reduceShape(type, type.getRank() - 1, type.getElementType());
  SmallVector<AffineExpr> whole = b.loops(type);
  auto element = [](ScalarBuilder &, ValueRange x) { return x[0]; };
  auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
  Value most = b.reduce(shape.kept, Combiner::maximum, 1, b.input(scores, shape.indices), element,
                        /*isUnsigned=*/false, flags);
  Value exponentials =
      b.parallel(type, {b.input(scores, whole), b.input(most, shape.keptIndices)},
                 [](ScalarBuilder &s, ValueRange x) { return s.expOfNonpositive(s.sub(x[0], x[1])); });
  Value sum = b.reduce(shape.kept, Combiner::sum, 1, b.input(exponentials, shape.indices), element);
  Value factor =
      b.parallel(shape.kept, b.input(sum, b.loops(shape.kept)),
                 [](ScalarBuilder &s, ValueRange x) { return s.div(s.number(x[0].getType(), 1), x[0]); });
  return {exponentials, factor, shape};
}

LogicalResult AttentionLowering::matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                                                 ConversionPatternRewriter &rewriter) const {
  StructuredBuilder b(rewriter, op);
  FailureOr<Heads> heads = makeHeads(b, op);
  if (failed(heads))
    return failure();
  RankedTensorType result = tensorType(op.getResult());
  Type element = result.getElementType(), computed = getComputeType(element);
  Softmax weights = softmax(b, makeScores(b, op, adaptor, *heads, computed));

  unsigned rank = heads->rank();
  AffineExpr reduced = b.loop(rank), column = b.loop(rank - 1);
  SmallVector<AffineExpr> weightIndices = b.loops(0, rank - 1);
  weightIndices.push_back(reduced);
  SymbolicSizes::Sizes sizes = heads->sizes;
  sizes.push_back(b.getSizes().of(result)[2]);
  sizes.push_back(b.getSizes().of(result)[3]);
  RankedTensorType parts = b.getSizes().tensor(sizes, element);
  Input inputs[] = {b.input(weights.exponentials, weightIndices),
                    b.input(op.getValue(), adaptor.getValue(), {b.loop(0), heads->group, reduced, column})};
  Value sum = b.reduce(parts.clone(computed), Combiner::sum, 1, inputs,
                       [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); });
  Value divided =
      b.parallel(parts, {b.input(sum, b.loops(0, rank)), b.input(weights.factor, weights.shape.keptIndices)},
                 [](ScalarBuilder &s, ValueRange x) { return s.mul(x[0], x[1]); });
  if (rank == 4)
    return b.replace(divided);
  SmallVector<ReassociationIndices> merged = {{0}, {1, 2}, {3}, {4}};
  return b.replace(tensor::CollapseShapeOp::create(rewriter, b.loc, result, divided, merged).getResult());
}

void tenon::populateAttentionPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<AttentionLowering>(converter, patterns.getContext());
}
