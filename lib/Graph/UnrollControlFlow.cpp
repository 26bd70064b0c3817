//===- UnrollControlFlow.cpp - Branches and loops become straight programs ----------------------===//
//
// In: a function with tenon.if, tenon.loop and tenon.scan, after constants were folded. Out: the same without
// them. A branch that is decided by constants is the branch taken; of others both are computed, and a select
// takes the result. A loop is its iterations, one after the other, each with its number as a constant. If its
// condition is known only at run time, all iterations the trip count allows are computed, and selects keep
// the values it carries once the condition has failed:
//
//   running = true                    values = initial
//   next = body(0, values)            values = next;                            running = condition of body 0
//   next = body(1, values)            values = select(running, next, values);   running = running and
//   condition of body 1
//
// Everything that follows from constants becomes one as ops are made: that decides the conditions and trip
// counts of what stands inside. It comes early in the graph phase, since nothing after it knows of regions.
//
// All ops are pure and defined for all elements (a division by zero and an index out of range give
// something), so it does no harm to compute what a branch would have skipped.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Graph/Passes.h"

#include "ResultTypes.h"

#include "tenon/Support/Refusal.h"

#include "mlir/IR/IRMapping.h"

namespace tenon {
#define GEN_PASS_DEF_UNROLLCONTROLFLOW
#include "tenon/Graph/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

using Sizes = SymbolicSizes::Sizes;
using Values = SmallVector<Value>;

/// Conditions, indices and sizes are small. Larger constants are left to constant folding.
static constexpr int64_t maxFoldedElements = 256;

static RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }

static bool isControlFlow(Operation *op) { return isa<IfOp, LoopOp, ScanOp>(op); }

static bool isSmall(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.hasStaticShape() && tensor.getNumElements() <= maxFoldedElements;
}

namespace {

/// Emits what one branch or loop becomes in front of it.
class Unroller {
public:
  Unroller(Operation *op, const OpEvaluator &evaluator, int64_t maxOps)
      : root(op), builder(op), sizes(op->getContext()), evaluator(evaluator), maxOps(maxOps) {}

  /// The values that replace the op's results, or failure after reporting.
  FailureOr<Values> run() { return emit(root); }

  /// Gives the results of an op the types that follow from its operands, and replaces those that are small
  /// and follow from constants. The op stays.
  LogicalResult settle(Operation *op, Values &values);

private:
  FailureOr<Values> emit(Operation *op);
  FailureOr<Values> emitIf(IfOp op);
  FailureOr<Values> emitLoop(LoopOp op);
  FailureOr<Values> emitScan(ScanOp op);
  FailureOr<Values> emitRegion(Region &region, ArrayRef<Value> arguments);

  /// The value that stands for one from the region that is unrolled; null stays null.
  Value now(Value value) const { return value ? mapping.lookupOrDefault(value) : Value(); }
  Values now(ValueRange values) const {
    return llvm::map_to_vector(values, [&](Value value) { return now(value); });
  }
  /// The number a value of one element is known to hold.
  std::optional<int64_t> known(Value value);
  /// Counts an op, or reports that they become too many.
  LogicalResult spend();

  /// A tenon op of one result, which is settled.
  template <typename OpT, typename... Args>
  Value make(Location loc, Args &&...args);
  Value constant(Location loc, int64_t value, unsigned width);
  /// The one element of a condition.
  Value scalar(Location loc, Value condition);
  /// For each value, the first if the condition holds, else the second; failure if their types differ.
  FailureOr<Values> select(Operation *op, Value condition, ValueRange ifTrue, ValueRange ifFalse,
                           StringRef what);
  /// Element `number` of a tensor along `axis`, without that dimension.
  Value slice(Location loc, Value tensor, int64_t axis, int64_t number);
  /// Values of one type along a new dimension `axis`; without any, an empty tensor as `type` says.
  FailureOr<Value> stack(Operation *op, ArrayRef<Value> slices, int64_t axis, RankedTensorType type);

  std::optional<SmallVector<ElementsAttr>> evaluate(Operation *op);

  Operation *root;
  OpBuilder builder;
  SymbolicSizes sizes;
  const OpEvaluator &evaluator;
  IRMapping mapping;
  int64_t maxOps, numOps = 0;
};

struct UnrollControlFlow : tenon::impl::UnrollControlFlowBase<UnrollControlFlow> {
  explicit UnrollControlFlow(OpEvaluator evaluator, UnrollControlFlowOptions options)
      : UnrollControlFlowBase(std::move(options)), evaluator(std::move(evaluator)) {}

  void runOnOperation() override;

private:
  LogicalResult unroll(Operation *op);

