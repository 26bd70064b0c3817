//===- DecomposeRecurrent.cpp - Recurrent ops step by step ----------------------------------------===//
//
// In: tenon.lstm, tenon.gru and tenon.rnn over sequences of known length. Out: matrix products, slices and
// elementwise ops. All products with the input are one matmul in front; a step is a product with the state
// and the gates. It comes before constants are folded, which lays the weights out gate by gate.
//
//   x [T*B, I] x W' [G, I, H] + b ─→ [G, T, B, H]      step t reads slice [g, t]: rows that stand together, a
//   view
//                                                      h [B, H] x R' [G, H, H] ─→ [G, B, H], slice [g]: a
//                                                      view too
//
// Steps differ in the views they read only, so that their kernels are equal and become one.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "ResultTypes.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Support/Refusal.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tenon {
#define GEN_PASS_DEF_DECOMPOSERECURRENT
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

using Sizes = SymbolicSizes::Sizes;

namespace {

/// What a step leaves to the next one: `[batch, hidden]` each, null for zeros.
struct State {
  Value hidden, cell;
};

/// What all recurrent ops have.
struct Recurrence {
  Operation *op;
  Value input, weights, recurrence, bias, lengths, initialHidden, initialCell, peepholes;
  ArrayAttr activations;
  ArrayRef<float> alphas, betas;
  float clip;
  Direction direction;
  bool batchFirst;
  int64_t gates, functions;
  /// How many gates, from the first, add the recurrent bias like that of the input.
  int64_t plainBiases;

  int64_t getNumDirections() const { return direction == Direction::bidirectional ? 2 : 1; }
};

/// Emits the ops one recurrent op becomes.
class StepEmitter {
public:
  explicit StepEmitter(const Recurrence &recurrence)
      : builder(recurrence.op->getLoc(), recurrence.op), sizes(builder.getContext()), r(recurrence) {}

  /// Emits all directions, each with `step` for every step of the sequence, and gives the op's results: the
  /// output of all steps, the last hidden state, the last cell state if cells have one. Fails with a
  /// diagnostic if the sequence has no known length.
  FailureOr<SmallVector<Value>> emit(function_ref<State(int64_t t, State before)> step);

  // For steps:

  /// A tenon op whose result type follows from its operands.
  template <typename OpT, typename... Args>
  Value make(Args &&...args) {
    return OpT::create(builder, std::forward<Args>(args)...)->getResult(0);
  }
  Value scalar(double value);
  /// The sum; a null operand is zero.
  Value sum(Value lhs, Value rhs);
  /// The part of `tensor` at these indices of its first dimensions, without those.
  Value at(Value tensor, ArrayRef<int64_t> indices);
  /// The state times the recurrence of the first `count` gates, `[count, batch, hidden]`; null for a state of
  /// zeros.
  Value recur(Value state, int64_t count);
  /// The state times the recurrence of one gate, `[batch, hidden]`.
  Value recurOne(Value state, int64_t gate) { return make<MatmulOp>(state, at(recurrentWeights, gate)); }
  /// The input of step `t` times the weights of a gate, and that gate's part of what recur gave.
  Value gate(int64_t t, int64_t gate, Value recurrent);
  /// The cell's function of that number, after the clip.
  Value activate(int64_t function, Value x);
  /// The recurrent bias of a gate, or null without one.
  Value recurrentBias(int64_t gate) { return biases ? at(biases, {1, gate}) : Value(); }
  /// The weights of the cell state in a gate, or null without peepholes.
  Value peephole(int64_t gate);

private:
  LogicalResult measure();
  void enterDirection(int64_t number);
  Value reshape(Value value, ArrayRef<AffineExpr> shape);
  Value part(Value tensor, Sizes shape, ArrayRef<int64_t> starts);
  Value toTimeFirst(Value states) {
    return r.batchFirst ? make<TransposeOp>(states, perm({1, 0, 2})) : states;
  }
  DenseI64ArrayAttr perm(ArrayRef<int64_t> dims) { return builder.getDenseI64ArrayAttr(dims); }
  Value inputBias();
  Value initialState(Value states);
  void emitMasks();
  Value lastStates(ArrayRef<Value> states);
  Value allOutputs(ArrayRef<Value> outputs);

