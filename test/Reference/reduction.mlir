// Reductions, normalizations and pooling at their edges.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @nothing_to_combine
// CHECK-DAG: %[[SUM:.*]] = tenon.constant dense<0> : tensor<2xi8>
// CHECK-DAG: %[[PROD:.*]] = tenon.constant dense<1> : tensor<2xi8>
// CHECK-DAG: %[[MAX:.*]] = tenon.constant dense<-128> : tensor<2xi8>
// CHECK-DAG: %[[MIN:.*]] = tenon.constant dense<127> : tensor<2xi8>
// CHECK-DAG: %[[LOG:.*]] = tenon.constant dense<0xFF800000> : tensor<2xf32>
func.func @nothing_to_combine() -> (tensor<2xi8>, tensor<2xi8>, tensor<2xi8>, tensor<2xi8>, tensor<2xf32>) {
  %x = tenon.constant dense<> : tensor<2x0xi8>
  %y = tenon.constant dense<> : tensor<2x0xf32>
  %0 = tenon.reduce sum %x {axes = array<i64: 1>} : (tensor<2x0xi8>) -> tensor<2xi8>
  %1 = tenon.reduce prod %x {axes = array<i64: 1>} : (tensor<2x0xi8>) -> tensor<2xi8>
  %2 = tenon.reduce max %x {axes = array<i64: 1>} : (tensor<2x0xi8>) -> tensor<2xi8>
  %3 = tenon.reduce min %x {axes = array<i64: 1>} : (tensor<2x0xi8>) -> tensor<2xi8>
  %4 = tenon.reduce log_sum_exp %y {axes = array<i64: 1>} : (tensor<2x0xf32>) -> tensor<2xf32>
  return %0, %1, %2, %3, %4 : tensor<2xi8>, tensor<2xi8>, tensor<2xi8>, tensor<2xi8>, tensor<2xf32>
}

// CHECK-LABEL: @outer_and_inner_axes
// CHECK-DAG: dense<[14, 22]> : tensor<2xi32>
// CHECK-DAG{LITERAL}: dense<[[[2, 3]], [[6, 7]]]> : tensor<2x1x2xi32>
func.func @outer_and_inner_axes() -> (tensor<2xi32>, tensor<2x1x2xi32>) {
  %x = tenon.constant dense<[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]> : tensor<2x2x2xi32>
  %0 = tenon.reduce sum %x {axes = array<i64: 0, 2>} : (tensor<2x2x2xi32>) -> tensor<2xi32>
  %1 = tenon.reduce mean %x {axes = array<i64: 1>, keep_dims} : (tensor<2x2x2xi32>) -> tensor<2x1x2xi32>
  return %0, %1 : tensor<2xi32>, tensor<2x1x2xi32>
}

