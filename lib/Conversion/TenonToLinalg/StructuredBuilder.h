//===- StructuredBuilder.h - Builds the structured ops of one lowering -------------------------===//
//
// What every family's patterns are written with: empty and filled tensors of possibly dynamic size, parallel
// structured ops over a result, and reductions into one. The loops of an op built here are the dimensions of
// its result in order, then the reduced ones.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_CONVERSION_TENONTOLINALG_STRUCTUREDBUILDER_H
#define TENON_LIB_CONVERSION_TENONTOLINALG_STRUCTUREDBUILDER_H

#include "Scalar.h"

#include "tenon/Dialect/Tenon/IR/SymbolicSizes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Transforms/DialectConversion.h"

namespace tenon {

/// An input of a structured op: the tensor in its converted form, the dialect's type of its elements, and for
/// each dimension of the tensor its index in terms of the loops.
struct Input {
  mlir::Value tensor;
  mlir::Type element;
  llvm::SmallVector<mlir::AffineExpr> indices;
  /// The scalar all elements are, if the tensor is a splat constant: then no input is needed.
  mlir::TypedAttr splat;
};

/// A tensor's dimensions divided into kept and reduced ones.
struct ReducedShape {
  /// The type of the kept dimensions, of a compute type's elements.
  mlir::RankedTensorType kept;
  unsigned reductions = 0;
  /// The indices of the tensor in a reduction to `kept`.
  llvm::SmallVector<mlir::AffineExpr> indices;
  /// The indices of a tensor of type `kept` in an op over the whole tensor.
  llvm::SmallVector<mlir::AffineExpr> keptIndices;
};

/// A number of elements: a constant, or else a value of index type.
struct ElementCount {
  int64_t constant = 1;
  mlir::Value dynamic;
};

/// Computes the value at one point of the loops from the loaded inputs, in compute form.
using Body = llvm::function_ref<mlir::Value(ScalarBuilder &, mlir::ValueRange)>;

class StructuredBuilder {
public:
  using Value = mlir::Value;
  using AffineExpr = mlir::AffineExpr;
  using RankedTensorType = mlir::RankedTensorType;

  /// Builds before `op`, an op inside a kernel.
  StructuredBuilder(mlir::ConversionPatternRewriter &rewriter, mlir::Operation *op);

  /// The loop `i`, and the loops `[begin, end)`, as index expressions.
  AffineExpr loop(unsigned i) const { return mlir::getAffineDimExpr(i, context); }
  llvm::SmallVector<AffineExpr> loops(unsigned begin, unsigned end) const;
  llvm::SmallVector<AffineExpr> loops(RankedTensorType type) const { return loops(0, type.getRank()); }
  AffineExpr constant(int64_t value) const { return mlir::getAffineConstantExpr(value, context); }

  /// The operand `original`, converted to `converted`, read at `indices`.
  Input input(Value original, Value converted, llvm::ArrayRef<AffineExpr> indices) const;
  /// A tensor made by this lowering, read at `indices`.
  Input input(Value tensor, llvm::ArrayRef<AffineExpr> indices) const;
  /// A tensor of the shape `sizes` that is not read: gives the reduction loops `[first, first + count)` their
  /// extents.
  Input window(llvm::ArrayRef<AffineExpr> sizes, unsigned first);

  /// The operand broadcast to loops that are the dimensions of `result`, aligned at the last ones.
  Input broadcast(Value original, Value converted, RankedTensorType result) const;

  /// A tensor of undefined elements, in storage form. A size that the kernel's arguments don't tell is an
  /// error.
  Value empty(RankedTensorType type);
  Value fill(RankedTensorType type, mlir::TypedAttr value);

