//===- HostTensor.cpp - A dense tensor in the memory of this process ----------------------------===//

#include "tenon/Support/HostTensor.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemAlloc.h"
#include "llvm/Support/Memory.h"

#include <cstring>

using namespace mlir;
using namespace tenon;

/// Alignment of bytes allocated here: a cache line, and the widest vector register.
static constexpr size_t allocationAlignment = 64;
/// From this size on memory comes from the system, which hands out zeros without writing them and takes all
/// of it back. The heap would keep holes: weights come and go in all sizes.
static constexpr size_t mappedBytes = size_t(1) << 18;
/// Up to this many elements a constant is written into the IR.
static constexpr int64_t inlineElements = 64;

unsigned tenon::getElementBytes(Type elementType) {
  if (isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(elementType))
    return elementType.getIntOrFloatBitWidth() / 8;
  auto integer = dyn_cast<IntegerType>(elementType);
  if (!integer || integer.getWidth() == 0 || integer.getWidth() > 64)
    return 0;
  return std::max<unsigned>(1, llvm::PowerOf2Ceil(integer.getWidth()) / 8);
}

//===----------------------------------------------------------------------------------------===//
// Making tensors
//===----------------------------------------------------------------------------------------===//

FailureOr<int64_t> HostTensor::getSizeInBytes(RankedTensorType type) {
  int64_t bytes = getElementBytes(type.getElementType());
  if (bytes == 0 || !type.hasStaticShape())
    return failure();
  for (int64_t size : type.getShape())
    if (llvm::MulOverflow(bytes, size, bytes))
      return failure();
  return bytes;
}

/// Zeroed memory that goes with its last owner.
static std::shared_ptr<const void> allocateZeros(size_t bytes) {
  if (bytes < mappedBytes) {
    void *memory = llvm::allocate_buffer(bytes, allocationAlignment);
    std::memset(memory, 0, bytes);
    return std::shared_ptr<const void>(memory, [memory, bytes](const void *) {
      llvm::deallocate_buffer(memory, bytes, allocationAlignment);
    });
  }
  std::error_code code;
  llvm::sys::MemoryBlock block = llvm::sys::Memory::allocateMappedMemory(
      bytes, nullptr, llvm::sys::Memory::MF_READ | llvm::sys::Memory::MF_WRITE, code);
  if (code)
    llvm::report_bad_alloc_error("no memory for a host tensor");
  return std::shared_ptr<const void>(
      block.base(), [block](const void *) mutable { (void)llvm::sys::Memory::releaseMappedMemory(block); });
}

HostTensor HostTensor::zeros(RankedTensorType type) {
  FailureOr<int64_t> bytes = getSizeInBytes(type);
  if (failed(bytes))
    llvm::report_fatal_error("no host tensor can have this type");
  HostTensor tensor;
  tensor.type = RankedTensorType::get(type.getShape(), type.getElementType());
  tensor.numBytes = *bytes;
  tensor.numElements = type.getNumElements();
  tensor.owner = allocateZeros(std::max<size_t>(tensor.numBytes, 1));
  tensor.data = static_cast<const char *>(tensor.owner.get());
  tensor.writable = true;
  return tensor;
}

FailureOr<HostTensor> HostTensor::borrow(RankedTensorType type, ArrayRef<char> bytes,
                                         std::shared_ptr<const void> owner) {
  FailureOr<int64_t> expected = getSizeInBytes(type);
  if (failed(expected) || static_cast<size_t>(*expected) != bytes.size())
    return failure();
  if (!llvm::isAddrAligned(llvm::Align(getElementBytes(type.getElementType())), bytes.data())) {
    HostTensor copy = zeros(type);
    std::memcpy(copy.getMutableBytes().data(), bytes.data(), bytes.size());
    return copy;
  }
  HostTensor tensor;
  tensor.type = RankedTensorType::get(type.getShape(), type.getElementType());
  tensor.data = bytes.data();
  tensor.numBytes = bytes.size();
  tensor.numElements = type.getNumElements();
  tensor.owner = std::move(owner);
  return tensor;
}

/// Fills `target` with copies of one element.
static void fill(MutableArrayRef<char> target, ArrayRef<char> element) {
  if (element.size() == 1) {
    std::memset(target.data(), element.front(), target.size());
    return;
  }
  for (size_t at = 0; at + element.size() <= target.size(); at += element.size())
    std::memcpy(target.data() + at, element.data(), element.size());
}

