// Elementwise ops at the edges of their types. The expected numbers follow from the types alone, or are said by a comment.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @integers_wrap
// CHECK-DAG: dense<[-128, -1]> : tensor<2xi8>
// CHECK-DAG: dense<[0, 254]> : tensor<2xui8>
// CHECK-DAG: dense<-2147483648> : tensor<1xi32>
func.func @integers_wrap() -> (tensor<2xi8>, tensor<2xui8>, tensor<1xi32>) {
  %a = tenon.constant dense<[127, 0]> : tensor<2xi8>
  %b = tenon.constant dense<[1, -1]> : tensor<2xi8>
  %c = tenon.constant dense<[255, 255]> : tensor<2xui8>
  %d = tenon.constant dense<[1, 255]> : tensor<2xui8>
  %e = tenon.constant dense<65536> : tensor<1xi32>
  %f = tenon.constant dense<32768> : tensor<1xi32>
  %0 = tenon.add %a, %b : (tensor<2xi8>, tensor<2xi8>) -> tensor<2xi8>
  %1 = tenon.add %c, %d : (tensor<2xui8>, tensor<2xui8>) -> tensor<2xui8>
  %2 = tenon.mul %e, %f : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  return %0, %1, %2 : tensor<2xi8>, tensor<2xui8>, tensor<1xi32>
}

// The lowest integer has no positive counterpart.
// CHECK-LABEL: @lowest_integer
// CHECK-COUNT-3: dense<-9223372036854775808> : tensor<i64>
func.func @lowest_integer() -> (tensor<i64>, tensor<i64>, tensor<i64>) {
  %x = tenon.constant dense<-9223372036854775808> : tensor<i64>
  %m = tenon.constant dense<-1> : tensor<i64>
  %0 = tenon.neg %x : (tensor<i64>) -> tensor<i64>
  %1 = tenon.abs %x : (tensor<i64>) -> tensor<i64>
  %2 = tenon.div %x, %m : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %0, %1, %2 : tensor<i64>, tensor<i64>, tensor<i64>
}

