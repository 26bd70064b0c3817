//===- GraphChecks.cpp - What is checked of a model before any of it is read --------------------===//
//
// Names, order, nesting and versions; and that there is a reader for every node, so that all unsupported ones
// are reported at once. Sizes and types are checked as the nodes are read.
//
//===----------------------------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ConvertUTF.h"

using namespace mlir;
using namespace tenon::importer;
using ::onnx::FunctionProto;
using ::onnx::GraphProto;
using ::onnx::NodeProto;

static constexpr int64_t kNewestIrVersion = 14;
/// Below what protobuf accepts, so that the error is ours.
static constexpr unsigned kMaxGraphDepth = 24;
static constexpr uint64_t kMaxNodes = 1000000;
static constexpr int kMaxAttributes = 1000;
static constexpr size_t kMaxReports = 100;

namespace {

using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

class Checker {
public:
  Checker(const ModelFile &file, const Registry &registry)
      : file(file), registry(registry), functions(readFunctions(file.getModel())) {}

  LogicalResult run();

private:
  struct Names {
    const Names *parent = nullptr;
    llvm::StringSet<> defined;
    bool sees(StringRef name) const {
      for (const Names *at = this; at; at = at->parent)
        if (at->defined.contains(name))
          return true;
      return false;
    }
  };
  using Opsets = llvm::StringMap<int64_t>;

  void report(const Twine &message) {
    if (++reports <= kMaxReports)
      emitError(file.getLoc(), message);
  }
  bool checkVersions();
  void checkUtf8(StringRef name, StringRef what);
  void define(StringRef name, Names &names, StringRef what);
  void checkGraph(const GraphProto &graph, const Names *parent, const Opsets &opsets, StringRef prefix,
                  unsigned depth);
  void checkNodes(const Nodes &nodes, Names &names, const Opsets &opsets, StringRef prefix, unsigned depth);
  void checkSupported(const NodeProto &node, const Opsets &opsets, StringRef prefix);
  bool haveCycle(const Nodes &nodes);
  void checkFunctions();

  const ModelFile &file;
  const Registry &registry;
  FunctionTable functions;
  uint64_t nodeCount = 0;
  size_t reports = 0;
};

bool Checker::checkVersions() {
  const ::onnx::ModelProto &model = file.getModel();
  if (!model.has_graph()) {
    report("not an ONNX model: it has no graph");
    return false;
  }
  if (model.ir_version() < 1 || model.ir_version() > kNewestIrVersion) {
    report("expects an IR version from 1 to " + Twine(kNewestIrVersion) + ", but got " +
           Twine(model.ir_version()));
    return false;
  }
  Opsets opsets = readOpsets(model.opset_import());
  if (opsets.empty())
    report("the model imports no opset");
  struct Range {
    StringRef domain;
    int64_t oldest, newest;
  };
  const Range ranges[] = {{"", kOldestOpset, kNewestOpset}, {"ai.onnx.ml", 1, 5}, {"com.microsoft", 1, 1}};
  for (const Range &range : ranges) {
    auto it = opsets.find(range.domain);
    if (it != opsets.end() && (it->second < range.oldest || it->second > range.newest))
      report("expects opset " + Twine(range.oldest) + " to " + Twine(range.newest) + " of domain '" +
             (range.domain.empty() ? "ai.onnx" : range.domain) + "', but got " + Twine(it->second));
  }
  return reports == 0;
}

void Checker::checkUtf8(StringRef name, StringRef what) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(name.begin());
  if (!llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(name.end())))
    report("the name of " + what + " is not valid UTF-8");
}

void Checker::define(StringRef name, Names &names, StringRef what) {
  checkUtf8(name, what);
  if (!names.defined.insert(name).second)
    report("value \"" + name + "\" is defined twice");
}

void Checker::checkGraph(const GraphProto &graph, const Names *parent, const Opsets &opsets, StringRef prefix,
                         unsigned depth) {
  if (depth > kMaxGraphDepth)
    return report("graphs nested more than " + Twine(kMaxGraphDepth) + " deep");
  Names names;
  names.parent = parent;
  for (const ::onnx::ValueInfoProto &input : graph.input())
    define(input.name(), names, "an input");
  llvm::StringSet<> initializers;
  auto defineInitializer = [&](StringRef name) {
    checkUtf8(name, "an initializer");
    if (!initializers.insert(name).second)
      report("initializer \"" + name + "\" is defined twice");
    names.defined.insert(name); // It may be an input as well, whose default it is then.
  };
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    defineInitializer(tensor.name());
  for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    defineInitializer(tensor.values().name());
  checkNodes(graph.node(), names, opsets, prefix, depth);
  if (depth == 0 && graph.output_size() == 0)
    report("the graph has no outputs");
  for (const ::onnx::ValueInfoProto &output : graph.output())
    if (!names.sees(output.name()))
      report("output \"" + output.name() + "\" is not defined");
}

