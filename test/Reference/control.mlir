// Branches, loops, kernels, and values that regions see from outside.
// RUN: tenon-opt --tenon-test-evaluate %s | FileCheck %s

// CHECK-LABEL: @if_sees_outer_values
// CHECK: dense<-5> : tensor<i32>
func.func @if_sees_outer_values() -> tensor<i32> {
  %c = tenon.constant dense<false> : tensor<i1>
  %x = tenon.constant dense<5> : tensor<i32>
  %0 = tenon.if %c : (tensor<i1>) -> tensor<i32> {
    tenon.yield %x : tensor<i32>
  } else {
    %y = tenon.neg %x : (tensor<i32>) -> tensor<i32>
    tenon.yield %y : tensor<i32>
  }
  return %0 : tensor<i32>
}

// Doubles until 10 is passed: the condition ends the loop before the trip count does.
// CHECK-LABEL: @loop_until
// CHECK-DAG: dense<12> : tensor<i32>
// CHECK-DAG: dense<[6, 12]> : tensor<2xi32>
func.func @loop_until() -> (tensor<i32>, tensor<?xi32>) {
  %n = tenon.constant dense<100> : tensor<i64>
  %x = tenon.constant dense<3> : tensor<i32>
  %limit = tenon.constant dense<10> : tensor<i32>
  %0, %1 = tenon.loop (%x) trip(%n) : (tensor<i32>, tensor<i64>) -> (tensor<i32>, tensor<?xi32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<i32>):
    %w = tenon.add %v, %v : (tensor<i32>, tensor<i32>) -> tensor<i32>
    %go = tenon.compare lt %w, %limit : (tensor<i32>, tensor<i32>) -> tensor<i1>
    tenon.yield %go, %w, %w : tensor<i1>, tensor<i32>, tensor<i32>
  }
  return %0, %1 : tensor<i32>, tensor<?xi32>
}

// A loop that never runs gives what it got, and nothing stacked.
// CHECK-LABEL: @loop_not_at_all
// CHECK-DAG: dense<3> : tensor<i32>
// CHECK-DAG: dense<> : tensor<0xi32>
func.func @loop_not_at_all() -> (tensor<i32>, tensor<?xi32>) {
  %n = tenon.constant dense<0> : tensor<i64>
  %x = tenon.constant dense<3> : tensor<i32>
  %0, %1 = tenon.loop (%x) trip(%n) : (tensor<i32>, tensor<i64>) -> (tensor<i32>, tensor<?xi32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<i32>):
    tenon.yield %c, %v, %v : tensor<i1>, tensor<i32>, tensor<i32>
  }
  return %0, %1 : tensor<i32>, tensor<?xi32>
}

// The carried value grows from iteration to iteration.
// CHECK-LABEL: @loop_carries_dynamic_sizes
// CHECK: dense<[7, 0, 1, 2]> : tensor<4xi64>
func.func @loop_carries_dynamic_sizes() -> tensor<?xi64> {
  %n = tenon.constant dense<3> : tensor<i64>
  %x = tenon.constant dense<7> : tensor<1xi64>
  %0 = tenon.loop (%x) trip(%n) : (tensor<1xi64>, tensor<i64>) -> tensor<?xi64> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xi64>):
    %j = tenon.reshape %i : (tensor<i64>) -> tensor<1xi64>
    %w = tenon.concat %v, %j {axis = 0 : i64} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?xi64>
    tenon.yield %c, %w : tensor<i1>, tensor<?xi64>
  }
  return %0 : tensor<?xi64>
}

// From the last column to the first: running sums 3, 5, 6, stacked from the end again.
// CHECK-LABEL: @scan_backwards
// CHECK-DAG: dense<6> : tensor<1xi32>
// CHECK-DAG{LITERAL}: dense<[[6, 5, 3]]> : tensor<1x3xi32>
func.func @scan_backwards() -> (tensor<1xi32>, tensor<1x3xi32>) {
  %s = tenon.constant dense<0> : tensor<1xi32>
  %x = tenon.constant dense<[[1, 2, 3]]> : tensor<1x3xi32>
  %0, %1 = tenon.scan (%s) over(%x) {input_axes = array<i64: 1>, output_axes = array<i64: 1>, input_reverse = array<i1: true>,
                                     output_reverse = array<i1: true>}
         : (tensor<1xi32>, tensor<1x3xi32>) -> (tensor<1xi32>, tensor<1x3xi32>) {
  ^bb0(%a: tensor<1xi32>, %b: tensor<1xi32>):
    %c = tenon.add %a, %b : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
    tenon.yield %c, %c : tensor<1xi32>, tensor<1xi32>
  }
  return %0, %1 : tensor<1xi32>, tensor<1x3xi32>
}

// CHECK-LABEL: @kernel
// CHECK: dense<8> : tensor<i32>
func.func @kernel() -> tensor<i32> {
  %x = tenon.constant dense<4> : tensor<i32>
  %0 = tenon.kernel(%x, %x : tensor<i32>, tensor<i32>) -> (tensor<i32>) {
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    %s = tenon.add %a, %b : (tensor<i32>, tensor<i32>) -> tensor<i32>
    tenon.yield %s : tensor<i32>
  }
  return %0 : tensor<i32>
}
