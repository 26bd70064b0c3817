// What the transforms of Winograd's convolutions refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @input_rank(%x: tensor<8x8x4xf32>) {
  // expected-error @below {{'tenon.winograd_input' op expects input rank 4, but got 3}}
  %0 = tenon.winograd_input %x {tile = 4 : i64, pads = array<i64: 1, 1, 1, 1>} : (tensor<8x8x4xf32>) -> tensor<1x2x2x6x6x4xf32>
  return
}

// -----

func.func @input_tile(%x: tensor<1x8x8x4xf32>) {
  // expected-error @below {{'tenon.winograd_input' op expects tile 2 or 4, but got 3}}
  %0 = tenon.winograd_input %x {tile = 3 : i64, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4xf32>) -> tensor<1x3x3x5x5x4xf32>
  return
}

// -----

func.func @input_pads(%x: tensor<1x8x8x4xf32>) {
  // expected-error @below {{'tenon.winograd_input' op expects pads that are not negative, but got -1}}
  %0 = tenon.winograd_input %x {tile = 2 : i64, pads = array<i64: 1, -1, 1, 1>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4x4x4xf32>
  return
}

// -----

func.func @input_window(%x: tensor<1x2x8x4xf32>) {
  // expected-error @below {{'tenon.winograd_input' op expects a padded input that covers the dilated kernel, but in spatial dimension 0 it is short by 1}}
  %0 = tenon.winograd_input %x {tile = 2 : i64, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x8x4xf32>) -> tensor<1x1x3x4x4x4xf32>
  return
}

// -----

func.func @input_result(%x: tensor<1x8x8x4xf32>) {
  // expected-error @below {{'tenon.winograd_input' op}}
  %0 = tenon.winograd_input %x {tile = 4 : i64, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4xf32>) -> tensor<1x3x2x6x6x4xf32>
  return
}

// -----

func.func @output_rank(%m: tensor<4x36x4xf32>) {
  // expected-error @below {{'tenon.winograd_output' op expects input rank 6, but got 3}}
  %0 = tenon.winograd_output %m {tile = 4 : i64, height = 8 : i64, width = 8 : i64} : (tensor<4x36x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @output_points(%m: tensor<1x2x2x4x4x4xf32>) {
  // expected-error @below {{'tenon.winograd_output' op expects 6 points in both directions for tile 4, but got 'tensor<1x2x2x4x4x4xf32>'}}
  %0 = tenon.winograd_output %m {tile = 4 : i64, height = 8 : i64, width = 8 : i64} : (tensor<1x2x2x4x4x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @output_size(%m: tensor<1x2x2x6x6x4xf32>) {
  // expected-error @below {{'tenon.winograd_output' op expects a height and width that take the input's tiles, but got 8 and 9 for 'tensor<1x2x2x6x6x4xf32>'}}
  %0 = tenon.winograd_output %m {tile = 4 : i64, height = 8 : i64, width = 9 : i64} : (tensor<1x2x2x6x6x4xf32>) -> tensor<1x8x9x4xf32>
  return
}
