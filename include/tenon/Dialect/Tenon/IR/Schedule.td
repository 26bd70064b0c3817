//===- Schedule.td - A schedule as data --------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_SCHEDULE
#define TENON_DIALECT_TENON_IR_SCHEDULE

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_ScheduleAttr : Tenon_Attr<"Schedule", "schedule"> {
  let summary = "how the loops of a kernel are carried out";
  let description = [{
    One entry for each structured op that gets loops of its own (a stage); every other op is computed inline where its
    value is used. Ops are numbered in the order they stand in the kernel, dimensions are those of the op. Steps along
    the vector dimension count vector lengths (`2v`), so that a schedule means the same on every machine; the last step
    of a dimension is its extent in the register tile, and a dimension without a loop lies in the tile whole.

    - `loops`: the parallel loops, outermost first; other stages are attached between them. The last one over a dimension
      makes the register tiles, and makes them even: `d0 by 6` over 49 is four tiles of 6 and five of 5. Vectors excepted.
      A stored reduction, or one that is the kernel's result, may have reduction loops here too: blocks, whose partial
      results wait in memory.
    - `inner`: reduction loops of a reduction; of any other stage, loops inside everything attached.
    - `vector`: the dimension laid along vector lanes. A reduction without one follows its consumer's.
    - `parallel n`: the first n loops of the kernel's result are spread over threads.
    - `in p at n`: computed inside n of the loops of stage p, with the result in registers or, with `store`, in scratch.

    ```mlir
    #tenon.schedule<[
      op 3 {loops [d0 by 64, d1 by 2v, d0 by 8], vector d1, parallel 1},
      op 1 {in 3 at 3, inner [d2 by 1]},
      op 0 {store in 3 at 1, loops [d0 by 1], vector d1}
    ]>
    ```
  }];
  let parameters = (ins "::tenon::Schedule":$schedule);
  let hasCustomAssemblyFormat = 1;
}

#endif // TENON_DIALECT_TENON_IR_SCHEDULE
