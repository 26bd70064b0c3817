// What a program can't do is refused by name, with the reason.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --tenon-emit-kernels

func.func private @non_zero(%x: tensor<4xf32>) -> tensor<1x2xi64> attributes {tenon.structured} {
  // expected-error @below {{'tenon.non_zero' op gives a result whose size depends on the elements of its inputs: programs know sizes before they run}}
  %0 = tenon.non_zero %x : (tensor<4xf32>) -> tensor<1x2xi64>
  return %0 : tensor<1x2xi64>
}

// -----

func.func private @branch(%c: tensor<i1>, %x: tensor<2xf32>) -> tensor<2xf32> attributes {tenon.structured} {
  // expected-error @below {{'tenon.if' op needs branches in the program, which has none: it has to be decided by constants}}
  %r = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
    tenon.yield %x : tensor<2xf32>
  } else {
    tenon.yield %x : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

func.func private @rnn(%x: tensor<2x1x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) -> tensor<1x1x4xf32>
    attributes {tenon.structured} {
  // expected-error @below {{'tenon.rnn' op has to be decomposed first}}
  %y, %h = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
         : (tensor<2x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>)
  return %h : tensor<1x1x4xf32>
}

// -----

func.func private @dynamic_tile(%x: tensor<2xf32>, %n: tensor<1xi64>) -> tensor<4xf32> attributes {tenon.structured} {
  // expected-error @below {{'tenon.dynamic_tile' op takes sizes or places from a tensor that is not known when compiling}}
  %0 = tenon.dynamic_tile %x, %n : (tensor<2xf32>, tensor<1xi64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
