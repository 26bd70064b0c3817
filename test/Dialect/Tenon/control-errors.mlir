// What branches and loops over graphs refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @if_condition(%c: tensor<2xi1>) {
  // expected-error @below {{'tenon.if' op expects a condition of one element, but got 'tensor<2xi1>'}}
  tenon.if %c : (tensor<2xi1>) -> () {
    tenon.yield
  } else {
    tenon.yield
  }
  return
}

// -----

func.func @if_count(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @below {{'tenon.if' op expects 1 yielded values, but got 0}}
  %0 = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
    tenon.yield %x : tensor<2xf32>
  } else {
    tenon.yield
  }
  return
}

// -----

func.func @if_type(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @below {{'tenon.if' op expects a yielded value of type 'tensor<3xf32>', but got 'tensor<2xf32>'}}
  %0 = tenon.if %c : (tensor<i1>) -> tensor<3xf32> {
    tenon.yield %x : tensor<2xf32>
  } else {
    tenon.yield %x : tensor<2xf32>
  }
  return
}

// -----

func.func @loop_trip_count(%x: tensor<2xf32>, %n: tensor<2xi64>) {
  // expected-error @below {{'tenon.loop' op expects a trip count and a condition of one element, but got 'tensor<2xi64>'}}
  %0 = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<2xi64>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v : tensor<i1>, tensor<2xf32>
  }
  return
}

// -----

func.func @loop_arguments(%x: tensor<2xf32>) {
  // expected-error @below {{'tenon.loop' op expects block arguments tensor<i64>, tensor<i1> and 1 carried, but got 'tensor<i64>', 'tensor<i1>'}}
  %0 = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    tenon.yield %c, %x : tensor<i1>, tensor<2xf32>
  }
  return
}

// -----

func.func @loop_yield(%x: tensor<2xf32>) {
  // expected-error @below {{'tenon.loop' op expects a yielded condition and 1 values for 1 carried, but got 1 values}}
  %0 = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c : tensor<i1>
  }
  return
}

// -----

func.func @loop_condition(%x: tensor<2xf32>) {
  // expected-error @below {{'tenon.loop' op expects a yielded condition of one element, but got 'tensor<2xf32>'}}
  %0 = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %v, %v : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @loop_carried(%x: tensor<2xf32>) {
  // expected-error @below {{'tenon.loop' op expects carried value 0 of type 'tensor<3xf32>', but got 'tensor<2xf32>'}}
  %0 = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<3xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<3xf32>):
    tenon.yield %c, %v : tensor<i1>, tensor<3xf32>
  }
  return
}

// -----

func.func @loop_result(%x: tensor<2xf32>) {
  // expected-error @below {{'tenon.loop' op expects result 0 of type 'tensor<2xf32>', but got 'tensor<3xf32>'}}
  %0 = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<3xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v : tensor<i1>, tensor<2xf32>
  }
  return
}

// -----

func.func @loop_stack(%x: tensor<2xf32>) {
  // expected-error @below {{'tenon.loop' op expects scan output 1 to stack values of type 'tensor<2xf32>', but got 'tensor<2xf32>'}}
  %0:2 = tenon.loop(%x) : (tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
    tenon.yield %c, %v, %v : tensor<i1>, tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @scan_axes(%x: tensor<2xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{'tenon.scan' op expects 1 input axes and directions and 1 of outputs, but got 1, 1, 0 and 1}}
  %0:2 = tenon.scan(%x) over(%y) {input_axes = array<i64: 0>, output_axes = array<i64>, input_reverse = array<i1: false>,
     output_reverse = array<i1: false>} : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    tenon.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @scan_axis(%x: tensor<2xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{'tenon.scan' op expects axis in [0, 2), but got 2}}
  %0:2 = tenon.scan(%x) over(%y) {input_axes = array<i64: 2>, output_axes = array<i64: 0>, input_reverse = array<i1: false>,
     output_reverse = array<i1: false>} : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    tenon.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @scan_count(%x: tensor<2xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{'tenon.scan' op expects 2 block arguments and 2 yielded values, but got 2 and 1}}
  %0:2 = tenon.scan(%x) over(%y) {input_axes = array<i64: 0>, output_axes = array<i64: 0>, input_reverse = array<i1: false>,
     output_reverse = array<i1: false>} : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    tenon.yield %a : tensor<2xf32>
  }
  return
}

// -----

func.func @scan_slice(%x: tensor<2xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{'tenon.scan' op expects slices of input 0 of type 'tensor<3xf32>', but got 'tensor<2xf32>'}}
  %0:2 = tenon.scan(%x) over(%y) {input_axes = array<i64: 1>, output_axes = array<i64: 0>, input_reverse = array<i1: false>,
     output_reverse = array<i1: false>} : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    tenon.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @scan_stack(%x: tensor<2xf32>, %y: tensor<3x2xf32>) {
  // expected-error @below {{'tenon.scan' op expects output 0 to stack values of type 'tensor<2xf32>', but got 'tensor<3x2xf32>'}}
  %0:2 = tenon.scan(%x) over(%y) {input_axes = array<i64: 0>, output_axes = array<i64: 1>, input_reverse = array<i1: false>,
     output_reverse = array<i1: false>} : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    tenon.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}
