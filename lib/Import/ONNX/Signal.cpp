//===- Signal.cpp - ONNX Fourier transforms -----------------------------------------------------===//
//
// A transform of known length is a product with a matrix: real and imaginary parts stand side by side, in the
// input [..., n * parts] as in the result [..., m * 2]. For the lengths of audio frames the matrix is small
// and the product is among the fastest ops there are.
//
//===----------------------------------------------------------------------------------------===//

#include "NodeReader.h"

#include "tenon/Support/HostTensor.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

/// A matrix of a longer transform would be too large to keep.
static constexpr int64_t kMaxLength = 4096;

namespace {
struct Transform {
  /// How long the whole transform is, the numbers of it that are given, and those of the result that are
  /// kept.
  int64_t length, given, kept;
  /// 1 for real numbers, 2 for complex ones.
  int64_t parts, resultParts;
  bool inverse;

  /// How often the given number `j` counts: of half a spectrum the numbers between the ends stand for two.
  double multiplicity(int64_t j) const { return given < length && j != 0 && 2 * j != length ? 2 : 1; }
};
} // namespace

/// The matrix of the transform, `[given * parts, kept * resultParts]`.
static Value transformMatrix(NodeReader &node, const Transform &t, Type element) {
  int64_t columns = t.kept * t.resultParts;
  SmallVector<double> entries;
  for (int64_t j = 0; j < t.given; ++j)
    for (int64_t part = 0; part < t.parts; ++part)
      for (int64_t column = 0; column < columns; ++column) {
        int64_t k = column / t.resultParts, resultPart = column % t.resultParts;
        // Reduced as integers: large angles would lose digits.
        double angle = 2 * M_PI * static_cast<double>(j * k % t.length) / static_cast<double>(t.length);
        double cosine = std::cos(angle), sine = t.inverse ? std::sin(angle) : -std::sin(angle);
        double entry = part == resultPart ? cosine : part == 0 ? sine : -sine;
        entries.push_back(t.inverse ? entry * t.multiplicity(j) / static_cast<double>(t.length) : entry);
      }
  HostTensor matrix = HostTensor::zeros(RankedTensorType::get({t.given * t.parts, columns}, element));
  dispatchElementType(element, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (auto [target, entry] : llvm::zip_equal(matrix.getMutable<T>(), entries))
      target = static_cast<T>(entry);
  });
  return node.constant(matrix.toElementsAttr("fourier"));
}

/// Transforms `[..., given, parts]`.
static Value transform(NodeReader &node, Value input, const Transform &t) {
  Sizes sizes = node.sizesOf(input);
  sizes.pop_back();
  sizes.back() = node.getSizes().constant(t.given * t.parts);
  Value product =
      node.make<MatmulOp>({node.reshape(input, sizes), transformMatrix(node, t, node.element(input))});
  sizes.back() = node.getSizes().constant(t.kept);
  sizes.push_back(node.getSizes().constant(t.resultParts));
  return node.reshape(product, sizes);
}

/// `input` with the first `length` elements along `axis`, zeros at the end if there are fewer.
static Value resizeTo(NodeReader &node, Value input, int64_t axis, int64_t size, int64_t length) {
  Sizes sizes = node.sizesOf(input);
  SmallVector<int64_t> zeros(sizes.size(), 0), steps(sizes.size(), 1), high(sizes.size(), 0);
  sizes[axis] = node.getSizes().constant(length);
  if (length < size) {
    NamedAttribute attributes[] = {node.attr("starts", zeros), node.attr("steps", steps)};
    return node.makeAs<SliceOp>(node.getSizes().tensor(sizes, node.element(input)), input, attributes);
  }
  high[axis] = length - size;
  NamedAttribute attributes[] = {node.attr("low", zeros), node.attr("high", high),
                                 node.attr("mode", PadModeAttr::get(node.getContext(), PadMode::constant))};
  return length == size ? input : node.make<PadOp>(input, attributes);
}

static Value swapDims(NodeReader &node, Value value, int64_t a, int64_t b) {
  if (a == b)
    return value;
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, node.rank(value)));
  std::swap(perm[a], perm[b]);
  return node.make<TransposeOp>(value, node.attr("perm", perm));
}

/// The single number in input `i`, or `otherwise` if it is not given.
static int64_t numberIn(NodeReader &node, unsigned i, int64_t otherwise, StringRef what) {
  if (!node.hasInput(i))
    return otherwise;
  SmallVector<int64_t> numbers = node.requireConstantInts(i, what);
  if (!node.hasFailed() && numbers.size() != 1)
    (void)node.error("expects " + what + " of one element, but got " + Twine(numbers.size()));
  return node.hasFailed() ? otherwise : numbers.front();
}

