//===- Control.cpp - ONNX If, Loop and Scan -----------------------------------------------------===//

#include "NodeReader.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using Sizes = SymbolicSizes::Sizes;

/// The most precise type that says no more than either; null if ranks or element types differ.
static RankedTensorType join(NodeReader &node, RankedTensorType lhs, RankedTensorType rhs) {
  if (lhs.getRank() != rhs.getRank() || lhs.getElementType() != rhs.getElementType())
    return {};
  Sizes left = node.getSizes().of(lhs), right = node.getSizes().of(rhs);
  for (auto [l, r] : llvm::zip_equal(left, right))
    if (l != r)
      l = AffineExpr();
  return node.getSizes().tensor(left, lhs.getElementType());
}

/// Ends a region with these values.
static void endRegion(NodeReader &node, Region &region, ValueRange values) {
  OpBuilder::InsertionGuard guard(node.getBuilder());
  node.getBuilder().setInsertionPointToEnd(&region.back());
  YieldOp::create(node.getBuilder(), node.getLoc(), values);
}

static LogicalResult importIf(NodeReader &node) {
  Value condition = node.input(0);
  std::optional<SmallVector<int64_t>> known = node.constantInts(condition);
  SmallVector<Value> chosen;
  if (known && known->size() == 1) {
    node.ignore(known->front() ? "else_branch" : "then_branch");
    if (failed(node.inlineGraph(known->front() ? "then_branch" : "else_branch", chosen)))
      return failure();
    return node.yield(chosen);
  }
  OperationState state(node.getLoc(), IfOp::getOperationName());
  Region *thenRegion = state.addRegion(), *elseRegion = state.addRegion();
  SmallVector<Value> thenValues, elseValues;
  if (failed(node.importGraph("then_branch", *thenRegion, {}, thenValues)) ||
      failed(node.importGraph("else_branch", *elseRegion, {}, elseValues)))
    return failure();
  if (thenValues.size() != elseValues.size())
    return node.error("expects branches of as many outputs, but got " + Twine(thenValues.size()) + " and " +
                      Twine(elseValues.size()));
  for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(thenValues, elseValues))) {
    RankedTensorType type = join(node, node.type(std::get<0>(pair)), node.type(std::get<1>(pair)));
    if (!type)
      return node.error("expects branches with outputs of one rank and element type, but output " + Twine(i) +
                        " differs");
    state.addTypes(type);
  }
  endRegion(node, *thenRegion, thenValues);
  endRegion(node, *elseRegion, elseValues);
  state.addOperands(condition);
  return node.yield(node.create(state));
}

namespace {
/// Where the values that a loop carries stand among its body's arguments and outputs.
struct Carried {
  unsigned firstArgument, firstOutput, count;
};
} // namespace

/// Reads the body of a loop. The types of the values it carries from one iteration to the next follow from
/// what it yields for them: a size that changes is an unknown one. The other arguments keep their types.
static LogicalResult importBody(NodeReader &node, Region &region, SmallVectorImpl<Type> &arguments,
                                Carried carried, SmallVectorImpl<Value> &outputs) {
  // Each round makes at least one size unknown.
  for (;;) {
    outputs.clear();
    if (failed(node.importGraph("body", region, arguments, outputs)))
      return failure();
    if (outputs.size() < carried.firstOutput + carried.count)
      return node.error("expects " + Twine(carried.firstOutput + carried.count) +
                        " or more outputs of the body");
    bool changed = false;
    for (unsigned i = 0; i < carried.count; ++i) {
      Type &argument = arguments[carried.firstArgument + i];
      RankedTensorType joined =
          join(node, cast<RankedTensorType>(argument), node.type(outputs[carried.firstOutput + i]));
      if (!joined)
        return node.error("expects loop-carried value " + Twine(i) +
                          " to keep rank and element type, but got " + llvm::formatv("{0}", argument).str() +
                          " and then " +
                          llvm::formatv("{0}", outputs[carried.firstOutput + i].getType()).str());
      changed |= joined != argument;
      argument = joined;
    }
    if (!changed)
      return success();
    region.getBlocks().clear();
  }
}

