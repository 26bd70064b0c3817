//===- Descriptor.cpp - The constant that describes a model, as LLVM IR ------------------------------===//
//
// Struct types are those of tenon-rt/model.h, field for field: LLVM lays a struct out as C does. A test reads
// the result through the C header.
//
//===----------------------------------------------------------------------------------------===//

#include "Descriptor.h"

#include "tenon-rt/model.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <map>

using namespace mlir;

namespace tenon {

namespace {

class DescriptorBuilder {
public:
  DescriptorBuilder(const Package &package, llvm::Module &module)
      : package(package), signature(package.signature), module(module), context(module.getContext()),
        pointer(llvm::PointerType::get(context, 0)), int32(llvm::Type::getInt32Ty(context)),
        int64(llvm::Type::getInt64Ty(context)),
        dimType(llvm::StructType::get(int64, pointer, pointer, pointer)),
        tensorType(llvm::StructType::get(pointer, int32, int32, pointer)) {}

  void build();

private:
  llvm::Constant *constant(int64_t value) { return llvm::ConstantInt::getSigned(int64, value); }
  llvm::Constant *constant32(uint32_t value) { return llvm::ConstantInt::get(int32, value); }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }
  llvm::GlobalVariable *data(llvm::Constant *value, const llvm::Twine &name);
  llvm::Constant *text(llvm::StringRef text);
  llvm::Constant *array(llvm::Type *element, llvm::ArrayRef<llvm::Constant *> values,
                        const llvm::Twine &name);
  llvm::Constant *dim(AffineExpr size);
  llvm::Constant *tensors(llvm::ArrayRef<TensorSignature> tensors, const llvm::Twine &name);
  llvm::Constant *symbolNames();
  llvm::Constant *weights();
  /// A function of the symbols: the greatest of `sizes`.
  llvm::Function *sizeFunction(llvm::ArrayRef<AffineExpr> sizes, const llvm::Twine &name);
  llvm::Constant *workspaceFunction();
  llvm::Constant *declareFunction(llvm::StringRef name, llvm::Type *result);

  const Package &package;
  const ModelSignature &signature;
  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
  llvm::Type *int32, *int64;
  llvm::StructType *dimType, *tensorType;
  std::map<std::string, llvm::Constant *> texts;
};

/// Emits the instructions that compute a size from the values of the symbols.
class SizeEmitter {
public:
  SizeEmitter(llvm::IRBuilder<> &builder, llvm::Value *symbols) : builder(builder), symbols(symbols) {}

  llvm::Value *emit(AffineExpr size) {
    if (auto constant = dyn_cast<AffineConstantExpr>(size))
      return builder.getInt64(constant.getValue());
    if (auto symbol = dyn_cast<AffineSymbolExpr>(size)) {
      llvm::Type *type = builder.getInt64Ty();
      return builder.CreateLoad(type,
                                builder.CreateConstInBoundsGEP1_64(type, symbols, symbol.getPosition()));
    }
    auto binary = cast<AffineBinaryOpExpr>(size);
    llvm::Value *lhs = emit(binary.getLHS()), *rhs = emit(binary.getRHS());
    switch (size.getKind()) {
    case AffineExprKind::Add:
      return builder.CreateAdd(lhs, rhs);
    case AffineExprKind::Mul:
      return builder.CreateMul(lhs, rhs);
    case AffineExprKind::FloorDiv:
      return floorDiv(lhs, rhs);
    case AffineExprKind::CeilDiv:
      return builder.CreateNeg(floorDiv(builder.CreateNeg(lhs), rhs));
    case AffineExprKind::Mod:
      return builder.CreateSub(lhs, builder.CreateMul(floorDiv(lhs, rhs), rhs));
    default:
      llvm_unreachable("sizes have no dimensions");
    }
  }

private:
  /// Divisors are positive in affine expressions; the dividend (`n - 3` for small n) may be negative.
  llvm::Value *floorDiv(llvm::Value *lhs, llvm::Value *rhs) {
    llvm::Value *isNegative = builder.CreateICmpSLT(builder.CreateSRem(lhs, rhs), builder.getInt64(0));
    return builder.CreateSub(builder.CreateSDiv(lhs, rhs),
                             builder.CreateZExt(isNegative, builder.getInt64Ty()));
  }

  llvm::IRBuilder<> &builder;
  llvm::Value *symbols;
};

} // namespace

llvm::GlobalVariable *DescriptorBuilder::data(llvm::Constant *value, const llvm::Twine &name) {
  auto *global = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::PrivateLinkage, value, name);
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return global;
}

llvm::Constant *DescriptorBuilder::text(llvm::StringRef text) {
  llvm::Constant *&global = texts[text.str()];
  if (!global)
    global = data(llvm::ConstantDataArray::getString(context, text), "text");
  return global;
}

