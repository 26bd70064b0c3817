// Where a window reads padding alone, nothing is computed: the loops over it, and in a block of it those over its
// positions, leave that out.
// RUN: tenon-opt %s --tenon-emit-kernels --cse --canonicalize | FileCheck %s

#x = affine_map<(h, n, i, c) -> (h + i, c)>
#k = affine_map<(h, n, i, c) -> (i, c, n)>
#y = affine_map<(h, n, i, c) -> (h, n)>

// Row h needs the taps from 1 - h on, up to 9 - h of 3.
// CHECK-LABEL: func.func private @inside_loops
// CHECK: scf.for %[[ROW:.*]] = %arg3 to %arg4
// CHECK: %[[BEFORE:.*]] = arith.subi %c1, %[[ROW]]
// CHECK: %[[FIRST:.*]] = arith.maxsi %[[BEFORE]], %c0
// CHECK: %[[BEHIND:.*]] = arith.subi %c9, %[[ROW]]
// CHECK: %[[LEFT:.*]] = arith.maxsi %[[BEHIND]], %c0
// CHECK: %[[END:.*]] = arith.minsi %[[LEFT]], %c3
// CHECK: scf.for %{{.*}} = %[[FIRST]] to %[[END]] step %c1 iter_args
func.func @inside(%X: tensor<8x16xf32>, %K: tensor<3x16x8xf32>) -> tensor<8x8xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 1, d1 by 1v], inner [d2 by 1, d3 by 1], vector d1, parallel 1},
      op 0 {store in 1 at 0, loops [d0 by 1, d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %X low[1, 0] high[1, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %zero : f32
  } : tensor<8x16xf32> to tensor<10x16xf32>
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %sum = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %K : tensor<10x16xf32>, tensor<3x16x8xf32>) outs(%init : tensor<8x8xf32>) {
  ^bb0(%x: f32, %k: f32, %s: f32):
    %p = arith.mulf %x, %k : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x8xf32>
  return %sum : tensor<8x8xf32>
}

// In a block of one tap, the rows that need it; the first block of a row is the first that it needs.
// CHECK-LABEL: func.func private @block_loops
// CHECK: scf.for %[[TAP:.*]] = %c0 to %c3
// CHECK: %[[BEFORE:.*]] = arith.subi %c1, %[[TAP]]
// CHECK: %[[FIRST:.*]] = arith.maxsi %[[BEFORE]], %c0
// CHECK: %[[END:.*]] = arith.minsi %{{.*}}, %c8
// CHECK: scf.for %[[ROW:.*]] = %[[FIRST]] to %[[END]]
// CHECK: %[[BEFORE:.*]] = arith.subi %c1, %[[ROW]]
// CHECK: %[[NEEDED:.*]] = arith.maxsi %[[BEFORE]], %c0
// CHECK: %[[LATER:.*]] = arith.subi %[[NEEDED]], %[[TAP]]
// CHECK: arith.cmpi ult, %[[LATER]], %c1
// CHECK: scf.if
func.func @block(%X: tensor<8x16xf32>, %K: tensor<3x16x8xf32>) -> tensor<8x8xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d2 by 1, d0 by 1, d1 by 1v], inner [d3 by 1], vector d1},
      op 0 {store in 1 at 0, loops [d0 by 1, d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %X low[1, 0] high[1, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %zero : f32
  } : tensor<8x16xf32> to tensor<10x16xf32>
  %empty = tensor.empty() : tensor<8x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %sum = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %K : tensor<10x16xf32>, tensor<3x16x8xf32>) outs(%init : tensor<8x8xf32>) {
  ^bb0(%x: f32, %k: f32, %s: f32):
    %p = arith.mulf %x, %k : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<8x8xf32>
  return %sum : tensor<8x8xf32>
}

// A maximum is not changed by zeros that lie below it, but by those above: nothing is left out.
// CHECK-LABEL: func.func private @zeros_count_loops
// CHECK-NOT: arith.maxsi
// CHECK: scf.for %{{.*}} = %c0 to %c3
// CHECK-NOT: arith.maxsi
// CHECK: return
func.func @zeros_count(%X: tensor<8x16xf32>) -> tensor<8x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 1, d1 by 1v], inner [d2 by 1], vector d1, parallel 1},
      op 0 {store in 1 at 0, loops [d0 by 1, d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %padded = tensor.pad %X low[1, 0] high[1, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %zero : f32
  } : tensor<8x16xf32> to tensor<10x16xf32>
  %window = tensor.empty() : tensor<3xf32>
  %empty = tensor.empty() : tensor<8x16xf32>
  %init = linalg.fill ins(%least : f32) outs(%empty : tensor<8x16xf32>) -> tensor<8x16xf32>
  %most = linalg.generic {indexing_maps = [affine_map<(h, c, i) -> (h + i, c)>, affine_map<(h, c, i) -> (i)>, affine_map<(h, c, i) -> (h, c)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%padded, %window : tensor<10x16xf32>, tensor<3xf32>) outs(%init : tensor<8x16xf32>) {
  ^bb0(%x: f32, %w: f32, %s: f32):
    %t = arith.maximumf %s, %x : f32
    linalg.yield %t : f32
  } -> tensor<8x16xf32>
  return %most : tensor<8x16xf32>
}
