// Sampling on another grid: the body reads the points around a coordinate.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// A quotient of the index, no coordinates.
// CHECK-LABEL: func.func @whole_factors
// CHECK-NOT: arith.sitofp
// CHECK: arith.divui %{{.+}}, %{{.+}} : index
// CHECK: arith.divui %{{.+}}, %{{.+}} : index
// CHECK: tensor.extract
func.func @whole_factors(%A: tensor<1x2x4x4xf32>) -> tensor<1x2x8x12xf32> {
  %r = tenon.kernel(%A : tensor<1x2x4x4xf32>) -> (tensor<1x2x8x12xf32>) {
  ^bb0(%a: tensor<1x2x4x4xf32>):
    %r = tenon.resize nearest %a : (tensor<1x2x4x4xf32>) -> tensor<1x2x8x12xf32>
    tenon.yield %r : tensor<1x2x8x12xf32>
  }
  return %r : tensor<1x2x8x12xf32>
}

// -----

// Where the input is computed in the kernel the result is in parts.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @of_a_result
// CHECK: %[[PARTS:.+]] = tenon.kernel({{.+}}) -> (tensor<1x4x2xf32>)
// CHECK: %[[EXP:.+]] = linalg.generic
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}]{{.+}} ins(%[[EXP]] :
// CHECK: tenon.reshape %[[PARTS]] : (tensor<1x4x2xf32>) -> tensor<1x8xf32>
func.func @of_a_result(%A: tensor<1x4xf32>) -> tensor<1x8xf32> {
  %r = tenon.kernel(%A : tensor<1x4xf32>) -> (tensor<1x8xf32>) {
  ^bb0(%a: tensor<1x4xf32>):
    %e = tenon.exp %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %r = tenon.resize nearest %e : (tensor<1x4xf32>) -> tensor<1x8xf32>
    tenon.yield %r : tensor<1x8xf32>
  }
  return %r : tensor<1x8xf32>
}

// -----

// Two points, clamped to the input.
// CHECK-LABEL: func.func @linear
// CHECK: math.floor
// CHECK: arith.fptosi
// CHECK: arith.minsi
// CHECK: tensor.extract
// CHECK: arith.mulf
// CHECK: tensor.extract
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK-NOT: tensor.extract
func.func @linear(%A: tensor<1x4xf32>) -> tensor<1x6xf32> {
  %r = tenon.kernel(%A : tensor<1x4xf32>) -> (tensor<1x6xf32>) {
  ^bb0(%a: tensor<1x4xf32>):
    %r = tenon.resize linear %a : (tensor<1x4xf32>) -> tensor<1x6xf32>
    tenon.yield %r : tensor<1x6xf32>
  }
  return %r : tensor<1x6xf32>
}

// -----

// Four points.
// CHECK-LABEL: func.func @cubic
// CHECK: tensor.extract
// CHECK: tensor.extract
// CHECK: tensor.extract
// CHECK: tensor.extract
// CHECK-NOT: tensor.extract
func.func @cubic(%A: tensor<1x4xf32>) -> tensor<1x6xf32> {
  %r = tenon.kernel(%A : tensor<1x4xf32>) -> (tensor<1x6xf32>) {
  ^bb0(%a: tensor<1x4xf32>):
    %r = tenon.resize cubic %a : (tensor<1x4xf32>) -> tensor<1x6xf32>
    tenon.yield %r : tensor<1x6xf32>
  }
  return %r : tensor<1x6xf32>
}

// -----

// 
// CHECK-LABEL: func.func @outside_of_the_crop
// CHECK: %[[NINE:.+]] = arith.constant 9.000000e+00 : f32
// CHECK: arith.select %{{.+}}, %{{.+}}, %[[NINE]] : f32
func.func @outside_of_the_crop(%A: tensor<1x4xf32>) -> tensor<1x6xf32> {
  %r = tenon.kernel(%A : tensor<1x4xf32>) -> (tensor<1x6xf32>) {
  ^bb0(%a: tensor<1x4xf32>):
    %r = tenon.resize linear %a {coordinate_mode = #tenon<coordinate_mode tf_crop_and_resize>, roi = array<f32: 0.0, 0.0, 1.0, 1.5>, extrapolation_value = 9.0 : f32} : (tensor<1x4xf32>) -> tensor<1x6xf32>
    tenon.yield %r : tensor<1x6xf32>
  }
  return %r : tensor<1x6xf32>
}
