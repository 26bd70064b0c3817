//===- Sequences.cpp - ONNX sequences and optional values: lists of values at import ----------===//
//
// A sequence whose length is known has no op: it is a list of tensors, which the ops here make, take apart
// and join. An optional value is there or not, which is known too. Nothing of them is left after import.
//
//===----------------------------------------------------------------------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

/// The place of an element in a list of `count` that input `i` gives, counted from the front; `otherwise`
/// without one. Reports if it is out of range.
static int64_t positionOf(NodeReader &node, unsigned i, int64_t count, int64_t otherwise) {
  if (!node.hasInput(i))
    return otherwise;
  SmallVector<int64_t> position = node.requireConstantInts(i, "a position");
  if (node.hasFailed())
    return 0;
  if (position.size() == 1)
    return node.normalizeAxis(position.front(), count);
  (void)node.error("expects one position, but got " + Twine(position.size()));
  return 0;
}

static LogicalResult importSequenceConstruct(NodeReader &node) {
  node.ignore("dtype"); // Of SequenceEmpty.
  return node.yield(node.sequence(node.getInputs()));
}

static LogicalResult importSequenceInsert(NodeReader &node) {
  SmallVector<Value> elements = node.elements(0);
  // A new element may come after all others, unlike one that exists.
  int64_t count = elements.size();
  std::optional<SmallVector<int64_t>> given = node.constantInts(node.input(2));
  bool atEnd = given && *given == ArrayRef<int64_t>{count};
  int64_t position = atEnd ? count : positionOf(node, 2, count, count);
  if (node.hasFailed())
    return failure();
  elements.insert(elements.begin() + position, node.input(1));
  return node.yield(node.sequence(elements));
}

static LogicalResult importSequenceErase(NodeReader &node) {
  SmallVector<Value> elements = node.elements(0);
  int64_t position = positionOf(node, 1, elements.size(), static_cast<int64_t>(elements.size()) - 1);
  if (node.hasFailed() || elements.empty())
    return node.hasFailed() ? failure() : node.error("expects a sequence that is not empty");
  elements.erase(elements.begin() + position);
  return node.yield(node.sequence(elements));
}

static LogicalResult importSequenceAt(NodeReader &node) {
  SmallVector<Value> elements = node.elements(0);
  int64_t position = positionOf(node, 1, elements.size(), 0);
  return node.hasFailed() ? failure() : node.yield(elements[position]);
}

static LogicalResult importSequenceLength(NodeReader &node) {
  return node.yield(node.reshape(node.vector(node.elements(0).size()), {}));
}

/// The sizes of the parts along an axis of `size`: as many of equal size, the last smaller, or those listed.
static FailureOr<SmallVector<int64_t>> partsOf(NodeReader &node, int64_t size) {
  SmallVector<int64_t> parts = {1};
  bool equalParts = true;
  if (node.hasInput(1)) {
    parts = node.requireConstantInts(1, "sizes of the parts");
    equalParts = node.rank(node.input(1)) == 0;
  }
  if (node.hasFailed())
    return failure();
  if (!equalParts) {
    int64_t sum = 0;
    for (int64_t part : parts)
      sum = part < 0 || part > size ? -1 : sum + part;
    if (sum != size)
      return node.error("expects parts that add up to " + Twine(size));
    return parts;
  }
  if (parts.front() < 1)
    return node.error("expects parts of size 1 or more, but got " + Twine(parts.front()));
  SmallVector<int64_t> equal(size / parts.front(), parts.front());
  if (size % parts.front() != 0)
    equal.push_back(size % parts.front());
  return equal;
}

static LogicalResult importSplitToSequence(NodeReader &node) {
  Value input = node.input(0);
  Sizes sizes = node.sizesOf(input);
  int64_t rank = sizes.size(), axis = node.axis(0, rank);
  bool keepDims = node.integer("keepdims", 1) != 0 || node.hasInput(1);
  if (node.hasFailed())
    return failure();
  std::optional<int64_t> size = SymbolicSizes::constantValue(sizes[axis]);
  if (!size)
    return node.error("expects a dimension of known size to split");
  FailureOr<SmallVector<int64_t>> parts = partsOf(node, *size);
  if (failed(parts))
    return failure();
  SmallVector<int64_t> starts(rank, 0), steps(rank, 1);
  SmallVector<Value> elements;
  for (int64_t part : *parts) {
    sizes[axis] = node.getSizes().constant(part);
    NamedAttribute attributes[] = {node.attr("starts", starts), node.attr("steps", steps)};
    Value element =
        node.makeAs<SliceOp>(node.getSizes().tensor(sizes, node.element(input)), input, attributes);
    Sizes kept = sizes;
    if (!keepDims)
      kept.erase(kept.begin() + axis);
    elements.push_back(node.reshape(element, kept));
    starts[axis] += part;
  }
  return node.yield(node.sequence(elements));
}

static LogicalResult importConcatFromSequence(NodeReader &node) {
  SmallVector<Value> elements = node.elements(0);
  if (elements.empty())
    return node.hasFailed() ? failure() : node.error("expects a sequence that is not empty");
  std::optional<int64_t> given = node.integer("axis");
  if (!given)
    return node.error("expects attribute 'axis'");
  bool newAxis = node.integer("new_axis", 0) != 0;
  int64_t axis = node.normalizeAxis(*given, node.rank(elements.front()) + newAxis);
  if (node.hasFailed())
    return failure();
  for (Value &element : elements) {
    Sizes sizes = node.sizesOf(element);
    if (newAxis && axis <= static_cast<int64_t>(sizes.size()))
      sizes.insert(sizes.begin() + axis, node.getSizes().constant(1));
    element = node.reshape(element, sizes);
  }
  return node.yield(node.make<ConcatOp>(elements, node.attr("axis", axis)));
}

static LogicalResult importOptional(NodeReader &node) {
  node.ignore("type");
  return node.hasInput(0) ? node.yield(node.input(0))
                          : node.error("expects a value: one that is absent is not supported");
}

static LogicalResult importOptionalHasElement(NodeReader &node) {
  Type boolean = node.getBuilder().getI1Type();
  return node.yield(node.scalar(node.hasInput(0), boolean));
}

void tenon::importer::registerSequences(Registry &registry) {
  registry.add("SequenceEmpty", 11, 0, 0, importSequenceConstruct);
  registry.add("SequenceConstruct", 11, 1, kAnyNumber, importSequenceConstruct);
  registry.addForSequences("SequenceInsert", 11, 2, 3, importSequenceInsert);
  registry.addForSequences("SequenceErase", 11, 1, 2, importSequenceErase);
  registry.addForSequences("SequenceAt", 11, 2, 2, importSequenceAt);
  registry.addForSequences("SequenceLength", 11, 1, 1, importSequenceLength);
  registry.add("SplitToSequence", 11, 1, 2, importSplitToSequence);
  registry.addForSequences("ConcatFromSequence", 11, 1, 1, importConcatFromSequence);
  registry.refuse("SequenceMap", "a graph for each element of a sequence");
  registry.addForSequences("Optional", 15, 0, 1, importOptional);
  registry.addForSequences("OptionalGetElement", 15, 1, 1, importOptional);
  registry.addForSequences("OptionalHasElement", 15, 0, 1, importOptionalHasElement);
}
