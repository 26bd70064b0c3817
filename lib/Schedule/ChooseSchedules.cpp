//===- ChooseSchedules.cpp - Give each kernel the schedule the model ranks first --------------------===//

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Machine/Machine.h"
#include "tenon/Schedule/Passes.h"
#include "tenon/Schedule/Space/ScheduleSpace.h"

namespace tenon {
#define GEN_PASS_DEF_CHOOSESCHEDULES
#include "tenon/Schedule/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {
struct ChooseSchedules : tenon::impl::ChooseSchedulesBase<ChooseSchedules> {
  using ChooseSchedulesBase::ChooseSchedulesBase;

  void runOnOperation() override {
    std::string error;
    llvm::FailureOr<Machine> described = lookupMachine(machine, cpu, features, &error);
    if (failed(described)) {
      getOperation().emitError(error);
      return signalPassFailure();
    }
    if (cores != 0)
      described->cores = cores;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr("tenon.structured") || function->hasAttr("tenon.schedule") ||
          findUnstructuredOp(function))
        continue;
      FailureOr<StructuredKernel> kernel = StructuredKernel::create(function);
      if (failed(kernel))
        return signalPassFailure();
      ScoredSchedule best = enumerateSchedules(*kernel, *described, 1).front();
      Builder builder(function);
      function->setAttr("tenon.schedule", ScheduleAttr::get(&getContext(), best.schedule));
      function->setAttr("tenon.cycles", builder.getF64FloatAttr(best.cycles));
    }
  }
};
} // namespace
