// Values get places in one arena: views for reshapes, operands of a concat inside its result, memory used again.
// RUN: tenon-opt %s --split-input-file --tenon-plan-memory | FileCheck %s

func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (4)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}

// A chain of four needs two places between input and output: 512 bytes.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (512)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]],
// CHECK-SAME: tenon.workspace_lower_bound = 512
// CHECK-COUNT-4: tenon.launch @k_loops
// CHECK-NOT: func.func private @k(
func.func @main(%x: tensor<64xf32> {tenon.name = "x"}) -> (tensor<64xf32> {tenon.name = "y"}) {
  %0 = call @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %1 = call @k(%0) : (tensor<64xf32>) -> tensor<64xf32>
  %2 = call @k(%1) : (tensor<64xf32>) -> tensor<64xf32>
  %3 = call @k(%2) : (tensor<64xf32>) -> tensor<64xf32>
  return %3 : tensor<64xf32>
}

// -----

func.func private @k_loops(%x: memref<2x8xf32>, %y: memref<2x8xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>, tenon.symbols = []} { return }
func.func private @k(tensor<2x8xf32>) -> tensor<2x8xf32> attributes {tenon.emitted = @k_loops}

// Operands of a concat are computed inside its result, the second one 64 bytes in; the workspace stays empty.
// CHECK: #[[NONE:.*]] = affine_map<() -> (0)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: %[[IN:.*]]: memref<?xi8>, %[[OUT:.*]]: memref<?xi8>, %{{.*}}: memref<?xi8>, %{{.*}}: memref<?xi8>)
// CHECK-SAME: tenon.workspace = #[[NONE]],
// CHECK: memref.view %[[OUT]][%c0{{.*}}]
// CHECK: tenon.launch
// CHECK: memref.view %[[OUT]][%c64{{.*}}]
// CHECK: tenon.launch
func.func @main(%x: tensor<2x8xf32>) -> tensor<4x8xf32> {
  %0 = call @k(%x) : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %1 = call @k(%x) : (tensor<2x8xf32>) -> tensor<2x8xf32>
  %2 = tenon.concat %0, %1 {axis = 0 : i64} : (tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// -----

func.func private @k_loops(%x: memref<?x4xf32> {tenon.dims = affine_map<()[s0] -> (s0, 4)>},
    %y: memref<?x4xf32> {tenon.dims = affine_map<()[s0] -> (s0, 4)>}, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["n"]} { return }
!t = tensor<?x4xf32, #tenon.dims<[n, 4]>>
func.func private @k(!t) -> !t attributes {tenon.emitted = @k_loops}

// The workspace of a dynamic program is an expression of its symbols.
// CHECK: #[[BYTES:.*]] = affine_map<()[s0] -> ((s0 ceildiv 4) * 64)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: %[[N:[a-z0-9]+]]: index) attributes
// CHECK-SAME: tenon.workspace = #[[BYTES]],
// CHECK: tenon.launch @k_loops({{.*}}, %[[N]]) range
func.func @main(%x: !t) -> !t {
  %0 = call @k(%x) : (!t) -> !t
  %1 = call @k(%0) : (!t) -> !t
  return %1 : !t
}

// -----

func.func private @k_loops(%x: memref<8xf32>, %y: memref<8xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>, tenon.symbols = []} { return }
func.func private @k(tensor<8xf32>) -> tensor<8xf32> attributes {tenon.emitted = @k_loops}

// A slice of rows that stand together is a view of them.
// CHECK-LABEL: func.func @run
// CHECK-SAME: %[[IN:[a-z0-9]+]]: memref<?xi8>
// CHECK: %[[ROW:.*]] = memref.view %[[IN]][%c64{{.*}}][] : memref<?xi8> to memref<8xf32>
// CHECK: tenon.launch @k_loops(%[[ROW]],
func.func @main(%x: tensor<4x8xf32>) -> tensor<8xf32> {
  %0 = tenon.slice %x {starts = array<i64: 2, 0>, steps = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %1 = tenon.reshape %0 : (tensor<1x8xf32>) -> tensor<8xf32>
  %2 = call @k(%1) : (tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

func.func private @k_loops(%x: memref<?x2xf32> {tenon.dims = affine_map<()[s0] -> (s0, 2)>},
    %y: memref<?x2xf32, strided<[4, 1]>> {tenon.dims = affine_map<()[s0] -> (s0, 2)>}, %n: index, %begin: index,
    %end: index) attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["n"]} { return }
!t = tensor<?x2xf32, #tenon.dims<[n, 2]>>
!r = tensor<?x4xf32, #tenon.dims<[n, 4]>>
func.func private @k(!t) -> !t attributes {tenon.emitted = @k_loops}

// The first dimension of a concat may be symbolic: strides don't depend on it.
// CHECK-LABEL: func.func @run
// CHECK-COUNT-2: memref.reinterpret_cast {{.*}} to memref<?x2xf32, strided<[4, 1]>>
func.func @main(%x: !t) -> !r {
  %0 = call @k(%x) : (!t) -> !t
  %1 = call @k(%x) : (!t) -> !t
  %2 = tenon.concat %0, %1 {axis = 1 : i64} : (!t, !t) -> !r
  return %2 : !r
}
