// Ops that read or write elements at places given by other tensors.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @gather_from_the_end
// CHECK{LITERAL}: dense<[[3, 1], [6, 4]]> : tensor<2x2xi8>
func.func @gather_from_the_end() -> tensor<2x2xi8> {
  %x = tenon.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %i = tenon.constant dense<[-1, 0]> : tensor<2xi32>
  %0 = tenon.gather %x, %i {axis = 1 : i64} : (tensor<2x3xi8>, tensor<2xi32>) -> tensor<2x2xi8>
  return %0 : tensor<2x2xi8>
}

// The indices have fewer rows than the data.
// CHECK-LABEL: @gather_elements
// CHECK{LITERAL}: dense<[[1, 4, 3]]> : tensor<1x3xi8>
func.func @gather_elements() -> tensor<1x3xi8> {
  %x = tenon.constant dense<[[1, 2, 3], [5, 4, 6]]> : tensor<2x3xi8>
  %i = tenon.constant dense<[[0, -1, 0]]> : tensor<1x3xi64>
  %0 = tenon.gather_elements %x, %i {axis = 0 : i64} : (tensor<2x3xi8>, tensor<1x3xi64>) -> tensor<1x3xi8>
  return %0 : tensor<1x3xi8>
}

// Each of the two batches picks one row of its own.
// CHECK-LABEL: @gather_nd_batched
// CHECK{LITERAL}: dense<[[3, 4], [5, 6]]> : tensor<2x2xi8>
func.func @gather_nd_batched() -> tensor<2x2xi8> {
  %x = tenon.constant dense<[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]> : tensor<2x2x2xi8>
  %i = tenon.constant dense<[[1], [0]]> : tensor<2x1xi64>
  %0 = tenon.gather_nd %x, %i {batch_dims = 1 : i64} : (tensor<2x2x2xi8>, tensor<2x1xi64>) -> tensor<2x2xi8>
  return %0 : tensor<2x2xi8>
}

// Two updates of one place: the last one stays, or both count; the sum wraps.
// CHECK-LABEL: @scatter_twice
// CHECK-DAG: dense<[100, 2]> : tensor<2xi8>
// CHECK-DAG: dense<[-55, 2]> : tensor<2xi8>
func.func @scatter_twice() -> (tensor<2xi8>, tensor<2xi8>) {
  %x = tenon.constant dense<[1, 2]> : tensor<2xi8>
  %i = tenon.constant dense<[0, -2]> : tensor<2xi64>
  %u = tenon.constant dense<100> : tensor<2xi8>
  %0 = tenon.scatter_elements none %x, %i, %u {axis = 0 : i64} : (tensor<2xi8>, tensor<2xi64>, tensor<2xi8>) -> tensor<2xi8>
  %1 = tenon.scatter_elements add %x, %i, %u {axis = 0 : i64} : (tensor<2xi8>, tensor<2xi64>, tensor<2xi8>) -> tensor<2xi8>
  return %0, %1 : tensor<2xi8>, tensor<2xi8>
}

// CHECK-LABEL: @scatter_nd_rows
// CHECK{LITERAL}: dense<[[5, 6], [3, 4]]> : tensor<2x2xui8>
func.func @scatter_nd_rows() -> tensor<2x2xui8> {
  %x = tenon.constant dense<[[1, 9], [3, 4]]> : tensor<2x2xui8>
  %i = tenon.constant dense<[[0]]> : tensor<1x1xi64>
  %u = tenon.constant dense<[[5, 6]]> : tensor<1x2xui8>
  %m = tenon.constant dense<[[8, 6]]> : tensor<1x2xui8>
  %0 = tenon.scatter_nd max %x, %i, %u : (tensor<2x2xui8>, tensor<1x1xi64>, tensor<1x2xui8>) -> tensor<2x2xui8>
  %1 = tenon.scatter_nd min %0, %i, %m : (tensor<2x2xui8>, tensor<1x1xi64>, tensor<1x2xui8>) -> tensor<2x2xui8>
  return %1 : tensor<2x2xui8>
}

// The second entry of the first sequence goes around to the start.
// CHECK-LABEL: @tensor_scatter_circular
// CHECK{LITERAL}: dense<[[[6], [2], [5]], [[7], [8], [3]]]> : tensor<2x3x1xi8>
func.func @tensor_scatter_circular() -> tensor<2x3x1xi8> {
  %x = tenon.constant dense<[[[1], [2], [3]], [[1], [2], [3]]]> : tensor<2x3x1xi8>
  %u = tenon.constant dense<[[[5], [6]], [[7], [8]]]> : tensor<2x2x1xi8>
  %w = tenon.constant dense<[2, 0]> : tensor<2xi64>
  %0 = tenon.tensor_scatter circular %x, %u at(%w) {axis = 1 : i64}
     : (tensor<2x3x1xi8>, tensor<2x2x1xi8>, tensor<2xi64>) -> tensor<2x3x1xi8>
  return %0 : tensor<2x3x1xi8>
}

