// An unknown machine is named, with those there are.
// RUN: not tenon-opt %s --tenon-interleave-kernels=machine=toaster 2>&1 | FileCheck %s

// CHECK: error: expected a target of host, {{.*}}x86-64-v4{{.*}}, but got 'toaster'
module {}
