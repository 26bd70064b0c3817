// Signatures that have no machine interface are reported.
// RUN: tenon-opt --tenon-lower-launch --split-input-file --verify-diagnostics %s

// expected-error @+1 {{expects 'tenon.dims' on argument 0 of type 'memref<?xf32>' with dynamic sizes}}
func.func private @unknown_size(%x: memref<?xf32>, %begin: index, %end: index) attributes {tenon.kernel} {
  return
}

// -----

// expected-error @+1 {{expects 'tenon.dims' of argument 0 to have 2 results over at most 0 symbols}}
func.func private @missing_symbol(%x: memref<?x4xf32> {tenon.dims = affine_map<()[s0] -> (s0, 4)>}, %begin: index,
                                  %end: index) attributes {tenon.kernel} {
  return
}

// -----

// expected-error @+1 {{expects dynamic arguments to be row-major or of static strides, but argument 0 is 'memref<?xf32, strided<[?]>>'}}
func.func private @strided(%x: memref<?xf32, strided<[?]>> {tenon.dims = affine_map<()[s0] -> (s0)>}, %n: index,
                           %begin: index, %end: index) attributes {tenon.kernel} {
  return
}

// -----

// expected-error @+1 {{expects a kernel's last two arguments to be of type index}}
func.func private @no_range(%x: memref<4xf32>) attributes {tenon.kernel} {
  return
}

// -----

// expected-error @+1 {{expects arguments of memref or index type, but argument 0 is 'f32'}}
func.func private @scalar(%x: f32, %begin: index, %end: index) attributes {tenon.kernel} {
  return
}

// -----

// expected-error @+1 {{expects integer attributes 'tenon.inputs' and 'tenon.outputs'}}
func.func @no_counts(%weights: memref<?xi8>, %workspace: memref<?xi8>) attributes {tenon.program} {
  return
}

// -----

// expected-error @+1 {{expects at least 4 arguments (inputs, outputs, weights, workspace), but got 2}}
func.func @too_few(%in: memref<4xf32>, %out: memref<4xf32>)
    attributes {tenon.program, tenon.inputs = 1 : i64, tenon.outputs = 1 : i64} {
  return
}

// -----

func.func private @k(memref<4xf32>, index, index) attributes {tenon.kernel}
func.func @launch_outside(%x: memref<4xf32>) {
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{expects to be in a function with 'tenon.program', or serial in one with 'tenon.kernel'}}
  tenon.launch @k(%x) range(%c1) : memref<4xf32>
  return
}

// -----

func.func private @k(memref<4xf32>, index, index) attributes {tenon.kernel}
func.func private @spread_by_a_kernel(%x: memref<4xf32>, %begin: index, %end: index) attributes {tenon.kernel} {
  // expected-error @+1 {{expects to be in a function with 'tenon.program', or serial in one with 'tenon.kernel'}}
  tenon.launch @k(%x) range(%end) : memref<4xf32>
  return
}
