//===- Winograd.td - The transforms around a convolution by Winograd's algorithm ---------------===//
//
// F(m x m, 3 x 3) of Lavin and Gray, arXiv:1509.09308: a tile of m x m results of a 3x3 convolution takes (m + 2)^2
// products for each pair of channels, and not 9 m^2. Between the two transforms stands a product of matrices for each
// of the (m + 2)^2 points.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_WINOGRAD
#define TENON_DIALECT_TENON_IR_WINOGRAD

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_WinogradInputOp : Tenon_PureOp<"winograd_input"> {
  let summary = "the tiles of a convolution's input, each transformed for Winograd's algorithm";
  let description = [{
    `result[n, i, j, :, :, c] = B' d B` for the tile `d[y, x] = input[n, tile * i + y, tile * j + x, c]` of the padded
    input, `tile + 2` elements high and wide. `pads` are those of a 3x3 convolution, in the order of `tenon.conv`; tiles
    reach beyond them as far as the results' number is no multiple of `tile`, and find zeros there. Which matrix `B` is,
    `getWinogradMatrices` says. Source: Lavin and Gray, arXiv:1509.09308.

    (C1) the input has rank 4, channels last. (C2) `tile` is 2 or 4. (C3) there are 4 pads, none negative. (C4) the padded
    input covers the 3x3 kernel.

    ```mlir
    %v = tenon.winograd_input %x {tile = 4 : i64, pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x7x7x16xf32>) -> tensor<1x2x2x6x6x16xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_I64Attr:$tile, DenseI64ArrayAttr:$pads);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_WinogradOutputOp : Tenon_PureOp<"winograd_output", [Tenon_Contraction]> {
  let summary = "the results of a convolution from the products of Winograd's algorithm";
  let description = [{
    `result[n, tile * i + y, tile * j + x, k] = (A' m A)[y, x]` for the products `m = input[n, i, j, :, :, k]`, as far as
    the result goes: `height` and `width` cut the last tiles. Which matrix `A` is, `getWinogradMatrices` says. Source:
    Lavin and Gray, arXiv:1509.09308.

    (C1) the input has rank 6. (C2) `tile` is 2 or 4, and its points are `tile + 2` in both directions. (C3) height and
    width are positive, and need just as many tiles as there are.

    ```mlir
    %y = tenon.winograd_output %m {tile = 4 : i64, height = 7 : i64, width = 7 : i64}
       : (tensor<1x2x2x6x6x16xf32>) -> tensor<1x7x7x16xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_I64Attr:$tile, Tenon_I64Attr:$height, Tenon_I64Attr:$width);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

#endif // TENON_DIALECT_TENON_IR_WINOGRAD