  ImplicitLocOpBuilder builder;
  SymbolicSizes sizes;
  const Recurrence &r;
  int64_t steps = 0;
  AffineExpr batch, hidden, features;
  Type element;
  /// Whether the sequences still run at a step, `[steps, batch, 1]`; null if all have full length.
  Value masks;

  int64_t direction = 0;
  /// Of the direction: `[gates, steps, batch, hidden]`, `[gates, hidden, hidden]`, `[2, gates, hidden]`.
  Value products, recurrentWeights, biases;
};

} // namespace

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

//===----------------------------------------------------------------------------------------===//
// Pieces of a step
//===----------------------------------------------------------------------------------------===//

Value StepEmitter::scalar(double value) {
  auto elements = DenseElementsAttr::get(RankedTensorType::get({}, element),
                                         cast<Attribute>(builder.getFloatAttr(element, value)));
  return make<ConstantOp>(cast<ElementsAttr>(elements));
}

Value StepEmitter::sum(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return make<AddOp>(lhs, rhs);
}

Value StepEmitter::reshape(Value value, ArrayRef<AffineExpr> shape) {
  return builder.createOrFold<ReshapeOp>(sizes.tensor(shape, tensorType(value).getElementType()), value);
}

Value StepEmitter::part(Value tensor, Sizes shape, ArrayRef<int64_t> starts) {
  SmallVector<int64_t> padded(starts), strides(shape.size(), 1);
  padded.resize(shape.size(), 0);
  return builder.createOrFold<SliceOp>(sizes.tensor(shape, tensorType(tensor).getElementType()), tensor,
                                       padded, strides);
}

Value StepEmitter::at(Value tensor, ArrayRef<int64_t> indices) {
  Sizes shape = sizes.of(tensorType(tensor));
  std::fill_n(shape.begin(), indices.size(), sizes.constant(1));
  return reshape(part(tensor, shape, indices), ArrayRef(shape).drop_front(indices.size()));
}

Value StepEmitter::recur(Value state, int64_t count) {
  if (!state)
    return {};
  return make<MatmulOp>(state, part(recurrentWeights, {sizes.constant(count), hidden, hidden}, {}));
}

Value StepEmitter::gate(int64_t t, int64_t gate, Value recurrent) {
  return sum(at(products, {gate, t}), recurrent ? at(recurrent, gate) : Value());
}

Value StepEmitter::peephole(int64_t gate) {
  if (!r.peepholes)
    return {};
  AffineExpr directions = sizes.constant(r.getNumDirections());
  return at(reshape(r.peepholes, {directions, sizes.constant(3), hidden}), {direction, gate});
}

Value StepEmitter::activate(int64_t function, Value x) {
  unsigned number = direction * r.functions + function;
  double alpha = r.alphas[number], beta = r.betas[number];
  if (r.clip > 0)
    x = make<MinOp>(make<MaxOp>(x, scalar(-r.clip)), scalar(r.clip));
  auto line = [&] { return make<AddOp>(make<MulOp>(x, scalar(alpha)), scalar(beta)); };
  auto isAtLeast = [&](double bound) { return make<CompareOp>(Comparison::ge, x, scalar(bound)); };
  switch (cast<ActivationAttr>(r.activations[number]).getValue()) {
  case Activation::sigmoid:
    return make<SigmoidOp>(x);
  case Activation::tanh:
    return make<TanhOp>(x);
  case Activation::relu:
    return make<ReluOp>(x);
  case Activation::affine:
    return line();
  case Activation::leaky_relu:
    return make<SelectOp>(isAtLeast(0), x, make<MulOp>(x, scalar(alpha)));
  case Activation::thresholded_relu:
    return make<SelectOp>(isAtLeast(alpha), x, scalar(0));
  case Activation::scaled_tanh:
    return make<MulOp>(make<TanhOp>(make<MulOp>(x, scalar(beta))), scalar(alpha));
  case Activation::hard_sigmoid:
    return make<MinOp>(make<MaxOp>(line(), scalar(0)), scalar(1));
  case Activation::elu:
    return make<SelectOp>(isAtLeast(0), x,
                          make<MulOp>(make<SubOp>(make<ExpOp>(x), scalar(1)), scalar(alpha)));
  case Activation::softsign:
    return make<DivOp>(x, make<AddOp>(make<AbsOp>(x), scalar(1)));
  case Activation::softplus:
    return make<SoftplusOp>(x);
  }
  llvm_unreachable("all activations are handled");
}

