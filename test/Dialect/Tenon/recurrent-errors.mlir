// What recurrent ops refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @rnn_rank(%x: tensor<5x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) {
  // expected-error @below {{'tenon.rnn' op expects input, weights and recurrence of rank 3 and one element type, but got 'tensor<5x3xf32>', 'tensor<1x4x3xf32>' and 'tensor<1x4x4xf32>'}}
  %0, %1 = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
     : (tensor<5x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @rnn_directions(%x: tensor<5x2x3xf32>, %w: tensor<2x4x3xf32>, %r: tensor<1x4x4xf32>) {
  // expected-error @below {{'tenon.rnn' op expects weights and recurrence of 1 directions, but got 'tensor<2x4x3xf32>' and 'tensor<1x4x4xf32>'}}
  %0, %1 = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
     : (tensor<5x2x3xf32>, tensor<2x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @rnn_features(%x: tensor<5x2x3xf32>, %w: tensor<1x4x5xf32>, %r: tensor<1x4x4xf32>) {
  // expected-error @below {{'tenon.rnn' op expects weights of type 'tensor<1x4x3xf32>', but got 'tensor<1x4x5xf32>'}}
  %0, %1 = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
     : (tensor<5x2x3xf32>, tensor<1x4x5xf32>, tensor<1x4x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @rnn_bias(%x: tensor<5x2x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>, %b: tensor<1x4xf32>) {
  // expected-error @below {{'tenon.rnn' op expects bias of type 'tensor<1x8xf32>', but got 'tensor<1x4xf32>'}}
  %0, %1 = tenon.rnn %x, %w, %r bias(%b) {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
     : (tensor<5x2x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>, tensor<1x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @rnn_lengths(%x: tensor<5x2x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>, %n: tensor<3xi32>) {
  // expected-error @below {{'tenon.rnn' op expects lengths of type 'tensor<2xi32>', but got 'tensor<3xi32>'}}
  %0, %1 = tenon.rnn %x, %w, %r lengths(%n) {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
     : (tensor<5x2x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>, tensor<3xi32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @rnn_activations(%x: tensor<5x2x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) {
  // expected-error @below {{'tenon.rnn' op expects 1 activations, alphas and betas, but got 0, 1 and 1}}
  %0, %1 = tenon.rnn %x, %w, %r {activations = [], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
     : (tensor<5x2x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @gru_rows(%x: tensor<5x2x3xf32>, %w: tensor<1x8x3xf32>, %r: tensor<1x12x4xf32>) {
  // expected-error @below {{'tenon.gru' op expects weights of type 'tensor<1x12x3xf32>', but got 'tensor<1x8x3xf32>'}}
  %0, %1 = tenon.gru %x, %w, %r {activations = [], alphas = array<f32>, betas = array<f32>}
     : (tensor<5x2x3xf32>, tensor<1x8x3xf32>, tensor<1x12x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
  return
}

// -----

func.func @lstm_cell(%x: tensor<5x2x3xf32>, %w: tensor<1x16x3xf32>, %r: tensor<1x16x4xf32>, %c: tensor<2x4xf32>) {
  // expected-error @below {{'tenon.lstm' op expects cell of type 'tensor<1x2x4xf32>', but got 'tensor<2x4xf32>'}}
  %0, %1, %2 = tenon.lstm %x, %w, %r cell(%c) {activations = [], alphas = array<f32>, betas = array<f32>}
     : (tensor<5x2x3xf32>, tensor<1x16x3xf32>, tensor<1x16x4xf32>, tensor<2x4xf32>)
    -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
  return
}
