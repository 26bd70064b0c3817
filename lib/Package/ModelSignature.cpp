//===- ModelSignature.cpp - What a model takes and gives, as its C interface says it ----------------===//

#include "tenon/Package/ModelSignature.h"

#include "tenon-rt/tensor.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tenon {

int32_t getDType(Type type) {
  if (type.isF32())
    return TENON_DTYPE_FLOAT32;
  if (type.isF64())
    return TENON_DTYPE_FLOAT64;
  if (type.isF16())
    return TENON_DTYPE_FLOAT16;
  if (type.isBF16())
    return TENON_DTYPE_BFLOAT16;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return TENON_DTYPE_UNDEFINED;
  const bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return TENON_DTYPE_BOOL;
  case 4:
    return isUnsigned ? TENON_DTYPE_UINT4 : TENON_DTYPE_INT4;
  case 8:
    return isUnsigned ? TENON_DTYPE_UINT8 : TENON_DTYPE_INT8;
  case 16:
    return isUnsigned ? TENON_DTYPE_UINT16 : TENON_DTYPE_INT16;
  case 32:
    return isUnsigned ? TENON_DTYPE_UINT32 : TENON_DTYPE_INT32;
  case 64:
    return isUnsigned ? TENON_DTYPE_UINT64 : TENON_DTYPE_INT64;
  default:
    return TENON_DTYPE_UNDEFINED;
  }
}

std::string makeIdentifier(StringRef name) {
  static const StringLiteral keywords = " alignas alignof and asm auto bool break case catch char class "
                                        "const constexpr continue default delete do "
                                        "double else enum explicit export extern false float for friend goto "
                                        "if inline int long mutable namespace new "
                                        "noexcept not nullptr operator or private protected public register "
                                        "requires restrict return short signed sizeof "
                                        "static struct switch template this throw true try typedef typeid "
                                        "typename union unsigned using virtual void "
                                        "volatile while xor ";
  std::string result;
  for (char letter : name)
    result += llvm::isAlnum(letter) || letter == '_' ? letter : '_';
  if (result.empty() || llvm::isDigit(result.front()))
    result.insert(result.begin(), '_');
  if (keywords.contains(" " + result + " "))
    result += '_';
  return result;
}

//===----------------------------------------------------------------------------------------===//
// Size expressions
//===----------------------------------------------------------------------------------------===//

namespace {

/// How tightly an operator binds in C.
enum Precedence { Sum, Product, Primary };

std::string print(AffineExpr size, ArrayRef<std::string> symbols, Precedence context);

std::string parenthesize(std::string text, Precedence own, Precedence context) {
  return own < context ? "(" + text + ")" : text;
}

std::string printSum(AffineBinaryOpExpr sum, ArrayRef<std::string> symbols) {
  std::string result = print(sum.getLHS(), symbols, Sum);
  AffineExpr rhs = sum.getRHS();
  if (auto constant = dyn_cast<AffineConstantExpr>(rhs); constant && constant.getValue() < 0)
    return result + " - " + llvm::utostr(-static_cast<uint64_t>(constant.getValue()));
  auto product = dyn_cast<AffineBinaryOpExpr>(rhs);
  if (product && product.getKind() == AffineExprKind::Mul)
    if (auto factor = dyn_cast<AffineConstantExpr>(product.getRHS()); factor && factor.getValue() < 0)
      return result + " - " + print(product.getLHS() * -factor.getValue(), symbols, Product);
  return result + " + " + print(rhs, symbols, Sum);
}

std::string print(AffineExpr size, ArrayRef<std::string> symbols, Precedence context) {
  if (auto constant = dyn_cast<AffineConstantExpr>(size))
    return parenthesize(llvm::itostr(constant.getValue()), constant.getValue() < 0 ? Sum : Primary, context);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(size))
    return symbols[symbol.getPosition()];

  auto binary = cast<AffineBinaryOpExpr>(size);
  if (size.getKind() == AffineExprKind::Add)
    return parenthesize(printSum(binary, symbols), Sum, context);
  AffineExpr lhs = binary.getLHS(), rhs = binary.getRHS();
  if (size.getKind() == AffineExprKind::Mul) {
    // Affine expressions keep constants on the right.
    if (isa<AffineConstantExpr>(rhs))
      std::swap(lhs, rhs);
    return parenthesize(print(lhs, symbols, Product) + " * " + print(rhs, symbols, Primary), Product,
                        context);
  }
  if (size.getKind() == AffineExprKind::CeilDiv)
    lhs = lhs + rhs - 1;
  const char *op = size.getKind() == AffineExprKind::Mod ? " % " : " / ";
  return parenthesize(print(lhs, symbols, Product) + op + print(rhs, symbols, Primary), Product, context);
}

LogicalResult addTerms(AffineExpr size, int64_t factor, LinearSize &sum) {
  if (auto constant = dyn_cast<AffineConstantExpr>(size)) {
    sum.constant += factor * constant.getValue();
    return success();
  }
  if (auto symbol = dyn_cast<AffineSymbolExpr>(size)) {
    sum.coefficients[symbol.getPosition()] += factor;
    return success();
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(size);
  if (!binary)
    return failure();
  if (size.getKind() == AffineExprKind::Add)
    return success(succeeded(addTerms(binary.getLHS(), factor, sum)) &&
                   succeeded(addTerms(binary.getRHS(), factor, sum)));
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (size.getKind() != AffineExprKind::Mul || !constant)
    return failure();
  return addTerms(binary.getLHS(), factor * constant.getValue(), sum);
}

} // namespace

