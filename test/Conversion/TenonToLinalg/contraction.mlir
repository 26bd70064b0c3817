// Matrix products and convolutions are one reduction each, over the loops of the result and the reduced ones.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// 
// CHECK-DAG: #[[LHS:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[RHS:.+]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[OUT:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @matmul
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[INIT:.+]] = linalg.fill ins(%[[ZERO]] : f32)
// CHECK: linalg.generic {indexing_maps = [#[[LHS]], #[[RHS]], #[[OUT]]], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK-SAME: outs(%[[INIT]] : tensor<2x4xf32>)
// CHECK-NEXT: ^bb0(%[[A:.+]]: f32, %[[B:.+]]: f32, %[[SUM:.+]]: f32):
// CHECK-NEXT: %[[PRODUCT:.+]] = arith.mulf %[[A]], %[[B]] : f32
// CHECK-NEXT: arith.addf %[[SUM]], %[[PRODUCT]] : f32
func.func @matmul(%A: tensor<2x3xf32>, %B: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x3xf32>, tensor<3x4xf32>) -> (tensor<2x4xf32>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>):
    %r = tenon.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
    tenon.yield %r : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// -----

// Batch dimensions broadcast; a transposed operand is another map.
// CHECK-DAG: #[[LHS:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, 0, d2, d4)>
// CHECK-DAG: #[[RHS:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4)>
// CHECK-LABEL: func.func @matmul_batch
// CHECK: linalg.generic {indexing_maps = [#[[LHS]], #[[RHS]], #{{.+}}]
func.func @matmul_batch(%A: tensor<4x1x2x3xf32>, %B: tensor<5x4x3xf32>) -> tensor<4x5x2x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<4x1x2x3xf32>, tensor<5x4x3xf32>) -> (tensor<4x5x2x4xf32>) {
  ^bb0(%a: tensor<4x1x2x3xf32>, %b: tensor<5x4x3xf32>):
    %r = tenon.matmul %a, %b {transpose_rhs} : (tensor<4x1x2x3xf32>, tensor<5x4x3xf32>) -> tensor<4x5x2x4xf32>
    tenon.yield %r : tensor<4x5x2x4xf32>
  }
  return %r : tensor<4x5x2x4xf32>
}

// -----

// Half precision accumulates in f32 and is rounded once.
// CHECK-LABEL: func.func @matmul_half
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.+}} : tensor<2x4xf32>)
// CHECK: arith.addf %{{.+}}, %{{.+}} : f32
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.+}} : tensor<2x4xf16>)
// CHECK: arith.truncf
func.func @matmul_half(%A: tensor<2x3xf16>, %B: tensor<3x4xf16>) -> tensor<2x4xf16> {
  %r = tenon.kernel(%A, %B : tensor<2x3xf16>, tensor<3x4xf16>) -> (tensor<2x4xf16>) {
  ^bb0(%a: tensor<2x3xf16>, %b: tensor<3x4xf16>):
    %r = tenon.matmul %a, %b : (tensor<2x3xf16>, tensor<3x4xf16>) -> tensor<2x4xf16>
    tenon.yield %r : tensor<2x4xf16>
  }
  return %r : tensor<2x4xf16>
}

// -----

// Unsigned and signed bytes accumulate in i32.
// CHECK-LABEL: func.func @matmul_bytes
// CHECK: %[[A:.+]] = arith.extui %{{.+}} : i8 to i32
// CHECK: %[[B:.+]] = arith.extui %{{.+}} : i8 to i32
// CHECK: %[[PRODUCT:.+]] = arith.muli %[[A]], %[[B]] : i32
// CHECK: arith.addi %{{.+}}, %[[PRODUCT]] : i32
func.func @matmul_bytes(%A: tensor<2x3xui8>, %B: tensor<3x4xui8>) -> tensor<2x4xi32> {
  %r = tenon.kernel(%A, %B : tensor<2x3xui8>, tensor<3x4xui8>) -> (tensor<2x4xi32>) {
  ^bb0(%a: tensor<2x3xui8>, %b: tensor<3x4xui8>):
    %r = tenon.matmul %a, %b : (tensor<2x3xui8>, tensor<3x4xui8>) -> tensor<2x4xi32>
    tenon.yield %r : tensor<2x4xi32>
  }
  return %r : tensor<2x4xi32>
}

