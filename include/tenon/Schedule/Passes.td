//===- Passes.td - Passes of the schedule phase -----------------------------------------------------===//

#ifndef TENON_SCHEDULE_PASSES
#define TENON_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

def ChooseSchedules : Pass<"tenon-choose-schedules", "::mlir::ModuleOp"> {
  let summary = "give each kernel the schedule the analytic model ranks first";
  let description = [{
    Kernels are the functions with the attribute `tenon.structured`; one that has a `tenon.schedule` already keeps it.
    The estimate in cycles of one core is left in `tenon.cycles`.

    ```mlir
    func.func private @k(...) attributes {tenon.structured}
    // becomes
    func.func private @k(...) attributes {tenon.structured, tenon.schedule = #tenon.schedule<...>, tenon.cycles = ...}
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", "\"host\"", "Name of the machine to schedule for">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM CPU in place of the machine's">,
    Option<"features", "features", "std::string", "\"\"", "LLVM features to add to the machine's">];
}

#endif // TENON_SCHEDULE_PASSES
