// Recurrent ops become one product with the input, and a product with the state and the gates for each step.
// RUN: tenon-opt --tenon-decompose-recurrent --canonicalize --split-input-file %s | FileCheck %s

// The first state is zero: the first step has no product with it. The second reads the second row of the products.
// CHECK-LABEL: func.func @rnn(
// CHECK: %[[R:.*]] = tenon.transpose {{.*}} (tensor<1x4x4xf32>)
// CHECK: %[[P:.*]] = tenon.matmul {{.*}} : (tensor<2x3xf32>, tensor<1x3x4xf32>) -> tensor<1x2x4xf32>
// CHECK: %[[H0:.*]] = tenon.tanh
// CHECK: %[[S1:.*]] = tenon.slice {{.*}}starts = array<i64: 0, 1, 0, 0>
// CHECK: %[[X1:.*]] = tenon.reshape %[[S1]]
// CHECK: %[[Q:.*]] = tenon.matmul %[[H0]], {{.*}} : (tensor<1x4xf32>, tensor<4x4xf32>)
// CHECK: %[[SUM:.*]] = tenon.add %[[Q]], %[[X1]]
// CHECK: %[[H1:.*]] = tenon.tanh %[[SUM]]
// CHECK: %[[ALL:.*]] = tenon.concat %[[H0]], %[[H1]] {axis = 0 : i64}
// CHECK: tenon.reshape %[[ALL]] : (tensor<2x4xf32>) -> tensor<2x1x1x4xf32>
// CHECK: tenon.reshape %[[H1]] : (tensor<1x4xf32>) -> tensor<1x1x4xf32>
// CHECK-NOT: tenon.rnn
func.func @rnn(%x: tensor<2x1x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>)
    -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>) {
  %y, %h = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
         : (tensor<2x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>)
  return %y, %h : tensor<2x1x1x4xf32>, tensor<1x1x4xf32>
}

// -----

// The batch may be symbolic; both biases join the products with the input.
// CHECK-LABEL: func.func @lstm(
// CHECK: %[[P:.*]] = tenon.matmul {{.*}} -> tensor<4x?x5xf32, #tenon.dims<[4, batch * 2, 5]>>
// CHECK: %[[B:.*]] = tenon.reshape {{.*}} -> tensor<4x1x5xf32>
// CHECK: tenon.add %[[P]], %[[B]]
// CHECK: tenon.matmul {{.*}} : (tensor<?x5xf32, #tenon.dims<[batch, 5]>>, tensor<4x5x5xf32>)
// CHECK-NOT: tenon.matmul
// CHECK-NOT: tenon.lstm
// CHECK: return
func.func @lstm(%x: tensor<2x?x3xf32, #tenon.dims<[2, batch, 3]>>, %w: tensor<1x20x3xf32>, %r: tensor<1x20x5xf32>,
                %b: tensor<1x40xf32>) -> tensor<1x?x5xf32, #tenon.dims<[1, batch, 5]>> {
  %y, %h, %c = tenon.lstm %x, %w, %r bias(%b)
    {activations = [#tenon<activation sigmoid>, #tenon<activation tanh>, #tenon<activation tanh>],
     alphas = array<f32: 0.0, 0.0, 0.0>, betas = array<f32: 0.0, 0.0, 0.0>}
    : (tensor<2x?x3xf32, #tenon.dims<[2, batch, 3]>>, tensor<1x20x3xf32>, tensor<1x20x5xf32>, tensor<1x40xf32>)
   -> (tensor<2x1x?x5xf32, #tenon.dims<[2, 1, batch, 5]>>, tensor<1x?x5xf32, #tenon.dims<[1, batch, 5]>>,
       tensor<1x?x5xf32, #tenon.dims<[1, batch, 5]>>)
  return %h : tensor<1x?x5xf32, #tenon.dims<[1, batch, 5]>>
}

// -----

// Lengths that differ hold the state of sequences that have ended, by one comparison for all steps.
// CHECK-LABEL: func.func @gru_lengths(
// CHECK: tenon.compare lt {{.*}} : (tensor<2x1xi32>, tensor<2xi32>) -> tensor<2x2xi1>
// CHECK-COUNT-4: tenon.select
// CHECK-NOT: tenon.select
func.func @gru_lengths(%x: tensor<2x2x3xf32>, %w: tensor<1x12x3xf32>, %r: tensor<1x12x4xf32>, %n: tensor<2xi32>)
    -> (tensor<2x1x2x4xf32>, tensor<1x2x4xf32>) {
  %y, %h = tenon.gru %x, %w, %r lengths(%n) {activations = [#tenon<activation sigmoid>, #tenon<activation tanh>],
             alphas = array<f32: 0.0, 0.0>, betas = array<f32: 0.0, 0.0>}
         : (tensor<2x2x3xf32>, tensor<1x12x3xf32>, tensor<1x12x4xf32>, tensor<2xi32>)
        -> (tensor<2x1x2x4xf32>, tensor<1x2x4xf32>)
  return %y, %h : tensor<2x1x2x4xf32>, tensor<1x2x4xf32>
}

// -----

// Lengths known to be full need no selects.
// CHECK-LABEL: func.func @full_lengths(
// CHECK-NOT: tenon.select
// CHECK-NOT: tenon.compare
// CHECK: return
func.func @full_lengths(%x: tensor<2x2x3xf32>, %w: tensor<1x4x3xf32>, %r: tensor<1x4x4xf32>) -> tensor<2x1x2x4xf32> {
  %n = tenon.constant dense<2> : tensor<2xi32>
  %y, %h = tenon.rnn %x, %w, %r lengths(%n)
             {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
         : (tensor<2x2x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>, tensor<2xi32>)
        -> (tensor<2x1x2x4xf32>, tensor<1x2x4xf32>)
  return %y : tensor<2x1x2x4xf32>
}
