// relu(x W + b) with weights of simple numbers.
module attributes {tenon.model = "dense"} {
  func.func @main(%x: tensor<2x3xf32> {tenon.name = "x"}) -> (tensor<2x4xf32> {tenon.name = "y"}) {
    %w = tenon.constant dense<[[1.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 1.0, -9.0]]> : tensor<3x4xf32>
    %b = tenon.constant dense<[0.0, 10.0, 20.0, 0.0]> : tensor<4xf32>
    %p = tenon.matmul %x, %w : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
    %s = tenon.add %p, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    %y = tenon.relu %s : (tensor<2x4xf32>) -> tensor<2x4xf32>
    return %y : tensor<2x4xf32>
  }
}
