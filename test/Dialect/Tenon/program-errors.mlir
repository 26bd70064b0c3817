// What kernels and launches refuse.
// RUN: tenon-opt %s --verify-diagnostics --split-input-file

func.func @kernel_arguments(%x: tensor<4xf32>) {
  // expected-error @below {{'tenon.kernel' op expects block arguments of types 'tensor<4xf32>', but got 'tensor<5xf32>'}}
  %0 = tenon.kernel(%x : tensor<4xf32>) -> (tensor<5xf32>) {
  ^bb0(%a: tensor<5xf32>):
    tenon.yield %a : tensor<5xf32>
  }
  return
}

// -----

func.func @kernel_results(%x: tensor<4xf32>) {
  // expected-error @below {{'tenon.kernel' op expects yielded values of types 'tensor<5xf32>', but got 'tensor<4xf32>'}}
  %0 = tenon.kernel(%x : tensor<4xf32>) -> (tensor<5xf32>) {
  ^bb0(%a: tensor<4xf32>):
    tenon.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @launch_callee(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{'tenon.launch' op expects a kernel function, but 'k0' is none}}
  tenon.launch @k0(%x) range(%n) : memref<4xf32>
  return
}

// -----

func.func private @k0(memref<4xf32>)
func.func @launch_range(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{'tenon.launch' op expects a kernel whose last two arguments are of type index}}
  tenon.launch @k0(%x) range(%n) : memref<4xf32>
  return
}

// -----

func.func private @k0(memref<5xf32>, index, index)
func.func @launch_arguments(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{'tenon.launch' op expects arguments of types}}
  tenon.launch @k0(%x) range(%n) : memref<4xf32>
  return
}

// -----

func.func private @k0(memref<4xf32>, index, index)
func.func @launch_from(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{'tenon.launch' op expects 'from' together with 'serial'}}
  tenon.launch @k0(%x) range(%n) from %n : memref<4xf32>
  return
}
