// What dynamic forms refuse, as far as it shows at compile time.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @dynamic_reshape_shape(%x: tensor<2x3xf32>, %s: tensor<?xi64>) {
  // expected-error @below {{'tenon.dynamic_reshape' op expects the shape to be a vector of static size, but got 'tensor<?xi64>'}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<?xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @dynamic_reshape_two(%x: tensor<2x3xf32>) {
  %s = tenon.constant dense<[-1, -1]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_reshape' op expects at most one size -1, but got them in dimensions 0 and 1}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_reshape_negative(%x: tensor<2x3xf32>) {
  %s = tenon.constant dense<[-2, 3]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_reshape' op expects sizes of -1 or more, but got -2}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_reshape_copy(%x: tensor<2x3xf32>) {
  %s = tenon.constant dense<[2, 3, 0]> : tensor<3xi64>
  // expected-error @below {{'tenon.dynamic_reshape' op expects size 0 for dimensions of the input only, but got it in dimension 2}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  return
}

// -----

func.func @dynamic_reshape_divides(%x: tensor<2x3xf32>) {
  %s = tenon.constant dense<[4, -1]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_reshape' op expects sizes that divide 6 elements, but got 4}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_reshape_count(%x: tensor<2x3xf32>) {
  %s = tenon.constant dense<[4, 3]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_reshape' op expects a result of 6 elements, but got 12}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_expand_shape(%x: tensor<2x3xf32>) {
  %s = tenon.constant dense<[4, 3]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_expand' op expects input and shape that broadcast, but got 'tensor<2x3xf32>' and 'tensor<4x3xf32>'}}
  %0 = tenon.dynamic_expand %x, %s : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x3xf32>
  return
}

// -----

func.func @dynamic_tile_count(%x: tensor<2x3xf32>, %n: tensor<1xi64>) {
  // expected-error @below {{'tenon.dynamic_tile' op expects 2 repeats, but got 1}}
  %0 = tenon.dynamic_tile %x, %n : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_tile_negative(%x: tensor<2x3xf32>) {
  %n = tenon.constant dense<[-1, 1]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_tile' op expects repeats that are not negative, but got -1}}
  %0 = tenon.dynamic_tile %x, %n : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_slice_counts(%x: tensor<2x3xf32>, %a: tensor<1xi64>, %b: tensor<2xi64>) {
  // expected-error @below {{'tenon.dynamic_slice' op expects 1 ends, but got 2}}
  %0 = tenon.dynamic_slice %x, %a, %b : (tensor<2x3xf32>, tensor<1xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_slice_many(%x: tensor<2x3xf32>, %b: tensor<3xi64>) {
  // expected-error @below {{'tenon.dynamic_slice' op expects at most 2 axes, but got 3}}
  %0 = tenon.dynamic_slice %x, %b, %b : (tensor<2x3xf32>, tensor<3xi64>, tensor<3xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_slice_axes(%x: tensor<2x3xf32>, %a: tensor<1xi64>) {
  %n = tenon.constant dense<2> : tensor<1xi64>
  // expected-error @below {{'tenon.dynamic_slice' op expects axes that are different dimensions of 2, but got 2}}
  %0 = tenon.dynamic_slice %x, %a, %a axes(%n) : (tensor<2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_slice_step(%x: tensor<2x3xf32>, %a: tensor<1xi64>) {
  %n = tenon.constant dense<0> : tensor<1xi64>
  // expected-error @below {{'tenon.dynamic_slice' op expects steps that are not 0, but got 0 for dimension 0}}
  %0 = tenon.dynamic_slice %x, %a, %a axes(%n) steps(%n) : (tensor<2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_pad_counts(%x: tensor<2x3xf32>, %a: tensor<1xi64>) {
  // expected-error @below {{'tenon.dynamic_pad' op expects 4 pads, but got 1}}
  %0 = tenon.dynamic_pad edge %x, %a : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_pad_mode(%x: tensor<2x3xf32>, %a: tensor<4xi64>, %v: tensor<f32>) {
  // expected-error @below {{'tenon.dynamic_pad' op expects a value with mode constant only, but got mode wrap}}
  %0 = tenon.dynamic_pad wrap %x, %a value(%v) : (tensor<2x3xf32>, tensor<4xi64>, tensor<f32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_pad_axes(%x: tensor<2x3xf32>, %a: tensor<4xi64>) {
  %n = tenon.constant dense<[1, -1]> : tensor<2xi64>
  // expected-error @below {{'tenon.dynamic_pad' op expects axes that are different dimensions of 2, but got -1}}
  %0 = tenon.dynamic_pad wrap %x, %a axes(%n) : (tensor<2x3xf32>, tensor<4xi64>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @resize_element(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.resize' op expects a result of the input's element type and rank, but got 'tensor<2x3x1xf32>' and 'tensor<2x3xf32>'}}
  %0 = tenon.resize nearest %x : (tensor<2x3xf32>) -> tensor<2x3x1xf32>
  return
}

// -----

func.func @resize_scales(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.resize' op expects 2 positive scales, but got [}}
  %0 = tenon.resize nearest %x {scales = array<f32: 1.0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @resize_roi(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.resize' op expects 0 bounds in roi with coordinate mode half_pixel, but got 4}}
  %0 = tenon.resize nearest %x {roi = array<f32: 0.0, 0.0, 1.0, 1.0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @resize_integers(%x: tensor<2x3xi32>) {
  // expected-error @below {{'tenon.resize' op expects floating point or 8-bit elements for mode linear, but got 'i32'}}
  %0 = tenon.resize linear %x : (tensor<2x3xi32>) -> tensor<2x6xi32>
  return
}

// -----

func.func @dynamic_resize_target(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.dynamic_resize' op expects either scales or sizes, but got none}}
  %0 = tenon.dynamic_resize nearest %x : (tensor<2x3xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_resize_axes(%x: tensor<2x3xf32>, %s: tensor<2xi64>) {
  // expected-error @below {{'tenon.dynamic_resize' op expects axes that are different dimensions of 2, but got [1, 1]}}
  %0 = tenon.dynamic_resize nearest %x sizes(%s) {axes = array<i64: 1, 1>} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_resize_count(%x: tensor<2x3xf32>, %s: tensor<1xi64>) {
  // expected-error @below {{'tenon.dynamic_resize' op expects 2 scales or sizes, but got 'tensor<1xi64>'}}
  %0 = tenon.dynamic_resize nearest %x sizes(%s) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @dynamic_resize_roi(%x: tensor<2x3xf32>, %s: tensor<2xi64>, %r: tensor<4xf32>) {
  // expected-error @below {{'tenon.dynamic_resize' op expects a roi of 0 bounds with coordinate mode half_pixel, but got 'tensor<4xf32>'}}
  %0 = tenon.dynamic_resize nearest %x roi(%r) sizes(%s) : (tensor<2x3xf32>, tensor<4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}
