//===- SymbolicSizes.cpp - Sizes of tensors as affine expressions over named symbols -----------===//

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

using namespace mlir;

namespace tenon {

SymbolicSizes::Sizes SymbolicSizes::of(DimsAttr dims) {
  SmallVector<AffineExpr> replacements;
  for (StringAttr name : dims.getSymbols())
    replacements.push_back(symbol(name));
  Sizes sizes;
  for (AffineExpr size : dims.getMap().getResults())
    sizes.push_back(size.replaceSymbols(replacements));
  return sizes;
}

SymbolicSizes::Sizes SymbolicSizes::of(RankedTensorType type) {
  Sizes sizes;
  if (auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding()))
    sizes = of(dims);
  sizes.resize(type.getRank());
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (!ShapedType::isDynamic(size))
      sizes[i] = constant(size);
  return sizes;
}

AffineExpr SymbolicSizes::symbol(StringRef name) {
  for (auto [i, known] : llvm::enumerate(symbols))
    if (known == name)
      return getAffineSymbolExpr(i, context);
  symbols.push_back(StringAttr::get(context, name));
  return getAffineSymbolExpr(symbols.size() - 1, context);
}

AffineExpr SymbolicSizes::simplify(AffineExpr size) const {
  return simplifyAffineExpr(size, 0, symbols.size());
}

DimsAttr SymbolicSizes::dims(ArrayRef<AffineExpr> sizes) {
  // Only the symbols in use, in the order of their names, so that equal sizes make equal attributes.
  SmallVector<unsigned> used;
  for (unsigned i = 0; i < symbols.size(); ++i)
    if (llvm::any_of(sizes, [i](AffineExpr size) { return size.isFunctionOfSymbol(i); }))
      used.push_back(i);
  llvm::sort(used, [&](unsigned a, unsigned b) { return symbols[a].getValue() < symbols[b].getValue(); });
  SmallVector<AffineExpr> renumbered(symbols.size(), constant(0));
  SmallVector<StringAttr> names;
  for (unsigned i : used) {
    renumbered[i] = getAffineSymbolExpr(names.size(), context);
    names.push_back(symbols[i]);
  }
  SmallVector<AffineExpr> exprs;
  for (AffineExpr size : sizes)
    exprs.push_back(simplifyAffineExpr(size.replaceSymbols(renumbered), 0, names.size()));
  return DimsAttr::get(context, AffineMap::get(0, names.size(), exprs, context), names);
}

RankedTensorType SymbolicSizes::tensor(ArrayRef<AffineExpr> sizes, Type elementType) {
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> exprs;
  bool named = false, allKnown = true;
  for (AffineExpr size : sizes) {
    exprs.push_back(size ? simplify(size) : AffineExpr());
    std::optional<int64_t> value = constantValue(exprs.back());
    shape.push_back(value.value_or(ShapedType::kDynamic));
    named |= exprs.back() && !value;
    allKnown &= static_cast<bool>(exprs.back());
  }
  if (!named || !allKnown)
    return RankedTensorType::get(shape, elementType);
  return RankedTensorType::get(shape, elementType, dims(exprs));
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
  if (!lhs)
    return rhs;
  // A named size may turn out to be any.
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
    if (!size)
      return {};
    result = simplify(result * size);
  }
  return result;
}

/// Takes the product `size` apart into a constant, by which `scale` is multiplied, and factors that are no
/// constants.
static void collectFactors(AffineExpr size, int64_t &scale, SmallVectorImpl<AffineExpr> &factors) {
  if (auto constant = dyn_cast<AffineConstantExpr>(size)) {
    scale *= constant.getValue();
  } else if (size.getKind() == AffineExprKind::Mul) {
    auto product = cast<AffineBinaryOpExpr>(size);
    collectFactors(product.getLHS(), scale, factors);
    collectFactors(product.getRHS(), scale, factors);
  } else {
    factors.push_back(size);
  }
}

AffineExpr SymbolicSizes::quotient(ArrayRef<AffineExpr> factors, ArrayRef<AffineExpr> divisors) {
  int64_t scale = 1, divisorScale = 1;
  SmallVector<AffineExpr> remaining, divisorFactors;
  for (AffineExpr factor : factors) {
    if (!factor)
      return {};
    collectFactors(simplify(factor), scale, remaining);
  }
  for (AffineExpr divisor : divisors) {
    if (!divisor)
      return {};
    collectFactors(simplify(divisor), divisorScale, divisorFactors);
  }
  for (AffineExpr divisor : divisorFactors) {
    auto *equal = llvm::find(remaining, divisor);
    if (equal == remaining.end())
      return {};
    remaining.erase(equal);
  }
  if (divisorScale == 0)
    return {};
  if (scale % divisorScale == 0) {
    remaining.push_back(constant(scale / divisorScale));
    return product(remaining);
  }
  // A sum may hold the divisor: (4 s + 8) / 4.
  AffineExpr whole = product(remaining) * scale;
  return whole.isMultipleOf(divisorScale) ? simplify(whole.floorDiv(divisorScale)) : AffineExpr();
}

