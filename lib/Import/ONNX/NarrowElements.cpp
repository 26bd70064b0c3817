//===- NarrowElements.cpp - Constants of fewer than 8 bits an element, and of 8-bit floats -------===//

#include "NarrowElements.h"
#include "Tensors.h"

#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using ::onnx::TensorProto;

std::optional<NarrowElement> tenon::importer::narrowElement(MLIRContext *context, int32_t dataType) {
  auto integer = [&](unsigned bits, IntegerType::SignednessSemantics signedness) {
    return NarrowElement{bits, IntegerType::get(context, 8, signedness)};
  };
  auto real = [&](unsigned bits, const llvm::fltSemantics &format) {
    return NarrowElement{bits, Float32Type::get(context), &format};
  };
  switch (dataType) {
  case TensorProto::INT4:
    return integer(4, IntegerType::Signless);
  case TensorProto::UINT4:
    return integer(4, IntegerType::Unsigned);
  case TensorProto::INT2:
    return integer(2, IntegerType::Signless);
  case TensorProto::UINT2:
    return integer(2, IntegerType::Unsigned);
  case TensorProto::FLOAT8E4M3FN:
    return real(8, llvm::APFloat::Float8E4M3FN());
  case TensorProto::FLOAT8E4M3FNUZ:
    return real(8, llvm::APFloat::Float8E4M3FNUZ());
  case TensorProto::FLOAT8E5M2:
    return real(8, llvm::APFloat::Float8E5M2());
  case TensorProto::FLOAT8E5M2FNUZ:
    return real(8, llvm::APFloat::Float8E5M2FNUZ());
  case TensorProto::FLOAT8E8M0:
    return real(8, llvm::APFloat::Float8E8M0FNU());
  case TensorProto::FLOAT4E2M1:
    return real(4, llvm::APFloat::Float4E2M1FN());
  default:
    return std::nullopt;
  }
}

int64_t tenon::importer::packedBytes(const NarrowElement &element, int64_t count) {
  return llvm::divideCeil(static_cast<uint64_t>(count), 8 / element.bits);
}

/// The number that the low bits of `code` stand for.
static double numberOf(const NarrowElement &element, unsigned code) {
  if (element.format) {
    APFloat value(*element.format, APInt(element.bits, code));
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return value.convertToDouble();
  }
  bool isNegative = !element.storage.isUnsignedInteger() && code >> (element.bits - 1);
  return static_cast<double>(code) - (isNegative ? 1 << element.bits : 0);
}

HostTensor tenon::importer::unpack(const NarrowElement &element, ArrayRef<int64_t> shape,
                                   ArrayRef<char> packed) {
  unsigned perByte = 8 / element.bits, codes = 1u << element.bits;
  SmallVector<double> numbers;
  for (unsigned code = 0; code < codes; ++code)
    numbers.push_back(numberOf(element, code));
  HostTensor result = HostTensor::zeros(RankedTensorType::get(shape, element.storage));
  dispatchElementType(element.storage, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (auto [i, target] : llvm::enumerate(result.getMutable<T>())) {
      unsigned byte = static_cast<unsigned char>(packed[i / perByte]);
      target = static_cast<T>(numbers[byte >> (i % perByte * element.bits) & (codes - 1)]);
    }
  });
  return result;
}
