// The program in fewer and cheaper ops.
// RUN: tenon-opt --tenon-simplify --tenon-fold-constants --tenon-simplify %s | FileCheck %s
// RUN: tenon-opt --tenon-simplify --tenon-fold-constants --tenon-simplify %s > %t && tenon-opt --tenon-simplify %t | diff %t -

// 2 / sqrt(3 + 1) = 1 and 5 - 1 * 1 = 4 for the first channel; 6 / sqrt(8 + 1) = 2 and 1 - 2 * 2 = -3 for the second.
// CHECK-LABEL: func.func @batch_norm_into_conv(
// CHECK-DAG: %[[W:.*]] = tenon.constant dense<{{\[\[\[\[}}1.000000e+00{{\]\]\]}}, {{\[\[\[}}4.000000e+00{{\]\]\]\]}}>
// CHECK-DAG: %[[B:.*]] = tenon.constant dense<{{\[\[\[}}4.000000e+00{{\]\]}}, {{\[\[}}-3.000000e+00{{\]\]\]}}>
// CHECK: %[[Y:.*]] = tenon.conv %arg0, %[[W]]
// CHECK-NEXT: %[[Z:.*]] = tenon.add %[[Y]], %[[B]]
// CHECK-NEXT: return %[[Z]]
func.func @batch_norm_into_conv(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = tenon.constant dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>
  %scale = tenon.constant dense<[2.0, 6.0]> : tensor<2xf32>
  %bias = tenon.constant dense<[5.0, 1.0]> : tensor<2xf32>
  %mean = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %variance = tenon.constant dense<[3.0, 8.0]> : tensor<2xf32>
  %0 = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = tenon.batch_norm %0, %scale, %bias, %mean, %variance {epsilon = 1.0 : f32} : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// (x w + b) * c = x (w c) + b c
// CHECK-LABEL: func.func @factor_past_bias(
// CHECK-DAG: %[[W:.*]] = tenon.constant dense<{{\[\[}}3.000000e+00, 8.000000e+00{{\]\]}}>
// CHECK-DAG: %[[B:.*]] = tenon.constant dense<[1.500000e+01, 2.400000e+01]>
// CHECK: %[[Y:.*]] = tenon.matmul %arg0, %[[W]]
// CHECK-NEXT: tenon.add %[[Y]], %[[B]]
// CHECK-NOT: tenon.mul
func.func @factor_past_bias(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %w = tenon.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %b = tenon.constant dense<[5.0, 6.0]> : tensor<2xf32>
  %c = tenon.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = tenon.matmul %x, %w : (tensor<3x1xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %1 = tenon.add %b, %0 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %2 = tenon.mul %c, %1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}

// The product is needed as it is, so the weights can't take the factor.
// CHECK-LABEL: func.func @factor_after_two_uses(
// CHECK: %[[Y:.*]] = tenon.matmul
// CHECK: tenon.mul %[[Y]]
func.func @factor_after_two_uses(%x: tensor<3x1xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %w = tenon.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %c = tenon.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = tenon.matmul %x, %w : (tensor<3x1xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %1 = tenon.mul %0, %c : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %0, %1 : tensor<3x2xf32>, tensor<3x2xf32>
}

// A factor that differs by row is none of the weights' business.
// CHECK-LABEL: func.func @factor_per_row(
// CHECK: %[[Y:.*]] = tenon.matmul
// CHECK: tenon.mul %[[Y]]
func.func @factor_per_row(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %w = tenon.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %c = tenon.constant dense<[[3.0], [4.0], [5.0]]> : tensor<3x1xf32>
  %0 = tenon.matmul %x, %w : (tensor<3x1xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  %1 = tenon.mul %0, %c : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @factor_before(
// CHECK: %[[W:.*]] = tenon.constant dense<{{\[\[}}2.000000e+00, 4.000000e+00{{\]\]}}>
// CHECK-NEXT: tenon.matmul %arg0, %[[W]]
// CHECK-NEXT: return
func.func @factor_before(%x: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %w = tenon.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %half = tenon.constant dense<0.5> : tensor<f32>
  %0 = tenon.div %x, %half : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %1 = tenon.matmul %0, %w : (tensor<3x1xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @transposed_weights(
// CHECK: %[[W:.*]] = tenon.constant dense<{{\[\[}}1.0{{.*}}, 3.0{{.*}}], [2.0{{.*}}, 4.0
// CHECK-NEXT: tenon.matmul %arg0, %[[W]] :
func.func @transposed_weights(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = tenon.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = tenon.matmul %x, %w {transpose_rhs} : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @powers(
// CHECK-DAG: %[[SQUARE:.*]] = tenon.mul %arg0, %arg0
// CHECK-DAG: %[[CUBE:.*]] = tenon.mul %[[SQUARE]], %arg0
// CHECK-DAG: %[[ROOT:.*]] = tenon.sqrt %arg0
// CHECK: return %[[SQUARE]], %[[CUBE]], %[[ROOT]]
func.func @powers(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %two = tenon.constant dense<2.0> : tensor<f32>
  %three = tenon.constant dense<3.0> : tensor<f32>
  %half = tenon.constant dense<0.5> : tensor<f32>
  %0 = tenon.pow %x, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = tenon.pow %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = tenon.pow %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @constants_meet(
// CHECK: %[[C:.*]] = tenon.constant dense<5.0{{.*}}> : tensor<f32>
// CHECK-NEXT: tenon.add %arg0, %[[C]]
// CHECK-NEXT: return
func.func @constants_meet(%x: tensor<4xf32>) -> tensor<4xf32> {
  %seven = tenon.constant dense<7.0> : tensor<f32>
  %two = tenon.constant dense<2.0> : tensor<f32>
  %zero = tenon.constant dense<0.0> : tensor<f32>
  %0 = tenon.add %x, %seven : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = tenon.sub %0, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = tenon.add %zero, %1 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// CHECK-LABEL: func.func @max_with_zero(
// CHECK-NEXT: tenon.relu
// CHECK-NEXT: return
func.func @max_with_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = tenon.constant dense<0.0> : tensor<f32>
  %0 = tenon.max %zero, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = tenon.relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @equal_ops(
// CHECK-COUNT-1: tenon.exp
// CHECK-NOT: tenon.exp
func.func @equal_ops(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tenon.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = tenon.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tenon.add %0, %1 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// The rows of all matrices go through one product, and what follows stays with it.
// CHECK-LABEL: func.func @rows_collapse(
// CHECK: %[[X:.*]] = tenon.reshape %arg0 : {{.*}} -> tensor<10x3xf32>
// CHECK: tenon.matmul %[[X]]
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.relu
// CHECK: %[[R:.*]] = tenon.reshape %arg1 : {{.*}} -> tensor<10x4xf32>
// CHECK-NEXT: tenon.add {{.*}}%[[R]]
// CHECK-NEXT: tenon.layer_norm {{.*}} {axis = 1 : i64
// CHECK-NEXT: %[[Y:.*]] = tenon.reshape {{.*}} -> tensor<2x5x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @rows_collapse(%x: tensor<2x5x3xf32>, %r: tensor<2x5x4xf32>, %w: tensor<3x4xf32>, %b: tensor<4xf32>) -> tensor<2x5x4xf32> {
  %0 = tenon.matmul %x, %w : (tensor<2x5x3xf32>, tensor<3x4xf32>) -> tensor<2x5x4xf32>
  %1 = tenon.add %0, %b : (tensor<2x5x4xf32>, tensor<4xf32>) -> tensor<2x5x4xf32>
  %2 = tenon.relu %1 : (tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %3 = tenon.add %2, %r : (tensor<2x5x4xf32>, tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %4 = tenon.layer_norm %3 {axis = 2 : i64, epsilon = 1.0e-05 : f32} : (tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  return %4 : tensor<2x5x4xf32>
}

// CHECK-LABEL: func.func @reshapes_cancel(
// CHECK-NEXT: tenon.exp %arg0
// CHECK-NEXT: return
func.func @reshapes_cancel(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = tenon.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
  %1 = tenon.exp %0 : (tensor<6xf32>) -> tensor<6xf32>
  %2 = tenon.reshape %1 : (tensor<6xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @expand_for_nothing(
// CHECK-NEXT: tenon.mul %arg0, %arg1
// CHECK-NEXT: return
func.func @expand_for_nothing(%x: tensor<2x3xf32>, %y: tensor<3xf32>) -> tensor<2x3xf32> {
  %0 = tenon.expand %y : (tensor<3xf32>) -> tensor<2x3xf32>
  %1 = tenon.mul %x, %0 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @gather_in_steps(
// CHECK: %[[S:.*]] = tenon.slice %arg0 {starts = array<i64: 0, 3>, steps = array<i64: 1, -2>} : {{.*}} -> tensor<2x2xf32>
// CHECK: %[[T:.*]] = tenon.slice %arg0 {starts = array<i64: 0, 4>, steps = array<i64: 1, 1>} : {{.*}} -> tensor<2x1xf32>
// CHECK: %[[R:.*]] = tenon.reshape %[[T]]
// CHECK: return %[[S]], %[[R]]
func.func @gather_in_steps(%x: tensor<2x5xf32>) -> (tensor<2x2xf32>, tensor<2xf32>) {
  %i = tenon.constant dense<[3, 1]> : tensor<2xi64>
  %last = tenon.constant dense<-1> : tensor<i64>
  %0 = tenon.gather %x, %i {axis = 1 : i64} : (tensor<2x5xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  %1 = tenon.gather %x, %last {axis = 1 : i64} : (tensor<2x5xf32>, tensor<i64>) -> tensor<2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2xf32>
}

// Queries, keys and values out of one product: a slice of heads each, then the transpose.
// CHECK-LABEL: func.func @heads_of_one_product(
// CHECK-DAG: %[[ALL:.+]] = tenon.reshape %arg0 : (tensor<1x5x24xf32>) -> tensor<1x5x6x4xf32>
// CHECK-DAG: %[[Q:.+]] = tenon.slice %[[ALL]] {starts = array<i64: 0, 0, 0, 0>, {{.+}} -> tensor<1x5x2x4xf32>
// CHECK-DAG: %[[K:.+]] = tenon.slice %[[ALL]] {starts = array<i64: 0, 0, 2, 0>, {{.+}} -> tensor<1x5x2x4xf32>
// CHECK-DAG: tenon.transpose %[[Q]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK-DAG: tenon.transpose %[[K]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK-NOT: tenon.reshape
func.func @heads_of_one_product(%x: tensor<1x5x24xf32>) -> (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) {
  %0 = tenon.slice %x {starts = array<i64: 0, 0, 0>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x24xf32>) -> tensor<1x5x8xf32>
  %1 = tenon.slice %x {starts = array<i64: 0, 0, 8>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x24xf32>) -> tensor<1x5x8xf32>
  %2 = tenon.reshape %0 : (tensor<1x5x8xf32>) -> tensor<1x5x2x4xf32>
  %3 = tenon.reshape %1 : (tensor<1x5x8xf32>) -> tensor<1x5x2x4xf32>
  %4 = tenon.transpose %2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x5x2x4xf32>) -> tensor<1x2x5x4xf32>
  %5 = tenon.transpose %3 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x5x2x4xf32>) -> tensor<1x2x5x4xf32>
  return %4, %5 : tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>
}

// The same where the exporter transposes all three at once and takes them apart afterwards.
// CHECK-LABEL: func.func @parts_of_a_transpose(
// CHECK-DAG: %[[ALL:.+]] = tenon.reshape %arg0 : (tensor<1x5x3x2x4xf32>) -> tensor<1x5x6x4xf32>
// CHECK-DAG: %[[K:.+]] = tenon.slice %[[ALL]] {starts = array<i64: 0, 0, 2, 0>, {{.+}} -> tensor<1x5x2x4xf32>
// CHECK-DAG: tenon.transpose %[[K]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK-NOT: tenon.transpose %arg0
func.func @parts_of_a_transpose(%x: tensor<1x5x3x2x4xf32>) -> (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) {
  %0 = tenon.constant dense<0> : tensor<i64>
  %1 = tenon.constant dense<1> : tensor<i64>
  %2 = tenon.transpose %x {perm = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x5x3x2x4xf32>) -> tensor<3x1x2x5x4xf32>
  %3 = tenon.gather %2, %0 {axis = 0 : i64} : (tensor<3x1x2x5x4xf32>, tensor<i64>) -> tensor<1x2x5x4xf32>
  %4 = tenon.gather %2, %1 {axis = 0 : i64} : (tensor<3x1x2x5x4xf32>, tensor<i64>) -> tensor<1x2x5x4xf32>
  return %3, %4 : tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>
}

// Parts that are no whole heads.
// CHECK-LABEL: func.func @part_of_a_head(
// CHECK: tenon.slice %arg0
// CHECK-NEXT: tenon.reshape
func.func @part_of_a_head(%x: tensor<1x5x24xf32>) -> tensor<1x2x5x4xf32> {
  %0 = tenon.slice %x {starts = array<i64: 0, 0, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x24xf32>) -> tensor<1x5x8xf32>
  %1 = tenon.reshape %0 : (tensor<1x5x8xf32>) -> tensor<1x5x2x4xf32>
  %2 = tenon.transpose %1 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x5x2x4xf32>) -> tensor<1x2x5x4xf32>
  return %2 : tensor<1x2x5x4xf32>
}

// What follows a concat is computed on its parts, if they are made for it alone and nothing moves along the axis.
// CHECK-LABEL: func.func @behind_a_concat(
// CHECK-DAG: %[[A:.*]] = tenon.matmul %arg0
// CHECK-DAG: %[[RA:.*]] = tenon.relu %[[A]]
// CHECK-DAG: %[[B:.*]] = tenon.matmul %arg1
// CHECK-DAG: %[[RB:.*]] = tenon.relu %[[B]]
// CHECK: tenon.concat %[[RA]], %[[RB]] {axis = 0 : i64}
func.func @behind_a_concat(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>, %w: tensor<3x5xf32>) -> tensor<6x5xf32> {
  %a = tenon.matmul %x, %w : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  %b = tenon.matmul %y, %w : (tensor<4x3xf32>, tensor<3x5xf32>) -> tensor<4x5xf32>
  %c = tenon.concat %a, %b {axis = 0 : i64} : (tensor<2x5xf32>, tensor<4x5xf32>) -> tensor<6x5xf32>
  %r = tenon.relu %c : (tensor<6x5xf32>) -> tensor<6x5xf32>
  return %r : tensor<6x5xf32>
}

// CHECK-LABEL: func.func @moves_along_the_concat(
// CHECK: %[[C:.*]] = tenon.concat
// CHECK: tenon.add %[[C]], %arg3
func.func @moves_along_the_concat(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>, %w: tensor<3x5xf32>, %v: tensor<6x1xf32>) -> tensor<6x5xf32> {
  %a = tenon.matmul %x, %w : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  %b = tenon.matmul %y, %w : (tensor<4x3xf32>, tensor<3x5xf32>) -> tensor<4x5xf32>
  %c = tenon.concat %a, %b {axis = 0 : i64} : (tensor<2x5xf32>, tensor<4x5xf32>) -> tensor<6x5xf32>
  %r = tenon.add %c, %v : (tensor<6x5xf32>, tensor<6x1xf32>) -> tensor<6x5xf32>
  return %r : tensor<6x5xf32>
}
