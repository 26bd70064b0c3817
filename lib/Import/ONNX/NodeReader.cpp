//===- NodeReader.cpp - A node of an ONNX graph as the op families see it -----------------------===//

#include "NodeReader.h"
#include "GraphImporter.h"
#include "Tensors.h"

#include "tenon/Support/HostTensor.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using ::onnx::AttributeProto;

/// Constants of more elements are data, not parameters of ops.
static constexpr int64_t kMaxParameters = 1024;

NodeReader::NodeReader(GraphImporter &importer, Scope &scope, const ::onnx::NodeProto &node, Location loc,
                       int64_t opset)
    : importer(importer), scope(scope), node(node), loc(loc), opset(opset), results(node.output_size()) {}

StringRef NodeReader::getOp() const { return node.op_type(); }
OpBuilder &NodeReader::getBuilder() { return importer.builder; }
SymbolicSizes &NodeReader::getSizes() { return importer.sizes; }

//===----------------------------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------------------------===//

RankedTensorType NodeReader::type(Value value) const {
  if (!value)
    return RankedTensorType::get({}, Float32Type::get(getContext()));
  return mlir::cast<RankedTensorType>(value.getType());
}

std::optional<SmallVector<int64_t>> NodeReader::constantInts(Value value) {
  if (!value)
    return std::nullopt;
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return integerElements(constant.getValue(), kMaxParameters);
  FailureOr<SymbolicSizes::Sizes> sizes = getSizes().valueOf(value);
  if (mlir::failed(sizes))
    return std::nullopt;
  SmallVector<int64_t> values;
  for (AffineExpr size : *sizes) {
    std::optional<int64_t> number = SymbolicSizes::constantValue(size);
    if (!number)
      return std::nullopt;
    values.push_back(*number);
  }
  return values;
}

std::optional<SmallVector<double>> NodeReader::constantReals(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : nullptr;
  return constant ? floatElements(constant.getValue(), kMaxParameters) : std::nullopt;
}

SmallVector<Value> NodeReader::elements(unsigned i) {
  if (auto list = input(i) ? input(i).getDefiningOp<UnrealizedConversionCastOp>() : nullptr)
    return llvm::to_vector(list.getInputs());
  (void)error("expects input " + Twine(i) + " to be a sequence");
  return {};
}

SmallVector<int64_t> NodeReader::requireConstantInts(unsigned i, StringRef what) {
  if (std::optional<SmallVector<int64_t>> values = constantInts(input(i)))
    return *values;
  (void)error("expects " + what + " known at compile time");
  return {};
}

//===----------------------------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------------------------===//

const AttributeProto *NodeReader::find(StringRef name) const {
  for (const AttributeProto &attribute : node.attribute()) {
    if (attribute.name() != name)
      continue;
    if (attribute.ref_attr_name().empty())
      return &attribute;
    // In a function body: the attribute of the call, if it has it.
    return scope.attributes ? scope.attributes->lookup(attribute.ref_attr_name()) : nullptr;
  }
  return nullptr;
}

const AttributeProto *NodeReader::find(StringRef name, int type, StringRef typeName) {
  seen.insert(name);
  const AttributeProto *attribute = find(name);
  if (!attribute || attribute->type() == type)
    return attribute;
  (void)error("expects attribute '" + name + "' to be " + typeName);
  return nullptr;
}

std::optional<int64_t> NodeReader::integer(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::INT, "an integer");
  return attribute ? std::optional<int64_t>(attribute->i()) : std::nullopt;
}

std::optional<float> NodeReader::real(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::FLOAT, "a number");
  return attribute ? std::optional<float>(attribute->f()) : std::nullopt;
}

std::string NodeReader::text(StringRef name, StringRef otherwise) {
  const AttributeProto *attribute = find(name, AttributeProto::STRING, "a string");
  return attribute ? attribute->s() : otherwise.str();
}

std::optional<SmallVector<int64_t>> NodeReader::integers(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::INTS, "a list of integers");
  if (!attribute)
    return std::nullopt;
  return SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::optional<SmallVector<float>> NodeReader::reals(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::FLOATS, "a list of numbers");
  if (!attribute)
    return std::nullopt;
  return SmallVector<float>(attribute->floats().begin(), attribute->floats().end());
}

