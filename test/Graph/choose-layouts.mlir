// Channels go last, and what remains of the transposes is at the ends.
// RUN: tenon-opt --tenon-choose-layouts %s | FileCheck %s
// RUN: tenon-opt --tenon-choose-layouts %s > %t && tenon-opt --tenon-choose-layouts %t | diff %t -

// CHECK-LABEL: func.func @chain(
// CHECK-DAG: %[[W:.*]] = tenon.transpose %arg1 {perm = array<i64: 2, 3, 1, 0>} : (tensor<4x3x3x3xf32>) -> tensor<3x3x3x4xf32>
// CHECK-DAG: %[[X:.*]] = tenon.transpose %arg0 {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x6xf32>) -> tensor<1x8x6x3xf32>
// CHECK: %[[C:.*]] = tenon.conv %[[X]], %[[W]] {{.*}}layout = #tenon<layout channels_last>{{.*}} -> tensor<1x8x6x4xf32>
// CHECK-NEXT: %[[R:.*]] = tenon.relu %[[C]]
// CHECK-NEXT: %[[P:.*]] = tenon.max_pool %[[R]] {{.*}} -> tensor<1x4x3x4xf32>
// CHECK-NEXT: %[[Y:.*]] = tenon.transpose %[[P]] {perm = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT: return %[[Y]]
func.func @chain(%x: tensor<1x3x8x6xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x4x3xf32> {
  %0 = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x8x6xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x6xf32>
  %1 = tenon.relu %0 : (tensor<1x4x8x6xf32>) -> tensor<1x4x8x6xf32>
  %2 = tenon.max_pool %1 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x4x8x6xf32>) -> tensor<1x4x4x3xf32>
  return %2 : tensor<1x4x4x3xf32>
}

// The spatial mean leaves a vector of channels, which has no layout; one dimension is like two.
// CHECK-LABEL: func.func @global_pooling(
// CHECK: tenon.transpose %arg0 {perm = array<i64: 0, 2, 1>}
// CHECK: tenon.average_pool
// CHECK-NEXT: %[[M:.*]] = tenon.reduce mean {{.*}} {axes = array<i64: 1>, keep_dims} : (tensor<1x4x3xf32>) -> tensor<1x1x3xf32>
// CHECK-NEXT: %[[Y:.*]] = tenon.reshape %[[M]] : (tensor<1x1x3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: return %[[Y]]
func.func @global_pooling(%x: tensor<1x3x8xf32>) -> tensor<1x3xf32> {
  %0 = tenon.average_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x3x8xf32>) -> tensor<1x3x4xf32>
  %1 = tenon.reduce mean %0 {axes = array<i64: 2>, keep_dims} : (tensor<1x3x4xf32>) -> tensor<1x3x1xf32>
  %2 = tenon.reshape %1 : (tensor<1x3x1xf32>) -> tensor<1x3xf32>
  return %2 : tensor<1x3xf32>
}

// A bias per channel turns with the activations.
// CHECK-LABEL: func.func @bias(
// CHECK: %[[B:.*]] = tenon.constant dense<{{.*}}1.0{{.*}}, 2.0{{.*}}> : tensor<1x1x1x2xf32>
// CHECK: %[[P:.*]] = tenon.max_pool
// CHECK-NEXT: tenon.add %[[P]], %[[B]] : (tensor<1x4x3x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x3x2xf32>
func.func @bias(%x: tensor<1x2x8x6xf32>) -> tensor<1x2x4x3xf32> {
  %b = tenon.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x8x6xf32>) -> tensor<1x2x4x3xf32>
  %1 = tenon.add %0, %b : (tensor<1x2x4x3xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x3xf32>
  return %1 : tensor<1x2x4x3xf32>
}

// Attributes that name dimensions follow them.
// CHECK-LABEL: func.func @attributes(
// CHECK: %[[P:.*]] = tenon.max_pool
// CHECK-NEXT: %[[S:.*]] = tenon.slice %[[P]] {starts = array<i64: 0, 1, 0, 0>, steps = array<i64: 1, 1, 2, 1>} : (tensor<1x4x3x2xf32>) -> tensor<1x3x2x2xf32>
// CHECK-NEXT: %[[D:.*]] = tenon.pad constant %[[S]] {high = array<i64: 0, 1, 2, 0>, low = array<i64: 0, 3, 4, 0>} : (tensor<1x3x2x2xf32>) -> tensor<1x7x8x2xf32>
// CHECK-NEXT: %[[C:.*]] = tenon.concat %[[D]], %[[D]] {axis = 3 : i64}
// CHECK-NEXT: %[[M:.*]] = tenon.softmax %[[C]] {axis = 3 : i64}
// CHECK-NEXT: tenon.resize nearest %[[M]] {scales = array<f32: 1.000000e+00, 2.000000e+00, 3.000000e+00, 1.000000e+00>} : {{.*}} -> tensor<1x14x24x4xf32>
// CHECK-NEXT: tenon.transpose
func.func @attributes(%x: tensor<1x2x8x6xf32>) -> tensor<1x4x14x24xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x8x6xf32>) -> tensor<1x2x4x3xf32>
  %1 = tenon.slice %0 {starts = array<i64: 0, 0, 1, 0>, steps = array<i64: 1, 1, 1, 2>} : (tensor<1x2x4x3xf32>) -> tensor<1x2x3x2xf32>
  %2 = tenon.pad constant %1 {low = array<i64: 0, 0, 3, 4>, high = array<i64: 0, 0, 1, 2>} : (tensor<1x2x3x2xf32>) -> tensor<1x2x7x8xf32>
  %3 = tenon.concat %2, %2 {axis = 1 : i64} : (tensor<1x2x7x8xf32>, tensor<1x2x7x8xf32>) -> tensor<1x4x7x8xf32>
  %4 = tenon.softmax %3 {axis = 1 : i64} : (tensor<1x4x7x8xf32>) -> tensor<1x4x7x8xf32>
  %5 = tenon.resize nearest %4 {scales = array<f32: 1.0, 1.0, 2.0, 3.0>} : (tensor<1x4x7x8xf32>) -> tensor<1x4x14x24xf32>
  return %5 : tensor<1x4x14x24xf32>
}

