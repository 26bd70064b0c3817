// An operand whose panels many tiles read gets a copy that a schedule may store.
// RUN: tenon-opt %s --split-input-file --tenon-offer-copies | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func private @product
// CHECK-SAME: %[[A:.*]]: tensor<8x7xf32>, %[[B:.*]]: tensor<7x40xf32>
// CHECK: %[[COPY:.*]] = linalg.generic {{.*}} ins(%[[B]] : tensor<7x40xf32>)
// CHECK-NEXT: ^bb0(%[[IN:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: linalg.yield %[[IN]]
// CHECK: linalg.generic {{.*}} ins(%[[A]], %[[COPY]] :
func.func private @product(%A: tensor<8x7xf32>, %B: tensor<7x40xf32>) -> tensor<8x40xf32> attributes {tenon.structured} {
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

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>

// A constant is laid out ahead of time, and what one row alone reads is not read again.
// CHECK-LABEL: func.func private @constant
// CHECK: linalg.generic {{.*}} ins(%arg0, %arg1 :
func.func private @constant(%A: tensor<8x7xf32>, %B: tensor<7x40xf32> {tenon.constant}) -> tensor<8x40xf32> attributes {tenon.structured} {
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

// CHECK-LABEL: func.func private @one_row
// CHECK: linalg.generic {{.*}} ins(%arg0, %arg1 :
func.func private @one_row(%A: tensor<1x7xf32>, %B: tensor<7x40xf32>) -> tensor<1x40xf32> attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x40xf32>) -> tensor<1x40xf32>
  %r = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<1x7xf32>, tensor<7x40xf32>) outs(%init : tensor<1x40xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<1x40xf32>
  return %r : tensor<1x40xf32>
}

// -----

// The copy of an operand that lies across its panels is transposed, whichever operand it is.
// CHECK-DAG: #[[SWAP:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-LABEL: func.func private @transposed
// CHECK: %[[COPYA:.*]] = linalg.generic {indexing_maps = [#[[SWAP]], #{{.*}}]{{.*}} ins(%arg0 : tensor<7x8xf32>) outs(%{{.*}} : tensor<8x7xf32>)
// CHECK: %[[COPYB:.*]] = linalg.generic {indexing_maps = [#[[SWAP]], #{{.*}}]{{.*}} ins(%arg1 : tensor<40x7xf32>) outs(%{{.*}} : tensor<7x40xf32>)
// CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[A2:.*]]], {{.*}} ins(%[[COPYA]], %[[COPYB]] :
func.func private @transposed(%A: tensor<7x8xf32>, %B: tensor<40x7xf32>) -> tensor<8x40xf32> attributes {tenon.structured} {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x40xf32>) -> tensor<8x40xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (n, k)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%A, %B : tensor<7x8xf32>, tensor<40x7xf32>) outs(%init : tensor<8x40xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<8x40xf32>
  return %r : tensor<8x40xf32>
}

// -----

// A kernel without structured ops stays as it is.
// CHECK-LABEL: func.func private @top
// CHECK-NEXT: tenon.top_k
// CHECK-NEXT: return
func.func private @top(%x: tensor<3x40xf32>, %k: tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>) attributes {tenon.structured} {
  %values, %indices = tenon.top_k %x, %k {axis = 1 : i64, sorted} : (tensor<3x40xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  return %values, %indices : tensor<3x2xf32>, tensor<3x2xi64>
}
