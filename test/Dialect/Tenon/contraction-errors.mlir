// What matrix products and convolutions refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @matmul_rank(%x: tensor<f32>) {
  // expected-error @below {{'tenon.matmul' op expects operands of rank 1 or more, but got 'tensor<f32>' and 'tensor<f32>'}}
  %0 = tenon.matmul %x, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @matmul_reduced(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.matmul' op expects equal reduced sizes, but got 3 and 2}}
  %0 = tenon.matmul %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_batch(%x: tensor<2x3x3xf32>, %y: tensor<4x3x3xf32>) {
  // expected-error @below {{'tenon.matmul' op expects batch dimensions that broadcast, but got 'tensor<2x3x3xf32>' and 'tensor<4x3x3xf32>'}}
  %0 = tenon.matmul %x, %y : (tensor<2x3x3xf32>, tensor<4x3x3xf32>) -> tensor<2x3x3xf32>
  return
}

// -----

func.func @matmul_transposed(%x: tensor<3xf32>) {
  // expected-error @below {{'tenon.matmul' op expects a transposed operand of rank 2 or more, but got rank 1}}
  %0 = tenon.matmul %x, %x {transpose_lhs} : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return
}

// -----

func.func @conv_rank(%x: tensor<2x3xf32>, %w: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.conv' op expects input rank 3 or more, but got 2}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @conv_filter_rank(%x: tensor<1x2x8xf32>, %w: tensor<3x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects filter rank 3, but got 2}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>, tensor<3x2xf32>) -> tensor<1x3x8xf32>
  return
}

// -----

func.func @conv_counts(%x: tensor<1x2x8xf32>, %w: tensor<3x2x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects 1 strides, 1 dilations and 2 pads, but got 2, 1 and 2}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>, tensor<3x2x2xf32>) -> tensor<1x3x7xf32>
  return
}

// -----

func.func @conv_dilation(%x: tensor<1x2x8xf32>, %w: tensor<3x2x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects positive strides and dilations, but got 0}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 0>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>, tensor<3x2x2xf32>) -> tensor<1x3x7xf32>
  return
}

// -----

func.func @conv_pads(%x: tensor<1x2x8xf32>, %w: tensor<3x2x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects pads that are not negative, but got -1}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: -1, 0>} : (tensor<1x2x8xf32>, tensor<3x2x2xf32>) -> tensor<1x3x7xf32>
  return
}

// -----

func.func @conv_group(%x: tensor<1x2x8xf32>, %w: tensor<3x2x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects a positive group, but got 0}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 0 : i64} : (tensor<1x2x8xf32>, tensor<3x2x2xf32>) -> tensor<1x3x7xf32>
  return
}

// -----

func.func @conv_channels(%x: tensor<1x2x8xf32>, %w: tensor<3x3x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects input channels to be group x filter channels, but got 2 and 1 x 3}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x8xf32>, tensor<3x3x2xf32>) -> tensor<1x3x7xf32>
  return
}

// -----

func.func @conv_outputs(%x: tensor<1x4x8xf32>, %w: tensor<3x2x2xf32>) {
  // expected-error @below {{'tenon.conv' op expects group to divide the filter's outputs, but got 2 and 3}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, group = 2 : i64} : (tensor<1x4x8xf32>, tensor<3x2x2xf32>) -> tensor<1x3x7xf32>
  return
}

// -----

func.func @conv_short(%x: tensor<1x2x3xf32>, %w: tensor<3x2x5xf32>) {
  // expected-error @below {{'tenon.conv' op expects a padded input that covers the dilated kernel, but in spatial dimension 0 it is short by 2}}
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x2x3xf32>, tensor<3x2x5xf32>) -> tensor<1x3x0xf32>
  return
}

// -----

func.func @conv_transpose_rank(%x: tensor<1x2x3xf32>, %w: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.conv_transpose' op expects input and filter of one rank of 3 or more, but got 3 and 2}}
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>} : (tensor<1x2x3xf32>, tensor<2x3xf32>) -> tensor<1x3x4xf32>
  return
}

// -----

func.func @conv_transpose_padding(%x: tensor<1x2x3xf32>, %w: tensor<2x3x2xf32>) {
  // expected-error @below {{'tenon.conv_transpose' op expects 1 output paddings that are not negative, but got [-1]}}
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: -1>} : (tensor<1x2x3xf32>, tensor<2x3x2xf32>) -> tensor<1x3x4xf32>
  return
}

