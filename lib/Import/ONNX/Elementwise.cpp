//===- Elementwise.cpp - ONNX ops that compute each element at its place ------------------------===//

#include "NodeReader.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

template <typename Op>
static LogicalResult importUnary(NodeReader &node) {
  return node.yield(node.make<Op>(node.input(0)));
}

/// Before opset 7 broadcasting is asked for by an attribute, and `axis` aligns the right operand: sizes of 1
/// follow it.
static Value alignedRhs(NodeReader &node) {
  Value lhs = node.input(0), rhs = node.input(1);
  if (node.getOpset() >= 7)
    return rhs;
  node.ignore("broadcast");
  std::optional<int64_t> axis = node.integer("axis");
  if (!axis)
    return rhs;
  int64_t after = node.rank(lhs) - node.normalizeAxis(*axis, node.rank(lhs)) - node.rank(rhs);
  SymbolicSizes::Sizes sizes = node.sizesOf(rhs);
  for (int64_t i = 0; i < after; ++i)
    sizes.push_back(node.getSizes().constant(1));
  return node.reshape(rhs, sizes);
}

template <typename Op>
static LogicalResult importBinary(NodeReader &node) {
  return node.yield(node.make<Op>({node.input(0), alignedRhs(node)}));
}

template <Comparison predicate>
static LogicalResult importComparison(NodeReader &node) {
  auto attribute = ComparisonAttr::get(node.getContext(), predicate);
  return node.yield(
      node.make<CompareOp>({node.input(0), alignedRhs(node)}, node.attr("predicate", attribute)));
}

/// Max, Min and Sum of any number of operands.
template <typename Op>
static LogicalResult importVariadic(NodeReader &node) {
  Value result = node.input(0);
  for (Value operand : node.getInputs().drop_front())
    result = node.make<Op>({result, operand});
  return node.yield(result);
}

static LogicalResult importMean(NodeReader &node) {
  Value sum = node.input(0);
  for (Value operand : node.getInputs().drop_front())
    sum = node.make<AddOp>({sum, operand});
  return node.yield(node.make<DivOp>({sum, node.scalar(node.getNumInputs(), node.element(node.input(0)))}));
}

static LogicalResult importMod(NodeReader &node) {
  SmallVector<NamedAttribute> attributes;
  if (node.integer("fmod", 0))
    attributes.push_back(node.flag("truncated"));
  return node.yield(node.make<ModOp>({node.input(0), node.input(1)}, attributes));
}

static LogicalResult importBitShift(NodeReader &node) {
  std::string direction = node.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.error("expects direction LEFT or RIGHT, but got '" + Twine(direction) + "'");
  return node.yield(direction == "LEFT" ? node.make<ShiftLeftOp>({node.input(0), node.input(1)})
                                        : node.make<ShiftRightOp>({node.input(0), node.input(1)}));
}

