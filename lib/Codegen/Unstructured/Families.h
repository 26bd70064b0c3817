//===- Families.h - The ops that have loops of their own, a file a family ------------------------===//

#ifndef TENON_LIB_CODEGEN_UNSTRUCTURED_FAMILIES_H
#define TENON_LIB_CODEGEN_UNSTRUCTURED_FAMILIES_H

#include "Unstructured.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

namespace tenon {

void emitLoops(CumsumOp op, LoopBuilder &b, const OpBuffers &buffers);
void emitLoops(CumprodOp op, LoopBuilder &b, const OpBuffers &buffers);
void emitLoops(ScatterElementsOp op, LoopBuilder &b, const OpBuffers &buffers);
void emitLoops(ScatterNdOp op, LoopBuilder &b, const OpBuffers &buffers);
void emitLoops(TensorScatterOp op, LoopBuilder &b, const OpBuffers &buffers);
void emitLoops(TopKOp op, LoopBuilder &b, const OpBuffers &buffers);

} // namespace tenon

#endif // TENON_LIB_CODEGEN_UNSTRUCTURED_FAMILIES_H