// A reduction that drops some spatial dimensions leaves a smaller transpose.
// CHECK-LABEL: func.func @reduce_height(
// CHECK: tenon.reduce max {{.*}} {axes = array<i64: 1>} : (tensor<1x4x3x2xf32>) -> tensor<1x3x2xf32>
// CHECK-NEXT: tenon.transpose {{.*}} {perm = array<i64: 0, 2, 1>} : (tensor<1x3x2xf32>) -> tensor<1x2x3xf32>
func.func @reduce_height(%x: tensor<1x2x8x6xf32>) -> tensor<1x2x3xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x8x6xf32>) -> tensor<1x2x4x3xf32>
  %1 = tenon.reduce max %0 {axes = array<i64: 2>} : (tensor<1x2x4x3xf32>) -> tensor<1x2x3xf32>
  return %1 : tensor<1x2x3xf32>
}

// A value of another layout stays as it is, and so does the sum with it.
// CHECK-LABEL: func.func @other_operand(
// CHECK: %[[P:.*]] = tenon.max_pool
// CHECK-NEXT: %[[T:.*]] = tenon.transpose %[[P]]
// CHECK-NEXT: tenon.add %[[T]], %arg1
func.func @other_operand(%x: tensor<1x2x8x6xf32>, %y: tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x8x6xf32>) -> tensor<1x2x4x3xf32>
  %1 = tenon.add %0, %y : (tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  return %1 : tensor<1x2x4x3xf32>
}

// CHECK-LABEL: func.func @symbolic(
// CHECK: tenon.max_pool {{.*}} -> tensor<?x4x3x2xf32, #tenon.dims<[batch, 4, 3, 2]>>
func.func @symbolic(%x: tensor<?x2x8x6xf32, #tenon.dims<[batch, 2, 8, 6]>>) -> tensor<?x2x4x3xf32, #tenon.dims<[batch, 2, 4, 3]>> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<?x2x8x6xf32, #tenon.dims<[batch, 2, 8, 6]>>) -> tensor<?x2x4x3xf32, #tenon.dims<[batch, 2, 4, 3]>>
  return %0 : tensor<?x2x4x3xf32, #tenon.dims<[batch, 2, 4, 3]>>
}

// CHECK-LABEL: func.func @transposed_convolution(
// CHECK: tenon.transpose %arg1 {perm = array<i64: 2, 3, 0, 1>} : (tensor<3x4x2x2xf32>) -> tensor<2x2x3x4xf32>
func.func @transposed_convolution(%x: tensor<1x3x4x5xf32>, %w: tensor<3x4x2x2xf32>) -> tensor<1x4x8x10xf32> {
  %0 = tenon.conv_transpose %x, %w {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, output_padding = array<i64: 0, 0>} : (tensor<1x3x4x5xf32>, tensor<3x4x2x2xf32>) -> tensor<1x4x8x10xf32>
  return %0 : tensor<1x4x8x10xf32>
}

// Channels that are taken apart are taken apart in place, and the transposes meet.
// CHECK-LABEL: func.func @split_channels(
// CHECK: %[[P:.*]] = tenon.max_pool
// CHECK-NEXT: %[[R:.*]] = tenon.reshape %[[P]] : (tensor<1x4x3x10xf32>) -> tensor<1x4x3x2x5xf32>
// CHECK-NEXT: %[[T:.*]] = tenon.transpose %[[R]] {perm = array<i64: 0, 3, 1, 2, 4>}
// CHECK-NEXT: return %[[T]]
func.func @split_channels(%x: tensor<1x10x8x6xf32>) -> tensor<1x2x4x3x5xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x10x8x6xf32>) -> tensor<1x10x4x3xf32>
  %1 = tenon.reshape %0 : (tensor<1x10x4x3xf32>) -> tensor<1x2x5x4x3xf32>
  %2 = tenon.transpose %1 {perm = array<i64: 0, 1, 3, 4, 2>} : (tensor<1x2x5x4x3xf32>) -> tensor<1x2x4x3x5xf32>
  return %2 : tensor<1x2x4x3x5xf32>
}