std::optional<SmallVector<std::string>> NodeReader::texts(StringRef name) {
  const AttributeProto *attribute = find(name, AttributeProto::STRINGS, "a list of strings");
  if (!attribute)
    return std::nullopt;
  return SmallVector<std::string>(attribute->strings().begin(), attribute->strings().end());
}

ElementsAttr NodeReader::tensor(StringRef name) {
  seen.insert(name);
  const AttributeProto *attribute = find(name);
  if (!attribute)
    return {};
  std::string why;
  ElementsAttr value;
  std::string resource = node.output_size() > 0 && !node.output(0).empty() ? node.output(0) : "constant";
  if (attribute->type() == AttributeProto::TENSOR)
    value = tensorAttr(getContext(), importer.file, attribute->t(), resource, why);
  else if (attribute->type() == AttributeProto::SPARSE_TENSOR)
    value = sparseTensorAttr(getContext(), importer.file, attribute->sparse_tensor(), why);
  else
    why = "it is not a tensor";
  if (!value)
    (void)error("in attribute '" + name + "': " + why);
  return value;
}

Value NodeReader::tensorValue(StringRef name) {
  Value value = constant(tensor(name));
  const AttributeProto *attribute = find(name);
  if (value && attribute->type() == AttributeProto::TENSOR)
    importer.narrowTypes[value] = attribute->t().data_type();
  return value;
}

std::optional<NarrowElement> NodeReader::narrow(Value value) const {
  return narrowElement(getContext(), importer.narrowTypes.lookup(value));
}

Type NodeReader::elementType(int64_t dataType) {
  std::string why;
  Type type = importer::elementType(getContext(), dataType, why);
  if (!type)
    (void)error(why);
  return type;
}

int64_t NodeReader::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  (void)error(llvm::formatv("expects an axis in [{0}, {1}), but got {2}", -rank, rank, axis));
  return 0;
}

SmallVector<int64_t> NodeReader::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(normalizeAxis(axis, rank));
  llvm::sort(result);
  auto repeated = std::adjacent_find(result.begin(), result.end());
  if (!failed && repeated != result.end())
    (void)error("expects different axes, but got " + Twine(*repeated) + " twice");
  return result;
}

//===----------------------------------------------------------------------------------------===//
// Making ops
//===----------------------------------------------------------------------------------------===//

namespace {
/// The properties an op would have, for shape rules that are asked before there is an op.
class Properties {
public:
  explicit Properties(OperationName name)
      : name(name), storage(std::max(name.getOpPropertyByteSize(), 1) / 8 + 1) {
    if (name.getOpPropertyByteSize())
      name.initOpProperties(get(), OpaqueProperties(nullptr));
  }
  ~Properties() {
    if (name.getOpPropertyByteSize())
      name.destroyOpProperties(get());
  }
  Properties(const Properties &) = delete;
  Properties &operator=(const Properties &) = delete;
  OpaqueProperties get() { return OpaqueProperties(storage.data()); }

private:
  OperationName name;
  std::vector<uint64_t> storage;
};
} // namespace

/// How many operands the op has, if always as many.
static std::optional<size_t> operandCount(OperationName name) {
  if (name.hasTrait<OpTrait::OneOperand>())
    return 1;
  if (name.hasTrait<OpTrait::NOperands<2>::Impl>())
    return 2;
  if (name.hasTrait<OpTrait::NOperands<3>::Impl>())
    return 3;
  if (name.hasTrait<OpTrait::NOperands<5>::Impl>())
    return 5;
  return std::nullopt;
}

Operation *NodeReader::makeOp(StringRef opName, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes,
                              TypeRange resultTypes) {
  if (failed)
    return nullptr;
  OperationName name(opName, getContext());
  OperationState state(loc, name);
  NamedAttrList list(attributes);
  SmallVector<int32_t> segments;
  for (Value operand : operands) {
    segments.push_back(operand ? 1 : 0);
    if (operand)
      state.operands.push_back(operand);
  }
  // A shape rule counts on its operands being there.
  if (std::optional<size_t> count = operandCount(name); count && *count != state.operands.size()) {
    (void)error("expects " + Twine(*count) + " operands, but got " + Twine(state.operands.size()));
    return nullptr;
  }
  if (name.hasTrait<OpTrait::AttrSizedOperandSegments>() && !list.get("operandSegmentSizes"))
    list.set("operandSegmentSizes", importer.builder.getDenseI32ArrayAttr(segments));
  DictionaryAttr dictionary = list.getDictionary(getContext());
  Properties properties(name);
  auto complain = [&] { return mlir::emitError(loc); };
  if (!dictionary.empty()) {
    state.propertiesAttr = dictionary;
    failed = mlir::failed(name.setOpPropertiesFromAttribute(name, properties.get(), dictionary, complain));
  }
  state.addTypes(resultTypes);
  if (!failed && resultTypes.empty())
    failed = mlir::failed(name.getInterface<InferTypeOpInterface>()->inferReturnTypes(
        getContext(), loc, state.operands, dictionary, properties.get(), {}, state.types));
  return failed ? nullptr : create(state);
}

