// Calls that take turns become one kernel, whose iterations are the shares: bands, and in each the steps due.
// RUN: tenon-opt %s --split-input-file --tenon-plan-memory --canonicalize | FileCheck %s

func.func private @a_loops(%x: memref<64x16xf32>, %y: memref<64x16xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @a(tensor<64x16xf32>) -> tensor<64x16xf32> attributes {tenon.emitted = @a_loops}
func.func private @b_loops(%x: memref<64x16xf32>, %y: memref<64x16xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (32)>, tenon.symbols = []} { return }
func.func private @b(tensor<64x16xf32>) -> tensor<64x16xf32> attributes {tenon.emitted = @b_loops}

// Two windows of 1024 bytes are all the workspace there is.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (2048)>
// CHECK-LABEL: func.func private @interleaved_0(
// CHECK-SAME: %[[X:.*]]: memref<64x16xf32>, %[[WINDOWS:.*]]: memref<2048xi8>, %[[Y:.*]]: memref<64x16xf32>, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK-SAME: attributes {tenon.interleaved = 2 : i64, tenon.kernel}
// CHECK: scf.for %[[SHARE:.*]] = %[[BEGIN]] to %[[END]]
// CHECK: %[[FIRST:.*]] = arith.divui
// CHECK: %{{.*}} = scf.for %[[BAND:.*]] = %[[FIRST]] to %{{.*}} iter_args(%[[START:.*]] = %c0
// What was written of the window moves to its front at every second band.
// CHECK: arith.remui
// CHECK: %[[LINE:.*]] = arith.divui %{{.*}}, %c64
// CHECK: %[[NEXT:.*]] = arith.muli %[[LINE]], %c64
// CHECK: scf.if
// CHECK: scf.for
// CHECK: vector.load %[[WINDOWS]]
// CHECK: vector.store %{{.*}}, %[[WINDOWS]]
// CHECK: %[[NOW:.*]] = arith.select %{{.*}}, %[[NEXT]], %[[START]]
// CHECK: %[[AT:.*]] = arith.subi %{{.*}}, %[[NOW]]
// CHECK: %[[VIEW:.*]] = memref.view %[[WINDOWS]][%[[AT]]][] : memref<2048xi8> to memref<64x16xf32>
// CHECK: tenon.launch @a_loops(%[[X]], %[[VIEW]]) range(%{{.*}}) from %{{.*}} serial
// CHECK: tenon.launch @b_loops(%{{.*}}, %[[Y]]) range(%{{.*}}) from %{{.*}} serial
// CHECK: scf.yield %[[NOW]]

// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]],
// CHECK: tenon.launch @interleaved_0({{.*}}) range(%c2
// CHECK-NOT: tenon.launch
func.func @main(%x: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %0 = call @a(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 16, shares = 2, ahead = 2, before = 2, behind = 2>,
                    tenon.rolling = [#tenon.rolling<window = 1024, low = 128, high = 128, every = 2>]} : (tensor<64x16xf32>) -> tensor<64x16xf32>
  %1 = call @b(%0) {tenon.interleave = #tenon.interleave<group = 0, step = 2, bands = 16, shares = 2>} : (tensor<64x16xf32>) -> tensor<64x16xf32>
  return %1 : tensor<64x16xf32>
}

// -----

func.func private @a_loops(%x: memref<64x16xf32>, %y: memref<64x16xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @a(tensor<64x16xf32>) -> tensor<64x16xf32> attributes {tenon.emitted = @a_loops}
func.func private @add_loops(%x: memref<64x16xf32>, %y: memref<64x16xf32>, %z: memref<64x16xf32> {tenon.may_overwrite = array<i64: 0>}, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @add(tensor<64x16xf32>, tensor<64x16xf32>) -> tensor<64x16xf32> attributes {tenon.emitted = @add_loops}

// What another call of the group reads meanwhile is not overwritten, and all that the group touches lives through it:
// three places of 4096 bytes.
// CHECK: #[[BYTES:.*]] = affine_map<() -> (12288)>
// CHECK-LABEL: func.func @run
// CHECK-SAME: tenon.workspace = #[[BYTES]],
func.func @main(%x: tensor<64x16xf32>) -> tensor<64x16xf32> {
  %0 = call @a(%x) : (tensor<64x16xf32>) -> tensor<64x16xf32>
  %1 = call @a(%0) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 16>} : (tensor<64x16xf32>) -> tensor<64x16xf32>
  %2 = call @add(%0, %1) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 16>} : (tensor<64x16xf32>, tensor<64x16xf32>) -> tensor<64x16xf32>
  %3 = call @a(%2) : (tensor<64x16xf32>) -> tensor<64x16xf32>
  return %3 : tensor<64x16xf32>
}
