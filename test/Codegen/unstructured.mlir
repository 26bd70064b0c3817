// Ops that are not structured get loops of their own, on one thread: their kernels have a range of 1 and no schedule.
// RUN: tenon-opt %s --split-input-file --tenon-choose-schedules --tenon-emit-kernels --canonicalize | FileCheck %s

// The k best of a line are kept as a heap in the results. Casts of signedness say how elements compare.
// CHECK: #[[ONE:.*]] = affine_map<() -> (1)>
// CHECK-LABEL: func.func private @top_k_loops(
// CHECK-SAME: %[[X:.*]]: memref<2x5xi8> {llvm.noalias}, {{.*}} %[[V:.*]]: memref<2x3xi8> {llvm.noalias}, %[[I:.*]]: memref<2x3xi64>
// CHECK-SAME: tenon.range = #[[ONE]]
// CHECK: scf.for
// CHECK: arith.cmpi ult
// CHECK: scf.while
// CHECK: func.func private @top_k(tensor<2x5xi8>, tensor<1xi64> {tenon.constant}) -> (tensor<2x3xi8>, tensor<2x3xi64>)
// CHECK-SAME: attributes {tenon.emitted = @top_k_loops}
func.func private @top_k(%x: tensor<2x5xi8>, %k: tensor<1xi64> {tenon.constant}) -> (tensor<2x3xi8>, tensor<2x3xi64>)
    attributes {tenon.structured} {
  %0 = builtin.unrealized_conversion_cast %x : tensor<2x5xi8> to tensor<2x5xui8>
  %values, %indices = tenon.top_k %0, %k {axis = 1 : i64, largest, sorted}
      : (tensor<2x5xui8>, tensor<1xi64>) -> (tensor<2x3xui8>, tensor<2x3xi64>)
  %1 = builtin.unrealized_conversion_cast %values : tensor<2x3xui8> to tensor<2x3xi8>
  return %1, %indices : tensor<2x3xi8>, tensor<2x3xi64>
}

// -----

// Without the values, elements are read from the input again.
// CHECK-LABEL: func.func private @indices_only_loops(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<5xf32>
// CHECK-NOT: memref.store {{.*}}f32
// CHECK: memref.load %[[X]]
func.func private @indices_only(%x: tensor<5xf32>, %k: tensor<1xi64>) -> tensor<2xi64> attributes {tenon.structured} {
  %values, %indices = tenon.top_k %x, %k {axis = 0 : i64, largest, sorted}
      : (tensor<5xf32>, tensor<1xi64>) -> (tensor<2xf32>, tensor<2xi64>)
  return %indices : tensor<2xi64>
}

// -----

// A copy in vectors, then the updates; one that is out of range is left out. Sizes come from the symbols.
// CHECK-LABEL: func.func private @scatter_loops(
// CHECK-SAME: memref<?x4xf32> {llvm.noalias, tenon.dims = {{[^,]*, [^,]*}}, %[[I:[a-z0-9]+]]: memref<2x1xi64>
// CHECK-SAME: tenon.symbols = ["batch"]
// CHECK: vector.load
// CHECK: vector.store
// CHECK: %[[INDEX:.*]] = memref.load %[[I]]
// CHECK: arith.cmpi ult
// CHECK: scf.if
// CHECK: arith.addf
func.func private @scatter(%x: tensor<?x4xf32, #tenon.dims<[batch, 4]>>, %i: tensor<2x1xi64>, %u: tensor<2x4xf32>)
    -> tensor<?x4xf32, #tenon.dims<[batch, 4]>> attributes {tenon.structured} {
  %0 = tenon.scatter_nd add %x, %i, %u : (tensor<?x4xf32, #tenon.dims<[batch, 4]>>, tensor<2x1xi64>, tensor<2x4xf32>)
     -> tensor<?x4xf32, #tenon.dims<[batch, 4]>>
  return %0 : tensor<?x4xf32, #tenon.dims<[batch, 4]>>
}

// -----

// Each element adds to the one before.
// CHECK-LABEL: func.func private @cumsum_loops(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<2x3xi32> {llvm.noalias}, %[[Y:[a-z0-9]+]]: memref<2x3xi32>
// CHECK: memref.load %[[Y]]
// CHECK: arith.addi
// CHECK: memref.store {{.*}}, %[[Y]]
func.func private @cumsum(%x: tensor<2x3xi32>) -> tensor<2x3xi32> attributes {tenon.structured} {
  %0 = tenon.cumsum %x {axis = 1 : i64} : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return %0 : tensor<2x3xi32>
}
