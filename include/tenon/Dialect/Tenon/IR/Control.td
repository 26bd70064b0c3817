//===- Control.td - Branches and loops over whole graphs ----------------------------------------===//
//
// Regions may use values from outside, and end with tenon.yield.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_CONTROL
#define TENON_DIALECT_TENON_IR_CONTROL

include "tenon/Dialect/Tenon/IR/TenonBase.td"

class Tenon_ControlOp<string mnemonic, list<Trait> traits = []>
    : Tenon_Op<mnemonic, !listconcat([Tenon_Unstructured, SingleBlock, RecursiveMemoryEffects], traits)> {
  let results = (outs Variadic<Tenon_Tensor>:$results);
  let hasRegionVerifier = 1;
}

def Tenon_IfOp : Tenon_ControlOp<"if"> {
  let summary = "the results of one of two graphs";
  let description = [{
    (C1) the condition has one element. (C2) both regions have no arguments and yield values of the result types, or more
    precise ones.

    ```mlir
    %r = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
      tenon.yield %x : tensor<2xf32>
    } else {
      tenon.yield %y : tensor<2xf32>
    }
    ```
  }];
  let arguments = (ins Tenon_BoolTensor:$condition);
  let regions = (region SizedRegion<1>:$then_region, SizedRegion<1>:$else_region);
  let assemblyFormat = [{
    $condition `:` functional-type(operands, results) $then_region `else` $else_region attr-dict
  }];
}

def Tenon_LoopOp : Tenon_ControlOp<"loop", [AttrSizedOperandSegments]> {
  let summary = "a graph run again and again on its own results";
  let description = [{
    Runs while the condition holds, at most `trip_count` times (ONNX Loop). The region's arguments are the iteration
    number (`tensor<i64>`), the condition (`tensor<i1>`) and the carried values; it yields the next condition, the next
    carried values, and elements of scan outputs. The results are the last carried values, then the scan outputs: all
    elements of one stacked along a new first dimension.

    (C1) trip count and condition have one element. (C2) the region's arguments are as said, and those carried cover the
    types of `initial` and of the values yielded for them. (C3) it yields a condition, a value per carried one and one per
    scan output, which have the results' types (stacked).

    ```mlir
    %r, %all = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<i64>) -> (tensor<2xf32>, tensor<?x2xf32>) {
    ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
      %w = tenon.add %v, %v : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
      tenon.yield %c, %w, %w : tensor<i1>, tensor<2xf32>, tensor<2xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Tenon_Tensor>:$initial, Optional<RankedTensorOf<[I64]>>:$trip_count,
                       Optional<Tenon_BoolTensor>:$condition);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $initial `)` (`trip` `(` $trip_count^ `)`)? (`while` `(` $condition^ `)`)? attr-dict
    `:` functional-type(operands, results) $body
  }];
}

def Tenon_ScanOp : Tenon_ControlOp<"scan", [AttrSizedOperandSegments]> {
  let summary = "a graph run on each slice of its inputs in turn";
  let description = [{
    Walks `inputs` along `input_axes` together. The region's arguments are the states and a slice of each input; it yields
    the next states and a slice of each output. The results are the last states, then the outputs stacked along
    `output_axes`. `input_reverse` and `output_reverse` say which are walked and stacked from the end.

    (C1) there is an input, and an axis and a direction per input and output. (C2) the axes are dimensions. (C3) the
    region's arguments are as said, and yielded values have the types of the results (stacked).

    ```mlir
    %s, %all = tenon.scan(%x) over(%y) {input_axes = array<i64: 0>, output_axes = array<i64: 0>,
                 input_reverse = array<i1: false>, output_reverse = array<i1: false>}
             : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
    ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
      %c = tenon.add %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
      tenon.yield %c, %c : tensor<2xf32>, tensor<2xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Tenon_Tensor>:$initial, Variadic<Tenon_Tensor>:$inputs, DenseI64ArrayAttr:$input_axes,
                       DenseI64ArrayAttr:$output_axes, DenseBoolArrayAttr:$input_reverse,
                       DenseBoolArrayAttr:$output_reverse);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $initial `)` `over` `(` $inputs `)` attr-dict `:` functional-type(operands, results) $body
  }];
}

#endif // TENON_DIALECT_TENON_IR_CONTROL
