//===- NarrowElements.h - Constants of fewer than 8 bits an element, and of 8-bit floats ---------===//
//
// No op computes with these element types: they are a form weights are stored in. A constant of them is read
// as one of a wider type that holds the same numbers, and what quantizes to them stays in their range.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_IMPORT_ONNX_NARROWELEMENTS_H
#define TENON_IMPORT_ONNX_NARROWELEMENTS_H

#include "tenon/Support/HostTensor.h"

namespace llvm {
struct fltSemantics;
} // namespace llvm

namespace tenon::importer {

struct NarrowElement {
  unsigned bits;
  /// The type its numbers are kept in: i8, ui8 or f32.
  mlir::Type storage;
  /// The format of floats; null for integers.
  const llvm::fltSemantics *format = nullptr;

  /// The least and the largest integer.
  int64_t low() const { return storage.isUnsignedInteger() ? 0 : -(int64_t(1) << (bits - 1)); }
  int64_t high() const { return (int64_t(1) << (storage.isUnsignedInteger() ? bits : bits - 1)) - 1; }
};

/// What the ONNX data type is, if it is a narrow one.
std::optional<NarrowElement> narrowElement(mlir::MLIRContext *context, int32_t dataType);

/// Bytes that so many elements take, packed from the low bits of each byte on.
int64_t packedBytes(const NarrowElement &element, int64_t count);

/// The packed elements as a tensor of this shape; `packed` has packedBytes.
HostTensor unpack(const NarrowElement &element, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<char> packed);

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_NARROWELEMENTS_H
