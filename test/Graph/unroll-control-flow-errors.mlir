// What would need a loop or a size of run time is refused.
// RUN: tenon-opt --tenon-unroll-control-flow=max-ops=20 --split-input-file --verify-diagnostics %s
// RUN: not tenon-opt --tenon-unroll-control-flow=max-ops=0 %s 2>&1 | FileCheck %s
// CHECK: expects max-ops of 1 or more, but got 0

func.func @branches_differ(%c: tensor<i1>, %x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{'tenon.if' op expects result 0 to have one type, as the condition is known at run time only, but got 'tensor<2xf32>' and 'tensor<3xf32>'}}
  %r = tenon.if %c : (tensor<i1>) -> tensor<?xf32> {
    tenon.yield %x : tensor<2xf32>
  } else {
    tenon.yield %y : tensor<3xf32>
  }
  return %r : tensor<?xf32>
}

// -----

func.func @run_time_trips(%n: tensor<i64>, %x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'tenon.loop' op expects a trip count known when compiling, because loops are unrolled}}
  %r = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<i64>) -> tensor<2xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v : tensor<i1>, tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

func.func @symbolic_trips(%x: tensor<?xf32, #tenon.dims<[batch]>>) -> tensor<?xf32, #tenon.dims<[batch]>> {
  %n = tenon.shape_of %x : (tensor<?xf32, #tenon.dims<[batch]>>) -> tensor<1xi64>
  // expected-error @+1 {{because loops are unrolled; give it a value, such as --symbol batch=64}}
  %r = tenon.loop(%x) trip(%n)
     : (tensor<?xf32, #tenon.dims<[batch]>>, tensor<1xi64>) -> tensor<?xf32, #tenon.dims<[batch]>> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32, #tenon.dims<[batch]>>):
    tenon.yield %c, %v : tensor<i1>, tensor<?xf32, #tenon.dims<[batch]>>
  }
  return %r : tensor<?xf32, #tenon.dims<[batch]>>
}

// -----

func.func @while_without_limit(%go: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'tenon.loop' op expects a trip count, because its condition is known at run time only}}
  %r = tenon.loop(%x) while(%go) : (tensor<2xf32>, tensor<i1>) -> tensor<2xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v : tensor<i1>, tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

func.func @outputs_of_varying_length(%go: tensor<i1>, %x: tensor<2xf32>) -> tensor<?x2xf32> {
  %n = tenon.constant dense<3> : tensor<i64>
  // expected-error @+1 {{'tenon.loop' op expects no scan outputs, because its condition is known at run time only and their sizes depend on it}}
  %r = tenon.loop() trip(%n) while(%go) : (tensor<i64>, tensor<i1>) -> tensor<?x2xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    tenon.yield %c, %x : tensor<i1>, tensor<2xf32>
  }
  return %r : tensor<?x2xf32>
}

// -----

func.func @carried_size_varies(%go: tensor<i1>, %x: tensor<1xf32>) -> tensor<?xf32> {
  %n = tenon.constant dense<3> : tensor<i64>
  // expected-error @+1 {{'tenon.loop' op expects carried value 0 to have one type, as the condition is known at run time only, but got 'tensor<2xf32>' and 'tensor<1xf32>'}}
  %r = tenon.loop(%x) trip(%n) while(%go) : (tensor<1xf32>, tensor<i64>, tensor<i1>) -> tensor<?xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32>):
    %w = tenon.concat %v, %x {axis = 0 : i64} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
    tenon.yield %c, %w : tensor<i1>, tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// Elements of one scan output have one size.
func.func @outputs_differ(%x: tensor<1xf32>) -> tensor<?x?xf32> {
  %n = tenon.constant dense<2> : tensor<i64>
  // expected-error @+1 {{'tenon.loop' op expects to stack values of one type, but got 'tensor<1xf32>' and 'tensor<2xf32>'}}
  %r, %all = tenon.loop(%x) trip(%n) : (tensor<1xf32>, tensor<i64>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32>):
    %w = tenon.concat %v, %x {axis = 0 : i64} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
    tenon.yield %c, %w, %v : tensor<i1>, tensor<?xf32>, tensor<?xf32>
  }
  return %all : tensor<?x?xf32>
}

// -----

func.func @symbolic_length(%s: tensor<f32>, %x: tensor<?xf32, #tenon.dims<[sequence]>>) -> tensor<f32> {
  // expected-error @+1 {{'tenon.scan' op expects inputs of known length, because loops are unrolled, but got 'sequence'; give it a value, such as --symbol sequence=64}}
  %r = tenon.scan(%s) over(%x) {input_axes = array<i64: 0>, output_axes = array<i64>, input_reverse = array<i1: false>,
         output_reverse = array<i1>} : (tensor<f32>, tensor<?xf32, #tenon.dims<[sequence]>>) -> tensor<f32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    tenon.yield %b : tensor<f32>
  }
  return %r : tensor<f32>
}

// -----

func.func @lengths_differ(%x: tensor<2xf32>, %y: tensor<3xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'tenon.scan' op expects inputs of one length, but got 'tensor<2xf32>' and 'tensor<3xf32>'}}
  %r = tenon.scan() over(%x, %y) {input_axes = array<i64: 0, 0>, output_axes = array<i64: 0>,
         input_reverse = array<i1: false, false>, output_reverse = array<i1: false>}
     : (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    tenon.yield %b : tensor<f32>
  }
  return %r : tensor<2xf32>
}

// -----

func.func @too_long(%x: tensor<2xf32>) -> tensor<2xf32> {
  %n = tenon.constant dense<11> : tensor<i64>
  // expected-error @+1 {{'tenon.loop' op expects at most 20 ops when unrolled, but got more}}
  %r = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<i64>) -> tensor<2xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    %w = tenon.neg %v : (tensor<2xf32>) -> tensor<2xf32>
    tenon.yield %c, %w : tensor<i1>, tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

// A loop that never ends, with nothing in it.
func.func @endless(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'tenon.loop' op expects at most 20 ops when unrolled, but got more}}
  %r = tenon.loop(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v : tensor<i1>, tensor<2xf32>
  }
  return %r : tensor<2xf32>
}
