// The frame around the ops: element types become their storage in the whole module, and dynamic sizes come from arguments.
// RUN: tenon-opt %s --split-input-file --convert-tenon-to-linalg | FileCheck %s

// Bool becomes i8 and unsigned signless, everywhere; the function remembers what its data was.
// CHECK-LABEL: func.func @signature
// CHECK-SAME: (%{{.+}}: tensor<2xi8> {tenon.element_type = i1, tenon.name = "x"}, %{{.+}}: tensor<2xi16> {tenon.element_type = ui16})
// CHECK-SAME: -> (tensor<2xi8> {tenon.element_type = i1}, tensor<2xi16> {tenon.element_type = ui16})
// CHECK: tenon.kernel(%{{.+}} : tensor<2xi8>) -> (tensor<2xi8>)
// CHECK-NEXT: ^bb0(%{{.+}}: tensor<2xi8>):
func.func @signature(%x: tensor<2xi1> {tenon.name = "x"}, %y: tensor<2xui16>) -> (tensor<2xi1>, tensor<2xui16>) {
  %r = tenon.kernel(%x : tensor<2xi1>) -> (tensor<2xi1>) {
  ^bb0(%a: tensor<2xi1>):
    %n = tenon.not %a : (tensor<2xi1>) -> tensor<2xi1>
    tenon.yield %n : tensor<2xi1>
  }
  return %r, %y : tensor<2xi1>, tensor<2xui16>
}

// -----

// Bools kept as bits become bytes; a resource keeps its bytes under another type.
// CHECK-LABEL: func.func @constants
// CHECK: tenon.constant dense<[1, 0, 1]> : tensor<3xi8>
// CHECK: tenon.constant dense<[-56, 3]> : tensor<2xi8>
// CHECK: tenon.constant dense_resource<mask> : tensor<4xi8>
func.func @constants() -> (tensor<3xi1>, tensor<2xui8>, tensor<4xi1>) {
  %0 = tenon.constant dense<[true, false, true]> : tensor<3xi1>
  %1 = tenon.constant dense<[200, 3]> : tensor<2xui8>
  %2 = tenon.constant dense_resource<mask> : tensor<4xi1>
  return %0, %1, %2 : tensor<3xi1>, tensor<2xui8>, tensor<4xi1>
}

{-#
  dialect_resources: {
    builtin: {
      mask: "0x0400000001000101"
    }
  }
#-}

// -----

// Views and concatenations between kernels only change their types.
// CHECK-LABEL: func.func @between_kernels
// CHECK: tenon.reshape %{{.+}} : (tensor<2x2xi8>) -> tensor<4xi8>
// CHECK: tenon.concat %{{.+}}, %{{.+}} {axis = 0 : i64} : (tensor<4xi8>, tensor<4xi8>) -> tensor<8xi8>
func.func @between_kernels(%x: tensor<2x2xi1>) -> tensor<8xi1> {
  %0 = tenon.reshape %x : (tensor<2x2xi1>) -> tensor<4xi1>
  %1 = tenon.concat %0, %0 {axis = 0 : i64} : (tensor<4xi1>, tensor<4xi1>) -> tensor<8xi1>
  return %1 : tensor<8xi1>
}

// -----

// The encoding stays; a size that an argument has is asked of it, any other computed.
// CHECK-LABEL: func.func @sizes
// CHECK: ^bb0(%[[A:.+]]: tensor<?xf32, #tenon.dims<[n + 1]>>, %{{.+}}: tensor<?xf32, #tenon.dims<[n * 2]>>):
// CHECK: %[[DIM:.+]] = tensor.dim %[[A]], %{{.+}}
// CHECK: tensor.empty(%[[DIM]]) : tensor<?xf32, #tenon.dims<[n + 1]>>
func.func @sizes(%x: tensor<?xf32, #tenon.dims<[n + 1]>>, %y: tensor<?xf32, #tenon.dims<[n * 2]>>)
    -> tensor<?xf32, #tenon.dims<[n + 1]>> {
  %r = tenon.kernel(%x, %y : tensor<?xf32, #tenon.dims<[n + 1]>>, tensor<?xf32, #tenon.dims<[n * 2]>>)
      -> (tensor<?xf32, #tenon.dims<[n + 1]>>) {
  ^bb0(%a: tensor<?xf32, #tenon.dims<[n + 1]>>, %b: tensor<?xf32, #tenon.dims<[n * 2]>>):
    %e = tenon.exp %a : (tensor<?xf32, #tenon.dims<[n + 1]>>) -> tensor<?xf32, #tenon.dims<[n + 1]>>
    tenon.yield %e : tensor<?xf32, #tenon.dims<[n + 1]>>
  }
  return %r : tensor<?xf32, #tenon.dims<[n + 1]>>
}

// -----

// The symbol is solved for from the one size that has it.
// CHECK-DAG: #[[SIZE:.+]] = affine_map<()[s0] -> (s0 * 2 - 2)>
// CHECK-LABEL: func.func @solved_size
// CHECK: %[[DIM:.+]] = tensor.dim
// CHECK: %[[DOUBLE:.+]] = affine.apply #[[SIZE]]()[%[[DIM]]]
// CHECK: tensor.empty(%[[DOUBLE]]) : tensor<?xf32, #tenon.dims<[n * 2]>>
func.func @solved_size(%x: tensor<?xf32, #tenon.dims<[n + 1]>>, %y: tensor<1xf32>) -> tensor<?xf32, #tenon.dims<[n * 2]>> {
  %r = tenon.kernel(%x, %y : tensor<?xf32, #tenon.dims<[n + 1]>>, tensor<1xf32>) -> (tensor<?xf32, #tenon.dims<[n * 2]>>) {
  ^bb0(%a: tensor<?xf32, #tenon.dims<[n + 1]>>, %b: tensor<1xf32>):
    %e = tenon.expand %b : (tensor<1xf32>) -> tensor<?xf32, #tenon.dims<[n * 2]>>
    tenon.yield %e : tensor<?xf32, #tenon.dims<[n * 2]>>
  }
  return %r : tensor<?xf32, #tenon.dims<[n * 2]>>
}

// -----

// An op with a lowering of its own keeps its types; the casts around it mean the same bytes.
// CHECK-LABEL: func.func @unstructured
// CHECK: ^bb0(%[[X:.+]]: tensor<4xi8>, %[[C:.+]]: tensor<4xi8>):
// CHECK-DAG: %[[UNSIGNED:.+]] = builtin.unrealized_conversion_cast %[[X]] : tensor<4xi8> to tensor<4xui8>
// CHECK-DAG: %[[BOOL:.+]] = builtin.unrealized_conversion_cast %[[C]] : tensor<4xi8> to tensor<4xi1>
// CHECK: %[[R:.+]] = tenon.compress %[[UNSIGNED]], %[[BOOL]]
// CHECK: builtin.unrealized_conversion_cast %[[R]] : tensor<?xui8> to tensor<?xi8>
func.func @unstructured(%x: tensor<4xui8>, %c: tensor<4xi1>) -> tensor<?xui8> {
  %r = tenon.kernel(%x, %c : tensor<4xui8>, tensor<4xi1>) -> (tensor<?xui8>) {
  ^bb0(%a: tensor<4xui8>, %b: tensor<4xi1>):
    %s = tenon.compress %a, %b {axis = 0 : i64} : (tensor<4xui8>, tensor<4xi1>) -> tensor<?xui8>
    tenon.yield %s : tensor<?xui8>
  }
  return %r : tensor<?xui8>
}
