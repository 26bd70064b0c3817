//===- Contraction.td - Ops that multiply and accumulate: matrix products and convolutions -----===//

#ifndef TENON_DIALECT_TENON_IR_CONTRACTION
#define TENON_DIALECT_TENON_IR_CONTRACTION

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_MatmulOp : Tenon_PureOp<"matmul", [Tenon_Contraction]> {
  let summary = "the matrix product, batched and broadcast as in NumPy";
  let description = [{
    `result[..., m, n] = sum over k of lhs[..., m, k] * rhs[..., k, n]`, with ONNX MatMul's rules for rank 1 and for
    broadcasting the batch dimensions. `transpose_lhs` and `transpose_rhs` swap the last two dimensions of that operand
    first (rank 2 or more). Integer operands accumulate in i32; `accumulator` names another element type.

    (C1) the reduced sizes agree. (C2) the batch dimensions broadcast. (C3) a transposed operand has rank 2 or more.

    ```mlir
    %c = tenon.matmul %a, %b : (tensor<4x2x3xf32>, tensor<3x5xf32>) -> tensor<4x2x5xf32>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$lhs, Tenon_NumberTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Tenon_DataLayout : I32EnumAttr<"DataLayout", "where the channel dimension of activations stands", [
    I32EnumAttrCase<"channels_first", 0>, I32EnumAttrCase<"channels_last", 1>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_DataLayoutAttr : EnumAttr<Tenon_Dialect, Tenon_DataLayout, "layout">;

def Tenon_ConvOp : Tenon_PureOp<"conv", [Tenon_Contraction]> {
  let summary = "the convolution over any number of spatial dimensions";
  let description = [{
    ONNX Conv without its bias. With `channels_first` the input is `[N, C, spatial...]`, the filter
    `[M, C / group, kernel...]` and the result `[N, M, spatial...]`; with `channels_last` the input is
    `[N, spatial..., C]`, the filter `[kernel..., C / group, M]` and the result `[N, spatial..., M]`.
    `pads` holds the paddings before each spatial dimension, then those after (zeros).

    (C1) input and filter have the same rank of 3 or more. (C2) strides, dilations and group are positive, pads are not
    negative, and their counts fit the spatial rank. (C3) the input's channels are `group` times the filter's.
    (C4) `group` divides the filter's outputs. (C5) the padded input covers the dilated kernel.

    ```mlir
    %y = tenon.conv %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x4x4xf32>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$input, Tenon_NumberTensor:$filter, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, DefaultValuedAttr<I64Attr, "1">:$group,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$input `,` $filter attr-dict `:` functional-type(operands, results)";
}

#endif // TENON_DIALECT_TENON_IR_CONTRACTION
