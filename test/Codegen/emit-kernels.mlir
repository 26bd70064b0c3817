// Schedules are carried out as written: loops, register tiles, remainders, masks, scratch.
// RUN: tenon-opt %s --split-input-file --tenon-emit-kernels --cse --canonicalize | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (n)>

// A 4 x 2-vector tile keeps eight accumulators through the reduction loop; bias and relu follow in registers.
// CHECK: #[[RANGE:.*]] = affine_map<() -> (4)>
// CHECK-LABEL: func.func private @matmul_bias_relu_loops
// CHECK-SAME: tenon.range = #[[RANGE]]
// CHECK: scf.for %[[TILE:.*]] = %{{.*}} to
// CHECK: %[[SUM:.*]]:8 = scf.for {{.*}} to %c7 {{.*}} iter_args
// CHECK-COUNT-8: math.fma
// CHECK: scf.yield
// CHECK: arith.addf %[[SUM]]#0
// CHECK: arith.maximumf
// CHECK-COUNT-8: vector.store
// CHECK-NOT: vector.maskedstore
func.func @matmul_bias_relu(%A: tensor<8x7xf32>, %B: tensor<7x64xf32>, %bias: tensor<64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 4, d1 by 2v], vector d1, parallel 2}, op 0 {in 1 at 2, inner [d2 by 1]}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x64xf32>) -> tensor<8x64xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<8x7xf32>, tensor<7x64xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  %result = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%product, %bias : tensor<8x64xf32>, tensor<64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %z = arith.constant 0.0 : f32
    %p = arith.addf %x, %y : f32
    %s = arith.maximumf %p, %z : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %result : tensor<8x64xf32>
}

// -----

// The last vector of a ragged row is masked; full ones are not.
// CHECK-LABEL: func.func private @ragged_loops
// CHECK: vector.load
// CHECK: vector.store
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
#id = affine_map<(i) -> (i)>
func.func @ragged(%x: tensor<40xf32>) -> tensor<40xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1v], vector d0}]>} {
  %empty = tensor.empty() : tensor<40xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<40xf32>) outs(%empty : tensor<40xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<40xf32>
  return %r : tensor<40xf32>
}

// -----

// A dynamic row: full tiles, then vectors under a mask of the lanes that are left.
// CHECK-LABEL: func.func private @dynamic_row_loops
// CHECK-SAME: %[[SIZE:[a-z0-9]+]]: index, %{{.*}}: index, %{{.*}}: index)
// CHECK: arith.divui %[[SIZE]]
// CHECK: vector.create_mask
// CHECK: vector.maskedstore
#id = affine_map<(i) -> (i)>
!row = tensor<?xf32, #tenon.dims<[n]>>
func.func @dynamic_row(%x: !row) -> !row
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 2v], vector d0}]>} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : !row
  %empty = tensor.empty(%n) : !row
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : !row) outs(%empty : !row) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> !row
  return %r : !row
}

// -----

// A reduction along the lanes: vector partial sums, combined by halves.
// CHECK-LABEL: func.func private @row_sum_loops
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>
// CHECK: vector.shuffle
// CHECK: vector.extract
// CHECK: memref.store
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @row_sum(%x: tensor<4x64xf32>) -> tensor<4xf32>
    attributes {tenon.structured,
                tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x64xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %s = arith.addf %sum, %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// A producer stored at the row loop: computed once into scratch, read back by both of its users.
// CHECK-LABEL: func.func private @stored_row_loops
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<1x32xf32>
// CHECK: scf.for
// CHECK-COUNT-2: math.exp
// CHECK-NOT: math.exp
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @stored_row(%x: tensor<4x32xf32>) -> tensor<4x32xi32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], vector d1, parallel 1},
      op 0 {store in 2 at 1, vector d1}, op 1 {in 2 at 1, vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<4x32xf32>
  %bits = tensor.empty() : tensor<4x32xi32>
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %e = linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x32xf32>) outs(%full : tensor<4x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<4x32xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#in, #out, #in], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<4x32xf32>, tensor<4xf32>) outs(%bits : tensor<4x32xi32>) {
  ^bb0(%a: f32, %b: f32, %o: i32):
    %s = arith.divf %a, %b : f32
    %i = arith.bitcast %s : f32 to i32
    linalg.yield %i : i32
  } -> tensor<4x32xi32>
  return %r : tensor<4x32xi32>
}

// -----

