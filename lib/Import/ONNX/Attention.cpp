//===- Attention.cpp - ONNX Attention and RotaryEmbedding ---------------------------------------===//
//
// Plain attention becomes tenon.attention. What that op doesn't have (a cap on the scores, the scores as a
// result, keys counted per batch, windows) is spelt out with matrix products and a softmax. Source: ONNX
// Attention-25.
//
//===----------------------------------------------------------------------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

namespace {

class AttentionImporter {
public:
  explicit AttentionImporter(NodeReader &node) : node(node), sizes(node.getSizes()) {}
  LogicalResult run();

private:
  Value splitHeads(Value value, std::optional<int64_t> heads);
  Value appended(Value past, Value value);
  Value positions(Value like, int64_t dimension, int64_t axis, int64_t rank);
  Value compare(Comparison predicate, Value lhs, Value rhs) {
    return node.make<CompareOp>({lhs, rhs},
                                node.attr("predicate", ComparisonAttr::get(node.getContext(), predicate)));
  }
  Value both(Value lhs, Value rhs) { return lhs && rhs ? node.make<AndOp>({lhs, rhs}) : lhs ? lhs : rhs; }
  Value unmasked(Value condition) {
    return node.make<SelectOp>(
        {condition, node.scalar(0, element), node.scalar(-std::numeric_limits<double>::infinity(), element)});
  }
  Value bias(bool causal, int64_t left, int64_t right);
  Value reduceMax(Value value, int64_t axis) {
    NamedAttribute attributes[] = {node.attr("kind", ReduceKindAttr::get(node.getContext(), ReduceKind::max)),
                                   node.attr("axes", ArrayRef<int64_t>(axis)), node.flag("keep_dims")};
    return node.make<ReduceOp>(value, attributes);
  }
  Value withoutMaskedRows(Value result, Value bias);
  /// The product of [B, H, m, k] and [B, G, k, n], each of the G right operands serving H / G left ones.
  Value groupedProduct(Value lhs, Value rhs);

