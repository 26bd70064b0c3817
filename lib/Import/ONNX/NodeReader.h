//===- NodeReader.h - A node of an ONNX graph as the op families see it -------------------------===//
//
// A handler asks for inputs and attributes, makes ops and hands over results. Whatever is wrong is reported
// under the node's name; from then on `make` returns null values and the handler's result no longer matters,
// so handlers read as formulas. An attribute nobody asked for is an error: it would change the meaning.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_IMPORT_ONNX_NODEREADER_H
#define TENON_IMPORT_ONNX_NODEREADER_H

#include "NarrowElements.h"
#include "Registry.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "llvm/ADT/StringSet.h"

namespace onnx {
class AttributeProto;
class NodeProto;
} // namespace onnx

namespace tenon::importer {

class GraphImporter;
struct Scope;

class NodeReader {
public:
  NodeReader(GraphImporter &importer, Scope &scope, const ::onnx::NodeProto &node, mlir::Location loc,
             int64_t opset);

  /// The op's name, and the opset version its domain is used at.
  llvm::StringRef getOp() const;
  int64_t getOpset() const { return opset; }
  mlir::Location getLoc() const { return loc; }
  mlir::MLIRContext *getContext() const { return loc->getContext(); }
  mlir::OpBuilder &getBuilder();
  SymbolicSizes &getSizes();

  //===--- Inputs -----------------------------------------------------------------------------===//

  unsigned getNumInputs() const { return inputs.size(); }
  bool hasInput(unsigned i) const { return i < inputs.size() && inputs[i]; }
  /// The value of input `i`; null if it is not given. Those the registry asks for are.
  mlir::Value input(unsigned i) const { return i < inputs.size() ? inputs[i] : mlir::Value(); }
  llvm::ArrayRef<mlir::Value> getInputs() const { return inputs; }

  /// The tensors of a sequence, which input `i` must be: an error otherwise.
  llvm::SmallVector<mlir::Value> elements(unsigned i);

  /// The type of a value; of a null one (after an error), a scalar's.
  mlir::RankedTensorType type(mlir::Value value) const;
  mlir::Type element(mlir::Value value) const { return type(value).getElementType(); }
  int64_t rank(mlir::Value value) const { return type(value).getRank(); }

  /// The sizes of a value over getSizes()'s symbols.
  SymbolicSizes::Sizes sizesOf(mlir::Value value) { return getSizes().of(type(value)); }
  /// What the value's elements are in the model, if that is narrower than what they are kept in.
  std::optional<NarrowElement> narrow(mlir::Value value) const;
  /// The elements of an integer or bool tensor of up to 1024 elements, if they are known; nothing for a null
  /// value.
  std::optional<llvm::SmallVector<int64_t>> constantInts(mlir::Value value);
  /// The elements of a floating point constant of up to 1024 elements.
  std::optional<llvm::SmallVector<double>> constantReals(mlir::Value value);
  /// The numbers in input `i`, which must be given and constant: an error otherwise.
  llvm::SmallVector<int64_t> requireConstantInts(unsigned i, llvm::StringRef what);

  //===--- Attributes -------------------------------------------------------------------------===//

