// A constant operand that moves with the vector lanes is laid out in tiles of the register tile's width.
// RUN: tenon-opt %s --tenon-pack-operands=vector-bits=512 | FileCheck %s
// RUN: tenon-opt %s --tenon-pack-operands=vector-bits=512 | FileCheck %s --check-prefix=STREAMS
// RUN: tenon-opt %s --tenon-pack-operands=whole-rows | FileCheck %s --check-prefix=ROWS

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// 40 columns are two tiles of 32, the second one padded.
// CHECK: #[[PACKED:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 32, d2, d1 mod 32)>
// CHECK-LABEL: func.func private @k(%{{.*}}: tensor<8x7xf32>, %{{.*}}: tensor<2x7x32xf32> {tenon.constant})
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[PACKED]], #{{.*}}]
// CHECK-LABEL: func.func @main
// CHECK: tenon.pad {{.*}} -> tensor<7x64xf32>
// CHECK: tenon.reshape {{.*}} -> tensor<7x2x32xf32>
// CHECK: tenon.transpose {{.*}} -> tensor<2x7x32xf32>
// CHECK: call @k
func.func private @k(%A: tensor<8x7xf32>, %B: tensor<7x40xf32> {tenon.constant}) -> tensor<8x40xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 4, d1 by 2v], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x40xf32>) -> tensor<8x40xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<8x7xf32>, tensor<7x40xf32>) outs(%init : tensor<8x40xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<8x40xf32>
  return %r : tensor<8x40xf32>
}
func.func @main(%x: tensor<8x7xf32>) -> tensor<8x40xf32> {
  %w = tenon.constant dense<0.5> : tensor<7x40xf32>
  %0 = call @k(%x, %w) : (tensor<8x7xf32>, tensor<7x40xf32>) -> tensor<8x40xf32>
  return %0 : tensor<8x40xf32>
}

// Vectors of any length read whole rows: an operand whose rows lie along the lanes stays as it is, another is transposed.
// ROWS: #[[TRANSPOSED:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// ROWS-LABEL: func.func private @k(%{{.*}}: tensor<8x7xf32>, %{{.*}}: tensor<7x40xf32> {tenon.constant})
// ROWS-LABEL: func.func private @columns(%{{.*}}: tensor<8x7xf32>, %{{.*}}: tensor<7x40xf32> {tenon.constant})
// ROWS: linalg.generic {indexing_maps = [#{{.*}}, #[[TRANSPOSED]], #{{.*}}]
// ROWS-LABEL: func.func @transposed
// ROWS: tenon.transpose {{.*}} -> tensor<7x40xf32>
// ROWS-NEXT: call @columns
#t = affine_map<(m, n, k) -> (n, k)>
func.func private @columns(%A: tensor<8x7xf32>, %B: tensor<40x7xf32> {tenon.constant}) -> tensor<8x40xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 4, d1 by 2v], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x40xf32>) -> tensor<8x40xf32>
  %r = linalg.generic {indexing_maps = [#a, #t, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<8x7xf32>, tensor<40x7xf32>) outs(%init : tensor<8x40xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<8x40xf32>
  return %r : tensor<8x40xf32>
}
func.func @transposed(%x: tensor<8x7xf32>) -> tensor<8x40xf32> {
  %w = tenon.constant dense<0.5> : tensor<40x7xf32>
  %0 = call @columns(%x, %w) : (tensor<8x7xf32>, tensor<40x7xf32>) -> tensor<8x40xf32>
  return %0 : tensor<8x40xf32>
}

// One row of tiles reads each weight once: several streams, a cache line or a vector wide.
// STREAMS: #[[LINES:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 16, d2, d1 mod 16)>
// STREAMS-LABEL: func.func private @once(%{{.*}}: tensor<1x7xf32>, %{{.*}}: tensor<4x7x16xf32> {tenon.constant})
// STREAMS: linalg.generic {indexing_maps = [#{{.*}}, #[[LINES]], #{{.*}}]
func.func private @once(%A: tensor<1x7xf32>, %B: tensor<7x64xf32> {tenon.constant}) -> tensor<1x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 1, d1 by 2v], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x64xf32>) -> tensor<1x64xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<1x7xf32>, tensor<7x64xf32>) outs(%init : tensor<1x64xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x64xf32>
  return %r : tensor<1x64xf32>
}
func.func @row(%x: tensor<1x7xf32>) -> tensor<1x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<7x64xf32>
  %0 = call @once(%x, %w) : (tensor<1x7xf32>, tensor<7x64xf32>) -> tensor<1x64xf32>
  return %0 : tensor<1x64xf32>
}
