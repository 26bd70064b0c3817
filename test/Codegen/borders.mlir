// Tiles at the border of a padded input have code of their own, in which what lies outside is known: no read is guarded.
// RUN: tenon-opt %s --tenon-emit-kernels --cse --canonicalize | FileCheck %s

#x = affine_map<(h, w, c, i, j) -> (h + i, w + j, c)>
#k = affine_map<(h, w, c, i, j) -> (i, j, c)>
#y = affine_map<(h, w, c, i, j) -> (h, w, c)>

// Rows: the first, those in between, the last. Of each: the first 4 columns, those in between, the last.
// CHECK-LABEL: func.func private @depthwise_loops
// CHECK-NOT: arith.select
// CHECK-NOT: vector.maskedload
// CHECK: scf.for %[[ROW:.*]] = %{{.*}} to
// CHECK: %[[FIRST:.*]] = arith.cmpi ult, %[[ROW]], %c1
// CHECK: scf.if %[[FIRST]] {
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK: } else {
// CHECK: %[[MIDDLE:.*]] = arith.cmpi ult, %[[ROW]], %c9
// CHECK: scf.if %[[MIDDLE]] {
// The 6 columns that 4 outputs read are loaded once a row.
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK-COUNT-18: vector.load %arg0
// CHECK-NOT: vector.load %arg0
// CHECK: vector.store
// CHECK-NOT: arith.select
// CHECK-NOT: vector.maskedload
func.func @depthwise(%X: tensor<10x16x16xf32>, %K: tensor<3x3x16xf32>) -> tensor<10x16x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 1, d1 by 4, d2 by 1v], vector d2, parallel 1}]>} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %X low[1, 1, 0] high[1, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<10x16x16xf32> to tensor<12x18x16xf32>
  %empty = tensor.empty() : tensor<10x16x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<10x16x16xf32>) -> tensor<10x16x16xf32>
  %sum = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %K : tensor<12x18x16xf32>, tensor<3x3x16xf32>) outs(%init : tensor<10x16x16xf32>) {
  ^bb0(%x: f32, %k: f32, %s: f32):
    %p = arith.mulf %x, %k : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<10x16x16xf32>
  return %sum : tensor<10x16x16xf32>
}