// In f32 1e8 + 1 is 1e8: the sum is kept in double and rounded at the end.
// CHECK-LABEL: @sums_in_double
// CHECK: dense<1.000000e+00> : tensor<f32>
func.func @sums_in_double() -> tensor<f32> {
  %x = tenon.constant dense<[1.0e8, 1.0, -1.0e8]> : tensor<3xf32>
  %0 = tenon.reduce sum %x {axes = array<i64: 0>} : (tensor<3xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// log(2 e^1000) = 1000 + log 2, while e^1000 overflows; an infinity stays one.
// CHECK-LABEL: @log_sum_exp
// CHECK: dense<[1000.69318, 0x7F800000]> : tensor<2xf32>
func.func @log_sum_exp() -> tensor<2xf32> {
  %x = tenon.constant dense<[[1000.0, 1000.0], [0x7F800000, 1.0]]> : tensor<2x2xf32>
  %0 = tenon.reduce log_sum_exp %x {axes = array<i64: 1>} : (tensor<2x2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: @any_and_all
// CHECK-DAG: dense<[true, false]>
// CHECK-DAG: dense<false> : tensor<2xi1>
func.func @any_and_all() -> (tensor<2xi1>, tensor<2xi1>) {
  %x = tenon.constant dense<[[true, false], [false, false]]> : tensor<2x2xi1>
  %0 = tenon.reduce max %x {axes = array<i64: 1>} : (tensor<2x2xi1>) -> tensor<2xi1>
  %1 = tenon.reduce min %x {axes = array<i64: 1>} : (tensor<2x2xi1>) -> tensor<2xi1>
  return %0, %1 : tensor<2xi1>, tensor<2xi1>
}

// Of equal elements the first or the last; the first nan before all.
// CHECK-LABEL: @arg_max
// CHECK-DAG: dense<1> : tensor<2xi64>
// CHECK-DAG: dense<[2, 1]> : tensor<2xi64>
func.func @arg_max() -> (tensor<2xi64>, tensor<2xi64>) {
  %x = tenon.constant dense<[[1.0, 3.0, 3.0], [5.0, 0x7FC00000, 9.0]]> : tensor<2x3xf32>
  %0 = tenon.arg_reduce max %x {axis = 1 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
  %1 = tenon.arg_reduce max %x {axis = 1 : i64, select_last} : (tensor<2x3xf32>) -> tensor<2xi64>
  return %0, %1 : tensor<2xi64>, tensor<2xi64>
}

// CHECK-LABEL: @running_products
// CHECK-DAG: dense<[24, 12, 4]> : tensor<3xi32>
// CHECK-DAG: dense<[1, 2, 6]> : tensor<3xi32>
func.func @running_products() -> (tensor<3xi32>, tensor<3xi32>) {
  %x = tenon.constant dense<[2, 3, 4]> : tensor<3xi32>
  %0 = tenon.cumprod %x {axis = 0 : i64, reverse} : (tensor<3xi32>) -> tensor<3xi32>
  %1 = tenon.cumprod %x {axis = 0 : i64, exclusive} : (tensor<3xi32>) -> tensor<3xi32>
  return %0, %1 : tensor<3xi32>, tensor<3xi32>
}

// exp(1000) overflows, softmax does not.
// CHECK-LABEL: @softmax_of_large_numbers
// CHECK: dense<[5.000000e-01, 5.000000e-01, 0.000000e+00]>
func.func @softmax_of_large_numbers() -> tensor<3xf32> {
  %x = tenon.constant dense<[1000.0, 1000.0, -1000.0]> : tensor<3xf32>
  %0 = tenon.softmax %x {axis = 0 : i64} : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// The two groups have means 2 and 20 and variances 1 and 100.
// CHECK-LABEL: @group_norm_in_both_layouts
// CHECK-DAG{LITERAL}: dense<[[[-1.000000e+00], [1.000000e+00], [-1.000000e+00], [2.000000e+00]]]> : tensor<1x4x1xf32>
// CHECK-DAG{LITERAL}: dense<[[[-1.000000e+00, 1.000000e+00, -1.000000e+00, 2.000000e+00]]]> : tensor<1x1x4xf32>
func.func @group_norm_in_both_layouts() -> (tensor<1x4x1xf32>, tensor<1x1x4xf32>) {
  %x = tenon.constant dense<[[[1.0], [3.0], [10.0], [30.0]]]> : tensor<1x4x1xf32>
  %y = tenon.reshape %x : (tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  %s = tenon.constant dense<1.0> : tensor<4xf32>
  %b = tenon.constant dense<[0.0, 0.0, 0.0, 1.0]> : tensor<4xf32>
  %0 = tenon.group_norm %x, %s, %b {num_groups = 2 : i64, epsilon = 0.0 : f32}
     : (tensor<1x4x1xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x1xf32>
  %1 = tenon.group_norm %y, %s, %b {num_groups = 2 : i64, epsilon = 0.0 : f32, layout = #tenon<layout channels_last>}
     : (tensor<1x1x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x1x4xf32>
  return %0, %1 : tensor<1x4x1xf32>, tensor<1x1x4xf32>
}

// The windows see [pad 1 2], [2 3 4] and [4 5 pad].
// CHECK-LABEL: @average_pool_counts
// CHECK-DAG{LITERAL}: dense<[[[1.500000e+00, 3.000000e+00, 4.500000e+00]]]>
// CHECK-DAG{LITERAL}: dense<[[[1.000000e+00, 3.000000e+00, 3.000000e+00]]]>
func.func @average_pool_counts() -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %x = tenon.constant dense<[[[1.0, 2.0, 3.0, 4.0, 5.0]]]> : tensor<1x1x5xf32>
  %0 = tenon.average_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 1, 1>}
     : (tensor<1x1x5xf32>) -> tensor<1x1x3xf32>
  %1 = tenon.average_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, dilations = array<i64: 1>,
                              pads = array<i64: 1, 1>, count_include_pad} : (tensor<1x1x5xf32>) -> tensor<1x1x3xf32>
  return %0, %1 : tensor<1x1x3xf32>, tensor<1x1x3xf32>
}

// The largest element stands in row 1 and column 0 of each plane: place 2 of it, or 1 when columns come first.
// CHECK-LABEL: @max_pool_indices
// CHECK-DAG{LITERAL}: dense<[[[[7]], [[8]]]]> : tensor<1x2x1x1xi32>
// CHECK-DAG{LITERAL}: dense<[[[[2]], [[6]]]]> : tensor<1x2x1x1xi64>
// CHECK-DAG{LITERAL}: dense<[[[[1]], [[5]]]]> : tensor<1x2x1x1xi64>
func.func @max_pool_indices() -> (tensor<1x2x1x1xi32>, tensor<1x2x1x1xi64>, tensor<1x2x1x1xi64>) {
  %x = tenon.constant dense<[[[[1, 2], [7, 3]], [[1, 2], [8, 3]]]]> : tensor<1x2x2x2xi32>
  %0, %1 = tenon.max_pool_with_indices %x {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x2xi32>) -> (tensor<1x2x1x1xi32>, tensor<1x2x1x1xi64>)
  %2, %3 = tenon.max_pool_with_indices %x {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
      pads = array<i64: 0, 0, 0, 0>, column_major} : (tensor<1x2x2x2xi32>) -> (tensor<1x2x1x1xi32>, tensor<1x2x1x1xi64>)
  return %0, %1, %3 : tensor<1x2x1x1xi32>, tensor<1x2x1x1xi64>, tensor<1x2x1x1xi64>
}
