// A padded input is copied a band at a time where a copy of all of it does not stay in the second-level cache, and whole
// where it does.
// RUN: tenon-opt %s --split-input-file --tenon-choose-schedules="machine=x86-64-v3 cores=1" | FileCheck %s

#pixels = affine_map<(y, x, o, i, j, c) -> (y + i, x + j, c)>
#weights = affine_map<(y, x, o, i, j, c) -> (i, j, c, o)>
#result = affine_map<(y, x, o, i, j, c) -> (y, x, o)>

// 58 x 58 x 64 elements are 842 KiB.
// CHECK-LABEL: func.func private @large
// CHECK-SAME: op 0 {store in 1 at {{[1-9]}}, loops
func.func private @large(%x: tensor<56x56x64xf32>, %w: tensor<3x3x64x64xf32> {tenon.constant}) -> tensor<56x56x64xf32>
    attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %x low[1, 1, 0] high[1, 1, 0] {
  ^bb0(%y: index, %z: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<56x56x64xf32> to tensor<58x58x64xf32>
  %empty = tensor.empty() : tensor<56x56x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<56x56x64xf32>) -> tensor<56x56x64xf32>
  %sums = linalg.generic {indexing_maps = [#pixels, #weights, #result],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%padded, %w : tensor<58x58x64xf32>, tensor<3x3x64x64xf32>) outs(%init : tensor<56x56x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<56x56x64xf32>
  return %sums : tensor<56x56x64xf32>
}

// -----

#pixels = affine_map<(y, x, o, i, j, c) -> (y + i, x + j, c)>
#weights = affine_map<(y, x, o, i, j, c) -> (i, j, c, o)>
#result = affine_map<(y, x, o, i, j, c) -> (y, x, o)>

// 16 x 16 x 64 elements are 64 KiB.
// CHECK-LABEL: func.func private @small
// CHECK-SAME: op 0 {store in 1 at 0, loops
func.func private @small(%x: tensor<14x14x64xf32>, %w: tensor<3x3x64x64xf32> {tenon.constant}) -> tensor<14x14x64xf32>
    attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %x low[1, 1, 0] high[1, 1, 0] {
  ^bb0(%y: index, %z: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<14x14x64xf32> to tensor<16x16x64xf32>
  %empty = tensor.empty() : tensor<14x14x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<14x14x64xf32>) -> tensor<14x14x64xf32>
  %sums = linalg.generic {indexing_maps = [#pixels, #weights, #result],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%padded, %w : tensor<16x16x64xf32>, tensor<3x3x64x64xf32>) outs(%init : tensor<14x14x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<14x14x64xf32>
  return %sums : tensor<14x14x64xf32>
}
