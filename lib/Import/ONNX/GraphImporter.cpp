//===- GraphImporter.cpp - Walks an ONNX graph and keeps what its nodes need --------------------===//
//
// Nodes are read in order. A node with an error leaves null values under its outputs' names; nodes that use
// those are passed over without a word, so that one run reports every independent mistake.
//
//===----------------------------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "Tensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;

/// More errors than this help nobody.
static constexpr size_t kMaxErrors = 100;
/// How deep functions may call functions; the graph was checked for functions that never end.
static constexpr unsigned kMaxCallDepth = 24;

llvm::StringMap<int64_t>
tenon::importer::readOpsets(const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto> &imports) {
  llvm::StringMap<int64_t> opsets;
  for (const ::onnx::OperatorSetIdProto &import : imports)
    opsets[import.domain() == "ai.onnx" ? "" : import.domain()] = import.version();
  return opsets;
}

StringRef tenon::importer::domainOf(const NodeProto &node) {
  return node.domain() == "ai.onnx" ? StringRef() : StringRef(node.domain());
}

FunctionTable tenon::importer::readFunctions(const ::onnx::ModelProto &model) {
  FunctionTable table;
  for (const FunctionProto &function : model.functions())
    table[function.domain() + ":" + function.name() + ":" + function.overload()] = &function;
  return table;
}

std::string tenon::importer::functionKey(const NodeProto &node) {
  return node.domain() + ":" + node.op_type() + ":" + node.overload();
}

std::string tenon::importer::describe(const NodeProto &node, StringRef prefix, int64_t opset) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "node \"";
  llvm::printEscapedString(prefix, os);
  llvm::printEscapedString(node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name(), os);
  os << "\" (op ";
  if (!domainOf(node).empty()) {
    llvm::printEscapedString(domainOf(node), os);
    os << ".";
  }
  llvm::printEscapedString(node.op_type(), os);
  os << ", opset " << opset << ")";
  return text;
}

//===----------------------------------------------------------------------------------------===//
// Names and constants
//===----------------------------------------------------------------------------------------===//

void GraphImporter::openScope(const GraphProto &graph, Scope &scope, Block *block) {
  scope.block = block;
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    scope.initializers[tensor.name()] = &tensor;
  for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    scope.sparseInitializers[tensor.values().name()] = &tensor;
}

Value GraphImporter::makeConstant(ElementsAttr value, StringRef name, Scope &owner) {
  OpBuilder::InsertionGuard guard(builder);
  if (owner.lastConstant)
    builder.setInsertionPointAfter(owner.lastConstant);
  else
    builder.setInsertionPointToStart(owner.block);
  Location loc = NameLoc::get(builder.getStringAttr(name), file.getLoc());
  auto constant = ConstantOp::create(builder, loc, value.getType(), value);
  owner.lastConstant = constant;
  return constant;
}

Value GraphImporter::lookup(StringRef name, Scope &scope) {
  for (Scope *at = &scope; at; at = at->parent) {
    auto it = at->values.find(name);
    if (it != at->values.end())
      return it->second;
    const ::onnx::TensorProto *tensor = at->initializers.lookup(name);
    const ::onnx::SparseTensorProto *sparse = at->sparseInitializers.lookup(name);
    if (!tensor && !sparse)
      continue;
    std::string why;
    ElementsAttr value = tensor ? tensorAttr(context, file, *tensor, name, why)
                                : sparseTensorAttr(context, file, *sparse, why);
    if (!value)
      report(file.getLoc(), "initializer \"" + name + "\": " + why);
    Value constant = value ? makeConstant(value, name, *at) : Value();
    if (constant && tensor)
      narrowTypes[constant] = tensor->data_type();
    return at->values[name] = constant;
  }
  report(file.getLoc(), "value \"" + name + "\" is not defined");
  return {};
}

LogicalResult GraphImporter::collectOutputs(const GraphProto &graph, Scope &scope,
                                            SmallVectorImpl<Value> &outputs) {
  for (const ::onnx::ValueInfoProto &output : graph.output())
    outputs.push_back(lookup(output.name(), scope));
  return success(!llvm::is_contained(outputs, Value()));
}

