// What follows from constants becomes one, if it stays small.
// RUN: tenon-opt --tenon-fold-constants %s | FileCheck %s
// RUN: tenon-opt --tenon-fold-constants="slack-bytes=0" %s | FileCheck %s --check-prefix=TIGHT

// Only the end of a chain becomes a constant.
// CHECK-LABEL: func.func @chain(
// CHECK-NEXT: %[[C:.*]] = tenon.constant dense<[-4.0{{.*}}, -6.0{{.*}}]>
// CHECK-NEXT: tenon.mul %arg0, %[[C]]
// CHECK-NEXT: return
func.func @chain(%x: tensor<2xf32>) -> tensor<2xf32> {
  %a = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = tenon.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = tenon.add %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = tenon.neg %0 : (tensor<2xf32>) -> tensor<2xf32>
  %2 = tenon.mul %x, %1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}

// A value that is both read by others and on the way becomes a constant, too.
// CHECK-LABEL: func.func @two_roots(
// CHECK-DAG: tenon.constant dense<[4.0{{.*}}, 6.0{{.*}}]>
// CHECK-DAG: tenon.constant dense<[-4.0{{.*}}, -6.0{{.*}}]>
// CHECK-NOT: tenon.neg
func.func @two_roots() -> (tensor<2xf32>, tensor<2xf32>) {
  %a = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = tenon.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = tenon.add %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = tenon.neg %0 : (tensor<2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// However large its type, a splat takes one element, and is computed as one.
// CHECK-LABEL: func.func @splats(
// CHECK-NEXT: tenon.constant dense<-3.0{{.*}}> : tensor<1000000x1000000xf32>
// CHECK-NEXT: return
// TIGHT-LABEL: func.func @splats(
// TIGHT-NEXT: tenon.constant dense<-3.0{{.*}}> : tensor<1000000x1000000xf32>
// TIGHT-NEXT: return
func.func @splats() -> tensor<1000000x1000000xf32> {
  %a = tenon.constant dense<1.0> : tensor<1000000x1xf32>
  %b = tenon.constant dense<2.0> : tensor<1x1000000xf32>
  %0 = tenon.add %a, %b : (tensor<1000000x1xf32>, tensor<1x1000000xf32>) -> tensor<1000000x1000000xf32>
  %1 = tenon.neg %0 : (tensor<1000000x1000000xf32>) -> tensor<1000000x1000000xf32>
  return %1 : tensor<1000000x1000000xf32>
}

// A result that is larger by far than what it is made of stays an op; what it reads is folded.
// CHECK-LABEL: func.func @grows(
// CHECK-NEXT: tenon.constant dense<
// CHECK-NEXT: return
// TIGHT-LABEL: func.func @grows(
// TIGHT-NEXT: %[[C:.*]] = tenon.constant dense<[-1.0{{.*}}, -2.0{{.*}}]>
// TIGHT-NEXT: %[[E:.*]] = tenon.expand %[[C]]
// TIGHT-NEXT: return %[[E]]
func.func @grows() -> tensor<5x2xf32> {
  %a = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = tenon.neg %a : (tensor<2xf32>) -> tensor<2xf32>
  %1 = tenon.expand %0 : (tensor<2xf32>) -> tensor<5x2xf32>
  return %1 : tensor<5x2xf32>
}

// Inside of a branch, too.
// CHECK-LABEL: func.func @region(
// CHECK: tenon.if
// CHECK-NEXT: %[[C:.*]] = tenon.constant dense<[-1.0{{.*}}, -2.0{{.*}}]>
// CHECK-NEXT: tenon.yield %[[C]]
func.func @region(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %a = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
    %1 = tenon.neg %a : (tensor<2xf32>) -> tensor<2xf32>
    tenon.yield %1 : tensor<2xf32>
  } else {
    tenon.yield %x : tensor<2xf32>
  }
  return %0 : tensor<2xf32>
}

// What has no elements is known, whatever it is computed from.
// CHECK-LABEL: func.func @empty(
// CHECK-DAG: %[[E:.*]] = tenon.constant dense<> : tensor<2x0xf32>
// CHECK-DAG: %[[Z:.*]] = tenon.constant dense<0.0{{.*}}> : tensor<2x3xf32>
// CHECK-NOT: tenon.exp
// CHECK-NOT: tenon.matmul
// CHECK: return %[[E]], %[[Z]]
func.func @empty(%x: tensor<2x0xf32>, %y: tensor<0x3xf32>) -> (tensor<2x0xf32>, tensor<2x3xf32>) {
  %0 = tenon.exp %x : (tensor<2x0xf32>) -> tensor<2x0xf32>
  %1 = tenon.matmul %0, %y : (tensor<2x0xf32>, tensor<0x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x0xf32>, tensor<2x3xf32>
}
