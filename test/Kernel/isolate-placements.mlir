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
