//===- SymbolValues.cpp - What the named sizes of a model are in one call -----------------------===//

#include "tenon/Reference/SymbolValues.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Dialect/Affine/Analysis/AffineStructures.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

static AffineExpr constantExpr(int64_t value, MLIRContext *context) {
  return getAffineConstantExpr(value, context);
}

/// The sizes of `type` after putting the known values in the place of their symbols.
static SmallVector<AffineExpr> substitute(DimsAttr dims, const SymbolValues &values) {
  SmallVector<AffineExpr> replacements, sizes;
  for (auto [i, name] : llvm::enumerate(dims.getSymbols())) {
    std::optional<int64_t> value = values.lookup(name);
    replacements.push_back(value ? constantExpr(*value, dims.getContext())
                                 : getAffineSymbolExpr(i, dims.getContext()));
  }
  for (AffineExpr size : dims.getMap().getResults())
    sizes.push_back(simplifyAffineExpr(size.replaceSymbols(replacements), 0, dims.getSymbols().size()));
  return sizes;
}

static std::optional<int64_t> constantValue(AffineExpr size) {
  if (auto constant = dyn_cast<AffineConstantExpr>(size))
    return constant.getValue();
  return std::nullopt;
}

/// The only symbol in `size` and its value if `size` is `factor * symbol + offset` and has the value
/// `actual`.
static std::optional<std::pair<unsigned, int64_t>> solve(AffineExpr size, unsigned numSymbols,
                                                         int64_t actual) {
  std::optional<unsigned> symbol;
  for (unsigned i = 0; i < numSymbols; ++i) {
    if (!size.isFunctionOfSymbol(i))
      continue;
    if (symbol)
      return std::nullopt;
    symbol = i;
  }
  SmallVector<int64_t> flattened;
  if (!symbol || failed(getFlattenedAffineExpr(size, 0, numSymbols, &flattened)) ||
      flattened.size() != numSymbols + 1)
    return std::nullopt; // More columns than symbols: a division or remainder.
  int64_t factor = flattened[*symbol], rest = actual - flattened.back();
  if (factor == 0 || rest % factor != 0 || rest / factor < 0)
    return std::nullopt;
  return std::make_pair(*symbol, rest / factor);
}

std::optional<int64_t> SymbolValues::lookup(StringRef name) const {
  auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional<int64_t>(found->second);
}

LogicalResult SymbolValues::learn(RankedTensorType type, ArrayRef<int64_t> shape) {
  if (failed(verifyCompatibleShape(type.getShape(), shape)))
    return failure();
  auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  if (!dims)
    return success();
  // What one size tells may be needed to solve another: repeat until nothing is learnt.
  for (bool learnt = true; learnt;) {
    learnt = false;
    for (auto [size, actual] : llvm::zip_equal(substitute(dims, *this), shape)) {
      std::optional<int64_t> value = constantValue(size);
      if (value && *value != actual)
        return failure();
      if (value)
        continue;
      if (auto solution = solve(size, dims.getSymbols().size(), actual)) {
        values[dims.getSymbols()[solution->first]] = solution->second;
        learnt = true;
        break;
      }
    }
  }
  return success();
}

RankedTensorType SymbolValues::resolve(RankedTensorType type) const {
  auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  if (!dims)
    return type;
  SmallVector<int64_t> shape;
  for (auto [size, declared] : llvm::zip_equal(substitute(dims, *this), type.getShape()))
    shape.push_back(constantValue(size).value_or(declared));
  RankedTensorType resolved = RankedTensorType::get(shape, type.getElementType());
  return resolved.hasStaticShape() ? resolved : RankedTensorType::get(shape, type.getElementType(), dims);
}
