// Results a stride apart are a convolution with every stride-th tap, mirrored.
// RUN: tenon-opt %s --split-input-file --tenon-decompose-conv-transpose | FileCheck %s
// RUN: tenon-opt %s --split-input-file --tenon-decompose-conv-transpose="explain" --verify-diagnostics -o /dev/null

// The phases lie behind the dimension they are phases of.
// CHECK-LABEL: func.func @pairs(
// CHECK: %[[T0:.*]] = tenon.slice %arg1 {starts = array<i64: 0, 0, 0>, steps = array<i64: -1, 1, 1>} : (tensor<2x3x4xf32>) -> tensor<1x3x4xf32>
// CHECK: %[[A:.*]] = tenon.conv %arg0, %[[T0]] {{.*}}pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<1x8x3xf32>, tensor<1x3x4xf32>) -> tensor<1x8x4xf32>
// CHECK: %[[T1:.*]] = tenon.slice %arg1 {starts = array<i64: 1, 0, 0>
// CHECK: %[[B:.*]] = tenon.conv %arg0, %[[T1]]
// CHECK: %[[A1:.*]] = tenon.reshape %[[A]] : (tensor<1x8x4xf32>) -> tensor<1x8x1x4xf32>
// CHECK: %[[B1:.*]] = tenon.reshape %[[B]]
// CHECK: %[[P:.*]] = tenon.concat %[[A1]], %[[B1]] {axis = 2 : i64} : {{.*}} -> tensor<1x8x2x4xf32>
// CHECK: %[[Y:.*]] = tenon.reshape %[[P]] : (tensor<1x8x2x4xf32>) -> tensor<1x16x4xf32>
// CHECK: return %[[Y]]
func.func @pairs(%x: tensor<1x8x3xf32>, %w: tensor<2x3x4xf32>) -> tensor<1x16x4xf32> {
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>, layout = #tenon<layout channels_last>} : (tensor<1x8x3xf32>, tensor<2x3x4xf32>) -> tensor<1x16x4xf32>
  return %y : tensor<1x16x4xf32>
}

// -----

// Kernel 3, stride 2, a padding of 1: results 0, 2, ... take the middle tap, the others both ends; the last of these is
// one too many.
// CHECK-LABEL: func.func @odd(
// CHECK: tenon.slice %arg1 {starts = array<i64: 1, 0, 0>, steps = array<i64: -1, 1, 1>} : {{.*}} -> tensor<1x3x4xf32>
// CHECK: tenon.conv {{.*}}dilations = array<i64: 1>, {{.*}}pads = array<i64: 0, 0>
// CHECK: tenon.slice %arg1 {starts = array<i64: 2, 0, 0>, steps = array<i64: -2, 1, 1>} : {{.*}} -> tensor<2x3x4xf32>
// CHECK: tenon.conv {{.*}}dilations = array<i64: 1>, {{.*}}pads = array<i64: 0, 1>
// CHECK: tenon.slice %{{.*}} {starts = array<i64: 0, 0, 0>, steps = array<i64: 1, 1, 1>} : (tensor<1x16x4xf32>) -> tensor<1x15x4xf32>
func.func @odd(%x: tensor<1x8x3xf32>, %w: tensor<3x3x4xf32>) -> tensor<1x15x4xf32> {
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 1, 1>, output_padding = array<i64: 0>, layout = #tenon<layout channels_last>} : (tensor<1x8x3xf32>, tensor<3x3x4xf32>) -> tensor<1x15x4xf32>
  return %y : tensor<1x15x4xf32>
}

// -----

