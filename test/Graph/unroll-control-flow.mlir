// Branches are decided or selected from, loops become their iterations.
// RUN: tenon-opt --tenon-unroll-control-flow %s | FileCheck %s
// RUN: tenon-opt --tenon-unroll-control-flow --tenon-unroll-control-flow %s | FileCheck %s

// CHECK-NOT: tenon.if
// CHECK-NOT: tenon.loop
// CHECK-NOT: tenon.scan

// CHECK-LABEL: func.func @decided(
// CHECK-NEXT: tenon.constant
// CHECK-NEXT: %[[R:.*]] = tenon.neg %arg0
// CHECK-NEXT: return %[[R]]
func.func @decided(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = tenon.constant dense<false> : tensor<i1>
  %r = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
    tenon.yield %x : tensor<2xf32>
  } else {
    %0 = tenon.neg %x : (tensor<2xf32>) -> tensor<2xf32>
    tenon.yield %0 : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// Branches of different sizes are no obstacle if one is taken; what comes after it has its sizes.
// CHECK-LABEL: func.func @decided_by_sizes(
// CHECK-SAME: -> tensor<2xf32>
// CHECK: %[[N:.*]] = tenon.neg %arg0 : (tensor<2xf32>) -> tensor<2xf32>
// CHECK: return %[[N]] : tensor<2xf32>
func.func @decided_by_sizes(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<?xf32> {
  %two = tenon.constant dense<2> : tensor<1xi64>
  %s = tenon.shape_of %x : (tensor<2xf32>) -> tensor<1xi64>
  %c = tenon.compare eq %s, %two : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  %r = tenon.if %c : (tensor<1xi1>) -> tensor<?xf32> {
    tenon.yield %x : tensor<2xf32>
  } else {
    tenon.yield %y : tensor<3xf32>
  }
  %n = tenon.neg %r : (tensor<?xf32>) -> tensor<?xf32>
  return %n : tensor<?xf32>
}

// Both branches are computed; what both give needs no select.
// CHECK-LABEL: func.func @selected(
// CHECK: %[[N:.*]] = tenon.neg %arg1
// CHECK: %[[C:.*]] = tenon.reshape %arg0 : (tensor<1xi1>) -> tensor<i1>
// CHECK: %[[R:.*]] = tenon.select %[[C]], %[[N]], %arg1
// CHECK-NOT: tenon.select
// CHECK: return %[[R]], %arg1
func.func @selected(%c: tensor<1xi1>, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %r:2 = tenon.if %c : (tensor<1xi1>) -> (tensor<2xf32>, tensor<2xf32>) {
    %0 = tenon.neg %x : (tensor<2xf32>) -> tensor<2xf32>
    tenon.yield %0, %x : tensor<2xf32>, tensor<2xf32>
  } else {
    tenon.yield %x, %x : tensor<2xf32>, tensor<2xf32>
  }
  return %r#0, %r#1 : tensor<2xf32>, tensor<2xf32>
}

// The condition follows from the iteration number: the loop ends before its trip count. Scan outputs are stacked.
// CHECK-LABEL: func.func @loop(
// CHECK-SAME: -> (tensor<2xf32>, tensor<3x2xf32>)
// CHECK: %[[A:.*]] = tenon.add %arg0, %arg0
// CHECK: %[[B:.*]] = tenon.add %[[A]], %[[A]]
// CHECK: %[[D:.*]] = tenon.add %[[B]], %[[B]]
// CHECK-NOT: tenon.add
// CHECK-DAG: %[[RA:.*]] = tenon.reshape %[[A]] : (tensor<2xf32>) -> tensor<1x2xf32>
// CHECK-DAG: %[[RB:.*]] = tenon.reshape %[[B]]
// CHECK-DAG: %[[RD:.*]] = tenon.reshape %[[D]]
// CHECK: %[[S:.*]] = tenon.concat %[[RA]], %[[RB]], %[[RD]] {axis = 0 : i64}
// CHECK: return %[[D]], %[[S]]
func.func @loop(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<?x2xf32>) {
  %n = tenon.constant dense<10> : tensor<i64>
  %two = tenon.constant dense<2> : tensor<i64>
  %r, %all = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<i64>) -> (tensor<2xf32>, tensor<?x2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    %w = tenon.add %v, %v : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    %go = tenon.compare lt %i, %two : (tensor<i64>, tensor<i64>) -> tensor<i1>
    tenon.yield %go, %w, %w : tensor<i1>, tensor<2xf32>, tensor<2xf32>
  }
  return %r, %all : tensor<2xf32>, tensor<?x2xf32>
}

// A loop that never runs gives what it got and an empty tensor.
// CHECK-LABEL: func.func @loop_not_at_all(
// CHECK: %[[E:.*]] = tenon.constant dense<> : tensor<0x2xf32>
// CHECK: return %arg0, %[[E]] : tensor<2xf32>, tensor<0x2xf32>
func.func @loop_not_at_all(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<?x2xf32>) {
  %n = tenon.constant dense<-1> : tensor<i64>
  %r, %all = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<i64>) -> (tensor<2xf32>, tensor<?x2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v, %v : tensor<i1>, tensor<2xf32>, tensor<2xf32>
  }
  return %r, %all : tensor<2xf32>, tensor<?x2xf32>
}

