//===- HostTensor.h - A dense tensor in the memory of this process ------------------------------===//
//
// The value that constants, the reference evaluator, test inputs and weight files have in common: a static
// type and its bytes, row major. Copies of a HostTensor share the bytes; a tensor may borrow bytes that
// something else owns (a mapped file), so a weight is never copied on its way from the model to the artefact.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_HOSTTENSOR_H
#define TENON_SUPPORT_HOSTTENSOR_H

#include "tenon/Support/ElementTypes.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <memory>

namespace tenon {

class HostTensor {
public:
  /// A null tensor: no type, no bytes.
  HostTensor() = default;

  /// Bytes a tensor of this type takes, or failure if the type is not of static shape, its element type has
  /// no host storage, or the size overflows.
  static mlir::FailureOr<int64_t> getSizeInBytes(mlir::RankedTensorType type);

  /// A tensor of zeros. The type must have a size (getSizeInBytes); an encoding of it is dropped.
  static HostTensor zeros(mlir::RankedTensorType type);

  /// A tensor of the given elements; their number must fit the type and `T` must be its storage.
  template <typename T>
  static HostTensor of(mlir::RankedTensorType type, llvm::ArrayRef<T> elements) {
    HostTensor tensor = zeros(type);
    llvm::MutableArrayRef<T> target = tensor.getMutable<T>();
    if (target.size() != elements.size())
      llvm::report_fatal_error("number of elements does not fit the type of the tensor");
    std::copy(elements.begin(), elements.end(), target.begin());
    return tensor;
  }

  /// A tensor over bytes that `owner` keeps alive (null: the caller does, longer than every copy). Copies the
  /// bytes only if they are not aligned for the element type. Fails if their number does not fit the type.
  static mlir::FailureOr<HostTensor> borrow(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes,
                                            std::shared_ptr<const void> owner = nullptr);

  /// The tensor of a constant. Bytes of a dense_resource are borrowed, so the tensor must not outlive the
  /// context of the attribute; others are copied. Fails if the type is not static, or the resource is missing
  /// or of another size.
  static mlir::FailureOr<HostTensor> from(mlir::ElementsAttr elements);

  /// Pseudo-random elements, the same on every machine for one type and seed: floats uniform in [-1, 1),
  /// signed integers in [-8, 8), unsigned in [0, 16), bools 0 or 1.
  static HostTensor random(mlir::RankedTensorType type, uint64_t seed);

  /// The constant of these elements: `dense` if it has up to 64 elements or all bytes of all elements are
  /// equal, otherwise `dense_resource<name>` (made unique) that shares the bytes. The context keeps them as
  /// long as it lives, unless the constant is made `releasable`, and released.
  mlir::ElementsAttr toElementsAttr(llvm::StringRef name, bool releasable = false) const;

  /// Whether release() frees something: tensors of the constant may not be used after it.
  static bool isReleasable(mlir::ElementsAttr elements);
  /// Gives up the constant's share of its bytes if it was made releasable; it may not be read after that.
  static void release(mlir::ElementsAttr elements);

  explicit operator bool() const { return static_cast<bool>(type); }
  mlir::RankedTensorType getType() const { return type; }
  mlir::Type getElementType() const { return type.getElementType(); }
  llvm::ArrayRef<int64_t> getShape() const { return type.getShape(); }
  int64_t getDim(int64_t i) const { return type.getDimSize(i); }
  int64_t getRank() const { return type.getRank(); }
  int64_t getNumElements() const { return numElements; }

  /// The same bytes as another type of as many elements of equal size.
  HostTensor reshaped(mlir::RankedTensorType newType) const;
  HostTensor reshaped(llvm::ArrayRef<int64_t> shape) const {
    return reshaped(mlir::RankedTensorType::get(shape, getElementType()));
  }

  /// The same elements in bytes of its own.
  HostTensor copy() const;

  llvm::ArrayRef<char> getBytes() const { return llvm::ArrayRef<char>(data, numBytes); }
  /// The bytes, to fill in: of a tensor that was made with bytes of its own (zeros, of, random). Copies see
  /// the change.
  llvm::MutableArrayRef<char> getMutableBytes();

  /// The elements, if `T` is their storage; a wrong `T` ends the process with a message.
  template <typename T>
  llvm::ArrayRef<T> get() const {
    checkStoredAs(isStoredAs<T>(getElementType()));
    return llvm::ArrayRef<T>(reinterpret_cast<const T *>(data), static_cast<size_t>(numElements));
  }
  template <typename T>
  llvm::MutableArrayRef<T> getMutable() {
    checkStoredAs(isStoredAs<T>(getElementType()));
    return llvm::MutableArrayRef<T>(reinterpret_cast<T *>(getMutableBytes().data()),
                                    static_cast<size_t>(numElements));
  }

  /// The elements of an integer or bool tensor as int64_t; ui64 above the range wraps.
  llvm::SmallVector<int64_t> toIntegers() const;
  /// The elements of a tensor of any type as double.
  llvm::SmallVector<double> toDoubles() const;

private:
  static void checkStoredAs(bool matches);

  mlir::RankedTensorType type;
  const char *data = nullptr;
  size_t numBytes = 0;
  int64_t numElements = 0;
  std::shared_ptr<const void> owner;
  bool writable = false;
};

} // namespace tenon

#endif // TENON_SUPPORT_HOSTTENSOR_H
