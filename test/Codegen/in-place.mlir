// Which inputs a result may be written over: those whose every element has been read for the last time by then.
// RUN: tenon-opt %s --split-input-file --tenon-emit-kernels | FileCheck %s

// Elementwise: both inputs of the result's own type, but not the bias.
// CHECK-LABEL: func.func private @sum_loops
// CHECK-SAME: %arg3: memref<8x32xf32> {llvm.noalias, tenon.may_overwrite = array<i64: 0, 1>}
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (n)>
func.func @sum(%x: tensor<8x32xf32>, %y: tensor<8x32xf32>, %bias: tensor<32xf32>) -> tensor<8x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 3, d1 by 1v], vector d1, parallel 2}]>} {
  %empty = tensor.empty() : tensor<8x32xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y, %bias : tensor<8x32xf32>, tensor<8x32xf32>, tensor<32xf32>) outs(%empty : tensor<8x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
    %p = arith.addf %a, %b : f32
    %s = arith.addf %p, %c : f32
    linalg.yield %s : f32
  } -> tensor<8x32xf32>
  return %r : tensor<8x32xf32>
}

// -----

// What is added to a product may be overwritten; its factors, read again for other columns, may not.
// CHECK-LABEL: func.func private @residual_loops
// CHECK-SAME: tenon.may_overwrite = array<i64: 2>}
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
func.func @residual(%A: tensor<32x32xf32>, %B: tensor<32x32xf32>, %y: tensor<32x32xf32>) -> tensor<32x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 1 {loops [d0 by 4, d1 by 1v], vector d1, parallel 2}, op 0 {in 1 at 2, inner [d2 by 1]}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<32x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<32x32xf32>) -> tensor<32x32xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<32x32xf32>, tensor<32x32xf32>) outs(%init : tensor<32x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %m = arith.mulf %p, %q : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<32x32xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%product, %y : tensor<32x32xf32>, tensor<32x32xf32>) outs(%empty : tensor<32x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<32x32xf32>
  return %r : tensor<32x32xf32>
}

// -----

// With whole rows in one tile, the left factor's row is read before the result's is written.
// CHECK-LABEL: func.func private @whole_rows_loops
// CHECK-SAME: tenon.may_overwrite = array<i64: 0, 2>}
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
func.func @whole_rows(%A: tensor<32x32xf32>, %B: tensor<32x32xf32>, %y: tensor<32x32xf32>) -> tensor<32x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 1 {loops [d0 by 4], vector d1, parallel 1}, op 0 {in 1 at 1, inner [d2 by 1]}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<32x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<32x32xf32>) -> tensor<32x32xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<32x32xf32>, tensor<32x32xf32>) outs(%init : tensor<32x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %m = arith.mulf %p, %q : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<32x32xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%product, %y : tensor<32x32xf32>, tensor<32x32xf32>) outs(%empty : tensor<32x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<32x32xf32>
  return %r : tensor<32x32xf32>
}

// -----

// Blocks of a reduction store partial sums while factors are still to be read.
// CHECK-LABEL: func.func private @blocked_reduction_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK: return
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>
func.func @blocked_reduction(%A: tensor<32x32xf32>, %B: tensor<32x32xf32>, %y: tensor<32x32xf32>) -> tensor<32x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d2 by 4, d0 by 4], inner [d2 by 1], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<32x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<32x32xf32>) -> tensor<32x32xf32>
  %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<32x32xf32>, tensor<32x32xf32>) outs(%init : tensor<32x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %m = arith.mulf %p, %q : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<32x32xf32>
  return %product : tensor<32x32xf32>
}

// -----