static LogicalResult importGelu(NodeReader &node) {
  std::string approximate = node.text("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return node.error("expects approximate to be none or tanh, but got '" + Twine(approximate) + "'");
  SmallVector<NamedAttribute> attributes;
  if (approximate == "tanh")
    attributes.push_back(node.flag("tanh_approximation"));
  return node.yield(node.make<GeluOp>(node.input(0), attributes));
}

static LogicalResult importIsInf(NodeReader &node) {
  OpBuilder &builder = node.getBuilder();
  NamedAttribute attributes[] = {
      node.attr("detect_negative", builder.getBoolAttr(node.integer("detect_negative", 1))),
      node.attr("detect_positive", builder.getBoolAttr(node.integer("detect_positive", 1)))};
  return node.yield(node.make<IsInfOp>(node.input(0), attributes));
}

static LogicalResult importWhere(NodeReader &node) {
  return node.yield(node.make<SelectOp>({node.input(0), node.input(1), node.input(2)}));
}

static LogicalResult importCast(NodeReader &node) {
  // `saturate` and `round_mode` speak of 8-bit floating point targets, which are refused.
  node.ignore("saturate");
  node.ignore("round_mode");
  std::optional<int64_t> to = node.integer("to");
  if (!to)
    return node.error("expects attribute 'to'");
  Type element = node.elementType(*to);
  return element ? node.yield(node.cast(node.input(0), element)) : failure();
}

static LogicalResult importCastLike(NodeReader &node) {
  node.ignore("saturate");
  node.ignore("round_mode");
  if (node.narrow(node.input(1)))
    return node.error("expects an element type that is supported for more than constants");
  return node.yield(node.cast(node.input(0), node.element(node.input(1))));
}

static LogicalResult importClip(NodeReader &node) {
  Value result = node.input(0), low = node.input(1), high = node.input(2);
  if (node.getOpset() < 11) {
    std::optional<float> min = node.real("min"), max = node.real("max");
    low = min ? node.scalar(*min, node.element(result)) : Value();
    high = max ? node.scalar(*max, node.element(result)) : Value();
  }
  // The upper bound counts last: it wins if the two cross.
  if (low)
    result = node.make<MaxOp>({result, low});
  if (high)
    result = node.make<MinOp>({result, high});
  return node.yield(result);
}

static LogicalResult importIdentity(NodeReader &node) { return node.yield(node.input(0)); }

/// In inference dropout passes its input on, and nothing is dropped.
static LogicalResult importDropout(NodeReader &node) {
  for (StringRef name : {"ratio", "seed", "is_test"})
    node.ignore(name);
  if (node.hasInput(2)) {
    std::optional<SmallVector<int64_t>> training = node.constantInts(node.input(2));
    // A ratio of zero drops nothing, in training too.
    std::optional<SmallVector<double>> ratio = node.constantReals(node.input(1));
    bool dropsNothing = (training && training->size() == 1 && training->front() == 0) ||
                        (ratio && ratio->size() == 1 && ratio->front() == 0);
    if (!dropsNothing)
      return node.error("training mode is not supported");
  }
  Value mask;
  if (node.wantsOutput(1)) {
    auto type = node.type(node.input(0));
    // Before opset 10 the mask has the type of the data.
    Type element = node.getOpset() < 10 ? type.getElementType() : node.getBuilder().getI1Type();
    mask = node.makeAs<ExpandOp>(type.clone(element), node.scalar(1, element));
  }
  return node.yield({node.input(0), mask});
}

void tenon::importer::registerElementwise(Registry &registry) {
  struct {
    const char *op;
    Handler handler;
  } unary[] = {{"Abs", importUnary<AbsOp>},
               {"Neg", importUnary<NegOp>},
               {"Sign", importUnary<SignOp>},
               {"Exp", importUnary<ExpOp>},
               {"Log", importUnary<LogOp>},
               {"Sqrt", importUnary<SqrtOp>},
               {"Reciprocal", importUnary<ReciprocalOp>},
               {"Sin", importUnary<SinOp>},
               {"Cos", importUnary<CosOp>},
               {"Tan", importUnary<TanOp>},
               {"Asin", importUnary<AsinOp>},
               {"Acos", importUnary<AcosOp>},
               {"Atan", importUnary<AtanOp>},
               {"Sinh", importUnary<SinhOp>},
               {"Cosh", importUnary<CoshOp>},
               {"Tanh", importUnary<TanhOp>},
               {"Asinh", importUnary<AsinhOp>},
               {"Acosh", importUnary<AcoshOp>},
               {"Atanh", importUnary<AtanhOp>},
               {"Erf", importUnary<ErfOp>},
               {"Sigmoid", importUnary<SigmoidOp>},
               {"Softplus", importUnary<SoftplusOp>},
               {"Relu", importUnary<ReluOp>},
               {"Floor", importUnary<FloorOp>},
               {"Ceil", importUnary<CeilOp>},
               {"Round", importUnary<RoundOp>},
               {"Not", importUnary<NotOp>},
               {"BitwiseNot", importUnary<BitwiseNotOp>},
               {"IsNaN", importUnary<IsNanOp>},
               {"Gelu", importGelu},
               {"IsInf", importIsInf},
               {"Cast", importCast}};
  for (auto &entry : unary)
    registry.add(entry.op, 1, 1, 1, entry.handler);
  registry.addForSequences("Identity", 1, 1, 1, importIdentity);
  struct {
    const char *op;
    Handler handler;
  } binary[] = {{"Add", importBinary<AddOp>},
                {"Sub", importBinary<SubOp>},
                {"Mul", importBinary<MulOp>},
                {"Div", importBinary<DivOp>},
                {"Pow", importBinary<PowOp>},
                {"And", importBinary<AndOp>},
                {"Or", importBinary<OrOp>},
                {"Xor", importBinary<XorOp>},
                {"BitwiseAnd", importBinary<BitwiseAndOp>},
                {"BitwiseOr", importBinary<BitwiseOrOp>},
                {"BitwiseXor", importBinary<BitwiseXorOp>},
                {"Equal", importComparison<Comparison::eq>},
                {"Less", importComparison<Comparison::lt>},
                {"LessOrEqual", importComparison<Comparison::le>},
                {"Greater", importComparison<Comparison::gt>},
                {"GreaterOrEqual", importComparison<Comparison::ge>},
                {"Mod", importMod},
                {"BitShift", importBitShift},
                {"CastLike", importCastLike}};
  for (auto &entry : binary)
    registry.add(entry.op, 1, 2, 2, entry.handler);
  registry.add("Max", 1, 1, kAnyNumber, importVariadic<MaxOp>);
  registry.add("Min", 1, 1, kAnyNumber, importVariadic<MinOp>);
  registry.add("Sum", 1, 1, kAnyNumber, importVariadic<AddOp>);
  registry.add("Mean", 1, 1, kAnyNumber, importMean);
  registry.add("Where", 9, 3, 3, importWhere);
  registry.add("Clip", 6, 1, 1, importClip);
  registry.add("Clip", 11, 1, 3, importClip);
  registry.add("Dropout", 1, 1, 1, importDropout);
  registry.add("Dropout", 12, 1, 3, importDropout);
  registry.add("Gelu", 1, 1, 1, importUnary<GeluOp>, "com.microsoft");
}
