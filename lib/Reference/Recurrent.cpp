//===- Recurrent.cpp - Evaluates recurrent cells over a sequence ----------------------------------------===//
//
// All three cells walk each sequence of the batch by itself: the gates' sums of products, then the cell's
// equations.
//
//===----------------------------------------------------------------------------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

namespace {
/// One of a cell's functions, with its parameters and the clip of its argument.
struct GateFunction {
  Activation activation;
  double alpha, beta, clip;

  double operator()(double x) const {
    if (clip > 0)
      x = std::clamp(x, -clip, clip);
    switch (activation) {
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
    case Activation::relu:
      return std::max(x, 0.0);
    case Activation::affine:
      return alpha * x + beta;
    case Activation::leaky_relu:
      return x < 0 ? alpha * x : x;
    case Activation::thresholded_relu:
      return x >= alpha ? x : 0;
    case Activation::scaled_tanh:
      return alpha * std::tanh(beta * x);
    case Activation::hard_sigmoid:
      return std::clamp(alpha * x + beta, 0.0, 1.0);
    case Activation::elu:
      return x < 0 ? alpha * (std::exp(x) - 1) : x;
    case Activation::softsign:
      return x / (1 + std::fabs(x));
    case Activation::softplus:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    }
    llvm_unreachable("all activations are handled");
  }
};

using Row = ArrayRef<double>;
using State = std::vector<double>;

/// The parameters of one direction of a cell.
struct Cell {
  int64_t hidden;
  /// `gates * hidden` rows of weights for the input, and for the state; the biases of each.
  Row weights, recurrence, inputBias, stateBias, peepholes;
  SmallVector<GateFunction> functions;

