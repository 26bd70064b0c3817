// Remarks say why convolutions are computed directly; a size of tiles that there are no matrices for is an error.
// RUN: tenon-opt --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{machine=x86-64-v3 largest-tile=4 explain}))' --split-input-file --verify-diagnostics %s
// RUN: not tenon-opt --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{largest-tile=3}))' %s 2>&1 | FileCheck %s --check-prefix=TILE
// RUN: not tenon-opt --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{machine=toaster}))' %s 2>&1 | FileCheck %s --check-prefix=MACHINE

// TILE: error: expects largest-tile of 0, 2 or 4, but got 3
// MACHINE: error: expected a target of host, {{.*}}, but got 'toaster'

func.func @channels_first(%x: tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32> {
  %w = tenon.constant dense<0.5> : tensor<64x64x3x3xf32>
  // expected-remark @below {{computed directly: it has not two spatial dimensions before its channels}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// -----

func.func @one_spatial_dimension(%x: tensor<1x56x64xf32>) -> tensor<1x56x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x64x64xf32>
  // expected-remark @below {{computed directly: it has not two spatial dimensions before its channels}}
  %y = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x64xf32>, tensor<3x64x64xf32>) -> tensor<1x56x64xf32>
  return %y : tensor<1x56x64xf32>
}

// -----

func.func @window_of_five(%x: tensor<1x56x56x64xf32>) -> tensor<1x54x54x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<5x5x64x64xf32>
  // expected-remark @below {{computed directly: its window is not 3x3}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf32>, tensor<5x5x64x64xf32>) -> tensor<1x54x54x64xf32>
  return %y : tensor<1x54x54x64xf32>
}

// -----

func.func @strided(%x: tensor<1x56x56x64xf32>) -> tensor<1x28x28x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x64x64xf32>
  // expected-remark @below {{computed directly: it has strides, dilations or groups}}
  %y = tenon.conv %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x28x28x64xf32>
  return %y : tensor<1x28x28x64xf32>
}

// -----

func.func @dilated(%x: tensor<1x56x56x64xf32>) -> tensor<1x54x54x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x64x64xf32>
  // expected-remark @below {{computed directly: it has strides, dilations or groups}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x54x54x64xf32>
  return %y : tensor<1x54x54x64xf32>
}

// -----

func.func @groups(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x32x64xf32>
  // expected-remark @below {{computed directly: it has strides, dilations or groups}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, group = 2 : i64, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf32>, tensor<3x3x32x64xf32>) -> tensor<1x56x56x64xf32>
  return %y : tensor<1x56x56x64xf32>
}

// -----

func.func @other_elements(%x: tensor<1x56x56x64xf64>) -> tensor<1x56x56x64xf64> {
  %w = tenon.constant dense<0.5> : tensor<3x3x64x64xf64>
  // expected-remark @below {{computed directly: its elements are not f32}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf64>, tensor<3x3x64x64xf64>) -> tensor<1x56x56x64xf64>
  return %y : tensor<1x56x56x64xf64>
}

// -----

func.func @open_size(%x: tensor<?x56x56x64xf32, #tenon.dims<[n, 56, 56, 64]>>) -> tensor<?x56x56x64xf32, #tenon.dims<[n, 56, 56, 64]>> {
  %w = tenon.constant dense<0.5> : tensor<3x3x64x64xf32>
  // expected-remark @below {{computed directly: its sizes are not all known}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<?x56x56x64xf32, #tenon.dims<[n, 56, 56, 64]>>, tensor<3x3x64x64xf32>) -> tensor<?x56x56x64xf32, #tenon.dims<[n, 56, 56, 64]>>
  return %y : tensor<?x56x56x64xf32, #tenon.dims<[n, 56, 56, 64]>>
}

// -----

func.func @filter_is_an_input(%x: tensor<1x56x56x64xf32>, %w: tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32> {
  // expected-remark @below {{computed directly: its filter is not constant}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32>
  return %y : tensor<1x56x56x64xf32>
}

// -----

// Each of the many weights is used for few results: they cost more to read than they save.
func.func @memory_bound(%x: tensor<1x7x7x512xf32>) -> tensor<1x7x7x512xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x512x512xf32>
  // expected-remark-re @below {{computed directly: it would take {{[0-9]+}} % of the cycles}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x7x7x512xf32>, tensor<3x3x512x512xf32>) -> tensor<1x7x7x512xf32>
  return %y : tensor<1x7x7x512xf32>
}

// -----

// Little is multiplied with what is transformed.
func.func @few_channels(%x: tensor<1x56x56x3xf32>) -> tensor<1x56x56x8xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x3x8xf32>
  // expected-remark-re @below {{computed directly: it would take {{[0-9]+}} % of the cycles}}
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x3xf32>, tensor<3x3x3x8xf32>) -> tensor<1x56x56x8xf32>
  return %y : tensor<1x56x56x8xf32>
}