  OpEvaluator evaluator;
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// What is known
//===----------------------------------------------------------------------------------------===//

std::optional<int64_t> Unroller::known(Value value) {
  if (!value)
    return std::nullopt;
  if (auto constant = value.getDefiningOp<ConstantOp>()) {
    FailureOr<HostTensor> tensor = HostTensor::from(constant.getValue());
    return succeeded(tensor) ? std::optional(tensor->toIntegers().front()) : std::nullopt;
  }
  FailureOr<Sizes> held = sizes.valueOf(value);
  return succeeded(held) ? SymbolicSizes::constantValue(held->front()) : std::nullopt;
}

/// The results of an op that follow from the sizes of tensors, or from small constants.
std::optional<SmallVector<ElementsAttr>> Unroller::evaluate(Operation *op) {
  if (isa<ConstantOp>(op) || !llvm::all_of(op->getResultTypes(), isSmall))
    return std::nullopt;
  if (op->getNumResults() == 1) {
    RankedTensorType type = tensorType(op->getResult(0));
    SmallVector<APInt> numbers;
    if (FailureOr<Sizes> held = sizes.valueOf(op->getResult(0)); succeeded(held))
      for (AffineExpr element : *held)
        if (std::optional<int64_t> number = SymbolicSizes::constantValue(element))
          numbers.emplace_back(type.getElementTypeBitWidth(), *number, /*isSigned=*/true,
                               /*implicitTrunc=*/true);
    if (!numbers.empty() && static_cast<int64_t>(numbers.size()) == type.getNumElements())
      return SmallVector<ElementsAttr>{DenseElementsAttr::get(type, numbers)};
  }
  SmallVector<HostTensor> operands;
  for (Value operand : op->getOperands()) {
    auto constant = operand.getDefiningOp<ConstantOp>();
    FailureOr<HostTensor> tensor = failure();
    if (constant && isSmall(constant.getType()))
      tensor = HostTensor::from(constant.getValue());
    if (failed(tensor))
      return std::nullopt;
    operands.push_back(*tensor);
  }
  FailureOr<SmallVector<HostTensor>> results = failure();
  if (!operands.empty() && evaluator)
    results = evaluator(op, operands);
  if (failed(results))
    return std::nullopt;
  return llvm::map_to_vector(*results,
                             [](const HostTensor &tensor) { return tensor.toElementsAttr("folded"); });
}

LogicalResult Unroller::settle(Operation *op, Values &values) {
  FailureOr<SmallVector<Type>> types = ruleTypes(op);
  if (succeeded(types))
    for (auto [result, type] : llvm::zip_equal(op->getResults(), *types))
      result.setType(meetTypes(result.getType(), type));
  else if (isa<InferTypeOpInterface>(op))
    return failure();
  values.assign(op->result_begin(), op->result_end());
  std::optional<SmallVector<ElementsAttr>> constants = evaluate(op);
  if (!constants)
    return success();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(op);
  for (auto [value, elements] : llvm::zip_equal(values, *constants))
    value = ConstantOp::create(builder, op->getLoc(), elements.getType(), elements);
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Making ops
//===----------------------------------------------------------------------------------------===//

LogicalResult Unroller::spend() {
  if (++numOps <= maxOps)
    return success();
  return refuse(root) << "expects at most " << maxOps << " ops when unrolled, but got more";
}

template <typename OpT, typename... Args>
Value Unroller::make(Location loc, Args &&...args) {
  Operation *op = OpT::create(builder, loc, std::forward<Args>(args)...);
  ++numOps;
  Values values;
  // Only ops whose operands are known to fit are made.
  (void)settle(op, values);
  if (values.front() != op->getResult(0))
    op->erase();
  return values.front();
}

Value Unroller::constant(Location loc, int64_t value, unsigned width) {
  auto type = RankedTensorType::get({}, builder.getIntegerType(width));
  auto elements =
      DenseElementsAttr::get(type, APInt(width, value, /*isSigned=*/true, /*implicitTrunc=*/true));
  return ConstantOp::create(builder, loc, type, elements);
}

Value Unroller::scalar(Location loc, Value condition) {
  RankedTensorType type = tensorType(condition);
  if (type.getRank() == 0)
    return condition;
  return make<ReshapeOp>(loc, RankedTensorType::get({}, type.getElementType()), condition);
}

FailureOr<Values> Unroller::select(Operation *op, Value condition, ValueRange ifTrue, ValueRange ifFalse,
                                   StringRef what) {
  Values result;
  for (auto [i, first, second] : llvm::enumerate(ifTrue, ifFalse)) {
    if (first.getType() != second.getType() || !unknownDims(first.getType()).empty())
      return refuse(op) << "expects " << what << " " << i
                        << " to have one type, as the condition is known at run time only, but got "
                        << first.getType() << " and " << second.getType();
    result.push_back(first == second ? first : make<SelectOp>(op->getLoc(), condition, first, second));
  }
  return result;
}

Value Unroller::slice(Location loc, Value tensor, int64_t axis, int64_t number) {
  RankedTensorType type = tensorType(tensor);
  Sizes shape = sizes.of(type);
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  starts[axis] = number;
  shape[axis] = sizes.constant(1);
  Value slab = make<SliceOp>(loc, sizes.tensor(shape, type.getElementType()), tensor, starts, steps);
  shape.erase(shape.begin() + axis);
  return make<ReshapeOp>(loc, sizes.tensor(shape, type.getElementType()), slab);
}

FailureOr<Value> Unroller::stack(Operation *op, ArrayRef<Value> slices, int64_t axis, RankedTensorType type) {
  Location loc = op->getLoc();
  if (slices.empty()) {
    SmallVector<int64_t> shape = llvm::map_to_vector(
        type.getShape(), [](int64_t size) { return ShapedType::isDynamic(size) ? 0 : size; });
    shape[axis] = 0;
    auto empty = RankedTensorType::get(shape, type.getElementType());
    return Value(ConstantOp::create(builder, loc, empty, HostTensor::zeros(empty).toElementsAttr("empty")));
  }
  Values slabs;
  for (Value slice : slices) {
    if (slice.getType() != slices.front().getType() || !unknownDims(slice.getType()).empty())
      return refuse(op) << "expects to stack values of one type, but got " << slices.front().getType()
                        << " and " << slice.getType();
    Sizes shape = sizes.of(tensorType(slice));
    shape.insert(shape.begin() + axis, sizes.constant(1));
    slabs.push_back(make<ReshapeOp>(loc, sizes.tensor(shape, type.getElementType()), slice));
  }
  return slabs.size() == 1 ? slabs.front() : make<ConcatOp>(loc, slabs, axis);
}

//===----------------------------------------------------------------------------------------===//
// Branches and loops
//===----------------------------------------------------------------------------------------===//

FailureOr<Values> Unroller::emit(Operation *op) {
  if (auto branch = dyn_cast<IfOp>(op))
    return emitIf(branch);
  if (auto loop = dyn_cast<LoopOp>(op))
    return emitLoop(loop);
  if (auto scan = dyn_cast<ScanOp>(op))
    return emitScan(scan);
  Operation *clone = builder.clone(*op, mapping);
  Values values;
  if (failed(settle(clone, values)))
    return failure();
  bool isFolded = !values.empty() && values.front() != clone->getResult(0);
  if (!isFolded && !isa<ConstantOp>(op) && failed(spend()))
    return failure();
  if (isFolded)
    clone->erase();
  return values;
}

/// Emits the region's ops with these values for its arguments and gives what it yields.
FailureOr<Values> Unroller::emitRegion(Region &region, ArrayRef<Value> arguments) {
  mapping.map(region.getArguments(), arguments);
  for (Operation &op : region.front().without_terminator()) {
    FailureOr<Values> values = emit(&op);
    if (failed(values))
      return failure();
    mapping.map(op.getResults(), *values);
  }
  return now(region.front().getTerminator()->getOperands());
}

FailureOr<Values> Unroller::emitIf(IfOp op) {
  Value condition = now(op.getCondition());
  if (std::optional<int64_t> taken = known(condition))
    return emitRegion(*taken ? op.getThenRegion() : op.getElseRegion(), {});
  FailureOr<Values> ifTrue = emitRegion(op.getThenRegion(), {}), ifFalse = failure();
  if (succeeded(ifTrue))
    ifFalse = emitRegion(op.getElseRegion(), {});
  if (failed(ifFalse))
    return failure();
  return select(op, scalar(op.getLoc(), condition), *ifTrue, *ifFalse, "result");
}

FailureOr<Values> Unroller::emitLoop(LoopOp op) {
  Location loc = op.getLoc();
  Values carried = now(op.getInitial());
  Value tripCount = now(op.getTripCount()), condition = now(op.getCondition());
  std::optional<int64_t> trips = known(tripCount);
  if (tripCount && !trips) {
    FailureOr<Sizes> size = sizes.valueOf(tripCount);
    return refuse(op) << "expects a trip count known when compiling, because loops are unrolled"
                      << (succeeded(size) ? symbolHint(sizes, size->front()) : "");
  }
  SmallVector<Values> scans(op.getNumResults() - carried.size());
  Value always = constant(loc, 1, 1);
  // Null while the loop is known to run.
  Value running;
  for (int64_t i = 0; !trips || i < *trips; ++i) {
    std::optional<int64_t> decided = condition ? known(condition) : 1;
    if (decided == 0)
      break;
    if (!decided) {
      if (!trips)
        return refuse(op) << "expects a trip count, because its condition is known at run time only";
      if (!scans.empty())
        return refuse(op) << "expects no scan outputs, because its condition is known at run time only and "
                             "their sizes depend on it";
      condition = scalar(loc, condition);
      running = running ? make<AndOp>(loc, running, condition) : condition;
    }
    // An iteration counts as an op: there may be nothing in it.
    if (failed(spend()))
      return failure();
    Values arguments = {constant(loc, i, 64), always};
    arguments.append(carried);
    FailureOr<Values> yielded = emitRegion(op.getBody(), arguments);
    if (failed(yielded))
      return failure();
    ArrayRef<Value> next = ArrayRef(*yielded).slice(1, carried.size());
    for (auto [scan, element] : llvm::zip_equal(scans, ArrayRef(*yielded).drop_front(1 + carried.size())))
      scan.push_back(element);
    condition = yielded->front();
    FailureOr<Values> kept = Values(next);
    if (running)
      kept = select(op, running, next, carried, "carried value");
    if (failed(kept))
      return failure();
    carried = *kept;
  }
  for (auto [scan, result] : llvm::zip_equal(scans, op.getResults().drop_front(carried.size()))) {
    FailureOr<Value> stacked = stack(op, scan, 0, tensorType(result));
    if (failed(stacked))
      return failure();
    carried.push_back(*stacked);
  }
  return carried;
}

FailureOr<Values> Unroller::emitScan(ScanOp op) {
  Values states = now(op.getInitial()), inputs = now(op.getInputs());
  AffineExpr size = sizes.of(tensorType(inputs.front()))[op.getInputAxes().front()];
  std::optional<int64_t> length = size ? SymbolicSizes::constantValue(size) : std::nullopt;
  if (!length)
    return refuse(op) << "expects inputs of known length, because loops are unrolled, but got '"
                      << sizes.print(size) << "'" << (size ? symbolHint(sizes, size) : "");
  for (auto [input, axis] : llvm::zip_equal(inputs, op.getInputAxes()))
    if (tensorType(input).getDimSize(axis) != *length)
      return refuse(op) << "expects inputs of one length, but got " << tensorType(inputs.front()) << " and "
                        << tensorType(input);
  SmallVector<Values> outputs(op.getNumResults() - states.size());
  for (int64_t i = 0; i < *length; ++i) {
    if (failed(spend()))
      return failure();
    Values arguments = states;
    for (auto [input, axis, reverse] : llvm::zip_equal(inputs, op.getInputAxes(), op.getInputReverse()))
      arguments.push_back(slice(op.getLoc(), input, axis, reverse ? *length - 1 - i : i));
    FailureOr<Values> yielded = emitRegion(op.getBody(), arguments);
    if (failed(yielded))
      return failure();
    for (auto [output, element] : llvm::zip_equal(outputs, ArrayRef(*yielded).drop_front(states.size())))
      output.push_back(element);
    states.assign(yielded->begin(), yielded->begin() + states.size());
  }
  for (auto [output, axis, reverse, result] : llvm::zip_equal(
           outputs, op.getOutputAxes(), op.getOutputReverse(), op.getResults().drop_front(states.size()))) {
    if (reverse)
      std::reverse(output.begin(), output.end());
    FailureOr<Value> stacked = stack(op, output, axis, tensorType(result));
    if (failed(stacked))
      return failure();
    states.push_back(*stacked);
  }
  return states;
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

/// Replaces a branch or loop; of another op of the function, what it says of conditions that come after it.
LogicalResult UnrollControlFlow::unroll(Operation *op) {
  Unroller unroller(op, evaluator, maxOps);
  FailureOr<Values> values = Values();
  if (isControlFlow(op)) {
    values = unroller.run();
    ++numUnrolled;
  } else if (failed(unroller.settle(op, *values))) {
    return failure();
  }
  if (failed(values))
    return failure();
  if (values->empty() || values->front() != op->getResult(0)) {
    op->replaceAllUsesWith(*values);
    op->erase();
  }
  return success();
}

void UnrollControlFlow::runOnOperation() {
  func::FuncOp function = getOperation();
  WalkResult found = function.walk(
      [](Operation *op) { return isControlFlow(op) ? WalkResult::interrupt() : WalkResult::advance(); });
  if (!found.wasInterrupted())
    return;
  if (maxOps < 1) {
    function.emitError("expects max-ops of 1 or more, but got ") << maxOps.getValue();
    return signalPassFailure();
  }
  for (Operation &op : llvm::make_early_inc_range(function.front().without_terminator()))
    if (failed(unroll(&op)))
      return signalPassFailure();
  refineSignature(function);
}

std::unique_ptr<Pass> tenon::createUnrollControlFlowPass(OpEvaluator evaluator,
                                                         UnrollControlFlowOptions options) {
  return std::make_unique<UnrollControlFlow>(std::move(evaluator), std::move(options));
}
