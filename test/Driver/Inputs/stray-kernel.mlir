// Valid IR that no importer makes: a function marked as a kernel, which holds an op of the model. Phases stumble over
// it as over what a defect leaves.
module attributes {tenon.model = "stray"} {
  func.func @main(%x: tensor<8x8xf32> {tenon.name = "x"}) -> (tensor<8x8xf32> {tenon.name = "y"}) {
    %y = tenon.neg %x : (tensor<8x8xf32>) -> tensor<8x8xf32>
    return %y : tensor<8x8xf32>
  }
  func.func private @kernel(%x: tensor<8x8xf32>) -> tensor<8x8xf32>
      attributes {tenon.structured, tenon.schedule = #tenon.schedule<[op 0 {vector d1}]>} {
    %y = tenon.relu %x : (tensor<8x8xf32>) -> tensor<8x8xf32>
    return %y : tensor<8x8xf32>
  }
}
