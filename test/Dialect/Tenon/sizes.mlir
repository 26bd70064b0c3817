// Sizes as expressions over symbols: how they print, what shape rules make of them, and how the arithmetic that
// exporters write on shapes folds.
// RUN: tenon-opt %s --canonicalize --allow-unregistered-dialect --split-input-file --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @semi_affine
// CHECK-SAME: #tenon.dims<[batch * sequence, 4]>
// CHECK-SAME: #tenon.dims<[batch * (sequence + 1) - 2, sequence floordiv 2]>
// CHECK-SAME: #tenon.dims<[(s1 + s10) * 3 - s0]>
func.func @semi_affine(%x: tensor<?x4xf32, #tenon.dims<[batch * sequence, 4]>>,
                       %y: tensor<?x?xf32, #tenon.dims<[batch * (sequence + 1) - 2, sequence floordiv 2]>>,
                       %z: tensor<?xf32, #tenon.dims<[(s1 + s10) * 3 - s0]>>) {
  return
}

// -----

// A reshape to [batch * sequence, 768] as PyTorch exports it.
// CHECK-LABEL: @flatten_tokens
func.func @flatten_tokens(%x: tensor<?x?x768xf32, #tenon.dims<[batch, sequence, 768]>>) -> tensor<?x768xf32> {
  // CHECK: %[[R:.*]] = tenon.reshape %{{.*}} -> tensor<?x768xf32, #tenon.dims<[batch * sequence, 768]>>
  // CHECK-NEXT: tenon.relu %[[R]]
  // CHECK-NEXT: return
  %i0 = tenon.constant dense<0> : tensor<i64>
  %i1 = tenon.constant dense<1> : tensor<i64>
  %one = tenon.constant dense<1> : tensor<1xi64>
  %hidden = tenon.constant dense<768> : tensor<1xi64>
  %s = tenon.shape_of %x : (tensor<?x?x768xf32, #tenon.dims<[batch, sequence, 768]>>) -> tensor<3xi64>
  %b = tenon.gather %s, %i0 {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %t = tenon.gather %s, %i1 {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %n = tenon.mul %b, %t : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %n1 = tenon.dynamic_reshape %n, %one : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %target = tenon.concat %n1, %hidden {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %r = tenon.dynamic_reshape %x, %target
     : (tensor<?x?x768xf32, #tenon.dims<[batch, sequence, 768]>>, tensor<2xi64>) -> tensor<?x768xf32>
  %a = tenon.relu %r : (tensor<?x768xf32>) -> tensor<?x768xf32>
  return %a : tensor<?x768xf32>
}

// -----

// -1 is what remains: the number of elements divided by the known sizes.
// CHECK-LABEL: @inferred_size
func.func @inferred_size(%x: tensor<?x?x768xf32, #tenon.dims<[batch, sequence, 768]>>) {
  // CHECK: tenon.reshape {{.*}} -> tensor<?x?x12x64xf32, #tenon.dims<[batch, sequence, 12, 64]>>
  %heads = tenon.constant dense<[0, -1, 12, 64]> : tensor<4xi64>
  %0 = tenon.dynamic_reshape %x, %heads
     : (tensor<?x?x768xf32, #tenon.dims<[batch, sequence, 768]>>, tensor<4xi64>) -> tensor<?x?x?x64xf32>
  %1 = tenon.relu %0 : (tensor<?x?x?x64xf32>) -> tensor<?x?x?x64xf32>
  "test.use"(%1) : (tensor<?x?x?x64xf32>) -> ()
  return
}

// -----

// Of sizes that cannot be computed the rest is still known.
// CHECK-LABEL: @partly_known
func.func @partly_known(%x: tensor<?x4xf32>, %y: tensor<2x6xf32>) -> (tensor<?x?xf32>, tensor<1xi64>) {
  %i = tenon.constant dense<[1]> : tensor<1xi64>
  %s = tenon.shape_of %x : (tensor<?x4xf32>) -> tensor<2xi64>
  // CHECK: %[[FOUR:.*]] = tenon.constant dense<4> : tensor<1xi64>
  %d = tenon.gather %s, %i {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  // CHECK: tenon.dynamic_reshape
  %r = tenon.dynamic_reshape %y, %s : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %r, %d : tensor<?x?xf32>, tensor<1xi64>
}

// -----

// PyTorch's expand: -1 keeps the size, written as a comparison and a selection on shapes.
// CHECK-LABEL: @expand_by_selection
func.func @expand_by_selection(%x: tensor<1x?x8xf32, #tenon.dims<[1, sequence, 8]>>,
                               %y: tensor<?x8xf32, #tenon.dims<[batch, 8]>>) -> tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>> {
  // CHECK-NEXT: %[[E:.*]] = tenon.expand
  // CHECK-NEXT: return %[[E]]
  %m1 = tenon.constant dense<-1> : tensor<i64>
  %m1v = tenon.constant dense<-1> : tensor<1xi64>
  %one = tenon.constant dense<1> : tensor<i64>
  %three = tenon.constant dense<3> : tensor<1xi64>
  %zero = tenon.constant dense<0> : tensor<1xi64>
  %s = tenon.shape_of %y : (tensor<?x8xf32, #tenon.dims<[batch, 8]>>) -> tensor<2xi64>
  %b = tenon.gather %s, %zero {axis = 0 : i64} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %asked = tenon.concat %b, %m1v, %m1v {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %ones = tenon.dynamic_expand %one, %three : (tensor<i64>, tensor<1xi64>) -> tensor<3xi64>
  %minus = tenon.mul %ones, %m1 : (tensor<3xi64>, tensor<i64>) -> tensor<3xi64>
  %keep = tenon.compare eq %asked, %minus : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi1>
  %target = tenon.select %keep, %ones, %asked : (tensor<3xi1>, tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  %r = tenon.dynamic_expand %x, %target : (tensor<1x?x8xf32, #tenon.dims<[1, sequence, 8]>>, tensor<3xi64>)
    -> tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
  return %r : tensor<?x?x8xf32, #tenon.dims<[batch, sequence, 8]>>
}

// -----

// CHECK-LABEL: @arithmetic
func.func @arithmetic(%x: tensor<?xf32, #tenon.dims<[4 * n]>>) -> (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi32>, tensor<i64>) {
  %c2 = tenon.constant dense<2> : tensor<1xi64>
  %c3 = tenon.constant dense<3> : tensor<1xi64>
  %s = tenon.shape_of %x : (tensor<?xf32, #tenon.dims<[4 * n]>>) -> tensor<1xi64>
  // CHECK-DAG: %[[HALF:.*]] = tenon.size_vector <[n * 2]> : tensor<1xi64>
  %half = tenon.div %s, %c2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  // CHECK-DAG: %[[THIRD:.*]] = tenon.size_vector <[(n * 4) floordiv 3]> : tensor<1xi64>
  %third = tenon.div %s, %c3 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  // CHECK-DAG: %[[REST:.*]] = tenon.constant dense<0> : tensor<1xi64>
  %rest = tenon.mod %s, %c2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  // CHECK-DAG: %[[MAX:.*]] = tenon.size_vector <[n * 4]> : tensor<1xi64>
  %max = tenon.max %s, %c3 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  // CHECK-DAG: %[[CAST:.*]] = tenon.size_vector <[n * 4 - 3]> : tensor<1xi32>
  %less = tenon.sub %s, %c3 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %cast = tenon.cast %less to i32 : (tensor<1xi64>) -> tensor<1xi32>
  // CHECK-DAG: %[[SIZE:.*]] = tenon.size_vector <[n * 4]> : tensor<i64>
  %size = tenon.reduce prod %s {axes = array<i64: 0>} : (tensor<1xi64>) -> tensor<i64>
  // CHECK: return %[[HALF]], %[[THIRD]], %[[REST]], %[[MAX]], %[[CAST]], %[[SIZE]]
  return %half, %third, %rest, %max, %cast, %size : tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi32>, tensor<i64>
}

// -----

// Bounds of slices: from the end, past the end, and where a symbolic size says how far.
// CHECK-LABEL: @slices
func.func @slices(%x: tensor<?x8xf32, #tenon.dims<[n, 8]>>, %p: tensor<512xi64>) {
  %axis = tenon.constant dense<0> : tensor<1xi64>
  %m1 = tenon.constant dense<-1> : tensor<1xi64>
  %c0 = tenon.constant dense<0> : tensor<1xi64>
  %c1 = tenon.constant dense<1> : tensor<1xi64>
  %c5 = tenon.constant dense<5> : tensor<1xi64>
  %end = tenon.constant dense<9223372036854775807> : tensor<1xi64>
  %first = tenon.constant dense<-9223372036854775808> : tensor<1xi64>
  // CHECK: tenon.slice %{{.*}} {starts = array<i64: -1, 0>, steps = array<i64: 1, 1>} : {{.*}} -> tensor<1x8xf32>
  %last = tenon.dynamic_slice %x, %m1, %end axes(%axis) : (tensor<?x8xf32, #tenon.dims<[n, 8]>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8xf32>
  "test.use"(%last) : (tensor<1x8xf32>) -> ()
  // CHECK: tenon.slice %{{.*}} {starts = array<i64: 1, 0>, {{.*}} -> tensor<?x8xf32, #tenon.dims<[n - 1, 8]>>
  %tail = tenon.dynamic_slice %x, %c1, %end axes(%axis) : (tensor<?x8xf32, #tenon.dims<[n, 8]>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32, #tenon.dims<[n - 1, 8]>>
  "test.use"(%tail) : (tensor<?x8xf32, #tenon.dims<[n - 1, 8]>>) -> ()
  // CHECK: tenon.slice %{{.*}} {starts = array<i64: -1, 0>, steps = array<i64: -1, 1>}
  %reversed = tenon.dynamic_slice %x, %m1, %first axes(%axis) steps(%m1) : (tensor<?x8xf32, #tenon.dims<[n, 8]>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32, #tenon.dims<[n, 8]>>
  "test.use"(%reversed) : (tensor<?x8xf32, #tenon.dims<[n, 8]>>) -> ()
  // Whether there are five elements is known at run time only.
  // CHECK: tenon.dynamic_slice
  %five = tenon.dynamic_slice %x, %c0, %c5 axes(%axis) : (tensor<?x8xf32, #tenon.dims<[n, 8]>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x8xf32>
  "test.use"(%five) : (tensor<?x8xf32>) -> ()
  // CHECK: tenon.slice %{{.*}} {starts = array<i64: 0>, {{.*}} -> tensor<?xi64, #tenon.dims<[n]>>
  %s = tenon.shape_of %x : (tensor<?x8xf32, #tenon.dims<[n, 8]>>) -> tensor<2xi64>
  %n = tenon.slice %s {starts = array<i64: 0>, steps = array<i64: 1>} : (tensor<2xi64>) -> tensor<1xi64>
  %positions = tenon.dynamic_slice %p, %c0, %n : (tensor<512xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xi64, #tenon.dims<[n]>>
  "test.use"(%positions) : (tensor<?xi64, #tenon.dims<[n]>>) -> ()
  return
}
