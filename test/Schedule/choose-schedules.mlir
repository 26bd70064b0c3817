// What the analytic model picks: register tiles within the register limit, rows for softmax-like kernels, blocks of rows
// for products in a row.
// RUN: tenon-opt %s --split-input-file --tenon-choose-schedules=machine=x86-64-v4 | FileCheck %s --check-prefixes=CHECK,V4
// RUN: tenon-opt %s --split-input-file --tenon-choose-schedules=machine=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,V3
// RUN: tenon-opt %s --split-input-file --tenon-choose-schedules="machine=x86-64-v3 cores=16" | FileCheck %s --check-prefix=MANY

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// 32 registers hold a tile of 24 accumulators, 16 registers half as many.
// CHECK-LABEL: func.func private @matmul
// V4-SAME: op 0 {loops [{{.*}}{{d1 by 3v, d0 by 8|d0 by 12, d1 by 2v|d0 by 6, d1 by 4v|d1 by 4v, d0 by 6}}], inner [d2 by 1], vector d1
// V3-SAME: op 0 {loops [{{.*}}{{d1 by 3v, d0 by 4|d0 by 6, d1 by 2v}}], inner [d2 by {{[12]}}], vector d1
func.func private @matmul(%A: tensor<384x512xf32>, %B: tensor<512x512xf32> {tenon.constant}) -> tensor<384x512xf32>
    attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<384x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<384x512xf32>) -> tensor<384x512xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<384x512xf32>, tensor<512x512xf32>) outs(%init : tensor<384x512xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<384x512xf32>
  return %r : tensor<384x512xf32>
}

// -----

