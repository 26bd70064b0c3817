//===- Shape.cpp - ONNX ops that move elements, constants and sizes -----------------------------===//

#include "NodeReader.h"

#include "tenon/Support/HostTensor.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

/// Constants that the importer computes itself are no larger than this.
static constexpr int64_t kMaxComputedElements = int64_t(1) << 24;

/// Longer lists of numbers stay ops.
static constexpr size_t kMaxListedElements = 64;

//===----------------------------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------------------------===//

template <typename T>
static ElementsAttr listAttr(ArrayRef<int64_t> shape, Type element, ArrayRef<T> values) {
  return HostTensor::of<T>(RankedTensorType::get(shape, element), values).toElementsAttr("constant");
}

static LogicalResult importConstant(NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  ElementsAttr value;
  for (StringRef name : {"value", "sparse_value"})
    if (node.hasAttribute(name))
      return node.yield(node.tensorValue(name));
  if (std::optional<float> number = node.real("value_float"))
    value = listAttr<float>({}, builder.getF32Type(), *number);
  if (std::optional<int64_t> number = node.integer("value_int"))
    value = listAttr<int64_t>({}, builder.getI64Type(), *number);
  if (auto numbers = node.reals("value_floats"))
    value = listAttr<float>(numbers->size(), builder.getF32Type(), *numbers);
  if (auto numbers = node.integers("value_ints"))
    value = listAttr<int64_t>(numbers->size(), builder.getI64Type(), *numbers);
  if (node.hasAttribute("value_string") || node.hasAttribute("value_strings"))
    return node.error("strings are not supported");
  if (!value)
    return node.hasFailed() ? failure() : node.error("expects a value");
  return node.yield(node.constant(value));
}

/// A splat if the sizes are known, else the expansion of a scalar.
static LogicalResult importConstantOfShape(NodeReader &node) {
  Type f32 = node.getBuilder().getF32Type();
  ElementsAttr value = node.hasAttribute("value") ? node.tensor("value") : listAttr<float>({}, f32, 0.0f);
  if (!value)
    return failure();
  if (value.getNumElements() != 1)
    return node.error("expects a value of one element, but got " + Twine(value.getNumElements()));
  Attribute element = *value.value_begin<Attribute>();
  std::optional<SmallVector<int64_t>> shape = node.constantInts(node.input(0));
  if (!shape) {
    Value scalar =
        node.constant(DenseElementsAttr::get(RankedTensorType::get({}, value.getElementType()), element));
    return node.yield(node.make<DynamicExpandOp>({scalar, node.input(0)}));
  }
  int64_t elements = 1;
  for (int64_t size : *shape)
    if (size < 0 || llvm::MulOverflow(elements, std::max<int64_t>(size, 1), elements))
      return node.error("expects sizes that are not negative and whose product does not overflow");
  return node.yield(
      node.constant(DenseElementsAttr::get(RankedTensorType::get(*shape, value.getElementType()), element)));
}

static LogicalResult importEyeLike(NodeReader &node) {
  RankedTensorType like = node.type(node.input(0));
  std::optional<int64_t> dtype = node.integer("dtype");
  Type element = dtype ? node.elementType(*dtype) : like.getElementType();
  int64_t diagonal = node.integer("k", 0);
  if (!element)
    return failure();
  if (like.getRank() != 2 || !like.hasStaticShape() || like.getNumElements() > kMaxComputedElements)
    return node.error("expects a matrix of known sizes and moderate size");
  HostTensor eye = HostTensor::zeros(like.clone(element));
  dispatchElementType(element, [&](auto tag) {
    using T = typename decltype(tag)::type;
    MutableArrayRef<T> elements = eye.getMutable<T>();
    for (int64_t row = 0; row < like.getDimSize(0); ++row) {
      // The diagonal may be any number: compare before adding.
      if (diagonal < -row || diagonal >= like.getDimSize(1) - row)
        continue;
      elements[row * like.getDimSize(1) + row + diagonal] = static_cast<T>(1.0);
    }
  });
  return node.yield(node.constant(eye.toElementsAttr("eye")));
}

