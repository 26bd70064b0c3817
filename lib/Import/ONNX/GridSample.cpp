//===- GridSample.cpp - ONNX GridSample: elements between elements, at places given by a grid ---===//
//
// A place is turned into taps along each dimension, an index and a weight each; the result sums what stands
// at all combinations of taps, times their weights.
//
//   x [N, C, D...] ─→ [N, C, S]      grid [N, P..., d] ─→ d coordinates [N, 1, P] ─→ taps ─→ index into S,
//   weight
//
//===----------------------------------------------------------------------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

namespace {

enum class Mode { nearest, linear, cubic };
enum class Padding { zeros, border, reflection };

/// An index along a dimension, in the grid's type, and how much the element there counts.
struct Tap {
  Value index, weight;
};

class Sampler {
public:
  explicit Sampler(NodeReader &node) : node(node) {}

  Value sample();

private:
  LogicalResult readAttributes();
  LogicalResult readSizes();
  Value number(double value) { return node.scalar(value, element); }
  Value add(Value a, Value b) { return node.make<AddOp>({a, b}); }
  Value sub(Value a, Value b) { return node.make<SubOp>({a, b}); }
  Value mul(Value a, Value b) { return node.make<MulOp>({a, b}); }
  Value clamp(Value a, double low, double high) {
    return node.make<MinOp>({node.make<MaxOp>({a, number(low)}), number(high)});
  }
  /// Whether `a` compares to a number as said.
  Value test(Comparison predicate, Value a, double bound) {
    return node.make<CompareOp>({a, number(bound)},
                                node.attr("predicate", ComparisonAttr::get(node.getContext(), predicate)));
  }

  Value coordinate(int64_t dim);
  Value reflect(Value place, int64_t length);
  Value cubicWeight(Value distance, bool isNear);
  SmallVector<Tap> taps(int64_t dim);
  Tap settle(Tap tap, int64_t length);
  void addCombinations(ArrayRef<SmallVector<Tap>> taps, Value index, Value weight, Value &sum);

  NodeReader &node;
  Mode mode;
  Padding padding;
  bool alignCorners;
  /// The grid's; places are computed in it.
  Type element;
  /// The sizes of the dimensions that are sampled.
  SmallVector<int64_t> lengths;
  AffineExpr batch, channels, count;
  Sizes places;
  /// The data as [N, C, S].
  Value data;
};

} // namespace

LogicalResult Sampler::readAttributes() {
  std::string modeName = node.text("mode", node.getOpset() < 20 ? "bilinear" : "linear"),
              paddingName = node.text("padding_mode", "zeros");
  alignCorners = node.integer("align_corners", 0) != 0;
  // "linear" and "cubic" were called "bilinear" and "bicubic" before opset 20.
  StringRef name = modeName;
  name.consume_front("bi");
  if (name != "nearest" && name != "linear" && name != "cubic")
    return node.error("expects a mode of nearest, linear or cubic, but got '" + modeName + "'");
  mode = name == "nearest" ? Mode::nearest : name == "linear" ? Mode::linear : Mode::cubic;
  if (paddingName != "zeros" && paddingName != "border" && paddingName != "reflection")
    return node.error("expects a padding mode of zeros, border or reflection, but got '" + paddingName + "'");
  padding = paddingName == "zeros"    ? Padding::zeros
            : paddingName == "border" ? Padding::border
                                      : Padding::reflection;
  return success();
}

LogicalResult Sampler::readSizes() {
  Value input = node.input(0), grid = node.input(1);
  int64_t rank = node.rank(input);
  if (rank < 3 || node.rank(grid) != rank)
    return node.error("expects data and grid of one rank, 3 or more, but got ranks " + Twine(rank) + " and " +
                      Twine(node.rank(grid)));
  Sizes sizes = node.sizesOf(input);
  places = node.sizesOf(grid);
  std::optional<int64_t> last = places.back() ? SymbolicSizes::constantValue(places.back()) : std::nullopt;
  if (last != rank - 2)
    return node.error("expects a grid of " + Twine(rank - 2) + " coordinates each");
  places.pop_back();
  batch = sizes[0];
  channels = sizes[1];
  for (AffineExpr size : ArrayRef(sizes).drop_front(2)) {
    std::optional<int64_t> length = size ? SymbolicSizes::constantValue(size) : std::nullopt;
    if (!length || *length < 1)
      return node.error("expects data of known sizes, 1 or more, in the dimensions that are sampled");
    lengths.push_back(*length);
  }
  count = node.getSizes().product(ArrayRef(places).drop_front());
  if (!batch || !channels || !count)
    return node.error("expects data and grid of known sizes");
  element = node.element(grid);
  data = node.reshape(input, {batch, channels, node.getSizes().constant(llvm::product_of(lengths))});
  return success();
}

