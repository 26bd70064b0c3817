//===- NarrowFloatTest.cpp - f16 and bf16 convert exactly, with and without instructions -------===//

#include "CompiledModule.h"

#include "llvm/ADT/APFloat.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace tenon;

namespace {

constexpr int64_t count = 1 << 17;

/// LLVM's software arithmetic is the judge: `value` rounded to the narrow type, as its bits.
uint16_t roundTo(const llvm::fltSemantics &semantics, double value) {
  llvm::APFloat number(value);
  bool inexact;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &inexact);
  return uint16_t(number.bitcastToAPInt().getZExtValue());
}

float widen(const llvm::fltSemantics &semantics, uint16_t bits) {
  llvm::APFloat number(semantics, llvm::APInt(16, bits));
  bool inexact;
  number.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  return number.convertToFloat();
}

bool isNan(const llvm::fltSemantics &semantics, uint16_t bits) {
  return llvm::APFloat(semantics, llvm::APInt(16, bits)).isNaN();
}

/// Random bits half of the time, otherwise numbers around the narrow type's smallest and largest; the first
/// ones are ties and limits.
template <typename Float, typename Bits>
std::vector<Float> samples() {
  std::mt19937_64 random(7);
  std::vector<Float> values = {0,
                               -Float(0),
                               1,
                               Float(1) + Float(0x1p-11),
                               Float(1) + 3 * Float(0x1p-11),
                               65504,
                               65519,
                               65520,
                               -65536,
                               Float(0x1p-24),
                               Float(0x1p-25),
                               Float(0x1p-25) * Float(1.0001),
                               Float(0x1p-14),
                               INFINITY,
                               -INFINITY,
                               NAN};
  while (values.size() < count) {
    Bits bits = Bits(random());
    Float value;
    memcpy(&value, &bits, sizeof(value));
    values.push_back(value);
    values.push_back(Float(std::ldexp(double(int64_t(random())), int(random() % 44) - 63 - 27)));
  }
  values.resize(count);
  return values;
}

template <typename Float, typename Bits>
void checkTruncation(const std::string &machine, const std::string &narrow, const std::string &wide,
                     const llvm::fltSemantics &semantics, double leastMagnitude) {
  CompiledModule module(compileText(
      *targetFor(machine),
      elementwiseText("convert", wide, narrow,
                      "%result = arith.truncf %x : vector<8x" + wide + "> to vector<8x" + narrow + ">")));
  std::vector<Float> values = samples<Float, Bits>();
  std::vector<uint16_t> results(count);
  runElementwise(module, "convert", values.data(), values.data(), results.data(), count);
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(values[i])) {
      ASSERT_TRUE(isNan(semantics, results[i])) << values[i];
    } else if (values[i] == 0 || std::abs(double(values[i])) >= leastMagnitude) {
      ASSERT_EQ(results[i], roundTo(semantics, double(values[i]))) << values[i];
    }
  }
}

void checkExtension(const std::string &machine, const std::string &narrow,
                    const llvm::fltSemantics &semantics) {
  CompiledModule module(
      compileText(*targetFor(machine),
                  elementwiseText("convert", narrow, "f32",
                                  "%result = arith.extf %x : vector<8x" + narrow + "> to vector<8xf32>")));
  std::vector<uint16_t> values(65536);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = uint16_t(i);
  std::vector<float> results(values.size());
  runElementwise(module, "convert", values.data(), values.data(), results.data(), int64_t(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    if (isNan(semantics, values[i])) {
      ASSERT_TRUE(std::isnan(results[i])) << i;
    } else {
      ASSERT_EQ(results[i], widen(semantics, values[i])) << i;
    }
  }
}

TEST(NarrowFloat, AllValuesExtendExactly) {
  for (const std::string &machine : runnableMachines()) {
    SCOPED_TRACE(machine);
    checkExtension(machine, "f16", llvm::APFloat::IEEEhalf());
    checkExtension(machine, "bf16", llvm::APFloat::BFloat());
  }
}

TEST(NarrowFloat, TruncationRoundsToNearestEven) {
  for (const std::string &machine : runnableMachines()) {
    SCOPED_TRACE(machine);
    // The instruction for bf16 takes subnormals for zero.
    double normal = targetFor(machine)->getMachine().hasBF16Conversion ? 0x1p-126 : 0;
    checkTruncation<float, uint32_t>(machine, "f16", "f32", llvm::APFloat::IEEEhalf(), 0);
    checkTruncation<float, uint32_t>(machine, "bf16", "f32", llvm::APFloat::BFloat(), normal);
    checkTruncation<double, uint64_t>(machine, "f16", "f64", llvm::APFloat::IEEEhalf(), 0);
    checkTruncation<double, uint64_t>(machine, "bf16", "f64", llvm::APFloat::BFloat(), normal);
  }
}

TEST(NarrowFloat, NoMachineCallsALibrary) {
  for (const char *machine : {"x86-64-v2", "x86-64-v3", "aarch64", "riscv64", "wasm32"})
    for (const char *type : {"f16", "bf16"}) {
      SCOPED_TRACE(std::string(machine) + ", " + type);
      std::string vector = std::string("vector<8x") + type + ">";
      std::string body = "%a = arith.addf %x, %y : " + vector + "\n%b = math.exp %a : " + vector +
                         "\n%c = arith.fptosi %b : " + vector +
                         " to vector<8xi32>\n%d = arith.sitofp %c : vector<8xi32> to " + vector +
                         "\n%result = arith.maximumf %d, %x : " + vector;
      std::string code =
          disassemble(compileText(*targetFor(machine), elementwiseText("f", type, type, body)));
      for (const char *name : {"hf2", "bf2", "hfsf", "expf", "fmaxf"})
        EXPECT_EQ(code.find(name), std::string::npos) << code;
    }
}

} // namespace
