//===- StructuredKernel.cpp - The structured description of a kernel ----------------------------===//

#include "tenon/Structure/StructuredKernel.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

bool StructuredOp::isReduction() const {
  return llvm::is_contained(iterators, utils::IteratorType::reduction);
}

Operation *tenon::findUnstructuredOp(func::FuncOp function) {
  for (Operation &op : function.getOps())
    if (op.hasTrait<trait::Unstructured>())
      return &op;
  return nullptr;
}

SmallVector<StringAttr> tenon::collectSymbols(TypeRange types) {
  SmallVector<StringAttr> symbols;
  for (Type type : types)
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      if (auto dims = dyn_cast_or_null<DimsAttr>(tensor.getEncoding()))
        for (StringAttr name : dims.getSymbols())
          if (!llvm::is_contained(symbols, name))
            symbols.push_back(name);
  llvm::sort(symbols, [](StringAttr a, StringAttr b) { return a.getValue() < b.getValue(); });
  return symbols;
}

/// Sets the extent of each loop from the sizes of the tensors that a plain dimension of their map indexes.
static LogicalResult setExtents(StructuredOp &described, linalg::GenericOp generic, SymbolicSizes &sizes) {
  described.extents.assign(described.getNumLoops(), AffineExpr());
  for (OpOperand &operand : generic->getOpOperands()) {
    AffineMap map = generic.getMatchingIndexingMap(&operand);
    SymbolicSizes::Sizes shape = sizes.of(cast<RankedTensorType>(operand.get().getType()));
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && !described.extents[dim.getPosition()])
        described.extents[dim.getPosition()] = shape[i];
  }
  for (auto [i, extent] : llvm::enumerate(described.extents))
    if (!extent)
      return generic.emitOpError("expects a known extent of loop ") << i << ", but no operand gives one";
  return success();
}

static FailureOr<StructuredOp> describe(linalg::GenericOp generic, SymbolicSizes &sizes) {
  StructuredOp described;
  described.op = generic;
  llvm::append_range(described.iterators, generic.getIteratorTypesArray());
  if (failed(setExtents(described, generic, sizes)))
    return failure();
  for (OpOperand &operand : generic->getOpOperands()) {
    bool used = !generic.getMatchingBlockArgument(&operand).use_empty();
    if (generic.isDpsInput(&operand) && used)
      described.inputs.push_back({operand.get(), generic.getMatchingIndexingMap(&operand)});
  }
  for (OpResult result : generic->getResults()) {
    AffineMap map = generic.getIndexingMapMatchingResult(result);
    if (!map.isProjectedPermutation())
      return generic.emitOpError("expects results written by plain dimensions, but got map ")
             << AffineMapAttr::get(map);
    described.outputs.push_back({result, map});
  }
  return described;
}

static StructuredOp describe(tensor::PadOp pad, SymbolicSizes &sizes) {
  StructuredOp described;
  described.op = pad;
  RankedTensorType type = pad.getResultType();
  described.iterators.assign(type.getRank(), utils::IteratorType::parallel);
  described.extents = sizes.of(type);
  AffineMap identity = AffineMap::getMultiDimIdentityMap(type.getRank(), pad.getContext());
  SmallVector<AffineExpr> shifted;
  for (auto [i, low] : llvm::enumerate(pad.getStaticLow()))
    shifted.push_back(getAffineDimExpr(i, pad.getContext()) - low);
  described.inputs.push_back({pad.getSource(), AffineMap::get(type.getRank(), 0, shifted, pad.getContext())});
  described.outputs.push_back({pad.getResult(), identity});
  return described;
}

FailureOr<StructuredKernel> StructuredKernel::create(func::FuncOp function) {
  StructuredKernel kernel(function);
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("expects a kernel of one block");
  SmallVector<Type> types(function.getArgumentTypes());
  llvm::append_range(types, function.getResultTypes());
  for (StringAttr name : collectSymbols(types))
    kernel.sizes.symbol(name);

  Block &body = function.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
      FailureOr<StructuredOp> described = describe(generic, kernel.sizes);
      if (failed(described))
        return failure();
      kernel.ops.push_back(*described);
    } else if (auto pad = dyn_cast<tensor::PadOp>(op)) {
      if (llvm::any_of(pad.getStaticLow(), ShapedType::isDynamic) || !pad.getConstantPaddingValue())
        return pad.emitOpError("expects static low padding and a constant value");
      kernel.ops.push_back(describe(pad, kernel.sizes));
    } else if (!isa<linalg::FillOp, tensor::EmptyOp, tensor::DimOp>(op) && !isPure(&op)) {
      return op.emitOpError("is not a structured op");
    }
  }
  if (kernel.ops.empty())
    return function.emitOpError("expects a kernel with a structured op");
  for (Value result : body.getTerminator()->getOperands()) {
    std::optional<unsigned> number = kernel.numberOf(result);
    if (!number)
      return function.emitOpError("expects results that structured ops define");
    kernel.root = std::max(kernel.root, *number);
  }
  return kernel;
}

std::optional<unsigned> StructuredKernel::numberOf(Operation *op) const {
  for (auto [i, described] : llvm::enumerate(ops))
    if (described.op == op)
      return i;
  return std::nullopt;
}

std::optional<unsigned> StructuredKernel::numberOf(Value value) const {
  return value.getDefiningOp() ? numberOf(value.getDefiningOp()) : std::nullopt;
}

llvm::DenseMap<unsigned, SmallVector<std::optional<unsigned>>> StructuredKernel::mapLoopsToRoot() const {
  llvm::DenseMap<unsigned, SmallVector<std::optional<unsigned>>> mapped;
  SmallVector<std::optional<unsigned>> identity;
  for (unsigned loop = 0; loop < ops[root].getNumLoops(); ++loop)
    identity.push_back(ops[root].isReductionLoop(loop) ? std::nullopt : std::optional<unsigned>(loop));
  mapped[root] = identity;
  // Readers stand behind what they read: one pass backwards sees each op after a reader of it.
  for (unsigned number = root + 1; number-- > 0;) {
    if (!mapped.contains(number))
      continue;
    SmallVector<std::optional<unsigned>> loops = mapped[number];
    for (const Access &input : ops[number].inputs) {
      std::optional<unsigned> producer = numberOf(input.tensor);
      if (!producer || mapped.contains(*producer))
        continue;
      SmallVector<std::optional<unsigned>> producerLoops(ops[*producer].getNumLoops());
      AffineMap written = ops[*producer].outputs[cast<OpResult>(input.tensor).getResultNumber()].map;
      for (auto [read, write] : llvm::zip(input.map.getResults(), written.getResults()))
        if (auto dim = dyn_cast<AffineDimExpr>(read))
          producerLoops[cast<AffineDimExpr>(write).getPosition()] = loops[dim.getPosition()];
      mapped[*producer] = producerLoops;
    }
  }
  return mapped;
}

unsigned StructuredKernel::widestElementBits() const {
  unsigned bits = 8;
  for (const StructuredOp &op : ops)
    for (const Access &output : op.outputs)
      bits = std::max(bits, getElementTypeOrSelf(output.tensor.getType()).getIntOrFloatBitWidth());
  return bits;
}