llvm::Constant *DescriptorBuilder::array(llvm::Type *element, llvm::ArrayRef<llvm::Constant *> values,
                                         const llvm::Twine &name) {
  if (values.empty())
    return null();
  return data(llvm::ConstantArray::get(llvm::ArrayType::get(element, values.size()), values), name);
}

llvm::Constant *DescriptorBuilder::dim(AffineExpr size) {
  int64_t term = 0;
  llvm::Constant *coefficients = null(), *evaluate = null();
  FailureOr<LinearSize> linear = getLinearSize(size, signature.symbols.size());
  if (failed(linear)) {
    evaluate = sizeFunction(size, signature.name + "_size");
  } else {
    term = linear->constant;
    if (llvm::any_of(linear->coefficients, [](int64_t coefficient) { return coefficient != 0; })) {
      llvm::SmallVector<llvm::Constant *> values;
      for (int64_t coefficient : linear->coefficients)
        values.push_back(constant(coefficient));
      coefficients = array(int64, values, "coefficients");
    }
  }
  return llvm::ConstantStruct::get(
      dimType, {constant(term), coefficients, evaluate, text(printSize(size, signature.symbols))});
}

llvm::Constant *DescriptorBuilder::tensors(llvm::ArrayRef<TensorSignature> tensors, const llvm::Twine &name) {
  llvm::SmallVector<llvm::Constant *> values;
  for (const TensorSignature &tensor : tensors) {
    llvm::SmallVector<llvm::Constant *> dims;
    for (AffineExpr size : tensor.sizes)
      dims.push_back(dim(size));
    values.push_back(
        llvm::ConstantStruct::get(tensorType, {text(tensor.name), constant32(tensor.dtype),
                                               constant32(dims.size()), array(dimType, dims, "dims")}));
  }
  return array(tensorType, values, name);
}

llvm::Constant *DescriptorBuilder::symbolNames() {
  llvm::SmallVector<llvm::Constant *> names;
  for (const std::string &symbol : signature.symbols)
    names.push_back(text(symbol));
  return array(pointer, names, "symbols");
}

llvm::Constant *DescriptorBuilder::weights() {
  if (!package.embedWeights || package.weightsBytes == 0)
    return null();
  auto *global = new llvm::GlobalVariable(
      module, llvm::ArrayType::get(llvm::Type::getInt8Ty(context), package.weightsBytes),
      /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage, nullptr, SymbolNames(signature.name).weights);
  global->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return global;
}

llvm::Function *DescriptorBuilder::sizeFunction(llvm::ArrayRef<AffineExpr> sizes, const llvm::Twine &name) {
  auto *type = llvm::FunctionType::get(int64, {pointer}, /*isVarArg=*/false);
  auto *function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module);
  function->setDoesNotThrow();
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", function));
  SizeEmitter emitter(builder, function->getArg(0));
  llvm::Value *greatest = emitter.emit(sizes.front());
  for (AffineExpr size : sizes.drop_front())
    greatest = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, greatest, emitter.emit(size));
  builder.CreateRet(greatest);
  return function;
}

llvm::Constant *DescriptorBuilder::declareFunction(llvm::StringRef name, llvm::Type *result) {
  auto *type = llvm::FunctionType::get(result, {pointer}, /*isVarArg=*/false);
  auto *function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return function;
}

llvm::Constant *DescriptorBuilder::workspaceFunction() {
  if (package.workspaceBytes)
    return sizeFunction(package.workspaceBytes.getResults(), signature.name + "_workspace_bytes");
  return declareFunction(package.workspaceFunction, int64);
}

void DescriptorBuilder::build() {
  SymbolNames names(signature.name);
  std::string features = getRequiredFeatures(package.triple, package.cpu, package.features);
  llvm::Constant *fields[] = {
      constant32(TENON_MODEL_MAGIC),
      constant32(TENON_ABI_VERSION),
      text(signature.name),
      text(package.triple),
      text(package.cpu),
      text(features),
      constant32(signature.inputs.size()),
      constant32(signature.outputs.size()),
      constant32(signature.symbols.size()),
      constant32(package.profile ? TENON_MODEL_PROFILE : 0),
      tensors(signature.inputs, "inputs"),
      tensors(signature.outputs, "outputs"),
      symbolNames(),
      weights(),
      constant(package.weightsBytes),
      constant(package.weightsAlignment),
      workspaceFunction(),
      constant(package.workspaceAlignment),
      declareFunction(names.run, int32),
      text(package.manifest),
  };
  llvm::Constant *value = llvm::ConstantStruct::getAnon(fields);
  // Not named after a section of its own: a static link keeps or drops the model as a whole.
  new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
                           value, names.descriptor);
}

std::unique_ptr<llvm::Module> makeDescriptor(const Package &package, llvm::LLVMContext &context) {
  auto module = std::make_unique<llvm::Module>(package.signature.name, context);
  DescriptorBuilder(package, *module).build();
  return module;
}

} // namespace tenon
