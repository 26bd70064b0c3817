//===- Contraction.cpp - ONNX matrix products and convolutions ----------------------------------===//

#include "Windows.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

/// The result of a contraction in the element type ONNX gives it: narrow integers were summed in a wider one.
static Value inElementType(NodeReader &node, Value result, Type element) {
  return node.hasFailed() ? Value() : node.cast(result, element);
}

static LogicalResult importMatmul(NodeReader &node) {
  Value product = node.make<MatmulOp>({node.input(0), node.input(1)});
  return node.yield(inElementType(node, product, node.element(node.input(0))));
}

/// alpha * A' * B' + beta * C.
static LogicalResult importGemm(NodeReader &node) {
  Value lhs = node.input(0), rhs = node.input(1), bias = node.input(2);
  Type element = node.element(lhs);
  SmallVector<NamedAttribute> attributes;
  if (node.integer("transA", 0))
    attributes.push_back(node.flag("transpose_lhs"));
  if (node.integer("transB", 0))
    attributes.push_back(node.flag("transpose_rhs"));
  float alpha = node.real("alpha", 1.0f), beta = node.real("beta", 1.0f);
  if (node.getOpset() < 7)
    node.ignore("broadcast");
  if (node.rank(lhs) != 2 || node.rank(rhs) != 2)
    return node.error("expects matrices, but got ranks " + Twine(node.rank(lhs)) + " and " +
                      Twine(node.rank(rhs)));
  bool isFloat = isa<FloatType>(element);
  if (!isFloat && (alpha != std::floor(alpha) || beta != std::floor(beta)))
    return node.error("expects whole alpha and beta for integer operands");
  Value result = inElementType(node, node.make<MatmulOp>({lhs, rhs}, attributes), element);
  if (alpha != 1.0f)
    result = node.make<MulOp>({result, node.scalar(alpha, element)});
  if (bias && beta != 0.0f) {
    if (node.rank(bias) > 2)
      return node.error("expects C of rank 2 or less, but got " + Twine(node.rank(bias)));
    if (beta != 1.0f)
      bias = node.make<MulOp>({bias, node.scalar(beta, element)});
    RankedTensorType product = node.type(result);
    result = node.make<AddOp>({result, bias});
    if (result && product.getRank() == 2 && node.type(result) != product && product.hasStaticShape())
      return node.error("expects C to broadcast to the product's shape");
  }
  return node.yield(result);
}

/// `bias` [C] as [1, C, 1, ...] against a result of this rank with the channels in dimension 1.
static Value channelBias(NodeReader &node, Value bias, int64_t rank) {
  if (node.rank(bias) != 1) {
    (void)node.error("expects a bias of rank 1, but got " + Twine(node.rank(bias)));
    return {};
  }
  SymbolicSizes::Sizes sizes(rank - 1, node.getSizes().constant(1));
  sizes.front() = node.sizesOf(bias).front();
  return node.reshape(bias, sizes);
}

static FailureOr<SmallVector<int64_t>> filterKernel(NodeReader &node, Value filter) {
  RankedTensorType type = node.type(filter);
  if (type.getRank() < 3)
    return node.error("expects a filter of rank 3 or more, but got " + Twine(type.getRank()));
  ArrayRef<int64_t> kernel = type.getShape().drop_front(2);
  if (ShapedType::isDynamicShape(kernel))
    return node.error("expects a filter of known kernel sizes");
  return SmallVector<int64_t>(kernel);
}

static LogicalResult importConv(NodeReader &node) {
  Value input = node.input(0), filter = node.input(1);
  FailureOr<SmallVector<int64_t>> kernel = filterKernel(node, filter);
  if (failed(kernel))
    return failure();
  FailureOr<Window> window = readWindow(node, input, ArrayRef(*kernel));
  if (failed(window))
    return failure();
  NamedAttribute attributes[] = {node.attr("strides", window->strides),
                                 node.attr("dilations", window->dilations), node.attr("pads", window->pads),
                                 node.attr("group", node.integer("group", 1))};
  Value result = node.make<ConvOp>({input, filter}, attributes);
  if (node.hasInput(2))
    result = node.make<AddOp>({result, channelBias(node, node.input(2), node.rank(input))});
  return node.yield(result);
}

