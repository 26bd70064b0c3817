// What the examples of the op descriptions leave out: optional operands, layouts, defaults that are not printed.
// RUN: tenon-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @channels_last
func.func @channels_last(%x: tensor<1x8x9x3xf32>, %w: tensor<3x3x3x16xf32>, %v: tensor<2x2x3x5xf32>, %c: tensor<3xf32>) {
  // CHECK: tenon.conv {{.*}}layout = #tenon<layout channels_last>{{.*}} -> tensor<1x6x4x16xf32>
  %0 = tenon.conv %x, %w {strides = array<i64: 1, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
                          layout = #tenon<layout channels_last>}
     : (tensor<1x8x9x3xf32>, tensor<3x3x3x16xf32>) -> tensor<1x6x4x16xf32>
  %1 = tenon.conv_transpose %x, %v {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
         pads = array<i64: 0, 0, 1, 1>, output_padding = array<i64: 0, 1>, layout = #tenon<layout channels_last>}
     : (tensor<1x8x9x3xf32>, tensor<2x2x3x5xf32>) -> tensor<1x15x18x5xf32>
  %2 = tenon.average_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
         pads = array<i64: 1, 1, 1, 1>, count_include_pad, layout = #tenon<layout channels_last>}
     : (tensor<1x8x9x3xf32>) -> tensor<1x4x5x3xf32>
  %3 = tenon.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-5 : f32, layout = #tenon<layout channels_last>}
     : (tensor<1x8x9x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x8x9x3xf32>
  return
}

// A last window that starts in the padding after the input does not count.
// CHECK-LABEL: @ceil_mode
func.func @ceil_mode(%x: tensor<1x1x5x6xf32>) {
  // CHECK: -> tensor<1x1x3x3xf32>
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>,
         pads = array<i64: 0, 0, 0, 1>, ceil_mode} : (tensor<1x1x5x6xf32>) -> tensor<1x1x3x3xf32>
  return
}

// CHECK-LABEL: @grouped_conv_of_bytes
func.func @grouped_conv_of_bytes(%x: tensor<1x8x5xui8>, %w: tensor<4x4x3xi8>) {
  // CHECK: group = 2 : i64
  // CHECK-NOT: layout
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 2>, pads = array<i64: 1, 1>, group = 2 : i64}
     : (tensor<1x8x5xui8>, tensor<4x4x3xi8>) -> tensor<1x4x3xi32>
  return
}

// CHECK-LABEL: @matrix_products
func.func @matrix_products(%a: tensor<2x3xf32>, %b: tensor<5x3xf32>, %v: tensor<3xf32>, %s: tensor<3xf32>) {
  // CHECK: tenon.matmul %{{.*}}, %{{.*}} {transpose_rhs} : {{.*}} -> tensor<2x5xf32>
  %0 = tenon.matmul %a, %b {transpose_rhs} : (tensor<2x3xf32>, tensor<5x3xf32>) -> tensor<2x5xf32>
  %1 = tenon.matmul %a, %v : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>
  %2 = tenon.matmul %v, %s : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  %3 = tenon.einsum "ij,kj,j->ki" %a, %b, %v : (tensor<2x3xf32>, tensor<5x3xf32>, tensor<3xf32>) -> tensor<5x2xf32>
  %4 = tenon.einsum "i,i->" %v, %s : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return
}

// CHECK-LABEL: @winograd
// CHECK: tenon.winograd_input %{{.*}} {pads = array<i64: 1, 0, 1, 2>, tile = 4 : i64} : (tensor<1x7x7x3xf32>) -> tensor<1x2x2x6x6x3xf32>
// CHECK: tenon.winograd_output %{{.*}} {height = 7 : i64, tile = 4 : i64, width = 5 : i64} : (tensor<1x2x2x6x6x3xf32>) -> tensor<1x7x5x3xf32>
func.func @winograd(%x: tensor<1x7x7x3xf32>) {
  %0 = tenon.winograd_input %x {tile = 4 : i64, pads = array<i64: 1, 0, 1, 2>} : (tensor<1x7x7x3xf32>) -> tensor<1x2x2x6x6x3xf32>
  %1 = tenon.winograd_output %0 {tile = 4 : i64, height = 7 : i64, width = 5 : i64} : (tensor<1x2x2x6x6x3xf32>) -> tensor<1x7x5x3xf32>
  return
}

// CHECK-LABEL: @optional_operands
func.func @optional_operands(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %q: tensor<1x2x4x8xf32>, %n: tensor<1xi64>,
                             %b: tensor<1x6x4xf32>, %c: tensor<1x2x6xf32>, %t: tensor<1xf32>) {
  // CHECK: tenon.layer_norm %{{[^ ]*}} {axis
  %0 = tenon.layer_norm %x {axis = 0 : i64, epsilon = 0.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // CHECK: tenon.layer_norm %{{.*}} bias(%{{.*}}) {axis
  %1 = tenon.layer_norm %x bias(%s) {axis = 1 : i64, epsilon = 0.0 : f32} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  // CHECK: tenon.attention {{.*}} {causal, scale = 1.000000e+00 : f32}
  %2 = tenon.attention %q, %q, %q {scale = 1.0 : f32, causal}
     : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  // CHECK: tenon.non_max_suppression %{{[^ ]*}}, %{{[^ ]*}} overlap(%{{.*}}) {center_point_box}
  %3 = tenon.non_max_suppression %b, %c overlap(%t) {center_point_box}
     : (tensor<1x6x4xf32>, tensor<1x2x6xf32>, tensor<1xf32>) -> tensor<?x3xi64>
  // CHECK: tenon.pad reflect %{{[^ ]*}} {
  %4 = tenon.pad reflect %x {low = array<i64: 1, -1>, high = array<i64: 0, 2>} : (tensor<2x3xf32>) -> tensor<3x4xf32>
  return
}

// CHECK-LABEL: @recurrent
func.func @recurrent(%x: tensor<2x5x3xf32>, %w: tensor<2x16x3xf32>, %r: tensor<2x16x4xf32>, %n: tensor<2xi32>,
                     %h: tensor<2x2x4xf32>, %p: tensor<2x12xf32>) {
  // CHECK: tenon.lstm {{.*}} lengths(%{{.*}}) hidden(%{{.*}}) cell(%{{.*}}) peepholes(%{{.*}}) {
  %0:3 = tenon.lstm %x, %w, %r lengths(%n) hidden(%h) cell(%h) peepholes(%p)
    {direction = #tenon<direction bidirectional>, batch_first, input_forget, clip = 1.0 : f32,
     activations = [#tenon<activation sigmoid>, #tenon<activation tanh>, #tenon<activation tanh>,
                    #tenon<activation hard_sigmoid>, #tenon<activation relu>, #tenon<activation softsign>],
     alphas = array<f32: 0.0, 0.0, 0.0, 0.2, 0.0, 0.0>, betas = array<f32: 0.0, 0.0, 0.0, 0.5, 0.0, 0.0>}
    : (tensor<2x5x3xf32>, tensor<2x16x3xf32>, tensor<2x16x4xf32>, tensor<2xi32>, tensor<2x2x4xf32>, tensor<2x2x4xf32>,
       tensor<2x12xf32>) -> (tensor<2x5x2x4xf32>, tensor<2x2x4xf32>, tensor<2x2x4xf32>)
  return
}

// CHECK-LABEL: @block_quantized
func.func @block_quantized(%x: tensor<2x10xf32>, %s: tensor<2x3xf32>, %z: tensor<2x3xi8>) {
  // CHECK: tenon.quantize_linear %{{.*}}, %{{.*}} zero(%{{.*}}) to i8 {block_size = 4 : i64}
  %0 = tenon.quantize_linear %x, %s zero(%z) to i8 {block_size = 4 : i64}
     : (tensor<2x10xf32>, tensor<2x3xf32>, tensor<2x3xi8>) -> tensor<2x10xi8>
  %1 = tenon.dequantize_linear %0, %s zero(%z) {block_size = 4 : i64}
     : (tensor<2x10xi8>, tensor<2x3xf32>, tensor<2x3xi8>) -> tensor<2x10xf32>
  return
}

// CHECK-LABEL: @loop_without_limits
func.func @loop_without_limits(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: tenon.loop(%{{.*}}) : (tensor<2xf32>) -> tensor<2xf32>
  %r = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    %stop = tenon.constant dense<false> : tensor<i1>
    tenon.yield %stop, %v : tensor<i1>, tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// CHECK-LABEL: @precision
func.func @precision(%x: tensor<?x4xf32>, %i: tensor<3xi64>) -> tensor<?x?xf32> {
  // A result type may say less than the shape rule knows.
  // CHECK: tenon.gather {{.*}} -> tensor<?x?xf32>
  %0 = tenon.gather %x, %i {axis = 0 : i64} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
