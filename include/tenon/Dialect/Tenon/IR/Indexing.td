//===- Indexing.td - Ops that read or write elements at places given by other tensors -----------===//
//
// Indices below 0 count from the end of their dimension. An index out of range gives an unspecified element, or leaves an
// update out; it does no harm otherwise.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_INDEXING
#define TENON_DIALECT_TENON_IR_INDEXING

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_GatherOp : Tenon_PureOp<"gather", [Tenon_Lookup]> {
  let summary = "slices along a dimension, picked by indices";
  let description = [{
    `result[a..., i..., b...] = data[a..., indices[i...], b...]`, the index standing at dimension `axis`.

    (C1) the axis is a dimension of the data.

    ```mlir
    %y = tenon.gather %x, %i {axis = 1 : i64} : (tensor<2x5x3xf32>, tensor<4xi64>) -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$data, Tenon_IndexTensor:$indices, Tenon_I64Attr:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$data `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Tenon_GatherElementsOp : Tenon_PureOp<"gather_elements", [Tenon_Lookup]> {
  let summary = "elements picked by an index each along a dimension";
  let description = [{
    `result[..., i, ...] = data[..., indices[..., i, ...], ...]`, the index standing at dimension `axis`.

    (C1) the axis is a dimension of the data. (C2) indices and data have the same rank. (C3) in all other dimensions the
    indices are no larger than the data.

    ```mlir
    %y = tenon.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x5xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$data, Tenon_IndexTensor:$indices, Tenon_I64Attr:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$data `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Tenon_GatherNdOp : Tenon_PureOp<"gather_nd", [Tenon_Lookup]> {
  let summary = "slices picked by index tuples";
  let description = [{
    The last dimension of the indices holds tuples of places in the data's dimensions from `batch_dims` on; the first
    `batch_dims` dimensions of both go together.

    (C1) data and indices have more than `batch_dims` dimensions, which agree in size. (C2) the tuples have static size
    and no more entries than the data has dimensions after `batch_dims`.

    ```mlir
    %y = tenon.gather_nd %x, %i : (tensor<2x5x3xf32>, tensor<4x2xi64>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$data, Tenon_IndexTensor:$indices, DefaultValuedAttr<Tenon_I64Attr, "0">:$batch_dims);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$data `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Tenon_ScatterReduction : I32EnumAttr<"ScatterReduction", "what an update does to the element in its place", [
    I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"add", 1>, I32EnumAttrCase<"mul", 2>, I32EnumAttrCase<"max", 3>,
    I32EnumAttrCase<"min", 4>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_ScatterReductionAttr : EnumAttr<Tenon_Dialect, Tenon_ScatterReduction, "scatter_reduction">;

def Tenon_ScatterElementsOp : Tenon_PureOp<"scatter_elements", [Tenon_Unstructured]> {
  let summary = "a copy with elements replaced or combined at an index each along a dimension";
  let description = [{
    For all places, `result[..., indices[..., i, ...], ...]` is updated by `updates[..., i, ...]`, in row-major order.

    (C1) the axis is a dimension of the data. (C2) data, indices and updates have the same rank, indices and updates the
    same sizes. (C3) data and updates have one element type. (C4) bool is not added or multiplied.

    ```mlir
    %y = tenon.scatter_elements add %x, %i, %u {axis = 1 : i64}
       : (tensor<2x5xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins Tenon_ScatterReductionAttr:$reduction, Tenon_Tensor:$data, Tenon_IndexTensor:$indices,
                       Tenon_Tensor:$updates, Tenon_I64Attr:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $reduction $data `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_ScatterNdOp : Tenon_PureOp<"scatter_nd", [Tenon_Unstructured]> {
  let summary = "a copy with slices replaced or combined at index tuples";
  let description = [{
    The last dimension of the indices holds tuples of places in the data's first dimensions; each tuple's slice is
    updated by the slice of `updates` at its place, in row-major order.

    (C1) data and indices have rank 1 or more, and the tuples static size of at most the data's rank. (C2) the updates
    have the sizes of the indices without the tuples, then those of the slices. (C3) data and updates have one element
    type. (C4) bool is not added or multiplied.

    ```mlir
    %y = tenon.scatter_nd none %x, %i, %u : (tensor<5x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<5x3xf32>
    ```
  }];
  let arguments = (ins Tenon_ScatterReductionAttr:$reduction, Tenon_Tensor:$data, Tenon_IndexTensor:$indices,
                       Tenon_Tensor:$updates);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $reduction $data `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_ScatterMode : I32EnumAttr<"ScatterMode", "what happens to updates that pass the end of a cache", [
    I32EnumAttrCase<"linear", 0>, I32EnumAttrCase<"circular", 1>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_ScatterModeAttr : EnumAttr<Tenon_Dialect, Tenon_ScatterMode, "scatter_mode">;

def Tenon_TensorScatterOp : Tenon_PureOp<"tensor_scatter", [Tenon_Unstructured]> {
  let summary = "a cache with a run of entries replaced along a dimension";
  let description = [{
    For sequence `b` of the batch (dimension 0), entries `write_indices[b] + i` along `axis` become entries `i` of the
    update; `circular` takes the place modulo the cache's size. Without write indices all are 0. Source: ONNX
    TensorScatter-24.

    (C1) the axis is a dimension of the cache, and not the first. (C2) the update has the cache's rank, element type, and
    sizes but for `axis`, where it is no larger. (C3) the write indices are a vector of the batch's size.

    ```mlir
    %y = tenon.tensor_scatter circular %cache, %update at(%w) {axis = 2 : i64}
       : (tensor<2x4x8x16xf32>, tensor<2x4x1x16xf32>, tensor<2xi64>) -> tensor<2x4x8x16xf32>
    ```
  }];
  let arguments = (ins Tenon_ScatterModeAttr:$mode, Tenon_Tensor:$cache, Tenon_Tensor:$update,
                       Optional<Tenon_IndexTensor>:$write_indices, Tenon_I64Attr:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = [{
    $mode $cache `,` $update (`at` `(` $write_indices^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_OneHotOp : Tenon_PureOp<"one_hot", [Tenon_Lookup]> {
  let summary = "indices as vectors that are on at the index and off elsewhere";
  let description = [{
    Inserts a dimension of size `depth` at `axis`; `values` holds off and on. An index that is out of range (below
    `-depth`, or `depth` and above) gives a vector that is off throughout.

    (C1) the axis is a dimension of the result. (C2) depth has one element, values have two. (C3) the depth is not
    negative.

    ```mlir
    %y = tenon.one_hot %i, %depth, %values {axis = 1 : i64}
       : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x?xf32>
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$indices, Tenon_IndexTensor:$depth, Tenon_Tensor:$values, Tenon_I64Attr:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$indices `,` $depth `,` $values attr-dict `:` functional-type(operands, results)";
}

def Tenon_TopKOp : Tenon_PureOp<"top_k", [Tenon_Unstructured]> {
  let summary = "the k largest or smallest elements along a dimension, and their indices";
  let description = [{
    In descending order (ascending without `largest`) if `sorted`; of equal elements the lower index comes first.

    (C1) the axis is a dimension of the input. (C2) k has one element, which is not negative and at most the size of the
    dimension.

    ```mlir
    %v, %i = tenon.top_k %x, %k {axis = 1 : i64, largest, sorted}
           : (tensor<2x5xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
    ```
  }];
  let arguments = (ins Tenon_NumberTensor:$input, Tenon_IndexTensor:$k, Tenon_I64Attr:$axis, UnitAttr:$largest,
                       UnitAttr:$sorted);
  let results = (outs Tenon_NumberTensor:$values, RankedTensorOf<[I64]>:$indices);
  let assemblyFormat = "$input `,` $k attr-dict `:` functional-type(operands, results)";
}

def Tenon_NonZeroOp : Tenon_PureOp<"non_zero", [Tenon_Unstructured]> {
  let summary = "the places of the elements that are not zero";
  let description = [{
    A column per element, in row-major order; a row per dimension.

    ```mlir
    %i = tenon.non_zero %x : (tensor<2x3xf32>) -> tensor<2x?xi64>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_CompressOp : Tenon_PureOp<"compress", [Tenon_Unstructured]> {
  let summary = "the slices along a dimension whose condition holds";
  let description = [{
    Without an axis the input is flattened first. A condition shorter than the dimension is false beyond its end.

    (C1) the axis is a dimension of the input. (C2) the condition is a vector no longer than the dimension.

    ```mlir
    %y = tenon.compress %x, %c {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3xi1>) -> tensor<2x?xf32>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, Tenon_BoolTensor:$condition, OptionalAttr<Tenon_I64Attr>:$axis);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `,` $condition attr-dict `:` functional-type(operands, results)";
}

def Tenon_UniqueOp : Tenon_PureOp<"unique", [Tenon_Unstructured]> {
  let summary = "the different slices along a dimension";
  let description = [{
    Ascending if `sorted`, else in the order they come first; without an axis the elements of the flattened input.
    `indices` says where each stands first, `inverse` which one each slice of the input is, `counts` how often it comes.

    (C1) the axis is a dimension of the input.

    ```mlir
    %y, %indices, %inverse, %counts = tenon.unique %x {sorted}
      : (tensor<4xf32>) -> (tensor<?xf32>, tensor<?xi64>, tensor<4xi64>, tensor<?xi64>)
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, OptionalAttr<Tenon_I64Attr>:$axis, UnitAttr:$sorted);
  let results = (outs Tenon_Tensor:$result, RankedTensorOf<[I64]>:$indices, RankedTensorOf<[I64]>:$inverse,
                      RankedTensorOf<[I64]>:$counts);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_NonMaxSuppressionOp : Tenon_PureOp<"non_max_suppression", [Tenon_Unstructured, AttrSizedOperandSegments]> {
  let summary = "the best boxes that do not overlap better ones";
  let description = [{
    Boxes are `[y1, x1, y2, x2]` corners, or with `center_point_box` `[x, y, width, height]`. Rows of the result are
    `[batch, class, box]`. Absent thresholds and counts are 0 (a score threshold: none). Source: ONNX NonMaxSuppression-11.

    (C1) boxes are `[batches, boxes, 4]`. (C2) scores are `[batches, classes, boxes]`. (C3) the parameters have one
    element each.

    ```mlir
    %i = tenon.non_max_suppression %boxes, %scores count(%n) overlap(%t) score(%s)
       : (tensor<1x6x4xf32>, tensor<1x2x6xf32>, tensor<1xi64>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x3xi64>
    ```
  }];
  let arguments = (ins Tenon_FloatTensor:$boxes, Tenon_FloatTensor:$scores, Optional<Tenon_IndexTensor>:$max_boxes,
                       Optional<Tenon_FloatTensor>:$overlap_threshold, Optional<Tenon_FloatTensor>:$score_threshold,
                       UnitAttr:$center_point_box);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = [{
    $boxes `,` $scores (`count` `(` $max_boxes^ `)`)? (`overlap` `(` $overlap_threshold^ `)`)?
    (`score` `(` $score_threshold^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // TENON_DIALECT_TENON_IR_INDEXING
