// Values get places in one arena: views for reshapes, operands of a concat inside its result, memory used again.
// RUN: tenon-opt %s --split-input-file --tenon-plan-memory | FileCheck %s

func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (4)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}

// A chain of four needs two places between input and output: 512 bytes.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (512)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]], tenon.workspace_lower_bound = #[[BYTES]],
// CHECK-SAME: tenon.workspace_ratio = 1.0
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
// CHECK-DAG: #[[NONE:.*]] = affine_map<() -> (0)>
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

// -----

func.func private @k_loops(%x: memref<64xf32> {llvm.noalias}, %w: memref<64xf32> {llvm.noalias},
    %y: memref<64xf32> {llvm.noalias, tenon.may_overwrite = array<i64: 0>}, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (4)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}

// A chain in place: the input is the caller's and stays as it is, the result is the caller's too; between them one
// buffer is enough. What shares memory is not promised to lie apart.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (256)>
// CHECK: func.func private @k_loops(%{{.*}}: memref<64xf32>, %{{.*}}: memref<64xf32> {llvm.noalias}, %{{.*}}: memref<64xf32>, %
// CHECK-LABEL: func.func @run
// CHECK-SAME: %[[IN:[a-z0-9]+]]: memref<?xi8>, %[[W:[a-z0-9]+]]: memref<?xi8>, %[[OUT:[a-z0-9]+]]: memref<?xi8>, %{{.*}}: memref<?xi8>, %[[SPACE:[a-z0-9]+]]: memref<?xi8>)
// CHECK-SAME: tenon.workspace = #[[BYTES]],
// CHECK: %[[X:.*]] = memref.view %[[IN]]
// CHECK: %[[A:.*]] = memref.view %[[SPACE]]
// CHECK: tenon.launch @k_loops(%[[X]], %{{.*}}, %[[A]])
// CHECK: %[[B:.*]] = memref.view %[[SPACE]]
// CHECK: %[[C:.*]] = memref.view %[[SPACE]]
// CHECK: tenon.launch @k_loops(%[[B]], %{{.*}}, %[[C]])
// CHECK: %[[D:.*]] = memref.view %[[SPACE]]
// CHECK: %[[Y:.*]] = memref.view %[[OUT]]
// CHECK: tenon.launch @k_loops(%[[D]], %{{.*}}, %[[Y]])
// CHECK-NOT: may_overwrite
func.func @main(%x: tensor<64xf32>, %w: tensor<64xf32>) -> tensor<64xf32> {
  %0 = call @k(%x, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %1 = call @k(%0, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %2 = call @k(%1, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  return %2 : tensor<64xf32>
}

// -----

func.func private @k_loops(%x: memref<64xf32> {llvm.noalias}, %w: memref<64xf32> {llvm.noalias},
    %y: memref<64xf32> {llvm.noalias, tenon.may_overwrite = array<i64: 0>}, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (4)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}

// Not in place: %0 is read again by the last call, %1 is both operands of one, %2 a part of a concat. Three at once.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (768)>
// CHECK: func.func private @k_loops(%{{.*}}: memref<64xf32> {llvm.noalias}, %{{.*}}: memref<64xf32> {llvm.noalias}, %{{.*}}: memref<64xf32> {llvm.noalias}
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]],
func.func @main(%x: tensor<64xf32>, %w: tensor<64xf32>) -> tensor<128xf32> {
  %0 = call @k(%x, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %1 = call @k(%0, %w) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %2 = call @k(%1, %1) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %3 = call @k(%2, %0) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %4 = call @k(%w, %2) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %5 = tenon.concat %3, %4 {axis = 0 : i64} : (tensor<64xf32>, tensor<64xf32>) -> tensor<128xf32>
  return %5 : tensor<128xf32>
}

// -----

func.func private @up_loops(%x: memref<?xf32> {tenon.dims = affine_map<()[s0] -> (s0)>},
    %y: memref<?x64xf32> {tenon.dims = affine_map<()[s0] -> (s0, 64)>}, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["n"]} { return }
func.func private @down_loops(%x: memref<?x64xf32> {tenon.dims = affine_map<()[s0] -> (s0, 64)>},
    %y: memref<?x16xf32> {tenon.dims = affine_map<()[s0] -> (s0, 16)>}, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["n"]} { return }
func.func private @join_loops(%x: memref<?x16xf32> {tenon.dims = affine_map<()[s0] -> (s0, 16)>},
    %z: memref<?x16xf32> {tenon.dims = affine_map<()[s0] -> (s0, 16)>},
    %y: memref<?xf32> {tenon.dims = affine_map<()[s0] -> (s0)>}, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["n"]} { return }
!v = tensor<?xf32, #tenon.dims<[n]>>
!wide = tensor<?x64xf32, #tenon.dims<[n, 64]>>
!slim = tensor<?x16xf32, #tenon.dims<[n, 16]>>
func.func private @up(!v) -> !wide attributes {tenon.emitted = @up_loops}
func.func private @down(!wide) -> !slim attributes {tenon.emitted = @down_loops}
func.func private @join(!slim, !slim) -> !v attributes {tenon.emitted = @join_loops}

// Buffers of different open sizes share memory: one wide and two slim ones are in use at once, 256 n + 2 * 64 n bytes.
// CHECK: #[[BYTES:.*]] = affine_map<()[s0] -> (s0 * 384)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]], tenon.workspace_lower_bound = #[[BYTES]],
// CHECK-SAME: tenon.workspace_ratio = 1.0
func.func @main(%x: !v) -> !v {
  %0 = call @up(%x) : (!v) -> !wide
  %1 = call @down(%0) : (!wide) -> !slim
  %2 = call @up(%x) : (!v) -> !wide
  %3 = call @down(%2) : (!wide) -> !slim
  %4 = call @join(%1, %3) : (!slim, !slim) -> !v
  return %4 : !v
}

// -----

func.func private @grow_loops(%x: memref<?xf32> {tenon.dims = affine_map<()[s0, s1] -> (s0)>},
    %y: memref<?x16xf32> {tenon.dims = affine_map<()[s0, s1] -> (s1, 16)>}, %m: index, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0, s1] -> (s0)>, tenon.symbols = ["m", "n"]} { return }
func.func private @keep_loops(%x: memref<?x16xf32> {tenon.dims = affine_map<()[s0] -> (s0, 16)>},
    %y: memref<?xf32> {tenon.dims = affine_map<()[s0] -> (s0)>}, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["n"]} { return }
!m = tensor<?xf32, #tenon.dims<[m]>>
!n = tensor<?xf32, #tenon.dims<[n]>>
!bm = tensor<?x16xf32, #tenon.dims<[m, 16]>>
!bn = tensor<?x16xf32, #tenon.dims<[n, 16]>>
func.func private @m_to_n(!m) -> !bn attributes {tenon.emitted = @grow_loops}
func.func private @n_to_n(!bn) -> !n attributes {tenon.emitted = @keep_loops}

// Which of two sizes is the greater one is only known at run time: so is the size of the memory they share.
// CHECK: #[[BYTES:.*]] = affine_map<()[s0, s1] -> (s{{[01]}} * 64, s{{[01]}} * 64)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]],
func.func @main(%x: !m, %y: !n) -> (!n, !m) {
  %0 = call @m_to_n(%x) : (!m) -> !bn
  %1 = call @n_to_n(%0) : (!bn) -> !n
  %2 = call @n_to_m(%y) : (!n) -> !bm
  %3 = call @m_to_m(%2) : (!bm) -> !m
  return %1, %3 : !n, !m
}
func.func private @n_to_m(!n) -> !bm attributes {tenon.emitted = @back_loops}
func.func private @m_to_m(!bm) -> !m attributes {tenon.emitted = @keep_m_loops}
func.func private @back_loops(%x: memref<?xf32> {tenon.dims = affine_map<()[s0, s1] -> (s1)>},
    %y: memref<?x16xf32> {tenon.dims = affine_map<()[s0, s1] -> (s0, 16)>}, %m: index, %n: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0, s1] -> (s0)>, tenon.symbols = ["m", "n"]} { return }