std::optional<int64_t> SymbolicSizes::lowerBound(AffineExpr size) {
  if (!size)
    return std::nullopt;
  if (std::optional<int64_t> value = constantValue(size))
    return value;
  if (size.getKind() == AffineExprKind::SymbolId)
    return 1;
  auto binary = dyn_cast<AffineBinaryOpExpr>(size);
  if (!binary)
    return std::nullopt;
  std::optional<int64_t> lhs = lowerBound(binary.getLHS()), rhs = lowerBound(binary.getRHS());
  std::optional<int64_t> divisor = constantValue(binary.getRHS());
  switch (size.getKind()) {
  case AffineExprKind::Add:
    return lhs && rhs ? std::optional(*lhs + *rhs) : std::nullopt;
  case AffineExprKind::Mul:
    if (lhs && rhs && ((*lhs >= 0 && *rhs >= 0) || (divisor && *divisor >= 0)))
      return *lhs * *rhs;
    return std::nullopt;
  case AffineExprKind::FloorDiv:
    return lhs && divisor ? std::optional(llvm::divideFloorSigned(*lhs, *divisor)) : std::nullopt;
  case AffineExprKind::CeilDiv:
    return lhs && divisor ? std::optional(llvm::divideCeilSigned(*lhs, *divisor)) : std::nullopt;
  case AffineExprKind::Mod:
    return 0;
  default:
    return std::nullopt;
  }
}

std::optional<std::pair<int64_t, int64_t>> SymbolicSizes::linearIn(AffineExpr size, AffineExpr symbol) const {
  auto at = [&](int64_t value) {
    return constantValue(simplify(size.replace(symbol, getAffineConstantExpr(value, context))));
  };
  std::optional<int64_t> atZero = at(0), atOne = at(1);
  if (!atZero || !atOne || *atOne == *atZero)
    return std::nullopt;
  int64_t factor = *atOne - *atZero;
  if (simplify(symbol * factor + *atZero - size) != 0)
    return std::nullopt;
  return std::make_pair(factor, *atZero);
}

/// How tightly an operator binds: a sum within a product needs parentheses.
static int precedence(AffineExpr size) {
  switch (size.getKind()) {
  case AffineExprKind::Add:
    return 0;
  case AffineExprKind::Mul:
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
  case AffineExprKind::Mod:
    return 1;
  default:
    return 2;
  }
}

static StringRef operatorName(AffineExprKind kind) {
  switch (kind) {
  case AffineExprKind::Mul:
    return " * ";
  case AffineExprKind::FloorDiv:
    return " floordiv ";
  case AffineExprKind::CeilDiv:
    return " ceildiv ";
  case AffineExprKind::Mod:
    return " mod ";
  default:
    return " + ";
  }
}

/// Prints `size` with names for its symbols, in parentheses if it binds less tightly than `context`.
static void printSize(raw_ostream &os, AffineExpr size, ArrayRef<StringAttr> symbols, int context) {
  if (auto constant = dyn_cast<AffineConstantExpr>(size)) {
    os << constant.getValue();
    return;
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(size)) {
    os << symbols[symbol.getPosition()].getValue();
    return;
  }
  auto binary = cast<AffineBinaryOpExpr>(size);
  int own = precedence(size);
  if (own < context)
    os << '(';
  bool chains = size.getKind() == AffineExprKind::Add || size.getKind() == AffineExprKind::Mul;
  printSize(os, binary.getLHS(), symbols, chains ? own : own + 1);
  // s + t * -1 and s + -2 read better as differences.
  AffineExpr rhs = binary.getRHS();
  auto product = dyn_cast<AffineBinaryOpExpr>(rhs);
  std::optional<int64_t> value = SymbolicSizes::constantValue(rhs);
  bool isSum = size.getKind() == AffineExprKind::Add;
  if (isSum && value && *value < 0 && *value != std::numeric_limits<int64_t>::min()) {
    os << " - " << -*value;
  } else if (isSum && product && product.getKind() == AffineExprKind::Mul &&
             SymbolicSizes::constantValue(product.getRHS()) == -1) {
    os << " - ";
    printSize(os, product.getLHS(), symbols, 1);
  } else {
    os << operatorName(size.getKind());
    printSize(os, rhs, symbols, own + 1);
  }
  if (own < context)
    os << ')';
}

std::string SymbolicSizes::print(AffineExpr size) const {
  if (!size)
    return "?";
  std::string text;
  llvm::raw_string_ostream os(text);
  printSize(os, size, symbols, 0);
  return text;
}

} // namespace tenon