// A producer stored by the reduction that reads it: one loop computes, adds and stores, all reads of a step first.
// CHECK-LABEL: func.func private @stored_with_reduction_loops
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<1x100xf32>
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args
// CHECK-COUNT-2: math.exp
// CHECK: vector.store
// CHECK: vector.store
// CHECK-NEXT: scf.yield
// CHECK: math.exp
// CHECK: vector.maskedstore
// CHECK-NOT: math.exp
// CHECK: arith.divf
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @stored_with_reduction(%x: tensor<4x100xf32>) -> tensor<4x100xi32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1},
      op 0 {store in 2 at 1, with 1}, op 1 {in 2 at 1, inner [d1 by 2v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<4x100xf32>
  %bits = tensor.empty() : tensor<4x100xi32>
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %e = linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x100xf32>) outs(%full : tensor<4x100xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<4x100xf32>
  %sum = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<4x100xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#in, #out, #in], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<4x100xf32>, tensor<4xf32>) outs(%bits : tensor<4x100xi32>) {
  ^bb0(%a: f32, %b: f32, %o: i32):
    %s = arith.divf %a, %b : f32
    %i = arith.bitcast %s : f32 to i32
    linalg.yield %i : i32
  } -> tensor<4x100xi32>
  return %r : tensor<4x100xi32>
}

// -----

// Lanes lie apart in memory but the rows are contiguous: a square is loaded and transposed in registers.
// CHECK-LABEL: func.func private @transpose_loops
// CHECK-COUNT-16: vector.load
// CHECK: vector.shuffle
// CHECK-NOT: memref.load
#in = affine_map<(i, j) -> (j, i)>
#id = affine_map<(i, j) -> (i, j)>
func.func @transpose(%x: tensor<32x32xf32>) -> tensor<32x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 16, d1 by 1v], vector d1}]>} {
  %empty = tensor.empty() : tensor<32x32xf32>
  %r = linalg.generic {indexing_maps = [#in, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<32x32xf32>) outs(%empty : tensor<32x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<32x32xf32>
  return %r : tensor<32x32xf32>
}

// -----

// A block of the reduction: the first starts from the initial value, the others from what is stored.
// CHECK-LABEL: func.func private @blocked_loops
// CHECK: scf.for %[[BLOCK:.*]] = %c0 to %c2
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}, %c0
// CHECK: %[[START:.*]]:2 = scf.if %[[FIRST]]
// CHECK: else
// CHECK-COUNT-2: vector.load %[[SUM:.*]][
// CHECK: scf.for {{.*}} to %c8 {{.*}} iter_args(%{{.*}} = %[[START]]#0
// CHECK: vector.store %{{.*}}, %[[SUM]][
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @blocked(%A: tensor<4x16xf32>, %B: tensor<16x16xf32>) -> tensor<4x16xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d2 by 8, d0 by 2, d1 by 1v], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x16xf32>) -> tensor<4x16xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<4x16xf32>, tensor<16x16xf32>) outs(%init : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %product : tensor<4x16xf32>
}

// -----

// A stored stage that another one reads at its own place, and again along a reduction inside of it: a block of
// rows is enough for both.
#ij = affine_map<(i, j) -> (i, j)>
#i = affine_map<(i, j) -> (i)>
// CHECK-LABEL: func.func private @rows_read_twice_loops
// CHECK-COUNT-2: memref.alloca() {alignment = 64 : i64} : memref<4x24xf32>
// CHECK-NOT: memref.alloca
func.func @rows_read_twice(%x: tensor<16x24xf32>) -> tensor<16x24xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 3 {loops [d0 by 4, d0 by 1, d1 by 1v], vector d1, parallel 1},
      op 0 {store in 3 at 1, loops [d0 by 1, d1 by 1v], vector d1},
      op 2 {store in 3 at 1, loops [d0 by 1, d1 by 1v], vector d1},
      op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<16x24xf32>
  %empty = tensor.empty() : tensor<16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<16xf32>) -> tensor<16xf32>
  %square = linalg.generic {indexing_maps = [#ij, #ij], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<16x24xf32>) outs(%full : tensor<16x24xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.mulf %a, %a : f32
    linalg.yield %p : f32
  } -> tensor<16x24xf32>
  %sum = linalg.generic {indexing_maps = [#ij, #i], iterator_types = ["parallel", "reduction"]}
      ins(%square : tensor<16x24xf32>) outs(%init : tensor<16xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<16xf32>
  %part = linalg.generic {indexing_maps = [#ij, #i, #ij], iterator_types = ["parallel", "parallel"]}
      ins(%square, %sum : tensor<16x24xf32>, tensor<16xf32>) outs(%full : tensor<16x24xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.divf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<16x24xf32>
  %result = linalg.generic {indexing_maps = [#ij, #ij], iterator_types = ["parallel", "parallel"]}
      ins(%part : tensor<16x24xf32>) outs(%full : tensor<16x24xf32>) {
  ^bb0(%a: f32, %o: f32):
    %d = arith.addf %a, %a : f32
    linalg.yield %d : f32
  } -> tensor<16x24xf32>
  return %result : tensor<16x24xf32>
}
