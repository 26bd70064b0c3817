// Elements of a kernel's own constants are known in tiles that span the loops they are indexed by, and with them what is
// computed from them.
// RUN: tenon-opt %s --split-input-file --tenon-emit-kernels --cse --canonicalize | FileCheck %s

#out = affine_map<(r, c) -> (r, c)>
#coef0 = affine_map<(r, c) -> (r mod 2, 0)>
#coef1 = affine_map<(r, c) -> (r mod 2, 1)>
#line0 = affine_map<(r, c) -> (r floordiv 2, 0, c)>
#line1 = affine_map<(r, c) -> (r floordiv 2, 1, c)>

// Rows 0 and 2 are `x0 - x1`, row 1 is `3 x1`: the term with 0 is left out, and no product is left of 1 and -1. Both rows
// of a tile read the same two vectors. Five rows are two tiles and a single one, not 3 and 2: the tiles' starts are
// multiples of 2.
// CHECK-LABEL: func.func private @two_rows_a_period_loops
// CHECK: scf.for
// CHECK: scf.if
// CHECK: %[[X1:.*]] = vector.load %[[X:.*]][%[[I:.*]], %c1, %c0]
// CHECK-NEXT: %[[X0:.*]] = vector.load %[[X]][%[[I]], %c0, %c0]
// CHECK-NOT: vector.load
// CHECK: arith.subf %[[X0]], %[[X1]]
// CHECK-NOT: math.fma
// CHECK: arith.mulf %[[X1]], %{{.*}}
// CHECK-NOT: arith.select
// CHECK-COUNT-2: vector.store
// CHECK: } else {
// CHECK: vector.load %[[X]][%c2, %c1, %c0]
// CHECK: vector.load %[[X]][%c2, %c0, %c0]
// CHECK: arith.subf
// CHECK-NOT: arith.mulf
// CHECK: vector.store
func.func @two_rows_a_period(%x: tensor<3x2x16xf32>) -> tensor<5x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 2, d1 by 1v], vector d1, parallel 1}]>} {
  %matrix = arith.constant dense<[[1.0, -1.0], [0.0, 3.0]]> : tensor<2x2xf32>
  %empty = tensor.empty() : tensor<5x16xf32>
  %r = linalg.generic {indexing_maps = [#coef0, #coef1, #line0, #line1, #out], iterator_types = ["parallel", "parallel"]}
      ins(%matrix, %matrix, %x, %x : tensor<2x2xf32>, tensor<2x2xf32>, tensor<3x2x16xf32>, tensor<3x2x16xf32>)
      outs(%empty : tensor<5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %u: f32, %v: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %none = arith.constant -0.0 : f32
    %p = arith.mulf %a, %u : f32
    %s = arith.addf %none, %p : f32
    %isZero = arith.cmpf oeq, %a, %zero : f32
    %first = arith.select %isZero, %none, %s : f32
    %q = arith.mulf %b, %v : f32
    %t = arith.addf %first, %q : f32
    linalg.yield %t : f32
  } -> tensor<5x16xf32>
  return %r : tensor<5x16xf32>
}

// -----

#id = affine_map<(r, c) -> (r, c)>
#row = affine_map<(r, c) -> (r)>
#col = affine_map<(r, c) -> (c)>

// Otherwise they are elements of a vector: one where the row is known when the kernel runs, each lane's own along lanes.
// CHECK-LABEL: func.func private @unknown_row_loops
// CHECK-DAG: %[[ROWS:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 4.000000e+00]> : vector<3xf32>
// CHECK-DAG: %[[LANES:.*]] = arith.constant dense<[3.000000e+00, 5.000000e+00, 7.000000e+00, 9.000000e+00, {{.*}}]> : vector<16xf32>
// CHECK: scf.for %[[R:.*]] = %
// CHECK: %[[ROW:.*]] = vector.extract %[[ROWS]][%[[R]]] : f32 from vector<3xf32>
// CHECK: %[[FACTOR:.*]] = vector.broadcast %[[ROW]]
// CHECK: math.fma %[[FACTOR]], %{{.*}}, %[[LANES]]
func.func @unknown_row(%x: tensor<3x4xf32>) -> tensor<3x4xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1, parallel 1}]>} {
  %rows = arith.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32>
  %cols = arith.constant dense<[3.0, 5.0, 7.0, 9.0]> : tensor<4xf32>
  %empty = tensor.empty() : tensor<3x4xf32>
  %r = linalg.generic {indexing_maps = [#row, #col, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%rows, %cols, %x : tensor<3xf32>, tensor<4xf32>, tensor<3x4xf32>) outs(%empty : tensor<3x4xf32>) {
  ^bb0(%a: f32, %b: f32, %u: f32, %o: f32):
    %p = arith.mulf %a, %u : f32
    %s = arith.addf %p, %b : f32
    linalg.yield %s : f32
  } -> tensor<3x4xf32>
  return %r : tensor<3x4xf32>
}
