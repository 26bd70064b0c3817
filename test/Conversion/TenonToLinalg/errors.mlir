// What has no structured form is an error at the op.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --convert-tenon-to-linalg

func.func @gather_of_a_result(%x: tensor<4xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  %r = tenon.kernel(%x, %i : tensor<4xf32>, tensor<2xi64>) -> (tensor<2xf32>) {
  ^bb0(%a: tensor<4xf32>, %b: tensor<2xi64>):
    %e = tenon.exp %a : (tensor<4xf32>) -> tensor<4xf32>
    // expected-error @below {{'tenon.gather' op expects its data to be an argument of the kernel, but it is computed in it}}
    // expected-error @below {{failed to legalize operation 'tenon.gather'}}
    %g = tenon.gather %e, %b {axis = 0 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
    tenon.yield %g : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

func.func @size_of_nothing(%x: tensor<1xf32>) -> tensor<?xf32, #tenon.dims<[n]>> {
  %r = tenon.kernel(%x : tensor<1xf32>) -> (tensor<?xf32, #tenon.dims<[n]>>) {
  ^bb0(%a: tensor<1xf32>):
    // expected-error @below {{'tenon.expand' op expects the size n to follow from the kernel's arguments}}
    // expected-error @below {{failed to legalize operation 'tenon.expand'}}
    %e = tenon.expand %a : (tensor<1xf32>) -> tensor<?xf32, #tenon.dims<[n]>>
    tenon.yield %e : tensor<?xf32, #tenon.dims<[n]>>
  }
  return %r : tensor<?xf32, #tenon.dims<[n]>>
}

// -----

func.func @size_without_a_name(%x: tensor<?xf32>) -> tensor<?xf32> {
  %r = tenon.kernel(%x : tensor<?xf32>) -> (tensor<?xf32>) {
  ^bb0(%a: tensor<?xf32>):
    // expected-error @below {{'tenon.exp' op expects sizes that are constant or named by #tenon.dims}}
    // expected-error @below {{failed to legalize operation 'tenon.exp'}}
    %e = tenon.exp %a : (tensor<?xf32>) -> tensor<?xf32>
    tenon.yield %e : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// A kernel in a kernel has no pattern.
func.func @nested(%x: tensor<2xf32>) -> tensor<2xf32> {
  %r = tenon.kernel(%x : tensor<2xf32>) -> (tensor<2xf32>) {
  ^bb0(%a: tensor<2xf32>):
    // expected-error @below {{failed to legalize operation 'tenon.kernel'}}
    %e = tenon.kernel(%a : tensor<2xf32>) -> (tensor<2xf32>) {
    ^bb0(%b: tensor<2xf32>):
      tenon.yield %b : tensor<2xf32>
    }
    tenon.yield %e : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}

// -----

// A convolution reads a dimension at sums of places: it can't take it in parts.
func.func @conv_of_parts(%x: tensor<1x4x1xf32>, %w: tensor<3x1x1xf32>) -> tensor<1x6x1xf32> {
  %r = tenon.kernel(%x, %w : tensor<1x4x1xf32>, tensor<3x1x1xf32>) -> (tensor<1x6x1xf32>) {
  ^bb0(%a: tensor<1x4x1xf32>, %b: tensor<3x1x1xf32>):
    %e = tenon.exp %a : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
    %u = tenon.resize nearest %e : (tensor<1x4x1xf32>) -> tensor<1x8x1xf32>
    // expected-error @below {{'linalg.generic' op expects to read dimensions that its kernel computes in parts one to one, as from 'tensor<1x4x2x1xf32>' for 'tensor<1x8x1xf32>'}}
    %c = tenon.conv %u, %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>,
           layout = #tenon<layout channels_last>} : (tensor<1x8x1xf32>, tensor<3x1x1xf32>) -> tensor<1x6x1xf32>
    tenon.yield %c : tensor<1x6x1xf32>
  }
  return %r : tensor<1x6x1xf32>
}
