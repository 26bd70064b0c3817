module attributes {tenon.model = "open"} {
  func.func @main(%x: tensor<?x3xf32, #tenon.dims<[batch, 3]>> {tenon.name = "x"})
      -> (tensor<?x3xf32, #tenon.dims<[batch, 3]>> {tenon.name = "y"}) {
    %y = tenon.relu %x : (tensor<?x3xf32, #tenon.dims<[batch, 3]>>) -> tensor<?x3xf32, #tenon.dims<[batch, 3]>>
    return %y : tensor<?x3xf32, #tenon.dims<[batch, 3]>>
  }
}
