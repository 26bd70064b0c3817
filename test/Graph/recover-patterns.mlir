// One op for what exporters spell out.
// RUN: tenon-opt --tenon-recover-patterns %s | FileCheck %s
// RUN: tenon-opt --tenon-simplify --tenon-fold-constants --tenon-recover-patterns %s | FileCheck %s

// CHECK-LABEL: func.func @layer_norm(
// CHECK-NOT: tenon.reduce
// CHECK: %[[Y:.*]] = tenon.layer_norm %arg0 scale(%arg1) bias(%arg2) {axis = 1 : i64, epsilon = 9.99{{.*}}E-6 : f32}
// CHECK-NEXT: return %[[Y]]
func.func @layer_norm(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %two = tenon.constant dense<2.0> : tensor<f32>
  %eps = tenon.constant dense<1.0e-05> : tensor<f32>
  %0 = tenon.reduce mean %x {axes = array<i64: 1>, keep_dims} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %1 = tenon.sub %x, %0 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %2 = tenon.pow %1, %two : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %3 = tenon.reduce mean %2 {axes = array<i64: 1>, keep_dims} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %4 = tenon.add %3, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %5 = tenon.sqrt %4 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %6 = tenon.div %1, %5 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %7 = tenon.mul %6, %s : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %8 = tenon.add %7, %b : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %8 : tensor<4x8xf32>
}

// A sum with a whole tensor is no bias.
// CHECK-LABEL: func.func @residual_after_norm(
// CHECK: %[[N:.*]] = tenon.rms_norm %arg0 scale(%arg1) {axis = 1 : i64
// CHECK-NEXT: tenon.add %[[N]], %arg2
func.func @residual_after_norm(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %r: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = tenon.constant dense<1.0e-05> : tensor<f32>
  %0 = tenon.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.reduce mean %0 {axes = array<i64: 1>, keep_dims} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %2 = tenon.add %1, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %3 = tenon.sqrt %2 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %4 = tenon.reciprocal %3 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = tenon.mul %x, %4 : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %6 = tenon.mul %s, %5 : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %7 = tenon.add %6, %r : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %7 : tensor<4x8xf32>
}

// The mean of the first dimension is no normalization of samples.
// CHECK-LABEL: func.func @other_axis(
// CHECK-NOT: tenon.rms_norm
// CHECK: return
func.func @other_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tenon.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.reduce mean %0 {axes = array<i64: 0>, keep_dims} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %2 = tenon.sqrt %1 : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %3 = tenon.div %x, %2 : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @softmax(
// CHECK: %[[Y:.*]] = tenon.softmax %arg0 {axis = 0 : i64}
// CHECK-NEXT: return %[[Y]]
func.func @softmax(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tenon.reduce max %x {axes = array<i64: 0>, keep_dims} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %1 = tenon.sub %x, %0 : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.exp %1 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = tenon.reduce sum %2 {axes = array<i64: 0>, keep_dims} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %4 = tenon.div %2, %3 : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @gelu_erf(
// CHECK: %[[Y:.*]] = tenon.gelu %arg0 :
// CHECK-NEXT: return %[[Y]]
func.func @gelu_erf(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = tenon.constant dense<1.41421354> : tensor<f32>
  %one = tenon.constant dense<1.0> : tensor<f32>
  %half = tenon.constant dense<0.5> : tensor<f32>
  %0 = tenon.div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = tenon.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tenon.add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = tenon.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = tenon.mul %3, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

// CHECK-LABEL: func.func @gelu_tanh(
// CHECK: %[[Y:.*]] = tenon.gelu %arg0 {tanh_approximation} :
// CHECK-NEXT: return %[[Y]]
func.func @gelu_tanh(%x: tensor<4xf32>) -> tensor<4xf32> {
  %three = tenon.constant dense<3.0> : tensor<f32>
  %weight = tenon.constant dense<0.044715> : tensor<f32>
  %scale = tenon.constant dense<0.797884583> : tensor<f32>
  %one = tenon.constant dense<1.0> : tensor<f32>
  %half = tenon.constant dense<0.5> : tensor<f32>
  %0 = tenon.pow %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = tenon.mul %0, %weight : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = tenon.add %x, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = tenon.mul %2, %scale : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = tenon.tanh %3 : (tensor<4xf32>) -> tensor<4xf32>
  %5 = tenon.add %4, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %6 = tenon.mul %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = tenon.mul %6, %5 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %7 : tensor<4xf32>
}

// The factor of one half may have gone elsewhere.
// CHECK-LABEL: func.func @twice_gelu(
// CHECK: %[[TWO:.*]] = tenon.constant dense<2.0
// CHECK: %[[Y:.*]] = tenon.gelu %arg0 :
// CHECK-NEXT: tenon.mul %[[Y]], %[[TWO]]
func.func @twice_gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = tenon.constant dense<0.707106769> : tensor<f32>
  %one = tenon.constant dense<1.0> : tensor<f32>
  %0 = tenon.mul %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = tenon.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tenon.add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = tenon.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// Another constant is another function.
// CHECK-LABEL: func.func @nearly_gelu(
// CHECK-NOT: tenon.gelu
// CHECK: return
func.func @nearly_gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = tenon.constant dense<1.5> : tensor<f32>
  %one = tenon.constant dense<1.0> : tensor<f32>
  %half = tenon.constant dense<0.5> : tensor<f32>
  %0 = tenon.mul %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = tenon.erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tenon.add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = tenon.mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = tenon.mul %3, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK: %[[Y:.*]] = tenon.sigmoid %arg0
// CHECK-NEXT: return %[[Y]]
func.func @sigmoid(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = tenon.constant dense<1.0> : tensor<f32>
  %0 = tenon.neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = tenon.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tenon.add %one, %1 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = tenon.reciprocal %2 : (tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// CHECK-LABEL: func.func @one_over(
// CHECK-DAG: %[[S:.*]] = tenon.sigmoid %arg0
// CHECK-DAG: %[[N:.*]] = tenon.rms_norm %arg0
// CHECK: return %[[S]], %[[N]]
func.func @one_over(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %one = tenon.constant dense<1.0> : tensor<f32>
  %0 = tenon.neg %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.exp %0 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.add %one, %1 : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = tenon.div %one, %2 : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = tenon.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %5 = tenon.reduce mean %4 {axes = array<i64: 1>, keep_dims} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %6 = tenon.sqrt %5 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %7 = tenon.div %one, %6 : (tensor<f32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %8 = tenon.mul %7, %x : (tensor<4x1xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %3, %8 : tensor<4x8xf32>, tensor<4x8xf32>
}