/// Creates the op and verifies it: operand types that the op does not take are the model's mistake.
Operation *NodeReader::create(OperationState &state) {
  Operation *op = importer.builder.create(state);
  // Not mlir::verify: it looks for dominance, which an op in a region that has no parent yet doesn't have.
  if (succeeded(op->getName().verifyInvariants(op)) && succeeded(op->getName().verifyRegionInvariants(op)))
    return op;
  op->erase();
  failed = true;
  return nullptr;
}

NamedAttribute NodeReader::attr(StringRef name, Attribute value) {
  return getBuilder().getNamedAttr(name, value);
}
NamedAttribute NodeReader::attr(StringRef name, int64_t value) {
  return attr(name, getBuilder().getI64IntegerAttr(value));
}
NamedAttribute NodeReader::attr(StringRef name, ArrayRef<int64_t> values) {
  return attr(name, getBuilder().getDenseI64ArrayAttr(values));
}
NamedAttribute NodeReader::realAttr(StringRef name, double value) {
  return attr(name, getBuilder().getF32FloatAttr(value));
}
NamedAttribute NodeReader::flag(StringRef name) { return attr(name, getBuilder().getUnitAttr()); }

Value NodeReader::constant(ElementsAttr value) {
  if (failed || !value)
    return {};
  Operation *op = makeOp<ConstantOp>({}, attr("value", value));
  return op ? op->getResult(0) : Value();
}

Value NodeReader::scalar(double value, Type elementType) {
  HostTensor tensor = HostTensor::zeros(RankedTensorType::get({}, elementType));
  dispatchElementType(elementType, [&](auto tag) {
    using T = typename decltype(tag)::type;
    tensor.getMutable<T>()[0] = static_cast<T>(value);
  });
  return constant(tensor.toElementsAttr("scalar"));
}

Value NodeReader::vector(ArrayRef<int64_t> elements) {
  auto type = RankedTensorType::get(elements.size(), getBuilder().getI64Type());
  return constant(HostTensor::of<int64_t>(type, elements).toElementsAttr("sizes"));
}

Value NodeReader::sequence(ArrayRef<Value> elements) {
  if (failed || llvm::is_contained(elements, Value()))
    return {};
  // Stands for the list until the end of the import, where no one uses it.
  Type type = TupleType::get(getContext(), TypeRange(ValueRange(elements)));
  return UnrealizedConversionCastOp::create(importer.builder, loc, type, elements).getResult(0);
}

Value NodeReader::reshape(Value value, ArrayRef<AffineExpr> target) {
  if (failed || !value)
    return {};
  RankedTensorType result = getSizes().tensor(target, element(value));
  return result == value.getType() ? value : makeAs<ReshapeOp>(result, value);
}

Value NodeReader::cast(Value value, Type elementType) {
  if (failed || !value || element(value) == elementType)
    return value;
  return make<CastOp>(value, attr("to", TypeAttr::get(elementType)));
}

//===----------------------------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------------------------===//

unsigned NodeReader::getNumOutputs() const { return node.output_size(); }

bool NodeReader::wantsOutput(unsigned i) const {
  return i < getNumOutputs() && !node.output(static_cast<int>(i)).empty();
}

RankedTensorType NodeReader::declaredType(unsigned i) const {
  return wantsOutput(i) ? scope.declared.lookup(node.output(static_cast<int>(i))) : RankedTensorType();
}

LogicalResult NodeReader::yield(ArrayRef<Value> newResults) {
  for (auto [result, value] : llvm::zip(results, newResults))
    result = value;
  return success(!failed);
}

