// Masked accesses, narrow floats and multiply-adds on machines without instructions for them.
// RUN: tenon-opt --tenon-legalize-vectors %s | FileCheck %s
// RUN: tenon-opt --tenon-legalize-vectors --tenon-legalize-vectors %s | FileCheck %s
// RUN: tenon-opt --tenon-legalize-vectors="masked-element-bits=32 f16-conversion=true bf16-conversion=true fused-multiply-add=true" %s | FileCheck %s --check-prefix=ABLE
// RUN: tenon-opt --tenon-legalize-vectors="masked-element-bits=32 slow-masked-stores=true" %s | FileCheck %s --check-prefix=SLOW

// Three leading lanes of four: a pair and one.
// CHECK-LABEL: func.func @constant_store(
// CHECK-SAME: %[[M:.*]]: memref<8xf32>, %[[I:.*]]: index, %[[V:.*]]: vector<4xf32>)
// CHECK: %[[PAIR:.*]] = vector.extract_strided_slice %[[V]] {offsets = [0], sizes = [2], strides = [1]}
// CHECK: vector.store %[[PAIR]], %[[M]][%[[I]]] : memref<8xf32>, vector<2xf32>
// CHECK: %[[LAST:.*]] = vector.extract %[[V]][2]
// CHECK: %[[AT:.*]] = arith.addi %[[I]], %c2
// CHECK: memref.store %[[LAST]], %[[M]][%[[AT]]]
// CHECK-NOT: vector.maskedstore
// ABLE-LABEL: func.func @constant_store(
// ABLE: vector.maskedstore
// SLOW-LABEL: func.func @constant_store(
// SLOW: vector.store %{{.*}} : memref<8xf32>, vector<2xf32>
// SLOW-NOT: vector.maskedstore
// SLOW: return
func.func @constant_store(%m: memref<8xf32>, %i: index, %v: vector<4xf32>) {
  %mask = vector.constant_mask [3] : vector<4xi1>
  vector.maskedstore %m[%i], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32>
  return
}

// CHECK-LABEL: func.func @constant_load(
// CHECK: %[[PAIR:.*]] = vector.load %{{.*}} : memref<8xf32>, vector<2xf32>
// CHECK: %[[A:.*]] = vector.insert_strided_slice %[[PAIR]], %{{.*}} {offsets = [0], strides = [1]}
// CHECK: %[[LAST:.*]] = memref.load
// CHECK: %[[B:.*]] = vector.insert %[[LAST]], %[[A]] [2]
// CHECK: return %[[B]]
func.func @constant_load(%m: memref<8xf32>, %i: index, %v: vector<4xf32>) -> vector<4xf32> {
  %mask = arith.constant dense<[true, true, true, false]> : vector<4xi1>
  %r = vector.maskedload %m[%i], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  return %r : vector<4xf32>
}

// Nothing is touched under a mask that is off.
// CHECK-LABEL: func.func @empty(
// CHECK-SAME: %[[V:[a-z0-9]*]]: vector<4xf32>)
// CHECK-NOT: load
// CHECK: return %[[V]]
func.func @empty(%m: memref<8xf32>, %i: index, %v: vector<4xf32>) -> vector<4xf32> {
  %mask = vector.constant_mask [0] : vector<4xi1>
  %r = vector.maskedload %m[%i], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  return %r : vector<4xf32>
}

// CHECK-LABEL: func.func @scattered_lanes(
// CHECK-COUNT-2: memref.store
// CHECK-NOT: memref.store
// CHECK: return
func.func @scattered_lanes(%m: memref<8xf32>, %i: index, %v: vector<4xf32>) {
  %mask = arith.constant dense<[true, false, false, true]> : vector<4xi1>
  vector.maskedstore %m[%i], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32>
  return
}

// One test for a whole vector, a test a lane for the rest.
// CHECK-LABEL: func.func @counted(
// CHECK-SAME: %[[N:[a-z0-9]*]]: index)
// CHECK: %[[ALL:.*]] = arith.cmpi sge, %[[N]], %c4
// CHECK: scf.if %[[ALL]] {
// CHECK: vector.store
// CHECK: } else {
// CHECK: arith.cmpi sgt, %[[N]], %c0
// CHECK: scf.if
// CHECK: memref.store
// CHECK: arith.cmpi sgt, %[[N]], %c3
// CHECK: memref.store
// With masks, lane numbers are compared as i32.
// ABLE-LABEL: func.func @counted(
// ABLE: %[[LANES:.*]] = arith.constant dense<[0, 1, 2, 3]> : vector<4xi32>
// ABLE: %[[MASK:.*]] = arith.cmpi slt, %[[LANES]], %{{.*}} : vector<4xi32>
// ABLE: vector.maskedstore %{{.*}}, %[[MASK]]
// A number that isn't known would take branches.
// SLOW-LABEL: func.func @counted(
// SLOW: vector.maskedstore
func.func @counted(%m: memref<8xf32>, %i: index, %v: vector<4xf32>, %n: index) {
  %mask = vector.create_mask %n : vector<4xi1>
  vector.maskedstore %m[%i], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32>
  return
}

// Masks for 32 bits are no help with bytes.
// ABLE-LABEL: func.func @bytes(
// ABLE-NOT: vector.maskedload
// ABLE: scf.if
func.func @bytes(%m: memref<8xi8>, %i: index, %v: vector<2xi8>, %mask: vector<2xi1>) -> vector<2xi8> {
  %r = vector.maskedload %m[%i], %mask, %v : memref<8xi8>, vector<2xi1>, vector<2xi8> into vector<2xi8>
  return %r : vector<2xi8>
}

// CHECK-LABEL: func.func @convert(
// CHECK-NOT: arith.extf
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : vector<4xf16> to vector<4xi16>
// CHECK: return
// ABLE-LABEL: func.func @convert(
// ABLE: arith.extf
// ABLE: arith.truncf
func.func @convert(%x: vector<4xf16>) -> vector<4xbf16> {
  %wide = arith.extf %x : vector<4xf16> to vector<4xf32>
  %r = arith.truncf %wide : vector<4xf32> to vector<4xbf16>
  return %r : vector<4xbf16>
}

// Arithmetic on narrow floats is done in f32 everywhere.
// CHECK-LABEL: func.func @narrow_sum(
// CHECK: arith.addf %{{.*}} : f32
// ABLE-LABEL: func.func @narrow_sum(
// ABLE: arith.extf %{{.*}} : bf16 to f32
// ABLE: arith.addf %{{.*}} : f32
// ABLE: arith.truncf %{{.*}} : f32 to bf16
func.func @narrow_sum(%x: bf16, %y: bf16) -> bf16 {
  %r = arith.addf %x, %y : bf16
  return %r : bf16
}

// CHECK-LABEL: func.func @multiply_add(
// CHECK: %[[P:.*]] = arith.mulf
// CHECK: arith.addf %[[P]],
// ABLE-LABEL: func.func @multiply_add(
// ABLE: math.fma
func.func @multiply_add(%x: vector<4xf32>) -> vector<4xf32> {
  %r = math.fma %x, %x, %x : vector<4xf32>
  return %r : vector<4xf32>
}
