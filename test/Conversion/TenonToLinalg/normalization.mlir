// Statistics are reductions; what follows from them is computed once per sample, and applied by a last op.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// 
// CHECK-LABEL: func.func @softmax
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "reduction"]}
// CHECK: arith.maximumf %out, %in fastmath<nnan,nsz> : f32
// CHECK: %[[EXP:.+]] = linalg.generic {{.+}} iterator_types = ["parallel", "parallel"]}
// CHECK: arith.subf
// CHECK: math.exp %{{.+}} {tenon.nonpositive} : f32
// CHECK: %[[SUM:.+]] = linalg.generic {{.+}} iterator_types = ["parallel", "reduction"]} ins(%[[EXP]] :
// CHECK: arith.addf
// CHECK: %[[FACTOR:.+]] = linalg.generic {{.+}} iterator_types = ["parallel"]} ins(%[[SUM]] :
// CHECK: arith.divf
// CHECK: linalg.generic {{.+}} ins(%[[EXP]], %[[FACTOR]] :
// CHECK: arith.mulf
func.func @softmax(%A: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.softmax %a {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}

// -----

// 
// CHECK-LABEL: func.func @log_softmax
// CHECK: arith.maximumf
// CHECK: math.exp %{{.+}} {tenon.nonpositive} : f32
// CHECK: arith.addf
// CHECK: math.log
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "parallel"]}
// CHECK: arith.subf
// CHECK: arith.subf
func.func @log_softmax(%A: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.log_softmax %a {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}

// -----

// The variance is the mean of squared differences. Half precision rounds in the last op only.
// CHECK-LABEL: func.func @layer_norm
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "reduction"]}
// CHECK: arith.addf
// CHECK: %[[MEAN:.+]] = linalg.generic {{.+}} iterator_types = ["parallel"]}
// CHECK: arith.divf
// CHECK-NOT: arith.truncf
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "reduction"]} ins(%{{.+}}, %[[MEAN]] :
// CHECK: %[[DIFFERENCE:.+]] = arith.subf
// CHECK: arith.mulf %[[DIFFERENCE]], %[[DIFFERENCE]] : f32
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel"]}
// CHECK: math.sqrt
// CHECK: arith.divf
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "parallel"]}
// CHECK: arith.truncf
func.func @layer_norm(%A: tensor<2x4xf16>, %B: tensor<4xf16>, %C: tensor<4xf16>) -> tensor<2x4xf16> {
  %r = tenon.kernel(%A, %B, %C : tensor<2x4xf16>, tensor<4xf16>, tensor<4xf16>) -> (tensor<2x4xf16>) {
  ^bb0(%a: tensor<2x4xf16>, %b: tensor<4xf16>, %c: tensor<4xf16>):
    %r = tenon.layer_norm %a scale(%b) bias(%c) {axis = 1 : i64, epsilon = 1.0e-05 : f32} : (tensor<2x4xf16>, tensor<4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
    tenon.yield %r : tensor<2x4xf16>
  }
  return %r : tensor<2x4xf16>
}

// -----

// No mean is taken away.
// CHECK-LABEL: func.func @rms_norm
// CHECK-NOT: arith.subf
// CHECK: math.sqrt
// CHECK-NOT: arith.subf
// CHECK: return
func.func @rms_norm(%A: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %r = tenon.kernel(%A : tensor<2x4xf32>) -> (tensor<2x4xf32>) {
  ^bb0(%a: tensor<2x4xf32>):
    %r = tenon.rms_norm %a {axis = 1 : i64, epsilon = 1.0e-05 : f32} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    tenon.yield %r : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// -----

// One factor a channel, then an elementwise op.
// CHECK-DAG: #[[CHANNEL:.+]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-LABEL: func.func @batch_norm
// CHECK: %[[FACTOR:.+]] = linalg.generic {{.+}} outs(%{{.+}} : tensor<3xf32>)
// CHECK: math.sqrt
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[CHANNEL]], #[[CHANNEL]], #[[CHANNEL]], #{{.+}}]
// CHECK-SAME: %[[FACTOR]]
func.func @batch_norm(%A: tensor<2x3x4xf32>, %B: tensor<3xf32>) -> tensor<2x3x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x3x4xf32>, tensor<3xf32>) -> (tensor<2x3x4xf32>) {
  ^bb0(%a: tensor<2x3x4xf32>, %b: tensor<3xf32>):
    %r = tenon.batch_norm %a, %b, %b, %b, %b {epsilon = 1.0e-05 : f32} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
    tenon.yield %r : tensor<2x3x4xf32>
  }
  return %r : tensor<2x3x4xf32>
}

