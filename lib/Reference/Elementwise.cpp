//===- Elementwise.cpp - Evaluates the ops that compute each element by itself --------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

//===----------------------------------------------------------------------------------------===//
// Maps over broadcast operands, in one kind of arithmetic
//===----------------------------------------------------------------------------------------===//

/// The result of calling `function(rows, count, target)` for all rows of the operands, each broadcast to the
/// result and read as `Wide`. The rows of the result are of type `WideResult`.
template <typename Wide, typename WideResult = Wide, unsigned numOperands, typename Function>
static Results mapRows(Invocation &call, Function function) {
  HostTensor result = call.makeResult();
  SmallVector<SmallVector<int64_t>> strides;
  std::array<RowReader<Wide>, numOperands> readers;
  std::array<unsigned, numOperands> bytes;
  std::array<const char *, numOperands> data;
  for (unsigned i = 0; i < numOperands; ++i) {
    const HostTensor &operand = call.operands[i];
    strides.push_back(getBroadcastStrides(operand.getShape(), result.getShape()));
    readers[i] = getRowReader<Wide>(operand.getElementType());
    bytes[i] = getElementBytes(operand.getElementType());
    data[i] = operand.getBytes().data();
  }
  strides.push_back(getStrides(result.getShape()));
  RowWriter<WideResult> write = getRowWriter<WideResult>(result.getElementType());
  std::array<std::array<Wide, rowCapacity>, numOperands> rows;
  std::array<WideResult, rowCapacity> target;
  RowWalk(result.getShape(), strides)
      .forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> rowStrides, int64_t count) {
        for (unsigned i = 0; i < numOperands; ++i)
          readers[i](data[i] + offsets[i] * bytes[i], rowStrides[i], count, rows[i].data());
        function(rows, count, target.data());
        write(target.data(), count, mutableAddressOf(result, offsets[numOperands]), rowStrides[numOperands]);
      });
  return Tensors{result};
}

template <typename Wide, typename WideResult = Wide, typename Function>
static Results mapUnary(Invocation &call, Function function) {
  return mapRows<Wide, WideResult, 1>(call, [&](const auto &rows, int64_t count, WideResult *target) {
    for (int64_t i = 0; i < count; ++i)
      target[i] = function(rows[0][i]);
  });
}

template <typename Wide, typename WideResult = Wide, typename Function>
static Results mapBinary(Invocation &call, Function function) {
  return mapRows<Wide, WideResult, 2>(call, [&](const auto &rows, int64_t count, WideResult *target) {
    for (int64_t i = 0; i < count; ++i)
      target[i] = function(rows[0][i], rows[1][i]);
  });
}

/// Enters a unary op on floats.
template <typename Op>
static void addReal(OpTable &table, double (*function)(double)) {
  table.add<Op>([function](Op, Invocation &call) { return mapUnary<double>(call, function); });
}

/// Enters a unary op on numbers; `function` takes a double, int64_t or uint64_t.
template <typename Op, typename Function>
static void addUnary(OpTable &table, Function function) {
  table.add<Op>([function](Op, Invocation &call) -> Results {
    return dispatchArithmetic(call.operands[0].getElementType(), [&](auto tag) {
      return mapUnary<typename decltype(tag)::type>(call, function);
    });
  });
}

/// Enters a binary op; `function` takes two doubles, int64_t or uint64_t.
template <typename Op, typename Function>
static void addBinary(OpTable &table, Function function) {
  table.add<Op>([function](Op, Invocation &call) -> Results {
    return dispatchArithmetic(call.operands[0].getElementType(), [&](auto tag) {
      return mapBinary<typename decltype(tag)::type>(call, function);
    });
  });
}

/// Enters a binary op on integers or bools; `function` takes two uint64_t.
template <typename Op, typename Function>
static void addBitwise(OpTable &table, Function function) {
  table.add<Op>([function](Op, Invocation &call) { return mapBinary<uint64_t>(call, function); });
}

//===----------------------------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------------------------===//

/// `value` for arithmetic that wraps: unsigned integers do, signed ones would be undefined.
template <typename T>
static auto wrapping(T value) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<uint64_t>(value);
  else
    return value;
}

