//===- Tensors.cpp - Types and constant tensors of ONNX as MLIR types and attributes ------------===//

#include "Tensors.h"
#include "NarrowElements.h"

#include "tenon/Support/HostTensor.h"

#include "mlir/IR/DialectResourceBlobManager.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using ::onnx::TensorProto;

/// Up to this many elements a constant is written into the IR.
static constexpr int64_t kInlineElements = 64;
/// Tensors of more bytes than this are mistakes or attacks: no address space holds them.
static constexpr int64_t kMaxTensorBytes = int64_t(1) << 46;

Type tenon::importer::elementType(MLIRContext *context, int32_t dataType, std::string &error) {
  auto integer = [&](unsigned width, IntegerType::SignednessSemantics signedness = IntegerType::Signless) {
    return IntegerType::get(context, width, signedness);
  };
  switch (dataType) {
  case TensorProto::FLOAT:
    return Float32Type::get(context);
  case TensorProto::DOUBLE:
    return Float64Type::get(context);
  case TensorProto::FLOAT16:
    return Float16Type::get(context);
  case TensorProto::BFLOAT16:
    return BFloat16Type::get(context);
  case TensorProto::BOOL:
    return integer(1);
  case TensorProto::INT8:
    return integer(8);
  case TensorProto::INT16:
    return integer(16);
  case TensorProto::INT32:
    return integer(32);
  case TensorProto::INT64:
    return integer(64);
  case TensorProto::UINT8:
    return integer(8, IntegerType::Unsigned);
  case TensorProto::UINT16:
    return integer(16, IntegerType::Unsigned);
  case TensorProto::UINT32:
    return integer(32, IntegerType::Unsigned);
  case TensorProto::UINT64:
    return integer(64, IntegerType::Unsigned);
  default:
    break;
  }
  if (TensorProto::DataType_IsValid(dataType))
    error = "element type " + TensorProto::DataType_Name(static_cast<TensorProto::DataType>(dataType)) +
            " is not supported";
  else
    error = "unknown element type number " + std::to_string(dataType);
  return {};
}

/// The static type of a tensor; null, with the reason in `error`, if it has none.
static RankedTensorType tensorType(MLIRContext *context, const TensorProto &tensor, std::string &error) {
  std::optional<NarrowElement> narrow = narrowElement(context, tensor.data_type());
  Type element = narrow ? narrow->storage : elementType(context, tensor.data_type(), error);
  if (!element)
    return {};
  // Zeros count last: a product that overflows is as wrong beside a dimension of size 0.
  int64_t elements = 1;
  for (int64_t dim : tensor.dims()) {
    if (dim < 0) {
      error = "expects dimensions that are not negative, but got " + std::to_string(dim);
      return {};
    }
    if (llvm::MulOverflow(elements, std::max<int64_t>(dim, 1), elements) || elements > kMaxTensorBytes) {
      error = "the product of the dimensions overflows";
      return {};
    }
  }
  return RankedTensorType::get(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()), element);
}

/// Copies the typed list `from` into the elements of `to`, or sets `error` if it has another length.
template <typename T, typename List>
static bool fill(HostTensor &to, const List &from, const char *field, std::string &error) {
  MutableArrayRef<T> elements = to.getMutable<T>();
  if (static_cast<size_t>(from.size()) != elements.size()) {
    error = llvm::formatv("expects {0} elements in {1}, but got {2}", elements.size(), field, from.size());
    return false;
  }
  for (auto [element, value] : llvm::zip_equal(elements, from)) {
    if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
      element.bits = static_cast<uint16_t>(value); // Bit patterns, stored as int32.
    else if constexpr (std::is_same_v<T, Bool>)
      element = value != 0;
    else
      element = static_cast<T>(value);
  }
  return true;
}

/// The elements of a tensor given as a typed list.
static bool fillFromLists(HostTensor &to, const TensorProto &tensor, std::string &error) {
  return dispatchElementType(to.getElementType(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_same_v<T, float>)
      return fill<T>(to, tensor.float_data(), "float_data", error);
    else if constexpr (std::is_same_v<T, double>)
      return fill<T>(to, tensor.double_data(), "double_data", error);
    else if constexpr (std::is_same_v<T, int64_t>)
      return fill<T>(to, tensor.int64_data(), "int64_data", error);
    else if constexpr (std::is_same_v<T, uint64_t> || std::is_same_v<T, uint32_t>)
      return fill<T>(to, tensor.uint64_data(), "uint64_data", error);
    else
      return fill<T>(to, tensor.int32_data(), "int32_data", error);
  });
}

/// The constant of packed elements. In a list each number holds a byte of them.
static ElementsAttr narrowAttr(ModelFile &file, const TensorProto &tensor, RankedTensorType type,
                               const NarrowElement &element, StringRef name, std::string &error) {
  std::string listed;
  std::optional<TensorBytes> bytes;
  if (file.isRaw(tensor))
    bytes = file.rawBytes(tensor, error);
  else
    for (int32_t number : tensor.int32_data())
      listed.push_back(static_cast<char>(number));
  if (file.isRaw(tensor) && !bytes)
    return {};
  StringRef packed = bytes ? StringRef(bytes->data) : StringRef(listed);
  int64_t expected = packedBytes(element, type.getNumElements());
  if (static_cast<int64_t>(packed.size()) != expected) {
    error = llvm::formatv("expects {0} bytes of packed elements, but got {1}", expected, packed.size());
    return {};
  }
  return unpack(element, type.getShape(), ArrayRef(packed.data(), packed.size())).toElementsAttr(name);
}

