// A loop whose trips are counted at run time: nothing that can be compiled, which the graph phase is the first to find.
module attributes {tenon.model = "refused"} {
  func.func @main(%n: tensor<i64> {tenon.name = "n"}, %x: tensor<2xf32> {tenon.name = "x"})
      -> (tensor<2xf32> {tenon.name = "y"}) {
    %y = tenon.loop(%x) trip(%n) : (tensor<2xf32>, tensor<i64>) -> tensor<2xf32> {
    ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<2xf32>):
      tenon.yield %c, %v : tensor<i1>, tensor<2xf32>
    }
    return %y : tensor<2xf32>
  }
}
