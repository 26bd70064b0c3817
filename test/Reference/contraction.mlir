// Matrix products and convolutions; small integers, so that the numbers can be checked by hand.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @vectors
// CHECK-DAG: dense<32> : tensor<i32>
// CHECK-DAG: dense<[14, 32]> : tensor<2xi32>
func.func @vectors() -> (tensor<i32>, tensor<2xi32>) {
  %x = tenon.constant dense<[1, 2, 3]> : tensor<3xi32>
  %y = tenon.constant dense<[4, 5, 6]> : tensor<3xi32>
  %m = tenon.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %0 = tenon.matmul %x, %y : (tensor<3xi32>, tensor<3xi32>) -> tensor<i32>
  %1 = tenon.matmul %m, %x : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2xi32>
  return %0, %1 : tensor<i32>, tensor<2xi32>
}

// 127 * 127 * 2 needs more than 16 bits.
// CHECK-LABEL: @bytes_accumulate_in_i32
// CHECK: dense<32258> : tensor<1x1xi32>
func.func @bytes_accumulate_in_i32() -> tensor<1x1xi32> {
  %x = tenon.constant dense<127> : tensor<1x2xi8>
  %y = tenon.constant dense<127> : tensor<2x1xi8>
  %0 = tenon.matmul %x, %y : (tensor<1x2xi8>, tensor<2x1xi8>) -> tensor<1x1xi32>
  return %0 : tensor<1x1xi32>
}

// The batches of 2 and 3 broadcast; both operands are transposed.
// CHECK-LABEL: @batches_and_transposes
// CHECK{LITERAL}: dense<[[[[13]], [[23]], [[33]]], [[[40]], [[71]], [[102]]]]> : tensor<2x3x1x1xi32>
func.func @batches_and_transposes() -> tensor<2x3x1x1xi32> {
  %x = tenon.constant dense<[[[[1], [3]]], [[[4], [9]]]]> : tensor<2x1x2x1xi32>
  %y = tenon.constant dense<[[[1, 4]], [[2, 7]], [[3, 10]]]> : tensor<3x1x2xi32>
  %0 = tenon.matmul %x, %y {transpose_lhs, transpose_rhs} : (tensor<2x1x2x1xi32>, tensor<3x1x2xi32>) -> tensor<2x3x1x1xi32>
  return %0 : tensor<2x3x1x1xi32>
}

// An empty sum is 0.
// CHECK-LABEL: @no_depth
// CHECK: dense<0.000000e+00> : tensor<2x3xf32>
func.func @no_depth() -> tensor<2x3xf32> {
  %x = tenon.constant dense<> : tensor<2x0xf32>
  %y = tenon.constant dense<> : tensor<0x3xf32>
  %0 = tenon.matmul %x, %y : (tensor<2x0xf32>, tensor<0x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// The padding is after the input only, and the stride skips every second place.
// CHECK-LABEL: @conv_pads_and_strides
// CHECK{LITERAL}: dense<[[[12, 34, 50]]]> : tensor<1x1x3xi32>
func.func @conv_pads_and_strides() -> tensor<1x1x3xi32> {
  %x = tenon.constant dense<[[[1, 2, 3, 4, 5]]]> : tensor<1x1x5xi32>
  %w = tenon.constant dense<[[[10, 1]]]> : tensor<1x1x2xi32>
  %0 = tenon.conv %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 1>}
     : (tensor<1x1x5xi32>, tensor<1x1x2xi32>) -> tensor<1x1x3xi32>
  return %0 : tensor<1x1x3xi32>
}

// Two groups of two channels each; both layouts give the same numbers.
// CHECK-LABEL: @conv_groups_in_both_layouts
// CHECK-DAG{LITERAL}: dense<[[[21, 43], [6500, 8700]]]> : tensor<1x2x2xi32>
// CHECK-DAG{LITERAL}: dense<[[[21, 6500], [43, 8700]]]> : tensor<1x2x2xi32>
func.func @conv_groups_in_both_layouts() -> (tensor<1x2x2xi32>, tensor<1x2x2xi32>) {
  %x = tenon.constant dense<[[[1, 3], [2, 4], [5, 7], [6, 8]]]> : tensor<1x4x2xi32>
  %w = tenon.constant dense<[[[1], [10]], [[100], [1000]]]> : tensor<2x2x1xi32>
  %y = tenon.constant dense<[[[1, 2, 5, 6], [3, 4, 7, 8]]]> : tensor<1x2x4xi32>
  %v = tenon.constant dense<[[[1, 100], [10, 1000]]]> : tensor<1x2x2xi32>
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 2 : i64}
     : (tensor<1x4x2xi32>, tensor<2x2x1xi32>) -> tensor<1x2x2xi32>
  %1 = tenon.conv %y, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 2 : i64,
                          layout = #tenon<layout channels_last>}
     : (tensor<1x2x4xi32>, tensor<1x2x2xi32>) -> tensor<1x2x2xi32>
  return %0, %1 : tensor<1x2x2xi32>, tensor<1x2x2xi32>
}

// Each element spreads [1, 10, 100] over the result, two places apart: neighbours overlap in one. One place is cut off.
// CHECK-LABEL: @conv_transpose
// CHECK{LITERAL}: dense<[[[10, 102, 20, 203, 30]]]> : tensor<1x1x5xi32>
func.func @conv_transpose() -> tensor<1x1x5xi32> {
  %x = tenon.constant dense<[[[1, 2, 3]]]> : tensor<1x1x3xi32>
  %w = tenon.constant dense<[[[1, 10, 100]]]> : tensor<1x1x3xi32>
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 1, 1>,
                                    output_padding = array<i64: 0>}
     : (tensor<1x1x3xi32>, tensor<1x1x3xi32>) -> tensor<1x1x5xi32>
  return %0 : tensor<1x1x5xi32>
}

// CHECK-LABEL: @einsum_trace_and_outer_product
// CHECK-DAG: dense<5> : tensor<i32>
// CHECK-DAG{LITERAL}: dense<[[3, 6], [4, 8]]> : tensor<2x2xi32>
func.func @einsum_trace_and_outer_product() -> (tensor<i32>, tensor<2x2xi32>) {
  %m = tenon.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %x = tenon.constant dense<[1, 2]> : tensor<2xi32>
  %y = tenon.constant dense<[3, 4]> : tensor<2xi32>
  %0 = tenon.einsum "ii->" %m : (tensor<2x2xi32>) -> tensor<i32>
  %1 = tenon.einsum "i,j->ji" %x, %y : (tensor<2xi32>, tensor<2xi32>) -> tensor<2x2xi32>
  return %0, %1 : tensor<i32>, tensor<2x2xi32>
}
