// The three channels of an image do not fill a vector: rows of the padded region are written as runs of elements, which
// lie one behind the other in the image and in the region. So are rows that are padded themselves.
// RUN: tenon-opt %s --tenon-emit-kernels --cse --canonicalize | FileCheck %s

#x = affine_map<(h, w, o, i, j, c) -> (h + i, w + j, c)>
#k = affine_map<(h, w, o, i, j, c) -> (i, j, c, o)>
#y = affine_map<(h, w, o, i, j, c) -> (h, w, o)>

// CHECK-LABEL: func.func private @image_loops
// CHECK-DAG: %[[REGION:.*]] = memref.alloca() {{.*}} : memref<4x18x3xf32>
// A row in the image: 3 elements of padding, the run, 3 elements of padding.
// CHECK: %[[IMAGE:.*]] = memref.collapse_shape %arg0 {{\[\[}}0], [1, 2]] : memref<10x16x3xf32> into memref<10x48xf32>
// CHECK: %[[RUNS:.*]] = memref.collapse_shape %[[REGION]] {{\[\[}}0], [1, 2]] : memref<4x18x3xf32> into memref<4x54xf32>
// CHECK: vector.maskedstore %[[RUNS]][%{{.*}}, %c0]
// CHECK: scf.for %{{.*}} = %c0 to %c48 step %c16
// CHECK: vector.load %[[IMAGE]]{{.*}} : memref<10x48xf32>, vector<16xf32>
// CHECK: vector.store %{{.*}}, %[[RUNS]]{{.*}} : memref<4x54xf32>, vector<16xf32>
// CHECK: vector.maskedstore %[[RUNS]][%{{.*}}, %c51]
func.func @image(%X: tensor<10x16x3xf32>, %K: tensor<3x3x3x16xf32>) -> tensor<10x16x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 2, d1 by 4, d2 by 1v], vector d2, parallel 1},
      op 0 {store in 1 at 1, loops [d0 by 1, d1 by 1, d2 by 4v], vector d2}]>} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %X low[1, 1, 0] high[1, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<10x16x3xf32> to tensor<12x18x3xf32>
  %empty = tensor.empty() : tensor<10x16x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<10x16x16xf32>) -> tensor<10x16x16xf32>
  %sum = linalg.generic {indexing_maps = [#x, #k, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%padded, %K : tensor<12x18x3xf32>, tensor<3x3x3x16xf32>) outs(%init : tensor<10x16x16xf32>) {
  ^bb0(%x: f32, %k: f32, %s: f32):
    %p = arith.mulf %x, %k : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<10x16x16xf32>
  return %sum : tensor<10x16x16xf32>
}

#xf = affine_map<(h, w, o, i, j, c) -> (c, h + i, w + j)>

// CHECK-LABEL: func.func private @channels_first_loops
// CHECK-DAG: %[[REGION:.*]] = memref.alloca() {{.*}} : memref<3x4x18xf32>
// CHECK-NOT: vector.maskedload {{.*}}%arg0
// A row in the image: an element of padding, the run, an element of padding.
// CHECK: vector.maskedstore %[[REGION]][%{{.*}}, %{{.*}}, %c0]
// CHECK: vector.load %arg0{{.*}} : memref<3x10x16xf32>, vector<16xf32>
// CHECK: vector.store %{{.*}}, %[[REGION]]{{.*}} : memref<3x4x18xf32>, vector<16xf32>
// CHECK: vector.maskedstore %[[REGION]][%{{.*}}, %{{.*}}, %c17]
func.func @channels_first(%X: tensor<3x10x16xf32>, %K: tensor<3x3x3x16xf32>) -> tensor<10x16x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 2, d1 by 4, d2 by 1v], vector d2, parallel 1},
      op 0 {store in 1 at 1, loops [d0 by 1, d1 by 1, d2 by 4v], vector d2}]>} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %X low[0, 1, 1] high[0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index):
    tensor.yield %zero : f32
  } : tensor<3x10x16xf32> to tensor<3x12x18xf32>
  %empty = tensor.empty() : tensor<10x16x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<10x16x16xf32>) -> tensor<10x16x16xf32>
  %sum = linalg.generic {indexing_maps = [#xf, #k, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%padded, %K : tensor<3x12x18xf32>, tensor<3x3x3x16xf32>) outs(%init : tensor<10x16x16xf32>) {
  ^bb0(%x: f32, %k: f32, %s: f32):
    %p = arith.mulf %x, %k : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<10x16x16xf32>
  return %sum : tensor<10x16x16xf32>
}
