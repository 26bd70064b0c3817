// What needs a C math library is an error on machines without one.
// RUN: tenon-opt --tenon-approximate-math=libm=false --verify-diagnostics %s

func.func @double_power(%x: f64) -> f64 {
  // expected-error @+1 {{expects a machine with a C math library for operands of type 'f64'}}
  %r = math.powf %x, %x : f64
  return %r : f64
}