func.func private @keep_m_loops(%x: memref<?x16xf32> {tenon.dims = affine_map<()[s0] -> (s0, 16)>},
    %y: memref<?xf32> {tenon.dims = affine_map<()[s0] -> (s0)>}, %m: index, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<()[s0] -> (s0)>, tenon.symbols = ["m"]} { return }

// -----

func.func private @short_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.cycles = 1.9e4, tenon.range = affine_map<() -> (4)>, tenon.symbols = []} { return }
func.func private @long_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.cycles = 2.1e4, tenon.range = affine_map<() -> (4)>, tenon.symbols = []} { return }
func.func private @short(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @short_loops}
func.func private @long(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @long_loops}

// Work that is done in little more than it takes to wake threads for it stays on one.
// CHECK-LABEL: func.func @run
// CHECK: tenon.launch @short_loops({{.*}}) range({{.*}}) serial
// CHECK: tenon.launch @long_loops({{.*}}) range(%{{[a-z0-9_]+}}) :
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  %0 = call @short(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %1 = call @long(%0) : (tensor<64xf32>) -> tensor<64xf32>
  return %1 : tensor<64xf32>
}

// -----

func.func private @k_loops(%x: memref<2x4xf32>, %y: memref<2x4xf32, strided<[12, 1]>>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>, tenon.symbols = []} { return }
func.func private @k(tensor<2x4xf32>) -> tensor<2x4xf32> attributes {tenon.emitted = @k_loops}

