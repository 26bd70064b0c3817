//===- Tensors.h - Types and constant tensors of ONNX as MLIR types and attributes --------------===//

#ifndef TENON_IMPORT_ONNX_TENSORS_H
#define TENON_IMPORT_ONNX_TENSORS_H

#include "ModelFile.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace tenon::importer {

/// The element type of an ONNX data type number; null, with the reason in `error`, if Tenon has none for it.
mlir::Type elementType(mlir::MLIRContext *context, int32_t dataType, std::string &error);

/// The tensor as an attribute: inline when it is small, else a resource named `name` over the bytes of the
/// file. Elements of fewer than 8 bits and 8-bit floats become wider ones (NarrowElements.h). Null, with the
/// reason in `error`, if its parts do not fit together or the type is not supported.
mlir::ElementsAttr tensorAttr(mlir::MLIRContext *context, ModelFile &file, const ::onnx::TensorProto &tensor,
                              llvm::StringRef name, std::string &error);

/// The sparse tensor as a dense attribute; null, with the reason in `error`, as for tensorAttr.
mlir::ElementsAttr sparseTensorAttr(mlir::MLIRContext *context, ModelFile &file,
                                    const ::onnx::SparseTensorProto &tensor, std::string &error);

/// The elements of an integer constant; nothing if `attr` holds other elements or more than `limit`.
std::optional<llvm::SmallVector<int64_t>> integerElements(mlir::ElementsAttr attr, int64_t limit);

/// The elements of a floating point constant as doubles; nothing if `attr` holds others or more than `limit`.
std::optional<llvm::SmallVector<double>> floatElements(mlir::ElementsAttr attr, int64_t limit);

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_TENSORS_H