// CHECK-LABEL: @division_truncates
// CHECK: dense<[-3, -3, 3]>
func.func @division_truncates() -> tensor<3xi32> {
  %x = tenon.constant dense<[-7, 7, -7]> : tensor<3xi32>
  %y = tenon.constant dense<[2, -2, -2]> : tensor<3xi32>
  %0 = tenon.div %x, %y : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// Unsigned comparison and division: 255 is not -1.
// CHECK-LABEL: @unsigned_is_not_signed
// CHECK-DAG: dense<127> : tensor<ui8>
// CHECK-DAG: dense<true> : tensor<i1>
func.func @unsigned_is_not_signed() -> (tensor<ui8>, tensor<i1>) {
  %x = tenon.constant dense<255> : tensor<ui8>
  %y = tenon.constant dense<2> : tensor<ui8>
  %0 = tenon.div %x, %y : (tensor<ui8>, tensor<ui8>) -> tensor<ui8>
  %1 = tenon.compare gt %x, %y : (tensor<ui8>, tensor<ui8>) -> tensor<i1>
  return %0, %1 : tensor<ui8>, tensor<i1>
}

// 0x7FC00000 is nan, 0x80000000 is -0.0.
// CHECK-LABEL: @nan_and_zeros
// CHECK-DAG: %[[MAX:.*]] = tenon.constant dense<[0x7FC00000, 0x7FC00000, 0.000000e+00]>
// CHECK-DAG: %[[MIN:.*]] = tenon.constant dense<[0x7FC00000, 0x7FC00000, -0.000000e+00]>
// CHECK-DAG: %[[SIGN:.*]] = tenon.constant dense<[0x7FC00000, 1.000000e+00, 0.000000e+00]>
// CHECK-DAG: %[[RELU:.*]] = tenon.constant dense<[0x7FC00000, 1.000000e+00, 0.000000e+00]>
func.func @nan_and_zeros() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %x = tenon.constant dense<[0x7FC00000, 1.0, -0.0]> : tensor<3xf32>
  %y = tenon.constant dense<[1.0, 0x7FC00000, 0.0]> : tensor<3xf32>
  %0 = tenon.max %x, %y : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = tenon.min %x, %y : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = tenon.sign %x : (tensor<3xf32>) -> tensor<3xf32>
  %3 = tenon.relu %x : (tensor<3xf32>) -> tensor<3xf32>
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: @nan_compares_unequal
// CHECK-DAG: %[[T:.*]] = tenon.constant dense<true>
// CHECK-DAG: %[[F:.*]] = tenon.constant dense<false>
func.func @nan_compares_unequal() -> (tensor<1xi1>, tensor<1xi1>) {
  %x = tenon.constant dense<0x7FC00000> : tensor<1xf32>
  %0 = tenon.compare ne %x, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xi1>
  %1 = tenon.compare le %x, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xi1>
  return %0, %1 : tensor<1xi1>, tensor<1xi1>
}

// CHECK-LABEL: @remainders
// CHECK-DAG: dense<[1, -1]> : tensor<2xi32>
// CHECK-DAG: dense<[-1, 1]> : tensor<2xi32>
func.func @remainders() -> (tensor<2xi32>, tensor<2xi32>) {
  %x = tenon.constant dense<[-7, 7]> : tensor<2xi32>
  %y = tenon.constant dense<[2, -2]> : tensor<2xi32>
  %0 = tenon.mod %x, %y : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %1 = tenon.mod %x, %y {truncated} : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return %0, %1 : tensor<2xi32>, tensor<2xi32>
}

// CHECK-LABEL: @halves_round_to_even
// CHECK: dense<[0.000000e+00, 2.000000e+00, 2.000000e+00, -2.000000e+00]>
func.func @halves_round_to_even() -> tensor<4xf32> {
  %x = tenon.constant dense<[0.5, 1.5, 2.5, -2.5]> : tensor<4xf32>
  %0 = tenon.round %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Integer powers wrap, and are 0 for a reciprocal that is no integer; of a float to an integer, the type is the float's.
// CHECK-LABEL: @powers
// CHECK-DAG: dense<[8, 0, 1, -1]> : tensor<4xi8>
// CHECK-DAG: dense<6.250000e-02> : tensor<1xf32>
func.func @powers() -> (tensor<4xi8>, tensor<1xf32>) {
  %x = tenon.constant dense<[2, 2, -1, -1]> : tensor<4xi8>
  %y = tenon.constant dense<[3, 8, -2, -3]> : tensor<4xi8>
  %a = tenon.constant dense<4.0> : tensor<1xf32>
  %b = tenon.constant dense<-2> : tensor<1xi32>
  %0 = tenon.pow %x, %y : (tensor<4xi8>, tensor<4xi8>) -> tensor<4xi8>
  %1 = tenon.pow %a, %b : (tensor<1xf32>, tensor<1xi32>) -> tensor<1xf32>
  return %0, %1 : tensor<4xi8>, tensor<1xf32>
}

// Nothing overflows on the way: exp(1000) is infinite, the results are not. softplus(-1000) is 0 as f32.
// CHECK-LABEL: @large_arguments
// CHECK-DAG: dense<[1.000000e+03, 0.000000e+00]>
// CHECK-DAG: dense<[1.000000e+00, 0.000000e+00]>
func.func @large_arguments() -> (tensor<2xf32>, tensor<2xf32>) {
  %x = tenon.constant dense<[1000.0, -1000.0]> : tensor<2xf32>
  %0 = tenon.softplus %x : (tensor<2xf32>) -> tensor<2xf32>
  %1 = tenon.sigmoid %x : (tensor<2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: @broadcast
// CHECK{LITERAL}: dense<[[11, 21, 31], [12, 22, 32]]>
func.func @broadcast() -> tensor<2x3xi32> {
  %x = tenon.constant dense<[[1], [2]]> : tensor<2x1xi32>
  %y = tenon.constant dense<[10, 20, 30]> : tensor<3xi32>
  %0 = tenon.add %x, %y : (tensor<2x1xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}

// A signalling nan passes through select unchanged: bits move, numbers would become quiet.
// CHECK-LABEL: @select_moves_bits
// CHECK: dense<[0x7F800001, 2.000000e+00]>
func.func @select_moves_bits() -> tensor<2xf32> {
  %c = tenon.constant dense<[true, false]> : tensor<2xi1>
  %x = tenon.constant dense<0x7F800001> : tensor<f32>
  %y = tenon.constant dense<2.0> : tensor<1xf32>
  %0 = tenon.select %c, %x, %y : (tensor<2xi1>, tensor<f32>, tensor<1xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: @shifts
// CHECK-DAG: dense<[-4, -1, -1]> : tensor<3xi8>
// CHECK-DAG: dense<[-16, 0, 0]> : tensor<3xi8>
// CHECK-DAG: dense<124> : tensor<1xui8>
func.func @shifts() -> (tensor<3xi8>, tensor<3xi8>, tensor<1xui8>) {
  %x = tenon.constant dense<-8> : tensor<3xi8>
  %n = tenon.constant dense<[1, 8, -1]> : tensor<3xi8>
  %u = tenon.constant dense<248> : tensor<1xui8>
  %one = tenon.constant dense<1> : tensor<1xui8>
  %0 = tenon.shift_right %x, %n : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  %1 = tenon.shift_left %x, %n : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  %2 = tenon.shift_right %u, %one : (tensor<1xui8>, tensor<1xui8>) -> tensor<1xui8>
  return %0, %1, %2 : tensor<3xi8>, tensor<3xi8>, tensor<1xui8>
}
