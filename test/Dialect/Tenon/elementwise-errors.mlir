// What elementwise ops refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @add_shapes(%x: tensor<2x3xf32>, %y: tensor<4xf32>) {
  // expected-error @below {{'tenon.add' op expects operands that broadcast, but got 'tensor<2x3xf32>' and 'tensor<4xf32>'}}
  %0 = tenon.add %x, %y : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @add_symbols(%x: tensor<?xf32, #tenon.dims<[batch]>>, %y: tensor<?xf32, #tenon.dims<[sequence]>>) {
  // expected-error @below {{'tenon.add' op expects operands that broadcast, but got 'tensor<?xf32, #tenon.dims<[batch]>>' and 'tensor<?xf32, #tenon.dims<[sequence]>>'}}
  %0 = tenon.add %x, %y : (tensor<?xf32, #tenon.dims<[batch]>>, tensor<?xf32, #tenon.dims<[sequence]>>) -> tensor<?xf32>
  return
}

// -----

// The named size may be another one than 3 when the model runs.
func.func @named_and_known(%x: tensor<?xf32, #tenon.dims<[batch]>>, %y: tensor<3xf32>) {
  // expected-error @below {{'tenon.add' op expects operands that broadcast, but got 'tensor<?xf32, #tenon.dims<[batch]>>' and 'tensor<3xf32>'}}
  %0 = "tenon.add"(%x, %y) : (tensor<?xf32, #tenon.dims<[batch]>>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @add_elements(%x: tensor<2x3xf32>, %y: tensor<3xi32>) {
  // expected-error @below {{'tenon.add' op expects operands of one element type, but got 'f32' and 'i32'}}
  %0 = tenon.add %x, %y : (tensor<2x3xf32>, tensor<3xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @result(%x: tensor<2x3xf32>) {
  // expected-error @below {{'tenon.relu' op expects result type 'tensor<2x3xf32>', but got 'tensor<2x4xf32>'}}
  %0 = tenon.relu %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}