static LogicalResult importRange(NodeReader &node) {
  // Axes are sometimes made this way, and must be known.
  std::optional<SmallVector<int64_t>> start = node.constantInts(node.input(0)),
                                      limit = node.constantInts(node.input(1)),
                                      delta = node.constantInts(node.input(2));
  bool isIndex = node.element(node.input(0)).isInteger(64);
  if (isIndex && start && limit && delta && start->size() == 1 && limit->size() == 1 && delta->size() == 1 &&
      delta->front() != 0) {
    SmallVector<int64_t> values;
    int64_t step = delta->front();
    for (int64_t at = start->front(); step > 0 ? at < limit->front() : at > limit->front();) {
      values.push_back(at);
      if (values.size() > kMaxListedElements || llvm::AddOverflow(at, step, at))
        break;
    }
    if (values.size() <= kMaxListedElements)
      return node.yield(node.vector(values));
  }
  return node.yield(node.make<RangeOp>({node.input(0), node.input(1), node.input(2)}));
}

//===----------------------------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------------------------===//

static LogicalResult importShape(NodeReader &node) {
  int64_t rank = node.rank(node.input(0));
  auto bound = [&](StringRef name, int64_t otherwise) {
    int64_t value = node.integer(name, otherwise);
    return std::clamp<int64_t>(value < 0 ? value + rank : value, 0, rank);
  };
  int64_t start = bound("start", 0), end = bound("end", rank), count = std::max<int64_t>(end - start, 0);
  Value shape = node.make<ShapeOfOp>(node.input(0));
  if (count == rank)
    return node.yield(shape);
  auto type = RankedTensorType::get(count, node.getBuilder().getI64Type());
  NamedAttribute attributes[] = {node.attr("starts", ArrayRef<int64_t>(count ? start : 0)),
                                 node.attr("steps", ArrayRef<int64_t>(1))};
  return node.yield(node.makeAs<SliceOp>(type, shape, attributes));
}

static LogicalResult importSize(NodeReader &node) {
  NamedAttribute attributes[] = {node.attr("kind", ReduceKindAttr::get(node.getContext(), ReduceKind::prod)),
                                 node.attr("axes", ArrayRef<int64_t>(0))};
  return node.yield(node.make<ReduceOp>(node.make<ShapeOfOp>(node.input(0)), attributes));
}

//===----------------------------------------------------------------------------------------===//
// Other shapes for the same elements
//===----------------------------------------------------------------------------------------===//

static LogicalResult importReshape(NodeReader &node) {
  SmallVector<NamedAttribute> attributes;
  if (node.integer("allowzero", 0))
    attributes.push_back(node.flag("allow_zero"));
  return node.yield(node.make<DynamicReshapeOp>({node.input(0), node.input(1)}, attributes));
}

static LogicalResult importFlatten(NodeReader &node) {
  Value input = node.input(0);
  int64_t rank = node.rank(input), axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank)
    return node.error("expects an axis in [" + Twine(-rank) + ", " + Twine(rank) + "], but got " +
                      Twine(axis));
  Sizes sizes = node.sizesOf(input);
  size_t split = axis < 0 ? axis + rank : axis;
  return node.yield(node.reshape(input, {node.getSizes().product(ArrayRef(sizes).take_front(split)),
                                         node.getSizes().product(ArrayRef(sizes).drop_front(split))}));
}

/// The axes of Squeeze and Unsqueeze: an attribute before opset 13, an input from there on.
static std::optional<SmallVector<int64_t>> axesOf(NodeReader &node) {
  if (node.getOpset() < 13)
    return node.integers("axes");
  if (!node.hasInput(1))
    return std::nullopt;
  return node.requireConstantInts(1, "axes");
}

