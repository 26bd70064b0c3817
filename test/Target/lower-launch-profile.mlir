// Under tenon.profile, launches go through the caller's tenon_profile if there is one; without it, nothing is asked.
// RUN: tenon-opt --tenon-lower-launch --split-input-file %s | FileCheck %s

module attributes {tenon.model = "watched", tenon.profile} {
  func.func private @k(memref<4xf32>, index, index) attributes {tenon.kernel}

  // CHECK-LABEL: func.func @watched_run(
  // CHECK-SAME: %[[CALL:.*]]: !llvm.ptr)
  func.func @run(%in: memref<4xf32>, %out: memref<4xf32>, %weights: memref<?xi8>, %workspace: memref<?xi8>, %n: index)
      attributes {tenon.program, tenon.inputs = 1 : i64, tenon.outputs = 1 : i64} {
    // CHECK: llvm.getelementptr %[[CALL]][0, 5]
    // CHECK: %[[PARALLEL:.*]] = llvm.load
    // CHECK: llvm.getelementptr %[[CALL]][0, 6]
    // CHECK: %[[PROFILE:.*]] = llvm.load

    // A serial launch gives no threads.
    // CHECK: %[[UNWATCHED:.*]] = llvm.icmp "eq" %[[PROFILE]],
    // CHECK: scf.if %[[UNWATCHED]] {
    // CHECK-NOT: llvm.call
    // CHECK: call @k(
    // CHECK: } else {
    // CHECK: %[[LAUNCH_ADDRESS:.*]] = llvm.getelementptr %[[PROFILE]][0, 1]
    // CHECK: %[[LAUNCH:.*]] = llvm.load %[[LAUNCH_ADDRESS]]
    // CHECK: %[[CONTEXT_ADDRESS:.*]] = llvm.getelementptr %[[PROFILE]][0, 0]
    // CHECK: %[[CONTEXT:.*]] = llvm.load %[[CONTEXT_ADDRESS]]
    // CHECK: %[[NO_THREADS:.*]] = llvm.mlir.zero
    // CHECK: %[[FIRST:.*]] = arith.constant 0 : i32
    // CHECK: llvm.call %[[LAUNCH]](%[[CONTEXT]], %[[NO_THREADS]], %[[FIRST]],
    // CHECK-SAME: (!llvm.ptr, !llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i64) -> ()
    tenon.launch @k(%in) range(%n) serial : memref<4xf32>

    // CHECK: scf.if
    // CHECK: scf.if
    // CHECK: %[[SECOND:.*]] = arith.constant 1 : i32
    // CHECK: llvm.call %{{.*}}(%{{.*}}, %[[PARALLEL]], %[[SECOND]],
    tenon.launch @k(%out) range(%n) : memref<4xf32>
    return
  }
}

// -----

module attributes {tenon.model = "unwatched"} {
  func.func private @k(memref<4xf32>, index, index) attributes {tenon.kernel}

  // CHECK-LABEL: func.func @unwatched_run(
  // CHECK-NOT: [0, 6]
  // CHECK-NOT: scf.if
  // CHECK: call @k(
  func.func @run(%in: memref<4xf32>, %out: memref<4xf32>, %weights: memref<?xi8>, %workspace: memref<?xi8>, %n: index)
      attributes {tenon.program, tenon.inputs = 1 : i64, tenon.outputs = 1 : i64} {
    tenon.launch @k(%in) range(%n) serial : memref<4xf32>
    return
  }
}
