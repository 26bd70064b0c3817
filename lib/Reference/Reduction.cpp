//===- Reduction.cpp - Evaluates the ops that combine elements along dimensions -------------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

using Shape = SmallVector<int64_t>;

//===----------------------------------------------------------------------------------------===//
// Reduce
//===----------------------------------------------------------------------------------------===//

/// The strides in the result with which the elements of a reduction's input are combined: 0 along the reduced
/// axes.
static Shape getReducedStrides(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  Shape kept;
  for (auto [dim, size] : llvm::enumerate(shape))
    kept.push_back(llvm::is_contained(axes, dim) ? 1 : size);
  return getBroadcastStrides(kept, shape);
}

/// Combines the elements along `axes` into `accumulators`, row major without these.
template <typename Wide, typename Function>
static void accumulate(const HostTensor &input, ArrayRef<int64_t> axes, std::vector<Wide> &accumulators,
                       Function combine) {
  std::array<Wide, rowCapacity> row;
  RowReader<Wide> read = getRowReader<Wide>(input.getElementType());
  ArrayRef<int64_t> shape = input.getShape();
  RowWalk(shape, {getStrides(shape), getReducedStrides(shape, axes)})
      .forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides, int64_t count) {
        read(addressOf(input, offsets[0]), strides[0], count, row.data());
        Wide *target = &accumulators[offsets[1]];
        if (strides[1] == 0) {
          Wide value = *target;
          for (int64_t i = 0; i < count; ++i)
            value = combine(value, row[i]);
          *target = value;
        } else {
          for (int64_t i = 0; i < count; ++i)
            target[i * strides[1]] = combine(target[i * strides[1]], row[i]);
        }
      });
}

/// log(sum(exp(x))), from `x - max(x)` so that nothing overflows.
static std::vector<double> logSumExp(const HostTensor &input, ArrayRef<int64_t> axes, size_t numResults) {
  std::vector<double> highest(numResults, -std::numeric_limits<double>::infinity());
  accumulate(input, axes, highest, [](double a, double x) { return a != a || x < a ? a : x; });
  // Where the maximum is infinite it is the result, or exp(x) is 0 for all x: nothing to shift by.
  std::vector<double> shifts(highest), sums(numResults, 0);
  for (double &shift : shifts)
    shift = std::isfinite(shift) ? shift : 0;

  std::vector<double> elements = readAll<double>(input);
  RowWalk(input.getShape(), {getStrides(input.getShape()), getReducedStrides(input.getShape(), axes)})
      .forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> strides, int64_t count) {
        for (int64_t i = 0; i < count; ++i) {
          int64_t at = offsets[1] + i * strides[1];
          sums[at] += std::exp(elements[offsets[0] + i * strides[0]] - shifts[at]);
        }
      });
  for (size_t i = 0; i < numResults; ++i)
    sums[i] = std::log(sums[i]) + shifts[i];
  return sums;
}

template <typename Wide>
static Results reduce(ReduceKind kind, ArrayRef<int64_t> axes, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  // Signed sums and products are taken as unsigned ones: those wrap.
  using Sum = std::conditional_t<std::is_integral_v<Wide>, uint64_t, double>;
  auto finish = [&](auto values) -> Results {
    writeAll<typename decltype(values)::value_type>(values, result);
    return Tensors{result};
  };
  auto sum = [&](auto term) {
    std::vector<Sum> sums(result.getNumElements(), Sum(0));
    accumulate(input, axes, sums, [&](Sum a, Sum x) { return a + term(x); });
    return sums;
  };
  auto identity = [](Sum x) { return x; };
  auto square = [](Sum x) { return x * x; };
  auto magnitude = [](Sum x) {
    if constexpr (std::is_same_v<Wide, double>)
      return std::fabs(x);
    else
      return static_cast<Wide>(x) < Wide(0) ? -x : x;
  };
  /// For kinds that end in a real function: integers go through double and are truncated.
  auto finishReal = [&](auto values, double (*function)(double)) -> Results {
    std::vector<double> reals;
    for (auto value : values)
      reals.push_back(function(static_cast<double>(static_cast<Wide>(value))));
    return finish(reals);
  };
  switch (kind) {
  case ReduceKind::sum:
    return finish(sum(identity));
  case ReduceKind::sum_square:
    return finish(sum(square));
  case ReduceKind::l1:
    return finish(sum(magnitude));
  case ReduceKind::l2:
    return finishReal(sum(square), std::sqrt);
  case ReduceKind::log_sum:
    return finishReal(sum(identity), std::log);
  case ReduceKind::log_sum_exp:
    return finish(logSumExp(input, axes, result.getNumElements()));
  case ReduceKind::mean: {
    std::vector<Sum> sums = sum(identity);
    int64_t count = 1;
    for (int64_t axis : axes)
      count *= input.getDim(axis);
    std::vector<Wide> means;
    for (Sum value : sums)
      means.push_back(count == 0 && std::is_integral_v<Wide>
                          ? Wide(0)
                          : static_cast<Wide>(value) / static_cast<Wide>(count));
    return finish(means);
  }
  case ReduceKind::prod: {
    std::vector<Sum> products(result.getNumElements(), Sum(1));
    accumulate(input, axes, products, [](Sum a, Sum x) { return a * x; });
    return finish(products);
  }
  case ReduceKind::max: {
    std::vector<Wide> values(result.getNumElements(),
                             getLimit<Wide>(input.getElementType(), /*highest=*/false));
    accumulate(input, axes, values, [](Wide a, Wide x) { return a != a || x < a ? a : x; });
    return finish(values);
  }
  case ReduceKind::min: {
    std::vector<Wide> values(result.getNumElements(),
                             getLimit<Wide>(input.getElementType(), /*highest=*/true));
    accumulate(input, axes, values, [](Wide a, Wide x) { return a != a || x > a ? a : x; });
    return finish(values);
  }
  }
  llvm_unreachable("all kinds of reduction are handled");
}

