// Reads at places given by other tensors extract from the kernel's argument.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// Negative indices count from the end.
// CHECK-DAG: #[[INDEX:.+]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-LABEL: func.func @gather
// CHECK: ^bb0(%[[DATA:.+]]: tensor<3x5x2xf32>, %[[INDICES:.+]]: tensor<4xi64>):
// CHECK: linalg.generic {indexing_maps = [#[[INDEX]], #{{.+}}], iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[INDICES]] : tensor<4xi64>)
// CHECK: %[[BEFORE:.+]] = linalg.index 0
// CHECK: %[[CAST:.+]] = arith.index_cast %in : i64 to index
// CHECK: %[[WRAPPED:.+]] = arith.select %{{.+}}, %{{.+}}, %[[CAST]] : index
// CHECK: %[[PLACE:.+]] = arith.minui %[[WRAPPED]], %{{.+}} : index
// CHECK: %[[AFTER:.+]] = linalg.index 2
// CHECK: tensor.extract %[[DATA]][%[[BEFORE]], %[[PLACE]], %[[AFTER]]]
func.func @gather(%A: tensor<3x5x2xf32>, %B: tensor<4xi64>) -> tensor<3x4x2xf32> {
  %r = tenon.kernel(%A, %B : tensor<3x5x2xf32>, tensor<4xi64>) -> (tensor<3x4x2xf32>) {
  ^bb0(%a: tensor<3x5x2xf32>, %b: tensor<4xi64>):
    %r = tenon.gather %a, %b {axis = 1 : i64} : (tensor<3x5x2xf32>, tensor<4xi64>) -> tensor<3x4x2xf32>
    tenon.yield %r : tensor<3x4x2xf32>
  }
  return %r : tensor<3x4x2xf32>
}

// -----

// 
// CHECK-LABEL: func.func @gather_elements
// CHECK: arith.index_cast %in : i32 to index
// CHECK: tensor.extract
func.func @gather_elements(%A: tensor<2x5xf32>, %B: tensor<2x3xi32>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x5xf32>, tensor<2x3xi32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x5xf32>, %b: tensor<2x3xi32>):
    %r = tenon.gather_elements %a, %b {axis = 1 : i64} : (tensor<2x5xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}

// -----

// An input an entry of the tuples.
// CHECK-DAG: #[[FIRST:.+]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-DAG: #[[SECOND:.+]] = affine_map<(d0, d1) -> (d0, 1)>
// CHECK-LABEL: func.func @gather_nd
// CHECK: linalg.generic {indexing_maps = [#[[FIRST]], #[[SECOND]], #{{.+}}]
// CHECK: tensor.extract %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}]
func.func @gather_nd(%A: tensor<2x5x3xf32>, %B: tensor<4x2xi64>) -> tensor<4x3xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x5x3xf32>, tensor<4x2xi64>) -> (tensor<4x3xf32>) {
  ^bb0(%a: tensor<2x5x3xf32>, %b: tensor<4x2xi64>):
    %r = tenon.gather_nd %a, %b : (tensor<2x5x3xf32>, tensor<4x2xi64>) -> tensor<4x3xf32>
    tenon.yield %r : tensor<4x3xf32>
  }
  return %r : tensor<4x3xf32>
}

// -----

// 
// CHECK-DAG: #[[INDEX:.+]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[OFF:.+]] = affine_map<(d0, d1) -> (0)>
// CHECK-DAG: #[[ON:.+]] = affine_map<(d0, d1) -> (1)>
// CHECK-LABEL: func.func @one_hot
// CHECK: linalg.generic {indexing_maps = [#[[INDEX]], #[[OFF]], #[[ON]], #{{.+}}]
// CHECK: arith.cmpi eq
// CHECK: arith.select
func.func @one_hot(%A: tensor<4xi64>, %B: tensor<i64>, %C: tensor<2xf32>) -> tensor<4x3xf32> {
  %r = tenon.kernel(%A, %B, %C : tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> (tensor<4x3xf32>) {
  ^bb0(%a: tensor<4xi64>, %b: tensor<i64>, %c: tensor<2xf32>):
    %r = tenon.one_hot %a, %b, %c {axis = 1 : i64} : (tensor<4xi64>, tensor<i64>, tensor<2xf32>) -> tensor<4x3xf32>
    tenon.yield %r : tensor<4x3xf32>
  }
  return %r : tensor<4x3xf32>
}