void Checker::checkNodes(const Nodes &nodes, Names &names, const Opsets &opsets, StringRef prefix,
                         unsigned depth) {
  nodeCount += nodes.size();
  if (nodeCount > kMaxNodes)
    return report("expects no more than " + Twine(kMaxNodes) + " nodes, but got " + Twine(nodeCount) +
                  " or more");
  std::optional<llvm::StringSet<>> outputs;
  bool ordered = true;
  for (const NodeProto &node : nodes) {
    std::string who = describe(node, prefix, opsets.lookup(domainOf(node)));
    checkUtf8(node.name(), "a node");
    for (const std::string &input : node.input()) {
      if (input.empty() || names.sees(input))
        continue;
      if (!outputs) {
        outputs.emplace();
        for (const NodeProto &other : nodes)
          for (const std::string &output : other.output())
            outputs->insert(output);
      }
      if (!outputs->contains(input))
        report(who + ": input \"" + input + "\" is not defined");
      else if (ordered)
        report(who + ": input \"" + input +
               (haveCycle(nodes) ? "\" depends on itself: the graph has a cycle"
                                 : "\" is defined further down: the nodes are not sorted"));
      ordered = ordered && !outputs->contains(input);
      names.defined.insert(input); // Once is enough.
      if (outputs->contains(input))
        outputs->erase(input);
    }
    if (node.attribute_size() > kMaxAttributes)
      report(who + ": expects no more than " + Twine(kMaxAttributes) + " attributes, but got " +
             Twine(node.attribute_size()));
    llvm::StringSet<> attributes;
    for (const ::onnx::AttributeProto &attribute : node.attribute()) {
      if (!attributes.insert(attribute.name()).second)
        report(who + ": attribute \"" + attribute.name() + "\" is given twice");
      if (attribute.type() == ::onnx::AttributeProto::GRAPH)
        checkGraph(attribute.g(), &names, opsets, prefix, depth + 1);
    }
    checkSupported(node, opsets, prefix);
    for (const std::string &output : node.output())
      if (!output.empty() && ordered)
        define(output, names, "a value");
      else if (!output.empty())
        names.defined.insert(output);
  }
}

/// Kahn's algorithm: whether nodes remain that wait for each other.
bool Checker::haveCycle(const Nodes &nodes) {
  llvm::StringMap<int> producers;
  for (auto [i, node] : llvm::enumerate(nodes))
    for (const std::string &output : node.output())
      producers[output] = i;
  std::vector<int> waiting(nodes.size());
  std::vector<SmallVector<int>> users(nodes.size());
  SmallVector<int> ready;
  for (auto [i, node] : llvm::enumerate(nodes)) {
    for (const std::string &input : node.input())
      if (auto it = producers.find(input); it != producers.end()) {
        ++waiting[i];
        users[it->second].push_back(i);
      }
    if (!waiting[i])
      ready.push_back(i);
  }
  int done = 0;
  for (; !ready.empty(); ++done)
    for (int user : users[ready.pop_back_val()])
      if (--waiting[user] == 0)
        ready.push_back(user);
  return done < nodes.size();
}

void Checker::checkSupported(const NodeProto &node, const Opsets &opsets, StringRef prefix) {
  StringRef domain = domainOf(node);
  std::string who = describe(node, prefix, opsets.lookup(domain));
  if (functions.contains(functionKey(node)))
    return;
  if (!opsets.contains(domain))
    return report(who + ": the model does not import the op's domain");
  const OpEntry *entry = registry.find(domain, node.op_type(), opsets.lookup(domain));
  if (!entry)
    report(who + ": the op is not supported");
  else if (!entry->handler)
    report(who + ": not supported: " + entry->refusal);
}

void Checker::checkFunctions() {
  // A function that calls itself, over however many others, would be expanded without end.
  enum State { Unseen, Open, Done };
  llvm::StringMap<State> states;
  std::function<void(const FunctionProto &, const std::string &, unsigned)> visit =
      [&](const FunctionProto &function, const std::string &key, unsigned depth) {
        if (depth > kMaxGraphDepth || states[key] == Open)
          return report("function \"" + function.name() + "\" calls itself, or calls are nested more than " +
                        Twine(kMaxGraphDepth) + " deep");
        if (states[key] == Done)
          return;
        states[key] = Open;
        for (const NodeProto &node : function.node())
          if (const FunctionProto *callee = functions.lookup(functionKey(node)))
            visit(*callee, functionKey(node), depth + 1);
        states[key] = Done;
      };
  for (auto &entry : functions)
    visit(*entry.getValue(), entry.getKey().str(), 0);

  Opsets modelOpsets = readOpsets(file.getModel().opset_import());
  for (const FunctionProto &function : file.getModel().functions()) {
    Names names;
    for (const std::string &input : function.input())
      define(input, names, "a function's input");
    Opsets opsets = readOpsets(function.opset_import());
    for (auto &entry : modelOpsets)
      opsets.try_emplace(entry.getKey(), entry.getValue());
    checkNodes(function.node(), names, opsets, function.name() + "/", 1);
    for (const std::string &output : function.output())
      if (!names.sees(output))
        report("output \"" + output + "\" of function \"" + function.name() + "\" is not defined");
  }
}

LogicalResult Checker::run() {
  if (!checkVersions())
    return failure();
  checkFunctions();
  if (reports == 0)
    checkGraph(file.getModel().graph(), nullptr, readOpsets(file.getModel().opset_import()), "", 0);
  if (reports > kMaxReports)
    emitError(file.getLoc(), Twine(reports - kMaxReports) + " more errors");
  return success(reports == 0);
}

} // namespace

LogicalResult tenon::importer::checkModel(const ModelFile &file, const Registry &registry) {
  return Checker(file, registry).run();
}
