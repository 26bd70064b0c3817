// #tenon.schedule prints as it is written.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: #tenon.schedule<[op 3 {loops [d0 by 64, d1 by 2v, d0 by 8], vector d1, parallel 1}, op 1 {in 3 at 3, inner [d2 by 1]}, op 0 {store in 3 at 1, loops [d0 by 1], vector d1}]>
module attributes {tenon.test = #tenon.schedule<[
  op 3 {loops [d0 by 64, d1 by 2v, d0 by 8], vector d1, parallel 1},
  op 1 {in 3 at 3, inner [d2 by 1]},
  op 0 {store in 3 at 1, loops [d0 by 1], vector d1}]>} {}

// -----

// expected-error @+1 {{expected a positive step, but got 0}}
module attributes {tenon.test = #tenon.schedule<[op 0 {loops [d0 by 0]}]>} {}

// -----

// expected-error @+1 {{expected a dimension such as 'd0'}}
module attributes {tenon.test = #tenon.schedule<[op 0 {loops [x by 1]}]>} {}

// -----

// expected-error @+1 {{expected 'loops', 'inner', 'vector', 'parallel', 'store in' or 'in', but got 'tile'}}
module attributes {tenon.test = #tenon.schedule<[op 0 {tile [d0 by 1]}]>} {}