// The sum is used again along what it summed: a row at a time, exp stored once, by the sum's own loops.
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
// CHECK-LABEL: func.func private @exp_over_sum
// CHECK-SAME: op 2 {loops [d0 by 1], inner [d1 by 4v], vector d1, parallel 1}
// CHECK-SAME: op 0 {store in 2 at 1, with 1}
// V4-SAME: op 1 {in 2 at 1, inner [d1 by 4v], vector d1}
// V3-SAME: op 1 {in 2 at 1, inner [d1 by 1v], vector d1}
func.func private @exp_over_sum(%x: tensor<128x1024xf32>) -> tensor<128x1024xf32> attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<128x1024xf32>
  %empty = tensor.empty() : tensor<128xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<128xf32>) -> tensor<128xf32>
  %e = linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<128x1024xf32>) outs(%full : tensor<128x1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<128x1024xf32>
  %sum = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<128x1024xf32>) outs(%init : tensor<128xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<128xf32>
  %r = linalg.generic {indexing_maps = [#in, #out, #in], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<128x1024xf32>, tensor<128xf32>) outs(%full : tensor<128x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<128x1024xf32>
  return %r : tensor<128x1024xf32>
}

// -----

// Rows across memory, as those of channels: a vector of rows at a time.
#in = affine_map<(i, j) -> (i, j)>
#row = affine_map<(j, i) -> (i, j)>
#out = affine_map<(j, i) -> (j)>
#sum = affine_map<(i, j) -> (j)>
// CHECK-LABEL: func.func private @exp_over_sum_of_columns
// CHECK-SAME: op 2 {loops [d1 by 1v], inner [d0 by 1], vector d1, parallel 1}
// CHECK-SAME: op 0 {store in 2 at 1, with 1}
// CHECK-SAME: op 1 {in 2 at 1, inner [d1 by 1]}
func.func private @exp_over_sum_of_columns(%x: tensor<21x1024xf32>) -> tensor<21x1024xf32>
    attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<21x1024xf32>
  %empty = tensor.empty() : tensor<1024xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1024xf32>) -> tensor<1024xf32>
  %e = linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<21x1024xf32>) outs(%full : tensor<21x1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<21x1024xf32>
  %sum = linalg.generic {indexing_maps = [#row, #out], iterator_types = ["parallel", "reduction"]}
      ins(%e : tensor<21x1024xf32>) outs(%init : tensor<1024xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<1024xf32>
  %r = linalg.generic {indexing_maps = [#in, #sum, #in], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<21x1024xf32>, tensor<1024xf32>) outs(%full : tensor<21x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<21x1024xf32>
  return %r : tensor<21x1024xf32>
}

// -----

// Two products with a square between them, which the second reads many times: rows in blocks, tiles for each
// product, and the transposed operand once for all of them.
#lhs = affine_map<(b, m, n, k) -> (b, m, k)>
#rhs = affine_map<(b, m, n, k) -> (b, k, n)>
#out = affine_map<(b, m, n, k) -> (b, m, n)>
#id = affine_map<(b, m, n) -> (b, m, n)>
#swap = affine_map<(b, m, n) -> (b, n, m)>
#row = affine_map<(b, m, n) -> (b, m)>
// Eight heads are too few for sixteen cores, which share out blocks of rows as well.
// MANY-LABEL: func.func private @chain
// MANY-SAME: op 5 {loops [d0 by 1, d1 by {{[0-9]+}}, {{[^]]*}}], inner [d3 by 2], vector d2, parallel 2}
// CHECK-LABEL: func.func private @chain
// V3-SAME: op 5 {loops [d0 by 1, d1 by {{24|48|96}}, d1 by 6, d2 by 2v], inner [{{.+}}], vector d2, parallel 1}
// V3-SAME: op 0 {store in 5 at 1, loops [d{{[12]}} by {{8|[12]v}}, d{{[12]}} by {{8|[12]v}}], vector d2}
// V3-SAME: op 2 {store in 5 at 2, loops [d{{[12]}} by {{[0-9]v?}}, d{{[12]}} by {{[0-9]v?}}], vector d2}
// V3-SAME: op 1 {in 2 at 2, inner [d3 by {{[0-9]+}}]}
// V3-SAME: op 3 {store in 5 at 2, loops [d1 by 1], inner [d2 by 4v], vector d2}
// V3-SAME: op 4 {store in 5 at 2, loops [d1 by 1, d2 by 4v], vector d2}
func.func private @chain(%a: tensor<8x192x64xf32>, %b: tensor<8x192x64xf32>, %c: tensor<8x192x64xf32>) -> tensor<8x192x64xf32>
    attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<8x64x192xf32>
  %1 = tensor.empty() : tensor<8x192x192xf32>
  %2 = tensor.empty() : tensor<8x192x64xf32>
  %3 = tensor.empty() : tensor<8x192xf32>
  %t = linalg.generic {indexing_maps = [#swap, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%b : tensor<8x192x64xf32>) outs(%0 : tensor<8x64x192xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  } -> tensor<8x64x192xf32>
  %4 = linalg.fill ins(%zero : f32) outs(%1 : tensor<8x192x192xf32>) -> tensor<8x192x192xf32>
  %p = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %t : tensor<8x192x64xf32>, tensor<8x64x192xf32>) outs(%4 : tensor<8x192x192xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x192x192xf32>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%p : tensor<8x192x192xf32>) outs(%1 : tensor<8x192x192xf32>) {
  ^bb0(%x: f32, %o: f32):
    %m = arith.mulf %x, %x : f32
    linalg.yield %m : f32
  } -> tensor<8x192x192xf32>
  %5 = linalg.fill ins(%zero : f32) outs(%3 : tensor<8x192xf32>) -> tensor<8x192xf32>
  %r = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%q : tensor<8x192x192xf32>) outs(%5 : tensor<8x192xf32>) {
  ^bb0(%x: f32, %sum: f32):
    %s = arith.addf %sum, %x : f32
    linalg.yield %s : f32
  } -> tensor<8x192xf32>
  %e = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%q, %r : tensor<8x192x192xf32>, tensor<8x192xf32>) outs(%1 : tensor<8x192x192xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %d = arith.divf %x, %y : f32
    linalg.yield %d : f32
  } -> tensor<8x192x192xf32>
  %6 = linalg.fill ins(%zero : f32) outs(%2 : tensor<8x192x64xf32>) -> tensor<8x192x64xf32>
  %z = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%e, %c : tensor<8x192x192xf32>, tensor<8x192x64xf32>) outs(%6 : tensor<8x192x64xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %m : f32
    linalg.yield %s : f32
  } -> tensor<8x192x64xf32>
  return %z : tensor<8x192x64xf32>
}

// -----

// A schedule that is there stays.
#id = affine_map<(i) -> (i)>
// CHECK-LABEL: func.func private @given
// CHECK-SAME: #tenon.schedule<[op 0 {loops [d0 by 7]}]>
func.func private @given(%x: tensor<64xf32>) -> tensor<64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 7]}]>} {
  %empty = tensor.empty() : tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

#wino_out = affine_map<(y, t, i, c) -> (y, t, i, c)>
#wino_coef = affine_map<(y, t, i, c) -> (i, 0)>
#wino_half = affine_map<(y, t, i, c) -> (y mod 4, 1)>
#wino_line = affine_map<(y, t, i, c) -> (y floordiv 4, t, c)>

// A tile spans the loops by which a constant of the kernel is indexed: all of d2, and of d0 what its remainder takes.
// CHECK-LABEL: func.func private @tiles_span_periods
// CHECK-NOT: d2 by
// CHECK-SAME: d0 by 4
// CHECK-NOT: d2 by
// CHECK-SAME: vector d3
func.func private @tiles_span_periods(%x: tensor<14x14x64xf32>) -> tensor<56x14x6x64xf32> attributes {tenon.structured} {
  %matrix = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 1.0], [2.0, 3.0]]> : tensor<6x2xf32>
  %empty = tensor.empty() : tensor<56x14x6x64xf32>
  %r = linalg.generic {indexing_maps = [#wino_coef, #wino_half, #wino_line, #wino_out], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%matrix, %matrix, %x : tensor<6x2xf32>, tensor<6x2xf32>, tensor<14x14x64xf32>) outs(%empty : tensor<56x14x6x64xf32>) {
  ^bb0(%a: f32, %b: f32, %u: f32, %o: f32):
    %p = arith.mulf %a, %u : f32
    %s = arith.addf %p, %b : f32
    linalg.yield %s : f32
  } -> tensor<56x14x6x64xf32>
  return %r : tensor<56x14x6x64xf32>
}