// CHECK-LABEL: @one_hot_out_of_range_is_off
// CHECK{LITERAL}: dense<[[0, 1, 0], [0, 0, 0]]> : tensor<2x3xi8>
func.func @one_hot_out_of_range_is_off() -> tensor<2x?xi8> {
  %i = tenon.constant dense<[-2, 3]> : tensor<2xi64>
  %d = tenon.constant dense<3> : tensor<i64>
  %v = tenon.constant dense<[0, 1]> : tensor<2xi8>
  %0 = tenon.one_hot %i, %d, %v {axis = 1 : i64} : (tensor<2xi64>, tensor<i64>, tensor<2xi8>) -> tensor<2x?xi8>
  return %0 : tensor<2x?xi8>
}

// Of equal elements the lower index first; nan is above everything.
// CHECK-LABEL: @top_k_ties_and_nan
// CHECK-DAG: dense<[0x7FC00000, 3.000000e+00, 3.000000e+00]> : tensor<3xf32>
// CHECK-DAG: dense<[2, 1, 3]> : tensor<3xi64>
func.func @top_k_ties_and_nan() -> (tensor<?xf32>, tensor<?xi64>) {
  %x = tenon.constant dense<[1.0, 3.0, 0x7FC00000, 3.0]> : tensor<4xf32>
  %k = tenon.constant dense<3> : tensor<1xi64>
  %0, %1 = tenon.top_k %x, %k {axis = 0 : i64, largest, sorted} : (tensor<4xf32>, tensor<1xi64>) -> (tensor<?xf32>, tensor<?xi64>)
  return %0, %1 : tensor<?xf32>, tensor<?xi64>
}

// CHECK-LABEL: @non_zero_of_nan
// CHECK: dense<[0, 2]> : tensor<2xi64>
func.func @non_zero_of_nan() -> tensor<?xi64> {
  %x = tenon.constant dense<[0x7FC00000, -0.0, 1.0]> : tensor<3xf32>
  %0 = tenon.non_zero %x : (tensor<3xf32>) -> tensor<1x?xi64>
  %s = tenon.constant dense<-1> : tensor<1xi64>
  %1 = tenon.dynamic_reshape %0, %s : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
  return %1 : tensor<?xi64>
}

// In the order of the first appearance: 3, then 1.
// CHECK-LABEL: @unique_unsorted
// CHECK-DAG: %[[Y:.*]] = tenon.constant dense<[3, 1]> : tensor<2xi8>
// CHECK-DAG: %[[FIRST:.*]] = tenon.constant dense<[0, 2]> : tensor<2xi64>
// CHECK-DAG: %[[INVERSE:.*]] = tenon.constant dense<[0, 0, 1]> : tensor<3xi64>
// CHECK-DAG: %[[COUNTS:.*]] = tenon.constant dense<[2, 1]> : tensor<2xi64>
func.func @unique_unsorted() -> (tensor<?xi8>, tensor<?xi64>, tensor<3xi64>, tensor<?xi64>) {
  %x = tenon.constant dense<[3, 3, 1]> : tensor<3xi8>
  %0, %1, %2, %3 = tenon.unique %x : (tensor<3xi8>) -> (tensor<?xi8>, tensor<?xi64>, tensor<3xi64>, tensor<?xi64>)
  return %0, %1, %2, %3 : tensor<?xi8>, tensor<?xi64>, tensor<3xi64>, tensor<?xi64>
}

// 0.35 / 0.1 is a little under 3.5 in double, but 3.5 in f32, which rounds to 4.
// CHECK-LABEL: @quantize
// CHECK-DAG: dense<[4, 127, -128]> : tensor<3xi8>
// CHECK-DAG: dense<[-2.000000e+00, 5.000000e-01]> : tensor<2xf32>
func.func @quantize() -> (tensor<3xi8>, tensor<2xf32>) {
  %x = tenon.constant dense<[0.35, 1.0e9, -1.0e9]> : tensor<3xf32>
  %s = tenon.constant dense<0.1> : tensor<f32>
  %q = tenon.constant dense<[1, 4]> : tensor<2xui8>
  %t = tenon.constant dense<[2.0, 0.5]> : tensor<2xf32>
  %z = tenon.constant dense<[2, 3]> : tensor<2xui8>
  %0 = tenon.quantize_linear %x, %s to i8 : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  %1 = tenon.dequantize_linear %q, %t zero(%z) {axis = 0 : i64} : (tensor<2xui8>, tensor<2xf32>, tensor<2xui8>) -> tensor<2xf32>
  return %0, %1 : tensor<3xi8>, tensor<2xf32>
}
