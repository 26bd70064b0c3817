//===- Quant.td - Ops between real numbers and their quantized forms ----------------------------===//
//
// Integer matrix products and convolutions are tenon.matmul and tenon.conv on integers.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_QUANT
#define TENON_DIALECT_TENON_IR_QUANT

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_QuantizeLinearOp : Tenon_PureOp<"quantize_linear", [Tenon_Elementwise]> {
  let summary = "real numbers as integer multiples of a scale";
  let description = [{
    `saturate(round(input / scale) + zero_point)`, halves to even, clamped to the range of `to`. Scale and zero point are
    one value; or a vector, a value per element of `axis`; or with `block_size` of the input's rank, a value per
    `block_size` elements along `axis`.

    (C1) `to` is an integer type of 8, 16 or 32 bits, and the zero point's, if any. (C2) the zero point has the scale's
    shape. (C3) a vector scale has the size of dimension `axis`. (C4) with `block_size` the scale has the input's sizes,
    but for `axis` where it is that of the input divided by the block size, rounded up.

    ```mlir
    %q = tenon.quantize_linear %x, %s zero(%z) to ui8 {axis = 1 : i64}
       : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xui8>) -> tensor<2x3xui8>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$input, Tenon_FloatTensor:$scale, Optional<Tenon_IntTensor>:$zero_point,
                       TypeAttr:$to, DefaultValuedAttr<Tenon_I64Attr, "1">:$axis, DefaultValuedAttr<Tenon_I64Attr, "0">:$block_size);
  let results = (outs Tenon_IntTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale (`zero` `(` $zero_point^ `)`)? `to` $to attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_DequantizeLinearOp : Tenon_PureOp<"dequantize_linear", [Tenon_Elementwise]> {
  let summary = "integer multiples of a scale as real numbers";
  let description = [{
    `(input - zero_point) * scale`, of the scale's element type; scale and zero point as in `tenon.quantize_linear`.

    (C1) the zero point has the input's element type. (C2) the zero point has the scale's shape. (C3) a vector scale has
    the size of dimension `axis`. (C4) with `block_size` as (C4) of `tenon.quantize_linear`.

    ```mlir
    %x = tenon.dequantize_linear %q, %s zero(%z) {axis = 1 : i64}
       : (tensor<2x3xi8>, tensor<3xf32>, tensor<3xi8>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_IntTensor:$input, Tenon_FloatTensor:$scale, Optional<Tenon_IntTensor>:$zero_point,
                       DefaultValuedAttr<Tenon_I64Attr, "1">:$axis, DefaultValuedAttr<Tenon_I64Attr, "0">:$block_size);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale (`zero` `(` $zero_point^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // TENON_DIALECT_TENON_IR_QUANT
