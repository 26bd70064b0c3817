//===- Evaluator.cpp - Runs ops, blocks and functions on host tensors ---------------------------===//

#include "tenon/Reference/Evaluator.h"

#include "Invocation.h"
#include "tenon/Reference/SymbolValues.h"

#include "mlir/IR/Block.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

static const OpTable &getTable() {
  static const OpTable table = [] {
    OpTable table;
    addContraction(table);
    addControl(table);
    addElementwise(table);
    addIndexing(table);
    addNormalization(table);
    addPooling(table);
    addProgram(table);
    addQuant(table);
    addRecurrent(table);
    addReduction(table);
    addResize(table);
    addShape(table);
    addWinograd(table);
    return table;
  }();
  return table;
}

const OpTable::Entry *OpTable::find(Operation *op) const {
  auto found = entries.find(op->getName().getTypeID());
  return found == entries.end() ? nullptr : &found->second;
}

//===----------------------------------------------------------------------------------------===//
// Invocation
//===----------------------------------------------------------------------------------------===//

FailureOr<HostTensor> Invocation::makeResult(unsigned i, ArrayRef<int64_t> shape) const {
  auto type = RankedTensorType::get(shape, resultTypes[i].getElementType());
  FailureOr<int64_t> bytes = HostTensor::getSizeInBytes(type);
  if (failed(verifyCompatibleShape(resultTypes[i].getShape(), shape)))
    return emitError() << "has a result of shape " << shape << ", which its type " << resultTypes[i]
                       << " excludes";
  if (failed(bytes) || !interpreter.mayAllocate(*bytes))
    return emitError() << "has a result of type " << type << ", which is too large to evaluate";
  return HostTensor::zeros(type);
}

HostTensor Invocation::operator[](Value value) const {
  for (OpOperand &operand : op->getOpOperands())
    if (value && operand.get() == value)
      return operands[operand.getOperandNumber()];
  return {};
}

//===----------------------------------------------------------------------------------------===//
// Result types
//===----------------------------------------------------------------------------------------===//

/// What the op's shape rule says of its results for operands of these types, or failure.
static FailureOr<SmallVector<RankedTensorType>> inferTypes(Operation *op, ArrayRef<HostTensor> operands,
                                                           std::optional<Location> loc) {
  auto rule = dyn_cast<InferTypeOpInterface>(op);
  if (!rule)
    return failure();
  // The rule reads types off values, so it is shown values that have the actual types.
  Block scratch;
  for (const HostTensor &operand : operands)
    scratch.addArgument(operand.getType(), op->getLoc());
  SmallVector<Type> types;
  if (failed(rule.inferReturnTypes(op->getContext(), loc, scratch.getArguments(), op->getAttrDictionary(),
                                   op->getPropertiesStorage(), op->getRegions(), types)))
    return failure();
  SmallVector<RankedTensorType> tensors;
  for (Type type : types)
    tensors.push_back(dyn_cast<RankedTensorType>(type));
  return tensors;
}

/// The sizes known to either of two types that do not contradict each other.
static FailureOr<RankedTensorType> meet(RankedTensorType first, RankedTensorType second) {
  if (!first || !second || failed(verifyCompatibleShape(first.getShape(), second.getShape())))
    return failure();
  SmallVector<int64_t> shape;
  for (auto [a, b] : llvm::zip_equal(first.getShape(), second.getShape()))
    shape.push_back(ShapedType::isDynamic(a) ? b : a);
  return RankedTensorType::get(shape, first.getElementType());
}

//===----------------------------------------------------------------------------------------===//
// The interpreter
//===----------------------------------------------------------------------------------------===//

namespace {

class BlockInterpreter : public Interpreter {
public:
  BlockInterpreter(const EvaluatorOptions &options, Observer observer, bool silent)
      : options(options), observer(observer), silent(silent) {}

  InFlightDiagnostic emitError(Operation *op) override {
    if (silent)
      return InFlightDiagnostic();
    return op->emitError() << "'" << op->getName() << "' op ";
  }
  RankedTensorType resolve(RankedTensorType type) const override { return symbols.resolve(type); }
  bool mayAllocate(int64_t bytes) const override { return bytes <= options.maxResultBytes; }
  Results run(Region &region, ArrayRef<HostTensor> arguments) override;

  Results evaluate(Operation *op, ArrayRef<HostTensor> operands);
  LogicalResult learn(Operation *op, RankedTensorType type, const HostTensor &tensor);

private:
  FailureOr<SmallVector<RankedTensorType>> resolveResultTypes(Operation *op, ArrayRef<HostTensor> operands,
                                                              bool valueDependent);
  Results gather(Operation *op);

  const EvaluatorOptions &options;
  Observer observer;
  bool silent;
  SymbolValues symbols;
  DenseMap<Value, HostTensor> values;
};

} // namespace

/// Checks a tensor against the type the op declares for it and learns the symbols of that.
LogicalResult BlockInterpreter::learn(Operation *op, RankedTensorType type, const HostTensor &tensor) {
  if (!tensor || tensor.getElementType() != type.getElementType() ||
      failed(symbols.learn(type, tensor.getShape())))
    return emitError(op) << "expects a value of type " << type << ", but got "
                         << (tensor ? Type(tensor.getType()) : Type(NoneType::get(op->getContext())));
  return success();
}