/// The declared type of the result, if it says all and the axes, which nobody knows yet, would say no more.
static RankedTensorType declaredTarget(NodeReader &node) {
  RankedTensorType declared = node.declaredType(0);
  bool unknownAxes = node.getOpset() >= 13 && node.hasInput(1) && !node.constantInts(node.input(1));
  return unknownAxes && declared && declared.hasStaticShape() ? declared : RankedTensorType();
}

static LogicalResult importSqueeze(NodeReader &node) {
  Value input = node.input(0);
  if (RankedTensorType target = declaredTarget(node))
    return node.yield(node.makeAs<ReshapeOp>(target, input));
  Sizes sizes = node.sizesOf(input), result;
  std::optional<SmallVector<int64_t>> axes = axesOf(node);
  SmallVector<int64_t> squeezed;
  if (axes) {
    squeezed = node.normalizeAxes(*axes, sizes.size());
  } else {
    for (auto [i, size] : llvm::enumerate(sizes)) {
      if (!SymbolicSizes::constantValue(size))
        return node.error("expects axes, or an input of known sizes");
      if (SymbolicSizes::constantValue(size) == 1)
        squeezed.push_back(i);
    }
  }
  for (auto [i, size] : llvm::enumerate(sizes)) {
    bool drop = llvm::is_contained(squeezed, i);
    std::optional<int64_t> value = SymbolicSizes::constantValue(size);
    if (drop && value && *value != 1 && !node.hasFailed())
      return node.error("expects size 1 to squeeze, but dimension " + Twine(i) + " has " + Twine(*value));
    if (!drop)
      result.push_back(size);
  }
  return node.yield(node.reshape(input, result));
}

static LogicalResult importUnsqueeze(NodeReader &node) {
  Value input = node.input(0);
  if (RankedTensorType target = declaredTarget(node))
    return node.yield(node.makeAs<ReshapeOp>(target, input));
  std::optional<SmallVector<int64_t>> axes = axesOf(node);
  if (!axes)
    return node.error("expects axes");
  Sizes sizes = node.sizesOf(input);
  for (int64_t axis : node.normalizeAxes(*axes, sizes.size() + axes->size())) {
    if (node.hasFailed())
      return failure();
    sizes.insert(sizes.begin() + axis, node.getSizes().constant(1));
  }
  return node.yield(node.reshape(input, sizes));
}

static LogicalResult importTranspose(NodeReader &node) {
  Value input = node.input(0);
  SmallVector<int64_t> reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, node.rank(input))));
  SmallVector<int64_t> perm = node.integers("perm").value_or(reversed);
  return node.yield(node.make<TransposeOp>(input, node.attr("perm", perm)));
}

/// `input` under the sizes `split`, its dimensions then permuted, then joined to the sizes `joined`.
static Value rearrange(NodeReader &node, Value input, ArrayRef<AffineExpr> split, ArrayRef<int64_t> perm,
                       ArrayRef<AffineExpr> joined) {
  Value result = node.reshape(input, split);
  result = node.make<TransposeOp>(result, node.attr("perm", perm));
  return node.reshape(result, joined);
}

static LogicalResult importDepthToSpace(NodeReader &node) {
  Value input = node.input(0);
  int64_t block = node.integer("blocksize", 0);
  std::string mode = node.text("mode", "DCR");
  Sizes s = node.sizesOf(input);
  std::optional<int64_t> channels = s.size() == 4 ? SymbolicSizes::constantValue(s[1]) : std::nullopt;
  if (block <= 0 || block > (1 << 15) || !channels || *channels % (block * block) != 0)
    return node.error("expects rank 4, and channels that blocksize squared divides");
  AffineExpr b = node.getSizes().constant(block),
             depth = node.getSizes().constant(*channels / (block * block));
  Sizes joined = {s[0], depth, s[2] ? s[2] * block : s[2], s[3] ? s[3] * block : s[3]};
  if (mode == "DCR")
    return node.yield(rearrange(node, input, {s[0], b, b, depth, s[2], s[3]}, {0, 3, 4, 1, 5, 2}, joined));
  if (mode == "CRD")
    return node.yield(rearrange(node, input, {s[0], depth, b, b, s[2], s[3]}, {0, 1, 4, 2, 5, 3}, joined));
  return node.error("expects mode DCR or CRD, but got '" + Twine(mode) + "'");
}