//===----------------------------------------------------------------------------------------===//
// A step of each cell
//===----------------------------------------------------------------------------------------===//

static State rnnStep(StepEmitter &e, int64_t t, State before) {
  Value x = e.gate(t, 0, Value());
  return {e.activate(0, before.hidden ? e.sum(e.recurOne(before.hidden, 0), x) : x), Value()};
}

/// Gates update, reset, hidden.
static State gruStep(StepEmitter &e, bool linearBeforeReset, int64_t t, State before) {
  Value recurrent = e.recur(before.hidden, linearBeforeReset ? 3 : 2);
  Value update = e.activate(0, e.gate(t, 0, recurrent)), reset = e.activate(0, e.gate(t, 1, recurrent));
  Value x = e.gate(t, 2, Value());
  if (linearBeforeReset) {
    if (Value fromState = e.sum(recurrent ? e.at(recurrent, 2) : Value(), e.recurrentBias(2)))
      x = e.sum(x, e.make<MulOp>(reset, fromState));
  } else if (before.hidden) {
    x = e.sum(e.recurOne(e.make<MulOp>(reset, before.hidden), 2), x);
  }
  Value fresh = e.make<MulOp>(e.make<SubOp>(e.scalar(1), update), e.activate(1, x));
  return {e.sum(fresh, before.hidden ? e.make<MulOp>(update, before.hidden) : Value()), Value()};
}

/// Gates input, output, forget, cell.
static State lstmStep(StepEmitter &e, bool inputForget, int64_t t, State before) {
  Value recurrent = e.recur(before.hidden, 4);
  auto sigmoidGate = [&](int64_t gate, Value cell) {
    Value x = e.gate(t, gate, recurrent), weights = cell ? e.peephole(gate) : Value();
    return e.activate(0, weights ? e.sum(x, e.make<MulOp>(weights, cell)) : x);
  };
  Value input = sigmoidGate(0, before.cell);
  Value cell = e.make<MulOp>(input, e.activate(1, e.gate(t, 3, recurrent)));
  if (before.cell) {
    Value forget = inputForget ? e.make<SubOp>(e.scalar(1), input) : sigmoidGate(2, before.cell);
    cell = e.sum(e.make<MulOp>(forget, before.cell), cell);
  }
  Value output = sigmoidGate(1, cell);
  return {e.make<MulOp>(output, e.activate(2, cell)), cell};
}

//===----------------------------------------------------------------------------------------===//
// The sequence
//===----------------------------------------------------------------------------------------===//

LogicalResult StepEmitter::measure() {
  RankedTensorType type = tensorType(r.input);
  Sizes input = sizes.of(type);
  AffineExpr length = input[r.batchFirst ? 1 : 0];
  batch = input[r.batchFirst ? 0 : 1];
  features = input[2];
  hidden = sizes.of(tensorType(r.recurrence))[2];
  element = type.getElementType();
  if (!length || !batch || !features || !hidden || !SymbolicSizes::constantValue(hidden))
    return refuse(r.op) << "expects known sizes, but got " << type << " and " << r.recurrence.getType();
  std::optional<int64_t> known = SymbolicSizes::constantValue(length);
  if (!known)
    return refuse(r.op) << "expects a sequence of known length, but got '" << sizes.print(length) << "'"
                        << symbolHint(sizes, length);
  if (*known < 1)
    return refuse(r.op) << "expects a sequence of 1 step or more, but got " << *known;
  steps = *known;
  return success();
}