// A carried value grows by one in each iteration.
// CHECK-LABEL: func.func @loop_grows(
// CHECK: tenon.concat {{.*}} -> tensor<2xf32>
// CHECK: tenon.concat {{.*}} -> tensor<3xf32>
// CHECK: return {{.*}} : tensor<3xf32>
func.func @loop_grows(%x: tensor<1xf32>) -> tensor<?xf32> {
  %n = tenon.constant dense<2> : tensor<1xi64>
  %r = tenon.loop(%x) trip(%n) : (tensor<1xf32>, tensor<1xi64>) -> tensor<?xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32>):
    %w = tenon.concat %v, %x {axis = 0 : i64} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
    tenon.yield %c, %w : tensor<i1>, tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// The condition is known at run time only: all iterations are computed, and the values of those that don't take place are
// not kept. The first one takes place.
// CHECK-LABEL: func.func @loop_while(
// CHECK: %[[A:.*]] = tenon.add %arg0, %arg0
// CHECK: %[[GA:.*]] = tenon.compare lt %[[A]], %arg1
// CHECK: %[[B:.*]] = tenon.add %[[A]], %[[A]]
// CHECK: %[[GB:.*]] = tenon.compare lt %[[B]], %arg1
// CHECK: %[[KB:.*]] = tenon.select %[[GA]], %[[B]], %[[A]]
// CHECK: %[[STILL:.*]] = tenon.and %[[GA]], %[[GB]]
// CHECK: %[[D:.*]] = tenon.add %[[KB]], %[[KB]]
// CHECK: %[[KD:.*]] = tenon.select %[[STILL]], %[[D]], %[[KB]]
// CHECK: return %[[KD]]
func.func @loop_while(%x: tensor<f32>, %limit: tensor<f32>) -> tensor<f32> {
  %n = tenon.constant dense<3> : tensor<i64>
  %r = tenon.loop(%x) trip(%n) : (tensor<f32>, tensor<i64>) -> tensor<f32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<f32>):
    %w = tenon.add %v, %v : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %go = tenon.compare lt %w, %limit : (tensor<f32>, tensor<f32>) -> tensor<i1>
    tenon.yield %go, %w : tensor<i1>, tensor<f32>
  }
  return %r : tensor<f32>
}

