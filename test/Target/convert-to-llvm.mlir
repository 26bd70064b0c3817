// One conversion for all dialects, with the machine's index width.
// RUN: tenon-opt --tenon-convert-to-llvm %s | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: tenon-opt --tenon-convert-to-llvm=index-bits=32 %s | FileCheck %s --check-prefixes=CHECK,NARROW

// A loop, an address cast to a memref, and a kernel's visibility.
// CHECK-LABEL: llvm.func hidden @kernel(
// WIDE-SAME: %{{.*}}: !llvm.ptr, %{{.*}}: i64)
// NARROW-SAME: %{{.*}}: !llvm.ptr, %{{.*}}: i32)
// CHECK: llvm.cond_br
// WIDE: llvm.getelementptr %{{.*}}[%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// NARROW: llvm.getelementptr %{{.*}}[%{{.*}}] : (!llvm.ptr, i32) -> !llvm.ptr, f32
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> vector<4xf32>
// CHECK: llvm.intr.fmuladd
// CHECK-NOT: unrealized_conversion_cast
func.func @kernel(%address: !llvm.ptr, %end: index) attributes {tenon.kernel} {
  %m = builtin.unrealized_conversion_cast %address : !llvm.ptr to memref<64xf32>
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %end step %c4 {
    %v = vector.load %m[%i] : memref<64xf32>, vector<4xf32>
    %w = vector.fma %v, %v, %v : vector<4xf32>
    vector.store %w, %m[%i] : memref<64xf32>, vector<4xf32>
  }
  return
}

// Views: the address of an element is base plus offset.
// CHECK-LABEL: llvm.func @views(
// CHECK-NOT: memref.
// CHECK: llvm.return
func.func @views(%address: !llvm.ptr, %i: index) -> !llvm.ptr {
  %m = builtin.unrealized_conversion_cast %address : !llvm.ptr to memref<4x8xf32>
  %row = memref.subview %m[%i, 0] [1, 8] [1, 1] : memref<4x8xf32> to memref<8xf32, strided<[1], offset: ?>>
  %matrix = memref.expand_shape %row [[0, 1]] output_shape [2, 4] : memref<8xf32, strided<[1], offset: ?>> into memref<2x4xf32, strided<[4, 1], offset: ?>>
  %r = builtin.unrealized_conversion_cast %matrix : memref<2x4xf32, strided<[4, 1], offset: ?>> to !llvm.ptr
  return %r : !llvm.ptr
}

// The sum of a product is fused only where the IR says so.
// CHECK-LABEL: llvm.func @separate(
// CHECK: llvm.fmul %{{.*}} : f32
// CHECK: llvm.fadd %{{.*}} {fastmathFlags = #llvm.fastmath<contract>} : f32
func.func @separate(%x: f32) -> f32 {
  %p = arith.mulf %x, %x : f32
  %r = arith.addf %p, %x fastmath<contract> : f32
  return %r : f32
}

// CHECK-LABEL: llvm.func @intrinsic(
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
func.func @intrinsic(%acc: vector<16xi32>, %a: vector<64xi8>, %b: vector<64xi8>) -> vector<16xi32> {
  %r = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%acc, %a, %b) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
  return %r : vector<16xi32>
}