  bool hasAttribute(llvm::StringRef name) const { return find(name) != nullptr; }
  /// Takes notice of an attribute that has no influence on the result.
  void ignore(llvm::StringRef name) { seen.insert(name); }
  std::optional<int64_t> integer(llvm::StringRef name);
  int64_t integer(llvm::StringRef name, int64_t otherwise) { return integer(name).value_or(otherwise); }
  std::optional<float> real(llvm::StringRef name);
  float real(llvm::StringRef name, float otherwise) { return real(name).value_or(otherwise); }
  std::string text(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> integers(llvm::StringRef name);
  std::optional<llvm::SmallVector<float>> reals(llvm::StringRef name);
  std::optional<llvm::SmallVector<std::string>> texts(llvm::StringRef name);
  /// The constant in the attribute (dense or sparse); null if there is none.
  mlir::ElementsAttr tensor(llvm::StringRef name);
  /// As tensor, as a value that remembers a narrow element type.
  mlir::Value tensorValue(llvm::StringRef name);
  /// The element type an attribute names by number, or null after an error.
  mlir::Type elementType(int64_t dataType);

  /// `axis` counted from the front, for a tensor of this rank; reports if it is out of range.
  int64_t normalizeAxis(int64_t axis, int64_t rank);
  /// The attribute `axis` (or `name`), normalized.
  int64_t axis(int64_t otherwise, int64_t rank, llvm::StringRef name = "axis") {
    return normalizeAxis(integer(name, otherwise), rank);
  }
  /// Normalized axes without repetition, in increasing order.
  llvm::SmallVector<int64_t> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  //===--- Making ops -------------------------------------------------------------------------===//

  /// Makes the op with inferred result types. A null operand stands for an optional one that is absent. Null
  /// after an error of this node.
  mlir::Operation *makeOp(llvm::StringRef name, llvm::ArrayRef<mlir::Value> operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes = {},
                          mlir::TypeRange resultTypes = {});
  template <typename Op>
  mlir::Operation *makeOp(llvm::ArrayRef<mlir::Value> operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return makeOp(Op::getOperationName(), operands, attributes);
  }
  /// As makeOp, for ops of one result.
  template <typename Op>
  mlir::Value make(llvm::ArrayRef<mlir::Value> operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return only(makeOp(Op::getOperationName(), operands, attributes));
  }
  /// As make, for ops whose result type is their target.
  template <typename Op>
  mlir::Value makeAs(mlir::Type result, llvm::ArrayRef<mlir::Value> operands,
                     llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return only(makeOp(Op::getOperationName(), operands, attributes, result));
  }

  /// Creates an op with regions, and verifies it when its regions are complete.
  mlir::Operation *create(mlir::OperationState &state);

  mlir::NamedAttribute attr(llvm::StringRef name, mlir::Attribute value);
  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value);
  mlir::NamedAttribute attr(llvm::StringRef name, llvm::ArrayRef<int64_t> values);
  mlir::NamedAttribute realAttr(llvm::StringRef name, double value);
  mlir::NamedAttribute flag(llvm::StringRef name);

  mlir::Value constant(mlir::ElementsAttr value);
  /// A scalar of this element type.
  mlir::Value scalar(double value, mlir::Type elementType);
  /// A vector of i64.
  mlir::Value vector(llvm::ArrayRef<int64_t> values);
  /// A list of tensors as one value, for results; null after an error.
  mlir::Value sequence(llvm::ArrayRef<mlir::Value> elements);
  /// The same elements with other sizes; the value itself if nothing changes.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> sizes);
  mlir::Value cast(mlir::Value value, mlir::Type elementType);

  //===--- Results ----------------------------------------------------------------------------===//

  unsigned getNumOutputs() const;
  bool wantsOutput(unsigned i) const;
  /// The type the model declares for output `i` of the node, if it is an output of the graph; else null.
  mlir::RankedTensorType declaredType(unsigned i) const;
  llvm::LogicalResult yield(llvm::ArrayRef<mlir::Value> results);
  llvm::LogicalResult yield(mlir::Value result) { return yield(llvm::ArrayRef(result)); }
  llvm::LogicalResult yield(mlir::Operation *op);
  llvm::ArrayRef<mlir::Value> getResults() const { return results; }

  //===--- Graphs in attributes ---------------------------------------------------------------===//

  /// Reads the graph in the attribute into `region`, which gets a block with arguments of these types; the
  /// values of the graph's outputs go to `outputs`. The caller ends the block.
  llvm::LogicalResult importGraph(llvm::StringRef attribute, mlir::Region &region,
                                  llvm::ArrayRef<mlir::Type> argumentTypes,
                                  llvm::SmallVectorImpl<mlir::Value> &outputs);
  /// Reads the graph in the attribute, which has no inputs, in the place of the node.
  llvm::LogicalResult inlineGraph(llvm::StringRef attribute, llvm::SmallVectorImpl<mlir::Value> &outputs);

  //===--- Errors -----------------------------------------------------------------------------===//

  /// Reports under the node's name; always failure.
  llvm::LogicalResult error(const llvm::Twine &message);
  bool hasFailed() const { return failed; }
  /// Reports attributes that nobody asked for and results that are missing, and gives the others their
  /// declared sizes.
  void finish();

private:
  friend class GraphImporter;
  void refineResult(unsigned i);
  const ::onnx::AttributeProto *find(llvm::StringRef name) const;
  const ::onnx::AttributeProto *find(llvm::StringRef name, int type, llvm::StringRef typeName);
  static mlir::Value only(mlir::Operation *op) { return op ? op->getResult(0) : mlir::Value(); }

  GraphImporter &importer;
  Scope &scope;
  const ::onnx::NodeProto &node;
  mlir::Location loc;
  int64_t opset;
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::Value> results;
  llvm::StringSet<> seen;
  bool failed = false;
};

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_NODEREADER_H
