//===- Contraction.cpp - Shape rules and verifiers of matrix products and convolutions ---------===//

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

InferredTypes MatmulOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType lhsType = tensorType(op.getLhs()), rhsType = tensorType(op.getRhs());
  SymbolicSizes sizes(lhsType.getContext());
  Sizes lhs = sizes.of(lhsType), rhs = sizes.of(rhsType);
  if (lhs.empty() || rhs.empty())
    return error("expects operands of rank 1 or more, but got ", lhsType, " and ", rhsType);
  bool vectorLhs = lhs.size() == 1, vectorRhs = rhs.size() == 1;
  if ((op.getTransposeLhs() && vectorLhs) || (op.getTransposeRhs() && vectorRhs)) // matmul_c3
    return error("expects a transposed operand of rank 2 or more, but got rank 1");
  if (op.getTransposeLhs())
    std::swap(lhs[lhs.size() - 1], lhs[lhs.size() - 2]);
  if (op.getTransposeRhs())
    std::swap(rhs[rhs.size() - 1], rhs[rhs.size() - 2]);
  if (vectorLhs)
    lhs.insert(lhs.begin(), sizes.constant(1));
  if (vectorRhs)
    rhs.push_back(sizes.constant(1));
  AffineExpr lhsReduced = lhs.back(), rhsReduced = rhs[rhs.size() - 2];
  if (!SymbolicSizes::mayEqual(lhsReduced, rhsReduced)) // matmul_c1
    return error("expects equal reduced sizes, but got ", sizes.print(lhsReduced), " and ",
                 sizes.print(rhsReduced));
  FailureOr<Sizes> result = sizes.broadcast(ArrayRef(lhs).drop_back(2), ArrayRef(rhs).drop_back(2));
  if (failed(result)) // matmul_c2
    return error("expects batch dimensions that broadcast, but got ", lhsType, " and ", rhsType);
  if (!vectorLhs)
    result->push_back(lhs[lhs.size() - 2]);
  if (!vectorRhs)
    result->push_back(rhs.back());
  return SmallVector<Type>{sizes.tensor(*result, accumulatorType(lhsType.getElementType()))};
}

InferredTypes ConvOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType inputType = tensorType(op.getInput()), filterType = tensorType(op.getFilter());
  SymbolicSizes sizes(inputType.getContext());
  Sizes input = sizes.of(inputType), filter = sizes.of(filterType);
  int64_t rank = input.size(), spatial = rank - 2;
  if (rank < 3) // conv_c1
    return error("expects input rank 3 or more, but got ", rank);
  if (filterType.getRank() != rank) // conv_c1
    return error("expects filter rank ", rank, ", but got ", filterType.getRank());
  Window window{op.getStrides(), op.getDilations(), op.getPads()};
  if (failed(window.check(error, spatial))) // conv_c2
    return failure();
  int64_t group = op.getGroup();
  if (group <= 0) // conv_c2
    return error("expects a positive group, but got ", group);

  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  AffineExpr channels = input[last ? rank - 1 : 1];
  AffineExpr filterChannels = filter[last ? rank - 2 : 1], outputs = filter[last ? rank - 1 : 0];
  if (!SymbolicSizes::mayEqual(channels, filterChannels ? filterChannels * group : filterChannels)) // conv_c3
    return error("expects input channels to be group x filter channels, but got ", sizes.print(channels),
                 " and ", group, " x ", sizes.print(filterChannels));
  if (auto count = SymbolicSizes::constantValue(outputs); count && *count % group != 0) // conv_c4
    return error("expects group to divide the filter's outputs, but got ", group, " and ", *count);

  Sizes result(rank);
  result[0] = input[0];
  result[last ? rank - 1 : 1] = outputs;
  for (int64_t i = 0; i < spatial; ++i) {
    FailureOr<AffineExpr> places =
        window.places(error, i, input[i + (last ? 1 : 2)], filter[i + (last ? 0 : 2)]); // conv_c5
    if (failed(places))
      return failure();
    result[i + (last ? 1 : 2)] = *places;
  }
  return SmallVector<Type>{sizes.tensor(result, accumulatorType(inputType.getElementType()))};
}

InferredTypes ConvTransposeOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType inputType = tensorType(op.getInput()), filterType = tensorType(op.getFilter());
  int64_t rank = inputType.getRank(), spatial = rank - 2;
  if (rank < 3 || filterType.getRank() != rank) // conv_transpose_c1
    return error("expects input and filter of one rank of 3 or more, but got ", rank, " and ",
                 filterType.getRank());
  Window window{op.getStrides(), op.getDilations(), op.getPads()};
  if (failed(window.check(error, spatial))) // conv_transpose_c2
    return failure();
  ArrayRef<int64_t> outputPadding = op.getOutputPadding();
  if (static_cast<int64_t>(outputPadding.size()) != spatial ||
      llvm::any_of(outputPadding, [](int64_t padding) { return padding < 0; })) // conv_transpose_c2
    return error("expects ", spatial, " output paddings that are not negative, but got [", outputPadding,
                 "]");
  int64_t group = op.getGroup();
  if (group <= 0) // conv_transpose_c2
    return error("expects a positive group, but got ", group);

  SymbolicSizes sizes(inputType.getContext());
  Sizes input = sizes.of(inputType), filter = sizes.of(filterType);
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  AffineExpr channels = input[last ? rank - 1 : 1], filterChannels = filter[last ? rank - 2 : 0];
  AffineExpr outputs = filter[last ? rank - 1 : 1];
  std::optional<int64_t> count = SymbolicSizes::constantValue(channels);
  if (!SymbolicSizes::mayEqual(channels, filterChannels) ||
      (count && *count % group != 0)) // conv_transpose_c3
    return error("expects equal channels of input and filter, in ", group, " groups, but got ",
                 sizes.print(channels), " and ", sizes.print(filterChannels));

  Sizes result(rank);
  result[0] = input[0];
  result[last ? rank - 1 : 1] = outputs ? outputs * group : outputs;
  for (int64_t i = 0; i < spatial; ++i) {
    AffineExpr size = input[i + (last ? 1 : 2)];
    std::optional<int64_t> kernel = SymbolicSizes::constantValue(filter[i + (last ? 0 : 2)]);
    if (!size || !kernel)
      continue;
    AffineExpr spread =
        (size - 1) * window.strides[i] + (outputPadding[i] + window.dilations[i] * (*kernel - 1) + 1 -
                                          window.pads[i] - window.pads[spatial + i]);
    if (auto value = SymbolicSizes::constantValue(spread); value && *value < 0) // conv_transpose_c4
      return error("expects a result size that is not negative, but got ", *value, " in spatial dimension ",
                   i);
    result[i + (last ? 1 : 2)] = spread;
  }
  return SmallVector<Type>{sizes.tensor(result, accumulatorType(inputType.getElementType()))};
}

