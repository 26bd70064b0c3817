//===- Pooling.td - Ops that combine the elements under a sliding window ------------------------===//
//
// The window parameters are those of tenon.conv. Global pooling is tenon.reduce.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_POOLING
#define TENON_DIALECT_TENON_IR_POOLING

include "tenon/Dialect/Tenon/IR/TenonBase.td"

defvar Tenon_PoolingConstraints = [{

    `pads` holds the paddings before each spatial dimension, then those after. With `ceil_mode` a last window that starts
    inside the input or the padding before it, but does not fit, counts too.

    (C1) the input has rank 3 or more. (C2) kernel, strides and dilations are positive, pads are not negative, and their
    counts fit the spatial rank. (C3) the padded input covers the dilated kernel.
}];

class Tenon_Pooling<string mnemonic, string what, Type tensor, dag extra, string meaning, string exampleAttributes = "">
    : Tenon_PureOp<mnemonic, [Tenon_Reduction]> {
  let summary = what;
  let description = meaning # Tenon_PoolingConstraints # [{
    ```mlir
    %y = tenon.}] # mnemonic # [{ %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
         pads = array<i64: 0, 0, 0, 0>}] # exampleAttributes # [{} : (tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32>
    ```
  }];
  let arguments = !con((ins tensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                        DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, UnitAttr:$ceil_mode,
                        DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout), extra);
  let results = (outs tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_MaxPoolOp : Tenon_Pooling<"max_pool", "the largest element under a window", Tenon_NumberTensor, (ins), [{
    Padding never counts. Nan elements make the result unspecified.}]>;

def Tenon_AveragePoolOp : Tenon_Pooling<"average_pool", "the mean of the elements under a window", Tenon_FloatTensor,
    (ins UnitAttr:$count_include_pad), [{
    Divides by the number of elements of the input under the window; with `count_include_pad` the paddings count as
    zeros, though never what `ceil_mode` adds beyond them.}]>;

def Tenon_LpPoolOp : Tenon_Pooling<"lp_pool", "the p-norm of the elements under a window", Tenon_FloatTensor,
    (ins Tenon_I64Attr:$p), [{
    `sum(|x|^p)^(1/p)`. (C4) `p` is positive.}], ", p = 2 : i64">;

def Tenon_MaxPoolWithIndicesOp : Tenon_PureOp<"max_pool_with_indices", [Tenon_Reduction]> {
  let summary = "the largest element under a window, and where it stands";
  let description = [{
    As `tenon.max_pool`; `indices` are positions in the whole flattened input (of equal elements the first), row major
    or, with `column_major`, with the spatial dimensions in reverse order.
}] # Tenon_PoolingConstraints # [{
    ```mlir
    %y, %i = tenon.max_pool_with_indices %x {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>,
             pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>) -> (tensor<1x3x4xf32>, tensor<1x3x4xi64>)
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, UnitAttr:$ceil_mode, UnitAttr:$column_major,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let results = (outs Tenon_NumberTensor:$result, RankedTensorOf<[I64]>:$indices);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // TENON_DIALECT_TENON_IR_POOLING
