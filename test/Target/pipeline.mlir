// The whole phase, by the name of a machine.
// RUN: tenon-opt --tenon-target=machine=x86-64-v4 %s | FileCheck %s --check-prefixes=CHECK,MASKS
// RUN: tenon-opt --tenon-target=machine=wasm32 %s | FileCheck %s --check-prefixes=CHECK,PIECES
// RUN: not tenon-opt --tenon-target=machine=pdp11 %s 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: expected a target of host, {{.*}}, but got 'pdp11'

// CHECK: llvm.func internal @k.body(
// MASKS: llvm.intr.masked.store
// PIECES-NOT: llvm.intr.masked.store
// CHECK: llvm.func hidden @k(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
func.func private @k(%x: memref<8xf32>, %begin: index, %end: index) attributes {tenon.kernel} {
  %v = arith.constant dense<1.0> : vector<4xf32>
  %mask = vector.constant_mask [3] : vector<4xi1>
  vector.maskedstore %x[%begin], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32>
  return
}
