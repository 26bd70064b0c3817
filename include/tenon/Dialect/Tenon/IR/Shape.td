//===- Shape.td - Ops that move elements, and those that compute sizes --------------------------===//
//
// The static forms say where elements go by attributes and by their result type, which may hold symbolic sizes. The
// dynamic_ forms take index tensors as ONNX does; they become static forms as soon as the indices are known.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_SHAPE
#define TENON_DIALECT_TENON_IR_SHAPE

include "tenon/Dialect/Tenon/IR/TenonBase.td"

//===----------------------------------------------------------------------------------------===//
// Static forms
//===----------------------------------------------------------------------------------------===//

def Tenon_ReshapeOp : Tenon_TargetedOp<"reshape", [Tenon_Relayout]> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    The result type is the target.

    (C1) the element type stays. (C2) the number of elements stays, as far as the sizes are known.

    ```mlir
    %y = tenon.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tenon_TransposeOp : Tenon_PureOp<"transpose", [Tenon_Relayout]> {
  let summary = "dimensions in another order";
  let description = [{
    Dimension `i` of the result is dimension `perm[i]` of the input.

    (C1) `perm` is a permutation of the input's dimensions.

    ```mlir
    %y = tenon.transpose %x {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tenon_ExpandOp : Tenon_TargetedOp<"expand", [Tenon_Relayout]> {
  let summary = "elements repeated along dimensions of size 1";
  let description = [{
    Broadcasts the input to the result type, aligned at the last dimensions.

    (C1) the element type stays. (C2) the input broadcasts to the result.

    ```mlir
    %y = tenon.expand %x : (tensor<3x1xf32>) -> tensor<2x3x4xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input);
  let hasFolder = 1;
}

def Tenon_ConcatOp : Tenon_PureOp<"concat", [Tenon_Relayout]> {
  let summary = "tensors one after the other along a dimension";
  let description = [{
    (C1) there is an input, and all have the same rank and element type. (C2) the axis is a dimension of the inputs.
    (C3) the sizes of all other dimensions agree.

    ```mlir
    %z = tenon.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Tenon_Tensor>:$inputs, Tenon_I64Attr:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tenon_SliceOp : Tenon_TargetedOp<"slice", [Tenon_Relayout]> {
  let summary = "every step-th element of a range, in each dimension";
  let description = [{
    Element `i` along a dimension is element `start + i * step` of the input; the result type gives the count. A start
    below 0 counts from the end, -1 being the last element; only dimensions of dynamic size have such. Steps may be
    negative.

    (C1) the element type stays, and there is a start and a step per dimension. (C2) no step is 0. (C3) the elements
    taken exist, as far as the sizes are known.

    ```mlir
    %y = tenon.slice %x {starts = array<i64: 0, 1>, steps = array<i64: 1, 2>} : (tensor<2x5xf32>) -> tensor<2x2xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$steps);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// Whether the elements taken stand one after the other in the input: the result is then a view of its bytes.
    bool isContiguous();
  }];
}

def Tenon_PadMode : I32EnumAttr<"PadMode", "what stands in the padding", [
    I32EnumAttrCase<"constant", 0>, I32EnumAttrCase<"reflect", 1>, I32EnumAttrCase<"edge", 2>,
    I32EnumAttrCase<"wrap", 3>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_PadModeAttr : EnumAttr<Tenon_Dialect, Tenon_PadMode, "pad_mode">;

def Tenon_PadOp : Tenon_PureOp<"pad", [Tenon_Relayout]> {
  let summary = "elements added around a tensor";
  let description = [{
    `low` and `high` elements are added before and after each dimension; a negative count removes elements. The new ones
    are `value` (zero if absent), or by the mode the elements mirrored at the edge (without repeating it), the edge, or
    the elements from the other end.

    (C1) there is a low and a high per dimension. (C2) a value has one element of the input's element type, and comes
    with mode `constant` only. (C3) no size becomes negative.

    ```mlir
    %y = tenon.pad constant %x value(%v) {low = array<i64: 0, 1>, high = array<i64: 0, 2>}
       : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x6xf32>
    ```
  }];
  let arguments = (ins Tenon_PadModeAttr:$mode, Tenon_Tensor:$input, Optional<Tenon_Tensor>:$value,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $mode $input (`value` `(` $value^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Tenon_TileOp : Tenon_TargetedOp<"tile", [Tenon_Relayout]> {
  let summary = "a tensor repeated whole along its dimensions";
  let description = [{
    Element `i` along a dimension is element `i mod size` of the input; the result type says how often.

    (C1) element type and rank stay. (C2) each size is a multiple of the input's, as far as they are known.

    ```mlir
    %y = tenon.tile %x : (tensor<2x3xf32>) -> tensor<2x9xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input);
  let hasFolder = 1;
}

def Tenon_TriluOp : Tenon_PureOp<"trilu", [Tenon_Relayout]> {
  let summary = "the upper or lower triangle of matrices, zeros elsewhere";
  let description = [{
    Of the matrices in the last two dimensions, keeps the elements with `column - row <= diagonal`, or with `upper` those
    with `column - row >= diagonal`.

    (C1) the input has rank 2 or more.

    ```mlir
    %y = tenon.trilu %x {upper, diagonal = 1 : i64} : (tensor<3x3xf32>) -> tensor<3x3xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, UnitAttr:$upper, DefaultValuedAttr<Tenon_I64Attr, "0">:$diagonal);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_ReverseSequenceOp : Tenon_PureOp<"reverse_sequence", [Tenon_Lookup]> {
  let summary = "the first elements of each sequence of a batch in reverse";
  let description = [{
    Of sequence `b` along `batch_axis` the first `lengths[b]` elements along `time_axis` change their order; the others
    stay.

    (C1) the axes are 0 and 1 in some order. (C2) there is a length per sequence.

    ```mlir
    %y = tenon.reverse_sequence %x, %n {batch_axis = 1 : i64, time_axis = 0 : i64}
       : (tensor<4x2xf32>, tensor<2xi64>) -> tensor<4x2xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IndexTensor:$lengths, Tenon_I64Attr:$batch_axis, Tenon_I64Attr:$time_axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `,` $lengths attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------------------------===//
// Sizes as values
//===----------------------------------------------------------------------------------------===//

def Tenon_ShapeOfOp : Tenon_PureOp<"shape_of"> {
  let summary = "the sizes of a tensor";
  let description = [{
    ```mlir
    %s = tenon.shape_of %x : (tensor<2x3xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_SizeVectorOp : Tenon_Op<"size_vector", [Pure]> {
  let summary = "integers that are expressions over the model's symbols";
  let description = [{
    What `tenon.constant` is for numbers, for sizes that depend on the inputs' sizes: arithmetic on the results of
    `tenon.shape_of` folds to it. The elements stand in row-major order.

    (C1) the result has static sizes, and as many elements as there are expressions.

    ```mlir
    %s = tenon.size_vector <[batch, sequence + 1, 768]> : tensor<3xi64>
    ```
  }];
  let arguments = (ins Tenon_DimsAttr:$sizes);
  let results = (outs Tenon_IndexTensor:$result);
  let assemblyFormat = "$sizes attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Tenon_RangeOp : Tenon_PureOp<"range", [Tenon_Lookup]> {
  let summary = "numbers in equal steps";
  let description = [{
    `start, start + delta, ...` up to and without `limit`.

    (C1) the operands have one element each, of one element type. (C2) delta is not 0, if known.

    ```mlir
    %r = tenon.range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$start, Tenon_NumberTensor:$limit, Tenon_NumberTensor:$delta);
  let results = (outs Tenon_NumberTensor:$result);
  let assemblyFormat = "$start `,` $limit `,` $delta attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------------------------===//
// Dynamic forms
//===----------------------------------------------------------------------------------------===//

def Tenon_DynamicReshapeOp : Tenon_PureOp<"dynamic_reshape", [Tenon_Unstructured]> {
  let summary = "a reshape to sizes known at run time";
  let description = [{
    One size may be -1: it follows from the number of elements. A size of 0 means that of the input's dimension at its
    place, or with `allow_zero` no elements.

    (C1) the shape is a vector of static size. (C2) at most one size is -1, none is smaller. (C3) the number of elements
    stays, as far as the sizes are known.

    ```mlir
    %y = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IndexTensor:$shape, UnitAttr:$allow_zero);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def Tenon_DynamicExpandOp : Tenon_PureOp<"dynamic_expand", [Tenon_Unstructured]> {
  let summary = "a broadcast against sizes known at run time";
  let description = [{
    Input and sizes broadcast against each other, so the input's sizes count too (ONNX Expand). ConstantOfShape is the
    expansion of a scalar.

    (C1) the shape is a vector of static size. (C2) input and shape broadcast.

    ```mlir
    %y = tenon.dynamic_expand %x, %s : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x?xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IndexTensor:$shape);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `,` $shape attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

def Tenon_DynamicSliceOp : Tenon_PureOp<"dynamic_slice", [Tenon_Unstructured, AttrSizedOperandSegments]> {
  let summary = "a slice with bounds known at run time";
  let description = [{
    ONNX Slice: starts and ends below 0 count from the end, and both are clamped to the dimension. Without axes the
    bounds are those of the first dimensions; steps are 1 if absent. A bound that is a symbolic size is taken to lie
    within the dimension.

    (C1) starts, ends, axes and steps are vectors of one size. (C2) the axes are different dimensions of the input; they
    may count from the end. (C3) no step is 0.

    ```mlir
    %y = tenon.dynamic_slice %x, %b, %e axes(%a) steps(%s)
       : (tensor<2x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IndexTensor:$starts, Tenon_IndexTensor:$ends,
                       Optional<Tenon_IndexTensor>:$axes, Optional<Tenon_IndexTensor>:$steps);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $starts `,` $ends (`axes` `(` $axes^ `)`)? (`steps` `(` $steps^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def Tenon_DynamicPadOp : Tenon_PureOp<"dynamic_pad", [Tenon_Unstructured, AttrSizedOperandSegments]> {
  let summary = "padding by counts known at run time";
  let description = [{
    As `tenon.pad`; `pads` holds the counts before each of the axes, then those after. Without axes they are those of all
    dimensions.

    (C1) pads is a vector of two counts per axis. (C2) the axes are different dimensions of the input; they may count
    from the end. (C3) as (C2) of `tenon.pad`.

    ```mlir
    %y = tenon.dynamic_pad edge %x, %p : (tensor<2x3xf32>, tensor<4xi64>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Tenon_PadModeAttr:$mode, Tenon_Tensor:$input, Tenon_IndexTensor:$pads,
                       Optional<Tenon_Tensor>:$value, Optional<Tenon_IndexTensor>:$axes);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $mode $input `,` $pads (`value` `(` $value^ `)`)? (`axes` `(` $axes^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def Tenon_DynamicTileOp : Tenon_PureOp<"dynamic_tile", [Tenon_Unstructured]> {
  let summary = "a tensor repeated as often as known at run time";
  let description = [{
    (C1) repeats is a vector of one count per dimension. (C2) no count is negative.

    ```mlir
    %y = tenon.dynamic_tile %x, %n : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_IndexTensor:$repeats);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `,` $repeats attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizer = 1;
}

#endif // TENON_DIALECT_TENON_IR_SHAPE
