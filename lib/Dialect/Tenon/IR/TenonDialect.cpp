//===- TenonDialect.cpp - The dialect, its attributes and what all shape rules share -----------===//

#include "SizeArithmetic.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tenon;

#include "tenon/Dialect/Tenon/IR/TenonDialect.cpp.inc"
#include "tenon/Dialect/Tenon/IR/TenonEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "tenon/Dialect/Tenon/IR/TenonAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "tenon/Dialect/Tenon/IR/TenonOps.cpp.inc"

void TenonDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tenon/Dialect/Tenon/IR/TenonAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tenon/Dialect/Tenon/IR/TenonOps.cpp.inc"
      >();
}

void TenonDialect::getCanonicalizationPatterns(RewritePatternSet &patterns) const {
  populateSizeFoldings(patterns);
}

Operation *TenonDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

//===----------------------------------------------------------------------------------------===//
// #tenon.dims
//===----------------------------------------------------------------------------------------===//

/// Parses `<[` size (`,` size)* `]>`, where a size is an affine expression over bare symbol names.
Attribute DimsAttr::parse(AsmParser &parser, Type) {
  MLIRContext *context = parser.getContext();
  SmallVector<std::pair<StringRef, AffineExpr>> symbolSet;
  SmallVector<StringAttr> symbols;
  SmallVector<AffineExpr> sizes;
  // Names are not declared: they are collected in a first look at the text, which parseAffineExpr then
  // resolves.
  auto declare = [&](StringRef name) {
    if (llvm::none_of(symbolSet, [&](const auto &known) { return known.first == name; })) {
      symbols.push_back(StringAttr::get(context, name));
      symbolSet.emplace_back(symbols.back().getValue(), getAffineSymbolExpr(symbols.size() - 1, context));
    }
  };
  if (parser.parseLess() || parser.parseLSquare())
    return {};
  const char *text = parser.getCurrentLocation().getPointer();
  for (const char *at = text; *at && *at != ']'; ++at) {
    if (!isalpha(*at) && *at != '_')
      continue;
    const char *end = at;
    while (isalnum(*end) || *end == '_')
      ++end;
    StringRef name(at, end - at);
    if (name != "mod" && name != "floordiv" && name != "ceildiv")
      declare(name);
    at = end - 1;
  }
  do {
    AffineExpr size;
    if (parser.parseAffineExpr(symbolSet, size))
      return {};
    sizes.push_back(size);
  } while (succeeded(parser.parseOptionalComma()));
  if (parser.parseRSquare() || parser.parseGreater())
    return {};
  return parser.getChecked<DimsAttr>(context, AffineMap::get(0, symbols.size(), sizes, context), symbols);
}

void DimsAttr::print(AsmPrinter &printer) const {
  SymbolicSizes sizes(getContext());
  for (StringAttr name : getSymbols())
    sizes.symbol(name);
  printer << "<[";
  llvm::interleaveComma(getMap().getResults(), printer,
                        [&](AffineExpr size) { printer << sizes.print(size); });
  printer << "]>";
}

LogicalResult DimsAttr::verify(function_ref<InFlightDiagnostic()> emitError, AffineMap map,
                               ArrayRef<StringAttr> symbols) {
  if (map.getNumDims() != 0 || map.getNumSymbols() != symbols.size())
    return emitError() << "expected a map of no dimensions and " << symbols.size() << " symbols, but got "
                       << map.getNumDims() << " and " << map.getNumSymbols();
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Result types
//===----------------------------------------------------------------------------------------===//

/// Whether `actual` says nothing that contradicts `inferred`.
static bool isCompatible(Type inferred, Type actual) {
  auto inferredTensor = dyn_cast<RankedTensorType>(inferred),
       actualTensor = dyn_cast<RankedTensorType>(actual);
  if (!inferredTensor || !actualTensor)
    return inferred == actual;
  return inferredTensor.getElementType() == actualTensor.getElementType() &&
         succeeded(verifyCompatibleShape(inferredTensor, actualTensor));
}

LogicalResult tenon::verifyResultTypes(Operation *op) {
  SmallVector<Type> inferred;
  if (failed(cast<InferTypeOpInterface>(op).inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(), op->getAttrDictionary(),
          op->getPropertiesStorage(), op->getRegions(), inferred)))
    return failure();
  if (op->getNumResults() != inferred.size())
    return op->emitOpError("expects ") << inferred.size() << " results, but got " << op->getNumResults();
  for (auto [expected, actual] : llvm::zip_equal(inferred, op->getResultTypes()))
    if (!isCompatible(expected, actual))
      return op->emitOpError("expects result type ") << expected << ", but got " << actual;
  return success();
}