// Channels and pixels that become one dimension need the data in that order.
// CHECK-LABEL: func.func @flatten(
// CHECK: %[[T:.*]] = tenon.transpose {{.*}} {perm = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT: tenon.reshape %[[T]] : (tensor<1x10x4x3xf32>) -> tensor<1x120xf32>
func.func @flatten(%x: tensor<1x10x8x6xf32>) -> tensor<1x120xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x10x8x6xf32>) -> tensor<1x10x4x3xf32>
  %1 = tenon.reshape %0 : (tensor<1x10x4x3xf32>) -> tensor<1x120xf32>
  return %1 : tensor<1x120xf32>
}

// A bias whose transpose is a constant does not pull a value of one long dimension back: the pass comes to rest.
// CHECK-LABEL: func.func @one_position
// CHECK: tenon.conv {{.*}}channels_last
// CHECK: tenon.add
func.func @one_position(%x: tensor<1x4x1xf32>) -> tensor<1x4x1xf32> {
  %w = tenon.constant dense<0.5> : tensor<4x4x3xf32>
  %b = tenon.constant dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %0 = tenon.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 1>}
     : (tensor<1x4x1xf32>, tensor<4x4x3xf32>) -> tensor<1x4x1xf32>
  %1 = tenon.add %0, %b : (tensor<1x4x1xf32>, tensor<4x1xf32>) -> tensor<1x4x1xf32>
  return %1 : tensor<1x4x1xf32>
}

// Single channels with long rows, nothing that mixes channels, and norms over all of an image stay as they are.
// CHECK-LABEL: func.func @long_rows(
// CHECK-NOT: tenon.transpose
// CHECK: tenon.conv
// CHECK: tenon.instance_norm
// CHECK: tenon.max_pool
// CHECK-NOT: tenon.transpose
// CHECK: return
func.func @long_rows(%x: tensor<1x3x8x64xf32>, %w: tensor<3x1x3x3xf32>, %s: tensor<3xf32>) -> tensor<1x3x4x32xf32> {
  %0 = tenon.conv %x, %w {group = 3 : i64, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x8x64xf32>, tensor<3x1x3x3xf32>) -> tensor<1x3x8x64xf32>
  %1 = tenon.instance_norm %0, %s, %s {epsilon = 1.0e-05 : f32} : (tensor<1x3x8x64xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x3x8x64xf32>
  %2 = tenon.max_pool %1 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x64xf32>) -> tensor<1x3x4x32xf32>
  return %2 : tensor<1x3x4x32xf32>
}

// One op that mixes channels turns all that hangs together with it; what is on the far side of a reshape is apart.
// CHECK-LABEL: func.func @mixed(
// CHECK: tenon.max_pool {{.*}} -> tensor<1x8x64x3xf32>
// CHECK: tenon.conv {{.*}} -> tensor<1x8x64x4xf32>
// CHECK: tenon.reshape
// CHECK: tenon.max_pool {{.*}} -> tensor<1x16x4x32xf32>
func.func @mixed(%x: tensor<1x3x16x128xf32>, %w: tensor<4x3x1x1xf32>) -> tensor<1x16x4x32xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x16x128xf32>) -> tensor<1x3x8x64xf32>
  %1 = tenon.relu %0 : (tensor<1x3x8x64xf32>) -> tensor<1x3x8x64xf32>
  %2 = tenon.conv %1, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x64xf32>, tensor<4x3x1x1xf32>) -> tensor<1x4x8x64xf32>
  %3 = tenon.reshape %2 : (tensor<1x4x8x64xf32>) -> tensor<1x16x4x32xf32>
  %4 = tenon.max_pool %3 {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x16x4x32xf32>) -> tensor<1x16x4x32xf32>
  return %4 : tensor<1x16x4x32xf32>
}

// Channels that come last stay last.
// CHECK-LABEL: func.func @comes_last(
// CHECK: tenon.max_pool {{.*}} -> tensor<1x4x32x3xf32>
func.func @comes_last(%x: tensor<1x8x64x3xf32>) -> tensor<1x3x4x32xf32> {
  %0 = tenon.transpose %x {perm = array<i64: 0, 3, 1, 2>} : (tensor<1x8x64x3xf32>) -> tensor<1x3x8x64xf32>
  %1 = tenon.max_pool %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x64xf32>) -> tensor<1x3x4x32xf32>
  return %1 : tensor<1x3x4x32xf32>
}

// CHECK-LABEL: func.func @wanted_last(
// CHECK: tenon.max_pool {{.*}} -> tensor<1x4x32x3xf32>
// CHECK-NEXT: tenon.relu
// CHECK-NEXT: return
func.func @wanted_last(%x: tensor<1x3x8x64xf32>) -> tensor<1x4x32x3xf32> {
  %0 = tenon.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x64xf32>) -> tensor<1x3x4x32xf32>
  %1 = tenon.relu %0 : (tensor<1x3x4x32xf32>) -> tensor<1x3x4x32xf32>
  %2 = tenon.transpose %1 {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x4x32xf32>) -> tensor<1x4x32x3xf32>
  return %2 : tensor<1x4x32x3xf32>
}
