//===- MathAccuracyTest.cpp - Holds the stated accuracy of transcendental functions ------------===//
//
// A million points for each function: random bits, which cover every magnitude, nan and infinities, and the
// range where the function is interesting. The judge is the C library, in double for f32 and in long double
// for f64, whose own error is far below an ulp of the type under test where long double has more than 53
// bits.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledModule.h"

#include "gtest/gtest.h"

#include <cfloat>
#include <cmath>
#include <cstring>
#include <random>

using namespace tenon;

namespace {

constexpr int64_t count = 1 << 20;

/// A function under test: its name in the math dialect, the greatest error allowed in f32 and f64 (0: not
/// tested), the range of interest of the first operand, and the judge.
struct Function {
  const char *name;
  double f32Ulps, f64Ulps;
  double low, high;
  long double (*judge)(long double x, long double y);
  double (*judgeF32)(double x, double y);
  bool isBinary = false;
  /// Points are taken from the range of interest only.
  bool isLimited = false;
  /// Of operands that are not positive, which the op says.
  bool isNonpositive = false;

  std::string symbol() const { return name + std::string(isNonpositive ? "_nonpositive" : ""); }
};

#define TENON_FUNCTION(NAME, F32, F64, LOW, HIGH, EXPRESSION, ...)                                           \
  Function {                                                                                                 \
    NAME, F32, F64, LOW, HIGH,                                                                               \
        [](long double x, long double y) -> long double {                                                    \
          (void)y;                                                                                           \
          return EXPRESSION;                                                                                 \
        },                                                                                                   \
        [](double x, double y) -> double {                                                                   \
          (void)y;                                                                                           \
          return EXPRESSION;                                                                                 \
        },                                                                                                   \
        __VA_ARGS__                                                                                          \
  }

const Function functions[] = {
    TENON_FUNCTION("exp", 1.2, 1.0, -100, 100, std::exp(x)),
    TENON_FUNCTION("exp", 1.2, 1.0, -100, 0, std::exp(x), false, false, true),
    TENON_FUNCTION("exp2", 0.6, 1.6, -150, 150, std::exp2(x)),
    TENON_FUNCTION("expm1", 2.0, 2.0, -5, 100, std::expm1(x)),
    TENON_FUNCTION("log", 1.0, 1.0, 0, 3, std::log(x)),
    TENON_FUNCTION("log2", 0.6, 2.0, 0, 3, std::log2(x)),
    TENON_FUNCTION("log10", 0.6, 2.0, 0, 3, std::log10(x)),
    TENON_FUNCTION("log1p", 2.0, 2.0, -1, 3, std::log1p(x)),
    TENON_FUNCTION("tanh", 6.5, 3.0, -10, 10, std::tanh(x)),
    TENON_FUNCTION("erf", 7.5, 2.5, -5, 5, std::erf(x)),
    TENON_FUNCTION("erfc", 0.6, 5.0, -5, 27, std::erfc(x)),
    TENON_FUNCTION("sin", 0.6, 1.0, -1000, 1000, std::sin(x), false, true),
    TENON_FUNCTION("cos", 0.6, 1.0, -1e6, 1e6, std::cos(x), false, true),
    TENON_FUNCTION("tan", 0.6, 3.0, -1000, 1000, std::tan(x), false, true),
    TENON_FUNCTION("asin", 0.6, 3.0, -1, 1, std::asin(x)),
    TENON_FUNCTION("acos", 0.6, 3.0, -1, 1, std::acos(x)),
    TENON_FUNCTION("atan", 0.6, 1.0, -10, 10, std::atan(x)),
    TENON_FUNCTION("sinh", 0.6, 3.0, -90, 90, std::sinh(x)),
    TENON_FUNCTION("cosh", 0.6, 3.0, -90, 90, std::cosh(x)),
    TENON_FUNCTION("asinh", 0.6, 3.0, -10, 10, std::asinh(x)),
    TENON_FUNCTION("acosh", 0.6, 3.0, 1, 10, std::acosh(x)),
    TENON_FUNCTION("atanh", 0.6, 3.0, -1, 1, std::atanh(x)),
    TENON_FUNCTION("cbrt", 0.6, 1.0, -10, 10, std::cbrt(x)),
    TENON_FUNCTION("atan2", 0.6, 2.0, -10, 10, std::atan2(x, y), true),
    TENON_FUNCTION("powf", 0.6, 0, -10, 10, std::pow(x, y), true),
};

std::string applyText(const Function &function, const std::string &type) {
  return elementwiseText(
      function.symbol(), type, type,
      std::string("%result = math.") + function.name + (function.isBinary ? " %x, %y" : " %x") +
          (function.isNonpositive ? " {tenon.nonpositive}" : "") + " : vector<8x" + type + ">");
}

template <typename Float>
Float fromRandomBits(std::mt19937_64 &random) {
  uint64_t bits = random();
  Float value;
  memcpy(&value, &bits, sizeof(value));
  // The C library may treat signaling nans apart; nobody computes with them.
  return std::isnan(value) ? std::numeric_limits<Float>::quiet_NaN() : value;
}

template <typename Float>
std::vector<Float> samples(const Function &function, uint64_t seed, bool isExponent) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(function.low, function.high);
  std::vector<Float> values;
  if (!function.isLimited)
    for (double value :
         {0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, double(INFINITY), -double(INFINITY), double(NAN),
          double(std::numeric_limits<Float>::max()), double(std::numeric_limits<Float>::min()),
          88.72283935546875, 88.72283172607422, -87.3365478515625, -103.0})
      values.push_back(Float(value));
  while (values.size() < count) {
    if (!function.isLimited && random() % 2)
      values.push_back(fromRandomBits<Float>(random));
    else
      values.push_back(isExponent && random() % 2 ? Float(std::round(uniform(random)))
                                                  : Float(uniform(random)));
  }
  if (function.isNonpositive)
    for (Float &value : values)
      value = std::isnan(value) ? value : -std::abs(value);
  return values;
}

