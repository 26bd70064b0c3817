//===- ResultTypes.cpp - What types values have by the ops' rules -------------------------------===//

#include "ResultTypes.h"

using namespace mlir;
using namespace tenon;

Type tenon::meetTypes(Type present, Type inferred) {
  auto known = dyn_cast<RankedTensorType>(present), rule = dyn_cast<RankedTensorType>(inferred);
  if (!known || !rule || known.getRank() != rule.getRank())
    return present;
  SymbolicSizes sizes(present.getContext());
  SymbolicSizes::Sizes result = sizes.of(rule);
  for (auto [size, other] : llvm::zip_equal(result, sizes.of(known)))
    if (!size || (!SymbolicSizes::constantValue(size) && SymbolicSizes::constantValue(other)))
      size = other;
  return sizes.tensor(result, known.getElementType());
}

/// What two types have in common: sizes that differ are unknown.
static Type joinTypes(Type lhs, Type rhs) {
  auto left = cast<RankedTensorType>(lhs), right = cast<RankedTensorType>(rhs);
  if (left.getRank() != right.getRank())
    return lhs;
  SymbolicSizes sizes(lhs.getContext());
  SymbolicSizes::Sizes result = sizes.of(left);
  for (auto [size, other] : llvm::zip_equal(result, sizes.of(right)))
    if (size != other)
      size = AffineExpr();
  return sizes.tensor(result, left.getElementType());
}

FailureOr<SmallVector<Type>> tenon::ruleTypes(Operation *op) {
  if (auto branch = dyn_cast<IfOp>(op)) {
    SmallVector<Type> types;
    for (auto [then, otherwise] :
         llvm::zip_equal(branch.getThenRegion().front().getTerminator()->getOperandTypes(),
                         branch.getElseRegion().front().getTerminator()->getOperandTypes()))
      types.push_back(joinTypes(then, otherwise));
    return types;
  }
  auto inferable = dyn_cast<InferTypeOpInterface>(op);
  SmallVector<Type> types;
  if (!inferable || failed(inferable.inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(),
                                                      op->getAttrDictionary(), op->getPropertiesStorage(),
                                                      op->getRegions(), types)))
    return failure();
  return types;
}

SmallVector<int64_t> tenon::unknownDims(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  SmallVector<int64_t> result;
  if (!tensor)
    return result;
  SymbolicSizes sizes(type.getContext());
  for (auto [i, size] : llvm::enumerate(sizes.of(tensor)))
    if (!size)
      result.push_back(i);
  return result;
}

void tenon::refineSignature(func::FuncOp function) {
  auto result = cast<func::ReturnOp>(function.front().getTerminator());
  function.setFunctionType(
      FunctionType::get(function.getContext(), function.getArgumentTypes(), result.getOperandTypes()));
}

std::string tenon::symbolHint(const SymbolicSizes &sizes, AffineExpr size) {
  std::string hint;
  size.walk([&](AffineExpr expr) {
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr); symbol && hint.empty())
      hint = "; give it a value, such as --symbol " + sizes.getSymbols()[symbol.getPosition()].str() + "=64";
  });
  return hint;
}
