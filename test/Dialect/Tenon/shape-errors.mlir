// What ops that move elements refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @reshape_element(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.reshape' op expects result element type 'f32', but got 'f64'}}
  %0 = tenon.reshape %x : (tensor<2x3xf32>) -> tensor<6xf64>
  return
}

// -----

func.func @reshape_count(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.reshape' op expects a result of 6 elements, but got 5}}
  %0 = tenon.reshape %x : (tensor<2x3xf32>) -> tensor<5xf32>
  return
}

// -----

func.func @transpose_perm(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.transpose' op expects a permutation of 2 dimensions, but got [1, 1]}}
  %0 = tenon.transpose %x {perm = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @expand_element(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.expand' op expects result element type 'f32', but got 'f64'}}
  %0 = tenon.expand %x : (tensor<2x3xf32>) -> tensor<2x3xf64>
  return
}

// -----

func.func @expand_shape(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.expand' op expects an input that broadcasts to the result, but got 'tensor<2x3xf32>' and 'tensor<4x3xf32>'}}
  %0 = tenon.expand %x : (tensor<2x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @concat_none() {
  // expected-error @below {{'tenon.concat' op expects an input, but got none}}
  %0 = "tenon.concat"() {axis = 0 : i64} : () -> tensor<4x3xf32>
  return
}

// -----

func.func @concat_rank(%x: tensor<2x3xf32>, %y: tensor<3xf32>) {
  // expected-error @below {{'tenon.concat' op expects inputs of one rank and element type, but got 'tensor<2x3xf32>' and 'tensor<3xf32>'}}
  %0 = tenon.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.concat' op expects axis in [0, 2), but got 2}}
  %0 = tenon.concat %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_sizes(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error @below {{'tenon.concat' op expects inputs of equal sizes in dimension 1, but got 3 and 4}}
  %0 = tenon.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @slice_counts(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.slice' op expects 2 starts, steps and dimensions of the result, but got 1, 2 and 2}}
  %0 = tenon.slice %x {starts = array<i64: 0>, steps = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_step(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.slice' op expects steps that are not 0, but got 0 in dimension 1}}
  %0 = tenon.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @slice_range(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.slice' op expects elements in [0, 3) of dimension 1, but got 1 to 3}}
  %0 = tenon.slice %x {starts = array<i64: 0, 1>, steps = array<i64: 1, 2>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @pad_counts(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.pad' op expects 2 counts low and high, but got 1 and 2}}
  %0 = tenon.pad edge %x {low = array<i64: 0>, high = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_value(%x: tensor<2x3xf32>, %v: tensor<2xf32>) {
  // expected-error @below {{'tenon.pad' op expects a value of one element of 'f32', but got 'tensor<2xf32>'}}
  %0 = tenon.pad constant %x value(%v) {low = array<i64: 0, 0>, high = array<i64: 0, 0>} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_mode(%x: tensor<2x3xf32>, %v: tensor<f32>) {
  // expected-error @below {{'tenon.pad' op expects a value with mode constant only, but got mode edge}}
  %0 = tenon.pad edge %x value(%v) {low = array<i64: 0, 0>, high = array<i64: 0, 0>} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @pad_negative(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.pad' op expects sizes that are not negative, but got -1 in dimension 0}}
  %0 = tenon.pad edge %x {low = array<i64: -2, 0>, high = array<i64: -1, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @tile_sizes(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.tile' op expects result sizes that are multiples of the input's, but got 'tensor<2x4xf32>' and 'tensor<2x3xf32>'}}
  %0 = tenon.tile %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @trilu_rank(%x: tensor<3xf32>) {
  // expected-error @below {{'tenon.trilu' op expects input rank 2 or more, but got 1}}
  %0 = tenon.trilu %x : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @reverse_sequence_axes(%x: tensor<2x3xf32>, %n: tensor<2xi64>) {
  // expected-error @below {{'tenon.reverse_sequence' op expects axes 0 and 1 in some order, but got 1 and 1 of rank 2}}
  %0 = tenon.reverse_sequence %x, %n {batch_axis = 1 : i64, time_axis = 1 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @reverse_sequence_lengths(%x: tensor<2x3xf32>, %n: tensor<2xi64>) {
  // expected-error @below {{'tenon.reverse_sequence' op expects a length per sequence, but got 'tensor<2xi64>' for 'tensor<2x3xf32>'}}
  %0 = tenon.reverse_sequence %x, %n {batch_axis = 1 : i64, time_axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @size_vector_count() {
  // expected-error @below {{'tenon.size_vector' op expects a result of 2 elements, but got 'tensor<3xi64>'}}
  %0 = tenon.size_vector <[batch, 4]> : tensor<3xi64>
  return
}

// -----

func.func @range_element(%a: tensor<i64>, %b: tensor<f32>) {
  // expected-error @below {{'tenon.range' op expects operands of one element of 'i64', but got 'tensor<f32>'}}
  %0 = tenon.range %a, %a, %b : (tensor<i64>, tensor<i64>, tensor<f32>) -> tensor<?xi64>
  return
}

// -----

func.func @range_delta(%a: tensor<i64>) {
  %d = tenon.constant dense<0> : tensor<i64>
  // expected-error @below {{'tenon.range' op expects a delta that is not 0, but got 0}}
  %0 = tenon.range %a, %a, %d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}
