// Where loops start in the code: at a line of decoded instructions on x86, where LLVM has them elsewhere.
// RUN: rm -rf %t && mkdir %t
// RUN: tenon compile %s --target=x86-64-v3 --no-cache -o %t/x86.s
// RUN: FileCheck %s --input-file=%t/x86.s
// RUN: tenon compile %s --target=rpi4 --no-cache -o %t/arm.s
// RUN: FileCheck %s --check-prefix=OTHER --input-file=%t/arm.s

// CHECK:      .p2align 6
// CHECK-NEXT: .LBB[[LOOP:[0-9_]+]]:
// CHECK:      vfmadd
// CHECK:      j{{[a-z]+}} .LBB[[LOOP]]
// OTHER:      .LBB{{[0-9_]+}}:
// OTHER-NOT:  .p2align 6
module attributes {tenon.model = "product"} {
  func.func @main(%x: tensor<6x64xf32> {tenon.name = "x"}, %y: tensor<64x16xf32> {tenon.name = "y"}) -> (tensor<6x16xf32> {tenon.name = "z"}) {
    %z = tenon.matmul %x, %y : (tensor<6x64xf32>, tensor<64x16xf32>) -> tensor<6x16xf32>
    return %z : tensor<6x16xf32>
  }
}
