//===- Program.cpp - Evaluates constants and kernels ---------------------------------------------===//

#include "Invocation.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

static Results evaluate(ConstantOp op, Invocation &call) {
  FailureOr<HostTensor> tensor = HostTensor::from(op.getValue());
  if (failed(tensor))
    return call.emitError() << "has a value that can't be read as a host tensor, of type "
                            << op.getValue().getType();
  return Tensors{*tensor};
}

static Results evaluate(KernelOp op, Invocation &call) {
  return call.interpreter.run(op.getBody(), call.operands);
}

void reference::addProgram(OpTable &table) {
  table.add<ConstantOp>([](ConstantOp op, Invocation &call) { return evaluate(op, call); });
  table.add<KernelOp>([](KernelOp op, Invocation &call) { return evaluate(op, call); });
}
