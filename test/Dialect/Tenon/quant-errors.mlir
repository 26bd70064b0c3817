// What quantization refuses.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @quantize_to(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @below {{'tenon.quantize_linear' op expects an integer type of 8, 16 or 32 bits to quantize to, but got 'i64'}}
  %0 = tenon.quantize_linear %x, %s to i64 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi64>
  return
}

// -----

func.func @quantize_zero(%x: tensor<2x3xf32>, %s: tensor<f32>, %z: tensor<ui8>) {
  // expected-error @below {{'tenon.quantize_linear' op expects a zero point of element type 'i8', but got 'tensor<ui8>'}}
  %0 = tenon.quantize_linear %x, %s zero(%z) to i8 : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xi8>
  return
}

// -----

func.func @quantize_zero_shape(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %z: tensor<i8>) {
  // expected-error @below {{'tenon.quantize_linear' op expects a zero point of the scale's shape, but got 'tensor<i8>' and 'tensor<3xf32>'}}
  %0 = tenon.quantize_linear %x, %s zero(%z) to i8 : (tensor<2x3xf32>, tensor<3xf32>, tensor<i8>) -> tensor<2x3xi8>
  return
}

// -----

func.func @quantize_axis(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error @below {{'tenon.quantize_linear' op expects a scale of one value, or one per element of dimension 0, but got 'tensor<3xf32>' for 'tensor<2x3xf32>'}}
  %0 = tenon.quantize_linear %x, %s to i8 {axis = 0 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xi8>
  return
}

// -----

func.func @quantize_blocks(%x: tensor<2x3xf32>, %s: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.quantize_linear' op expects a scale per 2 elements along dimension 1, but got 'tensor<2x3xf32>' for 'tensor<2x3xf32>'}}
  %0 = tenon.quantize_linear %x, %s to i8 {block_size = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xi8>
  return
}

// -----

func.func @dequantize_zero(%x: tensor<2x3xi8>, %s: tensor<f32>, %z: tensor<ui8>) {
  // expected-error @below {{'tenon.dequantize_linear' op expects a zero point of element type 'i8', but got 'tensor<ui8>'}}
  %0 = tenon.dequantize_linear %x, %s zero(%z) : (tensor<2x3xi8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  return
}