  NodeReader &node;
  SymbolicSizes &sizes;
  Value query, key, value, mask, pastKey, pastValue, keyCount;
  Type element;
};

Value AttentionImporter::splitHeads(Value operand, std::optional<int64_t> heads) {
  Sizes s = node.sizesOf(operand);
  if (s.size() == 4)
    return operand;
  std::optional<int64_t> hidden = s.size() == 3 ? SymbolicSizes::constantValue(s[2]) : std::nullopt;
  if (!hidden || !heads || *heads <= 0 || *hidden % *heads != 0) {
    (void)node.error("expects rank 4, or rank 3 with a number of heads that divides a known hidden size");
    return {};
  }
  Value split = node.reshape(operand, {s[0], s[1], sizes.constant(*heads), sizes.constant(*hidden / *heads)});
  return node.make<TransposeOp>(split, node.attr("perm", ArrayRef<int64_t>({0, 2, 1, 3})));
}

Value AttentionImporter::appended(Value past, Value operand) {
  return past ? node.make<ConcatOp>({past, operand}, node.attr("axis", int64_t(2))) : operand;
}

/// 0, 1, ... along `axis` of a tensor of this rank, as many as `like` has in `dimension`.
Value AttentionImporter::positions(Value like, int64_t dimension, int64_t axis, int64_t rank) {
  AffineExpr size = node.sizesOf(like)[dimension];
  Value numbers;
  if (std::optional<int64_t> count = SymbolicSizes::constantValue(size)) {
    numbers = node.vector(llvm::to_vector(llvm::seq<int64_t>(0, *count)));
  } else {
    Type i64 = node.getBuilder().getI64Type();
    Value limit = node.make<GatherOp>({node.make<ShapeOfOp>(like), node.scalar(dimension, i64)},
                                      node.attr("axis", int64_t(0)));
    numbers = node.make<RangeOp>({node.scalar(0, i64), limit, node.scalar(1, i64)});
  }
  if (node.hasFailed())
    return {};
  Sizes shape(rank, sizes.constant(1));
  shape[axis] = node.sizesOf(numbers).front();
  return node.reshape(numbers, shape);
}

/// What is added to the scores: the mask, minus infinity where a key is out of a query's sight. Null if
/// nothing is.
Value AttentionImporter::bias(bool causal, int64_t left, int64_t right) {
  Value allowed;
  Type i64 = node.getBuilder().getI64Type();
  if (causal || left >= 0 || right >= 0 || keyCount) {
    Value keys = positions(key, 2, 3, 4), queries = positions(query, 2, 2, 4);
    if (keyCount && !node.hasFailed())
      keyCount = node.reshape(keyCount, {node.sizesOf(keyCount).front(), sizes.constant(1), sizes.constant(1),
                                         sizes.constant(1)});
    // Queries are the last of the keys there are.
    Value offset;
    if (pastKey || keyCount) {
      Value of = pastKey ? pastKey : query;
      Value count =
          node.make<GatherOp>({node.make<ShapeOfOp>(of), node.scalar(2, i64)}, node.attr("axis", int64_t(0)));
      offset = pastKey ? count : node.make<SubOp>({keyCount, count});
    }
    Value at = offset ? node.make<AddOp>({queries, offset}) : queries;
    if (causal)
      allowed = compare(Comparison::le, keys, at);
    if (left >= 0)
      allowed = both(allowed, compare(Comparison::ge, keys, node.make<SubOp>({at, node.scalar(left, i64)})));
    if (right >= 0)
      allowed = both(allowed, compare(Comparison::le, keys, node.make<AddOp>({at, node.scalar(right, i64)})));
    if (keyCount)
      allowed = both(allowed, compare(Comparison::lt, keys, keyCount));
  }
  if (!mask)
    return allowed ? unmasked(allowed) : Value();
  // A mask of fewer keys leaves out the rest.
  bool isBool = node.element(mask).isInteger(1);
  std::optional<int64_t> given = SymbolicSizes::constantValue(node.sizesOf(mask).back()),
                         wanted = SymbolicSizes::constantValue(node.sizesOf(key)[2]);
  if (given && wanted && *given < *wanted) {
    SmallVector<int64_t> low(node.rank(mask), 0), high = low;
    high.back() = *wanted - *given;
    NamedAttribute attributes[] = {node.attr("mode", PadModeAttr::get(node.getContext(), PadMode::constant)),
                                   node.attr("low", low), node.attr("high", high)};
    Value filler = isBool ? node.scalar(0, node.element(mask))
                          : node.scalar(-std::numeric_limits<double>::infinity(), node.element(mask));
    mask = node.make<PadOp>({mask, filler}, attributes);
  }
  if (isBool)
    return unmasked(both(mask, allowed));
  mask = node.cast(mask, element);
  return allowed ? node.make<AddOp>({mask, unmasked(allowed)}) : mask;
}

/// A query that sees no key has the result 0.
Value AttentionImporter::withoutMaskedRows(Value result, Value bias) {
  if (!bias || node.hasFailed())
    return result;
  Value best = reduceMax(bias, node.rank(bias) - 1);
  Value none = node.scalar(-std::numeric_limits<double>::infinity(), element);
  return node.make<SelectOp>(
      {compare(Comparison::eq, best, none), node.scalar(0, node.element(result)), result});
}

Value AttentionImporter::groupedProduct(Value lhs, Value rhs) {
  if (node.hasFailed())
    return {};
  Sizes l = node.sizesOf(lhs), r = node.sizesOf(rhs);
  std::optional<int64_t> heads = SymbolicSizes::constantValue(l[1]),
                         groups = SymbolicSizes::constantValue(r[1]);
  if (heads == groups)
    return node.make<MatmulOp>({lhs, rhs});
  if (!heads || !groups || *groups == 0 || *heads % *groups != 0) {
    (void)node.error("expects heads of keys that divide those of queries");
    return {};
  }
  Value split = node.reshape(lhs, {l[0], r[1], sizes.constant(*heads / *groups), l[2], l[3]});
  Value product =
      node.make<MatmulOp>({split, node.reshape(rhs, {r[0], r[1], sizes.constant(1), r[2], r[3]})});
  return node.reshape(product, {l[0], l[1], l[2], r[3]});
}

LogicalResult AttentionImporter::run() {
  bool flat = node.rank(node.input(0)) == 3;
  std::optional<int64_t> queryHeads = node.integer("q_num_heads"), keyHeads = node.integer("kv_num_heads");
  bool causal = node.integer("is_causal", 0) != 0;
  int64_t left = node.integer("left_window_size", -1), right = node.integer("right_window_size", -1);
  int64_t scoresMode = node.integer("qk_matmul_output_mode", 0);
  float softcap = node.real("softcap", 0.0f);
  std::optional<int64_t> precision = node.integer("softmax_precision");
  element = node.element(node.input(0));
  query = splitHeads(node.input(0), queryHeads);
  pastKey = node.input(4);
  pastValue = node.input(5);
  key = appended(pastKey, splitHeads(node.input(1), keyHeads));
  value = appended(pastValue, splitHeads(node.input(2), keyHeads));
  mask = node.input(3);
  keyCount = node.input(6);
  if (node.hasFailed())
    return failure();
  std::optional<int64_t> dim = SymbolicSizes::constantValue(node.sizesOf(query)[3]);
  std::optional<float> given = node.real("scale");
  if (!given && !dim)
    return node.error("expects a scale, or heads of known size");
  double scale = given ? *given : 1.0 / std::sqrt(static_cast<double>(*dim));

  Value scores, result;
  Value presentKey = key, presentValue = value;
  bool wantsScores = node.wantsOutput(3);
  if (softcap == 0 && !wantsScores && !precision) {
    bool plainCausal = causal && !mask && !pastKey && !keyCount && left < 0 && right < 0;
    Value added = plainCausal ? Value() : bias(causal, left, right);
    SmallVector<NamedAttribute> attributes = {node.realAttr("scale", scale)};
    if (plainCausal)
      attributes.push_back(node.flag("causal"));
    result = withoutMaskedRows(node.make<AttentionOp>({query, key, value, added}, attributes), added);
  } else {
    Value transposed = node.make<TransposeOp>(key, node.attr("perm", ArrayRef<int64_t>({0, 1, 3, 2})));
    Value logits = groupedProduct(node.make<MulOp>({query, node.scalar(scale, element)}), transposed);
    scores = logits;
    if (softcap > 0) {
      Value cap = node.scalar(softcap, element);
      logits = node.make<MulOp>({node.make<TanhOp>(node.make<DivOp>({logits, cap})), cap});
    }
    if (scoresMode == 1)
      scores = logits;
    Value added = bias(causal, left, right);
    if (added)
      logits = node.make<AddOp>({logits, added});
    if (scoresMode == 2)
      scores = logits;
    Type wide = precision ? node.elementType(*precision) : element;
    if (!wide || node.hasFailed())
      return failure();
    Value weights = node.make<SoftmaxOp>(node.cast(logits, wide), node.attr("axis", int64_t(3)));
    weights = node.cast(withoutMaskedRows(weights, added), element);
    if (scoresMode == 3)
      scores = weights;
    result = groupedProduct(weights, value);
  }
  if (flat && !node.hasFailed()) {
    result = node.make<TransposeOp>(result, node.attr("perm", ArrayRef<int64_t>({0, 2, 1, 3})));
    Sizes s = node.sizesOf(result);
    if (!node.hasFailed())
      result = node.reshape(result, {s[0], s[1], sizes.product({s[2], s[3]})});
  }
  return node.yield({result, presentKey, presentValue, scores});
}

} // namespace

