//===- Activations.cpp - ONNX activation functions that are formulas over elementwise ops -------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

namespace {
/// Writes formulas over one input.
class Formula {
public:
  explicit Formula(NodeReader &node) : x(node.input(0)), node(node) {}

  Value number(double value) { return node.scalar(value, node.element(x)); }
  Value add(Value a, Value b) { return node.make<AddOp>({a, b}); }
  Value sub(Value a, Value b) { return node.make<SubOp>({a, b}); }
  Value mul(Value a, Value b) { return node.make<MulOp>({a, b}); }
  Value div(Value a, Value b) { return node.make<DivOp>({a, b}); }
  Value max(Value a, Value b) { return node.make<MaxOp>({a, b}); }
  Value min(Value a, Value b) { return node.make<MinOp>({a, b}); }
  Value exp(Value a) { return node.make<ExpOp>(a); }
  Value select(Value c, Value a, Value b) { return node.make<SelectOp>({c, a, b}); }
  Value compare(Comparison predicate, Value a, Value b) {
    return node.make<CompareOp>({a, b},
                                node.attr("predicate", ComparisonAttr::get(node.getContext(), predicate)));
  }
  /// `below` where x < 0, x elsewhere.
  Value whereNegative(Value below) { return select(compare(Comparison::lt, x, number(0)), below, x); }
  /// The value clamped to [0, 1].
  Value unit(Value a) { return max(number(0), min(number(1), a)); }

  Value x;

private:
  NodeReader &node;
};
} // namespace

static LogicalResult importLeakyRelu(NodeReader &node) {
  Formula f(node);
  return node.yield(f.whereNegative(f.mul(f.number(node.real("alpha", 0.01f)), f.x)));
}

static LogicalResult importPrelu(NodeReader &node) {
  Formula f(node);
  Value slope = node.input(1);
  int64_t rank = node.rank(f.x);
  // Before opset 7 a vector of slopes belongs to the channels.
  if (node.getOpset() < 7 && node.rank(slope) == 1 && rank > 2) {
    SymbolicSizes::Sizes sizes(rank - 1, node.getSizes().constant(1));
    sizes.front() = node.sizesOf(slope).front();
    slope = node.reshape(slope, sizes);
  }
  return node.yield(f.whereNegative(f.mul(slope, f.x)));
}

static LogicalResult importElu(NodeReader &node) {
  Formula f(node);
  return node.yield(
      f.whereNegative(f.mul(f.number(node.real("alpha", 1.0f)), f.sub(f.exp(f.x), f.number(1)))));
}

static LogicalResult importSelu(NodeReader &node) {
  Formula f(node);
  Value alpha = f.number(node.real("alpha", 1.67326319217681884765625f));
  Value gamma = f.number(node.real("gamma", 1.05070102214813232421875f));
  return node.yield(f.mul(gamma, f.whereNegative(f.mul(alpha, f.sub(f.exp(f.x), f.number(1))))));
}

static LogicalResult importCelu(NodeReader &node) {
  Formula f(node);
  Value alpha = f.number(node.real("alpha", 1.0f));
  return node.yield(f.whereNegative(f.mul(alpha, f.sub(f.exp(f.div(f.x, alpha)), f.number(1)))));
}

static LogicalResult importHardSigmoid(NodeReader &node) {
  Formula f(node);
  Value alpha = f.number(node.real("alpha", 0.2f)), beta = f.number(node.real("beta", 0.5f));
  return node.yield(f.unit(f.add(f.mul(alpha, f.x), beta)));
}

static LogicalResult importHardSwish(NodeReader &node) {
  Formula f(node);
  return node.yield(f.mul(f.x, f.unit(f.add(f.mul(f.number(1.0 / 6), f.x), f.number(0.5)))));
}

static LogicalResult importMish(NodeReader &node) {
  Formula f(node);
  return node.yield(f.mul(f.x, node.make<TanhOp>(node.make<SoftplusOp>(f.x))));
}

static Value swish(NodeReader &node, float alpha) {
  Formula f(node);
  Value scaled = alpha == 1.0f ? f.x : f.mul(f.number(alpha), f.x);
  return f.mul(f.x, node.make<SigmoidOp>(scaled));
}

static LogicalResult importSwish(NodeReader &node) {
  return node.yield(swish(node, node.real("alpha", 1.0f)));
}
static LogicalResult importQuickGelu(NodeReader &node) {
  return node.yield(swish(node, node.real("alpha", 1.702f)));
}

static LogicalResult importSwiGlu(NodeReader &node) {
  Formula f(node);
  return node.yield(f.mul(swish(node, node.real("alpha", 1.0f)), node.input(1)));
}

static LogicalResult importThresholdedRelu(NodeReader &node) {
  Formula f(node);
  Value alpha = f.number(node.real("alpha", 1.0f));
  return node.yield(f.select(f.compare(Comparison::gt, f.x, alpha), f.x, f.number(0)));
}

static LogicalResult importShrink(NodeReader &node) {
  Formula f(node);
  float lambda = node.real("lambd", 0.5f);
  Value bias = f.number(node.real("bias", 0.0f));
  Value above = f.select(f.compare(Comparison::gt, f.x, f.number(lambda)), f.sub(f.x, bias), f.number(0));
  return node.yield(f.select(f.compare(Comparison::lt, f.x, f.number(-lambda)), f.add(f.x, bias), above));
}

static LogicalResult importSoftsign(NodeReader &node) {
  Formula f(node);
  return node.yield(f.div(f.x, f.add(f.number(1), node.make<AbsOp>(f.x))));
}

static LogicalResult importBiasGelu(NodeReader &node) {
  Formula f(node);
  return node.yield(node.make<GeluOp>(f.add(f.x, node.input(1))));
}

static LogicalResult importFastGelu(NodeReader &node) {
  Formula f(node);
  Value sum = node.hasInput(1) ? f.add(f.x, node.input(1)) : f.x;
  return node.yield(node.make<GeluOp>(sum, node.flag("tanh_approximation")));
}

void tenon::importer::registerActivations(Registry &registry) {
  registry.add("LeakyRelu", 6, 1, 1, importLeakyRelu);
  registry.add("PRelu", 6, 2, 2, importPrelu);
  registry.add("Elu", 6, 1, 1, importElu);
  registry.add("Selu", 6, 1, 1, importSelu);
  registry.add("Celu", 12, 1, 1, importCelu);
  registry.add("HardSigmoid", 6, 1, 1, importHardSigmoid);
  registry.add("HardSwish", 14, 1, 1, importHardSwish);
  registry.add("Mish", 18, 1, 1, importMish);
  registry.add("Swish", 24, 1, 1, importSwish);
  registry.add("SwiGLU", 28, 2, 2, importSwiGlu);
  registry.add("ThresholdedRelu", 1, 1, 1, importThresholdedRelu);
  registry.add("Shrink", 9, 1, 1, importShrink);
  registry.add("Softsign", 1, 1, 1, importSoftsign);
  registry.add("QuickGelu", 1, 1, 1, importQuickGelu, "com.microsoft");
  registry.add("BiasGelu", 1, 2, 2, importBiasGelu, "com.microsoft");
  registry.add("FastGelu", 1, 1, 2, importFastGelu, "com.microsoft");
}
