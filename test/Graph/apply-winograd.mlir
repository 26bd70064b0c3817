// 3x3 convolutions become a product of matrices at each point, where the user allows it and it pays.
// RUN: tenon-opt %s --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{machine=x86-64-v3 largest-tile=4}))' > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: tenon-opt %t.mlir --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{machine=x86-64-v3 largest-tile=4}))' | diff %t.mlir -
// RUN: tenon-opt %s --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{machine=x86-64-v3 largest-tile=2}))' | FileCheck %s --check-prefix=TWO
// RUN: tenon-opt %s --pass-pipeline='builtin.module(func.func(tenon-apply-winograd{machine=x86-64-v3}))' | FileCheck %s --check-prefix=OFF
// RUN: tenon-opt %s --tenon-graph="machine=x86-64-v3 accuracy=moderate" | FileCheck %s --check-prefix=GRAPH

// CHECK-LABEL: @whole_tiles
// CHECK-DAG: %[[G:.*]] = tenon.constant dense<{{\[\[}}1.000000e+00, 0.000000e+00, 0.000000e+00], [-0.333333343, 0.333333343, -0.333333343], {{.*}}> : tensor<6x3xf32>
// CHECK-DAG: %[[V:.*]] = tenon.winograd_input %arg0 {pads = array<i64: 1, 1, 1, 1>, tile = 4 : i64} : (tensor<1x56x56x64xf32>) -> tensor<1x14x14x6x6x64xf32>
// CHECK-DAG: %[[A:.*]] = tenon.reshape %[[V]] : (tensor<1x14x14x6x6x64xf32>) -> tensor<196x36x64xf32>
// CHECK-DAG: %[[W:.*]] = tenon.reshape %{{.*}} : (tensor<3x3x64x32xf32>) -> tensor<3x6144xf32>
// CHECK-DAG: %[[GW:.*]] = tenon.matmul %[[G]], %[[W]] : (tensor<6x3xf32>, tensor<3x6144xf32>) -> tensor<6x6144xf32>
// CHECK-DAG: %[[R:.*]] = tenon.reshape %[[GW]] : (tensor<6x6144xf32>) -> tensor<6x3x2048xf32>
// CHECK-DAG: %[[GWG:.*]] = tenon.matmul %[[G]], %[[R]] : (tensor<6x3xf32>, tensor<6x3x2048xf32>) -> tensor<6x6x2048xf32>
// CHECK-DAG: %[[U:.*]] = tenon.reshape %[[GWG]] : (tensor<6x6x2048xf32>) -> tensor<36x64x32xf32>
// CHECK: %[[P:.*]] = tenon.einsum "pbc,bck->pbk" %[[A]], %[[U]] : (tensor<196x36x64xf32>, tensor<36x64x32xf32>) -> tensor<196x36x32xf32>
// CHECK: %[[M:.*]] = tenon.reshape %[[P]] : (tensor<196x36x32xf32>) -> tensor<1x14x14x6x6x32xf32>
// CHECK: tenon.winograd_output %[[M]] {height = 56 : i64, tile = 4 : i64, width = 56 : i64} : (tensor<1x14x14x6x6x32xf32>) -> tensor<1x56x56x32xf32>
// CHECK-NOT: tenon.conv
// TWO-LABEL: @whole_tiles
// TWO: tenon.winograd_input {{.*}}tile = 2 : i64
// OFF-LABEL: @whole_tiles
// OFF: tenon.conv
// OFF-NOT: winograd
// What follows is part of the output's kernel, and the filter is computed: three kernels.
// GRAPH-LABEL: @whole_tiles
// GRAPH-NOT: tenon.matmul
// GRAPH: tenon.kernel
// GRAPH: tenon.winograd_input
// GRAPH: tenon.kernel
// GRAPH: tenon.einsum
// GRAPH: tenon.kernel
// GRAPH: tenon.winograd_output
// GRAPH: tenon.relu
// GRAPH-NOT: tenon.kernel
// GRAPH: return
func.func @whole_tiles(%x: tensor<1x56x56x64xf32>) -> tensor<1x56x56x32xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x64x32xf32>
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, layout = #tenon<layout channels_last>} : (tensor<1x56x56x64xf32>, tensor<3x3x64x32xf32>) -> tensor<1x56x56x32xf32>
  %r = tenon.relu %y : (tensor<1x56x56x32xf32>) -> tensor<1x56x56x32xf32>
  return %r : tensor<1x56x56x32xf32>
}

// CHECK-LABEL: @ragged
// CHECK: tenon.winograd_input {{.*}}pads = array<i64: 0, 1, 2, 0>, tile = 4 : i64} : (tensor<4x31x14x64xf32>) -> tensor<4x8x4x6x6x64xf32>
// CHECK: tenon.winograd_output {{.*}}{height = 31 : i64, tile = 4 : i64, width = 13 : i64}
func.func @ragged(%x: tensor<4x31x14x64xf32>) -> tensor<4x31x13x64xf32> {
  %w = tenon.constant dense<0.5> : tensor<3x3x64x64xf32>
  %y = tenon.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 1, 2, 0>, layout = #tenon<layout channels_last>} : (tensor<4x31x14x64xf32>, tensor<3x3x64x64xf32>) -> tensor<4x31x13x64xf32>
  return %y : tensor<4x31x13x64xf32>
}