// From the last column to the first; the output is stacked from the end again.
// CHECK-LABEL: func.func @scan_backwards(
// CHECK: %[[S1:.*]] = tenon.slice %arg1 {starts = array<i64: 0, 1>, steps = array<i64: 1, 1>}
// CHECK: %[[X1:.*]] = tenon.reshape %[[S1]] : (tensor<2x1xf32>) -> tensor<2xf32>
// CHECK: %[[A1:.*]] = tenon.add %arg0, %[[X1]]
// CHECK: %[[S0:.*]] = tenon.slice %arg1 {starts = array<i64: 0, 0>, steps = array<i64: 1, 1>}
// CHECK: %[[X0:.*]] = tenon.reshape %[[S0]]
// CHECK: %[[A0:.*]] = tenon.add %[[A1]], %[[X0]]
// CHECK-DAG: %[[C1:.*]] = tenon.reshape %[[A1]] : (tensor<2xf32>) -> tensor<2x1xf32>
// CHECK-DAG: %[[C0:.*]] = tenon.reshape %[[A0]] : (tensor<2xf32>) -> tensor<2x1xf32>
// CHECK: %[[ALL:.*]] = tenon.concat %[[C0]], %[[C1]] {axis = 1 : i64}
// CHECK: return %[[A0]], %[[ALL]]
func.func @scan_backwards(%s: tensor<2xf32>, %x: tensor<2x2xf32>) -> (tensor<2xf32>, tensor<2x2xf32>) {
  %r, %all = tenon.scan(%s) over(%x) {input_axes = array<i64: 1>, output_axes = array<i64: 1>,
               input_reverse = array<i1: true>, output_reverse = array<i1: true>}
           : (tensor<2xf32>, tensor<2x2xf32>) -> (tensor<2xf32>, tensor<2x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    %c = tenon.add %a, %b : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    tenon.yield %c, %c : tensor<2xf32>, tensor<2xf32>
  }
  return %r, %all : tensor<2xf32>, tensor<2x2xf32>
}

// The number of the outer iteration decides the branch and the trip count inside; batches stay symbolic.
// CHECK-LABEL: func.func @nested(
// CHECK: %[[A:.*]] = tenon.neg %arg0
// CHECK: %[[B:.*]] = tenon.exp %[[A]]
// CHECK: %[[C:.*]] = tenon.neg %[[B]]
// CHECK-NOT: tenon.neg
// CHECK: return %[[C]]
func.func @nested(%x: tensor<?xf32, #tenon.dims<[batch]>>) -> tensor<?xf32, #tenon.dims<[batch]>> {
  %n = tenon.constant dense<3> : tensor<i64>
  %one = tenon.constant dense<1> : tensor<i64>
  %r = tenon.loop(%x) trip(%n)
     : (tensor<?xf32, #tenon.dims<[batch]>>, tensor<i64>) -> tensor<?xf32, #tenon.dims<[batch]>> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32, #tenon.dims<[batch]>>):
    %is_one = tenon.compare eq %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i1>
    %w = tenon.if %is_one : (tensor<i1>) -> tensor<?xf32, #tenon.dims<[batch]>> {
      %trips = tenon.sub %i, %one : (tensor<i64>, tensor<i64>) -> tensor<i64>
      %e = tenon.exp %v : (tensor<?xf32, #tenon.dims<[batch]>>) -> tensor<?xf32, #tenon.dims<[batch]>>
      %u = tenon.loop(%e) trip(%trips)
         : (tensor<?xf32, #tenon.dims<[batch]>>, tensor<i64>) -> tensor<?xf32, #tenon.dims<[batch]>> {
      ^bb0(%j: tensor<i64>, %d: tensor<i1>, %t: tensor<?xf32, #tenon.dims<[batch]>>):
        %0 = tenon.abs %t : (tensor<?xf32, #tenon.dims<[batch]>>) -> tensor<?xf32, #tenon.dims<[batch]>>
        tenon.yield %d, %0 : tensor<i1>, tensor<?xf32, #tenon.dims<[batch]>>
      }
      tenon.yield %u : tensor<?xf32, #tenon.dims<[batch]>>
    } else {
      %0 = tenon.neg %v : (tensor<?xf32, #tenon.dims<[batch]>>) -> tensor<?xf32, #tenon.dims<[batch]>>
      tenon.yield %0 : tensor<?xf32, #tenon.dims<[batch]>>
    }
    tenon.yield %c, %w : tensor<i1>, tensor<?xf32, #tenon.dims<[batch]>>
  }
  return %r : tensor<?xf32, #tenon.dims<[batch]>>
}