/// The place along dimension `dim` in elements. The grid has it in [-1, 1], the last dimension first.
Value Sampler::coordinate(int64_t dim) {
  Value grid = node.input(1);
  Sizes sizes = node.sizesOf(grid);
  SmallVector<int64_t> starts(sizes.size(), 0), steps(sizes.size(), 1);
  starts.back() = static_cast<int64_t>(lengths.size()) - 1 - dim;
  sizes.back() = node.getSizes().constant(1);
  NamedAttribute attributes[] = {node.attr("starts", starts), node.attr("steps", steps)};
  Value place = node.makeAs<SliceOp>(node.getSizes().tensor(sizes, element), grid, attributes);
  place = node.reshape(place, {batch, node.getSizes().constant(1), count});
  double length = static_cast<double>(lengths[dim]);
  if (alignCorners)
    return mul(add(place, number(1)), number((length - 1) / 2));
  return mul(sub(mul(add(place, number(1)), number(length)), number(1)), number(0.5));
}

/// A place outside as one inside, mirrored at the borders as often as it takes: a triangle wave.
Value Sampler::reflect(Value place, int64_t length) {
  double low = alignCorners ? 0 : -0.5, range = static_cast<double>(alignCorners ? length - 1 : length);
  if (range == 0)
    return mul(place, number(0));
  Value distance = node.make<AbsOp>(sub(place, number(low)));
  distance = node.make<ModOp>({distance, number(2 * range)}, node.flag("truncated"));
  Value back = node.make<AbsOp>(sub(distance, number(range)));
  return sub(number(low + range), back);
}

/// Keys' kernel with a = -0.75, for distances up to 1 (near) and from 1 to 2.
Value Sampler::cubicWeight(Value t, bool isNear) {
  constexpr double a = -0.75;
  auto polynomial = [&](double c3, double c2, double c1, double c0) {
    Value sum = add(mul(number(c3), t), number(c2));
    sum = add(mul(sum, t), number(c1));
    return add(mul(sum, t), number(c0));
  };
  return isNear ? polynomial(a + 2, -(a + 3), 0, 1) : polynomial(a, -5 * a, 8 * a, -4 * a);
}

/// The tap with its index inside of the dimension; outside of data padded with zeros it counts nothing.
Tap Sampler::settle(Tap tap, int64_t length) {
  double last = static_cast<double>(length - 1);
  if (padding == Padding::zeros) {
    Value inside =
        node.make<AndOp>({test(Comparison::ge, tap.index, 0), test(Comparison::le, tap.index, last)});
    tap.weight = node.make<SelectOp>({inside, tap.weight ? tap.weight : number(1), number(0)});
  }
  if (padding == Padding::reflection)
    tap.index = reflect(tap.index, length);
  tap.index = clamp(tap.index, 0, last);
  return tap;
}

SmallVector<Tap> Sampler::taps(int64_t dim) {
  int64_t length = lengths[dim];
  Value place = coordinate(dim);
  if (mode == Mode::nearest)
    place = node.make<RoundOp>(place);
  if (padding == Padding::border)
    place = clamp(place, 0, static_cast<double>(length - 1));
  if (padding == Padding::reflection)
    place = reflect(place, length);
  if (mode == Mode::nearest)
    return {settle({place, Value()}, length)};
  Value base = node.make<FloorOp>(place), fraction = sub(place, base);
  SmallVector<Tap> result;
  if (mode == Mode::linear) {
    result = {{base, sub(number(1), fraction)}, {add(base, number(1)), fraction}};
  } else {
    for (int offset = -1; offset <= 2; ++offset) {
      Value distance = node.make<AbsOp>(sub(fraction, number(offset)));
      result.push_back({add(base, number(offset)), cubicWeight(distance, offset == 0 || offset == 1)});
    }
  }
  for (Tap &tap : result)
    tap = settle(tap, length);
  return result;
}

/// Adds to `sum` all combinations of the taps of the remaining dimensions. A null weight is 1.
void Sampler::addCombinations(ArrayRef<SmallVector<Tap>> taps, Value index, Value weight, Value &sum) {
  if (taps.empty()) {
    Value all =
        node.makeAs<ExpandOp>(node.getSizes().tensor({batch, channels, count}, node.element(index)), index);
    Value read = node.make<GatherElementsOp>({data, all}, node.attr("axis", 2));
    if (weight)
      read = mul(read, node.cast(weight, node.element(data)));
    sum = sum ? add(sum, read) : read;
    return;
  }
  int64_t dim = static_cast<int64_t>(lengths.size() - taps.size());
  Type integer = node.getBuilder().getI64Type();
  for (const Tap &tap : taps.front()) {
    Value here = node.cast(tap.index, integer);
    if (index)
      here = add(mul(index, node.scalar(static_cast<double>(lengths[dim]), integer)), here);
    Value product = weight && tap.weight ? mul(weight, tap.weight) : weight ? weight : tap.weight;
    addCombinations(taps.drop_front(), here, product, sum);
  }
}

Value Sampler::sample() {
  if (failed(readAttributes()) || failed(readSizes()))
    return {};
  SmallVector<SmallVector<Tap>> all;
  for (int64_t dim = 0; dim < static_cast<int64_t>(lengths.size()); ++dim)
    all.push_back(taps(dim));
  Value sum;
  addCombinations(all, Value(), Value(), sum);
  Sizes result = {batch, channels};
  llvm::append_range(result, ArrayRef(places).drop_front());
  return node.reshape(sum, result);
}

static LogicalResult importGridSample(NodeReader &node) { return node.yield(Sampler(node).sample()); }

void tenon::importer::registerGridSample(Registry &registry) {
  registry.add("GridSample", 16, 2, 2, importGridSample);
}