static LogicalResult checkLength(NodeReader &node, int64_t length) {
  if (length >= 1 && length <= kMaxLength)
    return success();
  return node.error("expects a length from 1 to " + Twine(kMaxLength) + ", but got " + Twine(length));
}

/// How many parts the numbers of `[..., n, parts]` have; 0 after reporting.
static int64_t countParts(NodeReader &node, Value input) {
  int64_t rank = node.rank(input), parts = rank < 2 ? 0 : node.type(input).getDimSize(rank - 1);
  if ((parts == 1 || parts == 2) && isa<FloatType>(node.element(input)))
    return parts;
  (void)node.error("expects floating point numbers with a last dimension of 1 or 2 parts");
  return 0;
}

static LogicalResult importDft(NodeReader &node) {
  Value input = node.input(0);
  int64_t rank = node.rank(input), parts = countParts(node, input);
  bool inverse = node.integer("inverse", 0) != 0, oneSided = node.integer("onesided", 0) != 0;
  int64_t axis = node.getOpset() < 20 ? node.integer("axis", 1) : numberIn(node, 2, -2, "an axis");
  axis = node.normalizeAxis(axis, rank);
  if (node.hasFailed() || axis == rank - 1)
    return node.hasFailed() ? failure() : node.error("expects an axis other than the last");
  std::optional<int64_t> size = SymbolicSizes::constantValue(node.sizesOf(input)[axis]);
  if (!size)
    return node.error("expects a known size along the axis");
  if (inverse && oneSided && parts != 2)
    return node.error("expects complex numbers to make real ones of");
  int64_t length = numberIn(node, 1, inverse && oneSided ? 2 * (*size - 1) : *size, "a length");
  if (node.hasFailed() || failed(checkLength(node, length)))
    return failure();
  int64_t half = oneSided ? length / 2 + 1 : length;
  Transform whole = {length, length, half, parts, 2, inverse};
  if (inverse && oneSided)
    whole = {length, half, length, parts, 1, inverse};
  Value numbers = swapDims(node, resizeTo(node, input, axis, *size, whole.given), axis, rank - 2);
  Value result = transform(node, numbers, whole);
  return node.yield(swapDims(node, result, axis, rank - 2));
}

static LogicalResult importStft(NodeReader &node) {
  Value signal = node.input(0), window = node.input(2);
  int64_t parts = countParts(node, signal);
  if (parts == 0 || node.rank(signal) != 3)
    return node.hasFailed() ? failure()
                            : node.error("expects a signal of rank 3, but got " + Twine(node.rank(signal)));
  std::optional<int64_t> size = SymbolicSizes::constantValue(node.sizesOf(signal)[1]);
  std::optional<int64_t> windowSize = window ? node.type(window).getDimSize(0) : std::optional<int64_t>();
  if (!size || (windowSize && ShapedType::isDynamic(*windowSize)))
    return node.error("expects a signal and a window of known sizes");
  int64_t step = numberIn(node, 1, 1, "a frame step"),
          length = numberIn(node, 3, windowSize.value_or(*size), "a frame length");
  if (node.hasFailed() || failed(checkLength(node, length)))
    return failure();
  if (step < 1 || length > *size)
    return node.error("expects a step of 1 or more and frames no longer than the signal, but got " +
                      Twine(step) + " and " + Twine(length));
  bool oneSided = node.integer("onesided", 1) != 0 && parts == 1;
  int64_t frames = (*size - length) / step + 1;
  SmallVector<int64_t> places;
  for (int64_t frame = 0; frame < frames; ++frame)
    for (int64_t i = 0; i < length; ++i)
      places.push_back(frame * step + i);
  auto type = RankedTensorType::get({frames, length}, node.getBuilder().getI64Type());
  Value indices = node.constant(HostTensor::of<int64_t>(type, places).toElementsAttr("frames"));
  Value cut = node.make<GatherOp>({signal, indices}, node.attr("axis", 1));
  if (window)
    cut = node.make<MulOp>(
        {cut, node.reshape(window, {node.getSizes().constant(length), node.getSizes().constant(1)})});
  int64_t kept = oneSided ? length / 2 + 1 : length;
  return node.yield(transform(node, cut, {length, length, kept, parts, 2, /*inverse=*/false}));
}

void tenon::importer::registerSignal(Registry &registry) {
  registry.add("DFT", 17, 1, 2, importDft);
  registry.add("DFT", 20, 1, 3, importDft);
  registry.add("STFT", 17, 2, 4, importStft);
}
