// What the memory plan refuses to lay out.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics --tenon-plan-memory

func.func private @k(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<8xf32> {
  %0 = call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'tenon.concat' op expects operands that are placed nowhere else}}
  %1 = tenon.concat %0, %0 {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

func.func private @k(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = call @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{'func.return' op expects operands that are placed nowhere else}}
  return %0, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @+1 {{expects a known number of iterations, in steps of 7}}
  %0 = call @k(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 7, bands = 8>} : (tensor<64xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}

// -----

func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  %0 = call @k(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 8>} : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error @+1 {{expects the bands and shares of the calls it takes turns with}}
  %1 = call @k(%0) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 4>} : (tensor<64xf32>) -> tensor<64xf32>
  return %1 : tensor<64xf32>
}

// -----

func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  %0 = call @k(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 8>} : (tensor<64xf32>) -> tensor<64xf32>
  %1 = call @k(%0) : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error @+1 {{expects the calls of group 0 one behind another}}
  %2 = call @k(%1) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 8>} : (tensor<64xf32>) -> tensor<64xf32>
  return %2 : tensor<64xf32>
}

// -----

func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
    attributes {tenon.kernel, tenon.range = affine_map<() -> (64)>, tenon.symbols = []} { return }
func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @+1 {{expects rolling results to be of known size, and read by its group alone}}
  %0 = call @k(%x) {tenon.interleave = #tenon.interleave<group = 0, step = 1, bands = 8>,
                    tenon.rolling = [#tenon.rolling<window = 64, low = 0, high = 0, every = 1>]} : (tensor<64xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}