/// The result types for these operands: what the op declares, the symbols' values and the op's shape rule
/// together say.
FailureOr<SmallVector<RankedTensorType>>
BlockInterpreter::resolveResultTypes(Operation *op, ArrayRef<HostTensor> operands, bool valueDependent) {
  std::optional<Location> loc;
  if (!silent)
    loc = op->getLoc();
  FailureOr<SmallVector<RankedTensorType>> inferred = inferTypes(op, operands, loc);
  if (failed(inferred) && isa<InferTypeOpInterface>(op))
    return emitError(op) << "does not accept the shapes of these operands";

  SmallVector<RankedTensorType> types;
  int64_t totalBytes = 0;
  for (auto [i, declared] : llvm::enumerate(op->getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(declared);
    if (!tensor)
      return emitError(op) << "has a result that is not a tensor, of type " << declared;
    RankedTensorType resolved = symbols.resolve(tensor);
    if (succeeded(inferred)) {
      FailureOr<RankedTensorType> both = meet(resolved, (*inferred)[i]);
      if (failed(both))
        return emitError(op) << "declares a result of type " << declared << ", but its operands give "
                             << (*inferred)[i];
      resolved = *both;
    }
    types.push_back(resolved);
    if (!resolved.hasStaticShape()) {
      if (valueDependent)
        continue;
      return emitError(op) << "has a result of type " << resolved
                           << ", whose sizes its operands do not determine";
    }
    FailureOr<int64_t> bytes = HostTensor::getSizeInBytes(resolved);
    if (failed(bytes) || llvm::AddOverflow(totalBytes, *bytes, totalBytes) || !mayAllocate(totalBytes))
      return emitError(op) << "has a result of type " << resolved << ", which is too large to evaluate";
  }
  return types;
}

Results BlockInterpreter::evaluate(Operation *op, ArrayRef<HostTensor> operands) {
  const OpTable::Entry *entry = getTable().find(op);
  if (!entry)
    return emitError(op) << "is not an op the reference evaluates";
  if (operands.size() != op->getNumOperands())
    return emitError(op) << "expects " << op->getNumOperands() << " operands, but got " << operands.size();
  for (auto [operand, value] : llvm::zip_equal(op->getOperands(), operands)) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      return emitError(op) << "has an operand that is not a tensor, of type " << operand.getType();
    if (failed(learn(op, type, value)))
      return failure();
  }
  FailureOr<SmallVector<RankedTensorType>> types =
      resolveResultTypes(op, operands, entry->valueDependentShape);
  if (failed(types))
    return failure();
  Invocation call{op, operands, std::move(*types), *this};
  Results results = entry->function(op, call);
  if (failed(results))
    return failure();
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), *results))
    if (failed(learn(op, cast<RankedTensorType>(result.getType()), tensor)))
      return failure();
  if (observer)
    observer(op, *results);
  return results;
}

Results BlockInterpreter::gather(Operation *op) {
  Tensors tensors;
  for (Value operand : op->getOperands()) {
    auto found = values.find(operand);
    if (found == values.end())
      return emitError(op) << "uses a value from outside of what is evaluated";
    tensors.push_back(found->second);
  }
  return tensors;
}

/// The values that no op of `block` needs after a given op, by that op.
static DenseMap<Operation *, SmallVector<Value>> findLastUses(Block &block) {
  DenseMap<Operation *, SmallVector<Value>> dying;
  auto visit = [&](Value value, Operation *definition) {
    Operation *last = definition;
    for (Operation *user : value.getUsers()) {
      Operation *inBlock = block.findAncestorOpInBlock(*user);
      if (inBlock && (!last || last->isBeforeInBlock(inBlock)))
        last = inBlock;
    }
    if (last)
      dying[last].push_back(value);
  };
  for (BlockArgument argument : block.getArguments())
    visit(argument, nullptr);
  for (Operation &op : block)
    for (OpResult result : op.getResults())
      visit(result, &op);
  return dying;
}

Results BlockInterpreter::run(Region &region, ArrayRef<HostTensor> arguments) {
  Operation *parent = region.getParentOp();
  if (!region.hasOneBlock())
    return emitError(parent) << "has a region of other than one block";
  Block &block = region.front();
  if (block.getNumArguments() != arguments.size())
    return emitError(parent) << "expects " << block.getNumArguments() << " values for its region, but got "
                             << arguments.size();
  for (auto [argument, tensor] : llvm::zip_equal(block.getArguments(), arguments)) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return emitError(parent) << "has a region argument that is not a tensor, of type "
                               << argument.getType();
    if (failed(learn(parent, type, tensor)))
      return failure();
    values[argument] = tensor;
  }
  DenseMap<Operation *, SmallVector<Value>> dying = findLastUses(block);
  for (Operation &op : block) {
    Results operands = gather(&op);
    if (failed(operands))
      return failure();
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      for (Value value : dying[&op])
        values.erase(value);
      return operands;
    }
    Results results = evaluate(&op, *operands);
    if (failed(results))
      return failure();
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), *results))
      values[result] = std::move(tensor);
    for (Value value : dying[&op])
      values.erase(value);
  }
  return emitError(parent) << "has a region that does not end with a terminator";
}

//===----------------------------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------------------------===//

bool reference::canEvaluate(Operation *op) { return getTable().find(op) != nullptr; }

Results reference::evaluate(Operation *op, ArrayRef<HostTensor> operands, const EvaluatorOptions &options) {
  return BlockInterpreter(options, nullptr, /*silent=*/false).evaluate(op, operands);
}

Results reference::evaluate(func::FuncOp function, ArrayRef<HostTensor> inputs, Observer observer,
                            const EvaluatorOptions &options) {
  if (function.isExternal())
    return function.emitError() << "has no body to evaluate";
  return BlockInterpreter(options, observer, /*silent=*/false).run(function.getBody(), inputs);
}

OpEvaluator reference::makeOpEvaluator(const EvaluatorOptions &options) {
  return [options](Operation *op, ArrayRef<HostTensor> operands) -> Results {
    if (!canEvaluate(op))
      return failure();
    return BlockInterpreter(options, nullptr, /*silent=*/true).evaluate(op, operands);
  };
}