ElementsAttr tenon::importer::tensorAttr(MLIRContext *context, ModelFile &file, const TensorProto &tensor,
                                         StringRef name, std::string &error) {
  if (tensor.has_segment()) {
    error = "tensors in segments are not supported";
    return {};
  }
  RankedTensorType type = tensorType(context, tensor, error);
  if (!type)
    return {};
  FailureOr<int64_t> expected = HostTensor::getSizeInBytes(type);
  if (failed(expected)) {
    error = "the size in bytes overflows";
    return {};
  }
  if (std::optional<NarrowElement> narrow = narrowElement(context, tensor.data_type()))
    return narrowAttr(file, tensor, type, *narrow, name, error);
  if (!file.isRaw(tensor)) {
    // Compare lengths before allocating: dimensions of a few bytes may claim any size.
    int64_t listed = std::max({tensor.float_data_size(), tensor.double_data_size(), tensor.int32_data_size(),
                               tensor.int64_data_size(), tensor.uint64_data_size()});
    if (listed != type.getNumElements()) {
      error = llvm::formatv("expects {0} elements of data, but got {1}", type.getNumElements(), listed);
      return {};
    }
    HostTensor elements = HostTensor::zeros(type);
    if (!fillFromLists(elements, tensor, error))
      return {};
    return elements.toElementsAttr(name);
  }

  std::optional<TensorBytes> bytes = file.rawBytes(tensor, error);
  if (!bytes)
    return {};
  if (static_cast<int64_t>(bytes->data.size()) != *expected) {
    error = llvm::formatv("expects {0} bytes of data for {1}, but got {2}", *expected,
                          llvm::formatv("{0}", type).str(), bytes->data.size());
    return {};
  }
  ArrayRef<char> data(bytes->data.data(), bytes->data.size());
  if (!bytes->owner || type.getNumElements() <= kInlineElements) {
    HostTensor elements = HostTensor::zeros(type);
    llvm::copy(data, elements.getMutableBytes().begin());
    return elements.toElementsAttr(name);
  }
  // Bytes in a file stand where they stand: the blob says how they are aligned.
  size_t alignment = size_t(1) << std::min(6, llvm::countr_zero(reinterpret_cast<uintptr_t>(data.data())));
  AsmResourceBlob blob(
      data, alignment, [owner = std::move(bytes->owner)](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

ElementsAttr tenon::importer::sparseTensorAttr(MLIRContext *context, ModelFile &file,
                                               const ::onnx::SparseTensorProto &sparse, std::string &error) {
  TensorProto shape;
  shape.set_data_type(sparse.values().data_type());
  *shape.mutable_dims() = sparse.dims();
  RankedTensorType type = tensorType(context, shape, error);
  if (!type)
    return {};
  ElementsAttr values = tensorAttr(context, file, sparse.values(), sparse.values().name(), error);
  ElementsAttr indices =
      values ? tensorAttr(context, file, sparse.indices(), "indices", error) : ElementsAttr();
  if (!indices)
    return {};
  FailureOr<HostTensor> from = HostTensor::from(values);
  int64_t count = values.getNumElements(), rank = type.getRank();
  auto places = integerElements(indices, int64_t(1) << 26);
  bool linear = places && cast<RankedTensorType>(indices.getType()).getRank() == 1;
  if (failed(from) || !places || static_cast<int64_t>(places->size()) != (linear ? count : count * rank)) {
    error = "the indices of a sparse tensor do not fit its values";
    return {};
  }
  if (failed(HostTensor::getSizeInBytes(type)) || type.getNumElements() > int64_t(1) << 28) {
    error = "a sparse tensor of more than 2^28 elements is not supported";
    return {};
  }
  HostTensor dense = HostTensor::zeros(type);
  unsigned width = getElementBytes(type.getElementType());
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = 0;
    if (linear)
      place = (*places)[i];
    for (int64_t d = 0; !linear && d < rank; ++d) {
      int64_t index = (*places)[i * rank + d];
      if (index < 0 || index >= type.getDimSize(d))
        place = type.getNumElements();
      else if (place < type.getNumElements())
        place = place * type.getDimSize(d) + index;
    }
    if (place < 0 || place >= type.getNumElements()) {
      error = "an index of a sparse tensor is out of range";
      return {};
    }
    llvm::copy(from->getBytes().slice(i * width, width), dense.getMutableBytes().begin() + place * width);
  }
  return dense.toElementsAttr(sparse.values().name());
}

std::optional<SmallVector<int64_t>> tenon::importer::integerElements(ElementsAttr attr, int64_t limit) {
  if (!attr || !isa<IntegerType>(attr.getElementType()) || attr.getNumElements() > limit)
    return std::nullopt;
  FailureOr<HostTensor> tensor = HostTensor::from(attr);
  if (failed(tensor))
    return std::nullopt;
  return tensor->toIntegers();
}

std::optional<SmallVector<double>> tenon::importer::floatElements(ElementsAttr attr, int64_t limit) {
  if (!attr || !isa<FloatType>(attr.getElementType()) || attr.getNumElements() > limit)
    return std::nullopt;
  FailureOr<HostTensor> tensor = HostTensor::from(attr);
  if (failed(tensor))
    return std::nullopt;
  return tensor->toDoubles();
}
