// Equal kernels become one function; constants and placements are part of what makes them equal.
// RUN: tenon-opt %s --tenon-outline-kernels | FileCheck %s

// CHECK: func.func private @kernel_0(%{{.*}}: tensor<4xf32>) -> tensor<4xf32> attributes {tenon.structured}
// CHECK: func.func private @kernel_1(%{{.*}}: tensor<4xf32> {tenon.constant}) -> tensor<4xf32> attributes {tenon.structured}
// CHECK-NOT: func.func private
// CHECK-LABEL: func.func @main
// CHECK: call @kernel_0
// CHECK: call @kernel_0
// CHECK: call @kernel_1
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = tenon.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  %1 = tenon.kernel(%0 : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  %2 = tenon.kernel(%c : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %1, %2 : tensor<4xf32>, tensor<4xf32>
}
