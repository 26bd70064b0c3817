// What pooling refuses.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @max_pool_rank(%x: tensor<2x8xf32>) {
  // expected-error @below {{'tenon.max_pool' op expects input rank 3 or more, but got 2}}
  %0 = tenon.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @max_pool_counts(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{'tenon.max_pool' op expects 1 strides, 1 dilations and 2 pads, but got 1, 1 and 1}}
  %0 = tenon.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0>} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @average_pool_stride(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{'tenon.average_pool' op expects positive strides and dilations, but got 0}}
  %0 = tenon.average_pool %x {kernel = array<i64: 2>, strides = array<i64: 0>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @average_pool_kernel(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{'tenon.average_pool' op expects a kernel of 1 positive sizes, but got [2, 0]}}
  %0 = tenon.average_pool %x {kernel = array<i64: 2, 0>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @lp_pool_pads(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{'tenon.lp_pool' op expects pads that are not negative, but got -1}}
  %0 = tenon.lp_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, -1>, p = 2 : i64} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @lp_pool_p(%x: tensor<1x2x8xf32>) {
  // expected-error @below {{'tenon.lp_pool' op expects a positive p, but got 0}}
  %0 = tenon.lp_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, p = 0 : i64} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return
}

// -----

func.func @max_pool_with_indices_short(%x: tensor<1x2x3xf32>) {
  // expected-error @below {{'tenon.max_pool_with_indices' op expects a padded input that covers the dilated kernel, but in spatial dimension 0 it is short by 2}}
  %0, %1 = tenon.max_pool_with_indices %x {kernel = array<i64: 5>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x3xf32>) -> (tensor<1x2x0xf32>, tensor<1x2x0xi64>)
  return
}
