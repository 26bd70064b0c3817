// A layer with enough arithmetic to be worth two threads.
module attributes {tenon.model = "large"} {
  func.func @main(%x: tensor<256x256xf32> {tenon.name = "x"}) -> (tensor<256x256xf32> {tenon.name = "y"}) {
    %w = tenon.constant dense<0.5> : tensor<256x256xf32>
    %y = tenon.matmul %x, %w : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
    return %y : tensor<256x256xf32>
  }
}
