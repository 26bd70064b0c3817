//===- Contraction.cpp - Shape rules and verifiers of matrix products and convolutions ---------===//

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

using namespace mlir;
using namespace tenon;

using InferredTypes = FailureOr<SmallVector<Type>>;
using Sizes = SymbolicSizes::Sizes;

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

/// The element type products of `element` are summed in and returned as: i32 for 8- and 16-bit integers.
static Type accumulatorType(Type element) {
  if (element.isInteger() && element.getIntOrFloatBitWidth() < 32)
    return IntegerType::get(element.getContext(), 32);
  return element;
}

InferredTypes MatmulOp::infer(std::optional<Location> loc, Adaptor op) {
  auto error = [&](auto &&...message) -> InferredTypes {
    (void)emitOptionalError(loc, "'", getOperationName(), "' op ", message...);
    return failure();
  };
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
    return error("expects equal reduced sizes, but got ", sizes.print(lhsReduced), " and ", sizes.print(rhsReduced));
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
  auto error = [&](auto &&...message) -> InferredTypes {
    (void)emitOptionalError(loc, "'", getOperationName(), "' op ", message...);
    return failure();
  };
  RankedTensorType inputType = tensorType(op.getInput()), filterType = tensorType(op.getFilter());
  SymbolicSizes sizes(inputType.getContext());
  Sizes input = sizes.of(inputType), filter = sizes.of(filterType);
  int64_t rank = input.size(), spatial = rank - 2;
  if (rank < 3) // conv_c1
    return error("expects input rank 3 or more, but got ", rank);
  if (filterType.getRank() != rank) // conv_c1
    return error("expects filter rank ", rank, ", but got ", filterType.getRank());
  ArrayRef<int64_t> strides = op.getStrides(), dilations = op.getDilations(), pads = op.getPads();
  if ((int64_t)strides.size() != spatial || (int64_t)dilations.size() != spatial ||
      (int64_t)pads.size() != 2 * spatial) // conv_c2
    return error("expects ", spatial, " strides, ", spatial, " dilations and ", 2 * spatial, " pads, but got ",
                 strides.size(), ", ", dilations.size(), " and ", pads.size());
  auto notPositive = [](int64_t value) { return value <= 0; };
  if (llvm::any_of(strides, notPositive) || llvm::any_of(dilations, notPositive) ||
      notPositive(op.getGroup())) // conv_c2
    return error("expects positive strides, dilations and group");
  if (llvm::any_of(pads, [](int64_t pad) { return pad < 0; })) // conv_c2
    return error("expects pads that are not negative");

  bool last = op.getLayout() == DataLayout::channels_last;
  AffineExpr channels = input[last ? rank - 1 : 1];
  AffineExpr filterChannels = filter[last ? rank - 2 : 1], outputs = filter[last ? rank - 1 : 0];
  int64_t group = op.getGroup();
  if (!SymbolicSizes::mayEqual(channels, filterChannels ? filterChannels * group : filterChannels)) // conv_c3
    return error("expects input channels to be group x filter channels, but got ", sizes.print(channels), " and ",
                 group, " x ", sizes.print(filterChannels));
  if (auto count = SymbolicSizes::constantValue(outputs); count && *count % group != 0) // conv_c4
    return error("expects group to divide the filter's outputs, but got ", group, " and ", *count);

  Sizes result(rank);
  result[0] = input[0];
  result[last ? rank - 1 : 1] = outputs;
  for (int64_t i = 0; i < spatial; ++i) {
    AffineExpr size = input[i + (last ? 1 : 2)], kernel = filter[i + (last ? 0 : 2)];
    std::optional<int64_t> kernelSize = SymbolicSizes::constantValue(kernel);
    if (!size || !kernelSize)
      continue;
    AffineExpr slack = size + pads[i] + pads[spatial + i] - (dilations[i] * (*kernelSize - 1) + 1);
    if (auto value = SymbolicSizes::constantValue(slack); value && *value < 0) // conv_c5
      return error("expects a padded input that covers the dilated kernel, but in spatial dimension ", i,
                   " it is short by ", -*value);
    result[i + (last ? 1 : 2)] = slack.floorDiv(strides[i]) + 1;
  }
  return SmallVector<Type>{sizes.tensor(result, accumulatorType(inputType.getElementType()))};
}
