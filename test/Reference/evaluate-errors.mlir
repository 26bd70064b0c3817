// What the evaluator refuses, and where it says so.
// RUN: tenon-opt --tenon-test-evaluate --split-input-file --verify-diagnostics %s

func.func @index_out_of_range() -> tensor<1xf32> {
  %x = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %i = tenon.constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{'tenon.gather' op expects indices from -2 to 1, but got 2}}
  %0 = tenon.gather %x, %i {axis = 0 : i64} : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

func.func @reshape_changes_the_number() -> tensor<?x2xf32> {
  %x = tenon.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %ones = tenon.constant dense<1> : tensor<2x2xi64>
  %s = tenon.reduce sum %ones {axes = array<i64: 0>} : (tensor<2x2xi64>) -> tensor<2xi64>
  // expected-error @+1 {{'tenon.dynamic_reshape' op expects as many elements as before, but got 'tensor<3xf32>' to reshape to 'tensor<2x2xf32>'}}
  %0 = tenon.dynamic_reshape %x, %s : (tensor<3xf32>, tensor<2xi64>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @k_too_large() -> (tensor<?xf32>, tensor<?xi64>) {
  %x = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %ones = tenon.constant dense<1> : tensor<1x4xi64>
  %k = tenon.reduce sum %ones {axes = array<i64: 1>} : (tensor<1x4xi64>) -> tensor<1xi64>
  // expected-error @+1 {{'tenon.top_k' op expects k from 0 to 2, but got 4}}
  %0, %1 = tenon.top_k %x, %k {axis = 0 : i64} : (tensor<2xf32>, tensor<1xi64>) -> (tensor<?xf32>, tensor<?xi64>)
  return %0, %1 : tensor<?xf32>, tensor<?xi64>
}

// -----

func.func @shapes_that_do_not_meet() -> tensor<?xf32> {
  %x = tenon.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %y = tenon.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %m = tenon.non_zero %y : (tensor<3xf32>) -> tensor<1x?xi64>
  %z = tenon.concat %m, %m {axis = 1 : i64} : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  // expected-error @+2 {{'tenon.add' op expects operands that broadcast, but got 'tensor<1x3xi64>' and 'tensor<1x6xi64>'}}
  // expected-error @+1 {{'tenon.add' op does not accept the shapes of these operands}}
  %0 = tenon.add %m, %z : (tensor<1x?xi64>, tensor<1x?xi64>) -> tensor<1x?xi64>
  %s = tenon.constant dense<-1> : tensor<1xi64>
  %1 = tenon.dynamic_reshape %x, %s : (tensor<2xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

func.func @symbol_without_value() -> tensor<1xi64> {
  // expected-error @+1 {{'tenon.size_vector' op names a symbol that no input has given a value}}
  %0 = tenon.size_vector <[batch]> : tensor<1xi64>
  return %0 : tensor<1xi64>
}

// -----

func.func @foreign_op() -> tensor<f32> {
  // expected-error @+1 {{'arith.constant' op is not an op the reference evaluates}}
  %0 = arith.constant dense<1.0> : tensor<f32>
  return %0 : tensor<f32>
}