// A concat inside another: its operands have the strides of the outermost, each 16 bytes behind the one before.
// CHECK: #[[NONE:.*]] = affine_map<() -> (0)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[NONE]],
// CHECK: memref.view %arg1[%c0{{.*}}]
// CHECK: memref.reinterpret_cast {{.*}} strides: [12, 1]
// CHECK: memref.view %arg1[%c16{{.*}}]
// CHECK: memref.view %arg1[%c32{{.*}}]
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x3x4xf32> {
  %0 = call @k(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = call @k(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = call @k(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = tenon.reshape %0 : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  %4 = tenon.reshape %1 : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  %5 = tenon.reshape %2 : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  %6 = tenon.concat %4, %5 {axis = 1 : i64} : (tensor<2x1x4xf32>, tensor<2x1x4xf32>) -> tensor<2x2x4xf32>
  %7 = tenon.concat %3, %6 {axis = 1 : i64} : (tensor<2x1x4xf32>, tensor<2x2x4xf32>) -> tensor<2x3x4xf32>
  return %7 : tensor<2x3x4xf32>
}

// -----

func.func private @a_loops(%x: memref<64xf32>, %y: memref<128xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>, tenon.symbols = []} { return }
func.func private @b_loops(%x: memref<128xf32>, %y: memref<128xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>, tenon.symbols = []} { return }
func.func private @c_loops(%x: memref<128xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>, tenon.symbols = []} { return }
func.func private @a(tensor<64xf32>) -> tensor<128xf32> attributes {tenon.emitted = @a_loops}
func.func private @b(tensor<128xf32>) -> tensor<128xf32> attributes {tenon.emitted = @b_loops}
func.func private @c(tensor<128xf32>) -> tensor<64xf32> attributes {tenon.emitted = @c_loops}

// The small value in the middle is placed first, or the large ones around it leave it no room: below both, 1280 bytes.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (1024)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]], tenon.workspace_lower_bound = #[[BYTES]],
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  %0 = call @a(%x) : (tensor<64xf32>) -> tensor<128xf32>
  %1 = call @b(%0) : (tensor<128xf32>) -> tensor<128xf32>
  %2 = call @c(%1) : (tensor<128xf32>) -> tensor<64xf32>
  %3 = call @a(%2) : (tensor<64xf32>) -> tensor<128xf32>
  %4 = call @b(%3) : (tensor<128xf32>) -> tensor<128xf32>
  %5 = call @c(%4) : (tensor<128xf32>) -> tensor<64xf32>
  return %5 : tensor<64xf32>
}