template <typename T>
static T divide(T lhs, T rhs) {
  if constexpr (std::is_integral_v<T>) {
    if (rhs == 0)
      return 0;
    if constexpr (std::is_signed_v<T>)
      if (rhs == -1)
        return static_cast<T>(-wrapping(lhs));
  }
  return lhs / rhs;
}

/// The larger, nan if either is, 0.0 of both zeros.
template <typename T>
static T larger(T lhs, T rhs) {
  if constexpr (std::is_floating_point_v<T>)
    if (lhs == rhs)
      return std::signbit(lhs) ? rhs : lhs;
  return lhs > rhs || lhs != lhs ? lhs : rhs;
}

/// The smaller, nan if either is, -0.0 of both zeros.
template <typename T>
static T smaller(T lhs, T rhs) {
  if constexpr (std::is_floating_point_v<T>)
    if (lhs == rhs)
      return std::signbit(lhs) ? lhs : rhs;
  return lhs < rhs || lhs != lhs ? lhs : rhs;
}

/// `base` to an integer power by squaring, wrapping; to a negative power the truncated reciprocal.
template <typename T>
static T integerPower(T base, T exponent) {
  if (std::is_signed_v<T> && exponent < 0) {
    if (base == T(1))
      return 1;
    if (std::is_signed_v<T> && base == T(-1))
      return exponent % 2 == 0 ? T(1) : T(-1);
    return 0;
  }
  uint64_t power = 1, square = static_cast<uint64_t>(base);
  for (; exponent > 0; exponent /= 2, square *= square)
    if (exponent % 2 == 1)
      power *= square;
  return static_cast<T>(power);
}

static Results evaluate(PowOp op, Invocation &call) {
  Arithmetic base = getArithmetic(call.operands[0].getElementType());
  Arithmetic exponent = getArithmetic(call.operands[1].getElementType());
  if (base == Arithmetic::real || exponent == Arithmetic::real)
    return mapBinary<double>(call, [](double x, double y) { return std::pow(x, y); });
  if (base == Arithmetic::natural)
    return mapBinary<uint64_t>(call, integerPower<uint64_t>);
  return mapBinary<int64_t>(call, integerPower<int64_t>);
}

/// The remainder with the sign of `lhs`.
template <typename T>
static T truncatedRemainder(T lhs, T rhs) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(lhs, rhs);
  else
    return rhs == 0 || (std::is_signed_v<T> && rhs == T(-1)) ? T(0) : static_cast<T>(lhs % rhs);
}

/// The remainder with the sign of `rhs`.
template <typename T>
static T flooredRemainder(T lhs, T rhs) {
  T remainder = truncatedRemainder(lhs, rhs);
  if constexpr (std::is_floating_point_v<T>)
    if (remainder == 0)
      return std::copysign(remainder, rhs);
  return remainder != 0 && (remainder < 0) != (rhs < 0) ? remainder + rhs : remainder;
}

static Results evaluate(ModOp op, Invocation &call) {
  return dispatchArithmetic(call.operands[0].getElementType(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    return mapBinary<T>(call, op.getTruncated() ? truncatedRemainder<T> : flooredRemainder<T>);
  });
}

