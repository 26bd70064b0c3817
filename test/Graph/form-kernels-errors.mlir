// RUN: tenon-opt --tenon-form-kernels="max-kernel-ops=0" --split-input-file --verify-diagnostics %s

// expected-error @+1 {{expects max-kernel-ops of 1 or more, but got 0}}
func.func @no_ops_allowed(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}
