// Attributes of scheduled programs print as they are written.
// RUN: tenon-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: #tenon.schedule<[op 3 {loops [d0 by 64, d1 by 2v, d0 by 8], vector d1, parallel 1}, op 1 {in 3 at 3, inner [d2 by 1]}, op 0 {store in 3 at 1, loops [d0 by 1], vector d1}]>
module attributes {tenon.test = #tenon.schedule<[
  op 3 {loops [d0 by 64, d1 by 2v, d0 by 8], vector d1, parallel 1},
  op 1 {in 3 at 3, inner [d2 by 1]},
  op 0 {store in 3 at 1, loops [d0 by 1], vector d1}]>} {}

// -----

// CHECK: #tenon.schedule<[op 2 {loops [d0 by 1], vector d1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}, op 0 {store in 2 at 1, with 1}]>
module attributes {tenon.test = #tenon.schedule<[
  op 2 {loops [d0 by 1], vector d1}, op 1 {in 2 at 1, inner [d1 by 1v], vector d1}, op 0 {store in 2 at 1, with 1}]>} {}

// -----

// expected-error @+1 {{expected a positive step, but got 0}}
module attributes {tenon.test = #tenon.schedule<[op 0 {loops [d0 by 0]}]>} {}

// -----

// expected-error @+1 {{expected a dimension such as 'd0'}}
module attributes {tenon.test = #tenon.schedule<[op 0 {loops [x by 1]}]>} {}

// -----

// expected-error @+1 {{expected 'loops', 'inner', 'vector', 'parallel', 'with', 'store in' or 'in', but got 'tile'}}
module attributes {tenon.test = #tenon.schedule<[op 0 {tile [d0 by 1]}]>} {}

// -----

// CHECK: #tenon.interleave<group = 1, step = 14, bands = 28, shares = 2, ahead = 2, before = 1>
// CHECK-SAME: #tenon.rolling<window = 4096, low = 1024, high = 0, every = 2>
module attributes {tenon.test = #tenon.interleave<group = 1, step = 14, bands = 28, shares = 2, ahead = 2, before = 1>,
                   tenon.windows = [#tenon.rolling<window = 4096, low = 1024, high = 0, every = 2>]} {}

// -----

// expected-error @+1 {{expects a group from 0 on, steps and bands from 1 on, and at most as many shares as bands}}
module attributes {tenon.test = #tenon.interleave<group = 0, step = 1, bands = 2, shares = 3>} {}

// -----

// expected-error @+1 {{expects 'ahead', 'before' and 'behind' from 0 on}}
module attributes {tenon.test = #tenon.interleave<group = 0, step = 1, bands = 2, ahead = -1>} {}

// -----

// expected-error @+1 {{expects a window of whole lines of 64 bytes that holds 'low' and 'high'}}
module attributes {tenon.test = #tenon.rolling<window = 100, low = 0, high = 0, every = 1>} {}
