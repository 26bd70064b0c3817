//===- Recurrent.cpp - ONNX RNN, GRU and LSTM ---------------------------------------------------===//

#include "NodeReader.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

namespace {
/// An activation function by its ONNX name, and the alpha and beta it has by default; nothing if it takes
/// none.
struct Function {
  StringRef name;
  Activation activation;
  std::optional<float> alpha, beta;
};
} // namespace

static const Function functions[] = {{"sigmoid", Activation::sigmoid, std::nullopt, std::nullopt},
                                     {"tanh", Activation::tanh, std::nullopt, std::nullopt},
                                     {"relu", Activation::relu, std::nullopt, std::nullopt},
                                     {"affine", Activation::affine, 1.0f, 0.0f},
                                     {"leakyrelu", Activation::leaky_relu, 0.01f, std::nullopt},
                                     {"thresholdedrelu", Activation::thresholded_relu, 1.0f, std::nullopt},
                                     {"scaledtanh", Activation::scaled_tanh, 1.0f, 1.0f},
                                     {"hardsigmoid", Activation::hard_sigmoid, 0.2f, 0.5f},
                                     {"elu", Activation::elu, 1.0f, std::nullopt},
                                     {"softsign", Activation::softsign, std::nullopt, std::nullopt},
                                     {"softplus", Activation::softplus, std::nullopt, std::nullopt}};

/// The attributes all three have; `defaults` are the activations of one direction.
static FailureOr<SmallVector<NamedAttribute>> sharedAttributes(NodeReader &node,
                                                               ArrayRef<StringRef> defaults) {
  MLIRContext *context = node.getContext();
  std::string text = node.text("direction", "forward");
  std::optional<Direction> direction = symbolizeDirection(text);
  if (!direction)
    return node.error("expects direction forward, reverse or bidirectional, but got '" + Twine(text) + "'");
  size_t directions = *direction == Direction::bidirectional ? 2 : 1;
  SmallVector<std::string> names;
  for (size_t i = 0; i < directions; ++i)
    names.append(defaults.begin(), defaults.end());
  if (std::optional<SmallVector<std::string>> given = node.texts("activations"))
    names = *given;
  if (names.size() != directions * defaults.size())
    return node.error("expects " + Twine(directions * defaults.size()) + " activations, but got " +
                      Twine(names.size()));
  // Alphas and betas are listed for the functions that take one only.
  SmallVector<float> alphas, betas;
  SmallVector<float> givenAlphas = node.reals("activation_alpha").value_or(SmallVector<float>());
  SmallVector<float> givenBetas = node.reals("activation_beta").value_or(SmallVector<float>());
  size_t nextAlpha = 0, nextBeta = 0;
  auto take = [](std::optional<float> otherwise, ArrayRef<float> given, size_t &next) {
    if (!otherwise)
      return 0.0f;
    return next < given.size() ? given[next++] : *otherwise;
  };
  SmallVector<Attribute> activations;
  for (const std::string &name : names) {
    const Function *function =
        llvm::find_if(functions, [&](const Function &f) { return f.name == StringRef(name).lower(); });
    if (function == std::end(functions))
      return node.error("unknown activation '" + Twine(name) + "'");
    activations.push_back(ActivationAttr::get(context, function->activation));
    alphas.push_back(take(function->alpha, givenAlphas, nextAlpha));
    betas.push_back(take(function->beta, givenBetas, nextBeta));
  }
  std::optional<int64_t> hidden = node.integer("hidden_size");
  RankedTensorType recurrence = node.type(node.input(2));
  if (recurrence.getRank() != 3)
    return node.error("expects a recurrence of rank 3, but got " + Twine(recurrence.getRank()));
  if (hidden && !ShapedType::isDynamic(recurrence.getDimSize(2)) && recurrence.getDimSize(2) != *hidden)
    return node.error("hidden_size is " + Twine(*hidden) + ", but the recurrence has " +
                      Twine(recurrence.getDimSize(2)));
  SmallVector<NamedAttribute> attributes = {node.attr("direction", DirectionAttr::get(context, *direction)),
                                            node.attr("activations", ArrayAttr::get(context, activations)),
                                            node.attr("alphas", DenseF32ArrayAttr::get(context, alphas)),
                                            node.attr("betas", DenseF32ArrayAttr::get(context, betas)),
                                            node.realAttr("clip", node.real("clip", 0.0f))};
  if (node.integer("layout", 0))
    attributes.push_back(node.flag("batch_first"));
  // Version 6 says by this attribute what the outputs' presence says.
  node.ignore("output_sequence");
  return attributes;
}

static LogicalResult importRnn(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = sharedAttributes(node, {"Tanh"});
  if (failed(attributes))
    return failure();
  return node.yield(node.makeOp<RnnOp>(
      {node.input(0), node.input(1), node.input(2), node.input(3), node.input(4), node.input(5)},
      *attributes));
}

static LogicalResult importGru(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = sharedAttributes(node, {"Sigmoid", "Tanh"});
  if (failed(attributes))
    return failure();
  if (node.integer("linear_before_reset", 0))
    attributes->push_back(node.flag("linear_before_reset"));
  return node.yield(node.makeOp<GruOp>(
      {node.input(0), node.input(1), node.input(2), node.input(3), node.input(4), node.input(5)},
      *attributes));
}

static LogicalResult importLstm(NodeReader &node) {
  FailureOr<SmallVector<NamedAttribute>> attributes = sharedAttributes(node, {"Sigmoid", "Tanh", "Tanh"});
  if (failed(attributes))
    return failure();
  if (node.integer("input_forget", 0))
    attributes->push_back(node.flag("input_forget"));
  return node.yield(node.makeOp<LstmOp>({node.input(0), node.input(1), node.input(2), node.input(3),
                                         node.input(4), node.input(5), node.input(6), node.input(7)},
                                        *attributes));
}

void tenon::importer::registerRecurrent(Registry &registry) {
  registry.add("RNN", 1, 3, 6, importRnn);
  registry.add("GRU", 1, 3, 6, importGru);
  registry.add("LSTM", 1, 3, 8, importLstm);
}
