// Elementwise ops are parallel structured ops over the result; broadcasting is in the maps, signedness in the body.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// A dimension of size 1 reads place 0, a missing one nothing.
// CHECK-DAG: #[[COLUMN:.+]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-DAG: #[[ROW:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[WHOLE:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func @broadcast
// CHECK: %[[INIT:.+]] = tensor.empty() : tensor<2x3xf32>
// CHECK: linalg.generic {indexing_maps = [#[[COLUMN]], #[[ROW]], #[[WHOLE]]], iterator_types = ["parallel", "parallel"]}
// CHECK-SAME: outs(%[[INIT]] : tensor<2x3xf32>)
// CHECK: arith.addf %{{.+}}, %{{.+}} : f32
func.func @broadcast(%A: tensor<2x1xf32>, %B: tensor<3xf32>) -> tensor<2x3xf32> {
  %r = tenon.kernel(%A, %B : tensor<2x1xf32>, tensor<3xf32>) -> (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x1xf32>, %b: tensor<3xf32>):
    %r = tenon.add %a, %b : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    tenon.yield %r : tensor<2x3xf32>
  }
  return %r : tensor<2x3xf32>
}

// -----

// The same op on signed and unsigned elements.
// CHECK-LABEL: func.func @signed_and_unsigned
// CHECK: arith.maxsi %{{.+}}, %{{.+}} : i32
// CHECK: arith.maxui %{{.+}}, %{{.+}} : i32
func.func @signed_and_unsigned(%A: tensor<4xi32>, %B: tensor<4xui32>) -> (tensor<4xi32>, tensor<4xui32>) {
  %r:2 = tenon.kernel(%A, %B : tensor<4xi32>, tensor<4xui32>) -> (tensor<4xi32>, tensor<4xui32>) {
  ^bb0(%a: tensor<4xi32>, %b: tensor<4xui32>):
    %r = tenon.max %a, %a : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
    %s = tenon.max %b, %b : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xui32>
    tenon.yield %r, %s : tensor<4xi32>, tensor<4xui32>
  }
  return %r#0, %r#1 : tensor<4xi32>, tensor<4xui32>
}

// -----

// Predicates follow the type of the operands; a bool is stored as a byte.
// CHECK-LABEL: func.func @compare_unsigned
// CHECK: %[[LESS:.+]] = arith.cmpi ult, %{{.+}}, %{{.+}} : i8
// CHECK: %[[BYTE:.+]] = arith.extui %[[LESS]] : i1 to i8
// CHECK: linalg.yield %[[BYTE]] : i8
func.func @compare_unsigned(%A: tensor<4xui8>) -> tensor<4xi1> {
  %r = tenon.kernel(%A : tensor<4xui8>) -> (tensor<4xi1>) {
  ^bb0(%a: tensor<4xui8>):
    %r = tenon.compare lt %a, %a : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xi1>
    tenon.yield %r : tensor<4xi1>
  }
  return %r : tensor<4xi1>
}

// -----

// Bools are read as not zero.
// CHECK-LABEL: func.func @bool_operands
// CHECK: %[[TRUE:.+]] = arith.cmpi ne, %in, %{{.+}} : i8
// CHECK: %[[NOT:.+]] = arith.xori %[[TRUE]], %{{.+}} : i1
// CHECK: arith.extui %[[NOT]] : i1 to i8
func.func @bool_operands(%A: tensor<4xi1>) -> tensor<4xi1> {
  %r = tenon.kernel(%A : tensor<4xi1>) -> (tensor<4xi1>) {
  ^bb0(%a: tensor<4xi1>):
    %r = tenon.not %a : (tensor<4xi1>) -> tensor<4xi1>
    tenon.yield %r : tensor<4xi1>
  }
  return %r : tensor<4xi1>
}

// -----

// Half precision computes in f32 and rounds at the end.
// CHECK-LABEL: func.func @half_precision
// CHECK: %[[WIDE:.+]] = arith.extf %in : f16 to f32
// CHECK: %[[EXP:.+]] = math.exp %[[WIDE]] : f32
// CHECK: arith.truncf %[[EXP]] : f32 to f16
func.func @half_precision(%A: tensor<4xf16>) -> tensor<4xf16> {
  %r = tenon.kernel(%A : tensor<4xf16>) -> (tensor<4xf16>) {
  ^bb0(%a: tensor<4xf16>):
    %r = tenon.exp %a : (tensor<4xf16>) -> tensor<4xf16>
    tenon.yield %r : tensor<4xf16>
  }
  return %r : tensor<4xf16>
}

// -----

