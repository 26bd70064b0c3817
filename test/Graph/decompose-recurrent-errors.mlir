// Sequences have to have a known length.
// RUN: tenon-opt --tenon-decompose-recurrent --verify-diagnostics --split-input-file %s

func.func @symbolic(%x: tensor<?x1x3xf32, #tenon.dims<[sequence, 1, 3]>>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>)
    -> tensor<1x1x4xf32> {
  // expected-error @below {{'tenon.rnn' op expects a sequence of known length, but got 'sequence'; give it a value, such as --symbol sequence=64}}
  %y, %h = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
         : (tensor<?x1x3xf32, #tenon.dims<[sequence, 1, 3]>>, tensor<1x4x3xf32>, tensor<1x4x4xf32>)
        -> (tensor<?x1x1x4xf32, #tenon.dims<[sequence, 1, 1, 4]>>, tensor<1x1x4xf32>)
  return %h : tensor<1x1x4xf32>
}

// -----

func.func @empty(%x: tensor<0x1x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) -> tensor<1x1x4xf32> {
  // expected-error @below {{'tenon.rnn' op expects a sequence of 1 step or more, but got 0}}
  %y, %h = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
         : (tensor<0x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<0x1x1x4xf32>, tensor<1x1x4xf32>)
  return %h : tensor<1x1x4xf32>
}

// -----

func.func @unknown(%x: tensor<?x1x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) -> tensor<1x1x4xf32> {
  // expected-error @below {{'tenon.rnn' op expects known sizes, but got 'tensor<?x1x3xf32>' and 'tensor<1x4x4xf32>'}}
  %y, %h = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
         : (tensor<?x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<?x1x1x4xf32>, tensor<1x1x4xf32>)
  return %h : tensor<1x1x4xf32>
}
