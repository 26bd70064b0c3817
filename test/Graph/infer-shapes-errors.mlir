// RUN: tenon-opt --tenon-infer-shapes --split-input-file --verify-diagnostics %s

// Only the op at which the size becomes unknown is reported, not those after it.
func.func @depends_on_elements(%x: tensor<4xf32>) -> tensor<1x?xi64> {
  // expected-error @+1 {{has a result of unknown size in dimension 1; all inputs have static sizes, so this one depends on their elements}}
  %0 = tenon.non_zero %x : (tensor<4xf32>) -> tensor<1x?xi64>
  %1 = tenon.neg %0 : (tensor<1x?xi64>) -> tensor<1x?xi64>
  return %1 : tensor<1x?xi64>
}

// -----

// expected-error @+1 {{input 0 has no size or name in dimension 0; give --shape image=...}}
func.func @unnamed(%x: tensor<?x3xf32> {tenon.name = "image"}) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

// -----

func.func @does_not_fit(%a: tensor<2x3xf32>, %s: tensor<2x?xf32>) -> tensor<?x?xf32> {
  %0 = tenon.transpose %a {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<?x?xf32>
  // expected-error @+1 {{expects equal reduced sizes, but got 3 and 2}}
  %1 = tenon.matmul %a, %0 {transpose_rhs} : (tensor<2x3xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}
