// Pooling pads with the neutral element and reduces over a window that an operand gives the shape of.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// 
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2 * 2 + d4, d3 + d5)>
// CHECK-DAG: #[[WINDOW:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>
// CHECK-LABEL: func.func @max_pool
// CHECK: %[[LOWEST:.+]] = arith.constant 0xFF800000 : f32
// CHECK: tensor.pad %{{.+}} low[0, 0, 1, 0] high[0, 0, 0, 1]
// CHECK: tensor.yield %[[LOWEST]] : f32
// CHECK: tensor.empty() : tensor<3x2xf32>
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[WINDOW]], #{{.+}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
// CHECK: arith.maximumf %out, %{{.+}} fastmath<nnan,nsz> : f32
func.func @max_pool(%A: tensor<1x2x6x5xf32>) -> tensor<1x2x3x5xf32> {
  %r = tenon.kernel(%A : tensor<1x2x6x5xf32>) -> (tensor<1x2x3x5xf32>) {
  ^bb0(%a: tensor<1x2x6x5xf32>):
    %r = tenon.max_pool %a {kernel = array<i64: 3, 2>, strides = array<i64: 2, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 0, 0, 1>} : (tensor<1x2x6x5xf32>) -> tensor<1x2x3x5xf32>
    tenon.yield %r : tensor<1x2x3x5xf32>
  }
  return %r : tensor<1x2x3x5xf32>
}

// -----

// 
// CHECK-LABEL: func.func @max_pool_unsigned
// CHECK-NOT: tensor.pad
// CHECK: %[[LOWEST:.+]] = arith.constant 0 : i8
// CHECK: linalg.fill ins(%[[LOWEST]] : i8)
// CHECK: arith.maxui
func.func @max_pool_unsigned(%A: tensor<1x2x4xui8>) -> tensor<1x2x2xui8> {
  %r = tenon.kernel(%A : tensor<1x2x4xui8>) -> (tensor<1x2x2xui8>) {
  ^bb0(%a: tensor<1x2x4xui8>):
    %r = tenon.max_pool %a {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x4xui8>) -> tensor<1x2x2xui8>
    tenon.yield %r : tensor<1x2x2xui8>
  }
  return %r : tensor<1x2x2xui8>
}

// -----

