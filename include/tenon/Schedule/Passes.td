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
    Option<"features", "features", "std::string", "\"\"", "LLVM features to add to the machine's">,
    Option<"cores", "cores", "unsigned", "0", "Cores the kernels run on; 0 for the machine's">];
}

def InterleaveKernels : Pass<"tenon-interleave-kernels", "::mlir::ModuleOp"> {
  let summary = "let kernels that hand on large tensors take turns, band by band";
  let description = [{
    Marks consecutive calls of scheduled kernels with `tenon.interleave` where running them in turns keeps what they
    hand on in the second-level cache, and the estimate says that this saves time. Nothing is computed twice.

    ```mlir
    %1 = call @k0(%x) : ...
    %2 = call @k1(%1) : ...
    // becomes
    %1 = call @k0(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 14, bands = 28, ahead = 2>} : ...
    %2 = call @k1(%1) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 28>} : ...
    ```
  }];
  let options = [
    Option<"machine", "machine", "std::string", "\"host\"", "Name of the machine to schedule for">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM CPU in place of the machine's">,
    Option<"features", "features", "std::string", "\"\"", "LLVM features to add to the machine's">,
    Option<"cores", "cores", "unsigned", "0", "Cores to deal the bands out to; 0 for the machine's">,
    Option<"regardless", "regardless", "bool", "false", "Whether all kernels take turns that can, gain or not">];
}

#endif // TENON_SCHEDULE_PASSES
