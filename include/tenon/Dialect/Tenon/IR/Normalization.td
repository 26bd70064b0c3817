//===- Normalization.td - Ops that rescale elements by statistics of their neighbourhood -------===//
//
// Half precision inputs are normalized in f32. Statistics are over the elements of one sample; batch_norm's are given.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_NORMALIZATION
#define TENON_DIALECT_TENON_IR_NORMALIZATION

include "tenon/Dialect/Tenon/IR/TenonBase.td"

class Tenon_Normalization<string mnemonic> : Tenon_PureOp<mnemonic, [Tenon_Reduction]> {
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

class Tenon_Softmax<string mnemonic, string formula> : Tenon_Normalization<mnemonic> {
  let summary = formula # " along a dimension";
  let description = "`" # formula # [{` with the sum along `axis`, computed from `x - max(x)`.

    (C1) the axis is a dimension of the input.

    ```mlir
    %y = tenon.}] # mnemonic # [{ %x {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_I64Attr:$axis);
}
def Tenon_SoftmaxOp : Tenon_Softmax<"softmax", "exp(x) / sum(exp(x))">;
def Tenon_LogSoftmaxOp : Tenon_Softmax<"log_softmax", "x - log(sum(exp(x)))">;

def Tenon_LayerNormOp : Tenon_PureOp<"layer_norm", [Tenon_Reduction, AttrSizedOperandSegments]> {
  let summary = "elements normalized over the last dimensions";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * scale + bias`, the statistics over the dimensions from `axis` on; scale and
    bias broadcast to the input. Source: Ba et al., arXiv 1607.06450; ONNX LayerNormalization-17.

    (C1) the axis is a dimension of the input. (C2) scale and bias broadcast to the input and have its element type.

    ```mlir
    %y = tenon.layer_norm %x scale(%s) bias(%b) {axis = 1 : i64, epsilon = 1.0e-05 : f32}
       : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Optional<Tenon_FloatTensor>:$scale, Optional<Tenon_FloatTensor>:$bias,
                       Tenon_I64Attr:$axis, F32Attr:$epsilon);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` `(` $scale^ `)`)? (`bias` `(` $bias^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_RmsNormOp : Tenon_PureOp<"rms_norm", [Tenon_Reduction]> {
  let summary = "elements divided by their root mean square over the last dimensions";
  let description = [{
    `x / sqrt(mean(x^2) + epsilon) * scale`, the mean over the dimensions from `axis` on; scale broadcasts to the input.
    Source: Zhang and Sennrich, arXiv 1910.07467; ONNX RMSNormalization-23.

    (C1) the axis is a dimension of the input. (C2) scale broadcasts to the input and has its element type.

    ```mlir
    %y = tenon.rms_norm %x scale(%s) {axis = 1 : i64, epsilon = 1.0e-05 : f32}
       : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Optional<Tenon_FloatTensor>:$scale, Tenon_I64Attr:$axis, F32Attr:$epsilon);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = "$input (`scale` `(` $scale^ `)`)? attr-dict `:` functional-type(operands, results)";
}

def Tenon_BatchNormOp : Tenon_PureOp<"batch_norm", [Tenon_Elementwise]> {
  let summary = "channels normalized by given statistics (inference)";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * scale + bias`, all four one value per channel. The channel dimension is 1
    (`channels_first`) or the last (`channels_last`). Source: Ioffe and Szegedy, arXiv 1502.03167; ONNX
    BatchNormalization-15.

    (C1) the input has rank 2 or more. (C2) scale, bias, mean and variance have rank 1 and the size of the channels.

    ```mlir
    %y = tenon.batch_norm %x, %scale, %bias, %mean, %variance {epsilon = 1.0e-05 : f32}
       : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$scale, Tenon_FloatTensor:$bias,
                       Tenon_FloatTensor:$mean, Tenon_FloatTensor:$variance, F32Attr:$epsilon,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let results = (outs Tenon_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $variance attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_InstanceNormOp : Tenon_Normalization<"instance_norm"> {
  let summary = "each channel of each sample normalized over its spatial dimensions";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * scale + bias`, scale and bias one value per channel. Source: Ulyanov et al.,
    arXiv 1607.08022; ONNX InstanceNormalization-22.

    (C1) the input has rank 3 or more. (C2) scale and bias have rank 1 and the size of the channels.

    ```mlir
    %y = tenon.instance_norm %x, %scale, %bias {epsilon = 1.0e-05 : f32}
       : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$scale, Tenon_FloatTensor:$bias, F32Attr:$epsilon,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let assemblyFormat = "$input `,` $scale `,` $bias attr-dict `:` functional-type(operands, results)";
}

def Tenon_GroupNormOp : Tenon_Normalization<"group_norm"> {
  let summary = "groups of channels of each sample normalized together";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * scale + bias`, the statistics over `C / num_groups` neighbouring channels and
    all spatial dimensions, scale and bias one value per channel. Source: Wu and He, arXiv 1803.08494; ONNX
    GroupNormalization-21.

    (C1) the input has rank 2 or more. (C2) scale and bias have rank 1 and the size of the channels. (C3) `num_groups` is
    positive and divides the channels.

    ```mlir
    %y = tenon.group_norm %x, %scale, %bias {num_groups = 2 : i64, epsilon = 1.0e-05 : f32}
       : (tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x5xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$scale, Tenon_FloatTensor:$bias, Tenon_I64Attr:$num_groups,
                       F32Attr:$epsilon, DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
  let assemblyFormat = "$input `,` $scale `,` $bias attr-dict `:` functional-type(operands, results)";
}

def Tenon_LrnOp : Tenon_Normalization<"lrn"> {
  let summary = "local response normalization across channels";
  let description = [{
    `x / (bias + alpha / size * sum(x^2))^beta`, the sum over the channels from `c - floor((size - 1) / 2)` to
    `c + ceil((size - 1) / 2)` that exist. Source: Krizhevsky et al., NIPS 2012; ONNX LRN-13.

    (C1) the input has rank 2 or more. (C2) `size` is positive.

    ```mlir
    %y = tenon.lrn %x {size = 3 : i64, alpha = 1.0e-04 : f32, beta = 0.75 : f32, bias = 1.0 : f32}
       : (tensor<1x5x4x4xf32>) -> tensor<1x5x4x4xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_I64Attr:$size, F32Attr:$alpha, F32Attr:$beta, F32Attr:$bias,
                       DefaultValuedAttr<Tenon_DataLayoutAttr, "DataLayout::channels_first">:$layout);
}

def Tenon_LpNormOp : Tenon_Normalization<"lp_norm"> {
  let summary = "elements divided by their l1 or l2 norm along a dimension";
  let description = [{
    `x / norm(x)`; where the norm is 0 the result is 0. Source: ONNX LpNormalization-22.

    (C1) the axis is a dimension of the input. (C2) `p` is 1 or 2.

    ```mlir
    %y = tenon.lp_norm %x {axis = 1 : i64, p = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$input, Tenon_I64Attr:$axis, Tenon_I64Attr:$p);
}

#endif // TENON_DIALECT_TENON_IR_NORMALIZATION