// -----

// 
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 * 2 + d4, d2 + d5, d6)>
// CHECK-DAG: #[[FILTER:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
// CHECK-DAG: #[[OUT:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-LABEL: func.func @conv_channels_last
// CHECK: %[[PAD:.+]] = tensor.pad %{{.+}} low[0, 1, 1, 0] high[0, 0, 1, 0]
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[FILTER]], #[[OUT]]], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
// CHECK-SAME: ins(%[[PAD]], %{{.+}} : tensor<1x7x8x3xf32>
func.func @conv_channels_last(%A: tensor<1x6x6x3xf32>, %B: tensor<3x3x3x4xf32>) -> tensor<1x3x6x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x6x6x3xf32>, tensor<3x3x3x4xf32>) -> (tensor<1x3x6x4xf32>) {
  ^bb0(%a: tensor<1x6x6x3xf32>, %b: tensor<3x3x3x4xf32>):
    %r = tenon.conv %a, %b {strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 0, 1>, layout = #tenon<layout channels_last>} : (tensor<1x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x3x6x4xf32>
    tenon.yield %r : tensor<1x3x6x4xf32>
  }
  return %r : tensor<1x3x6x4xf32>
}

// -----

// No padding, no pad.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d2 + d4 * 2)>
// CHECK-DAG: #[[FILTER:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d3, d4)>
// CHECK-LABEL: func.func @conv_channels_first
// CHECK-NOT: tensor.pad
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[FILTER]], #{{.+}}]
func.func @conv_channels_first(%A: tensor<1x3x6xf32>, %B: tensor<4x3x2xf32>) -> tensor<1x4x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x3x6xf32>, tensor<4x3x2xf32>) -> (tensor<1x4x4xf32>) {
  ^bb0(%a: tensor<1x3x6xf32>, %b: tensor<4x3x2xf32>):
    %r = tenon.conv %a, %b {strides = array<i64: 1>, dilations = array<i64: 2>, pads = array<i64: 0, 0>} : (tensor<1x3x6xf32>, tensor<4x3x2xf32>) -> tensor<1x4x4xf32>
    tenon.yield %r : tensor<1x4x4xf32>
  }
  return %r : tensor<1x4x4xf32>
}

// -----

// A group a channel needs no loop over input channels.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 + d4, d2 + d5, d3)>
// CHECK-DAG: #[[FILTER:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, 0, d3)>
// CHECK-LABEL: func.func @conv_depthwise
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[FILTER]], #{{.+}}]
func.func @conv_depthwise(%A: tensor<1x6x6x4xf32>, %B: tensor<3x3x1x4xf32>) -> tensor<1x4x4x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x6x6x4xf32>, tensor<3x3x1x4xf32>) -> (tensor<1x4x4x4xf32>) {
  ^bb0(%a: tensor<1x6x6x4xf32>, %b: tensor<3x3x1x4xf32>):
    %r = tenon.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, group = 4 : i64, layout = #tenon<layout channels_last>} : (tensor<1x6x6x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x4x4x4xf32>
    tenon.yield %r : tensor<1x4x4x4xf32>
  }
  return %r : tensor<1x4x4x4xf32>
}

// -----

// The body reads the argument where the quotient exists.
// CHECK-LABEL: func.func @conv_transpose_strided
// CHECK: ^bb0(%[[X:.+]]: tensor<1x3x4xf32>, %{{.+}}: tensor<3x2x2xf32>):
// CHECK: linalg.generic
// CHECK: %[[VALUE:.+]] = tensor.extract %[[X]]
// CHECK: arith.select %{{.+}}, %[[VALUE]], %{{.+}} : f32
func.func @conv_transpose_strided(%A: tensor<1x3x4xf32>, %B: tensor<3x2x2xf32>) -> tensor<1x2x8xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x3x4xf32>, tensor<3x2x2xf32>) -> (tensor<1x2x8xf32>) {
  ^bb0(%a: tensor<1x3x4xf32>, %b: tensor<3x2x2xf32>):
    %r = tenon.conv_transpose %a, %b {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>} : (tensor<1x3x4xf32>, tensor<3x2x2xf32>) -> tensor<1x2x8xf32>
    tenon.yield %r : tensor<1x2x8xf32>
  }
  return %r : tensor<1x2x8xf32>
}