// 
// CHECK-LABEL: func.func @relu_keeps_nan
// CHECK: arith.maximumf %in, %{{.+}} fastmath<nsz> : f32
func.func @relu_keeps_nan(%A: tensor<4xf32>) -> tensor<4xf32> {
  %r = tenon.kernel(%A : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// 
// CHECK-LABEL: func.func @sigmoid
// CHECK: %[[NEG:.+]] = arith.negf %in : f32
// CHECK: %[[EXP:.+]] = math.exp %[[NEG]] : f32
// CHECK: %[[SUM:.+]] = arith.addf %[[EXP]], %{{.+}} : f32
// CHECK: arith.divf %{{.+}}, %[[SUM]] : f32
func.func @sigmoid(%A: tensor<4xf32>) -> tensor<4xf32> {
  %r = tenon.kernel(%A : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.sigmoid %a : (tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// A constant exponent that is a whole number is a product, and the constant no operand.
// CHECK-LABEL: func.func @square
// CHECK-NOT: linalg.fill
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{[^,]+}} : tensor<4xf32>)
// CHECK: arith.mulf %in, %in : f32
// CHECK-NOT: math.powf
func.func @square(%A: tensor<4xf32>) -> tensor<4xf32> {
  %r = tenon.kernel(%A : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %e = tenon.constant dense<2.0> : tensor<f32>
    %r = tenon.pow %a, %e : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// A splat constant moves into the body.
// CHECK-LABEL: func.func @splat_operand
// CHECK-NOT: linalg.fill
// CHECK: %[[THREE:.+]] = arith.constant 3.000000e+00 : f32
// CHECK: arith.addf %in, %[[THREE]] : f32
func.func @splat_operand(%A: tensor<4xf32>) -> tensor<4xf32> {
  %r = tenon.kernel(%A : tensor<4xf32>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %e = tenon.constant dense<3.0> : tensor<4xf32>
    %r = tenon.add %a, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// Divisors of 0 and -1 are replaced before the machine sees them.
// CHECK-LABEL: func.func @division_never_traps
// CHECK: %[[TRAPS:.+]] = arith.ori
// CHECK: %[[SAFE:.+]] = arith.select %[[TRAPS]], %{{.+}}, %{{.+}} : i32
// CHECK: arith.divsi %{{.+}}, %[[SAFE]] : i32
func.func @division_never_traps(%A: tensor<4xi32>, %B: tensor<4xi32>) -> tensor<4xi32> {
  %r = tenon.kernel(%A, %B : tensor<4xi32>, tensor<4xi32>) -> (tensor<4xi32>) {
  ^bb0(%a: tensor<4xi32>, %b: tensor<4xi32>):
    %r = tenon.div %a, %b : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
    tenon.yield %r : tensor<4xi32>
  }
  return %r : tensor<4xi32>
}

// -----

// 
// CHECK-LABEL: func.func @division_by_a_constant
// CHECK-NOT: arith.select
// CHECK: arith.divui %in, %{{.+}} : i8
func.func @division_by_a_constant(%A: tensor<4xui8>) -> tensor<4xui8> {
  %r = tenon.kernel(%A : tensor<4xui8>) -> (tensor<4xui8>) {
  ^bb0(%a: tensor<4xui8>):
    %e = tenon.constant dense<3> : tensor<ui8>
    %r = tenon.div %a, %e : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
    tenon.yield %r : tensor<4xui8>
  }
  return %r : tensor<4xui8>
}

// -----

// 
// CHECK-LABEL: func.func @cast_saturates
// CHECK: arith.maximumf
// CHECK: arith.minimumf
// CHECK: %[[WHOLE:.+]] = arith.fptosi %{{.+}} : f32 to i32
// CHECK: arith.trunci %[[WHOLE]] : i32 to i8
func.func @cast_saturates(%A: tensor<4xf32>) -> tensor<4xi8> {
  %r = tenon.kernel(%A : tensor<4xf32>) -> (tensor<4xi8>) {
  ^bb0(%a: tensor<4xf32>):
    %r = tenon.cast %a to i8 {saturate} : (tensor<4xf32>) -> tensor<4xi8>
    tenon.yield %r : tensor<4xi8>
  }
  return %r : tensor<4xi8>
}

// -----

// 
// CHECK-LABEL: func.func @cast_unsigned
// CHECK: arith.uitofp %in : i8 to f32
func.func @cast_unsigned(%A: tensor<4xui8>) -> tensor<4xf32> {
  %r = tenon.kernel(%A : tensor<4xui8>) -> (tensor<4xf32>) {
  ^bb0(%a: tensor<4xui8>):
    %r = tenon.cast %a to f32 : (tensor<4xui8>) -> tensor<4xf32>
    tenon.yield %r : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
