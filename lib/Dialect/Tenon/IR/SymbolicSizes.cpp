//===- SymbolicSizes.cpp - Sizes of tensors as affine expressions over named symbols -----------===//

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

using namespace mlir;

namespace tenon {

SymbolicSizes::Sizes SymbolicSizes::of(RankedTensorType type) {
  Sizes sizes;
  DimsAttr dims = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  SmallVector<AffineExpr> replacements;
  if (dims)
    for (StringAttr name : dims.getSymbols())
      replacements.push_back(symbol(name));
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size))
      sizes.push_back(constant(size));
    else if (dims)
      sizes.push_back(dims.getMap().getResult(i).replaceSymbols(replacements));
    else
      sizes.push_back(AffineExpr());
  }
  return sizes;
}

AffineExpr SymbolicSizes::symbol(StringRef name) {
  for (auto [i, known] : llvm::enumerate(symbols))
    if (known == name)
      return getAffineSymbolExpr(i, context);
  symbols.push_back(StringAttr::get(context, name));
  return getAffineSymbolExpr(symbols.size() - 1, context);
}

RankedTensorType SymbolicSizes::tensor(ArrayRef<AffineExpr> sizes, Type elementType) {
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> exprs;
  bool named = false, allKnown = true;
  for (AffineExpr size : sizes) {
    AffineExpr simplified = size ? simplifyAffineExpr(size, 0, symbols.size()) : AffineExpr();
    std::optional<int64_t> value = constantValue(simplified);
    shape.push_back(value.value_or(ShapedType::kDynamic));
    exprs.push_back(simplified);
    named |= simplified && !value;
    allKnown &= static_cast<bool>(simplified);
  }
  if (!named || !allKnown)
    return RankedTensorType::get(shape, elementType);
  // Keep only the symbols in use, so that equal sizes make equal types.
  SmallVector<AffineExpr> renumbered(symbols.size());
  SmallVector<StringAttr> used;
  for (auto [i, name] : llvm::enumerate(symbols)) {
    bool appears = llvm::any_of(exprs, [i = i](AffineExpr e) { return e.isFunctionOfSymbol(i); });
    renumbered[i] = getAffineSymbolExpr(appears ? used.size() : 0, context);
    if (appears)
      used.push_back(name);
  }
  // Symbols stand in the order of their names: the list must not depend on who asked first.
  SmallVector<unsigned> order = llvm::to_vector(llvm::seq<unsigned>(0, used.size()));
  llvm::sort(order, [&](unsigned a, unsigned b) { return used[a].getValue() < used[b].getValue(); });
  SmallVector<AffineExpr> sorted(used.size());
  SmallVector<StringAttr> names;
  for (auto [position, original] : llvm::enumerate(order)) {
    sorted[original] = getAffineSymbolExpr(position, context);
    names.push_back(used[original]);
  }
  for (AffineExpr &e : exprs)
    e = simplifyAffineExpr(e.replaceSymbols(renumbered).replaceSymbols(sorted), 0, names.size());
  AffineMap map = AffineMap::get(0, names.size(), exprs, context);
  return RankedTensorType::get(shape, elementType, DimsAttr::get(context, map, names));
}

std::optional<int64_t> SymbolicSizes::constantValue(AffineExpr size) {
  if (auto constant = dyn_cast_or_null<AffineConstantExpr>(size))
    return constant.getValue();
  return std::nullopt;
}

FailureOr<AffineExpr> SymbolicSizes::broadcast(AffineExpr lhs, AffineExpr rhs) {
  std::optional<int64_t> l = constantValue(lhs), r = constantValue(rhs);
  if (l == 1)
    return rhs;
  if (r == 1)
    return lhs;
  if (l && r && *l != *r)
    return failure();
  if (l)
    return lhs;
  if (r || !lhs)
    return rhs;
  if (!rhs || lhs == rhs)
    return lhs;
  return failure();
}

FailureOr<SymbolicSizes::Sizes> SymbolicSizes::broadcast(ArrayRef<AffineExpr> lhs, ArrayRef<AffineExpr> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  Sizes result(lhs);
  for (size_t i = 0; i < rhs.size(); ++i) {
    AffineExpr &size = result[lhs.size() - 1 - i];
    FailureOr<AffineExpr> joined = broadcast(size, rhs[rhs.size() - 1 - i]);
    if (failed(joined))
      return failure();
    size = *joined;
  }
  return result;
}

bool SymbolicSizes::mayEqual(AffineExpr lhs, AffineExpr rhs) {
  std::optional<int64_t> l = constantValue(lhs), r = constantValue(rhs);
  return !l || !r || *l == *r;
}

AffineExpr SymbolicSizes::product(ArrayRef<AffineExpr> sizes) {
  AffineExpr result = constant(1);
  for (AffineExpr size : sizes) {
    if (!size || (!result.isSymbolicOrConstant() && !size.isSymbolicOrConstant()))
      return {};
    if (!constantValue(result) && !constantValue(size))
      return {};
    result = simplifyAffineExpr(result * size, 0, symbols.size());
  }
  return result;
}

std::string SymbolicSizes::print(AffineExpr size) const {
  if (!size)
    return "?";
  std::string text;
  llvm::raw_string_ostream os(text);
  size.print(os);
  // AffineExpr prints symbols as s0, s1, ...; put the names in their place, the highest first (s1 is a part of s10).
  for (size_t i = symbols.size(); i-- > 0;) {
    std::string token = "s" + std::to_string(i);
    for (size_t at = 0; (at = text.find(token, at)) != std::string::npos; at += symbols[i].size())
      text.replace(at, token.size(), symbols[i].str());
  }
  return text;
}

} // namespace tenon
