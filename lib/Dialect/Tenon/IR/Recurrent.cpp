//===- Recurrent.cpp - Shape rules of the recurrent ops ------------------------------------------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

namespace {
/// An optional operand and the sizes it has to have.
struct Expected {
  StringRef name;
  Value value;
  Sizes sizes;
};
} // namespace

/// The types of the output of all steps and of a final state, for a cell of so many gates and activations.
template <typename Adaptor>
static InferredTypes recurrentTypes(
    const RuleError &error, Adaptor op, int64_t gates, size_t functions,
    function_ref<void(SymbolicSizes &, AffineExpr, AffineExpr, AffineExpr, SmallVectorImpl<Expected> &)>
        more = {}) {
  RankedTensorType inputType = tensorType(op.getInput()), weightsType = tensorType(op.getWeights()),
                   recurrenceType = tensorType(op.getRecurrence());
  Type element = inputType.getElementType();
  for (RankedTensorType type : {inputType, weightsType, recurrenceType})
    if (type.getRank() != 3 || type.getElementType() != element) // rnn_c1 gru_c1 lstm_c1
      return error("expects input, weights and recurrence of rank 3 and one element type, but got ",
                   inputType, ", ", weightsType, " and ", recurrenceType);

  SymbolicSizes sizes(inputType.getContext());
  Sizes input = sizes.of(inputType), weights = sizes.of(weightsType), recurrence = sizes.of(recurrenceType);
  bool batchFirst = op.getBatchFirst();
  AffineExpr sequence = input[batchFirst ? 1 : 0], batch = input[batchFirst ? 0 : 1], hidden = recurrence[2];
  int64_t count = op.getDirection() == Direction::bidirectional ? 2 : 1;
  AffineExpr directions = sizes.constant(count);
  if (!SymbolicSizes::mayEqual(weights[0], directions) ||
      !SymbolicSizes::mayEqual(recurrence[0], directions)) // rnn_c2 gru_c2 lstm_c2
    return error("expects weights and recurrence of ", count, " directions, but got ", weightsType, " and ",
                 recurrenceType);

  AffineExpr rows = hidden ? hidden * gates : hidden;
  Sizes state = batchFirst ? Sizes{batch, directions, hidden} : Sizes{directions, batch, hidden};
  SmallVector<Expected> operands = {{"weights", op.getWeights(), {directions, rows, input[2]}},
                                    {"recurrence", op.getRecurrence(), {directions, rows, hidden}},
                                    {"bias", op.getBias(), {directions, rows ? rows * 2 : rows}},
                                    {"lengths", op.getLengths(), {batch}},
                                    {"hidden", op.getInitialHidden(), state}};
  if (more)
    more(sizes, directions, batch, hidden, operands);
  for (const Expected &operand : operands) {
    if (!operand.value)
      continue;
    RankedTensorType type = tensorType(operand.value),
                     expected = sizes.tensor(operand.sizes, type.getElementType());
    if (failed(verifyCompatibleShape(type, expected))) // rnn_c3 rnn_c5 gru_c3 gru_c5 lstm_c3 lstm_c5
      return error("expects ", operand.name, " of type ", expected, ", but got ", type);
  }
  if (op.getActivations().size() != count * functions || op.getAlphas().size() != count * functions ||
      op.getBetas().size() != count * functions) // rnn_c4 gru_c4 lstm_c4
    return error("expects ", count * functions, " activations, alphas and betas, but got ",
                 op.getActivations().size(), ", ", op.getAlphas().size(), " and ", op.getBetas().size());

  Sizes all =
      batchFirst ? Sizes{batch, sequence, directions, hidden} : Sizes{sequence, directions, batch, hidden};
  return SmallVector<Type>{sizes.tensor(all, element), sizes.tensor(state, element)};
}

InferredTypes RnnOp::infer(std::optional<Location> loc, Adaptor op) {
  return recurrentTypes(RuleError(loc, getOperationName()), op, /*gates=*/1, /*functions=*/1);
}

InferredTypes GruOp::infer(std::optional<Location> loc, Adaptor op) {
  return recurrentTypes(RuleError(loc, getOperationName()), op, /*gates=*/3, /*functions=*/2);
}

InferredTypes LstmOp::infer(std::optional<Location> loc, Adaptor op) {
  InferredTypes types = recurrentTypes(
      RuleError(loc, getOperationName()), op, /*gates=*/4, /*functions=*/3,
      [&](SymbolicSizes &, AffineExpr directions, AffineExpr batch, AffineExpr hidden,
          SmallVectorImpl<Expected> &operands) {
        Sizes state =
            op.getBatchFirst() ? Sizes{batch, directions, hidden} : Sizes{directions, batch, hidden};
        operands.push_back({"cell", op.getInitialCell(), state});
        operands.push_back({"peepholes", op.getPeepholes(), {directions, hidden ? hidden * 3 : hidden}});
      });
  if (succeeded(types))
    types->push_back(types->back());
  return types;
}
