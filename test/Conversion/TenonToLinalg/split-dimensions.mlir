// Channels in groups and grouped heads are computed in parts; a view outside the kernel merges them.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// The epilogue is computed in parts too: what else it reads is at group * members + member.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1 + d5, d2 + d6, d3 * 2 + d7)>
// CHECK-DAG: #[[FILTER:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d5, d6, d7, d3 * 3 + d4)>
// CHECK-DAG: #[[BIAS:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d3 * 3 + d4)>
// CHECK-LABEL: func.func @grouped_conv
// CHECK: %[[PARTS:.+]] = tenon.kernel({{.+}}) -> (tensor<1x4x4x2x3xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[FILTER]], #{{.+}}]
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[BIAS]], #{{.+}}]
// CHECK-NOT: tensor.collapse_shape
// CHECK: %[[WHOLE:.+]] = tenon.reshape %[[PARTS]] : (tensor<1x4x4x2x3xf32>) -> tensor<1x4x4x6xf32>
// CHECK: return %[[WHOLE]]
func.func @grouped_conv(%A: tensor<1x4x4x4xf32>, %B: tensor<1x1x2x6xf32>, %C: tensor<6xf32>) -> tensor<1x4x4x6xf32> {
  %r = tenon.kernel(%A, %B, %C : tensor<1x4x4x4xf32>, tensor<1x1x2x6xf32>, tensor<6xf32>) -> (tensor<1x4x4x6xf32>) {
  ^bb0(%a: tensor<1x4x4x4xf32>, %b: tensor<1x1x2x6xf32>, %c: tensor<6xf32>):
    %r = tenon.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, group = 2 : i64, layout = #tenon<layout channels_last>} : (tensor<1x4x4x4xf32>, tensor<1x1x2x6xf32>) -> tensor<1x4x4x6xf32>
    %s = tenon.add %r, %c : (tensor<1x4x4x6xf32>, tensor<6xf32>) -> tensor<1x4x4x6xf32>
    tenon.yield %s : tensor<1x4x4x6xf32>
  }
  return %r : tensor<1x4x4x6xf32>
}

// -----

// A reduced dimension in parts is two reduced loops.
// CHECK-LABEL: func.func @read_by_a_reduction
// CHECK: tenon.kernel({{.+}}) -> (tensor<1x4xf32>)
// CHECK: linalg.generic
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
// CHECK-NOT: tenon.reshape
// CHECK: return
func.func @read_by_a_reduction(%A: tensor<1x4x4xf32>, %B: tensor<4x2x1xf32>) -> tensor<1x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x4x4xf32>, tensor<4x2x1xf32>) -> (tensor<1x4xf32>) {
  ^bb0(%a: tensor<1x4x4xf32>, %b: tensor<4x2x1xf32>):
    %r = tenon.conv %a, %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 2 : i64} : (tensor<1x4x4xf32>, tensor<4x2x1xf32>) -> tensor<1x4x4xf32>
    %s = tenon.reduce sum %r {axes = array<i64: 1>} : (tensor<1x4x4xf32>) -> tensor<1x4xf32>
    tenon.yield %s : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

// Two heads share each key and value.
// CHECK-DAG: #[[QUERY:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d2, d3, d5)>
// CHECK-DAG: #[[KEY:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d5, d4)>
// CHECK-LABEL: func.func @grouped_heads
// CHECK: %[[PARTS:.+]] = tenon.kernel({{.+}}) -> (tensor<1x2x2x3x8xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[QUERY]], #[[KEY]], #{{.+}}]
// CHECK: tenon.reshape %[[PARTS]] : (tensor<1x2x2x3x8xf32>) -> tensor<1x4x3x8xf32>
func.func @grouped_heads(%A: tensor<1x4x3x8xf32>, %B: tensor<1x2x5x8xf32>) -> tensor<1x4x3x8xf32> {
  %r = tenon.kernel(%A, %B : tensor<1x4x3x8xf32>, tensor<1x2x5x8xf32>) -> (tensor<1x4x3x8xf32>) {
  ^bb0(%a: tensor<1x4x3x8xf32>, %b: tensor<1x2x5x8xf32>):
    %r = tenon.attention %a, %b, %b {scale = 0.5 : f32} : (tensor<1x4x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>) -> tensor<1x4x3x8xf32>
    tenon.yield %r : tensor<1x4x3x8xf32>
  }
  return %r : tensor<1x4x3x8xf32>
}