// -----

// A letter twice reads a diagonal; the result's letters come first.
// CHECK-DAG: #[[LHS:.+]] = affine_map<(d0, d1, d2) -> (d1, d1, d2)>
// CHECK-DAG: #[[RHS:.+]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK-LABEL: func.func @einsum_diagonal
// CHECK: linalg.generic {indexing_maps = [#[[LHS]], #[[RHS]], #{{.+}}], iterator_types = ["parallel", "parallel", "reduction"]}
func.func @einsum_diagonal(%A: tensor<3x3x4xf32>, %B: tensor<4x2xf32>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A, %B : tensor<3x3x4xf32>, tensor<4x2xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<3x3x4xf32>, %b: tensor<4x2xf32>):
    %r = tenon.einsum "iij,jk->ki" %a, %b : (tensor<3x3x4xf32>, tensor<4x2xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}

// -----

// Keys transposed, scores, their softmax but for its division, the weighted values, and then the division;
// later keys are masked out.
// CHECK-DAG: #[[SWAP:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3, d2)>
// CHECK-DAG: #[[KEY:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-LABEL: func.func @attention
// CHECK: linalg.generic {indexing_maps = [#[[SWAP]], #{{.+}}], {{.+}} outs(%{{.+}} : tensor<1x2x4x5xf32>)
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[KEY]], #{{.+}}]
// CHECK: arith.cmpi sle
// CHECK: arith.maximumf %{{.+}}, %{{.+}} fastmath<nnan,nsz> : f32
// CHECK: math.exp %{{.+}} {tenon.nonpositive} : f32
// CHECK: arith.divf
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[KEY]], #{{.+}}]
// CHECK-NOT: arith.divf
// CHECK: arith.mulf
// CHECK: -> tensor<1x2x3x6xf32>
func.func @attention(%A: tensor<1x2x3x4xf32>, %B: tensor<1x2x5x4xf32>, %C: tensor<1x2x5x6xf32>) -> tensor<1x2x3x6xf32> {
  %r = tenon.kernel(%A, %B, %C : tensor<1x2x3x4xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x6xf32>) -> (tensor<1x2x3x6xf32>) {
  ^bb0(%a: tensor<1x2x3x4xf32>, %b: tensor<1x2x5x4xf32>, %c: tensor<1x2x5x6xf32>):
    %r = tenon.attention %a, %b, %c {scale = 0.5 : f32, causal} : (tensor<1x2x3x4xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x6xf32>) -> tensor<1x2x3x6xf32>
    tenon.yield %r : tensor<1x2x3x6xf32>
  }
  return %r : tensor<1x2x3x6xf32>
}

// -----

// An image whose channels a transpose puts last is padded as it lies, and read through the transpose.
// CHECK-DAG: #[[IMAGE:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d6, d1 + d4, d2 + d5)>
// CHECK-LABEL: func.func @conv_of_channels_first
// CHECK: %[[PADDED:.+]] = tensor.pad %{{.+}} low[0, 0, 1, 1] high[0, 0, 1, 0]
// CHECK: linalg.generic {indexing_maps = [#[[IMAGE]], {{.+}} ins(%[[PADDED]], %{{.+}} : tensor<1x3x8x9xf32>
func.func @conv_of_channels_first(%A: tensor<1x3x6x8xf32>, %B: tensor<3x3x3x4xf32>) -> tensor<1x6x7x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x3x6x8xf32>, tensor<3x3x3x4xf32>) -> (tensor<1x6x7x4xf32>) {
  ^bb0(%a: tensor<1x3x6x8xf32>, %b: tensor<3x3x3x4xf32>):
    %t = tenon.transpose %a {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x6x8xf32>) -> tensor<1x6x8x3xf32>
    %r = tenon.conv %t, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 0>, layout = #tenon<layout channels_last>} : (tensor<1x6x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x6x7x4xf32>
    tenon.yield %r : tensor<1x6x7x4xf32>
  }
  return %r : tensor<1x6x7x4xf32>
}
