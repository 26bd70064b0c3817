// Each transform is two elementwise ops that sum lines with the coefficients of a constant matrix, which is 0 for a
// term that is left out.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// The last tile begins at 3 and reaches to 9 of the padded input, of 7 + 1 + 2.
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, 5)>
// CHECK-DAG: #[[LINE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1 * 4 + 5, d3, d4)>
// CHECK-DAG: #[[HALF:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d2 * 4 + 5, d5)>
// CHECK-LABEL: func.func @input
// CHECK: %[[PAD:.*]] = tensor.pad %{{.*}} low[0, 1, 0, 0] high[0, 2, 3, 0]
// CHECK: %[[B:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, -1.500000e+00, -2.000000e+00, 1.500000e+00, 1.000000e+00, 0.000000e+00],
// CHECK: %[[T:.*]] = linalg.generic {indexing_maps = [{{.*}}#[[ROW]], {{.*}}#[[LINE]], {{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%[[B]], {{.*}}%[[PAD]], %[[PAD]] :
// CHECK: arith.constant -0.000000e+00
// CHECK: %[[ABSENT:.*]] = arith.cmpf oeq, %in, %{{.*}}
// CHECK: arith.mulf
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: arith.select %[[ABSENT]], %{{.*}}, %[[SUM]]
// CHECK: -> tensor<1x2x6x10x8xf32>
// CHECK: linalg.generic {indexing_maps = [{{.*}}#[[HALF]], {{.*}}ins({{.*}}%[[T]], %[[T]] :
// CHECK: -> tensor<1x2x2x6x6x8xf32>
func.func @input(%x: tensor<1x7x7x8xf32>) -> tensor<1x2x2x6x6x8xf32> {
  %r = tenon.kernel(%x : tensor<1x7x7x8xf32>) -> (tensor<1x2x2x6x6x8xf32>) {
  ^bb0(%a: tensor<1x7x7x8xf32>):
    %v = tenon.winograd_input %a {tile = 4 : i64, pads = array<i64: 1, 0, 1, 2>} : (tensor<1x7x7x8xf32>) -> tensor<1x2x2x6x6x8xf32>
    tenon.yield %v : tensor<1x2x2x6x6x8xf32>
  }
  return %r : tensor<1x2x2x6x6x8xf32>
}

// -----

// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1 mod 2, 3)>
// CHECK-DAG: #[[LINE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1 floordiv 2, d2, 3, d3, d4)>
// CHECK-DAG: #[[HALF:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2 floordiv 2, 3, d3)>
// CHECK-LABEL: func.func @output
// CHECK: arith.constant dense<{{\[\[}}1.000000e+00, 1.000000e+00, 1.000000e+00, 0.000000e+00], [0.000000e+00, 1.000000e+00, -1.000000e+00, -1.000000e+00]]> : tensor<2x4xf32>
// CHECK: linalg.generic {indexing_maps = [{{.*}}#[[ROW]], {{.*}}#[[LINE]],
// CHECK: -> tensor<1x5x2x4x8xf32>
// CHECK: linalg.generic {indexing_maps = [{{.*}}#[[HALF]],
// CHECK: -> tensor<1x5x3x8xf32>
func.func @output(%m: tensor<1x3x2x4x4x8xf32>) -> tensor<1x5x3x8xf32> {
  %r = tenon.kernel(%m : tensor<1x3x2x4x4x8xf32>) -> (tensor<1x5x3x8xf32>) {
  ^bb0(%a: tensor<1x3x2x4x4x8xf32>):
    %y = tenon.winograd_output %a {tile = 2 : i64, height = 5 : i64, width = 3 : i64} : (tensor<1x3x2x4x4x8xf32>) -> tensor<1x5x3x8xf32>
    tenon.yield %y : tensor<1x5x3x8xf32>
  }
  return %r : tensor<1x5x3x8xf32>
}