LogicalResult NodeReader::yield(Operation *op) {
  return op ? yield(SmallVector<Value>(op->getResults())) : failure();
}

//===----------------------------------------------------------------------------------------===//
// Graphs in attributes
//===----------------------------------------------------------------------------------------===//

LogicalResult NodeReader::importGraph(StringRef attribute, Region &region, ArrayRef<Type> argumentTypes,
                                      SmallVectorImpl<Value> &outputs) {
  const AttributeProto *found = find(attribute, AttributeProto::GRAPH, "a graph");
  if (!found)
    return failed ? failure() : error("expects attribute '" + attribute + "'");
  const ::onnx::GraphProto &graph = found->g();
  if (graph.input_size() != static_cast<int>(argumentTypes.size()))
    return error("expects '" + attribute + "' to have " + Twine(argumentTypes.size()) + " inputs, but got " +
                 Twine(graph.input_size()));
  OpBuilder::InsertionGuard guard(importer.builder);
  Block *block = importer.builder.createBlock(&region, {}, argumentTypes,
                                              SmallVector<Location>(argumentTypes.size(), loc));
  Scope inner;
  inner.parent = &scope;
  inner.opsets = scope.opsets;
  inner.attributes = scope.attributes;
  inner.prefix = scope.prefix;
  importer.openScope(graph, inner, block);
  for (auto [input, argument] : llvm::zip(graph.input(), block->getArguments()))
    inner.values[input.name()] = argument;
  importer.importNodes(graph.node(), inner);
  if (mlir::failed(importer.collectOutputs(graph, inner, outputs))) {
    failed = true; // The nodes have reported.
    return failure();
  }
  for (auto [i, output] : llvm::enumerate(outputs))
    if (isa<TupleType>(output.getType()))
      return error("expects tensors from '" + attribute + "', but output " + Twine(i) + " is a sequence");
  return success();
}

LogicalResult NodeReader::inlineGraph(StringRef attribute, SmallVectorImpl<Value> &outputs) {
  const AttributeProto *found = find(attribute, AttributeProto::GRAPH, "a graph");
  if (!found)
    return failed ? failure() : error("expects attribute '" + attribute + "'");
  Scope inner;
  inner.parent = &scope;
  inner.opsets = scope.opsets;
  inner.attributes = scope.attributes;
  inner.prefix = scope.prefix;
  importer.openScope(found->g(), inner, importer.builder.getInsertionBlock());
  // Constants must stand in front of their use, but not in front of what the block starts with.
  inner.lastConstant =
      getBuilder().getInsertionBlock()->empty() ? nullptr : &getBuilder().getInsertionBlock()->back();
  importer.importNodes(found->g().node(), inner);
  if (mlir::failed(importer.collectOutputs(found->g(), inner, outputs))) {
    failed = true;
    return failure();
  }
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------------------------===//

LogicalResult NodeReader::error(const Twine &message) {
  failed = true;
  importer.report(loc, describe(node, scope.prefix, opset) + ": " + message);
  return failure();
}

/// Sizes that follow from values of inputs, which nobody knows yet, are those that the model declares.
void NodeReader::refineResult(unsigned i) {
  RankedTensorType declared = declaredType(i);
  Operation *op = results[i].getDefiningOp();
  // Only of ops this node has made: others have users that know the type.
  if (!declared || !op || op->getLoc() != loc || !isa<InferTypeOpInterface>(op))
    return;
  RankedTensorType present = type(results[i]);
  SymbolicSizes::Sizes sizes = sizesOf(results[i]);
  if (present.getRank() != declared.getRank())
    return;
  for (auto [size, known] : llvm::zip_equal(sizes, declared.getShape()))
    if (!size && !ShapedType::isDynamic(known))
      size = getSizes().constant(known);
  results[i].setType(getSizes().tensor(sizes, present.getElementType()));
}

void NodeReader::finish() {
  for (const AttributeProto &attribute : node.attribute())
    if (!seen.contains(attribute.name()))
      (void)error("unknown attribute '" + attribute.name() + "'");
  for (auto [i, result] : llvm::enumerate(results))
    if (!failed && !result && wantsOutput(i))
      (void)error("output " + Twine(i) + " ('" + node.output(i) + "') is not supported");
  for (unsigned i = 0; i < results.size(); ++i)
    if (!failed && results[i] && wantsOutput(i))
      refineResult(i);
}
