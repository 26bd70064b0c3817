// Calls of kernels that hand on large tensors take turns.
// RUN: tenon-opt %s --split-input-file --tenon-interleave-kernels="machine=x86-64-v3 cores=1" | FileCheck %s
// RUN: tenon-opt %s --split-input-file --tenon-interleave-kernels="machine=x86-64-v3 cores=2 regardless" | FileCheck %s --check-prefix=TWO

#id = affine_map<(d0, d1) -> (d0, d1)>
#window = affine_map<(d0, d1, d2) -> (d0 + d2, d1)>
#shape = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func private @double(%x: tensor<2050x512xf32>) -> tensor<2050x512xf32> attributes {tenon.structured,
    tenon.cycles = 1000000.0, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1, parallel 1}]>} {
  %e = tensor.empty() : tensor<2050x512xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<2050x512xf32>) outs(%e : tensor<2050x512xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<2050x512xf32>
  return %r : tensor<2050x512xf32>
}
func.func private @sum_of_three(%x: tensor<2050x512xf32>) -> tensor<2048x512xf32> attributes {tenon.structured,
    tenon.cycles = 1000000.0, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 2, d1 by 1v], vector d1, parallel 1}]>} {
  %w = tensor.empty() : tensor<3xf32>
  %e = tensor.empty() : tensor<2048x512xf32>
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2048x512xf32>) -> tensor<2048x512xf32>
  %r = linalg.generic {indexing_maps = [#window, #shape, #rows], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2050x512xf32>, tensor<3xf32>) outs(%f : tensor<2048x512xf32>) {
  ^bb0(%a: f32, %k: f32, %b: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<2048x512xf32>
  return %r : tensor<2048x512xf32>
}

// Of what is between two kernels, some rows are in memory: those of a band, and the two before that the window of three
// still needs. Of two shares, each computes the rows that its windows read of the other.
// CHECK-LABEL: func.func @in_turns
// CHECK: call @double(%{{.*}}) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = [[BANDS:[0-9]+]]>,
// CHECK-SAME: tenon.rolling = [#tenon.rolling<window = {{[0-9]+}}, low = 4096, high = 0, every = 1>]}
// CHECK: call @sum_of_three(%{{.*}}) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = [[BANDS]]>}
// TWO-LABEL: func.func @in_turns
// TWO: call @double(%{{.*}}) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = [[BANDS:[0-9]+]], shares = 2, ahead = 1, before = 1, behind = 1>,
// TWO: call @sum_of_three(%{{.*}}) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = [[BANDS]], shares = 2>}
func.func @in_turns(%x: tensor<2050x512xf32>) -> tensor<2048x512xf32> {
  %0 = call @double(%x) : (tensor<2050x512xf32>) -> tensor<2050x512xf32>
  %1 = call @sum_of_three(%0) : (tensor<2050x512xf32>) -> tensor<2048x512xf32>
  return %1 : tensor<2048x512xf32>
}

// What the caller wants too is in memory as a whole, where no two threads may write the same rows.
// CHECK-LABEL: func.func @returned
// CHECK: call @double(%{{.*}}) {tenon.interleave = #tenon.interleave<{{[^>]*}}>} :
// CHECK: call @sum_of_three(%{{.*}}) {tenon.interleave
// TWO-LABEL: func.func @returned
// TWO-NOT: tenon.interleave
// TWO: return
func.func @returned(%x: tensor<2050x512xf32>) -> (tensor<2050x512xf32>, tensor<2048x512xf32>) {
  %0 = call @double(%x) : (tensor<2050x512xf32>) -> tensor<2050x512xf32>
  %1 = call @sum_of_three(%0) : (tensor<2050x512xf32>) -> tensor<2048x512xf32>
  return %0, %1 : tensor<2050x512xf32>, tensor<2048x512xf32>
}

// A tensor put together from several, or of which a part is read, is not followed.
// CHECK-LABEL: func.func @sliced
// CHECK-NOT: tenon.interleave
// CHECK: return
func.func @sliced(%x: tensor<2050x512xf32>) -> tensor<2048x512xf32> {
  %0 = call @double(%x) : (tensor<2050x512xf32>) -> tensor<2050x512xf32>
  %1 = tenon.slice %0 {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<2050x512xf32>) -> tensor<2050x512xf32>
  %2 = call @sum_of_three(%1) : (tensor<2050x512xf32>) -> tensor<2048x512xf32>
  return %2 : tensor<2048x512xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#turned = affine_map<(d0, d1) -> (d1, d0)>
func.func private @double(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> attributes {tenon.structured,
    tenon.cycles = 1000000.0, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1, parallel 1}]>} {
  %e = tensor.empty() : tensor<1024x1024xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1024x1024xf32>) outs(%e : tensor<1024x1024xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<1024x1024xf32>
  return %r : tensor<1024x1024xf32>
}
func.func private @transpose(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> attributes {tenon.structured,
    tenon.cycles = 1000000.0, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1, d1 by 1v], vector d1, parallel 1}]>} {
  %e = tensor.empty() : tensor<1024x1024xf32>
  %r = linalg.generic {indexing_maps = [#turned, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1024x1024xf32>) outs(%e : tensor<1024x1024xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<1024x1024xf32>
  return %r : tensor<1024x1024xf32>
}
func.func private @by_columns(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> attributes {tenon.structured,
    tenon.cycles = 1000000.0, tenon.schedule = #tenon.schedule<[op 0 {loops [d1 by 1v, d0 by 1], vector d1, parallel 1}]>} {
  %e = tensor.empty() : tensor<1024x1024xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1024x1024xf32>) outs(%e : tensor<1024x1024xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<1024x1024xf32>
  return %r : tensor<1024x1024xf32>
}

// A kernel that reads all of a tensor first, or writes it out of order, waits for its turn.
// CHECK-LABEL: func.func @apart
// CHECK-NOT: tenon.interleave
// CHECK: return
// TWO-LABEL: func.func @apart
// TWO-NOT: tenon.interleave
// TWO: return
func.func @apart(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
  %0 = call @double(%x) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  %1 = call @transpose(%0) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  %2 = call @by_columns(%1) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  %3 = call @double(%2) : (tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
  return %3 : tensor<1024x1024xf32>
}