// One phase is one convolution. Of groups the outputs stand side by side in the filter.
// CHECK-LABEL: func.func @mirrored(
// CHECK: %[[T:.*]] = tenon.slice %arg1 {starts = array<i64: 2, 0, 0>, steps = array<i64: -1, 1, 1>} : (tensor<3x4x3xf32>) -> tensor<3x4x3xf32>
// CHECK: %[[S:.*]] = tenon.reshape %[[T]] : (tensor<3x4x3xf32>) -> tensor<3x2x2x3xf32>
// CHECK: %[[P:.*]] = tenon.transpose %[[S]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK: %[[F:.*]] = tenon.reshape %[[P]] : (tensor<3x2x2x3xf32>) -> tensor<3x2x6xf32>
// CHECK: %[[Y:.*]] = tenon.conv %arg0, %[[F]] {{.*}}group = 2 : i64{{.*}}pads = array<i64: 2, 2>
// CHECK: return %[[Y]]
func.func @mirrored(%x: tensor<1x8x4xf32>, %w: tensor<3x4x3xf32>) -> tensor<1x10x6xf32> {
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>, group = 2 : i64, layout = #tenon<layout channels_last>} : (tensor<1x8x4xf32>, tensor<3x4x3xf32>) -> tensor<1x10x6xf32>
  return %y : tensor<1x10x6xf32>
}

// -----

// Padding that cuts more than the kernel reaches is not read.
// CHECK-LABEL: func.func @cut(
// CHECK: tenon.slice %arg0 {starts = array<i64: 0, 1, 0>, steps = array<i64: 1, 1, 1>} : (tensor<1x8x3xf32>) -> tensor<1x6x3xf32>
// CHECK: tenon.conv {{.*}}pads = array<i64: 0, 0>
func.func @cut(%x: tensor<1x8x3xf32>, %w: tensor<2x3x4xf32>) -> tensor<1x12x4xf32> {
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 2, 2>, output_padding = array<i64: 0>, layout = #tenon<layout channels_last>} : (tensor<1x8x3xf32>, tensor<2x3x4xf32>) -> tensor<1x12x4xf32>
  return %y : tensor<1x12x4xf32>
}

// -----

// Open sizes leave no strides for a part of a concat: the phases are stacked and moved into their places.
// CHECK-LABEL: func.func @open(
// CHECK: %[[S:.*]] = tenon.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : {{.*}} -> tensor<2x1x?x4xf32
// CHECK: tenon.transpose %[[S]] {perm = array<i64: 1, 2, 0, 3>}
func.func @open(%x: tensor<1x?x3xf32, #tenon.dims<[1, n, 3]>>, %w: tensor<2x3x4xf32>) -> tensor<1x?x4xf32, #tenon.dims<[1, n * 2, 4]>> {
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>, layout = #tenon<layout channels_last>} : (tensor<1x?x3xf32, #tenon.dims<[1, n, 3]>>, tensor<2x3x4xf32>) -> tensor<1x?x4xf32, #tenon.dims<[1, n * 2, 4]>>
  return %y : tensor<1x?x4xf32, #tenon.dims<[1, n * 2, 4]>>
}

// -----

// CHECK-LABEL: func.func @unreached(
// CHECK: tenon.conv_transpose
func.func @unreached(%x: tensor<1x8x3xf32>, %w: tensor<2x3x4xf32>) -> tensor<1x17x4xf32> {
  // expected-remark@below {{stays as it is: a stride and a dilation have a common factor}}
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 2>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>, layout = #tenon<layout channels_last>} : (tensor<1x8x3xf32>, tensor<2x3x4xf32>) -> tensor<1x17x4xf32>
  return %y : tensor<1x17x4xf32>
}

// -----

// CHECK-LABEL: func.func @channels_first(
// CHECK: tenon.conv_transpose
func.func @channels_first(%x: tensor<1x3x8xf32>, %w: tensor<3x4x2xf32>) -> tensor<1x4x16xf32> {
  // expected-remark@below {{stays as it is: its channels are not last}}
  %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, output_padding = array<i64: 0>} : (tensor<1x3x8xf32>, tensor<3x4x2xf32>) -> tensor<1x4x16xf32>
  return %y : tensor<1x4x16xf32>
}