std::string printSize(AffineExpr size, ArrayRef<std::string> symbols) { return print(size, symbols, Sum); }

std::string printGreatest(AffineMap sizes, ArrayRef<std::string> symbols) {
  std::string text = printSize(sizes.getResult(0), symbols);
  for (AffineExpr size : sizes.getResults().drop_front())
    text += ", " + printSize(size, symbols);
  return sizes.getNumResults() == 1 ? text : "max(" + text + ")";
}

FailureOr<LinearSize> getLinearSize(AffineExpr size, unsigned symbolCount) {
  LinearSize sum;
  sum.coefficients.assign(symbolCount, 0);
  if (failed(addTerms(size, 1, sum)))
    return failure();
  return sum;
}

//===----------------------------------------------------------------------------------------===//
// From IR
//===----------------------------------------------------------------------------------------===//

namespace {

/// Reads the signature of one function; a name is taken once.
class SignatureReader {
public:
  explicit SignatureReader(func::FuncOp main) : main(main) {}

  FailureOr<ModelSignature> read();

private:
  FailureOr<TensorSignature> readTensor(Type type, DictionaryAttr attributes, StringRef kind, unsigned index);
  FailureOr<AffineExpr> readSize(RankedTensorType type, unsigned dimension);
  AffineExpr symbol(StringRef name);
  LogicalResult checkSymbolsAreDetermined();

  func::FuncOp main;
  ModelSignature signature;
};

} // namespace

AffineExpr SignatureReader::symbol(StringRef name) {
  std::string identifier = makeIdentifier(name);
  auto it = llvm::find(signature.symbols, identifier);
  unsigned position = it - signature.symbols.begin();
  if (it == signature.symbols.end())
    signature.symbols.push_back(identifier);
  return getAffineSymbolExpr(position, main.getContext());
}

FailureOr<AffineExpr> SignatureReader::readSize(RankedTensorType type, unsigned dimension) {
  if (!type.isDynamicDim(dimension))
    return getAffineConstantExpr(type.getDimSize(dimension), main.getContext());
  auto dims = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  if (!dims)
    return failure();
  SmallVector<AffineExpr> symbols;
  for (StringAttr name : dims.getSymbols())
    symbols.push_back(symbol(name));
  return dims.getMap().getResult(dimension).replaceSymbols(symbols);
}

FailureOr<TensorSignature> SignatureReader::readTensor(Type type, DictionaryAttr attributes, StringRef kind,
                                                       unsigned index) {
  TensorSignature tensor;
  auto name = attributes ? attributes.getAs<StringAttr>("tenon.name") : StringAttr();
  tensor.name = name ? name.str() : (kind + Twine(index)).str();
  auto ranked = dyn_cast<RankedTensorType>(type);
  if (!ranked)
    return main.emitError() << kind << " '" << tensor.name << "' expects a ranked tensor, but got " << type;
  tensor.dtype = getDType(ranked.getElementType());
  if (tensor.dtype == TENON_DTYPE_UNDEFINED)
    return main.emitError() << kind << " '" << tensor.name << "' has element type " << ranked.getElementType()
                            << ", which can't cross the C interface";
  for (unsigned i = 0; i < ranked.getRank(); ++i) {
    FailureOr<AffineExpr> size = readSize(ranked, i);
    if (failed(size))
      return main.emitError() << kind << " '" << tensor.name << "' expects a size in dimension " << i
                              << " that follows from the inputs, but got " << type;
    tensor.sizes.push_back(*size);
  }
  return tensor;
}

LogicalResult SignatureReader::checkSymbolsAreDetermined() {
  // What the loader does: an equation with one unknown gives its value.
  llvm::BitVector known(signature.symbols.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (const TensorSignature &input : signature.inputs)
      for (AffineExpr size : input.sizes) {
        FailureOr<LinearSize> linear = getLinearSize(size, signature.symbols.size());
        if (failed(linear))
          continue;
        SmallVector<unsigned> unknown;
        for (auto [i, coefficient] : llvm::enumerate(linear->coefficients))
          if (coefficient != 0 && !known[i])
            unknown.push_back(i);
        if (unknown.size() == 1) {
          known.set(unknown.front());
          changed = true;
        }
      }
  }
  int missing = known.find_first_unset();
  if (missing < 0)
    return success();
  return main.emitError() << "the value of '" << signature.symbols[missing]
                          << "' doesn't follow from the shapes of the inputs";
}

FailureOr<ModelSignature> SignatureReader::read() {
  auto module = main->getParentOfType<ModuleOp>();
  auto name = module ? module->getAttrOfType<StringAttr>("tenon.model") : StringAttr();
  signature.name = makeIdentifier(name ? name.getValue() : "model");

  FunctionType type = main.getFunctionType();
  for (auto [i, input] : llvm::enumerate(type.getInputs())) {
    FailureOr<TensorSignature> tensor = readTensor(input, main.getArgAttrDict(i), "input", i);
    if (failed(tensor))
      return failure();
    signature.inputs.push_back(*tensor);
  }
  for (auto [i, output] : llvm::enumerate(type.getResults())) {
    FailureOr<TensorSignature> tensor = readTensor(output, main.getResultAttrDict(i), "output", i);
    if (failed(tensor))
      return failure();
    signature.outputs.push_back(*tensor);
  }
  if (failed(checkSymbolsAreDetermined()))
    return failure();
  return signature;
}

FailureOr<ModelSignature> readSignature(func::FuncOp main) { return SignatureReader(main).read(); }

} // namespace tenon