/// The distance in units of the last place of the type, of which results below the smallest normal number
/// have none.
template <typename Float, typename Wide>
double errorInUlps(Float result, Wide exact) {
  Float rounded = Float(exact);
  if (result == rounded || (std::isnan(result) && std::isnan(rounded)))
    return 0;
  if (std::isnan(result) || std::isnan(rounded) || std::isinf(result) != std::isinf(rounded))
    return INFINITY;
  Float magnitude = std::abs(rounded);
  constexpr Float smallest = std::numeric_limits<Float>::min();
  if (magnitude < smallest && std::abs(result) <= smallest)
    return 0;
  Float ulp = std::nextafter(magnitude, Float(INFINITY)) - magnitude;
  return std::isinf(ulp) ? 1 : double(std::abs(Wide(result) - exact) / Wide(ulp));
}

template <typename Float, typename Judge>
void checkFunction(const CompiledModule &module, const Function &function, double allowed, Judge judge) {
  SCOPED_TRACE(function.symbol());
  std::vector<Float> x = samples<Float>(function, 1, false);
  std::vector<Float> y = samples<Float>(function, 2, function.isBinary);
  std::vector<Float> results(count);
  runElementwise(module, function.symbol(), x.data(), y.data(), results.data(), count);
  double worst = 0;
  int64_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    double error = errorInUlps(results[i], judge(x[i], y[i]));
    if (error > worst) {
      worst = error;
      at = i;
    }
  }
  EXPECT_LE(worst, allowed) << function.symbol() << "(" << x[at] << ", " << y[at] << ") = " << results[at]
                            << ", but expected " << judge(x[at], y[at]);
}

TEST(MathAccuracy, F32) {
  std::string text;
  for (const Function &function : functions)
    text += applyText(function, "f32");
  for (const std::string &machine : runnableMachines()) {
    SCOPED_TRACE(machine);
    CompiledModule module(compileText(*targetFor(machine), text));
    for (const Function &function : functions)
      checkFunction<float>(module, function, function.f32Ulps, function.judgeF32);
  }
}

TEST(MathAccuracy, F64) {
  if (LDBL_MANT_DIG <= DBL_MANT_DIG)
    GTEST_SKIP() << "long double is no wider than double";
  std::string text;
  for (const Function &function : functions)
    if (function.f64Ulps != 0)
      text += applyText(function, "f64");
  for (const std::string &machine : runnableMachines()) {
    SCOPED_TRACE(machine);
    CompiledModule module(compileText(*targetFor(machine), text));
    for (const Function &function : functions)
      if (function.f64Ulps != 0)
        checkFunction<double>(module, function, function.f64Ulps, function.judge);
  }
}

} // namespace