static LogicalResult importSpaceToDepth(NodeReader &node) {
  Value input = node.input(0);
  int64_t block = node.integer("blocksize", 0);
  std::string mode = node.text("mode", "DCR");
  Sizes s = node.sizesOf(input);
  if (block <= 0 || block > (1 << 15) || s.size() != 4 || llvm::is_contained(s, AffineExpr()))
    return node.error("expects rank 4 and a positive blocksize");
  for (AffineExpr size : {s[2], s[3]})
    if (std::optional<int64_t> value = SymbolicSizes::constantValue(size); value && *value % block != 0)
      return node.error("expects a blocksize that divides " + Twine(*value) + ", but got " + Twine(block));
  if (mode != "DCR" && mode != "CRD")
    return node.error("expects mode DCR or CRD, but got '" + Twine(mode) + "'");
  AffineExpr b = node.getSizes().constant(block), h = s[2].floorDiv(block), w = s[3].floorDiv(block);
  SmallVector<int64_t> perm =
      mode == "DCR" ? SmallVector<int64_t>{0, 3, 5, 1, 2, 4} : SmallVector<int64_t>{0, 1, 3, 5, 2, 4};
  return node.yield(
      rearrange(node, input, {s[0], s[1], h, b, w, b}, perm, {s[0], s[1] * (block * block), h, w}));
}

//===----------------------------------------------------------------------------------------===//
// Parts and repetitions
//===----------------------------------------------------------------------------------------===//

static LogicalResult importConcat(NodeReader &node) {
  std::optional<int64_t> axis = node.integer("axis");
  if (!axis)
    return node.error("expects attribute 'axis'");
  int64_t normalized = node.normalizeAxis(*axis, node.rank(node.input(0)));
  return node.yield(node.make<ConcatOp>(node.getInputs(), node.attr("axis", normalized)));
}

/// The sizes to split into: constants, or those that the outputs are declared with.
static SmallVector<int64_t> declaredParts(NodeReader &node, int64_t axis) {
  SmallVector<int64_t> parts;
  for (unsigned i = 0; i < node.getNumOutputs() && !node.constantInts(node.input(1)); ++i) {
    RankedTensorType declared = node.declaredType(i);
    if (!declared || declared.getRank() <= axis || declared.isDynamicDim(axis))
      return node.requireConstantInts(1, "sizes to split into");
    parts.push_back(declared.getDimSize(axis));
  }
  return parts.empty() ? node.requireConstantInts(1, "sizes to split into") : parts;
}

