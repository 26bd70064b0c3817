// Sizes go through the function, and dynamic forms become static.
// RUN: tenon-opt --tenon-infer-shapes --split-input-file %s | FileCheck %s
// RUN: tenon-opt --tenon-infer-shapes --split-input-file %s > %t && tenon-opt --tenon-infer-shapes --split-input-file %t | diff %t -

// CHECK-LABEL: func.func @chain(
// CHECK-SAME: -> tensor<2x5xf32>
// CHECK: tenon.matmul {{.*}} -> tensor<2x5xf32>
// CHECK: tenon.relu {{.*}} -> tensor<2x5xf32>
func.func @chain(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) -> tensor<?x?xf32> {
  %0 = tenon.matmul %a, %b : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<?x?xf32>
  %1 = tenon.relu %0 : (tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// -----

// What exporters make of x.reshape(x.shape[0], -1).
// CHECK-LABEL: func.func @reshape_by_shape(
// CHECK-NEXT: %[[R:.*]] = tenon.reshape %arg0 : {{.*}} -> tensor<?x12xf32, #tenon.dims<[batch, 12]>>
// CHECK-NEXT: return %[[R]]
func.func @reshape_by_shape(%x: tensor<?x3x4xf32, #tenon.dims<[batch, 3, 4]>>) -> tensor<?x?xf32> {
  %zero = tenon.constant dense<0> : tensor<i64>
  %rest = tenon.constant dense<-1> : tensor<1xi64>
  %s = tenon.shape_of %x : (tensor<?x3x4xf32, #tenon.dims<[batch, 3, 4]>>) -> tensor<3xi64>
  %0 = tenon.gather %s, %zero {axis = 0 : i64} : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %1 = tenon.reshape %0 : (tensor<i64>) -> tensor<1xi64>
  %2 = tenon.concat %1, %rest {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %3 = tenon.dynamic_reshape %x, %2 : (tensor<?x3x4xf32, #tenon.dims<[batch, 3, 4]>>, tensor<2xi64>) -> tensor<?x?xf32>
  return %3 : tensor<?x?xf32>
}

// -----

// CHECK-LABEL: func.func @branches_agree(
// CHECK: tenon.if {{.*}} -> tensor<4x2xf32>
func.func @branches_agree(%c: tensor<i1>, %x: tensor<4x2xf32>, %y: tensor<4x2xf32>) -> tensor<?x?xf32> {
  %0 = tenon.if %c : (tensor<i1>) -> tensor<?x?xf32> {
    tenon.yield %x : tensor<4x2xf32>
  } else {
    tenon.yield %y : tensor<4x2xf32>
  }
  return %0 : tensor<?x?xf32>
}