// The window that does not fit needs padding behind.
// CHECK-LABEL: func.func @ceil_mode
// CHECK: tensor.pad %{{.+}} low[0, 0, 0] high[0, 1, 0]
func.func @ceil_mode(%A: tensor<1x6x2xf32>) -> tensor<1x3x2xf32> {
  %r = tenon.kernel(%A : tensor<1x6x2xf32>) -> (tensor<1x3x2xf32>) {
  ^bb0(%a: tensor<1x6x2xf32>):
    %r = tenon.max_pool %a {kernel = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, ceil_mode, layout = #tenon<layout channels_last>} : (tensor<1x6x2xf32>) -> tensor<1x3x2xf32>
    tenon.yield %r : tensor<1x3x2xf32>
  }
  return %r : tensor<1x3x2xf32>
}

// -----

// Without padding the count is a constant.
// CHECK-LABEL: func.func @whole_windows
// CHECK: arith.addf
// CHECK: linalg.generic
// CHECK: %[[HALF:.+]] = arith.constant 5.000000e-01 : f32
// CHECK: arith.mulf %in, %[[HALF]] : f32
func.func @whole_windows(%A: tensor<1x2x4xf32>) -> tensor<1x2x2xf32> {
  %r = tenon.kernel(%A : tensor<1x2x4xf32>) -> (tensor<1x2x2xf32>) {
  ^bb0(%a: tensor<1x2x4xf32>):
    %r = tenon.average_pool %a {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x4xf32>) -> tensor<1x2x2xf32>
    tenon.yield %r : tensor<1x2x2xf32>
  }
  return %r : tensor<1x2x2xf32>
}

// -----

// With padding that doesn't count, counts are computed over the spatial dimensions.
// CHECK-LABEL: func.func @cut_windows
// CHECK: %[[SUM:.+]] = linalg.generic {{.+}} outs(%{{.+}} : tensor<1x2x5xf32>)
// CHECK: arith.addf
// CHECK: %[[COUNT:.+]] = linalg.generic {{.+}} outs(%{{.+}} : tensor<5xf32>)
// CHECK: linalg.index 0
// CHECK: arith.divf
// CHECK: linalg.generic {{.+}} ins(%[[SUM]], %[[COUNT]] : tensor<1x2x5xf32>, tensor<5xf32>)
// CHECK: arith.mulf
func.func @cut_windows(%A: tensor<1x2x4xf32>) -> tensor<1x2x5xf32> {
  %r = tenon.kernel(%A : tensor<1x2x4xf32>) -> (tensor<1x2x5xf32>) {
  ^bb0(%a: tensor<1x2x4xf32>):
    %r = tenon.average_pool %a {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>} : (tensor<1x2x4xf32>) -> tensor<1x2x5xf32>
    tenon.yield %r : tensor<1x2x5xf32>
  }
  return %r : tensor<1x2x5xf32>
}

// -----

// 
// CHECK-LABEL: func.func @counted_padding
// CHECK-NOT: linalg.index
// CHECK: return
func.func @counted_padding(%A: tensor<1x2x4xf32>) -> tensor<1x2x5xf32> {
  %r = tenon.kernel(%A : tensor<1x2x4xf32>) -> (tensor<1x2x5xf32>) {
  ^bb0(%a: tensor<1x2x4xf32>):
    %r = tenon.average_pool %a {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>, count_include_pad} : (tensor<1x2x4xf32>) -> tensor<1x2x5xf32>
    tenon.yield %r : tensor<1x2x5xf32>
  }
  return %r : tensor<1x2x5xf32>
}

// -----

// 
// CHECK-LABEL: func.func @lp_pool
// CHECK: %[[SQUARE:.+]] = arith.mulf %[[X:.+]], %[[X]] : f32
// CHECK: arith.addf %out, %[[SQUARE]] : f32
// CHECK: math.sqrt
func.func @lp_pool(%A: tensor<1x2x4xf32>) -> tensor<1x2x2xf32> {
  %r = tenon.kernel(%A : tensor<1x2x4xf32>) -> (tensor<1x2x2xf32>) {
  ^bb0(%a: tensor<1x2x4xf32>):
    %r = tenon.lp_pool %a {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, p = 2 : i64} : (tensor<1x2x4xf32>) -> tensor<1x2x2xf32>
    tenon.yield %r : tensor<1x2x2xf32>
  }
  return %r : tensor<1x2x2xf32>
}

// -----

// The largest and where it stands; padding never wins.
// CHECK-LABEL: func.func @with_indices
// CHECK: %[[NOWHERE:.+]] = arith.constant -1 : i64
// CHECK: linalg.fill ins(%[[NOWHERE]] : i64)
// CHECK: %[[BOTH:.+]]:2 = linalg.generic
// CHECK: arith.cmpi ult
// CHECK: arith.cmpf ogt
// CHECK: tenon.yield %[[BOTH]]#0, %[[BOTH]]#1
func.func @with_indices(%A: tensor<1x2x4xf32>) -> (tensor<1x2x3xf32>, tensor<1x2x3xi64>) {
  %r:2 = tenon.kernel(%A : tensor<1x2x4xf32>) -> (tensor<1x2x3xf32>, tensor<1x2x3xi64>) {
  ^bb0(%a: tensor<1x2x4xf32>):
    %r, %s = tenon.max_pool_with_indices %a {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 1, 1>} : (tensor<1x2x4xf32>) -> (tensor<1x2x3xf32>, tensor<1x2x3xi64>)
    tenon.yield %r, %s : tensor<1x2x3xf32>, tensor<1x2x3xi64>
  }
  return %r#0, %r#1 : tensor<1x2x3xf32>, tensor<1x2x3xi64>
}
