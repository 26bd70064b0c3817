// Lanes two elements apart lie in two vectors of memory: both are loaded, and what is between left out. The second ends with
// the last lane, so that nothing behind it is read. Lanes further apart are loaded one by one.
// RUN: tenon-opt %s --split-input-file --tenon-emit-kernels="vector-bits=256" --cse --canonicalize | FileCheck %s

#in = affine_map<(i, j) -> (i, j * 2 + 1)>
#out = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: func.func private @pairs_loops
// CHECK: %[[LOW:.*]] = vector.load %arg0{{.*}} : memref<4x43xf32>, vector<8xf32>
// CHECK: %[[HIGH:.*]] = vector.load %arg0{{.*}} : memref<4x43xf32>, vector<8xf32>
// CHECK: vector.shuffle %[[LOW]], %[[HIGH]] [0, 2, 4, 6, 9, 11, 13, 15] : vector<8xf32>, vector<8xf32>
// Of five lanes the second vector has the last.
// CHECK: vector.shuffle %{{.*}}, %{{.*}} [0, 2, 4, 6, 15, 15, 15, 15] : vector<8xf32>, vector<8xf32>
// CHECK: vector.maskedstore
func.func @pairs(%X: tensor<4x43xf32>) -> tensor<4x21xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1}]>} {
  %empty = tensor.empty() : tensor<4x21xf32>
  %y = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel"]}
      ins(%X : tensor<4x43xf32>) outs(%empty : tensor<4x21xf32>) {
  ^bb0(%x: f32, %o: f32):
    %e = math.absf %x : f32
    linalg.yield %e : f32
  } -> tensor<4x21xf32>
  return %y : tensor<4x21xf32>
}

// -----

#in = affine_map<(i, j) -> (i, j * 3)>
#out = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: func.func private @threes_loops
// CHECK-NOT: vector.shuffle
// CHECK: vector.from_elements
func.func @threes(%X: tensor<4x48xf32>) -> tensor<4x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1}]>} {
  %empty = tensor.empty() : tensor<4x16xf32>
  %y = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel"]}
      ins(%X : tensor<4x48xf32>) outs(%empty : tensor<4x16xf32>) {
  ^bb0(%x: f32, %o: f32):
    %e = math.absf %x : f32
    linalg.yield %e : f32
  } -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