// -----

// Over the spatial dimensions; here channels are the last.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2) -> (d0, d2, d1)>
// CHECK-LABEL: func.func @instance_norm
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}], iterator_types = ["parallel", "parallel", "reduction"]}
func.func @instance_norm(%A: tensor<2x5x3xf32>, %B: tensor<3xf32>) -> tensor<2x5x3xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x5x3xf32>, tensor<3xf32>) -> (tensor<2x5x3xf32>) {
  ^bb0(%a: tensor<2x5x3xf32>, %b: tensor<3xf32>):
    %r = tenon.instance_norm %a, %b, %b {epsilon = 1.0e-05 : f32, layout = #tenon<layout channels_last>} : (tensor<2x5x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x5x3xf32>
    tenon.yield %r : tensor<2x5x3xf32>
  }
  return %r : tensor<2x5x3xf32>
}

// -----

// Statistics a group, found again for a channel by a sum of which one term counts.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 * 2 + d2, d3)>
// CHECK-DAG: #[[GROUP:.+]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func.func @group_norm
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}, #{{.+}}], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
// CHECK: linalg.generic {indexing_maps = [#[[GROUP]], #{{.+}}], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: arith.divui
// CHECK: arith.cmpi eq
// CHECK: arith.select
func.func @group_norm(%A: tensor<2x6x5xf32>, %B: tensor<6xf32>) -> tensor<2x6x5xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x6x5xf32>, tensor<6xf32>) -> (tensor<2x6x5xf32>) {
  ^bb0(%a: tensor<2x6x5xf32>, %b: tensor<6xf32>):
    %r = tenon.group_norm %a, %b, %b {num_groups = 3 : i64, epsilon = 1.0e-05 : f32} : (tensor<2x6x5xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<2x6x5xf32>
    tenon.yield %r : tensor<2x6x5xf32>
  }
  return %r : tensor<2x6x5xf32>
}

// -----

// A window over channels, padded with zeros.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 + d3, d2)>
// CHECK-LABEL: func.func @lrn
// CHECK: tensor.pad %{{.+}} low[0, 1, 0] high[0, 1, 0]
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}, #{{.+}}], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
// CHECK-NOT: math.powf
// CHECK: math.sqrt
func.func @lrn(%A: tensor<1x5x4xf32>) -> tensor<1x5x4xf32> {
  %r = tenon.kernel(%A : tensor<1x5x4xf32>) -> (tensor<1x5x4xf32>) {
  ^bb0(%a: tensor<1x5x4xf32>):
    %r = tenon.lrn %a {size = 3 : i64, alpha = 0.5 : f32, beta = 0.75 : f32, bias = 1.0 : f32} : (tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
    tenon.yield %r : tensor<1x5x4xf32>
  }
  return %r : tensor<1x5x4xf32>
}

// -----

// Where the norm is 0 the divisor is 1.
// CHECK-LABEL: func.func @lp_norm
// CHECK: arith.mulf %in, %in : f32
// CHECK: arith.cmpf oeq
// CHECK: math.sqrt
// CHECK: arith.select
// CHECK: arith.divf
func.func @lp_norm(%A: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.lp_norm %a {axis = 1 : i64, p = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}
