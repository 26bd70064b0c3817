// Transcendental functions become arithmetic of their own type, or of f64 when rarely used; accuracy is a unit test's.
// RUN: tenon-opt --tenon-approximate-math %s | FileCheck %s
// RUN: tenon-opt --tenon-approximate-math --tenon-approximate-math %s | FileCheck %s

// CHECK-LABEL: func.func @vector_f32(
// CHECK-NOT: f64
// CHECK-NOT: math.exp
// CHECK: math.fma %{{.*}} : vector<8xf32>
// CHECK: return
func.func @vector_f32(%x: vector<8xf32>) -> vector<8xf32> {
  %r = math.exp %x : vector<8xf32>
  return %r : vector<8xf32>
}

// An operand that is not positive can't overflow: limited from below, and no choice of results.
// CHECK-LABEL: func.func @exp_of_nonpositive(
// CHECK: arith.cmpf uge, %arg0, %{{.*}} : vector<8xf32>
// CHECK: arith.select
// CHECK-NOT: arith.cmpf
// CHECK-NOT: arith.select
// CHECK: arith.mulf
// CHECK-NEXT: return
func.func @exp_of_nonpositive(%x: vector<8xf32>) -> vector<8xf32> {
  %r = math.exp %x {tenon.nonpositive} : vector<8xf32>
  return %r : vector<8xf32>
}

// CHECK-LABEL: func.func @scalar_f64(
// CHECK-NOT: math.log
// CHECK: math.fma %{{.*}} : f64
// CHECK: return
func.func @scalar_f64(%x: f64) -> f64 {
  %r = math.log %x : f64
  return %r : f64
}

// CHECK-LABEL: func.func @through_f64(
// CHECK: arith.extf %{{.*}} : vector<4xf32> to vector<4xf64>
// CHECK-NOT: math.sin
// CHECK: arith.truncf %{{.*}} : vector<4xf64> to vector<4xf32>
func.func @through_f64(%x: vector<4xf32>) -> vector<4xf32> {
  %r = math.sin %x : vector<4xf32>
  return %r : vector<4xf32>
}

// CHECK-LABEL: func.func @narrow(
// CHECK: arith.extf %{{.*}} : vector<4xf16> to vector<4xf32>
// CHECK-NOT: math.tanh
// CHECK: arith.truncf %{{.*}} : vector<4xf32> to vector<4xf16>
func.func @narrow(%x: vector<4xf16>) -> vector<4xf16> {
  %r = math.tanh %x : vector<4xf16>
  return %r : vector<4xf16>
}

// Instructions exist for these on every machine.
// CHECK-LABEL: func.func @kept(
// CHECK: math.sqrt
// CHECK: math.floor
// CHECK: math.powf %{{.*}} : f64
func.func @kept(%x: f32, %y: f64) -> (f32, f64) {
  %a = math.sqrt %x : f32
  %b = math.floor %a : f32
  %c = math.powf %y, %y : f64
  return %b, %c : f32, f64
}
