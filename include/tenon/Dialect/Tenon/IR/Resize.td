//===- Resize.td - Ops that sample a tensor on another grid --------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_RESIZE
#define TENON_DIALECT_TENON_IR_RESIZE

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_Interpolation : I32EnumAttr<"Interpolation", "how a value between grid points is found", [
    I32EnumAttrCase<"nearest", 0>, I32EnumAttrCase<"linear", 1>, I32EnumAttrCase<"cubic", 2>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_InterpolationAttr : EnumAttr<Tenon_Dialect, Tenon_Interpolation, "interpolation">;

def Tenon_CoordinateMode : I32EnumAttr<"CoordinateMode", "which point of the input a point of the result stands for", [
    I32EnumAttrCase<"half_pixel", 0>, I32EnumAttrCase<"half_pixel_symmetric", 1>,
    I32EnumAttrCase<"pytorch_half_pixel", 2>, I32EnumAttrCase<"align_corners", 3>, I32EnumAttrCase<"asymmetric", 4>,
    I32EnumAttrCase<"tf_crop_and_resize", 5>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_CoordinateModeAttr : EnumAttr<Tenon_Dialect, Tenon_CoordinateMode, "coordinate_mode">;

def Tenon_NearestMode : I32EnumAttr<"NearestMode", "how a coordinate is rounded to a grid point", [
    I32EnumAttrCase<"round_prefer_floor", 0>, I32EnumAttrCase<"round_prefer_ceil", 1>, I32EnumAttrCase<"floor", 2>,
    I32EnumAttrCase<"ceil", 3>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_NearestModeAttr : EnumAttr<Tenon_Dialect, Tenon_NearestMode, "nearest_mode">;

def Tenon_AspectPolicy : I32EnumAttr<"AspectPolicy", "how sizes that would distort a tensor are met", [
    I32EnumAttrCase<"stretch", 0>, I32EnumAttrCase<"not_larger", 1>, I32EnumAttrCase<"not_smaller", 2>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_AspectPolicyAttr : EnumAttr<Tenon_Dialect, Tenon_AspectPolicy, "aspect_policy">;

defvar Tenon_ResizeAttributes = (ins
    DefaultValuedAttr<Tenon_CoordinateModeAttr, "CoordinateMode::half_pixel">:$coordinate_mode,
    DefaultValuedAttr<Tenon_NearestModeAttr, "NearestMode::round_prefer_floor">:$nearest_mode,
    DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_coefficient, DefaultValuedAttr<F32Attr, "0.0f">:$extrapolation_value,
    UnitAttr:$exclude_outside, UnitAttr:$antialias);

def Tenon_ResizeOp : Tenon_TargetedOp<"resize", [Tenon_Lookup]> {
  let summary = "a tensor sampled at other sizes";
  let description = [{
    ONNX Resize-19 to the sizes of the result type. `scales` are the factors between coordinates, one per dimension; if
    absent they are result size / input size. `roi` (starts of all dimensions, then ends) serves `tf_crop_and_resize`,
    which puts `extrapolation_value` outside of the input. `cubic_coefficient` is the a of Keys' cubic kernel;
    `exclude_outside` gives points outside of the input the weight 0; `antialias` widens linear and cubic kernels when
    shrinking.

    (C1) element type and rank stay. (C2) there is a positive scale per dimension, if any. (C3) with
    `tf_crop_and_resize` there are a start and an end per dimension, otherwise none. (C4) a dimension whose scale is not 1
    is resized by linear or cubic interpolation only on floating point or 8-bit elements.

    ```mlir
    %y = tenon.resize linear %x {scales = array<f32: 1.0, 1.0, 2.0, 2.0>}
       : (tensor<1x3x4x4xf32>) -> tensor<1x3x8x8xf32>
    ```
  }];
  let arguments = !con((ins Tenon_InterpolationAttr:$mode, Tenon_NumberTensor:$input,
                        OptionalAttr<DenseF32ArrayAttr>:$scales, OptionalAttr<DenseF32ArrayAttr>:$roi),
                       Tenon_ResizeAttributes);
  let assemblyFormat = "$mode $input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Tenon_DynamicResizeOp : Tenon_PureOp<"dynamic_resize", [Tenon_Unstructured, AttrSizedOperandSegments]> {
  let summary = "a tensor sampled at sizes or by scales known at run time";
  let description = [{
    As `tenon.resize`, with the target given by `scales` (sizes are `floor(size * scale)`, with
    `tf_crop_and_resize` `floor(size * (end - start) * scale)`) or by `sizes`, of the dimensions `axes` (all, if absent).
    `aspect_policy` other than `stretch` takes one scale for all axes: the largest at which no size exceeds the one asked
    for (`not_larger`), or the smallest at which none falls below (`not_smaller`).

    (C1) either scales or sizes are given, a vector of one entry per axis. (C2) the axes are different dimensions of the
    input. (C3) `roi` comes with `tf_crop_and_resize` only, a vector of a start and an end per axis.

    ```mlir
    %y = tenon.dynamic_resize nearest %x sizes(%s) {axes = array<i64: 2, 3>}
       : (tensor<1x3x4x4xf32>, tensor<2xi64>) -> tensor<1x3x?x?xf32>
    ```
  }];
  let arguments = !con((ins Tenon_InterpolationAttr:$mode, Tenon_NumberTensor:$input, Optional<Tenon_FloatTensor>:$roi,
                        Optional<Tenon_FloatTensor>:$scales, Optional<Tenon_IndexTensor>:$sizes,
                        OptionalAttr<DenseI64ArrayAttr>:$axes,
                        DefaultValuedAttr<Tenon_AspectPolicyAttr, "AspectPolicy::stretch">:$aspect_policy),
                       Tenon_ResizeAttributes);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = [{
    $mode $input (`roi` `(` $roi^ `)`)? (`scales` `(` $scales^ `)`)? (`sizes` `(` $sizes^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

#endif // TENON_DIALECT_TENON_IR_RESIZE
