//===- Program.cpp - Verifiers of constants, kernels and launches ------------------------------===//

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace tenon;

FailureOr<SmallVector<Type>> ConstantOp::infer(std::optional<Location>, Adaptor op) {
  return SmallVector<Type>{op.getValue().getType()};
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult KernelOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes()) // kernel_c1
    return emitOpError("expects block arguments of types ")
           << getInputs().getTypes() << ", but got " << block.getArgumentTypes();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield)
    return emitOpError("expects a region that ends with 'tenon.yield'");
  if (yield.getValues().getTypes() != getResultTypes()) // kernel_c2
    return emitOpError("expects yielded values of types ")
           << getResultTypes() << ", but got " << yield.getValues().getTypes();
  return success();
}

LogicalResult LaunchOp::verify() {
  if (getFrom() && !getSerial()) // launch_c3
    return emitOpError("expects 'from' together with 'serial'");
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto callee = symbolTable.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getKernelAttr());
  if (!callee)
    return emitOpError("expects a kernel function, but '") << getKernel() << "' is none";
  ArrayRef<Type> types = callee.getArgumentTypes();
  if (types.size() < 2 || !types.back().isIndex() || !types.drop_back().back().isIndex()) // launch_c1
    return emitOpError("expects a kernel whose last two arguments are of type index");
  if (types.drop_back(2) != ArrayRef<Type>(llvm::to_vector(getArguments().getTypes()))) // launch_c2
    return emitOpError("expects arguments of types ")
           << types.drop_back(2) << ", but got " << getArguments().getTypes();
  return success();
}
