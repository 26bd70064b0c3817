// What reductions refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @reduce_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.reduce' op expects axis in [0, 2), but got 2}}
  %0 = tenon.reduce sum %x {axes = array<i64: 2>} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @reduce_order(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.reduce' op expects axes that increase, but got 1 before 0}}
  %0 = tenon.reduce sum %x {axes = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<f32>
  return
}

// -----

func.func @reduce_bool(%x: tensor<2x3xi1>) {
  // expected-error @below {{'tenon.reduce' op expects kind max or min for bool, but got sum}}
  %0 = tenon.reduce sum %x {axes = array<i64: 1>} : (tensor<2x3xi1>) -> tensor<2xi1>
  return
}

// -----

func.func @reduce_result(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.reduce' op expects result type 'tensor<2x1xf32>', but got 'tensor<2xf32>'}}
  %0 = tenon.reduce sum %x {axes = array<i64: 1>, keep_dims} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @arg_reduce_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.arg_reduce' op expects axis in [0, 2), but got -1}}
  %0 = tenon.arg_reduce max %x {axis = -1 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @cumsum_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.cumsum' op expects axis in [0, 2), but got 2}}
  %0 = tenon.cumsum %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @cumprod_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.cumprod' op expects axis in [0, 2), but got 2}}
  %0 = tenon.cumprod %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}
