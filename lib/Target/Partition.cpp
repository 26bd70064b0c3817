//===- Partition.cpp - Takes a codegen module apart into kernels and the rest ------------------===//

#include "tenon/Target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace tenon;

SmallVector<OwningOpRef<ModuleOp>> tenon::splitModule(ModuleOp module) {
  SmallVector<OwningOpRef<ModuleOp>> parts;
  auto addPart = [&]() -> ModuleOp {
    parts.push_back(ModuleOp::create(module.getLoc()));
    parts.back().get()->setAttrs(module->getAttrDictionary());
    return *parts.back();
  };
  auto isDefinedKernel = [](Operation &op) {
    auto function = dyn_cast<func::FuncOp>(op);
    // What launches other kernels stays with the program, which knows them all.
    return function && function->hasAttr("tenon.kernel") && !function.isDeclaration() &&
           !function->hasAttr("tenon.interleaved");
  };

  for (Operation &op : *module.getBody())
    if (isDefinedKernel(op)) {
      ModuleOp part = addPart();
      part->removeAttr("tenon.model");
      part.push_back(op.clone());
    }
  ModuleOp rest = addPart();
  for (Operation &op : *module.getBody()) {
    if (!isDefinedKernel(op)) {
      rest.push_back(op.clone());
      continue;
    }
    Operation *declaration = op.cloneWithoutRegions();
    cast<func::FuncOp>(declaration).setPrivate();
    rest.push_back(declaration);
  }
  return parts;
}
