//===- SymbolValues.h - What the named sizes of a model are in one call -------------------------===//

#ifndef TENON_REFERENCE_SYMBOLVALUES_H
#define TENON_REFERENCE_SYMBOLVALUES_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::reference {

/// Values of the symbols in #tenon.dims encodings, learnt from the shapes of actual tensors.
class SymbolValues {
public:
  /// Learns the symbols of `type` from the shape of a tensor of that type: each size that is linear in one
  /// symbol not known yet gives its value. Fails if the shape contradicts the type or the values known.
  llvm::LogicalResult learn(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> shape);

  /// `type` with every size that the values determine made static, without encoding if all are.
  mlir::RankedTensorType resolve(mlir::RankedTensorType type) const;

  std::optional<int64_t> lookup(llvm::StringRef name) const;

private:
  llvm::StringMap<int64_t> values;
};

} // namespace tenon::reference

#endif // TENON_REFERENCE_SYMBOLVALUES_H
