// Conversions between element types.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @float_to_integer_truncates
// CHECK-DAG: dense<[1, -1, 2147483647]> : tensor<3xi32>
// CHECK-DAG: dense<[44, -1, 0]> : tensor<3xi8>
func.func @float_to_integer_truncates() -> (tensor<3xi32>, tensor<3xi8>) {
  %x = tenon.constant dense<[1.9, -1.9, 2147483647.0]> : tensor<3xf64>
  %y = tenon.constant dense<[300.0, -1.5, 0x7FC00000]> : tensor<3xf32>
  %0 = tenon.cast %x to i32 : (tensor<3xf64>) -> tensor<3xi32>
  %1 = tenon.cast %y to i8 : (tensor<3xf32>) -> tensor<3xi8>
  return %0, %1 : tensor<3xi32>, tensor<3xi8>
}

// CHECK-LABEL: @saturate
// CHECK-DAG: dense<[127, -128, 0]> : tensor<3xi8>
// CHECK-DAG: dense<[255, 0]> : tensor<2xui8>
func.func @saturate() -> (tensor<3xi8>, tensor<2xui8>) {
  %x = tenon.constant dense<[300.0, 0xFF800000, 0x7FC00000]> : tensor<3xf32>
  %y = tenon.constant dense<[1000, -5]> : tensor<2xi64>
  %0 = tenon.cast %x to i8 {saturate} : (tensor<3xf32>) -> tensor<3xi8>
  %1 = tenon.cast %y to ui8 {saturate} : (tensor<2xi64>) -> tensor<2xui8>
  return %0, %1 : tensor<3xi8>, tensor<2xui8>
}

// 2^60 + 2^36 + 1 lies just above the middle of two f32; by way of f64 it would become the middle, and round down to 2^60.
// CHECK-LABEL: @integer_to_float_rounds_once
// CHECK: dense<1.15292164E+18>
func.func @integer_to_float_rounds_once() -> tensor<1xf32> {
  %x = tenon.constant dense<1152921573326323713> : tensor<1xi64>
  %0 = tenon.cast %x to f32 : (tensor<1xi64>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// Half precision: the largest number, overflow, a tie to even, subnormals down to half of the smallest, and nan.
// CHECK-LABEL: @float_to_half
// CHECK: dense<[6.550400e+04, 0x7C00, 1.000000e+00, 1.001950e+00, 5.960460e-08, 0.000000e+00, 0x7E00]>
func.func @float_to_half() -> tensor<7xf16> {
  %x = tenon.constant dense<[65519.0, 65520.0, 1.00048828125, 1.00146484375, 4.5e-08, 2.98023223876953125e-08, 0x7FC00000]>
    : tensor<7xf32>
  %0 = tenon.cast %x to f16 : (tensor<7xf32>) -> tensor<7xf16>
  return %0 : tensor<7xf16>
}

// A nan whose payload bf16 can't hold must not become an infinity.
// CHECK-LABEL: @nan_stays_nan
// CHECK: dense<0x7FC0>
func.func @nan_stays_nan() -> tensor<1xbf16> {
  %x = tenon.constant dense<0x7F800001> : tensor<1xf32>
  %0 = tenon.cast %x to bf16 : (tensor<1xf32>) -> tensor<1xbf16>
  return %0 : tensor<1xbf16>
}

// CHECK-LABEL: @bool
// CHECK-DAG: dense<[true, true, false]>
// CHECK-DAG: dense<[1.000000e+00, 0.000000e+00]>
func.func @bool() -> (tensor<3xi1>, tensor<2xf32>) {
  %x = tenon.constant dense<[0.5, 0x7FC00000, -0.0]> : tensor<3xf32>
  %b = tenon.constant dense<[true, false]> : tensor<2xi1>
  %0 = tenon.cast %x to i1 : (tensor<3xf32>) -> tensor<3xi1>
  %1 = tenon.cast %b to f32 : (tensor<2xi1>) -> tensor<2xf32>
  return %0, %1 : tensor<3xi1>, tensor<2xf32>
}