/// Both biases of the gates that just add them, the input's of the others.
Value StepEmitter::inputBias() {
  Value ofInput = at(biases, 0), ofState = at(biases, 1);
  if (r.plainBiases < r.gates) {
    Value plain = part(ofState, {sizes.constant(r.plainBiases), hidden}, {});
    RankedTensorType type = sizes.tensor({sizes.constant(r.gates - r.plainBiases), hidden}, element);
    auto zeros = DenseElementsAttr::get(type, cast<Attribute>(builder.getZeroAttr(element)));
    Value rest = make<ConstantOp>(cast<ElementsAttr>(zeros));
    ofState = make<ConcatOp>(ValueRange{plain, rest}, /*axis=*/0);
  }
  return reshape(make<AddOp>(ofInput, ofState), {sizes.constant(r.gates), sizes.constant(1), hidden});
}

void StepEmitter::enterDirection(int64_t number) {
  direction = number;
  AffineExpr gates = sizes.constant(r.gates), length = sizes.constant(steps);
  auto perGate = [&](Value weights, AffineExpr columns) {
    return make<TransposeOp>(reshape(at(weights, number), {gates, hidden, columns}), perm({0, 2, 1}));
  };
  recurrentWeights = perGate(r.recurrence, hidden);
  biases = r.bias ? reshape(at(r.bias, number), {sizes.constant(2), gates, hidden}) : Value();
  Value input = reshape(toTimeFirst(r.input), {length * batch, features});
  products = make<MatmulOp>(input, perGate(r.weights, features));
  if (biases)
    products = make<AddOp>(products, inputBias());
  products = reshape(products, {gates, length, batch, hidden});
}

Value StepEmitter::initialState(Value states) {
  if (!states || matchPattern(states, m_AnyZeroFloat()))
    return {};
  return at(toTimeFirst(states), direction);
}

/// Compares the lengths with the numbers of all steps at once: with its own number each step would be a
/// kernel apart.
void StepEmitter::emitMasks() {
  if (!r.lengths)
    return;
  FailureOr<Sizes> known = sizes.valueOf(r.lengths);
  if (succeeded(known) && llvm::all_of(*known, [&](AffineExpr length) {
        return length && SymbolicSizes::constantValue(length) == steps;
      }))
    return;
  Type number = tensorType(r.lengths).getElementType();
  SmallVector<Attribute> numbers;
  for (int64_t t = 0; t < steps; ++t)
    numbers.push_back(builder.getIntegerAttr(number, t));
  Value all = make<ConstantOp>(
      cast<ElementsAttr>(DenseElementsAttr::get(RankedTensorType::get({steps, 1}, number), numbers)));
  Value runs = make<CompareOp>(Comparison::lt, all, r.lengths);
  masks = reshape(runs, {sizes.constant(steps), batch, sizes.constant(1)});
}

/// The last state of each direction as the op gives them.
Value StepEmitter::lastStates(ArrayRef<Value> states) {
  Value joined = states.size() == 1 ? states.front() : make<ConcatOp>(states, /*axis=*/0);
  return toTimeFirst(reshape(joined, {sizes.constant(states.size()), batch, hidden}));
}

/// The outputs, by step and direction, as the op gives them.
Value StepEmitter::allOutputs(ArrayRef<Value> outputs) {
  Value joined = outputs.size() == 1 ? outputs.front() : make<ConcatOp>(outputs, /*axis=*/0);
  joined = reshape(joined, {sizes.constant(steps), sizes.constant(r.getNumDirections()), batch, hidden});
  return r.batchFirst ? make<TransposeOp>(joined, perm({2, 0, 1, 3})) : joined;
}

