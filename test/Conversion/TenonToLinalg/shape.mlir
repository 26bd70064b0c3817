// Ops that move elements are access maps where these can say it, and reads of an argument where not.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// 
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2) -> (d1, d2, d0)>
// CHECK-LABEL: func.func @transpose
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}]
// CHECK-NEXT: ^bb0(%[[X:.+]]: f32, %{{.+}}: f32):
// CHECK-NEXT: linalg.yield %[[X]] : f32
func.func @transpose(%A: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %r = tenon.kernel(%A : tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>) {
  ^bb0(%a: tensor<2x3x4xf32>):
    %r = tenon.transpose %a {perm = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
    tenon.yield %r : tensor<4x2x3xf32>
  }
  return %r : tensor<4x2x3xf32>
}

// -----

// 
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2) -> (d1, 0)>
// CHECK-LABEL: func.func @expand
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}]
func.func @expand(%A: tensor<3x1xf32>) -> tensor<2x3x4xf32> {
  %r = tenon.kernel(%A : tensor<3x1xf32>) -> (tensor<2x3x4xf32>) {
  ^bb0(%a: tensor<3x1xf32>):
    %r = tenon.expand %a : (tensor<3x1xf32>) -> tensor<2x3x4xf32>
    tenon.yield %r : tensor<2x3x4xf32>
  }
  return %r : tensor<2x3x4xf32>
}

// -----

// Steps and starts are linear; a size of 1 reads its start.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1) -> (2, d1 * -2 + 5)>
// CHECK-LABEL: func.func @slice
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}]
func.func @slice(%A: tensor<3x7xf32>) -> tensor<1x3xf32> {
  %r = tenon.kernel(%A : tensor<3x7xf32>) -> (tensor<1x3xf32>) {
  ^bb0(%a: tensor<3x7xf32>):
    %r = tenon.slice %a {starts = array<i64: 2, 5>, steps = array<i64: 1, -2>} : (tensor<3x7xf32>) -> tensor<1x3xf32>
    tenon.yield %r : tensor<1x3xf32>
  }
  return %r : tensor<1x3xf32>
}

// -----

