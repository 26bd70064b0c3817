// Ops become kernels: elementwise ops follow what computes their operands, or what reads their results.
// RUN: tenon-opt --tenon-form-kernels %s | FileCheck %s
// RUN: tenon-opt --tenon-form-kernels %s > %t && tenon-opt --tenon-form-kernels %t | diff %t -

// CHECK-LABEL: func.func @epilogue(
// CHECK-COUNT-1: tenon.kernel
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.relu
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
func.func @epilogue(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>, %bias: tensor<6xf32>, %r: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %0 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = tenon.add %0, %bias : (tensor<8x6xf32>, tensor<6xf32>) -> tensor<8x6xf32>
  %2 = tenon.relu %1 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  %3 = tenon.add %2, %r : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %3 : tensor<8x6xf32>
}

// A value read twice on the way does not end the kernel, if both readers are in it.
// CHECK-LABEL: func.func @swish_epilogue(
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.sigmoid
// CHECK-NEXT: tenon.mul
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
func.func @swish_epilogue(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>) -> tensor<8x6xf32> {
  %0 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = tenon.sigmoid %0 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  %2 = tenon.mul %0, %1 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %2 : tensor<8x6xf32>
}

// CHECK-LABEL: func.func @two_uses_end_the_epilogue(
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.yield
// CHECK: tenon.exp
// CHECK-NEXT: tenon.yield
func.func @two_uses_end_the_epilogue(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>) -> (tensor<8x6xf32>, tensor<8x6xf32>) {
  %0 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = tenon.exp %0 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  return %0, %1 : tensor<8x6xf32>, tensor<8x6xf32>
}

// The residual sum of two matrix products goes to the later one.
// CHECK-LABEL: func.func @one_anchor(
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.yield
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.yield
func.func @one_anchor(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>) -> tensor<8x6xf32> {
  %0 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %1 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  %2 = tenon.add %0, %1 : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  return %2 : tensor<8x6xf32>
}

// An operand of a contraction is read many times, so nothing is computed on the way to it.
// CHECK-LABEL: func.func @no_contraction_prologue(
// CHECK: tenon.exp
// CHECK-NEXT: tenon.yield
// CHECK: tenon.matmul
func.func @no_contraction_prologue(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>) -> tensor<8x6xf32> {
  %0 = tenon.exp %a : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %1 = tenon.matmul %0, %b : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
  return %1 : tensor<8x6xf32>
}