//===----------------------------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------------------------===//

void GraphImporter::importNodes(const google::protobuf::RepeatedPtrField<NodeProto> &nodes, Scope &scope) {
  for (auto [i, node] : llvm::enumerate(nodes))
    importNode(node, scope, i);
}

/// Whether all inputs are tensors, if the op takes nothing else; reports if not.
LogicalResult GraphImporter::checkTensors(NodeReader &node, const OpEntry &entry) {
  for (auto [i, input] : llvm::enumerate(node.inputs))
    if (!entry.takesSequences && input && isa<TupleType>(input.getType()))
      return node.error("expects input " + Twine(i) + " to be a tensor, but got a sequence");
  return success();
}

void GraphImporter::importNode(const NodeProto &node, Scope &scope, unsigned index) {
  std::string name = node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name();
  Location loc = NameLoc::get(builder.getStringAttr(scope.prefix + name), file.getLoc());
  NodeReader reader(*this, scope, node, loc, scope.opsets->lookup(domainOf(node)));
  bool poisoned = false;
  for (const std::string &input : node.input()) {
    reader.inputs.push_back(input.empty() ? Value() : lookup(input, scope));
    poisoned |= !input.empty() && !reader.inputs.back();
  }
  if (!poisoned) {
    // What shape rules and verifiers say about the ops of this node is said about the node.
    SmallVector<std::string> complaints;
    {
      ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          complaints.push_back(diagnostic.str());
        return success();
      });
      if (const FunctionProto *function = functions.lookup(functionKey(node))) {
        (void)importCall(reader, *function);
      } else {
        const OpEntry *entry = registry.find(domainOf(node), node.op_type(), reader.opset);
        unsigned given = reader.inputs.size();
        // Of a list of operands none can be absent.
        bool isList = entry->maxInputs == kAnyNumber && entry->minInputs > 0;
        auto required = ArrayRef(reader.inputs).take_front(isList ? given : entry->minInputs);
        if (given < entry->minInputs || given > entry->maxInputs || llvm::is_contained(required, Value()))
          (void)reader.error("expects " + Twine(entry->minInputs) +
                             (entry->maxInputs == entry->minInputs ? Twine() : " or more") +
                             " inputs, but got " + Twine(given - llvm::count(reader.inputs, Value())));
        else if (failed(checkTensors(reader, *entry)) || failed(entry->handler(reader)))
          reader.failed = true;
        if (!reader.failed)
          reader.finish();
      }
    }
    for (const std::string &complaint : complaints)
      (void)reader.error(complaint);
  }
  poisoned |= reader.failed;
  for (auto [output, result] : llvm::zip(node.output(), reader.results))
    if (!output.empty())
      scope.values[output] = poisoned ? Value() : result;
}

LogicalResult GraphImporter::importCall(NodeReader &node, const FunctionProto &function) {
  if (callDepth >= kMaxCallDepth)
    return node.error("function calls nested more than 24 deep");
  ++callDepth;
  Scope scope;
  llvm::StringMap<int64_t> functionOpsets = readOpsets(function.opset_import());
  for (auto &entry : *node.scope.opsets)
    functionOpsets.try_emplace(entry.getKey(), entry.getValue());
  scope.opsets = &functionOpsets;
  scope.prefix = node.scope.prefix + (node.node.name().empty() ? function.name() : node.node.name()) + "/";
  scope.block = builder.getInsertionBlock();
  llvm::StringMap<const ::onnx::AttributeProto *> attributes;
  for (const ::onnx::AttributeProto &attribute : function.attribute_proto())
    attributes[attribute.name()] = &attribute;
  for (const ::onnx::AttributeProto &attribute : node.node.attribute())
    if (const ::onnx::AttributeProto *value = node.find(attribute.name()))
      attributes[attribute.name()] = value;
  scope.attributes = &attributes;
  for (auto [i, name] : llvm::enumerate(function.input()))
    scope.values[name] = node.input(i);
  importNodes(function.node(), scope);
  --callDepth;
  for (auto [i, name] : llvm::enumerate(function.output())) {
    if (i >= node.results.size())
      break;
    node.results[i] = lookup(name, scope);
    node.failed |= !node.results[i];
  }
  return success(!node.failed);
}