InferredTypes EinsumOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  auto [operandTerms, resultTerm] = op.getEquation().split("->");
  SmallVector<StringRef> terms;
  operandTerms.split(terms, ',');
  auto isTerm = [](StringRef term) { return llvm::all_of(term, llvm::isAlpha); };
  if (!op.getEquation().contains("->") || terms.size() != op.getInputs().size() ||
      !llvm::all_of(terms, isTerm) || !isTerm(resultTerm)) // einsum_c1
    return error("expects an equation of letters with a term per operand, but got \"", op.getEquation(),
                 "\" for ", op.getInputs().size(), " operands");

  Type element = tensorType(op.getInputs().front()).getElementType();
  SymbolicSizes sizes(element.getContext());
  std::map<char, AffineExpr> sizeOf;
  for (auto [term, operand] : llvm::zip_equal(terms, op.getInputs())) {
    RankedTensorType type = tensorType(operand);
    if (type.getElementType() != element) // einsum_c4
      return error("expects operands of one element type, but got ", element, " and ", type.getElementType());
    if (static_cast<int64_t>(term.size()) != type.getRank()) // einsum_c1
      return error("expects a letter per dimension, but got \"", term, "\" for ", type);
    for (auto [letter, size] : llvm::zip_equal(term, sizes.of(type))) {
      AffineExpr &known = sizeOf.try_emplace(letter, size).first->second;
      if (!SymbolicSizes::mayEqual(known, size)) // einsum_c2
        return error("expects equal sizes for '", StringRef(&letter, 1), "', but got ", sizes.print(known),
                     " and ", sizes.print(size));
      known = meet(known, size);
    }
  }
  Sizes result;
  for (auto [i, letter] : llvm::enumerate(resultTerm)) {
    auto known = sizeOf.find(letter);
    if (known == sizeOf.end() || resultTerm.take_front(i).contains(letter)) // einsum_c3
      return error("expects different letters of operands in the result, but got \"", resultTerm, "\"");
    result.push_back(known->second);
  }
  return SmallVector<Type>{sizes.tensor(result, accumulatorType(element))};
}

InferredTypes AttentionOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType queryType = tensorType(op.getQuery()), keyType = tensorType(op.getKey()),
                   valueType = tensorType(op.getValue());
  Type element = queryType.getElementType();
  for (RankedTensorType type : {queryType, keyType, valueType})
    if (type.getRank() != 4 || type.getElementType() != element) // attention_c1
      return error("expects query, key and value of rank 4 and one element type, but got ", queryType, ", ",
                   keyType, " and ", valueType);
  SymbolicSizes sizes(queryType.getContext());
  Sizes query = sizes.of(queryType), key = sizes.of(keyType), value = sizes.of(valueType);
  if (!SymbolicSizes::mayEqual(query[0], key[0]) || !SymbolicSizes::mayEqual(query[0], value[0]) ||
      !SymbolicSizes::mayEqual(query[3], key[3]) || !SymbolicSizes::mayEqual(key[1], value[1]) ||
      !SymbolicSizes::mayEqual(key[2], value[2])) // attention_c2
    return error("expects query, key and value that fit together, but got ", queryType, ", ", keyType,
                 " and ", valueType);
  std::optional<int64_t> heads = SymbolicSizes::constantValue(query[1]),
                         groups = SymbolicSizes::constantValue(key[1]);
  if (heads && groups && (*groups == 0 || *heads % *groups != 0)) // attention_c3
    return error("expects groups that divide the heads, but got ", *groups, " and ", *heads);
  if (op.getMask()) {
    RankedTensorType maskType = tensorType(op.getMask());
    if (maskType.getElementType() != element) // attention_c1
      return error("expects a mask of element type ", element, ", but got ", maskType.getElementType());
    Sizes scores = {query[0], query[1], query[2], meet(key[2], value[2])}, mask = sizes.of(maskType);
    bool fits = mask.size() <= scores.size();
    for (size_t i = 0; fits && i < mask.size(); ++i) {
      AffineExpr size = mask[mask.size() - 1 - i];
      fits = SymbolicSizes::constantValue(size) == 1 || SymbolicSizes::mayEqual(size, scores[3 - i]);
    }
    if (!fits) // attention_c4
      return error("expects a mask that broadcasts to ", sizes.tensor(scores, element), ", but got ",
                   maskType);
  }
  return SmallVector<Type>{sizes.tensor({query[0], query[1], query[2], value[3]}, element)};
}