// A row is read twice before it is written: other rows don't matter.
// CHECK-LABEL: func.func private @by_rows_loops
// CHECK-SAME: tenon.may_overwrite = array<i64: 0>}
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
func.func @by_rows(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 1 {loops [d0 by 1, d1 by 1v], vector d1, parallel 1}, op 0 {in 1 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<8x64xf32>, tensor<8xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.divf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// -----

// The sum of the row is computed again after a part of it was written.
// CHECK-LABEL: func.func private @again_for_each_tile_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
func.func @again_for_each_tile(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 1 {loops [d0 by 1, d1 by 1v], vector d1}, op 0 {in 1 at 2, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<8x64xf32>, tensor<8xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.divf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// -----

// Each call of the kernel computes the sums; others may have written by then.
// CHECK-LABEL: func.func private @before_parallel_loops_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
func.func @before_parallel_loops(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 1 {loops [d0 by 1, d1 by 1v], vector d1, parallel 2}, op 0 {in 1 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<8x64xf32>, tensor<8xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.divf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// -----

// An element and its mirror image: the second read may come after the store.
// CHECK-LABEL: func.func private @mirrored_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#mirror = affine_map<(m, n) -> (n, m)>
func.func @mirrored(%x: tensor<32x32xf32>) -> tensor<32x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1}]>} {
  %empty = tensor.empty() : tensor<32x32xf32>
  %r = linalg.generic {indexing_maps = [#id, #mirror, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %x : tensor<32x32xf32>, tensor<32x32xf32>) outs(%empty : tensor<32x32xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<32x32xf32>
  return %r : tensor<32x32xf32>
}

// -----

// Neighbours, through padding.
// CHECK-LABEL: func.func private @neighbours_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK: return
#window = affine_map<(m, k) -> (m + k)>
#taps = affine_map<(m, k) -> (k)>
#out = affine_map<(m, k) -> (m)>
#id = affine_map<(m) -> (m)>
func.func @neighbours(%x: tensor<64xf32>, %w: tensor<3xf32>) -> tensor<64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1v], vector d0}, op 0 {store in 2 at 1, loops [d0 by 1v], vector d0}, op 1 {in 2 at 1, inner [d1 by 1]}]>} {
  %zero = arith.constant 0.0 : f32
  %padded = tensor.pad %x low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %zero : f32
  } : tensor<64xf32> to tensor<66xf32>
  %empty = tensor.empty() : tensor<64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64xf32>) -> tensor<64xf32>
  %sums = linalg.generic {indexing_maps = [#window, #taps, #out], iterator_types = ["parallel", "reduction"]}
      ins(%padded, %w : tensor<66xf32>, tensor<3xf32>) outs(%init : tensor<64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %m = arith.mulf %p, %q : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  } -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%sums, %x : tensor<64xf32>, tensor<64xf32>) outs(%empty : tensor<64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

// Reads at computed places.
// CHECK-LABEL: func.func private @gathered_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK: return
#id = affine_map<(m) -> (m)>
func.func @gathered(%x: tensor<64xf32>, %at: tensor<64xindex>) -> tensor<64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1v], vector d0}]>} {
  %empty = tensor.empty() : tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %at : tensor<64xf32>, tensor<64xindex>) outs(%empty : tensor<64xf32>) {
  ^bb0(%p: f32, %i: index, %o: f32):
    %q = tensor.extract %x[%i] : tensor<64xf32>
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

// What the result is made of element by element is stored in its place, and needs no scratch.
// CHECK-LABEL: func.func private @stored_in_result_loops
// CHECK-SAME: tenon.may_overwrite = array<i64: 0>}
// CHECK-NOT: memref.alloca
// CHECK: math.exp
// CHECK: vector.store %{{.*}}, %arg1
// CHECK: vector.load %arg1
// CHECK: arith.divf
// CHECK: vector.store %{{.*}}, %arg1
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
#mirror = affine_map<(m, n) -> (m, -n + 63)>
func.func @stored_in_result(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1},
      op 0 {store in 2 at 1, with 1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = math.exp %p : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<8x64xf32>, tensor<8xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.divf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// -----

// The input is read once more, when its memory would hold exponentials.
// CHECK-LABEL: func.func private @read_after_its_place_is_taken_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK-NOT: memref.alloca
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
#mirror = affine_map<(m, n) -> (m, -n + 63)>
func.func @read_after_its_place_is_taken(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1},
      op 0 {store in 2 at 1, with 1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = math.exp %p : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum, %x : tensor<8x64xf32>, tensor<8xf32>, tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %t: f32, %o: f32):
    %d = arith.divf %p, %q : f32
    %s = arith.addf %d, %t : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// -----

// A row is read from its end while the result's is filled from the start.
// CHECK-LABEL: func.func private @stored_elsewhere_than_read_loops
// CHECK-NOT: tenon.may_overwrite
// CHECK-NOT: memref.alloca
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
#mirror = affine_map<(m, n) -> (m, -n + 63)>
func.func @stored_elsewhere_than_read(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1},
      op 0 {store in 2 at 1, with 1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %e = linalg.generic {indexing_maps = [#mirror, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = math.exp %p : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<8x64xf32>, tensor<8xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %s = arith.divf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// -----

// The mirrored element may have been replaced by then: scratch.
// CHECK-LABEL: func.func private @replaced_before_it_is_read_loops
// CHECK: memref.alloca() {{.*}} : memref<1x64xf32>
// CHECK: return
#id = affine_map<(m, n) -> (m, n)>
#row = affine_map<(m, n) -> (m)>
#mirror = affine_map<(m, n) -> (m, -n + 63)>
func.func @replaced_before_it_is_read(%x: tensor<8x64xf32>) -> tensor<8x64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], inner [d1 by 1v], vector d1, parallel 1},
      op 0 {store in 2 at 1, with 1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %vector = tensor.empty() : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%vector : tensor<8xf32>) -> tensor<8xf32>
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = math.exp %p : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<8x64xf32>) outs(%init : tensor<8xf32>) {
  ^bb0(%p: f32, %o: f32):
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %r = linalg.generic {indexing_maps = [#id, #mirror, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%e, %e, %sum : tensor<8x64xf32>, tensor<8x64xf32>, tensor<8xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%p: f32, %t: f32, %q: f32, %o: f32):
    %d = arith.divf %p, %q : f32
    %s = arith.addf %d, %t : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}
