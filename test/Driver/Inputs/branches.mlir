// Two layers that are one kernel, and a product of both: z = relu(relu(x V) W), y = z relu(x V)^T.
module attributes {tenon.model = "branches"} {
  func.func @main(%x: tensor<16x16xf32> {tenon.name = "x"})
      -> (tensor<16x16xf32> {tenon.name = "y"}, tensor<16x16xf32> {tenon.name = "z"}) {
    %v = tenon.constant dense<0.5> : tensor<16x16xf32>
    %w = tenon.constant dense<0.25> : tensor<16x16xf32>
    %p = tenon.matmul %x, %v : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
    %first = tenon.relu %p : (tensor<16x16xf32>) -> tensor<16x16xf32>
    %q = tenon.matmul %first, %w : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
    %second = tenon.relu %q : (tensor<16x16xf32>) -> tensor<16x16xf32>
    %t = tenon.transpose %first {perm = array<i64: 1, 0>} : (tensor<16x16xf32>) -> tensor<16x16xf32>
    %y = tenon.matmul %second, %t : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
    return %y, %second : tensor<16x16xf32>, tensor<16x16xf32>
  }
}
