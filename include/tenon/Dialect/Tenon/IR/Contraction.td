//===- Contraction.td - Ops that multiply and accumulate: matrix products and convolutions -----===//

#ifndef TENON_DIALECT_TENON_IR_CONTRACTION
#define TENON_DIALECT_TENON_IR_CONTRACTION

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_MatmulOp : Tenon_PureOp<"matmul", [Tenon_Contraction]> {
  let summary = "the matrix product, batched and broadcast as in NumPy";
  let description = [{
    `result[..., m, n] = sum over k of lhs[..., m, k] * rhs[..., k, n]`, with ONNX MatMul's rules for rank 1 and for
    broadcasting the batch dimensions. `transpose_lhs` and `transpose_rhs` swap the last two dimensions of that operand
    first. Integers of 8 and 16 bits accumulate in i32, and give that.

    (C1) the reduced sizes agree. (C2) the batch dimensions broadcast. (C3) a transposed operand has rank 2 or more.

    ```mlir
    %c = tenon.matmul %a, %b : (tensor<4x2x3xf32>, tensor<3x5xf32>) -> tensor<4x2x5xf32>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$lhs, Tenon_NumberTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

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
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, DefaultValuedAttr<Tenon_I64Attr, "1">:$group,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$input `,` $filter attr-dict `:` functional-type(operands, results)";
}

def Tenon_ConvTransposeOp : Tenon_PureOp<"conv_transpose", [Tenon_Contraction]> {
  let summary = "the transposed convolution: each input element spreads a kernel over the result";
  let description = [{
    ONNX ConvTranspose without its bias. Layouts as in `tenon.conv`, but the filter is `[C, M / group, kernel...]`, or
    with `channels_last` `[kernel..., C, M / group]`. A spatial size of the result is
    `stride * (input - 1) + output_padding + dilation * (kernel - 1) + 1 - pads`.

    (C1) input and filter have the same rank of 3 or more. (C2) strides, dilations and group are positive, pads and output
    paddings are not negative, and their counts fit the spatial rank. (C3) input and filter have the same channels, which
    `group` divides. (C4) no size of the result is negative.

    ```mlir
    %y = tenon.conv_transpose %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
           pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>}
       : (tensor<1x3x4x4xf32>, tensor<3x16x2x2xf32>) -> tensor<1x16x8x8xf32>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$input, Tenon_NumberTensor:$filter, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$output_padding,
                       DefaultValuedAttr<Tenon_I64Attr, "1">:$group,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$input `,` $filter attr-dict `:` functional-type(operands, results)";
}

def Tenon_EinsumOp : Tenon_PureOp<"einsum", [Tenon_Contraction]> {
  let summary = "products of elements summed over the indices that the result lacks";
  let description = [{
    The equation names the dimensions of each operand and of the result by letters, in explicit form, without spaces and
    ellipses: those are spelt out at import. A letter twice in an operand takes its diagonal.

    (C1) the equation is `term(,term)*->term`, of letters, with a term per operand and a letter per dimension. (C2) the
    sizes of dimensions of one letter agree. (C3) the result's letters differ, and each is one of an operand. (C4) the
    operands have one element type.

    ```mlir
    %z = tenon.einsum "bij,bjk->bik" %x, %y : (tensor<4x2x3xf32>, tensor<4x3x5xf32>) -> tensor<4x2x5xf32>
    ```
  }];
  let arguments = (ins StrAttr:$equation, Variadic<Tenon_NumberTensor>:$inputs);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$equation $inputs attr-dict `:` functional-type(operands, results)";
}

def Tenon_AttentionOp : Tenon_PureOp<"attention", [Tenon_Contraction]> {
  let summary = "scaled dot-product attention";
  let description = [{
    `softmax(scale * query key' + mask) value` for each head, the softmax over the keys. Query is
    `[batch, heads, queries, dim]`, key and value `[batch, groups, keys, dim]`, each group serving `heads / groups`
    neighbouring heads; the mask is added and broadcasts to `[batch, heads, queries, keys]`. With `causal` query `i` sees
    keys up to `i` only. Source: Vaswani et al., arXiv 1706.03762; Ainslie et al., arXiv 2305.13245; ONNX Attention-25.

    (C1) query, key and value have rank 4, and with the mask one element type. (C2) batches agree; the dims of query and
    key; the groups and keys of key and value. (C3) the groups divide the heads. (C4) the mask broadcasts as said.

    ```mlir
    %y = tenon.attention %q, %k, %v mask(%m) {scale = 0.125 : f32}
       : (tensor<1x8x5x64xf32>, tensor<1x2x7x64xf32>, tensor<1x2x7x64xf32>, tensor<5x7xf32>) -> tensor<1x8x5x64xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$query, Tenon_FloatTensor:$key, Tenon_FloatTensor:$value,
                       Optional<Tenon_FloatTensor>:$mask, F32Attr:$scale, UnitAttr:$causal);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` `(` $mask^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // TENON_DIALECT_TENON_IR_CONTRACTION
