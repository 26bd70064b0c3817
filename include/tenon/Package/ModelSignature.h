//===- ModelSignature.h - What a model takes and gives, as its C interface says it ------------------===//
//
// Names, element types and sizes of inputs and outputs, free of the IR the model is compiled from: what the
// descriptor, the header and the loader are told.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_PACKAGE_MODELSIGNATURE_H
#define TENON_PACKAGE_MODELSIGNATURE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineMap.h"

#include <string>
#include <vector>

namespace tenon {

/// An input or output of a model.
struct TensorSignature {
  /// The name in the source model: any text.
  std::string name;
  /// A tenon_dtype of tenon-rt/tensor.h.
  int32_t dtype = 0;
  /// The sizes, outermost first, as expressions over the model's symbols: the affine symbol `s<i>` stands for
  /// ModelSignature::symbols[i]. Products of symbols are allowed.
  llvm::SmallVector<mlir::AffineExpr> sizes;
};

/// The interface of a model.
struct ModelSignature {
  /// A C identifier: makeIdentifier of the model's name.
  std::string name;
  /// Names of the sizes that are open at compile time, C identifiers.
  std::vector<std::string> symbols;
  std::vector<TensorSignature> inputs;
  std::vector<TensorSignature> outputs;
};

/// The interface of the model whose program is `main`: a function of tensors as an importer leaves it, before
/// the kernel phase, which drops the sign of integers. Names are those of the attribute `tenon.name`, sizes
/// those of the encoding #tenon.dims; the model's name is the module's `tenon.model`. Fails with a diagnostic
/// at `main` if a type or a size can't cross the C interface, or the inputs' sizes don't determine every
/// symbol.
llvm::FailureOr<ModelSignature> readSignature(mlir::func::FuncOp main);

/// The tenon_dtype of an element type of the tenon dialect; 0 if there is none.
int32_t getDType(mlir::Type elementType);

/// `name` with everything that isn't allowed in a C identifier replaced by `_`; keywords of C and C++ get a
/// `_` behind.
std::string makeIdentifier(llvm::StringRef name);

/// The expression as C over integers named by `symbols`: "2 * sequence + 1". Sizes are not negative, so that
/// division rounding towards zero is right.
std::string printSize(mlir::AffineExpr size, llvm::ArrayRef<std::string> symbols);

/// The greatest result of `sizes` as a C-like expression: "max(batch * 8, 64)".
std::string printGreatest(mlir::AffineMap sizes, llvm::ArrayRef<std::string> symbols);

/// constant + sum of coefficients[i] * s<i>.
struct LinearSize {
  int64_t constant = 0;
  llvm::SmallVector<int64_t> coefficients;
};

/// The expression as a linear form over `symbolCount` symbols, or failure if it isn't one.
llvm::FailureOr<LinearSize> getLinearSize(mlir::AffineExpr size, unsigned symbolCount);

} // namespace tenon

#endif // TENON_PACKAGE_MODELSIGNATURE_H