FailureOr<HostTensor> HostTensor::from(ElementsAttr elements) {
  auto type = dyn_cast<RankedTensorType>(elements.getShapedType());
  if (!type || failed(getSizeInBytes(type)))
    return failure();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return failure();
    return borrow(type, blob->getData());
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return failure();
  HostTensor tensor = zeros(type);
  if (type.getElementType().isInteger(1)) {
    for (auto [target, value] : llvm::zip_equal(tensor.getMutable<Bool>(), dense.getValues<bool>()))
      target = value;
    return tensor;
  }
  // Raw data holds one element for a splat; elements of less than a byte take one.
  if (dense.isSplat())
    fill(tensor.getMutableBytes(), dense.getRawData());
  else if (dense.getRawData().size() == tensor.numBytes)
    std::memcpy(tensor.getMutableBytes().data(), dense.getRawData().data(), tensor.numBytes);
  else
    return failure();
  return tensor;
}

HostTensor HostTensor::random(RankedTensorType type, uint64_t seed) {
  HostTensor tensor = zeros(type);
  // SplitMix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
  auto next = [state = seed]() mutable {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  dispatchElementType(type.getElementType(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (T &element : tensor.getMutable<T>()) {
      uint64_t bits = next();
      if constexpr (std::is_same_v<T, Bool>)
        element = Bool(bits >> 63 != 0);
      else if constexpr (std::is_integral_v<T>)
        element = static_cast<T>(bits >> 60) - (std::is_signed_v<T> ? 8 : 0);
      else // 24 bits: a float holds them exactly, so that f32 and f64 see the same numbers.
        element = static_cast<T>(static_cast<double>(bits >> 40) * 0x1p-23 - 1.0);
    }
  });
  return tensor;
}

//===----------------------------------------------------------------------------------------===//
// Using tensors
//===----------------------------------------------------------------------------------------===//

ElementsAttr HostTensor::toElementsAttr(StringRef name, bool releasable) const {
  size_t elementBytes = getElementBytes(getElementType());
  bool splat = numElements > 0 && std::memcmp(data, data + elementBytes, numBytes - elementBytes) == 0;
  if (numElements > inlineElements && !splat) {
    // The blob's deleter owns a share of the bytes; the context runs it when it goes.
    AsmResourceBlob blob(
        getBytes(), elementBytes, [shared = owner](void *, size_t, size_t) {},
        /*dataIsMutable=*/releasable);
    return DenseResourceElementsAttr::get(type, name, std::move(blob));
  }
  ArrayRef<char> bytes(data, splat ? elementBytes : numBytes);
  if (!getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  SmallVector<bool> values;
  for (char byte : bytes)
    values.push_back(byte != 0);
  return DenseElementsAttr::get(type, values);
}

bool HostTensor::isReleasable(ElementsAttr elements) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(elements);
  AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob && blob->isMutable();
}

void HostTensor::release(ElementsAttr elements) {
  if (isReleasable(elements))
    *cast<DenseResourceElementsAttr>(elements).getRawHandle().getBlob() = AsmResourceBlob();
}

HostTensor HostTensor::copy() const {
  HostTensor tensor = zeros(type);
  llvm::copy(getBytes(), tensor.getMutableBytes().begin());
  return tensor;
}

HostTensor HostTensor::reshaped(RankedTensorType newType) const {
  FailureOr<int64_t> bytes = getSizeInBytes(newType);
  if (failed(bytes) || static_cast<size_t>(*bytes) != numBytes || newType.getNumElements() != numElements)
    llvm::report_fatal_error("a host tensor can't be viewed as a type of another size");
  HostTensor tensor = *this;
  tensor.type = RankedTensorType::get(newType.getShape(), newType.getElementType());
  return tensor;
}

MutableArrayRef<char> HostTensor::getMutableBytes() {
  if (!writable)
    llvm::report_fatal_error("a host tensor over borrowed bytes can't be written");
  return {const_cast<char *>(data), numBytes};
}

void HostTensor::checkStoredAs(bool matches) {
  if (!matches)
    llvm::report_fatal_error("elements of a host tensor accessed as another type");
}

SmallVector<int64_t> HostTensor::toIntegers() const {
  return dispatchElementType(getElementType(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    SmallVector<int64_t> integers;
    if constexpr (std::is_integral_v<T> || std::is_same_v<T, Bool>) {
      integers.reserve(numElements);
      for (T element : get<T>())
        integers.push_back(static_cast<int64_t>(element));
    } else {
      checkStoredAs(false);
    }
    return integers;
  });
}

SmallVector<double> HostTensor::toDoubles() const {
  return dispatchElementType(getElementType(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    SmallVector<double> doubles;
    doubles.reserve(numElements);
    for (T element : get<T>())
      doubles.push_back(static_cast<double>(element));
    return doubles;
  });
}
