module attributes {tenon.model = "wide"} {
  func.func @main(%x: tensor<1000xf32> {tenon.name = "x"}) -> (tensor<1000xf32> {tenon.name = "y"}) {
    %y = tenon.relu %x : (tensor<1000xf32>) -> tensor<1000xf32>
    return %y : tensor<1000xf32>
  }
}
