// Remarks say why neighbours get kernels of their own.
// RUN: tenon-opt --tenon-form-kernels="explain max-kernel-ops=3" --split-input-file --verify-diagnostics %s

func.func @two_uses(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>) -> (tensor<8x6xf32>, tensor<8x6xf32>) {
  // expected-note @+1 {{producer is here}}
  %0 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  // expected-remark @+1 {{not fused: producer has 2 uses}}
  %1 = tenon.exp %0 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  return %0, %1 : tensor<8x6xf32>, tensor<8x6xf32>
}

// -----

func.func @contraction_operand(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>) -> tensor<8x6xf32> {
  // expected-note @+1 {{producer is here}}
  %0 = tenon.exp %a : (tensor<8x4xf32>) -> tensor<8x4xf32>
  // expected-remark @+1 {{not fused: 'tenon.matmul' reads an element of this operand many times}}
  %1 = tenon.matmul %0, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  return %1 : tensor<8x6xf32>
}

// -----

func.func @two_anchors(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-note @+1 {{producer is here}}
  %0 = tenon.softmax %a {axis = 1 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark @+1 {{not fused: 'tenon.softmax' and 'tenon.matmul' are both not elementwise}}
  %1 = tenon.matmul %0, %a : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

func.func @other_anchor(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-note @+1 {{producer is here}}
  %0 = tenon.matmul %a, %b : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = tenon.matmul %b, %a : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-remark @+1 {{not fused: consumer's kernel is built around 'tenon.matmul'}}
  %2 = tenon.add %0, %1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

func.func @recomputed(%a: tensor<4xf32>, %b: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-note @+1 {{producer is here}}
  %0 = tenon.exp %a : (tensor<4xf32>) -> tensor<4xf32>
  // expected-remark @+1 {{not fused: an expensive value would be computed for every element it broadcasts to}}
  %1 = tenon.add %0, %b : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @too_many(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-note @+1 {{producer is here}}
  %0 = tenon.exp %a : (tensor<4xf32>) -> tensor<4xf32>
  // expected-remark @+1 {{not fused: the kernel would have more than 3 ops}}
  %1 = tenon.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tenon.exp %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = tenon.exp %2 : (tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}
