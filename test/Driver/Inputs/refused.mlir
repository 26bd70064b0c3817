// A branch that depends on an input: nothing that can be compiled, which the codegen phase is the first to find.
module attributes {tenon.model = "refused"} {
  func.func @main(%c: tensor<i1> {tenon.name = "c"}, %x: tensor<2xf32> {tenon.name = "x"})
      -> (tensor<2xf32> {tenon.name = "y"}) {
    %y = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
      tenon.yield %x : tensor<2xf32>
    } else {
      %n = tenon.neg %x : (tensor<2xf32>) -> tensor<2xf32>
      tenon.yield %n : tensor<2xf32>
    }
    return %y : tensor<2xf32>
  }
}
