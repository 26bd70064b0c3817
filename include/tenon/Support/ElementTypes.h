//===- ElementTypes.h - C++ types for the elements of tensors -----------------------------------===//
//
// The storage of each element type of a tensor on the host: intN_t and uintN_t for iN and uiN, float and
// double, and the three types C++17 has no portable name for: Bool, Float16 and BFloat16. Sub-byte integers
// take one byte.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_SUPPORT_ELEMENTTYPES_H
#define TENON_SUPPORT_ELEMENTTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/bit.h"

#include <cstdint>
#include <type_traits>
#include <utility>

namespace tenon {

/// An element of type i1: one byte, false if zero. Unlike bool, every byte read from a file is a valid value.
struct Bool {
  uint8_t byte = 0;

  Bool() = default;
  Bool(bool value) : byte(value) {}
  operator bool() const { return byte != 0; }
};

/// A binary floating point number of 16 bits with `ExponentBits` and `MantissaBits`; subnormals, infinities
/// and nan as in IEEE 754. Conversion from double rounds once, to nearest even; conversion to double is
/// exact.
template <int ExponentBits, int MantissaBits>
struct ShortFloat {
  static_assert(1 + ExponentBits + MantissaBits == 16);
  uint16_t bits = 0;

  ShortFloat() = default;
  explicit ShortFloat(double value) : bits(round(value)) {}
  operator double() const { return widen(bits); }

private:
  static constexpr int bias = (1 << (ExponentBits - 1)) - 1;
  static constexpr int lowestExponent = 1 - bias;
  static constexpr uint16_t infinity = ((1 << ExponentBits) - 1) << MantissaBits;

  static uint16_t round(double value) {
    uint64_t wide = llvm::bit_cast<uint64_t>(value);
    uint64_t mantissa = wide & ((uint64_t(1) << 52) - 1);
    int field = (wide >> 52) & 0x7ff, exponent = field - 1023, shift = 52 - MantissaBits;
    uint16_t sign = (wide >> 48) & 0x8000;
    if (field == 0x7ff) // A nan is made quiet: dropping its low bits must not make an infinity of it.
      return sign | infinity | (mantissa ? (mantissa >> shift) | (1 << (MantissaBits - 1)) : 0);
    if (exponent > bias)
      return sign | infinity;
    if (exponent < lowestExponent - MantissaBits - 1)
      return sign;
    uint64_t significand = mantissa;
    if (exponent >= lowestExponent) {
      significand |= uint64_t(exponent + bias) << 52;
    } else {
      significand |= uint64_t(1) << 52;
      shift += lowestExponent - exponent;
    }
    // A carry out of the mantissa increments the exponent, up to infinity.
    uint64_t half = uint64_t(1) << (shift - 1);
    return sign | ((significand + half - 1 + ((significand >> shift) & 1)) >> shift);
  }

  static double widen(uint16_t bits) {
    uint64_t sign = uint64_t(bits & 0x8000) << 48;
    uint64_t magnitude = bits & 0x7fff, mantissa = bits & ((1 << MantissaBits) - 1);
    if (magnitude < (1 << MantissaBits)) { // A subnormal counts units of the lowest exponent's last place.
      double unit = llvm::bit_cast<double>(uint64_t(lowestExponent - MantissaBits + 1023) << 52);
      double value = static_cast<double>(mantissa) * unit;
      return sign ? -value : value;
    }
    if (magnitude >= infinity)
      return llvm::bit_cast<double>(sign | (uint64_t(0x7ff) << 52) | (mantissa << (52 - MantissaBits)));
    return llvm::bit_cast<double>(sign |
                                  ((magnitude << (52 - MantissaBits)) + (uint64_t(1023 - bias) << 52)));
  }
};

using Float16 = ShortFloat<5, 10>;
using BFloat16 = ShortFloat<8, 7>;

/// A value that stands for the type `T`, to hand to a generic lambda.
template <typename T>
struct ElementTag {
  using type = T;
};

/// Bytes an element of this type takes on the host; 0 for a type that tensors can't hold.
unsigned getElementBytes(mlir::Type elementType);

/// Whether elements of this type are stored as `T`.
template <typename T>
bool isStoredAs(mlir::Type elementType) {
  if constexpr (std::is_same_v<T, Bool>)
    return elementType.isInteger(1);
  else if constexpr (std::is_same_v<T, Float16>)
    return elementType.isF16();
  else if constexpr (std::is_same_v<T, BFloat16>)
    return elementType.isBF16();
  else if constexpr (std::is_same_v<T, float>)
    return elementType.isF32();
  else if constexpr (std::is_same_v<T, double>)
    return elementType.isF64();
  else {
    static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>, "not the storage of an element type");
    auto integer = mlir::dyn_cast<mlir::IntegerType>(elementType);
    return integer && integer.getWidth() > 1 && integer.isUnsigned() == std::is_unsigned_v<T> &&
           getElementBytes(elementType) == sizeof(T);
  }
}

/// Calls `function(ElementTag<T>())` with the type that stores elements of `elementType`. The type must be
/// one a tensor can hold (getElementBytes is not 0).
template <typename Function>
decltype(auto) dispatchElementType(mlir::Type elementType, Function &&function) {
  if (elementType.isF32())
    return function(ElementTag<float>());
  if (elementType.isF64())
    return function(ElementTag<double>());
  if (elementType.isF16())
    return function(ElementTag<Float16>());
  if (elementType.isBF16())
    return function(ElementTag<BFloat16>());
  if (elementType.isInteger(1))
    return function(ElementTag<Bool>());
  bool isUnsigned = elementType.isUnsignedInteger();
  switch (getElementBytes(elementType)) {
  case 1:
    return isUnsigned ? function(ElementTag<uint8_t>()) : function(ElementTag<int8_t>());
  case 2:
    return isUnsigned ? function(ElementTag<uint16_t>()) : function(ElementTag<int16_t>());
  case 4:
    return isUnsigned ? function(ElementTag<uint32_t>()) : function(ElementTag<int32_t>());
  case 8:
    return isUnsigned ? function(ElementTag<uint64_t>()) : function(ElementTag<int64_t>());
  }
  llvm::report_fatal_error("no host storage for this element type");
}

} // namespace tenon

#endif // TENON_SUPPORT_ELEMENTTYPES_H
