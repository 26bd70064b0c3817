// A value that must lie in two places is copied into one of them; one that is made for its place is not.
// RUN: tenon-opt %s --split-input-file --tenon-isolate-placements | FileCheck %s

// CHECK-LABEL: func.func @argument_returned
// CHECK: %[[COPY:.*]] = tenon.kernel(%arg0
// CHECK: linalg.generic
// CHECK: return %[[COPY]]
func.func @argument_returned(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @returned_twice
// CHECK: %[[K:.*]] = tenon.kernel
// CHECK: %[[COPY:.*]] = tenon.kernel(%[[K]]
// CHECK: return %[[K]], %[[COPY]]
func.func @returned_twice(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %0, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @made_for_its_place
// CHECK-COUNT-1: tenon.kernel
// CHECK-NOT: tenon.kernel
func.func @made_for_its_place(%x: tensor<4xf32>) -> tensor<2x2xf32> {
  %0 = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  %1 = tenon.reshape %0 : (tensor<4xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// -----

// Inside the concat its rows would lie apart, which the other reader does not expect: the concat gets a copy.
// CHECK-LABEL: func.func @read_elsewhere
// CHECK: %[[K:.*]] = tenon.kernel(%arg0
// CHECK: %[[COPY:.*]] = tenon.kernel(%[[K]]
// CHECK: tenon.concat %[[COPY]], %{{.*}} {axis = 1 : i64}
func.func @read_elsewhere(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) -> (tensor<2x6xf32>, tensor<2x3xf32>) {
  %0 = tenon.kernel(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.relu %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  %1 = tenon.concat %0, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  %2 = tenon.kernel(%0 : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %r = tenon.neg %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %1, %2 : tensor<2x6xf32>, tensor<2x3xf32>
}

// -----

// Nothing is copied nowhere.
// CHECK-LABEL: func.func @empty_twice
// CHECK-NOT: tenon.kernel
// CHECK: return %[[E:.*]], %[[E]] :
func.func @empty_twice() -> (tensor<2x0xf32>, tensor<2x0xf32>) {
  %0 = tenon.constant dense<> : tensor<2x0xf32>
  return %0, %0 : tensor<2x0xf32>, tensor<2x0xf32>
}

// -----

// A concat is made inside another, and what is seen with more dimensions of 1 inside a concat: each has strides there.
// CHECK-LABEL: func.func @nested
// CHECK-COUNT-3: tenon.kernel
// CHECK-NOT: tenon.kernel
// CHECK: return
func.func @nested(%x: tensor<2x3xf32>) -> tensor<2x3x3xf32> {
  %a = tenon.kernel(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%i: tensor<2x3xf32>):
    %r = tenon.relu %i : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  %b = tenon.kernel(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%i: tensor<2x3xf32>):
    %r = tenon.neg %i : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  %c = tenon.kernel(%x : tensor<2x3xf32>) -> (tensor<2x1x3xf32>) {
  ^bb0(%i: tensor<2x3xf32>):
    %r = tenon.reshape %i : (tensor<2x3xf32>) -> tensor<2x1x3xf32>
    tenon.yield %r : tensor<2x1x3xf32>
  }
  %a1 = tenon.reshape %a : (tensor<2x3xf32>) -> tensor<2x1x3xf32>
  %b1 = tenon.reshape %b : (tensor<2x3xf32>) -> tensor<2x1x3xf32>
  %ab = tenon.concat %a1, %b1 {axis = 1 : i64} : (tensor<2x1x3xf32>, tensor<2x1x3xf32>) -> tensor<2x2x3xf32>
  %abc = tenon.concat %ab, %c {axis = 1 : i64} : (tensor<2x2x3xf32>, tensor<2x1x3xf32>) -> tensor<2x3x3xf32>
  return %abc : tensor<2x3x3xf32>
}

// -----

// Not so a view that cuts rows otherwise.
// CHECK-LABEL: func.func @cut_otherwise
// CHECK: %[[K:.*]] = tenon.kernel(%arg0
// CHECK: %[[V:.*]] = tenon.reshape %[[K]]
// CHECK: %[[COPY:.*]] = tenon.kernel(%[[V]]
// CHECK: tenon.concat %[[COPY]]
func.func @cut_otherwise(%x: tensor<2x3xf32>, %y: tensor<3x1xf32>) -> tensor<3x3xf32> {
  %a = tenon.kernel(%x : tensor<2x3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%i: tensor<2x3xf32>):
    %r = tenon.relu %i : (tensor<2x3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  %v = tenon.reshape %a : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %c = tenon.concat %v, %y {axis = 1 : i64} : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x3xf32>
  return %c : tensor<3x3xf32>
}