// -----

func.func @conv_transpose_group(%x: tensor<1x2x3xf32>, %w: tensor<2x3x2xf32>) {
  // expected-error @below {{'tenon.conv_transpose' op expects a positive group, but got 0}}
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>, group = 0 : i64} : (tensor<1x2x3xf32>, tensor<2x3x2xf32>) -> tensor<1x3x4xf32>
  return
}

// -----

func.func @conv_transpose_channels(%x: tensor<1x3x3xf32>, %w: tensor<3x3x2xf32>) {
  // expected-error @below {{'tenon.conv_transpose' op expects equal channels of input and filter, in 2 groups, but got 3 and 3}}
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>, group = 2 : i64} : (tensor<1x3x3xf32>, tensor<3x3x2xf32>) -> tensor<1x3x4xf32>
  return
}

// -----

func.func @conv_transpose_size(%x: tensor<1x2x1xf32>, %w: tensor<2x3x2xf32>) {
  // expected-error @below {{'tenon.conv_transpose' op expects a result size that is not negative, but got -1 in spatial dimension 0}}
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 2, 1>, output_padding = array<i64: 0>} : (tensor<1x2x1xf32>, tensor<2x3x2xf32>) -> tensor<1x3x0xf32>
  return
}

// -----

func.func @einsum_terms(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.einsum' op expects an equation of letters with a term per operand, but got "ij,jk->ik" for 1 operands}}
  %0 = tenon.einsum "ij,jk->ik" %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @einsum_letters(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.einsum' op expects a letter per dimension, but got "i" for 'tensor<2x3xf32>'}}
  %0 = tenon.einsum "i->i" %x : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @einsum_sizes(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.einsum' op expects equal sizes for 'i', but got 2 and 3}}
  %0 = tenon.einsum "ii->i" %x : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @einsum_result(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.einsum' op expects different letters of operands in the result, but got "ik"}}
  %0 = tenon.einsum "ij->ik" %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @einsum_elements(%x: tensor<2xf32>, %y: tensor<2xi32>) {
  // expected-error @below {{'tenon.einsum' op expects operands of one element type, but got 'f32' and 'i32'}}
  %0 = tenon.einsum "i,i->i" %x, %y : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @attention_rank(%q: tensor<2x3x4xf32>, %k: tensor<1x2x3x4xf32>) {
  // expected-error @below {{'tenon.attention' op expects query, key and value of rank 4 and one element type, but got 'tensor<2x3x4xf32>', 'tensor<1x2x3x4xf32>' and 'tensor<1x2x3x4xf32>'}}
  %0 = tenon.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return
}

// -----

func.func @attention_dims(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x5xf32>) {
  // expected-error @below {{'tenon.attention' op expects query, key and value that fit together, but got 'tensor<1x2x3x4xf32>', 'tensor<1x2x3x5xf32>' and 'tensor<1x2x3x5xf32>'}}
  %0 = tenon.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<1x2x3x4xf32>, tensor<1x2x3x5xf32>, tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32>
  return
}

// -----

func.func @attention_groups(%q: tensor<1x3x3x4xf32>, %k: tensor<1x2x3x4xf32>) {
  // expected-error @below {{'tenon.attention' op expects groups that divide the heads, but got 2 and 3}}
  %0 = tenon.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<1x3x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x3x3x4xf32>
  return
}

// -----

func.func @attention_mask_element(%q: tensor<1x2x3x4xf32>, %m: tensor<3x3xf16>) {
  // expected-error @below {{'tenon.attention' op expects a mask of element type 'f32', but got 'f16'}}
  %0 = tenon.attention %q, %q, %q mask(%m) {scale = 1.0 : f32} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<3x3xf16>) -> tensor<1x2x3x4xf32>
  return
}

// -----

func.func @attention_mask(%q: tensor<1x2x3x4xf32>, %m: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.attention' op expects a mask that broadcasts to 'tensor<1x2x3x3xf32>', but got 'tensor<2x3xf32>'}}
  %0 = tenon.attention %q, %q, %q mask(%m) {scale = 1.0 : f32} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<2x3xf32>) -> tensor<1x2x3x4xf32>
  return
}
