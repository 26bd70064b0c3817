// Vectors whose length is only known at run time: tiles count in them, the last one is masked, lanes that lie apart are
// gathered.
// RUN: tenon-opt %s --split-input-file --tenon-emit-kernels="vector-bits=128 vscale-bits=64" --cse --canonicalize | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// The range counts tiles of the least length, 8 columns; the kernel runs its share of those there are.
// CHECK: #[[RANGE:.*]] = affine_map<() -> (10)>
// CHECK-LABEL: func.func private @matmul_loops
// CHECK-SAME: %[[BEGIN:[^:]*]]: index, %[[END:[^:]*]]: index)
// CHECK-SAME: tenon.range = #[[RANGE]]
// CHECK: %[[VSCALE:.*]] = vector.vscale
// CHECK: %[[WIDTH:.*]] = arith.muli %[[VSCALE]], %c4
// CHECK: %[[TRIPS:.*]] = arith.ceildivui %c40, %[[WIDTH]]
// CHECK: %[[TILES:.*]] = arith.muli %[[TRIPS]], %c2
// CHECK: arith.muli %[[BEGIN]], %[[TILES]]
// CHECK: %[[FIRST:.*]] = arith.divui %{{.*}}, %c10
// CHECK: arith.muli %[[END]], %[[TILES]]
// CHECK: %[[LAST:.*]] = arith.divui %{{.*}}, %c10
// CHECK: scf.for %{{.*}} = %[[FIRST]] to %[[LAST]]
// A full tile keeps 4 x 2 vectors in registers.
// CHECK: scf.if
// CHECK: scf.for {{.*}} -> (vector<[2]xf32>, vector<[2]xf32>, vector<[2]xf32>, vector<[2]xf32>, vector<[2]xf32>, vector<[2]xf32>, vector<[2]xf32>, vector<[2]xf32>)
// CHECK-COUNT-8: math.fma {{.*}} : vector<[2]xf32>
// CHECK-NOT: vector.maskedstore
// CHECK: } else {
// The rest of the columns goes vector by vector, the last one masked.
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
func.func @matmul(%A: tensor<8x7xf32>, %B: tensor<7x40xf32>) -> tensor<8x40xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 4, d1 by 2v], inner [d2 by 1], vector d1, parallel 2}]>} {
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

// -----

#row = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j, i)>

// The schedule needs no loop over a row of 12, three vectors of the least length; there may be fewer.
// CHECK-LABEL: func.func private @transpose_loops
// CHECK: %[[VSCALE:.*]] = vector.vscale
// CHECK: %[[LENGTH:.*]] = arith.muli %[[VSCALE]], %c2
// CHECK: %[[WHOLE:.*]] = arith.divui %c12, %[[LENGTH]]
// CHECK: scf.for %{{.*}} = %c0 to %[[WHOLE]]
// CHECK: %[[STEP:.*]] = vector.step : vector<[2]xindex>
// CHECK: vector.gather {{.*}} : memref<12x5xf32>, vector<[2]xindex>, vector<[2]xi1>, vector<[2]xf32>
// CHECK: vector.store
// CHECK: scf.for %{{.*}} = %[[WHOLE]] to
// CHECK: %[[MASK:.*]] = vector.create_mask
// CHECK: vector.gather {{.*}}, %[[MASK]]
// CHECK: vector.maskedstore {{.*}}, %[[MASK]]
func.func @transpose(%x: tensor<12x5xf32>) -> tensor<5x12xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1], vector d1, parallel 1}]>} {
  %empty = tensor.empty() : tensor<5x12xf32>
  %r = linalg.generic {indexing_maps = [#column, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<12x5xf32>) outs(%empty : tensor<5x12xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<5x12xf32>
  return %r : tensor<5x12xf32>
}

// -----

#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>

// CHECK-LABEL: func.func private @lanes_along_the_reduction_loops
// CHECK: %[[SUM:.*]]:2 = scf.for {{.*}} -> (vector<[2]xf32>, vector<[2]xf32>)
// CHECK: %[[REST:.*]] = scf.for {{.*}} iter_args(%[[SLOT:.*]] = %[[SUM]]#0) -> (vector<[2]xf32>)
// CHECK: %[[MASK:.*]] = vector.create_mask
// CHECK: %[[MORE:.*]] = arith.addf %[[SLOT]]
// CHECK: arith.select %[[MASK]], %[[MORE]], %[[SLOT]]
// CHECK: %[[BOTH:.*]] = arith.addf %[[REST]], %[[SUM]]#1 : vector<[2]xf32>
// CHECK: vector.reduction <add>, %[[BOTH]] : vector<[2]xf32> into f32
func.func @lanes_along_the_reduction(%x: tensor<3x100xf32>) -> tensor<3xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 1], inner [d1 by 2v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  %r = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<3x100xf32>) outs(%init : tensor<3xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %sum, %a : f32
    linalg.yield %s : f32
  } -> tensor<3xf32>
  return %r : tensor<3xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// Scratch holds what one tile of the reader needs, as many vectors as its tile.
// CHECK-LABEL: func.func private @stored_in_scratch_loops
// CHECK: %[[VSCALE:.*]] = vector.vscale
// CHECK: %[[SIZE:.*]] = arith.muli %[[VSCALE]], %c8
// CHECK: memref.alloca(%[[SIZE]]) {{.*}} : memref<?xf32>
// CHECK-NOT: memref.alloca
// CHECK: return
func.func @stored_in_scratch(%x: tensor<100xf32>) -> tensor<100xi32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 4v], vector d0}, op 0 {store in 1 at 1, loops [d0 by 1v], vector d0}]>} {
  %empty = tensor.empty() : tensor<100xf32>
  %bits = tensor.empty() : tensor<100xi32>
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<100xf32>) outs(%empty : tensor<100xf32>) {
  ^bb0(%a: f32, %o: f32):
    %v = math.exp %a : f32
    linalg.yield %v : f32
  } -> tensor<100xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%e : tensor<100xf32>) outs(%bits : tensor<100xi32>) {
  ^bb0(%a: f32, %o: i32):
    %v = arith.bitcast %a : f32 to i32
    linalg.yield %v : i32
  } -> tensor<100xi32>
  return %r : tensor<100xi32>
}

// -----

#id = affine_map<(i) -> (i)>

// LLVM computes remainders lane by lane: this kernel has vectors of the least length.
// CHECK-LABEL: func.func private @no_scalable_form_loops
// CHECK-NOT: vector.vscale
// CHECK: arith.remf {{.*}} : vector<4xf32>
// CHECK-NOT: vector.vscale
func.func @no_scalable_form(%x: tensor<64xf32>) -> tensor<64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1v], vector d0}]>} {
  %empty = tensor.empty() : tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %three = arith.constant 3.0 : f32
    %v = arith.remf %a, %three : f32
    linalg.yield %v : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: func.func private @narrow_floats_loops
// CHECK-NOT: vector.vscale
// CHECK: vector.load {{.*}} vector<8xf16>
func.func @narrow_floats(%x: tensor<64xf16>) -> tensor<64xf16>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1v], vector d0}]>} {
  %empty = tensor.empty() : tensor<64xf16>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf16>) outs(%empty : tensor<64xf16>) {
  ^bb0(%a: f16, %o: f16):
    %v = arith.negf %a : f16
    linalg.yield %v : f16
  } -> tensor<64xf16>
  return %r : tensor<64xf16>
}