  /// Computes each element of a tensor of type `type` (in the dialect's element types; the value is in
  /// storage form).
  Value parallel(RankedTensorType type, llvm::ArrayRef<Input> inputs, Body body);
  /// The same without conversion of elements: inputs and result are in storage form.
  Value move(RankedTensorType type, llvm::ArrayRef<Input> inputs, Body body);
  /// The input's elements, elsewhere.
  Value move(RankedTensorType type, const Input &input);
  /// Combines `body` over `reductions` more loops. `type` has a compute type's elements.
  Value reduce(RankedTensorType type, Combiner combiner, unsigned reductions, llvm::ArrayRef<Input> inputs,
               Body body, bool isUnsigned = false,
               mlir::arith::FastMathFlags flags = mlir::arith::FastMathFlags::none);
  /// A tensor in compute form, as the dialect's type `type` stores it.
  Value narrow(Value computed, RankedTensorType type);
  /// `tensor` with `low` and `high` more elements a dimension, all of the scalar `value`; itself if there are
  /// none.
  Value pad(Value tensor, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high, mlir::TypedAttr value);

  /// `type` without the dimensions `axes`, or with size 1 in their place, to hold elements of `element`.
  ReducedShape reduceShape(RankedTensorType type, llvm::ArrayRef<int64_t> axes, mlir::Type element,
                           bool keepDims = false);
  /// The number of elements of `type` along `axes`, and that number in a body as a float.
  ElementCount countElements(RankedTensorType type, llvm::ArrayRef<int64_t> axes);
  static Value asFloat(ScalarBuilder &b, const ElementCount &count, mlir::Type type);

  /// Sizes of tensors over one symbol list, and types made of them.
  SymbolicSizes &getSizes() { return sizes; }
  /// The size as a value of index type, from the kernel's arguments.
  Value sizeValue(AffineExpr size);
  /// Whether the tensor, in converted form, is an argument of the kernel: the only thing bodies may extract
  /// from.
  bool isKernelArgument(Value tensor) const {
    return llvm::is_contained(kernelBlock->getArguments(), tensor);
  }

  /// Whether bodies may extract from the operand `what`; reports if not.
  bool checkExtractable(Value tensor, llvm::StringRef what);
  /// The tensor's element at the indices, in a body.
  static Value extract(ScalarBuilder &b, Value tensor, mlir::ValueRange indices);
  /// A loaded index, of integer type, as a place in a dimension of `size`: negative ones count from its end.
  static Value wrapIndex(ScalarBuilder &b, Value index, Value size);
  /// As wrapIndex, for a read: a place out of range becomes the last one. What a program reads with may be
  /// computed from its inputs, or for a branch that is not taken, and must not lead out of its memory.
  static Value readIndex(ScalarBuilder &b, Value index, Value size);

  /// Reports at the op and makes this lowering fail.
  mlir::InFlightDiagnostic error();
  /// Replaces the op, or fails if something was reported.
  mlir::LogicalResult replace(mlir::ValueRange values);

  mlir::ConversionPatternRewriter &rewriter;
  mlir::Location loc;

private:
  Value generic(RankedTensorType stored, Value init, unsigned reductions, llvm::ArrayRef<Input> inputs,
                llvm::function_ref<Value(ScalarBuilder &, mlir::ValueRange inputs, Value accumulator)> body,
                bool inlineSplats);
  Value dimOf(mlir::BlockArgument argument, int64_t dim);

  mlir::MLIRContext *context;
  mlir::Operation *op;
  mlir::Block *kernelBlock;
  SymbolicSizes sizes;
  bool failed = false;
};

/// The dialect's element type of a tensor value.
inline mlir::Type elementOf(mlir::Value tensor) {
  return mlir::cast<mlir::RankedTensorType>(tensor.getType()).getElementType();
}
inline mlir::RankedTensorType tensorType(mlir::Value tensor) {
  return mlir::cast<mlir::RankedTensorType>(tensor.getType());
}
/// The scalar that all elements of a constant tensor are, in storage form; null if there is none.
mlir::TypedAttr getSplat(mlir::Value tensor);

} // namespace tenon

#endif // TENON_LIB_CONVERSION_TENONTOLINALG_STRUCTUREDBUILDER_H
