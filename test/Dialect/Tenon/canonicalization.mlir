// Ops that do nothing or undo each other disappear; dynamic forms with known operands become static ones.
// RUN: tenon-opt %s --canonicalize --split-input-file --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @reshapes(
// CHECK-SAME: %[[X:.*]]: tensor<2x6xf32>
func.func @reshapes(%x: tensor<2x6xf32>) -> (tensor<3x4xf32>, tensor<2x6xf32>) {
  // CHECK-NEXT: %[[R:.*]] = tenon.reshape %[[X]] : (tensor<2x6xf32>) -> tensor<3x4xf32>
  // CHECK-NEXT: return %[[R]], %[[X]]
  %0 = tenon.reshape %x : (tensor<2x6xf32>) -> tensor<12xf32>
  %1 = tenon.reshape %0 : (tensor<12xf32>) -> tensor<3x4xf32>
  %2 = tenon.reshape %1 : (tensor<3x4xf32>) -> tensor<2x6xf32>
  return %1, %2 : tensor<3x4xf32>, tensor<2x6xf32>
}

// CHECK-LABEL: @reshape_of_constant
func.func @reshape_of_constant() -> tensor<2x2xf32> {
  // CHECK: tenon.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]>
  // CHECK-NEXT: return
  %0 = tenon.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %1 = tenon.reshape %0 : (tensor<4xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: @transposes(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
func.func @transposes(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<3x2x4xf32>) {
  // CHECK-NEXT: %[[T:.*]] = tenon.transpose %[[X]] {perm = array<i64: 1, 0, 2>}
  // CHECK-NEXT: return %[[X]], %[[T]]
  %0 = tenon.transpose %x {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = tenon.transpose %0 {perm = array<i64: 2, 0, 1>} : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  %2 = tenon.transpose %0 {perm = array<i64: 0, 2, 1>} : (tensor<3x4x2xf32>) -> tensor<3x2x4xf32>
  return %1, %2 : tensor<2x3x4xf32>, tensor<3x2x4xf32>
}

// Moving a dimension of size 1 leaves the elements in order.
// CHECK-LABEL: @transpose_of_unit_dimension
func.func @transpose_of_unit_dimension(%x: tensor<2x1x4xf32>) -> tensor<2x4x1xf32> {
  // CHECK-NEXT: tenon.reshape {{.*}} -> tensor<2x4x1xf32>
  %0 = tenon.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<2x1x4xf32>) -> tensor<2x4x1xf32>
  return %0 : tensor<2x4x1xf32>
}

// CHECK-LABEL: @identities(
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @identities(%x: tensor<2x3xf32>)
    -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = tenon.expand %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = tenon.concat %x {axis = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %2 = tenon.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = tenon.pad edge %x {low = array<i64: 0, 0>, high = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %4 = tenon.tile %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %5 = tenon.resize cubic %x {scales = array<f32: 1.0, 1.0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1, %2, %3, %4, %5
    : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// A slice of a whole dimension in reverse is not the whole.
// CHECK-LABEL: @reversal
func.func @reversal(%x: tensor<3xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: tenon.slice
  %0 = tenon.slice %x {starts = array<i64: 2>, steps = array<i64: -1>} : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// CHECK-LABEL: @slice_of_slice
func.func @slice_of_slice(%x: tensor<20xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: tenon.slice %{{.*}} {starts = array<i64: 4>, steps = array<i64: 6>} : (tensor<20xf32>) -> tensor<3xf32>
  %0 = tenon.slice %x {starts = array<i64: 1>, steps = array<i64: 3>} : (tensor<20xf32>) -> tensor<6xf32>
  %1 = tenon.slice %0 {starts = array<i64: 1>, steps = array<i64: 2>} : (tensor<6xf32>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}

// CHECK-LABEL: @concats
func.func @concats(%x: tensor<2xf32>, %y: tensor<3xf32>, %e: tensor<0xf32>) -> tensor<7xf32> {
  // CHECK-NEXT: tenon.concat %arg0, %arg1, %arg0 {axis = 0 : i64}
  %0 = tenon.concat %x, %e, %y {axis = 0 : i64} : (tensor<2xf32>, tensor<0xf32>, tensor<3xf32>) -> tensor<5xf32>
  %1 = tenon.concat %0, %x {axis = 0 : i64} : (tensor<5xf32>, tensor<2xf32>) -> tensor<7xf32>
  return %1 : tensor<7xf32>
}

// CHECK-LABEL: @twice(
// CHECK-SAME: %[[X:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<3xi1>
func.func @twice(%x: tensor<3xf32>, %b: tensor<3xi1>) -> (tensor<3xf32>, tensor<3xi1>, tensor<3xf32>) {
  // CHECK-NEXT: %[[R:.*]] = tenon.relu %[[X]]
  // CHECK-NEXT: return %[[X]], %[[B]], %[[R]]
  %0 = tenon.neg %x : (tensor<3xf32>) -> tensor<3xf32>
  %1 = tenon.neg %0 : (tensor<3xf32>) -> tensor<3xf32>
  %2 = tenon.not %b : (tensor<3xi1>) -> tensor<3xi1>
  %3 = tenon.not %2 : (tensor<3xi1>) -> tensor<3xi1>
  %4 = tenon.relu %x : (tensor<3xf32>) -> tensor<3xf32>
  %5 = tenon.relu %4 : (tensor<3xf32>) -> tensor<3xf32>
  return %1, %3, %5 : tensor<3xf32>, tensor<3xi1>, tensor<3xf32>
}

// CHECK-LABEL: @casts(
// CHECK-SAME: %[[I:.*]]: tensor<3xi16>, %[[J:.*]]: tensor<3xi64>
func.func @casts(%i: tensor<3xi16>, %j: tensor<3xi64>) -> (tensor<3xi32>, tensor<3xi16>, tensor<3xi64>) {
  // CHECK-DAG: %[[A:.*]] = tenon.cast %[[I]] to i32 : (tensor<3xi16>) -> tensor<3xi32>
  %0 = tenon.cast %i to f32 : (tensor<3xi16>) -> tensor<3xf32>
  %1 = tenon.cast %0 to i32 : (tensor<3xf32>) -> tensor<3xi32>
  %2 = tenon.cast %0 to i16 : (tensor<3xf32>) -> tensor<3xi16>
  // An f32 does not hold every i64.
  // CHECK-DAG: %[[F:.*]] = tenon.cast %[[J]] to f32
  // CHECK-DAG: %[[B:.*]] = tenon.cast %[[F]] to i64
  %3 = tenon.cast %j to f32 : (tensor<3xi64>) -> tensor<3xf32>
  %4 = tenon.cast %3 to i64 : (tensor<3xf32>) -> tensor<3xi64>
  // CHECK: return %[[A]], %[[I]], %[[B]]
  return %1, %2, %4 : tensor<3xi32>, tensor<3xi16>, tensor<3xi64>
}

// -----

// CHECK-LABEL: @static_forms
func.func @static_forms(%x: tensor<1x1x4x4xf32>, %y: tensor<2x6xf32>) -> (tensor<3x4xf32>, tensor<4x2x6xf32>,
    tensor<2x3xf32>, tensor<2x9xf32>, tensor<4x6xf32>, tensor<1x1x8x8xf32>, tensor<1x1x2x2xf32>) {
  // CHECK: tenon.reshape %{{.*}} : (tensor<2x6xf32>) -> tensor<3x4xf32>
  %shape = tenon.constant dense<[3, -1]> : tensor<2xi64>
  %0 = tenon.dynamic_reshape %y, %shape : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  // CHECK: tenon.expand %{{.*}} : (tensor<2x6xf32>) -> tensor<4x2x6xf32>
  %target = tenon.constant dense<[4, 1, 1]> : tensor<3xi64>
  %1 = tenon.dynamic_expand %y, %target : (tensor<2x6xf32>, tensor<3xi64>) -> tensor<4x2x6xf32>
  // CHECK: tenon.slice %{{.*}} {starts = array<i64: 0, 5>, steps = array<i64: 1, -2>} : (tensor<2x6xf32>) -> tensor<2x3xf32>
  %start = tenon.constant dense<100> : tensor<1xi64>
  %end = tenon.constant dense<-100> : tensor<1xi64>
  %axis = tenon.constant dense<-1> : tensor<1xi64>
  %step = tenon.constant dense<-2> : tensor<1xi64>
  %2 = tenon.dynamic_slice %y, %start, %end axes(%axis) steps(%step)
     : (tensor<2x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3xf32>
  // CHECK: tenon.pad wrap %{{.*}} {high = array<i64: 0, 2>, low = array<i64: 0, 1>}
  %pads = tenon.constant dense<[1, 2]> : tensor<2xi64>
  %3 = tenon.dynamic_pad wrap %y, %pads axes(%axis) : (tensor<2x6xf32>, tensor<2xi64>, tensor<1xi64>) -> tensor<2x9xf32>
  // CHECK: tenon.tile %{{.*}} : (tensor<2x6xf32>) -> tensor<4x6xf32>
  %repeats = tenon.constant dense<[2, 1]> : tensor<2xi64>
  %4 = tenon.dynamic_tile %y, %repeats : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<4x6xf32>
  // CHECK: tenon.resize linear %{{.*}} {scales = array<f32: 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00>}
  %scales = tenon.constant dense<2.0> : tensor<2xf32>
  %5 = tenon.dynamic_resize linear %x scales(%scales) {axes = array<i64: 2, 3>}
     : (tensor<1x1x4x4xf32>, tensor<2xf32>) -> tensor<1x1x8x8xf32>
  // CHECK: tenon.resize nearest %{{.*}} {scales = array<f32: 1.000000e+00, 1.000000e+00, 5.000000e-01, 5.000000e-01>}
  %sizes = tenon.constant dense<[2, 3]> : tensor<2xi64>
  %6 = tenon.dynamic_resize nearest %x sizes(%sizes) {axes = array<i64: 2, 3>, aspect_policy = #tenon<aspect_policy not_larger>}
     : (tensor<1x1x4x4xf32>, tensor<2xi64>) -> tensor<1x1x2x2xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<3x4xf32>, tensor<4x2x6xf32>, tensor<2x3xf32>, tensor<2x9xf32>,
    tensor<4x6xf32>, tensor<1x1x8x8xf32>, tensor<1x1x2x2xf32>
}

// -----

// Scaled sizes are those of f32 arithmetic: 10 * 0.7 is 7.
// CHECK-LABEL: @resize_rounding
func.func @resize_rounding(%x: tensor<10xf32>) -> tensor<7xf32> {
  // CHECK: tenon.resize
  %scales = tenon.constant dense<0.7> : tensor<1xf32>
  %0 = tenon.dynamic_resize nearest %x scales(%scales) : (tensor<10xf32>, tensor<1xf32>) -> tensor<7xf32>
  return %0 : tensor<7xf32>
}

// -----

// The target of a dynamic form may be symbolic. Ops of the dialect adapt to the more precise type; a terminator keeps the
// type that it saw.
// CHECK-LABEL: @symbolic_tile
func.func @symbolic_tile(%x: tensor<1x4xf32>, %y: tensor<?xf32, #tenon.dims<[n]>>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  // CHECK-DAG: %[[S:.*]] = tenon.size_vector <[n, 1]>
  // CHECK-DAG: %[[D:.*]] = tenon.dynamic_tile %{{.*}}, %[[S]]
  // CHECK-DAG: %[[T:.*]] = tenon.tile %{{.*}} : (tensor<1x4xf32>) -> tensor<?x4xf32, #tenon.dims<[n, 4]>>
  // CHECK-DAG: %[[R:.*]] = tenon.relu %[[T]]
  // CHECK: return %[[D]], %[[R]]
  %one = tenon.constant dense<1> : tensor<1xi64>
  %s = tenon.shape_of %y : (tensor<?xf32, #tenon.dims<[n]>>) -> tensor<1xi64>
  %r = tenon.concat %s, %one {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %0 = tenon.dynamic_tile %x, %r : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %1 = tenon.dynamic_tile %x, %r : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
  %2 = tenon.relu %1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0, %2 : tensor<?x4xf32>, tensor<?x4xf32>
}

// What a negative count removes is a slice, and with more of them than elements only padding is left.
// CHECK-LABEL: @pad_cuts(
// CHECK: %[[S:.*]] = tenon.slice %{{.*}} {starts = array<i64: 0, 2>, steps = array<i64: 1, 1>} : (tensor<2x5xf32>) -> tensor<2x2xf32>
// CHECK: tenon.pad constant %[[S]] {high = array<i64: 3, 0>, low = array<i64: 0, 0>} : (tensor<2x2xf32>) -> tensor<5x2xf32>
// CHECK: tenon.pad constant %{{.*}} {high = array<i64: 0, 1>, low = array<i64: 0, 0>} : (tensor<2x0xf32>) -> tensor<2x1xf32>
func.func @pad_cuts(%x: tensor<2x5xf32>) -> (tensor<5x2xf32>, tensor<2x1xf32>) {
  %0 = tenon.pad constant %x {low = array<i64: 0, -2>, high = array<i64: 3, -1>} : (tensor<2x5xf32>) -> tensor<5x2xf32>
  %1 = tenon.pad constant %x {low = array<i64: 0, -6>, high = array<i64: 0, 2>} : (tensor<2x5xf32>) -> tensor<2x1xf32>
  return %0, %1 : tensor<5x2xf32>, tensor<2x1xf32>
}
