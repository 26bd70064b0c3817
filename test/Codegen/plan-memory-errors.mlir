// What the memory plan refuses to lay out.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --tenon-plan-memory

func.func private @k(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<8xf32> {
  %0 = call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'tenon.concat' op expects operands that are placed nowhere else}}
  %1 = tenon.concat %0, %0 {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

func.func private @k(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'func.return' op expects operands that are placed nowhere else}}
  return %0, %0 : tensor<4xf32>, tensor<4xf32>
}
