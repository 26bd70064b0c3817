// The transforms around a convolution: with the filter of a single 1 in its middle, each result is the input at its
// place. G g G' of that filter is the product of the middle columns of G.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// Tiles of 2x2; a last row and column beyond the image are cut.
// CHECK-LABEL: @tiles_of_two
// CHECK{LITERAL}: dense<[[[[1.000000e+00], [2.000000e+00], [3.000000e+00]], [[4.000000e+00], [5.000000e+00], [6.000000e+00]], [[7.000000e+00], [8.000000e+00], [9.000000e+00]]]]>
func.func @tiles_of_two() -> tensor<1x3x3x1xf32> {
  %x = tenon.constant dense<[[[[1.], [2.], [3.]], [[4.], [5.], [6.]], [[7.], [8.], [9.]]]]> : tensor<1x3x3x1xf32>
  %g = tenon.constant dense<[0., 0.5, -0.5, 0.]> : tensor<4xf32>
  %u = tenon.einsum "i,j->ij" %g, %g : (tensor<4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  %v = tenon.winograd_input %x {tile = 2 : i64, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x3x3x1xf32>) -> tensor<1x2x2x4x4x1xf32>
  %m = tenon.einsum "nyxijc,ij->nyxijc" %v, %u : (tensor<1x2x2x4x4x1xf32>, tensor<4x4xf32>) -> tensor<1x2x2x4x4x1xf32>
  %y = tenon.winograd_output %m {tile = 2 : i64, height = 3 : i64, width = 3 : i64} : (tensor<1x2x2x4x4x1xf32>) -> tensor<1x3x3x1xf32>
  return %y : tensor<1x3x3x1xf32>
}

// B' d B of a single 1 at the place (1, 2) of a tile of 4x4 results: column 1 of B' times column 2.
// CHECK-LABEL: @columns_of_the_matrix
// CHECK{LITERAL}: dense<[[[[[[3.000000e+00], [3.750000e+00], [-7.500000e-01], [1.500000e+00], [1.500000e+00], [2.250000e+00]], [[-2.000000e+00], [-2.500000e+00]
func.func @columns_of_the_matrix() -> tensor<1x1x1x6x6x1xf32> {
  %x = tenon.constant dense<[[[[0.], [0.], [0.]], [[0.], [0.], [1.]]]]> : tensor<1x2x3x1xf32>
  %v = tenon.winograd_input %x {tile = 4 : i64, pads = array<i64: 0, 0, 4, 3>} : (tensor<1x2x3x1xf32>) -> tensor<1x1x1x6x6x1xf32>
  return %v : tensor<1x1x1x6x6x1xf32>
}

// A' m A of a single 1 at the point (4, 3): powers of -2 times powers of 1/2, cut to 3x4.
// CHECK-LABEL: @powers_of_the_points
// CHECK{LITERAL}: dense<[[[[1.000000e+00], [5.000000e-01], [2.500000e-01], [1.250000e-01]], [[-2.000000e+00], [-1.000000e+00], [-5.000000e-01], [-2.500000e-01]], [[4.000000e+00], [2.000000e+00], [1.000000e+00], [5.000000e-01]]]]>
func.func @powers_of_the_points() -> tensor<1x3x4x1xf32> {
  %one = tenon.constant dense<1.> : tensor<1x1x1x1x1x1xf32>
  %zero = tenon.constant dense<0.> : tensor<f32>
  %m = tenon.pad constant %one value(%zero) {low = array<i64: 0, 0, 0, 4, 3, 0>, high = array<i64: 0, 0, 0, 1, 2, 0>} : (tensor<1x1x1x1x1x1xf32>, tensor<f32>) -> tensor<1x1x1x6x6x1xf32>
  %y = tenon.winograd_output %m {tile = 4 : i64, height = 3 : i64, width = 4 : i64} : (tensor<1x1x1x6x6x1xf32>) -> tensor<1x3x4x1xf32>
  return %y : tensor<1x3x4x1xf32>
}
