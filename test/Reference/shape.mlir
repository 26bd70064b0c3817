// Ops that move elements, and those that compute sizes.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @transpose_three_dimensions
// CHECK{LITERAL}: dense<[[[1], [4]], [[2], [5]], [[3], [6]]]> : tensor<3x2x1xi8>
func.func @transpose_three_dimensions() -> tensor<3x2x1xi8> {
  %x = tenon.constant dense<[[[1, 2, 3], [4, 5, 6]]]> : tensor<1x2x3xi8>
  %0 = tenon.transpose %x {perm = array<i64: 2, 1, 0>} : (tensor<1x2x3xi8>) -> tensor<3x2x1xi8>
  return %0 : tensor<3x2x1xi8>
}

// CHECK-LABEL: @expand_inner_and_outer
// CHECK{LITERAL}: dense<[[[1, 1], [2, 2]], [[1, 1], [2, 2]]]> : tensor<2x2x2xi8>
func.func @expand_inner_and_outer() -> tensor<2x2x2xi8> {
  %x = tenon.constant dense<[[1], [2]]> : tensor<2x1xi8>
  %0 = tenon.expand %x : (tensor<2x1xi8>) -> tensor<2x2x2xi8>
  return %0 : tensor<2x2x2xi8>
}

// An operand without elements leaves no trace.
// CHECK-LABEL: @concat_inner_dimension
// CHECK{LITERAL}: dense<[[1, 5, 6], [2, 7, 8]]> : tensor<2x3xi16>
func.func @concat_inner_dimension() -> tensor<2x3xi16> {
  %x = tenon.constant dense<[[1], [2]]> : tensor<2x1xi16>
  %e = tenon.constant dense<> : tensor<2x0xi16>
  %y = tenon.constant dense<[[5, 6], [7, 8]]> : tensor<2x2xi16>
  %0 = tenon.concat %x, %e, %y {axis = 1 : i64} : (tensor<2x1xi16>, tensor<2x0xi16>, tensor<2x2xi16>) -> tensor<2x3xi16>
  return %0 : tensor<2x3xi16>
}

// CHECK-LABEL: @slice_backwards
// CHECK{LITERAL}: dense<[[6, 4], [3, 1]]> : tensor<2x2xi8>
func.func @slice_backwards() -> tensor<2x2xi8> {
  %x = tenon.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %0 = tenon.slice %x {starts = array<i64: 1, 2>, steps = array<i64: -1, -2>} : (tensor<2x3xi8>) -> tensor<2x2xi8>
  return %0 : tensor<2x2xi8>
}

// Bounds beyond the ends are clamped: backwards from past the end to before the start takes every second of all.
// CHECK-LABEL: @dynamic_slice_clamps
// CHECK-DAG: dense<[5, 3, 1]> : tensor<3xi8>
// CHECK-DAG: dense<> : tensor<0xi8>
func.func @dynamic_slice_clamps() -> (tensor<?xi8>, tensor<?xi8>) {
  %x = tenon.constant dense<[1, 2, 3, 4, 5]> : tensor<5xi8>
  %high = tenon.constant dense<9223372036854775807> : tensor<1xi64>
  %low = tenon.constant dense<-9223372036854775808> : tensor<1xi64>
  %back = tenon.constant dense<-2> : tensor<1xi64>
  %axis = tenon.constant dense<-1> : tensor<1xi64>
  %0 = tenon.dynamic_slice %x, %high, %low axes(%axis) steps(%back)
     : (tensor<5xi8>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi8>
  %1 = tenon.dynamic_slice %x, %high, %low : (tensor<5xi8>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi8>
  return %0, %1 : tensor<?xi8>, tensor<?xi8>
}

// The padding is wider than the input: reflection and wrapping go on from copy to copy.
// CHECK-LABEL: @pad_modes
// CHECK-DAG: dense<[2, 3, 2, 1, 2, 3, 2, 1]> : tensor<8xi8>
// CHECK-DAG: dense<[3, 1, 2, 3, 1, 2, 3, 1]> : tensor<8xi8>
// CHECK-DAG: dense<[1, 1, 1, 1, 2, 3, 3, 3]> : tensor<8xi8>
// CHECK-DAG: dense<[9, 2, 3, 9]> : tensor<4xi8>
func.func @pad_modes() -> (tensor<8xi8>, tensor<8xi8>, tensor<8xi8>, tensor<4xi8>) {
  %x = tenon.constant dense<[1, 2, 3]> : tensor<3xi8>
  %v = tenon.constant dense<9> : tensor<i8>
  %0 = tenon.pad reflect %x {low = array<i64: 3>, high = array<i64: 2>} : (tensor<3xi8>) -> tensor<8xi8>
  %1 = tenon.pad wrap %x {low = array<i64: 4>, high = array<i64: 1>} : (tensor<3xi8>) -> tensor<8xi8>
  %2 = tenon.pad edge %x {low = array<i64: 3>, high = array<i64: 2>} : (tensor<3xi8>) -> tensor<8xi8>
  %one = tenon.pad constant %x value(%v) {low = array<i64: -1>, high = array<i64: 1>} : (tensor<3xi8>, tensor<i8>) -> tensor<3xi8>
  %3 = tenon.pad constant %one value(%v) {low = array<i64: 1>, high = array<i64: 0>} : (tensor<3xi8>, tensor<i8>) -> tensor<4xi8>
  return %0, %1, %2, %3 : tensor<8xi8>, tensor<8xi8>, tensor<8xi8>, tensor<4xi8>
}

// CHECK-LABEL: @tile_both_dimensions
// CHECK{LITERAL}: dense<[[1, 2, 1, 2], [1, 2, 1, 2]]> : tensor<2x4xi8>
func.func @tile_both_dimensions() -> tensor<2x4xi8> {
  %x = tenon.constant dense<[[1, 2]]> : tensor<1x2xi8>
  %0 = tenon.tile %x : (tensor<1x2xi8>) -> tensor<2x4xi8>
  return %0 : tensor<2x4xi8>
}

// A size of 0 is that of the input, -1 follows from the rest.
// CHECK-LABEL: @dynamic_reshape
// CHECK{LITERAL}: dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi8>
func.func @dynamic_reshape() -> tensor<?x?xi8> {
  %x = tenon.constant dense<[[[1, 2]], [[3, 4]], [[5, 6]]]> : tensor<3x1x2xi8>
  %s = tenon.constant dense<[0, -1]> : tensor<2xi64>
  %0 = tenon.dynamic_reshape %x, %s : (tensor<3x1x2xi8>, tensor<2xi64>) -> tensor<?x?xi8>
  return %0 : tensor<?x?xi8>
}

// CHECK-LABEL: @range_counts_down
// CHECK-DAG: dense<[5, 3, 1]> : tensor<3xi64>
// CHECK-DAG: dense<> : tensor<0xi64>
func.func @range_counts_down() -> (tensor<?xi64>, tensor<?xi64>) {
  %a = tenon.constant dense<5> : tensor<i64>
  %b = tenon.constant dense<0> : tensor<i64>
  %d = tenon.constant dense<-2> : tensor<i64>
  %0 = tenon.range %a, %b, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %1 = tenon.range %b, %a, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %0, %1 : tensor<?xi64>, tensor<?xi64>
}
