// Schedules that can't be carried out are refused, with the reason.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --tenon-emit-kernels=max-scratch-bytes=1024

#id = affine_map<(i) -> (i)>
// expected-error @+1 {{'func.func' op expects a schedule of its result, op 0}}
func.func @no_root_schedule(%x: tensor<64xf32>) -> tensor<64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[]>} {
  %empty = tensor.empty() : tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

#id = affine_map<(i) -> (i)>
func.func @too_many_parallel_loops(%x: tensor<64xf32>) -> tensor<64xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {loops [d0 by 1v], vector d0, parallel 2}]>} {
  %empty = tensor.empty() : tensor<64xf32>
  // expected-error @+1 {{'linalg.generic' op expects at most 1 parallel loops, but got 2}}
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<64xf32>) outs(%empty : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}

// -----

#id = affine_map<(i) -> (i)>
func.func @parallel_within_its_own_blocks(%x: tensor<100xf32>) -> tensor<100xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d0 by 4v, d0 by 1v], vector d0, parallel 2}]>} {
  %empty = tensor.empty() : tensor<100xf32>
  // expected-error @+1 {{'linalg.generic' op expects parallel loops over different dimensions, but got two over d0}}
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<100xf32>) outs(%empty : tensor<100xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<100xf32>
  return %r : tensor<100xf32>
}

// -----

#id = affine_map<(i) -> (i)>
func.func @too_much_scratch(%x: tensor<1024xf32>) -> tensor<1024xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 1 {loops [d0 by 1v], vector d0}, op 0 {store in 1 at 0, loops [d0 by 1v], vector d0}]>} {
  %empty = tensor.empty() : tensor<1024xf32>
  // expected-error @+1 {{'linalg.generic' op needs 4096 bytes of scratch, more than the 1024 a kernel may have}}
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<1024xf32>) outs(%empty : tensor<1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<1024xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%e : tensor<1024xf32>) outs(%empty : tensor<1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<1024xf32>
  return %r : tensor<1024xf32>
}

// -----

#a = affine_map<(m, k) -> (m, k)>
#c = affine_map<(m, k) -> (m)>
func.func @parallel_blocks(%A: tensor<4x64xf32>) -> tensor<4xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d1 by 32, d0 by 1], inner [d1 by 1], parallel 1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'linalg.generic' op expects parallel loops, but d1 reduces}}
  %sum = linalg.generic {indexing_maps = [#a, #c], iterator_types = ["parallel", "reduction"]}
      ins(%A : tensor<4x64xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%x: f32, %s: f32):
    %r = arith.addf %s, %x : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %sum : tensor<4xf32>
}

// -----

#a = affine_map<(m, k) -> (m, k)>
#c = affine_map<(m, k) -> (m)>
func.func @blocks_along_lanes(%A: tensor<4x64xf32>) -> tensor<4xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 0 {loops [d1 by 2v, d0 by 1], inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'linalg.generic' op expects no blocks of a reduction along vector lanes}}
  %sum = linalg.generic {indexing_maps = [#a, #c], iterator_types = ["parallel", "reduction"]}
      ins(%A : tensor<4x64xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%x: f32, %s: f32):
    %r = arith.addf %s, %x : f32
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %sum : tensor<4xf32>
}

// -----

#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @with_loops_of_its_own(%x: tensor<4x32xf32>) -> tensor<4x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], vector d1, parallel 1}, op 0 {store in 2 at 1, with 1, loops [d1 by 1v], vector d1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'linalg.generic' op expects neither loops nor stages inside of it to be computed with op 1}}
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
      ins(%e, %sum : tensor<4x32xf32>, tensor<4xf32>) outs(%full : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %r : tensor<4x32xf32>
}

// -----

#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @with_a_reduction_elsewhere(%x: tensor<4x32xf32>) -> tensor<4x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], vector d1, parallel 1}, op 0 {store in 2 at 0, with 1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'linalg.generic' op expects to be computed with a reduction that reads it in the same place, but op 1 is not}}
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
      ins(%e, %sum : tensor<4x32xf32>, tensor<4xf32>) outs(%full : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %r : tensor<4x32xf32>
}

// -----

#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @with_no_reduction(%x: tensor<4x32xf32>) -> tensor<4x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], vector d1, parallel 1}, op 0 {store in 2 at 1, with 2}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'linalg.generic' op expects to be computed with a reduction that reads it in the same place, but op 2 is not}}
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
      ins(%e, %sum : tensor<4x32xf32>, tensor<4xf32>) outs(%full : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %r : tensor<4x32xf32>
}

// -----

#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
func.func @with_a_reduction_of_a_part(%x: tensor<4x32xf32>) -> tensor<4x32xf32>
    attributes {tenon.structured, tenon.schedule = #tenon.schedule<[
      op 2 {loops [d0 by 1], vector d1, parallel 1},
      op 0 {store in 2 at 1, with 1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}]>} {
  %zero = arith.constant 0.0 : f32
  %full = tensor.empty() : tensor<4x32xf32>
  %half = tensor.empty() : tensor<4x16xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'linalg.generic' op expects op 1, which computes it, to read all that others do}}
  %e = linalg.generic {indexing_maps = [#in, #in], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x32xf32>) outs(%full : tensor<4x32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j * 2)>, #in, #out],
      iterator_types = ["parallel", "reduction"]}
      ins(%e, %half : tensor<4x32xf32>, tensor<4x16xf32>) outs(%init : tensor<4xf32>) {
  ^bb0(%a: f32, %h: f32, %acc: f32):
    %s = arith.addf %acc, %a : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#in, #out, #in], iterator_types = ["parallel", "parallel"]}
      ins(%e, %sum : tensor<4x32xf32>, tensor<4xf32>) outs(%full : tensor<4x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x32xf32>
  return %r : tensor<4x32xf32>
}