//===----------------------------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------------------------===//

/// Removes what stood for sequences: their elements have been taken out.
static void eraseSequences(func::FuncOp function) {
  function.walk([](UnrealizedConversionCastOp op) { op.erase(); });
}

FailureOr<OwningOpRef<ModuleOp>> GraphImporter::run() {
  if (failed(checkModel(file, registry)))
    return failure();
  const ::onnx::ModelProto &model = file.getModel();
  const GraphProto &graph = model.graph();
  functions = readFunctions(model);
  opsets = readOpsets(model.opset_import());

  OwningOpRef<ModuleOp> module(ModuleOp::create(file.getLoc()));
  (*module)->setAttr("tenon.model", builder.getStringAttr(file.getStem()));
  builder.setInsertionPointToEnd(module->getBody());
  auto emitErrors = [&]() -> FailureOr<OwningOpRef<ModuleOp>> {
    for (auto &[loc, message] : ArrayRef(errors).take_front(kMaxErrors))
      emitError(loc, message);
    if (errors.size() > kMaxErrors)
      emitError(file.getLoc(), Twine(errors.size() - kMaxErrors) + " more errors");
    return failure();
  };

  // Before IR version 4 every initializer is listed as an input too; one with a default value is no input of
  // ours.
  llvm::StringSet<> constants;
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    constants.insert(tensor.name());
  for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    constants.insert(tensor.values().name());

  if (failed(bindSymbols()))
    return emitErrors();
  SmallVector<Type> inputTypes;
  SmallVector<const ::onnx::ValueInfoProto *> inputs;
  for (const ::onnx::ValueInfoProto &input : graph.input()) {
    if (constants.contains(input.name()))
      continue;
    FailureOr<RankedTensorType> type = readInputType(input);
    if (succeeded(type))
      inputTypes.push_back(*type);
    inputs.push_back(&input);
  }
  if (!errors.empty())
    return emitErrors();

  auto function =
      func::FuncOp::create(builder, file.getLoc(), "main", builder.getFunctionType(inputTypes, {}));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  Scope scope;
  scope.opsets = &opsets;
  openScope(graph, scope, entry);
  for (auto [i, input] : llvm::enumerate(inputs)) {
    scope.values[input->name()] = entry->getArgument(i);
    function.setArgAttr(i, "tenon.name", builder.getStringAttr(input->name()));
  }
  for (const ::onnx::ValueInfoProto &output : graph.output())
    if (RankedTensorType type = readDeclaredType(output))
      scope.declared[output.name()] = type;
  importNodes(graph.node(), scope);

  SmallVector<Value> outputs;
  LogicalResult complete = collectOutputs(graph, scope, outputs);
  if (succeeded(complete))
    for (auto [output, value] : llvm::zip_equal(graph.output(), outputs))
      (void)checkOutput(output, value);
  if (failed(complete) || !errors.empty())
    return emitErrors();

  eraseSequences(function);
  func::ReturnOp::create(builder, file.getLoc(), outputs);
  function.setFunctionType(builder.getFunctionType(inputTypes, TypeRange(ValueRange(outputs))));
  for (auto [i, output] : llvm::enumerate(graph.output()))
    function.setResultAttr(i, "tenon.name", builder.getStringAttr(output.name()));
  if (failed(verify(*module)))
    return failure();
  return module;
}

FailureOr<OwningOpRef<ModuleOp>> tenon::importOnnx(MLIRContext *context, StringRef path,
                                                   const OnnxImportOptions &options,
                                                   std::vector<MappedBytes> *files) {
  context->loadDialect<TenonDialect, func::FuncDialect>();
  FailureOr<std::unique_ptr<ModelFile>> file = ModelFile::open(context, path);
  if (failed(file))
    return failure();
  Registry registry;
  FailureOr<OwningOpRef<ModuleOp>> module = GraphImporter(context, **file, registry, options).run();
  if (files)
    *files = (*file)->getMappings();
  return module;
}
