// What normalizations refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @softmax_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.softmax' op expects axis in [0, 2), but got 2}}
  %0 = tenon.softmax %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @log_softmax_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.log_softmax' op expects axis in [0, 2), but got 2}}
  %0 = tenon.log_softmax %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @layer_norm_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.layer_norm' op expects axis in [0, 2), but got 2}}
  %0 = tenon.layer_norm %x {axis = 2 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @layer_norm_scale(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{'tenon.layer_norm' op expects scale that broadcasts to the input, but got 'tensor<2xf32>' and 'tensor<2x3xf32>'}}
  %0 = tenon.layer_norm %x scale(%s) {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @layer_norm_bias(%x: tensor<3xf32>, %s: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.layer_norm' op expects bias that broadcasts to the input, but got 'tensor<2x3xf32>' and 'tensor<3xf32>'}}
  %0 = tenon.layer_norm %x bias(%s) {axis = 0 : i64, epsilon = 1.0e-5 : f32} : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @rms_norm_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.rms_norm' op expects axis in [0, 2), but got 2}}
  %0 = tenon.rms_norm %x {axis = 2 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @rms_norm_scale(%x: tensor<2x3xf32>, %s: tensor<3xf16>) {
  // expected-error @below {{'tenon.rms_norm' op expects scale that broadcasts to the input, but got 'tensor<3xf16>' and 'tensor<2x3xf32>'}}
  %0 = tenon.rms_norm %x scale(%s) {axis = 1 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x3xf32>, tensor<3xf16>) -> tensor<2x3xf32>
  return
}

// -----

func.func @batch_norm_rank(%x: tensor<3xf32>) {
  // expected-error @below {{'tenon.batch_norm' op expects input rank 2 or more, but got 1}}
  %0 = tenon.batch_norm %x, %x, %x, %x, %x {epsilon = 1.0e-5 : f32} : (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @batch_norm_channels(%x: tensor<2x3x4xf32>, %c: tensor<3xf32>, %d: tensor<4xf32>) {
  // expected-error @below {{'tenon.batch_norm' op expects mean of one value per channel, but got 'tensor<4xf32>' for 'tensor<2x3x4xf32>'}}
  %0 = tenon.batch_norm %x, %c, %c, %d, %c {epsilon = 1.0e-5 : f32} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<4xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @instance_norm_rank(%x: tensor<2x3xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{'tenon.instance_norm' op expects input rank 3 or more, but got 2}}
  %0 = tenon.instance_norm %x, %c, %c {epsilon = 1.0e-5 : f32} : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @instance_norm_channels(%x: tensor<2x3x4xf32>, %c: tensor<3xf32>) {
  // expected-error @below {{'tenon.instance_norm' op expects scale of one value per channel, but got 'tensor<3xf32>' for 'tensor<2x3x4xf32>'}}
  %0 = tenon.instance_norm %x, %c, %c {epsilon = 1.0e-5 : f32, layout = #tenon<layout channels_last>} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @group_norm_rank(%x: tensor<4xf32>) {
  // expected-error @below {{'tenon.group_norm' op expects input rank 2 or more, but got 1}}
  %0 = tenon.group_norm %x, %x, %x {num_groups = 2 : i64, epsilon = 1.0e-5 : f32} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @group_norm_channels(%x: tensor<2x4x5xf32>, %c: tensor<4xf32>, %d: tensor<5xf32>) {
  // expected-error @below {{'tenon.group_norm' op expects bias of one value per channel, but got 'tensor<5xf32>' for 'tensor<2x4x5xf32>'}}
  %0 = tenon.group_norm %x, %c, %d {num_groups = 2 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x4x5xf32>, tensor<4xf32>, tensor<5xf32>) -> tensor<2x4x5xf32>
  return
}

// -----

func.func @group_norm_groups(%x: tensor<2x4x5xf32>, %c: tensor<4xf32>) {
  // expected-error @below {{'tenon.group_norm' op expects a positive number of groups that divides the channels, but got 3 for 4}}
  %0 = tenon.group_norm %x, %c, %c {num_groups = 3 : i64, epsilon = 1.0e-5 : f32} : (tensor<2x4x5xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4x5xf32>
  return
}

// -----

func.func @lrn_rank(%x: tensor<4xf32>) {
  // expected-error @below {{'tenon.lrn' op expects input rank 2 or more, but got 1}}
  %0 = tenon.lrn %x {size = 3 : i64, alpha = 1.0 : f32, beta = 1.0 : f32, bias = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @lrn_size(%x: tensor<2x4xf32>) {
  // expected-error @below {{'tenon.lrn' op expects a positive size, but got 0}}
  %0 = tenon.lrn %x {size = 0 : i64, alpha = 1.0 : f32, beta = 1.0 : f32, bias = 1.0 : f32} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @lp_norm_axis(%x: tensor<2x4xf32>) {
  // expected-error @below {{'tenon.lp_norm' op expects axis in [0, 2), but got 2}}
  %0 = tenon.lp_norm %x {axis = 2 : i64, p = 1 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @lp_norm_p(%x: tensor<2x4xf32>) {
  // expected-error @below {{'tenon.lp_norm' op expects p 1 or 2, but got 3}}
  %0 = tenon.lp_norm %x {axis = 1 : i64, p = 3 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}
