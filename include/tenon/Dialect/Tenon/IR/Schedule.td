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
    - `with r`: of a stored stage: computed in the loops of reduction r, which stands in the same place and reads it, and
      stored on the way. It has no loops of its own.

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

def Tenon_InterleaveAttr : Tenon_Attr<"Interleave", "interleave"> {
  let summary = "which calls of kernels take turns, and how far each is ahead";
  let description = [{
    On calls of a scheduled program that stand one behind another, as `tenon.interleave`: those of one `group` run band
    by band rather than one after another, so that what one of them writes is still in cache when the next one reads it.
    A kernel runs in steps of `step` parallel iterations, n of them in all.

    - `bands`: behind band b, (b + 1) * n / bands + `ahead` steps are done, as far as there are so many.
    - `shares`: the bands are dealt out to so many threads. Share p does the steps from p * n / shares - `before` up to
      (p + 1) * n / shares + `behind`: what a window reads beyond its own rows is computed by both neighbours.

    ```mlir
    %1 = call @k0(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 14, bands = 28, ahead = 2>} : ...
    %2 = call @k1(%1) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 28>} : ...
    ```
  }];
  let parameters = (ins "int64_t":$group, "int64_t":$step, "int64_t":$bands, DefaultValuedParameter<"int64_t", "1">:$shares,
                    DefaultValuedParameter<"int64_t", "0">:$ahead, DefaultValuedParameter<"int64_t", "0">:$before,
                    DefaultValuedParameter<"int64_t", "0">:$behind);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tenon_RollingAttr : Tenon_Attr<"Rolling", "rolling"> {
  let summary = "the part of a tensor that is in memory while kernels take turns";
  let description = [{
    In `tenon.rolling`, an array with an element for each result of a call with `tenon.interleave`, for a result that is
    read by the group's calls alone: memory for `window` bytes of it, for each share, rolls over its T bytes.

    At the first of every `every` bands of a share, the window moves to begin at b * T / bands - `low` (at 0 at the
    least), and what was written of it comes along. No call reads or writes before that from then on. Up to band b
    nothing is written from (b + 1) * T / bands + `high` on. Both are in bytes and rounded to 64.

    ```mlir
    %1 = call @k0(%x) {tenon.rolling = [#tenon.rolling<window = 65536, low = 8192, high = 512, every = 2>], ...} : ...
    ```
  }];
  let parameters = (ins "int64_t":$window, "int64_t":$low, "int64_t":$high, "int64_t":$every);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // TENON_DIALECT_TENON_IR_SCHEDULE
