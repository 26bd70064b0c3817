// Two matrix products with a softmax after each: what compiles to several kernels.
module attributes {tenon.model = "layers"} {
  func.func @main(%x: tensor<2x3xf32> {tenon.name = "x"}) -> (tensor<2x5xf32> {tenon.name = "y"}) {
    %v = tenon.constant dense<[[1.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 1.0, -9.0]]> : tensor<3x4xf32>
    %w = tenon.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 1.0, 0.0, 2.0, 1.0], [0.0, 0.0, 1.0, -9.0, 1.0], [1.0, 0.0, 7.0, 1.0, 0.0]]> : tensor<4x5xf32>
    %p = tenon.matmul %x, %v : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
    %h = tenon.softmax %p {axis = 1 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %q = tenon.matmul %h, %w : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
    %y = tenon.softmax %q {axis = 1 : i64} : (tensor<2x5xf32>) -> tensor<2x5xf32>
    return %y : tensor<2x5xf32>
  }
}