static LogicalResult importLoop(NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  auto index = RankedTensorType::get({}, builder.getI64Type()),
       boolean = RankedTensorType::get({}, builder.getI1Type());
  if (node.getNumInputs() < 2)
    return node.error("expects places for a trip count and a condition");
  ArrayRef<Value> initial = node.getInputs().drop_front(2);
  if (llvm::is_contained(initial, Value()))
    return node.error("expects all loop-carried values");
  OperationState state(node.getLoc(), LoopOp::getOperationName());
  Region *body = state.addRegion();
  SmallVector<Type> arguments = {index, boolean};
  llvm::append_range(arguments, ValueRange(initial).getTypes());
  SmallVector<Value> outputs;
  unsigned count = initial.size();
  if (failed(importBody(node, *body, arguments, {2, 1, count}, outputs)))
    return failure();
  // The condition may be a vector of one element in a model.
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&body->back());
    outputs.front() = node.reshape(outputs.front(), {});
    if (!outputs.front())
      return failure();
  }
  endRegion(node, *body, outputs);
  state.addOperands(initial);
  for (unsigned i = 0; i < 2; ++i)
    if (node.hasInput(i))
      state.addOperands(node.input(i));
  state.addAttribute(
      "operandSegmentSizes",
      builder.getDenseI32ArrayAttr({static_cast<int32_t>(count), node.hasInput(0), node.hasInput(1)}));
  state.addTypes(ArrayRef(arguments).drop_front(2));
  for (Value element : ArrayRef(outputs).drop_front(1 + count)) {
    Sizes sizes = node.sizesOf(element);
    sizes.insert(sizes.begin(), AffineExpr());
    state.addTypes(node.getSizes().tensor(sizes, node.element(element)));
  }
  return node.yield(node.create(state));
}

static LogicalResult importScan(NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  int64_t inputCount = node.integer("num_scan_inputs", 0), stateCount = node.getNumInputs() - inputCount;
  if (inputCount < 1 || stateCount < 0 || llvm::is_contained(node.getInputs(), Value()))
    return node.error("expects num_scan_inputs from 1 to the number of inputs, but got " + Twine(inputCount));
  int64_t outputCount = static_cast<int64_t>(node.getNumOutputs()) - stateCount;
  if (outputCount < 0)
    return node.error("expects an output per state");
  ArrayRef<Value> initial = node.getInputs().take_front(stateCount),
                  inputs = node.getInputs().drop_front(stateCount);
  auto list = [&](StringRef name, int64_t count) {
    SmallVector<int64_t> values = node.integers(name).value_or(SmallVector<int64_t>(count, 0));
    if (static_cast<int64_t>(values.size()) != count)
      (void)node.error("expects " + Twine(count) + " values in '" + name + "', but got " +
                       Twine(values.size()));
    values.resize(count);
    return values;
  };
  SmallVector<int64_t> inputAxes = list("scan_input_axes", inputCount),
                       outputAxes = list("scan_output_axes", outputCount),
                       inputReverse = list("scan_input_directions", inputCount),
                       outputReverse = list("scan_output_directions", outputCount);
  SmallVector<Type> arguments(ValueRange(initial).getTypes());
  AffineExpr length;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    inputAxes[i] = node.normalizeAxis(inputAxes[i], node.rank(input));
    if (node.hasFailed())
      return failure();
    Sizes sizes = node.sizesOf(input);
    if (!length || SymbolicSizes::constantValue(sizes[inputAxes[i]]))
      length = sizes[inputAxes[i]];
    sizes.erase(sizes.begin() + inputAxes[i]);
    arguments.push_back(node.getSizes().tensor(sizes, node.element(input)));
  }
  OperationState state(node.getLoc(), ScanOp::getOperationName());
  Region *body = state.addRegion();
  SmallVector<Value> outputs;
  if (failed(importBody(node, *body, arguments, {0, 0, static_cast<unsigned>(stateCount)}, outputs)))
    return failure();
  if (static_cast<int64_t>(outputs.size()) != stateCount + outputCount)
    return node.error("expects " + Twine(stateCount + outputCount) + " outputs of the body, but got " +
                      Twine(outputs.size()));
  state.addTypes(ArrayRef(arguments).take_front(stateCount));
  for (auto [i, element] : llvm::enumerate(ArrayRef(outputs).drop_front(stateCount))) {
    Sizes sizes = node.sizesOf(element);
    outputAxes[i] = node.normalizeAxis(outputAxes[i], sizes.size() + 1);
    if (node.hasFailed())
      return failure();
    sizes.insert(sizes.begin() + outputAxes[i], length);
    state.addTypes(node.getSizes().tensor(sizes, node.element(element)));
  }
  endRegion(node, *body, outputs);
  state.addOperands(node.getInputs());
  auto flags = [](ArrayRef<int64_t> values) {
    return llvm::map_to_vector(values, [](int64_t value) { return value != 0; });
  };
  state.addAttribute("input_axes", builder.getDenseI64ArrayAttr(inputAxes));
  state.addAttribute("output_axes", builder.getDenseI64ArrayAttr(outputAxes));
  state.addAttribute("input_reverse", builder.getDenseBoolArrayAttr(flags(inputReverse)));
  state.addAttribute("output_reverse", builder.getDenseBoolArrayAttr(flags(outputReverse)));
  state.addAttribute("operandSegmentSizes", builder.getDenseI32ArrayAttr({static_cast<int32_t>(stateCount),
                                                                          static_cast<int32_t>(inputCount)}));
  return node.yield(node.create(state));
}

void tenon::importer::registerControl(Registry &registry) {
  registry.add("If", 1, 1, 1, importIf);
  registry.add("Loop", 1, 0, kAnyNumber, importLoop);
  registry.refuse("Scan", "the batched form of opset 8");
  registry.add("Scan", 9, 1, kAnyNumber, importScan);
}
