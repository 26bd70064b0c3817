//===- Reduction.td - Ops that combine the elements along dimensions ----------------------------===//

#ifndef TENON_DIALECT_TENON_IR_REDUCTION
#define TENON_DIALECT_TENON_IR_REDUCTION

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_ReduceKind : I32EnumAttr<"ReduceKind", "how a reduction combines elements", [
    I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"mean", 1>, I32EnumAttrCase<"prod", 2>, I32EnumAttrCase<"max", 3>,
    I32EnumAttrCase<"min", 4>, I32EnumAttrCase<"l1", 5>, I32EnumAttrCase<"l2", 6>, I32EnumAttrCase<"log_sum", 7>,
    I32EnumAttrCase<"log_sum_exp", 8>, I32EnumAttrCase<"sum_square", 9>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_ReduceKindAttr : EnumAttr<Tenon_Dialect, Tenon_ReduceKind, "reduce_kind">;

def Tenon_ReduceOp : Tenon_PureOp<"reduce", [Tenon_Reduction]> {
  let summary = "the elements along some dimensions combined to one";
  let description = [{
    `l1` is the sum of absolute values, `l2` the root of the sum of squares, `log_sum` the logarithm of the sum,
    `log_sum_exp` that of the sum of exponentials. Nothing to combine gives 0 (sums), 1 (`prod`), the lowest (`max`) or
    highest (`min`) value of the type. With `keep_dims` the reduced dimensions stay, of size 1. No axes: the elements
    are combined each by itself (`sum_square` squares them).

    (C1) the axes increase and are dimensions of the input. (C2) bool is reduced by `max` (any) and `min` (all) only.

    ```mlir
    %y = tenon.reduce sum %x {axes = array<i64: 1>, keep_dims} : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins Tenon_ReduceKindAttr:$kind, Tenon_Tensor:$input, DenseI64ArrayAttr:$axes, UnitAttr:$keep_dims);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}

def Tenon_Extremum : I32EnumAttr<"Extremum", "which end of an order", [
    I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"min", 1>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_ExtremumAttr : EnumAttr<Tenon_Dialect, Tenon_Extremum, "extremum">;

def Tenon_ArgReduceOp : Tenon_PureOp<"arg_reduce", [Tenon_Reduction]> {
  let summary = "the index of the largest or smallest element along a dimension";
  let description = [{
    Of equal elements the first counts, or with `select_last` the last. `keep_dims` as in `tenon.reduce`.

    (C1) the axis is a dimension of the input.

    ```mlir
    %y = tenon.arg_reduce max %x {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins Tenon_ExtremumAttr:$kind, Tenon_NumberTensor:$input, Tenon_I64Attr:$axis, UnitAttr:$keep_dims,
                       UnitAttr:$select_last);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}

class Tenon_Cumulative<string mnemonic, string what> : Tenon_PureOp<mnemonic, [Tenon_Unstructured]> {
  let summary = "the running " # what # " along a dimension";
  let description = "Element i is the " # what # [{ of the elements up to and including i along `axis`: before i
    with `exclusive`, from the end with `reverse`.

    (C1) the axis is a dimension of the input.

    ```mlir
    %y = tenon.}] # mnemonic # [{ %x {axis = 1 : i64, exclusive} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$input, Tenon_I64Attr:$axis, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}
def Tenon_CumsumOp : Tenon_Cumulative<"cumsum", "sum">;
def Tenon_CumprodOp : Tenon_Cumulative<"cumprod", "product">;

#endif // TENON_DIALECT_TENON_IR_REDUCTION
