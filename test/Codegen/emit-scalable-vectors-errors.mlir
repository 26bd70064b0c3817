// Schedules that can't be carried out on vectors of a length known at run time are refused, with the reason.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --tenon-emit-kernels="vector-bits=128 vscale-bits=64"

#in = affine_map<(i, j, k) -> (i, j, k)>
#out = affine_map<(i, j, k) -> (i, j)>
#id = affine_map<(i, j) -> (i, j)>

func.func @lanes_of_another_dimension(%x: tensor<8x8x5xf32>) -> tensor<8x8xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 1, d1 by 1v], vector d1}, op 0 {in 1 at 2, inner [d2 by 1], vector d0}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-error @+1 {{'linalg.generic' op expects vector lanes along its result, like those of what reads it}}
  %s = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<8x8x5xf32>) outs(%init : tensor<8x8xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %v = arith.addf %sum, %a : f32
    linalg.yield %v : f32
  } -> tensor<8x8xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%s : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = arith.negf %a : f32
    linalg.yield %v : f32
  } -> tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}