static void addArithmetic(OpTable &table) {
  addBinary<AddOp>(table, [](auto x, auto y) -> decltype(x) { return wrapping(x) + wrapping(y); });
  addBinary<SubOp>(table, [](auto x, auto y) -> decltype(x) { return wrapping(x) - wrapping(y); });
  addBinary<MulOp>(table, [](auto x, auto y) -> decltype(x) { return wrapping(x) * wrapping(y); });
  addBinary<DivOp>(table, [](auto x, auto y) { return divide(x, y); });
  addBinary<MaxOp>(table, [](auto x, auto y) { return larger(x, y); });
  addBinary<MinOp>(table, [](auto x, auto y) { return smaller(x, y); });
  table.add<PowOp>([](PowOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ModOp>([](ModOp op, Invocation &call) { return evaluate(op, call); });

  addUnary<NegOp>(table, [](auto x) -> decltype(x) { return -wrapping(x); });
  addUnary<ReluOp>(table, [](auto x) { return larger(x, decltype(x)(0)); });
  addUnary<AbsOp>(table, [](auto x) -> decltype(x) {
    if constexpr (std::is_floating_point_v<decltype(x)>)
      return std::fabs(x);
    else
      return x < 0 ? -wrapping(x) : wrapping(x);
  });
  addUnary<SignOp>(table, [](auto x) -> decltype(x) {
    if (x != x)
      return x;
    return (x > 0) - (x < 0);
  });
}

//===----------------------------------------------------------------------------------------===//
// Functions of reals
//===----------------------------------------------------------------------------------------===//

static double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

static Results evaluate(GeluOp op, Invocation &call) {
  if (op.getTanhApproximation())
    return mapUnary<double>(call, [](double x) {
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    });
  return mapUnary<double>(call, [](double x) { return 0.5 * x * std::erfc(-x / M_SQRT2); });
}

static Results evaluate(IsInfOp op, Invocation &call) {
  bool negative = op.getDetectNegative(), positive = op.getDetectPositive();
  return mapUnary<double, uint64_t>(
      call, [=](double x) -> uint64_t { return std::isinf(x) && (x < 0 ? negative : positive); });
}

static void addFunctions(OpTable &table) {
  addReal<ExpOp>(table, std::exp);
  addReal<LogOp>(table, std::log);
  addReal<SqrtOp>(table, std::sqrt);
  addReal<RsqrtOp>(table, [](double x) { return 1 / std::sqrt(x); });
  addReal<ReciprocalOp>(table, [](double x) { return 1 / x; });
  addReal<SinOp>(table, std::sin);
  addReal<CosOp>(table, std::cos);
  addReal<TanOp>(table, std::tan);
  addReal<AsinOp>(table, std::asin);
  addReal<AcosOp>(table, std::acos);
  addReal<AtanOp>(table, std::atan);
  addReal<SinhOp>(table, std::sinh);
  addReal<CoshOp>(table, std::cosh);
  addReal<TanhOp>(table, std::tanh);
  addReal<AsinhOp>(table, std::asinh);
  addReal<AcoshOp>(table, std::acosh);
  addReal<AtanhOp>(table, std::atanh);
  addReal<ErfOp>(table, std::erf);
  addReal<SigmoidOp>(table, [](double x) { return 1 / (1 + std::exp(-x)); });
  addReal<SoftplusOp>(table, softplus);
  addReal<FloorOp>(table, std::floor);
  addReal<CeilOp>(table, std::ceil);
  // The default rounding mode is to nearest, halves to even.
  addReal<RoundOp>(table, std::nearbyint);
  table.add<GeluOp>([](GeluOp op, Invocation &call) { return evaluate(op, call); });
  table.add<IsInfOp>([](IsInfOp op, Invocation &call) { return evaluate(op, call); });
  table.add<IsNanOp>([](IsNanOp, Invocation &call) {
    return mapUnary<double, uint64_t>(call, [](double x) -> uint64_t { return std::isnan(x); });
  });
}

//===----------------------------------------------------------------------------------------===//
// Bits, comparisons, conversions
//===----------------------------------------------------------------------------------------===//

/// Up, or down with the sign filling in. A count of the width and more, or below 0, shifts everything out.
template <typename T>
static T shift(T value, T count, unsigned width, bool up) {
  const bool fits = count >= 0 && count < static_cast<T>(width);
  if (up)
    return fits ? static_cast<T>(static_cast<uint64_t>(value) << count) : 0;
  if (fits)
    return value >> count;
  return value < 0 ? -1 : 0;
}

template <typename Op>
static void addShift(OpTable &table, bool up) {
  table.add<Op>([up](Op, Invocation &call) -> Results {
    Type type = call.operands[0].getElementType();
    unsigned width = type.getIntOrFloatBitWidth();
    if (type.isUnsignedInteger())
      return mapBinary<uint64_t>(call, [=](uint64_t x, uint64_t y) { return shift(x, y, width, up); });
    return mapBinary<int64_t>(call, [=](int64_t x, int64_t y) { return shift(x, y, width, up); });
  });
}

template <typename T>
static bool compare(Comparison predicate, T x, T y) {
  switch (predicate) {
  case Comparison::eq:
    return x == y;
  case Comparison::ne:
    return x != y;
  case Comparison::lt:
    return x < y;
  case Comparison::le:
    return x <= y;
  case Comparison::gt:
    return x > y;
  case Comparison::ge:
    return x >= y;
  }
  llvm_unreachable("all comparisons are handled");
}

static Results evaluate(CompareOp op, Invocation &call) {
  Comparison predicate = op.getPredicate();
  return dispatchArithmetic(call.operands[0].getElementType(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    return mapBinary<T, uint64_t>(call, [=](T x, T y) -> uint64_t { return compare(predicate, x, y); });
  });
}

static Results evaluate(SelectOp op, Invocation &call) {
  RankedTensorType type = call.resultTypes[0];
  Tensors operands{call.operands[0], asBits(call.operands[1]), asBits(call.operands[2])};
  Invocation onBits{call.op,
                    operands,
                    {RankedTensorType::get(type.getShape(), operands[1].getElementType())},
                    call.interpreter};
  Results bits =
      mapRows<uint64_t, uint64_t, 3>(onBits, [](const auto &rows, int64_t count, uint64_t *target) {
        for (int64_t i = 0; i < count; ++i)
          target[i] = rows[0][i] ? rows[1][i] : rows[2][i];
      });
  return Tensors{bits->front().reshaped(type)};
}

/// `value` clamped to the range of `To`; nan stays nan for floats and becomes 0 for integers.
template <typename To, typename From>
static To saturate(From value) {
  using Limits = std::numeric_limits<To>;
  if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
    if (std::is_signed_v<From> && value < 0)
      return std::is_signed_v<To> && static_cast<int64_t>(value) >= static_cast<int64_t>(Limits::min())
                 ? static_cast<To>(value)
                 : Limits::min();
    return static_cast<uint64_t>(value) > static_cast<uint64_t>(Limits::max()) ? Limits::max()
                                                                               : static_cast<To>(value);
  } else if constexpr (std::is_integral_v<To> && !std::is_same_v<From, Bool>) {
    double real = static_cast<double>(value);
    if (real >= static_cast<double>(Limits::max()))
      return Limits::max();
    return real <= static_cast<double>(Limits::min()) ? Limits::min() : convertElement<To>(real);
  } else {
    return convertElement<To>(value);
  }
}

static Results evaluate(CastOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  // From storage to storage in one step: by way of double, i64 would round twice on its way to f32.
  dispatchElementType(call.operands[0].getElementType(), [&](auto fromTag) {
    using From = typename decltype(fromTag)::type;
    dispatchElementType(result.getElementType(), [&](auto toTag) {
      using To = typename decltype(toTag)::type;
      ArrayRef<From> source = call.operands[0].get<From>();
      MutableArrayRef<To> target = result.getMutable<To>();
      if (op.getSaturate())
        for (size_t i = 0; i < source.size(); ++i)
          target[i] = saturate<To>(source[i]);
      else
        for (size_t i = 0; i < source.size(); ++i)
          target[i] = convertElement<To>(source[i]);
    });
  });
  return Tensors{result};
}

static void addBitsAndConversions(OpTable &table) {
  addBitwise<AndOp>(table, [](uint64_t x, uint64_t y) { return x & y; });
  addBitwise<OrOp>(table, [](uint64_t x, uint64_t y) { return x | y; });
  addBitwise<XorOp>(table, [](uint64_t x, uint64_t y) { return x ^ y; });
  addBitwise<BitwiseAndOp>(table, [](uint64_t x, uint64_t y) { return x & y; });
  addBitwise<BitwiseOrOp>(table, [](uint64_t x, uint64_t y) { return x | y; });
  addBitwise<BitwiseXorOp>(table, [](uint64_t x, uint64_t y) { return x ^ y; });
  addShift<ShiftLeftOp>(table, /*up=*/true);
  addShift<ShiftRightOp>(table, /*up=*/false);
  table.add<NotOp>([](NotOp, Invocation &call) {
    return mapUnary<uint64_t>(call, [](uint64_t x) -> uint64_t { return !x; });
  });
  table.add<BitwiseNotOp>(
      [](BitwiseNotOp, Invocation &call) { return mapUnary<uint64_t>(call, [](uint64_t x) { return ~x; }); });
  table.add<CompareOp>([](CompareOp op, Invocation &call) { return evaluate(op, call); });
  table.add<SelectOp>([](SelectOp op, Invocation &call) { return evaluate(op, call); });
  table.add<CastOp>([](CastOp op, Invocation &call) { return evaluate(op, call); });
}

void reference::addElementwise(OpTable &table) {
  addArithmetic(table);
  addFunctions(table);
  addBitsAndConversions(table);
}
