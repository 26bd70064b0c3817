// A tile asks for its share of the panel of weights that comes next: 4 tiles share a panel of 64 x 32 elements, each asks
// for 512 of them over its 64 steps. What a tile will write is asked for first, a line each.
// RUN: tenon-opt %s --tenon-emit-kernels=prefetch-bytes=4096 --cse --canonicalize | FileCheck %s
// RUN: tenon-opt %s --tenon-emit-kernels --cse --canonicalize | FileCheck %s --check-prefix=SMALL

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func private @matmul_loops
// CHECK: %[[WEIGHTS:.*]] = memref.collapse_shape %{{.*}} {{\[\[}}0, 1, 2]] : memref<4x64x32xf32> into memref<8192xf32>
// CHECK: scf.for %[[PANEL:.*]] = %{{.*}} to
// CHECK: scf.for %[[TILE:.*]] = %c0 to %c4
// CHECK-COUNT-8: memref.prefetch %[[RESULT:[a-z0-9]*]][%{{.*}}], write, locality<3>, data : memref<16x128xf32>
// CHECK-NOT: memref.prefetch
// CHECK: scf.for %[[STEP:.*]] = %c0 to %c64
// CHECK-DAG: arith.muli %[[PANEL]], %c2048
// CHECK-DAG: arith.muli %[[TILE]], %c512
// CHECK-DAG: arith.muli %[[STEP]], %c8
// CHECK: memref.prefetch %[[WEIGHTS]][%{{.*}}], read, locality<2>, data : memref<8192xf32>

// Weights that stay in cache are left alone.
// SMALL-NOT: memref.prefetch %{{.*}} : memref<8192xf32>
func.func @matmul(%A: tensor<16x64xf32>, %B: tensor<4x64x32xf32> {tenon.constant}) -> tensor<16x128xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d1 by 2v, d0 by 4], inner [d2 by 1], vector d1, parallel 1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x128xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x128xf32>) -> tensor<16x128xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<16x64xf32>, tensor<4x64x32xf32>) outs(%init : tensor<16x128xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<16x128xf32>
  return %product : tensor<16x128xf32>
}


// Blocks of the reduction around the panels: what comes next is the same slice of the next panel, 1024 elements further.
// CHECK-LABEL: func.func private @blocked_loops
// CHECK: scf.for %[[BLOCK:.*]] = %c0 to %c2
// CHECK: scf.for %[[PANEL:.*]] = %c0 to %c4
// CHECK: scf.for %[[TILE:.*]] = %c0 to %c4
// CHECK: scf.for %[[STEP:.*]] = %c0 to %c32
// CHECK-DAG: %[[AT_PANEL:.*]] = arith.muli %[[PANEL]], %c2048
// CHECK-DAG: %[[AT_BLOCK:.*]] = arith.muli %[[BLOCK]], %c1024
// CHECK: arith.addi %{{.*}}, %c2048
// CHECK-NEXT: memref.prefetch %{{.*}}, read, locality<2>, data : memref<8192xf32>
func.func @blocked(%A: tensor<16x64xf32>, %B: tensor<4x64x32xf32> {tenon.constant}) -> tensor<16x128xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d2 by 32, d1 by 2v, d0 by 4], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<16x128xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<16x128xf32>) -> tensor<16x128xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<16x64xf32>, tensor<4x64x32xf32>) outs(%init : tensor<16x128xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<16x128xf32>
  return %product : tensor<16x128xf32>
}

// A row of nine lines is foreseen by the processor, and so is the one below it.
// CHECK-LABEL: func.func private @long_rows_loops
// CHECK-NOT: memref.prefetch
// CHECK: return
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @long_rows(%x: tensor<16x144xf32>) -> tensor<16x144xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1},
      op 0 {in 1 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<16x144xf32>
  %empty = tensor.empty() : tensor<16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<16xf32>) -> tensor<16xf32>
  %sum = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<16x144xf32>) outs(%init : tensor<16xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<16xf32>
  %r = linalg.generic {indexing_maps = [#in, #out, #in], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<16x144xf32>, tensor<16xf32>) outs(%full : tensor<16x144xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<16x144xf32>
  return %r : tensor<16x144xf32>
}

// 16 tiles beside one another, of which the inner loop has 2: the loops come back to each panel 8 times, and find it in
// a cache but the first time.
// CHECK-LABEL: func.func private @come_back_loops
// CHECK-NOT: locality<2>
func.func @come_back(%A: tensor<64x64xf32>, %B: tensor<4x64x32xf32> {tenon.constant}) -> tensor<64x128xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 8, d1 by 2v, d0 by 4], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x128xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x128xf32>) -> tensor<64x128xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<64x64xf32>, tensor<4x64x32xf32>) outs(%init : tensor<64x128xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<64x128xf32>
  return %product : tensor<64x128xf32>
}

// Half as many times, each panel is asked for ahead of its use.
// CHECK-LABEL: func.func private @come_back_less_loops
// CHECK: memref.prefetch %{{.*}}, read, locality<2>, data : memref<8192xf32>
func.func @come_back_less(%A: tensor<32x64xf32>, %B: tensor<4x64x32xf32> {tenon.constant}) -> tensor<32x128xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 8, d1 by 2v, d0 by 4], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<32x128xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<32x128xf32>) -> tensor<32x128xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<32x64xf32>, tensor<4x64x32xf32>) outs(%init : tensor<32x128xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<32x128xf32>
  return %product : tensor<32x128xf32>
}