static LogicalResult importSplit(NodeReader &node) {
  Value input = node.input(0);
  Sizes sizes = node.sizesOf(input);
  int64_t rank = sizes.size(), axis = node.axis(0, rank), outputs = node.getNumOutputs();
  if (node.hasFailed())
    return failure();
  std::optional<int64_t> size = SymbolicSizes::constantValue(sizes[axis]);
  std::optional<SmallVector<int64_t>> parts;
  if (node.getOpset() < 13)
    parts = node.integers("split");
  else if (node.hasInput(1))
    parts = declaredParts(node, axis);
  int64_t count = node.integer("num_outputs", outputs);
  if (count != outputs)
    return node.error("expects " + Twine(count) + " outputs, but got " + Twine(outputs));
  if (!size)
    return node.error("expects a dimension of known size to split");
  if (!parts) {
    // Equal parts; the last one may be smaller, but not before opset 18.
    int64_t part = llvm::divideCeil(*size, outputs);
    if (node.getOpset() < 18 && *size % outputs != 0)
      return node.error("expects a size that " + Twine(outputs) + " outputs divide, but got " + Twine(*size));
    parts.emplace();
    for (int64_t i = 0; i < outputs; ++i)
      parts->push_back(std::clamp<int64_t>(*size - i * part, 0, part));
  }
  int64_t sum = 0;
  for (int64_t part : *parts)
    sum = part < 0 || part > *size ? -1 : sum + part;
  if (sum != *size || static_cast<int64_t>(parts->size()) != outputs)
    return node.error("expects " + Twine(outputs) + " parts that add up to " + Twine(*size));
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1);
  SmallVector<Value> results;
  for (int64_t part : *parts) {
    sizes[axis] = node.getSizes().constant(part);
    NamedAttribute attributes[] = {node.attr("starts", starts), node.attr("steps", steps)};
    results.push_back(
        node.makeAs<SliceOp>(node.getSizes().tensor(sizes, node.element(input)), input, attributes));
    starts[axis] += part;
  }
  return node.yield(results);
}

/// The bounds are attributes before opset 10.
static LogicalResult importSliceAttributes(NodeReader &node) {
  std::optional<SmallVector<int64_t>> starts = node.integers("starts"), ends = node.integers("ends");
  std::optional<SmallVector<int64_t>> axes = node.integers("axes");
  if (!starts || !ends)
    return node.error("expects attributes 'starts' and 'ends'");
  return node.yield(node.make<DynamicSliceOp>({node.input(0), node.vector(*starts), node.vector(*ends),
                                               axes ? node.vector(*axes) : Value(), Value()}));
}

static LogicalResult importSlice(NodeReader &node) {
  return node.yield(
      node.make<DynamicSliceOp>({node.input(0), node.input(1), node.input(2), node.input(3), node.input(4)}));
}

static LogicalResult importExpand(NodeReader &node) {
  return node.yield(node.make<DynamicExpandOp>({node.input(0), node.input(1)}));
}

static LogicalResult importTile(NodeReader &node) {
  return node.yield(node.make<DynamicTileOp>({node.input(0), node.input(1)}));
}

static LogicalResult importPad(NodeReader &node) {
  std::string text = node.text("mode", "constant");
  std::optional<PadMode> mode = symbolizePadMode(text);
  if (!mode)
    return node.error("expects mode constant, reflect, edge or wrap, but got '" + Twine(text) + "'");
  NamedAttribute modeAttr = node.attr("mode", PadModeAttr::get(node.getContext(), *mode));
  Value input = node.input(0);
  if (node.getOpset() < 11) {
    std::optional<SmallVector<int64_t>> pads = node.integers("pads");
    size_t rank = node.rank(input);
    float value = node.real("value", 0.0f);
    if (!pads || pads->size() != 2 * rank)
      return node.error("expects " + Twine(2 * rank) + " pads");
    NamedAttribute attributes[] = {modeAttr, node.attr("low", ArrayRef(*pads).take_front(rank)),
                                   node.attr("high", ArrayRef(*pads).drop_front(rank))};
    bool hasValue = *mode == PadMode::constant && value != 0.0f;
    return node.yield(
        node.make<PadOp>({input, hasValue ? node.scalar(value, node.element(input)) : Value()}, attributes));
  }
  // A value given beside another mode has no meaning.
  Value value = *mode == PadMode::constant ? node.input(2) : Value();
  if (value)
    value = node.reshape(value, {});
  return node.yield(node.make<DynamicPadOp>({input, node.input(1), value, node.input(3)}, modeAttr));
}