// CHECK-LABEL: func.func @reduction_between_elementwise(
// CHECK: tenon.mul
// CHECK-NEXT: tenon.softmax
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
func.func @reduction_between_elementwise(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tenon.mul %x, %y : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.softmax %0 {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.add %1, %y : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @window_has_no_prologue(
// CHECK: tenon.relu
// CHECK-NEXT: tenon.yield
// CHECK: tenon.max_pool
func.func @window_has_no_prologue(%x: tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32> {
  %0 = tenon.relu %x : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32>
  %1 = tenon.max_pool %0 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x4x4xf32>
  return %1 : tensor<1x3x4x4xf32>
}

// CHECK-LABEL: func.func @cheap_value_cloned(
// CHECK: tenon.relu
// CHECK-NEXT: tenon.softmax
// CHECK: tenon.relu
// CHECK-NEXT: tenon.reduce
// CHECK-NOT: tenon.kernel
func.func @cheap_value_cloned(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %0 = tenon.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.softmax %0 {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.reduce sum %0 {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4xf32>
  return %1, %2 : tensor<4x8xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @sum_used_again(
// CHECK: %[[K:.*]]:2 = tenon.kernel
// CHECK: %[[SUM:.*]] = tenon.add
// CHECK-NEXT: %[[NORM:.*]] = tenon.layer_norm %[[SUM]]
// CHECK-NEXT: tenon.yield %[[SUM]], %[[NORM]]
// CHECK: tenon.kernel(%[[K]]#1
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.add
func.func @sum_used_again(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %0 = tenon.add %x, %y : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.layer_norm %0 {axis = 1 : i64, epsilon = 1.0e-05 : f32} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.matmul %1, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  %3 = tenon.add %2, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// A second result would make the two kernels wait for each other: exp needs the matmul, which needs the sum.
// CHECK-LABEL: func.func @second_result_would_cycle(
// CHECK: tenon.add
// CHECK-NEXT: tenon.yield
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.mul
// CHECK-NEXT: tenon.yield
func.func @second_result_would_cycle(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = tenon.add %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = tenon.matmul %0, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = tenon.mul %1, %0 : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// The second result stands where its readers can see it, before the kernel's own place.
// CHECK-LABEL: func.func @second_result_moves_up(
// CHECK: %[[K:.*]]:2 = tenon.kernel
// CHECK: tenon.kernel(%[[K]]#0
// CHECK: tenon.matmul
// CHECK: return
func.func @second_result_moves_up(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %0 = tenon.add %x, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = tenon.matmul %0, %y : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = tenon.softmax %0 {axis = 1 : i64} : (tensor<8x8xf32>) -> tensor<8x8xf32>
  return %1, %2 : tensor<8x8xf32>, tensor<8x8xf32>
}

// CHECK-LABEL: func.func @relayout_takes_what_follows(
// CHECK: tenon.transpose
// CHECK-NEXT: tenon.exp
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
func.func @relayout_takes_what_follows(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  %0 = tenon.transpose %x {perm = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %1 = tenon.exp %0 : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @large_transpose_alone(
// CHECK: tenon.transpose
// CHECK-NEXT: tenon.yield
// CHECK: tenon.exp
func.func @large_transpose_alone(%x: tensor<128x64xf32>) -> tensor<64x128xf32> {
  %0 = tenon.transpose %x {perm = array<i64: 1, 0>} : (tensor<128x64xf32>) -> tensor<64x128xf32>
  %1 = tenon.exp %0 : (tensor<64x128xf32>) -> tensor<64x128xf32>
  return %1 : tensor<64x128xf32>
}

// What a lookup reads is an input of its kernel.
// CHECK-LABEL: func.func @lookup(
// CHECK: tenon.relu
// CHECK-NEXT: tenon.yield
// CHECK: tenon.gather
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.yield
func.func @lookup(%x: tensor<4x8xf32>, %i: tensor<3xi64>, %y: tensor<3x8xf32>) -> tensor<3x8xf32> {
  %0 = tenon.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.gather %0, %i {axis = 0 : i64} : (tensor<4x8xf32>, tensor<3xi64>) -> tensor<3x8xf32>
  %2 = tenon.add %1, %y : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  return %2 : tensor<3x8xf32>
}

// CHECK-LABEL: func.func @unstructured_alone(
// CHECK: tenon.kernel
// CHECK: tenon.relu
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel
// CHECK: tenon.cumsum
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel
// CHECK: tenon.exp
func.func @unstructured_alone(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = tenon.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tenon.cumsum %0 {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tenon.exp %1 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// Branches become one kernel; what they take from outside is its input.
// CHECK-LABEL: func.func @branch(
// CHECK: tenon.kernel(%arg0, %arg1, %arg2
// CHECK: tenon.if
// CHECK-NOT: tenon.kernel
func.func @branch(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tenon.if %c : (tensor<i1>) -> tensor<4xf32> {
    tenon.yield %x : tensor<4xf32>
  } else {
    tenon.yield %y : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @constants(
// CHECK: %[[W:.*]] = tenon.constant dense<[1.0
// CHECK-NOT: tenon.constant
// CHECK: tenon.kernel(%arg0, %[[W]] :
// CHECK: tenon.constant dense<2.0
// CHECK: tenon.mul
func.func @constants(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = tenon.constant dense<2.0> : tensor<f32>
  %0 = tenon.mul %x, %s : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  %1 = tenon.add %0, %w : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @outside(
// CHECK-NEXT: tenon.reshape
// CHECK-NEXT: tenon.concat
// CHECK-NEXT: return
func.func @outside(%x: tensor<2x2xf32>, %y: tensor<4xf32>) -> tensor<8xf32> {
  %0 = tenon.reshape %x : (tensor<2x2xf32>) -> tensor<4xf32>
  %1 = tenon.concat %0, %y {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// Equal symbolic sizes are equal shapes.
// CHECK-LABEL: func.func @symbolic(
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.relu
// CHECK-NEXT: tenon.yield
func.func @symbolic(%a: tensor<?x4xf32, #tenon.dims<[batch, 4]>>, %b: tensor<4x6xf32>) -> tensor<?x6xf32, #tenon.dims<[batch, 6]>> {
  %0 = tenon.matmul %a, %b : (tensor<?x4xf32, #tenon.dims<[batch, 4]>>, tensor<4x6xf32>) -> tensor<?x6xf32, #tenon.dims<[batch, 6]>>
  %1 = tenon.relu %0 : (tensor<?x6xf32, #tenon.dims<[batch, 6]>>) -> tensor<?x6xf32, #tenon.dims<[batch, 6]>>
  return %1 : tensor<?x6xf32, #tenon.dims<[batch, 6]>>
}

// A product reads the rows where they come from, and stores its own where they are wanted.
// CHECK-LABEL: func.func @rows_of_a_product(
// CHECK-COUNT-1: tenon.kernel
// CHECK: tenon.slice
// CHECK-NEXT: tenon.transpose
// CHECK-NEXT: tenon.matmul
// CHECK-NEXT: tenon.relu
// CHECK-NEXT: tenon.transpose
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
func.func @rows_of_a_product(%x: tensor<5x6x8xf32>, %b: tensor<3x8x4xf32>) -> tensor<5x3x4xf32> {
  %0 = tenon.slice %x {starts = array<i64: 0, 2, 0>, steps = array<i64: 1, 1, 1>} : (tensor<5x6x8xf32>) -> tensor<5x3x8xf32>
  %1 = tenon.transpose %0 {perm = array<i64: 1, 0, 2>} : (tensor<5x3x8xf32>) -> tensor<3x5x8xf32>
  %2 = tenon.matmul %1, %b : (tensor<3x5x8xf32>, tensor<3x8x4xf32>) -> tensor<3x5x4xf32>
  %3 = tenon.relu %2 : (tensor<3x5x4xf32>) -> tensor<3x5x4xf32>
  %4 = tenon.transpose %3 {perm = array<i64: 1, 0, 2>} : (tensor<3x5x4xf32>) -> tensor<5x3x4xf32>
  return %4 : tensor<5x3x4xf32>
}

// Elements that leave their rows are moved first.
// CHECK-LABEL: func.func @columns_of_a_product(
// CHECK: tenon.transpose
// CHECK-NEXT: tenon.yield
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.yield
func.func @columns_of_a_product(%x: tensor<3x8x5xf32>, %b: tensor<3x8x4xf32>) -> tensor<3x5x4xf32> {
  %0 = tenon.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<3x8x5xf32>) -> tensor<3x5x8xf32>
  %1 = tenon.matmul %0, %b : (tensor<3x5x8xf32>, tensor<3x8x4xf32>) -> tensor<3x5x4xf32>
  return %1 : tensor<3x5x4xf32>
}

// CHECK-LABEL: func.func @rows_needed_elsewhere(
// CHECK: tenon.transpose
// CHECK-NEXT: tenon.yield
// CHECK: tenon.matmul
// CHECK-NEXT: tenon.yield
func.func @rows_needed_elsewhere(%x: tensor<5x3x8xf32>, %b: tensor<3x8x4xf32>) -> (tensor<3x5x4xf32>, tensor<3x5x8xf32>) {
  %0 = tenon.transpose %x {perm = array<i64: 1, 0, 2>} : (tensor<5x3x8xf32>) -> tensor<3x5x8xf32>
  %1 = tenon.matmul %0, %b : (tensor<3x5x8xf32>, tensor<3x8x4xf32>) -> tensor<3x5x4xf32>
  return %1, %0 : tensor<3x5x4xf32>, tensor<3x5x8xf32>
}

// Elementwise ops read parts of rows where they lie.
// CHECK-LABEL: func.func @parts_of_rows(
// CHECK-COUNT-1: tenon.kernel
// CHECK-COUNT-2: tenon.slice
// CHECK-NEXT: tenon.sigmoid
// CHECK-NEXT: tenon.mul
// CHECK-NEXT: tenon.mul
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
func.func @parts_of_rows(%x: tensor<5x8xf32>) -> tensor<5x4xf32> {
  %0 = tenon.slice %x {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>} : (tensor<5x8xf32>) -> tensor<5x4xf32>
  %1 = tenon.slice %x {starts = array<i64: 0, 4>, steps = array<i64: 1, 1>} : (tensor<5x8xf32>) -> tensor<5x4xf32>
  %2 = tenon.sigmoid %0 : (tensor<5x4xf32>) -> tensor<5x4xf32>
  %3 = tenon.mul %0, %2 : (tensor<5x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
  %4 = tenon.mul %3, %1 : (tensor<5x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
  return %4 : tensor<5x4xf32>
}

// A convolution reads the few channels of an image where they lie; many are moved first, to fill vectors.
// CHECK-LABEL: func.func @channels_of_an_image(
// CHECK-COUNT-1: tenon.kernel
// CHECK: tenon.transpose
// CHECK: tenon.conv
// CHECK-NOT: tenon.kernel
func.func @channels_of_an_image(%x: tensor<1x3x8x8xf32>, %w: tensor<3x3x3x16xf32>) -> tensor<1x6x6x16xf32> {
  %t = tenon.transpose %x {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x8x8x3xf32>
  %y = tenon.conv %t, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, layout = #tenon<layout channels_last>}
    : (tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>) -> tensor<1x6x6x16xf32>
  return %y : tensor<1x6x6x16xf32>
}

// CHECK-LABEL: func.func @many_channels(
// CHECK-COUNT-2: tenon.kernel
func.func @many_channels(%x: tensor<1x32x8x8xf32>, %w: tensor<3x3x32x16xf32>) -> tensor<1x6x6x16xf32> {
  %t = tenon.transpose %x {perm = array<i64: 0, 2, 3, 1>} : (tensor<1x32x8x8xf32>) -> tensor<1x8x8x32xf32>
  %y = tenon.conv %t, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, layout = #tenon<layout channels_last>}
    : (tensor<1x8x8x32xf32>, tensor<3x3x32x16xf32>) -> tensor<1x6x6x16xf32>
  return %y : tensor<1x6x6x16xf32>
}

// Sizes that no input has come from an argument of the function.
// CHECK-LABEL: func.func @sizes_alone(
// CHECK: tenon.kernel(%arg1 : tensor<?x2xf32, #tenon.dims<[n, 2]>>) -> (tensor<1xi64>)
// CHECK: tenon.size_vector <[n + 1]>
func.func @sizes_alone(%x: tensor<4xf32>, %y: tensor<?x2xf32, #tenon.dims<[n, 2]>>) -> tensor<1xi64> {
  %0 = tenon.size_vector <[n + 1]> : tensor<1xi64>
  return %0 : tensor<1xi64>
}
