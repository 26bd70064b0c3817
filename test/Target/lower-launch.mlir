// Kernels take a frame and a range, launches fill one in, programs read a tenon_call.
// RUN: tenon-opt --tenon-lower-launch --split-input-file %s | FileCheck %s

module attributes {tenon.model = "sum"} {
  // CHECK-LABEL: func.func private @static.body(
  // CHECK-SAME: %[[X:.*]]: !llvm.ptr {llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
  // CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
  // CHECK: %[[M:.*]] = builtin.unrealized_conversion_cast %[[X]] : !llvm.ptr to memref<2x3xf32>
  // CHECK: memref.load %[[M]]

  // CHECK-LABEL: func.func @static(
  // CHECK-SAME: %[[FRAME:.*]]: !llvm.ptr, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64) attributes {tenon.kernel}
  // CHECK: %[[SLOT:.*]] = llvm.getelementptr %[[FRAME]][0] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK: %[[POINTER:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[B:.*]] = arith.index_cast %[[BEGIN]] : i64 to index
  // CHECK: %[[E:.*]] = arith.index_cast %[[END]] : i64 to index
  // CHECK: call @static.body(%[[POINTER]], %[[B]], %[[E]])
  func.func private @static(%x: memref<2x3xf32> {llvm.noalias}, %begin: index, %end: index) attributes {tenon.kernel} {
    %v = memref.load %x[%begin, %begin] : memref<2x3xf32>
    memref.store %v, %x[%end, %end] : memref<2x3xf32>
    return
  }

  // The size n + 1 and the stride 5 * (n + 1) are computed from the symbol; the innermost strides are constants.
  // CHECK-LABEL: func.func private @dynamic.body(
  // CHECK-SAME: %[[X:.*]]: !llvm.ptr, %[[N:.*]]: index, %{{.*}}: index, %{{.*}}: index)
  // CHECK: %[[SCALAR:.*]] = builtin.unrealized_conversion_cast %[[X]] : !llvm.ptr to memref<f32>
  // CHECK: %[[SIZE:.*]] = arith.addi %[[N]],
  // CHECK: %[[STRIDE:.*]] = arith.muli
  // CHECK: memref.reinterpret_cast %[[SCALAR]] to offset: [0], sizes: [2, %[[SIZE]], 5], strides: [%[[STRIDE]], 5, 1]

  // CHECK-LABEL: func.func @dynamic(
  // CHECK: %[[SLOT:.*]] = llvm.getelementptr %{{.*}}[1] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK: %[[SYMBOL:.*]] = llvm.load %[[SLOT]] : !llvm.ptr -> i64
  // CHECK: arith.index_cast %[[SYMBOL]] : i64 to index
  func.func private @dynamic(%x: memref<2x?x5xf32> {tenon.dims = affine_map<()[s0] -> (2, s0 + 1, 5)>}, %n: index,
                             %begin: index, %end: index) attributes {tenon.kernel} {
    %v = memref.load %x[%begin, %begin, %begin] : memref<2x?x5xf32>
    memref.store %v, %x[%end, %end, %end] : memref<2x?x5xf32>
    return
  }

  // A declaration has the machine interface too.
  // CHECK: func.func private @elsewhere(!llvm.ptr, i64, i64) attributes {tenon.kernel}
  func.func private @elsewhere(memref<4xf32>, index, index) attributes {tenon.kernel}

