//===- GraphImporter.h - Walks an ONNX graph and keeps what its nodes need ----------------------===//

#ifndef TENON_IMPORT_ONNX_GRAPHIMPORTER_H
#define TENON_IMPORT_ONNX_GRAPHIMPORTER_H

#include "ModelFile.h"
#include "NodeReader.h"

#include "tenon/Import/ONNX.h"

#include "mlir/IR/BuiltinOps.h"

namespace tenon::importer {

/// The names a graph's nodes see: their own, and those of the graphs around.
struct Scope {
  /// The graph around; null for the main graph and for function bodies.
  Scope *parent = nullptr;
  /// What each name stands for; null after an error in the node that makes it.
  llvm::StringMap<mlir::Value> values;
  /// Constants of this graph, made when they're first used.
  llvm::StringMap<const ::onnx::TensorProto *> initializers;
  llvm::StringMap<const ::onnx::SparseTensorProto *> sparseInitializers;
  /// Where constants go: after `lastConstant`, or in front of the block.
  mlir::Block *block = nullptr;
  mlir::Operation *lastConstant = nullptr;
  /// The types of graph outputs by name, as declared.
  llvm::StringMap<mlir::RankedTensorType> declared;
  /// Opset versions by domain.
  const llvm::StringMap<int64_t> *opsets = nullptr;
  /// In a function body: the attributes of the call, and the defaults.
  const llvm::StringMap<const ::onnx::AttributeProto *> *attributes = nullptr;
  /// In a function body: the name of the calling node and a slash.
  std::string prefix;
};

/// Domain -> opset version of the imports of a model or function; `ai.onnx` is the empty domain.
llvm::StringMap<int64_t>
readOpsets(const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto> &imports);
/// The node's domain, with `ai.onnx` as the empty one.
llvm::StringRef domainOf(const ::onnx::NodeProto &node);
/// The model's functions by `domain:name:overload`.
using FunctionTable = llvm::StringMap<const ::onnx::FunctionProto *>;
FunctionTable readFunctions(const ::onnx::ModelProto &model);
std::string functionKey(const ::onnx::NodeProto &node);
/// `node "name" (op Conv, opset 22)`, with the domain in front of ops of others.
std::string describe(const ::onnx::NodeProto &node, llvm::StringRef prefix, int64_t opset);

/// Checks a model before it is read, and reports all that is wrong: versions, names, order, depth,
/// unsupported ops.
mlir::LogicalResult checkModel(const ModelFile &file, const Registry &registry);

class GraphImporter {
public:
  GraphImporter(mlir::MLIRContext *context, ModelFile &file, const Registry &registry,
                const OnnxImportOptions &options)
      : context(context), file(file), registry(registry), options(options), builder(context), sizes(context) {
  }

  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> run();

private:
  friend class NodeReader;

  // The interface of the main graph (GraphInterface.cpp).
  mlir::LogicalResult bindSymbols();
  mlir::FailureOr<mlir::RankedTensorType> readInputType(const ::onnx::ValueInfoProto &input);
  mlir::RankedTensorType readDeclaredType(const ::onnx::ValueInfoProto &value);
  mlir::AffineExpr namedSize(llvm::StringRef parameter);
  mlir::LogicalResult checkOutput(const ::onnx::ValueInfoProto &output, mlir::Value value);

  // Graphs.
  void openScope(const ::onnx::GraphProto &graph, Scope &scope, mlir::Block *block);
  void importNodes(const google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes, Scope &scope);
  void importNode(const ::onnx::NodeProto &node, Scope &scope, unsigned index);
  mlir::LogicalResult checkTensors(NodeReader &node, const OpEntry &entry);
  mlir::LogicalResult importCall(NodeReader &node, const ::onnx::FunctionProto &function);
  /// What `name` stands for; null after an error.
  mlir::Value lookup(llvm::StringRef name, Scope &scope);
  mlir::Value makeConstant(mlir::ElementsAttr value, llvm::StringRef name, Scope &owner);
  mlir::LogicalResult collectOutputs(const ::onnx::GraphProto &graph, Scope &scope,
                                     llvm::SmallVectorImpl<mlir::Value> &outputs);

  void report(mlir::Location loc, const llvm::Twine &message) { errors.emplace_back(loc, message.str()); }

  mlir::MLIRContext *context;
  ModelFile &file;
  const Registry &registry;
  const OnnxImportOptions &options;
  mlir::OpBuilder builder;
  SymbolicSizes sizes;
  FunctionTable functions;
  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<std::string> symbolNames;
  llvm::StringSet<> usedSymbols;
  std::map<std::string, int64_t> symbolValues;
  /// The ONNX data types of constants that are kept in a wider type (NarrowElements.h).
  llvm::DenseMap<mlir::Value, int32_t> narrowTypes;
  unsigned callDepth = 0;
  std::vector<std::pair<mlir::Location, std::string>> errors;
};

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_GRAPHIMPORTER_H