static LogicalResult importConvTranspose(NodeReader &node) {
  Value input = node.input(0), filter = node.input(1);
  FailureOr<SmallVector<int64_t>> kernel = filterKernel(node, filter);
  int64_t rank = node.rank(input), spatial = rank - 2;
  if (failed(kernel))
    return failure();
  if (rank != node.rank(filter))
    return node.error("expects input and filter of one rank, but got " + Twine(rank) + " and " +
                      Twine(node.rank(filter)));
  Window window;
  std::optional<SmallVector<int64_t>> shape = node.integers("kernel_shape");
  if (shape && *shape != *kernel)
    return node.error("kernel_shape differs from the sizes of the filter");
  window.kernel = *kernel;
  window.strides = node.integers("strides").value_or(SmallVector<int64_t>(spatial, 1));
  window.dilations = node.integers("dilations").value_or(SmallVector<int64_t>(spatial, 1));
  window.pads = node.integers("pads").value_or(SmallVector<int64_t>(2 * spatial, 0));
  SmallVector<int64_t> outputPadding =
      node.integers("output_padding").value_or(SmallVector<int64_t>(spatial, 0));
  std::optional<SmallVector<int64_t>> outputShape = node.integers("output_shape");
  std::string autoPad = node.text("auto_pad", "NOTSET");
  if (failed(checkWindowValues(node, "strides", window.strides, spatial, 1)) ||
      failed(checkWindowValues(node, "dilations", window.dilations, spatial, 1)) ||
      failed(checkWindowValues(node, "pads", window.pads, 2 * spatial, 0)) ||
      failed(checkWindowValues(node, "output_padding", outputPadding, spatial, 0)))
    return failure();
  if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "SAME_UPPER" && autoPad != "SAME_LOWER")
    return node.error("expects auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, but got '" + Twine(autoPad) +
                      "'");
  if (autoPad == "VALID")
    window.pads.assign(2 * spatial, 0);
  if (outputShape && static_cast<int64_t>(outputShape->size()) == rank)
    outputShape->erase(outputShape->begin(), outputShape->begin() + 2);
  if (outputShape && failed(checkWindowValues(node, "output_shape", *outputShape, spatial, 0)))
    return failure();
  if (outputShape || autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") {
    SymbolicSizes::Sizes sizes = node.sizesOf(input);
    for (int64_t i = 0; i < spatial; ++i) {
      std::optional<int64_t> size = SymbolicSizes::constantValue(sizes[i + 2]);
      if (!size && outputShape)
        return node.error("output_shape needs an input of known sizes");
      int64_t stride = window.strides[i], extent = window.dilations[i] * (window.kernel[i] - 1) + 1;
      // The wanted size minus what the strides alone give; with `SAME` the wanted size is input * stride.
      int64_t slack = outputShape ? (*size - 1) * stride - (*outputShape)[i] : -stride;
      int64_t total = slack + outputPadding[i] + extent;
      // More than there is comes from output padding.
      if (total < 0) {
        outputPadding[i] -= total;
        total = 0;
      }
      int64_t less = total / 2, more = total - less;
      window.pads[i] = autoPad == "SAME_UPPER" ? less : more;
      window.pads[spatial + i] = autoPad == "SAME_UPPER" ? more : less;
    }
  }
  NamedAttribute attributes[] = {node.attr("strides", window.strides),
                                 node.attr("dilations", window.dilations), node.attr("pads", window.pads),
                                 node.attr("output_padding", outputPadding),
                                 node.attr("group", node.integer("group", 1))};
  Value result = node.make<ConvTransposeOp>({input, filter}, attributes);
  if (node.hasInput(2))
    result = node.make<AddOp>({result, channelBias(node, node.input(2), rank)});
  return node.yield(result);
}

/// Spells out ellipses and the result of an equation, and drops spaces.
static FailureOr<std::string> explicitEquation(NodeReader &node, StringRef text) {
  std::string equation;
  for (char c : text)
    if (c != ' ')
      equation += c;
  auto [left, right] = StringRef(equation).split("->");
  bool isExplicit = StringRef(equation).contains("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  if (terms.size() != node.getNumInputs())
    return node.error("expects a term per operand, but got " + Twine(terms.size()) + " for " +
                      Twine(node.getNumInputs()));
  // Dimensions under an ellipsis get letters that the equation does not use, the last dimension the first of
  // them.
  std::string unused;
  for (char c = 'A'; c <= 'z'; ++c)
    if (llvm::isAlpha(c) && !StringRef(equation).contains(c))
      unused += c;
  size_t widest = 0;
  std::string result;
  auto hidden = [&](size_t count) {
    std::string letters = unused.substr(0, count);
    return std::string(letters.rbegin(), letters.rend());
  };
  for (auto [i, term] : llvm::enumerate(terms)) {
    size_t letters = llvm::count_if(term, llvm::isAlpha), rank = node.rank(node.input(i));
    bool hasEllipsis = term.contains("...");
    if (letters + (hasEllipsis ? 3 : 0) != term.size())
      return node.error("invalid term '" + term + "' in equation '" + equation + "'");
    if (letters > rank || (!hasEllipsis && letters != rank))
      return node.error("term '" + term + "' does not fit an operand of rank " + Twine(rank));
    size_t covered = hasEllipsis ? rank - letters : 0;
    if (covered > unused.size())
      return node.error("too many dimensions under an ellipsis");
    widest = std::max(widest, covered);
    if (i)
      result += ',';
    auto [before, after] = term.split("...");
    result += before.str() + hidden(covered) + after.str();
  }
  result += "->";
  if (isExplicit) {
    auto [before, after] = right.split("...");
    result += before.str() + (right.contains("...") ? hidden(widest) : "") + after.str();
    return result;
  }
  // The implicit result: the ellipsis, then the letters that appear once, in alphabetical order.
  result += hidden(widest);
  for (char c = 'A'; c <= 'z'; ++c)
    if (llvm::isAlpha(c) && left.count(c) == 1)
      result += c;
  return result;
}

static LogicalResult importEinsum(NodeReader &node) {
  FailureOr<std::string> equation = explicitEquation(node, node.text("equation", ""));
  if (failed(equation))
    return failure();
  Value result = node.make<EinsumOp>(node.getInputs(),
                                     node.attr("equation", node.getBuilder().getStringAttr(*equation)));
  return node.yield(inElementType(node, result, node.element(node.input(0))));
}

void tenon::importer::registerContraction(Registry &registry) {
  registry.add("MatMul", 1, 2, 2, importMatmul);
  registry.add("Gemm", 1, 3, 3, importGemm);
  registry.add("Gemm", 11, 2, 3, importGemm);
  registry.add("Conv", 1, 2, 3, importConv);
  registry.add("ConvTranspose", 1, 2, 3, importConvTranspose);
  registry.add("Einsum", 12, 1, kAnyNumber, importEinsum);
}
