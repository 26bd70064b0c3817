// Nothing is left behind silently.
// RUN: tenon-opt --tenon-convert-to-llvm --verify-diagnostics %s
// RUN: not tenon-opt --tenon-convert-to-llvm=index-bits=16 %s 2>&1 | FileCheck %s
// CHECK: expects index-bits of 32 or 64, but got 16

func.func @tensor(%n: index) -> index {
  // expected-error @+1 {{failed to legalize operation 'tensor.empty'}}
  %t = tensor.empty(%n) : tensor<?xf32>
  %c0 = arith.constant 0 : index
  %d = tensor.dim %t, %c0 : tensor<?xf32>
  return %d : index
}