  // CHECK-LABEL: func.func @sum_run(
  // CHECK-SAME: %[[CALL:.*]]: !llvm.ptr) -> i32 {
  func.func @run(%in: memref<2x3xf32>, %out: memref<2x?x5xf32> {tenon.dims = affine_map<()[s0] -> (2, s0 + 1, 5)>},
                 %weights: memref<?xi8>, %workspace: memref<?xi8>, %n: index)
      attributes {tenon.program, tenon.inputs = 1 : i64, tenon.outputs = 1 : i64} {
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    // One frame for all launches, and the pool, if any.
    // CHECK: %[[FRAME:.*]] = llvm.alloca %{{.*}} x i64
    // CHECK: llvm.getelementptr %[[CALL]][0, 5]
    // CHECK: %[[PARALLEL:.*]] = llvm.load
    // CHECK: llvm.getelementptr %[[CALL]][0, 0]
    // CHECK: llvm.getelementptr %[[CALL]][0, 1]
    // CHECK: llvm.getelementptr %[[CALL]][0, 4]
    // CHECK: llvm.getelementptr %[[CALL]][0, 2]

    // CHECK: %[[ADDRESS:.*]] = builtin.unrealized_conversion_cast %{{.*}} : memref<2x3xf32> to !llvm.ptr
    // CHECK: llvm.store %[[ADDRESS]],
    // CHECK-NOT: scf.if
    // CHECK: call @static(%[[FRAME]],
    tenon.launch @static(%in) range(%c8) serial : memref<2x3xf32>

    // CHECK: %[[ALONE:.*]] = llvm.icmp "eq" %[[PARALLEL]],
    // CHECK: %[[SHORT:.*]] = arith.cmpi sle,
    // CHECK: %[[DIRECT:.*]] = arith.ori %[[ALONE]], %[[SHORT]]
    // CHECK: scf.if %[[DIRECT]] {
    // CHECK: call @dynamic(%[[FRAME]],
    // CHECK: } else {
    // CHECK: %[[FUNCTION:.*]] = llvm.load
    // CHECK: %[[CONTEXT:.*]] = llvm.load
    // CHECK: %[[KERNEL:.*]] = {{.*}}constant @dynamic
    // CHECK: %[[BODY:.*]] = builtin.unrealized_conversion_cast %[[KERNEL]]
    // CHECK: llvm.call %[[FUNCTION]](%[[CONTEXT]], %[[BODY]], %[[FRAME]], %{{.*}}) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> ()
    tenon.launch @dynamic(%out, %n) range(%n) : memref<2x?x5xf32>, index

    %view = memref.view %workspace[%c8][] : memref<?xi8> to memref<4xf32>
    tenon.launch @elsewhere(%view) range(%n) : memref<4xf32>
    // CHECK: %[[OK:.*]] = arith.constant 0 : i32
    // CHECK: return %[[OK]]
    return
  }
}

// -----

// Rows of a symbolic number may lie apart by a static stride, as in a concat.
// CHECK-LABEL: func.func private @strided_rows.body(
// CHECK: memref.reinterpret_cast {{.*}} strides: [10, 1]
func.func private @strided_rows(%x: memref<?x5xf32, strided<[10, 1]>> {tenon.dims = affine_map<()[s0] -> (s0, 5)>},
    %n: index, %begin: index, %end: index) attributes {tenon.kernel} {
  %c = arith.constant 1.0 : f32
  memref.store %c, %x[%begin, %begin] : memref<?x5xf32, strided<[10, 1]>>
  return
}

// -----

// A kernel may run parts of others, on its own thread.
func.func private @part(memref<4xf32>, index, index) attributes {tenon.kernel}
// CHECK-LABEL: func.func private @whole.body(
// CHECK-SAME: %[[X:.*]]: !llvm.ptr, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK: %[[FRAME:.*]] = llvm.alloca
// CHECK: llvm.store %{{.*}}, %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK-DAG: %[[FROM:.*]] = arith.index_cast %[[BEGIN]] : index to i64
// CHECK-DAG: %[[TO:.*]] = arith.index_cast %[[END]] : index to i64
// CHECK: call @part(%[[FRAME]], %[[FROM]], %[[TO]])
func.func private @whole(%x: memref<4xf32>, %begin: index, %end: index) attributes {tenon.kernel} {
  tenon.launch @part(%x) range(%end) from %begin serial : memref<4xf32>
  return
}
