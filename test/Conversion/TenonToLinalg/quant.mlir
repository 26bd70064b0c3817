// Quantization is elementwise; scales are read through maps, or in blocks at quotients of the place.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// 
// CHECK-DAG: #[[AXIS:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @quantize
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[AXIS]], #[[AXIS]], #{{.+}}]
// CHECK: %[[SCALED:.+]] = arith.divf
// CHECK: math.roundeven %[[SCALED]] : f32
// CHECK: arith.uitofp %{{.+}} : i8 to f32
// CHECK: arith.addf
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// CHECK: arith.fptosi
// CHECK: arith.trunci
func.func @quantize(%A: tensor<2x3xf32>, %B: tensor<3xf32>, %C: tensor<3xui8>) -> tensor<2x3xui8> {
  %r = tenon.kernel(%A, %B, %C : tensor<2x3xf32>, tensor<3xf32>, tensor<3xui8>) -> (tensor<2x3xui8>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<3xf32>, %c: tensor<3xui8>):
    %r = tenon.quantize_linear %a, %b zero(%c) to ui8 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xui8>) -> tensor<2x3xui8>
    tenon.yield %r : tensor<2x3xui8>
  }
  return %r : tensor<2x3xui8>
}

// -----

// The difference is taken in i32.
// CHECK-LABEL: func.func @dequantize
// CHECK: arith.extsi %{{.+}} : i8 to i32
// CHECK: arith.subi %{{.+}}, %{{.+}} : i32
// CHECK: arith.sitofp
// CHECK: arith.mulf
func.func @dequantize(%A: tensor<2x3xi8>, %B: tensor<f32>, %C: tensor<i8>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A, %B, %C : tensor<2x3xi8>, tensor<f32>, tensor<i8>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xi8>, %b: tensor<f32>, %c: tensor<i8>):
    %r = tenon.dequantize_linear %a, %b zero(%c) : (tensor<2x3xi8>, tensor<f32>, tensor<i8>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}

// -----

// 
// CHECK-LABEL: func.func @blocks
// CHECK: ^bb0(%{{.+}}: tensor<2x4xf32>, %[[SCALES:.+]]: tensor<2x2xf32>):
// CHECK: %[[BLOCK:.+]] = arith.divui
// CHECK: tensor.extract %[[SCALES]][%{{.+}}, %[[BLOCK]]]
func.func @blocks(%A: tensor<2x4xf32>, %B: tensor<2x2xf32>) -> tensor<2x4xi8> {
  %r = tenon.kernel(%A, %B : tensor<2x4xf32>, tensor<2x2xf32>) -> (tensor<2x4xi8>) {
  ^bb0(%a: tensor<2x4xf32>, %b: tensor<2x2xf32>):
    %r = tenon.quantize_linear %a, %b to i8 {axis = 1 : i64, block_size = 2 : i64} : (tensor<2x4xf32>, tensor<2x2xf32>) -> tensor<2x4xi8>
    tenon.yield %r : tensor<2x4xi8>
  }
  return %r : tensor<2x4xi8>
}