/// The numbers 0 to size - 1 along `axis` of a tensor of this rank, other sizes 1.
static Value positions(NodeReader &node, AffineExpr size, int64_t axis, int64_t rank) {
  std::optional<int64_t> count = SymbolicSizes::constantValue(size);
  if (!count || *count > kMaxComputedElements) {
    (void)node.error("expects a matrix of known sizes");
    return {};
  }
  Sizes sizes(rank, node.getSizes().constant(1));
  sizes[axis] = size;
  return node.reshape(node.vector(llvm::to_vector(llvm::seq<int64_t>(0, *count))), sizes);
}

static LogicalResult importTrilu(NodeReader &node) {
  Value input = node.input(0);
  bool upper = node.integer("upper", 1) != 0;
  std::optional<SmallVector<int64_t>> k =
      node.hasInput(1) ? node.constantInts(node.input(1)) : std::optional(SmallVector<int64_t>{0});
  if (k && k->size() == 1) {
    SmallVector<NamedAttribute> attributes = {node.attr("diagonal", k->front())};
    if (upper)
      attributes.push_back(node.flag("upper"));
    return node.yield(node.make<TriluOp>(input, attributes));
  }
  Sizes sizes = node.sizesOf(input);
  if (sizes.size() < 2)
    return node.error("expects rank 2 or more, but got " + Twine(sizes.size()));
  Value offset =
      node.make<SubOp>({positions(node, sizes.back(), 1, 2), positions(node, sizes[sizes.size() - 2], 0, 2)});
  auto predicate = ComparisonAttr::get(node.getContext(), upper ? Comparison::ge : Comparison::le);
  Value diagonal = node.reshape(node.input(1), {});
  Value kept = node.make<CompareOp>({offset, diagonal}, node.attr("predicate", predicate));
  return node.yield(node.make<SelectOp>({kept, input, node.scalar(0, node.element(input))}));
}

static LogicalResult importReverseSequence(NodeReader &node) {
  NamedAttribute attributes[] = {node.attr("batch_axis", node.integer("batch_axis", 1)),
                                 node.attr("time_axis", node.integer("time_axis", 0))};
  return node.yield(node.make<ReverseSequenceOp>({node.input(0), node.input(1)}, attributes));
}

void tenon::importer::registerShape(Registry &registry) {
  registry.add("Constant", 1, 0, 0, importConstant);
  registry.add("ConstantOfShape", 9, 1, 1, importConstantOfShape);
  registry.add("EyeLike", 9, 1, 1, importEyeLike);
  registry.add("Range", 11, 3, 3, importRange);
  registry.add("Shape", 1, 1, 1, importShape);
  registry.add("Size", 1, 1, 1, importSize);
  registry.add("Reshape", 5, 2, 2, importReshape);
  registry.add("Flatten", 1, 1, 1, importFlatten);
  registry.add("Squeeze", 1, 1, 1, importSqueeze);
  registry.add("Squeeze", 13, 1, 2, importSqueeze);
  registry.add("Unsqueeze", 1, 1, 1, importUnsqueeze);
  registry.add("Unsqueeze", 13, 2, 2, importUnsqueeze);
  registry.add("Transpose", 1, 1, 1, importTranspose);
  registry.add("DepthToSpace", 1, 1, 1, importDepthToSpace);
  registry.add("SpaceToDepth", 1, 1, 1, importSpaceToDepth);
  registry.add("Concat", 4, 1, kAnyNumber, importConcat);
  registry.add("Split", 2, 1, 1, importSplit);
  registry.add("Split", 13, 1, 2, importSplit);
  registry.add("Slice", 1, 1, 1, importSliceAttributes);
  registry.add("Slice", 10, 3, 5, importSlice);
  registry.add("Expand", 8, 2, 2, importExpand);
  registry.add("Tile", 6, 2, 2, importTile);
  registry.add("Pad", 2, 1, 1, importPad);
  registry.add("Pad", 11, 2, 3, importPad);
  registry.add("Pad", 18, 2, 4, importPad);
  registry.add("Trilu", 14, 1, 2, importTrilu);
  registry.add("ReverseSequence", 10, 2, 2, importReverseSequence);
}