FailureOr<SmallVector<Value>> StepEmitter::emit(function_ref<State(int64_t t, State before)> step) {
  if (failed(measure()))
    return failure();
  emitMasks();
  int64_t directions = r.getNumDirections();
  SmallVector<Value> outputs(steps * directions), lastHidden, lastCell;
  for (int64_t number = 0; number < directions; ++number) {
    enterDirection(number);
    State state{initialState(r.initialHidden), initialState(r.initialCell)};
    bool isReverse = r.direction == Direction::reverse || number == 1;
    for (int64_t i = 0; i < steps; ++i) {
      int64_t t = isReverse ? steps - 1 - i : i;
      State next = step(t, state);
      Value output = next.hidden;
      if (masks) {
        // A sequence that has ended, or walked from the end has not begun, keeps its state.
        Value mask = at(masks, t);
        auto hold = [&](Value after, Value before) {
          return after ? make<SelectOp>(mask, after, before ? before : scalar(0)) : after;
        };
        output = hold(next.hidden, Value());
        next = {hold(next.hidden, state.hidden), hold(next.cell, state.cell)};
      }
      outputs[t * directions + number] = output;
      state = next;
    }
    lastHidden.push_back(state.hidden);
    lastCell.push_back(state.cell);
  }
  SmallVector<Value> results{allOutputs(outputs), lastStates(lastHidden)};
  if (lastCell.front())
    results.push_back(lastStates(lastCell));
  return results;
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

template <typename OpT>
static Recurrence describe(OpT op, int64_t gates, int64_t functions) {
  Recurrence r{};
  r.op = op;
  r.input = op.getInput();
  r.weights = op.getWeights();
  r.recurrence = op.getRecurrence();
  r.bias = op.getBias();
  r.lengths = op.getLengths();
  r.initialHidden = op.getInitialHidden();
  r.activations = op.getActivations();
  r.alphas = op.getAlphas();
  r.betas = op.getBetas();
  r.clip = op.getClip().convertToFloat();
  r.direction = op.getDirection();
  r.batchFirst = op.getBatchFirst();
  r.gates = r.plainBiases = gates;
  r.functions = functions;
  return r;
}

static FailureOr<SmallVector<Value>> decompose(RnnOp op) {
  Recurrence r = describe(op, /*gates=*/1, /*functions=*/1);
  StepEmitter e(r);
  return e.emit([&](int64_t t, State before) { return rnnStep(e, t, before); });
}

static FailureOr<SmallVector<Value>> decompose(GruOp op) {
  Recurrence r = describe(op, /*gates=*/3, /*functions=*/2);
  if (op.getLinearBeforeReset())
    r.plainBiases = 2;
  StepEmitter e(r);
  return e.emit([&](int64_t t, State before) { return gruStep(e, op.getLinearBeforeReset(), t, before); });
}

static FailureOr<SmallVector<Value>> decompose(LstmOp op) {
  Recurrence r = describe(op, /*gates=*/4, /*functions=*/3);
  r.initialCell = op.getInitialCell();
  r.peepholes = op.getPeepholes();
  StepEmitter e(r);
  return e.emit([&](int64_t t, State before) { return lstmStep(e, op.getInputForget(), t, before); });
}

namespace {
struct DecomposeRecurrent : tenon::impl::DecomposeRecurrentBase<DecomposeRecurrent> {
  using DecomposeRecurrentBase::DecomposeRecurrentBase;

  void runOnOperation() override {
    WalkResult walk = getOperation().walk([&](Operation *op) {
      if (!isa<RnnOp, GruOp, LstmOp>(op))
        return WalkResult::advance();
      FailureOr<SmallVector<Value>> results =
          llvm::TypeSwitch<Operation *, FailureOr<SmallVector<Value>>>(op).Case<RnnOp, GruOp, LstmOp>(
              [](auto recurrent) { return decompose(recurrent); });
      if (failed(results))
        return WalkResult::interrupt();
      op->replaceAllUsesWith(*results);
      op->erase();
      ++numDecomposed;
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
