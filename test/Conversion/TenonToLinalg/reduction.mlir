// Reductions: the loops of the result, then the reduced ones; what follows is an op over the result.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// 
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2) -> (d0, d2, d1)>
// CHECK-DAG: #[[OUT:.+]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @sum
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[OUT]]], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: arith.addf %out, %in : f32
// CHECK-NOT: linalg.generic
func.func @sum(%A: tensor<2x3x4xf32>) -> tensor<2x4xf32> {
  %r = tenon.kernel(%A : tensor<2x3x4xf32>) -> (tensor<2x4xf32>) {
  ^bb0(%a: tensor<2x3x4xf32>):
    %r = tenon.reduce sum %a {axes = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
    tenon.yield %r : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// -----

// A kept dimension is a loop of one iteration.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-DAG: #[[OUT:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @kept_dimension
// CHECK: linalg.fill ins(%{{.+}} : f32) outs(%{{.+}} : tensor<2x1x4xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[OUT]]]
// CHECK: arith.maximumf %out, %in fastmath<nsz> : f32
func.func @kept_dimension(%A: tensor<2x3x4xf32>) -> tensor<2x1x4xf32> {
  %r = tenon.kernel(%A : tensor<2x3x4xf32>) -> (tensor<2x1x4xf32>) {
  ^bb0(%a: tensor<2x3x4xf32>):
    %r = tenon.reduce max %a {axes = array<i64: 1>, keep_dims} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
    tenon.yield %r : tensor<2x1x4xf32>
  }
  return %r : tensor<2x1x4xf32>
}

// -----

// 
// CHECK-LABEL: func.func @mean_of_half
// CHECK: linalg.generic {{.+}} outs(%{{.+}} : tensor<2xf32>)
// CHECK: linalg.generic {{.+}} outs(%{{.+}} : tensor<2xf16>)
// CHECK: %[[COUNT:.+]] = arith.constant 4.000000e+00 : f32
// CHECK: arith.divf %in, %[[COUNT]] : f32
// CHECK: arith.truncf
func.func @mean_of_half(%A: tensor<2x4xf16>) -> tensor<2xf16> {
  %r = tenon.kernel(%A : tensor<2x4xf16>) -> (tensor<2xf16>) {
  ^bb0(%a: tensor<2x4xf16>):
    %r = tenon.reduce mean %a {axes = array<i64: 1>} : (tensor<2x4xf16>) -> tensor<2xf16>
    tenon.yield %r : tensor<2xf16>
  }
  return %r : tensor<2xf16>
}

// -----

// A dynamic count comes from the argument.
// CHECK-LABEL: func.func @mean_of_unknown_count
// CHECK: %[[N:.+]] = tensor.dim %{{.+}}, %{{.+}}
// CHECK: %[[INTEGER:.+]] = arith.index_cast %[[N]] : index to i64
// CHECK: %[[COUNT:.+]] = arith.sitofp %[[INTEGER]] : i64 to f32
// CHECK: arith.divf %in, %[[COUNT]] : f32
func.func @mean_of_unknown_count(%A: tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> tensor<4xf32> {
  %r = tenon.kernel(%A : tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<?x4xf32, #tenon.dims<[n, 4]>>):
    %r = tenon.reduce mean %a {axes = array<i64: 0>} : (tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// Bools combine as bytes of 0 and 1.
// CHECK-LABEL: func.func @any_and_all
// CHECK: %[[NONE:.+]] = arith.constant 0 : i8
// CHECK: linalg.fill ins(%[[NONE]] : i8)
// CHECK: arith.maxui %out, %in : i8
// CHECK: %[[ALL:.+]] = arith.constant 1 : i8
// CHECK: linalg.fill ins(%[[ALL]] : i8)
// CHECK: arith.muli %out, %in : i8
func.func @any_and_all(%A: tensor<2x3xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
  %r:2 = tenon.kernel(%A : tensor<2x3xi1>) -> (tensor<2xi1>, tensor<2xi1>) {
  ^bb0(%a: tensor<2x3xi1>):
    %r = tenon.reduce max %a {axes = array<i64: 1>} : (tensor<2x3xi1>) -> tensor<2xi1>
    %s = tenon.reduce min %a {axes = array<i64: 1>} : (tensor<2x3xi1>) -> tensor<2xi1>
    tenon.yield %r, %s : tensor<2xi1>, tensor<2xi1>
  }
  return %r#0, %r#1 : tensor<2xi1>, tensor<2xi1>
}

// -----

// Shifted by the maximum, unless that is infinite.
// CHECK-LABEL: func.func @log_sum_exp
// CHECK: arith.maximumf
// CHECK: arith.cmpf oeq
// CHECK: arith.select
// CHECK: arith.subf
// CHECK: math.exp %{{.+}} : f32
// CHECK: arith.addf
// CHECK: math.log
// CHECK: arith.addf
func.func @log_sum_exp(%A: tensor<2x3xf32>) -> tensor<2xf32> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.reduce log_sum_exp %a {axes = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2xf32>
    tenon.yield %r : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

// Value and place are two results of one op; a strict comparison keeps the first.
// CHECK-LABEL: func.func @first_of_the_largest
// CHECK: %[[BOTH:.+]]:2 = linalg.generic
// CHECK-SAME: outs(%{{.+}}, %{{.+}} : tensor<2xf32>, tensor<2xi64>)
// CHECK: linalg.index 1
// CHECK: arith.cmpf ogt
// CHECK: linalg.yield %{{.+}}, %{{.+}} : f32, i64
// CHECK: tenon.yield %[[BOTH]]#1
func.func @first_of_the_largest(%A: tensor<2x3xf32>) -> tensor<2xi64> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2xi64>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.arg_reduce max %a {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
    tenon.yield %r : tensor<2xi64>
  }
  return %r : tensor<2xi64>
}