static LogicalResult importAttention(NodeReader &node) { return AttentionImporter(node).run(); }

/// `count` elements of the last dimension from `start` in steps.
static Value sliceLast(NodeReader &node, Value value, int64_t start, int64_t count, int64_t step) {
  Sizes sizes = node.sizesOf(value);
  SmallVector<int64_t> starts(sizes.size(), 0), steps(sizes.size(), 1);
  starts.back() = start;
  steps.back() = step;
  sizes.back() = node.getSizes().constant(count);
  NamedAttribute attributes[] = {node.attr("starts", starts), node.attr("steps", steps)};
  return node.makeAs<SliceOp>(node.getSizes().tensor(sizes, node.element(value)), value, attributes);
}

/// Rotates pairs of elements by angles that depend on the position. Source: Su et al., arXiv 2104.09864.
static LogicalResult importRotaryEmbedding(NodeReader &node) {
  SymbolicSizes &sizes = node.getSizes();
  Value input = node.input(0), cosine = node.input(1), sine = node.input(2);
  int64_t heads = node.integer("num_heads", 0), rotated = node.integer("rotary_embedding_dim", 0);
  bool interleaved = node.integer("interleaved", 0) != 0, flat = node.rank(input) == 3;
  Sizes original = node.sizesOf(input);
  if (flat) {
    std::optional<int64_t> hidden = SymbolicSizes::constantValue(original[2]);
    if (!hidden || heads <= 0 || *hidden % heads != 0)
      return node.error("expects num_heads that divides a known hidden size");
    input = node.reshape(input,
                         {original[0], original[1], sizes.constant(heads), sizes.constant(*hidden / heads)});
  } else if (node.rank(input) == 4) {
    input = node.make<TransposeOp>(input, node.attr("perm", ArrayRef<int64_t>({0, 2, 1, 3})));
  } else {
    return node.error("expects an input of rank 3 or 4, but got " + Twine(node.rank(input)));
  }
  // From here on [batch, sequence, heads, dim].
  if (node.hasFailed())
    return failure();
  std::optional<int64_t> dim = SymbolicSizes::constantValue(node.sizesOf(input)[3]);
  if (!dim || rotated < 0 || rotated > *dim || (rotated ? rotated : *dim) % 2 != 0)
    return node.error("expects heads of known size, of which an even number of elements is rotated");
  rotated = rotated ? rotated : *dim;
  int64_t half = rotated / 2;
  auto angles = [&](Value cache) {
    if (node.hasInput(3))
      cache = node.make<GatherOp>({cache, node.input(3)}, node.attr("axis", int64_t(0)));
    if (node.hasFailed())
      return Value();
    Sizes s = node.sizesOf(cache);
    if (s.size() != 3 || SymbolicSizes::constantValue(s[2]).value_or(half) != half) {
      (void)node.error("expects caches of " + Twine(half) + " angles per position");
      return Value();
    }
    return node.reshape(cache, {s[0], s[1], sizes.constant(1), s[2]});
  };
  cosine = angles(cosine);
  sine = angles(sine);
  Value first = sliceLast(node, input, 0, half, interleaved ? 2 : 1);
  Value second = sliceLast(node, input, interleaved ? 1 : half, half, interleaved ? 2 : 1);
  auto mul = [&](Value a, Value b) { return node.make<MulOp>({a, b}); };
  Value real = node.make<SubOp>({mul(cosine, first), mul(sine, second)});
  Value imaginary = node.make<AddOp>({mul(sine, first), mul(cosine, second)});
  if (node.hasFailed())
    return failure();
  Value result;
  if (interleaved) {
    Sizes s = node.sizesOf(real), pair = s;
    pair.push_back(sizes.constant(1));
    Value joined = node.make<ConcatOp>({node.reshape(real, pair), node.reshape(imaginary, pair)},
                                       node.attr("axis", int64_t(4)));
    s.back() = sizes.constant(rotated);
    result = node.reshape(joined, s);
  } else {
    result = node.make<ConcatOp>({real, imaginary}, node.attr("axis", int64_t(3)));
  }
  if (rotated < *dim)
    result = node.make<ConcatOp>({result, sliceLast(node, input, rotated, *dim - rotated, 1)},
                                 node.attr("axis", int64_t(3)));
  result = flat ? node.reshape(result, original)
                : node.make<TransposeOp>(result, node.attr("perm", ArrayRef<int64_t>({0, 2, 1, 3})));
  return node.yield(result);
}

void tenon::importer::registerAttention(Registry &registry) {
  registry.add("Attention", 23, 3, 7, importAttention);
  registry.add("RotaryEmbedding", 23, 3, 4, importRotaryEmbedding);
}
