//===- ElementTypesTest.cpp - The short floats against LLVM's arbitrary precision ones --------------===//

#include "tenon/Support/ElementTypes.h"

#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace tenon;

/// What APFloat makes of `value` in `semantics`.
static uint16_t roundWithLLVM(double value, const llvm::fltSemantics &semantics) {
  llvm::APFloat number(value);
  bool lost;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.bitcastToAPInt().getZExtValue();
}

template <typename Short>
static void testAllValues(const llvm::fltSemantics &semantics) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    Short number;
    number.bits = bits;
    llvm::APFloat exact(semantics, llvm::APInt(16, bits));
    bool lost;
    exact.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
    double wide = number;
    if (exact.isNaN()) {
      EXPECT_TRUE(std::isnan(wide)) << bits;
      EXPECT_TRUE(std::isnan(static_cast<double>(Short(wide)))) << bits;
      continue;
    }
    EXPECT_EQ(wide, exact.convertToDouble()) << bits;
    EXPECT_EQ(std::signbit(wide), exact.isNegative()) << bits;
    EXPECT_EQ(Short(wide).bits, bits);
  }
}

/// Doubles of all magnitudes around the format's range, and ties: exact values plus half of a unit in the
/// last place.
template <typename Short>
static void testRounding(const llvm::fltSemantics &semantics, int lowestExponent, int highestExponent) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int> exponents(lowestExponent, highestExponent);
  std::uniform_real_distribution<double> mantissas(-2, 2);
  for (int i = 0; i < 100000; ++i) {
    double value = std::ldexp(mantissas(random), exponents(random));
    EXPECT_EQ(Short(value).bits, roundWithLLVM(value, semantics)) << value;
    Short near(value), next = near;
    ++next.bits;
    double tie = (static_cast<double>(near) + static_cast<double>(next)) / 2;
    if (std::isfinite(tie))
      EXPECT_EQ(Short(tie).bits, roundWithLLVM(tie, semantics)) << tie;
  }
}

TEST(ElementTypes, HalfConvertsAllValues) { testAllValues<Float16>(llvm::APFloat::IEEEhalf()); }
TEST(ElementTypes, BfloatConvertsAllValues) { testAllValues<BFloat16>(llvm::APFloat::BFloat()); }
TEST(ElementTypes, HalfRoundsToNearestEven) { testRounding<Float16>(llvm::APFloat::IEEEhalf(), -30, 20); }
TEST(ElementTypes, BfloatRoundsToNearestEven) { testRounding<BFloat16>(llvm::APFloat::BFloat(), -140, 130); }

TEST(ElementTypes, BoolIsAnyByte) {
  Bool value;
  value.byte = 2;
  EXPECT_TRUE(value);
  EXPECT_EQ(Bool(true).byte, 1);
}