  /// The product of row `gate * hidden + unit` of the weights with the input, or of the recurrence with the
  /// state.
  double input(Row x, int64_t gate, int64_t unit) const {
    return dot(weights, x, inputBias, gate * hidden + unit);
  }
  double state(Row h, int64_t gate, int64_t unit) const {
    return dot(recurrence, h, stateBias, gate * hidden + unit);
  }
  double peephole(int64_t gate, int64_t unit) const {
    return peepholes.empty() ? 0 : peepholes[gate * hidden + unit];
  }

private:
  static double dot(Row matrix, Row vector, Row bias, int64_t row) {
    const double *factors = matrix.data() + row * vector.size();
    double sum = bias.empty() ? 0 : bias[row];
    for (size_t i = 0; i < vector.size(); ++i)
      sum += factors[i] * vector[i];
    return sum;
  }
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// The cells: each takes the state one step further
//===----------------------------------------------------------------------------------------===//

static void step(RnnOp, const Cell &cell, Row x, State &h, State &) {
  State next(cell.hidden);
  for (int64_t u = 0; u < cell.hidden; ++u)
    next[u] = cell.functions[0](cell.input(x, 0, u) + cell.state(h, 0, u));
  h = std::move(next);
}

static void step(GruOp op, const Cell &cell, Row x, State &h, State &) {
  enum { update, reset, candidate };
  const GateFunction &f = cell.functions[0], &g = cell.functions[1];
  State scaled(cell.hidden), resets(cell.hidden), next(cell.hidden);
  for (int64_t u = 0; u < cell.hidden; ++u) {
    resets[u] = f(cell.input(x, reset, u) + cell.state(h, reset, u));
    scaled[u] = resets[u] * h[u];
  }
  for (int64_t u = 0; u < cell.hidden; ++u) {
    double z = f(cell.input(x, update, u) + cell.state(h, update, u));
    double recurrent = op.getLinearBeforeReset() ? resets[u] * cell.state(h, candidate, u)
                                                 : cell.state(scaled, candidate, u);
    next[u] = (1 - z) * g(cell.input(x, candidate, u) + recurrent) + z * h[u];
  }
  h = std::move(next);
}

static void step(LstmOp op, const Cell &cell, Row x, State &h, State &c) {
  // The gates' order; peepholes come in the order input, output, forget too.
  enum { input, output, forget, candidate };
  const GateFunction &f = cell.functions[0], &g = cell.functions[1], &hidden = cell.functions[2];
  State next(cell.hidden);
  for (int64_t u = 0; u < cell.hidden; ++u) {
    auto sum = [&](int64_t gate) { return cell.input(x, gate, u) + cell.state(h, gate, u); };
    double i = f(sum(input) + cell.peephole(input, u) * c[u]);
    double forgets = op.getInputForget() ? 1 - i : f(sum(forget) + cell.peephole(forget, u) * c[u]);
    c[u] = forgets * c[u] + i * g(sum(candidate));
    double o = f(sum(output) + cell.peephole(output, u) * c[u]);
    next[u] = o * hidden(c[u]);
  }
  h = std::move(next);
}

//===----------------------------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------------------------===//

/// Part `index` of `count` equal parts.
static Row getPart(Row row, int64_t index, int64_t count) {
  int64_t size = row.size() / count;
  return row.slice(index * size, size);
}

template <typename Op>
static Results evaluate(Op op, Invocation &call) {
  constexpr bool hasCell = std::is_same_v<Op, LstmOp>;
  constexpr unsigned numFunctions = std::is_same_v<Op, RnnOp> ? 1 : std::is_same_v<Op, GruOp> ? 2 : 3;
  auto read = [&](Value operand) {
    HostTensor tensor = call[operand];
    return tensor ? readAll<double>(tensor) : std::vector<double>();
  };
  HostTensor input = call[op.getInput()], lengthTensor = call[op.getLengths()];
  std::vector<double> elements = read(op.getInput()), weights = read(op.getWeights()),
                      recurrence = read(op.getRecurrence()), bias = read(op.getBias()),
                      initialHidden = read(op.getInitialHidden()), initialCell, peepholes;
  if constexpr (hasCell) {
    initialCell = read(op.getInitialCell());
    peepholes = read(op.getPeepholes());
  }
  bool batchFirst = op.getBatchFirst();
  int64_t times = input.getDim(batchFirst ? 1 : 0), batch = input.getDim(batchFirst ? 0 : 1),
          features = input.getDim(2);
  int64_t directions = call[op.getWeights()].getDim(0), hidden = call[op.getRecurrence()].getDim(2);
  SmallVector<int64_t> lengths =
      lengthTensor ? lengthTensor.toIntegers() : SmallVector<int64_t>(batch, times);
  for (int64_t length : lengths)
    if (length < 0 || length > times)
      return call.emitError() << "expects lengths from 0 to " << times << ", but got " << length;

  std::vector<double> outputs(times * directions * batch * hidden, 0.0),
      lastHidden(directions * batch * hidden), lastCell(lastHidden.size());
  // Places of a state [directions, batch, hidden] and of an output [times, directions, batch, hidden].
  auto statePlace = [&](int64_t d, int64_t b) {
    return (batchFirst ? b * directions + d : d * batch + b) * hidden;
  };
  auto outputPlace = [&](int64_t t, int64_t d, int64_t b) {
    return batchFirst ? ((b * times + t) * directions + d) * hidden
                      : ((t * directions + d) * batch + b) * hidden;
  };
  for (int64_t d = 0; d < directions; ++d) {
    Cell cell{hidden, getPart(weights, d, directions), getPart(recurrence, d, directions), {}, {}, {}, {}};
    if (!bias.empty()) {
      Row both = getPart(bias, d, directions);
      cell.inputBias = getPart(both, 0, 2);
      cell.stateBias = getPart(both, 1, 2);
    }
    if (!peepholes.empty())
      cell.peepholes = getPart(peepholes, d, directions);
    for (unsigned i = d * numFunctions; i < (d + 1) * numFunctions; ++i)
      cell.functions.push_back({cast<ActivationAttr>(op.getActivations()[i]).getValue(), op.getAlphas()[i],
                                op.getBetas()[i], op.getClip().convertToDouble()});
    bool backwards = d == 1 || op.getDirection() == tenon::Direction::reverse;
    for (int64_t b = 0; b < batch; ++b) {
      auto initial = [&](const std::vector<double> &all) {
        if (all.empty())
          return State(hidden, 0.0);
        return State(all.begin() + statePlace(d, b), all.begin() + statePlace(d, b) + hidden);
      };
      State h = initial(initialHidden), c = initial(initialCell);
      for (int64_t i = 0; i < lengths[b]; ++i) {
        int64_t t = backwards ? lengths[b] - 1 - i : i;
        int64_t place = (batchFirst ? b * times + t : t * batch + b) * features;
        step(op, cell, Row(elements).slice(place, features), h, c);
        llvm::copy(h, outputs.begin() + outputPlace(t, d, b));
      }
      llvm::copy(h, lastHidden.begin() + statePlace(d, b));
      llvm::copy(c, lastCell.begin() + statePlace(d, b));
    }
  }
  Tensors results;
  for (unsigned i = 0; i < call.resultTypes.size(); ++i) {
    results.push_back(call.makeResult(i));
    writeAll<double>(i == 0 ? outputs : i == 1 ? lastHidden : lastCell, results.back());
  }
  return results;
}

void reference::addRecurrent(OpTable &table) {
  table.add<RnnOp>([](RnnOp op, Invocation &call) { return evaluate(op, call); });
  table.add<GruOp>([](GruOp op, Invocation &call) { return evaluate(op, call); });
  table.add<LstmOp>([](LstmOp op, Invocation &call) { return evaluate(op, call); });
}