static Results evaluate(ReduceOp op, Invocation &call) {
  return dispatchArithmetic(call.operands[0].getElementType(), [&](auto tag) {
    return reduce<typename decltype(tag)::type>(op.getKind(), op.getAxes(), call);
  });
}

//===----------------------------------------------------------------------------------------===//
// Along one axis
//===----------------------------------------------------------------------------------------===//

static Results evaluate(ArgReduceOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  int64_t axis = op.getAxis(), size = input.getDim(axis);
  if (size == 0 && result.getNumElements() > 0)
    return call.emitError() << "has no element to choose from along axis " << axis;
  bool largest = op.getKind() == Extremum::max, last = op.getSelectLast();
  return dispatchArithmetic(input.getElementType(), [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    std::vector<Wide> elements = readAll<Wide>(input);
    int64_t *target = result.getMutable<int64_t>().data();
    forEachLine(input.getShape(), axis, [&](int64_t begin, int64_t stride) {
      int64_t best = 0;
      for (int64_t i = 1; i < size; ++i) {
        Wide champion = elements[begin + best * stride], x = elements[begin + i * stride];
        // As in NumPy, the first nan is the extremum.
        if (champion != champion)
          break;
        bool better = x != x || (largest ? x > champion : x < champion);
        if (better || (last && x == champion))
          best = i;
      }
      *target++ = best;
    });
    return Tensors{result};
  });
}

template <typename Op, typename Function>
static Results accumulateAlong(Op op, Invocation &call, int neutral, Function combine) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  int64_t size = input.getDim(op.getAxis());
  bool exclusive = op.getExclusive(), reverse = op.getReverse();
  auto run = [&](auto zero) -> Results {
    using Wide = decltype(zero);
    std::vector<Wide> elements = readAll<Wide>(input);
    forEachLine(input.getShape(), op.getAxis(), [&](int64_t begin, int64_t stride) {
      Wide total = static_cast<Wide>(neutral);
      for (int64_t i = 0; i < size; ++i) {
        Wide &element = elements[begin + (reverse ? size - 1 - i : i) * stride];
        Wide next = combine(total, element);
        element = exclusive ? total : next;
        total = next;
      }
    });
    writeAll<Wide>(elements, result);
    return Tensors{result};
  };
  if (getArithmetic(input.getElementType()) == Arithmetic::real)
    return run(double());
  return run(uint64_t());
}

void reference::addReduction(OpTable &table) {
  table.add<ReduceOp>([](ReduceOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ArgReduceOp>([](ArgReduceOp op, Invocation &call) { return evaluate(op, call); });
  table.add<CumsumOp>([](CumsumOp op, Invocation &call) {
    return accumulateAlong(op, call, 0, [](auto a, auto x) { return a + x; });
  });
  table.add<CumprodOp>([](CumprodOp op, Invocation &call) {
    return accumulateAlong(op, call, 1, [](auto a, auto x) { return a * x; });
  });
}
