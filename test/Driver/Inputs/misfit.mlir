// Sizes that turn out not to fit each other.
module attributes {tenon.model = "misfit"} {
  func.func @main(%a: tensor<2x3xf32> {tenon.name = "a"}, %s: tensor<2x2xf32> {tenon.name = "s"})
      -> (tensor<?x?xf32> {tenon.name = "y"}) {
    %0 = tenon.transpose %a {perm = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<?x?xf32>
    %1 = tenon.matmul %0, %0 : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    return %1 : tensor<?x?xf32>
  }
}