// 
// CHECK-LABEL: func.func @beginning_of_an_argument
// CHECK: ^bb0(%[[X:.+]]: tensor<5x4xf32>):
// CHECK: %[[ROW:.+]] = linalg.index 0
// CHECK: %[[COLUMN:.+]] = linalg.index 1
// CHECK: tensor.extract %[[X]][%[[ROW]], %[[COLUMN]]]
func.func @beginning_of_an_argument(%A: tensor<5x4xf32>) -> tensor<2x4xf32> {
  %r = tenon.kernel(%A : tensor<5x4xf32>) -> (tensor<2x4xf32>) {
  ^bb0(%a: tensor<5x4xf32>):
    %r = tenon.slice %a {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<5x4xf32>) -> tensor<2x4xf32>
    tenon.yield %r : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// -----

// 
// CHECK-DAG: #[[BACKWARDS:.+]] = affine_map<(d0) -> (-d0 + 1)>
// CHECK-LABEL: func.func @beginning_of_a_result
// CHECK: %[[EXP:.+]] = linalg.generic
// CHECK: %[[ONCE:.+]] = linalg.generic {indexing_maps = [#[[BACKWARDS]], #{{.+}}]{{.+}} ins(%[[EXP]] : tensor<5xf32>) outs(%{{.+}} : tensor<2xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[BACKWARDS]], #{{.+}}]{{.+}} ins(%[[ONCE]] : tensor<2xf32>)
func.func @beginning_of_a_result(%A: tensor<5xf32>) -> tensor<2xf32> {
  %r = tenon.kernel(%A : tensor<5xf32>) -> (tensor<2xf32>) {
  ^bb0(%a: tensor<5xf32>):
    %e = tenon.exp %a : (tensor<5xf32>) -> tensor<5xf32>
    %r = tenon.slice %e {starts = array<i64: 0>, steps = array<i64: 1>} : (tensor<5xf32>) -> tensor<2xf32>
    tenon.yield %r : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

// 
// CHECK-LABEL: func.func @last_of_a_dynamic_size
// CHECK: %[[N:.+]] = tensor.dim
// CHECK: arith.addi %{{.+}}, %[[N]] : index
// CHECK: tensor.extract
func.func @last_of_a_dynamic_size(%A: tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> tensor<1x4xf32> {
  %r = tenon.kernel(%A : tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> (tensor<1x4xf32>) {
  ^bb0(%a: tensor<?x4xf32, #tenon.dims<[n, 4]>>):
    %r = tenon.slice %a {starts = array<i64: -1, 0>, steps = array<i64: 1, 1>} : (tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> tensor<1x4xf32>
    tenon.yield %r : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

// 
// CHECK-LABEL: func.func @pad_with_a_constant
// CHECK: %[[SEVEN:.+]] = arith.constant 7.000000e+00 : f32
// CHECK: tensor.pad %{{.+}} low[0, 1] high[0, 2]
// CHECK: tensor.yield %[[SEVEN]] : f32
// CHECK-NOT: linalg.generic
func.func @pad_with_a_constant(%A: tensor<2x3xf32>) -> tensor<2x6xf32> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2x6xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %v = tenon.constant dense<7.0> : tensor<f32>
    %r = tenon.pad constant %a value(%v) {low = array<i64: 0, 1>, high = array<i64: 0, 2>} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x6xf32>
    tenon.yield %r : tensor<2x6xf32>
  }
  return %r : tensor<2x6xf32>
}

// -----

// A value known at run time goes over zeros.
// CHECK-DAG: #[[SCALAR:.+]] = affine_map<(d0) -> ()>
// CHECK-LABEL: func.func @pad_with_an_argument
// CHECK: %[[PAD:.+]] = tensor.pad
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[SCALAR]], #{{.+}}]{{.+}} ins(%[[PAD]], %{{.+}} :
// CHECK: arith.cmpi ult
// CHECK: arith.select
func.func @pad_with_an_argument(%A: tensor<3xf32>, %B: tensor<f32>) -> tensor<5xf32> {
  %r = tenon.kernel(%A, %B : tensor<3xf32>, tensor<f32>) -> (tensor<5xf32>) {
  ^bb0(%a: tensor<3xf32>, %b: tensor<f32>):
    %r = tenon.pad constant %a value(%b) {low = array<i64: 1>, high = array<i64: 1>} : (tensor<3xf32>, tensor<f32>) -> tensor<5xf32>
    tenon.yield %r : tensor<5xf32>
  }
  return %r : tensor<5xf32>
}

// -----

// A negative count takes elements away first.
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0) -> (d0 + 2)>
// CHECK-LABEL: func.func @pad_cuts
// CHECK: %[[CUT:.+]] = linalg.generic {indexing_maps = [#[[IN]], #{{.+}}]
// CHECK: tensor.pad %[[CUT]] low[0] high[2]
func.func @pad_cuts(%A: tensor<6xf32>) -> tensor<6xf32> {
  %r = tenon.kernel(%A : tensor<6xf32>) -> (tensor<6xf32>) {
  ^bb0(%a: tensor<6xf32>):
    %r = tenon.pad constant %a {low = array<i64: -2>, high = array<i64: 2>} : (tensor<6xf32>) -> tensor<6xf32>
    tenon.yield %r : tensor<6xf32>
  }
  return %r : tensor<6xf32>
}

// -----

// 
// CHECK-LABEL: func.func @pad_reflects
// CHECK: ^bb0(%[[X:.+]]: tensor<4xf32>):
// CHECK: arith.remsi
// CHECK: arith.minsi
// CHECK: tensor.extract %[[X]]
func.func @pad_reflects(%A: tensor<4xf32>) -> tensor<6xf32> {
  %r = tenon.kernel(%A : tensor<4xf32>) -> (tensor<6xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.pad reflect %a {low = array<i64: 1>, high = array<i64: 1>} : (tensor<4xf32>) -> tensor<6xf32>
    tenon.yield %r : tensor<6xf32>
  }
  return %r : tensor<6xf32>
}

// -----

// 
// CHECK-LABEL: func.func @tile
// CHECK: %[[ROW:.+]] = linalg.index 0
// CHECK: %[[PLACE:.+]] = arith.remui
// CHECK: tensor.extract %{{.+}}[%[[ROW]], %[[PLACE]]]
func.func @tile(%A: tensor<2x3xf32>) -> tensor<2x9xf32> {
  %r = tenon.kernel(%A : tensor<2x3xf32>) -> (tensor<2x9xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.tile %a : (tensor<2x3xf32>) -> tensor<2x9xf32>
    tenon.yield %r : tensor<2x9xf32>
  }
  return %r : tensor<2x9xf32>
}

// -----

// 
// CHECK-LABEL: func.func @trilu
// CHECK: %[[COLUMN:.+]] = linalg.index 1
// CHECK: %[[ROW:.+]] = linalg.index 0
// CHECK: %[[OFFSET:.+]] = arith.subi %[[COLUMN]], %[[ROW]] : index
// CHECK: arith.cmpi sge, %[[OFFSET]], %{{.+}} : index
// CHECK: arith.select
func.func @trilu(%A: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %r = tenon.kernel(%A : tensor<3x3xf32>) -> (tensor<3x3xf32>) {
  ^bb0(%a: tensor<3x3xf32>):
    %r = tenon.trilu %a {upper, diagonal = 1 : i64} : (tensor<3x3xf32>) -> tensor<3x3xf32>
    tenon.yield %r : tensor<3x3xf32>
  }
  return %r : tensor<3x3xf32>
}

// -----

// 
// CHECK-DAG: #[[LENGTH:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @reverse_sequence
// CHECK: linalg.generic {indexing_maps = [#[[LENGTH]], #{{.+}}]
// CHECK: arith.select
// CHECK: tensor.extract
func.func @reverse_sequence(%A: tensor<4x2xf32>, %B: tensor<2xi64>) -> tensor<4x2xf32> {
  %r = tenon.kernel(%A, %B : tensor<4x2xf32>, tensor<2xi64>) -> (tensor<4x2xf32>) {
  ^bb0(%a: tensor<4x2xf32>, %b: tensor<2xi64>):
    %r = tenon.reverse_sequence %a, %b {batch_axis = 1 : i64, time_axis = 0 : i64} : (tensor<4x2xf32>, tensor<2xi64>) -> tensor<4x2xf32>
    tenon.yield %r : tensor<4x2xf32>
  }
  return %r : tensor<4x2xf32>
}

// -----

// Inputs padded to the result's size, and a choice by the place.
// CHECK-LABEL: func.func @concat
// CHECK: %[[LEFT:.+]] = tensor.pad %{{.+}} low[0, 0] high[0, 1]
// CHECK: %[[RIGHT:.+]] = tensor.pad %{{.+}} low[0, 3] high[0, 0]
// CHECK: linalg.generic {{.+}} ins(%[[LEFT]], %[[RIGHT]] :
// CHECK: arith.select
func.func @concat(%A: tensor<2x3xf32>, %B: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x3xf32>, tensor<2x1xf32>) -> (tensor<2x4xf32>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>):
    %r = tenon.concat %a, %b {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    tenon.yield %r : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// -----

// 
// CHECK-DAG: #[[IN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0 * 3 + d1, d3)>
// CHECK-LABEL: func.func @reshape_that_splits
// CHECK: linalg.generic {indexing_maps = [#[[IN]], #{{.+}}]
func.func @reshape_that_splits(%A: tensor<6x4xf32>) -> tensor<2x3x1x4xf32> {
  %r = tenon.kernel(%A : tensor<6x4xf32>) -> (tensor<2x3x1x4xf32>) {
  ^bb0(%a: tensor<6x4xf32>):
    %r = tenon.reshape %a : (tensor<6x4xf32>) -> tensor<2x3x1x4xf32>
    tenon.yield %r : tensor<2x3x1x4xf32>
  }
  return %r : tensor<2x3x1x4xf32>
}

// -----

// 
// CHECK-LABEL: func.func @shape_of
// CHECK: %[[N:.+]] = tensor.dim
// CHECK: linalg.generic
// CHECK: arith.select %{{.+}}, %[[N]], %{{.+}} : index
func.func @shape_of(%A: tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> tensor<2xi64> {
  %r = tenon.kernel(%A : tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> (tensor<2xi64>) {
  ^bb0(%a: tensor<?x4xf32, #tenon.dims<[n, 4]>>):
    %r = tenon.shape_of %a : (tensor<?x4xf32, #tenon.dims<[n, 4]>>) -> tensor<2xi64>
    tenon.yield %r : tensor<2xi64>
  }
  return %r : tensor<2xi64>
}

// -----

// The number of an element times the step, from numbers known at run time.
// CHECK-LABEL: func.func @range
// CHECK: %[[INDEX:.+]] = linalg.index 0
// CHECK: %[[WIDE:.+]] = arith.index_cast %[[INDEX]] : index to i64
// CHECK: %[[NUMBER:.+]] = arith.sitofp %[[WIDE]] : i64 to f32
// CHECK: %[[STEP:.+]] = arith.mulf %[[NUMBER]], %[[DELTA:.+]] : f32
// CHECK: arith.addf %[[START:.+]], %[[STEP]] : f32
func.func @range(%A: tensor<f32>, %B: tensor<f32>, %C: tensor<f32>) -> tensor<4xf32> {
  %r = tenon.kernel(%A, %B, %C : tensor<f32>, tensor<f32>, tensor<f32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>):
    %r = tenon.range %a, %b, %c : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
