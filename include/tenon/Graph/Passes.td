//===- Passes.td - Passes of the graph phase ----------------------------------------------------------===//

#ifndef TENON_GRAPH_PASSES
#define TENON_GRAPH_PASSES

include "mlir/Pass/PassBase.td"

def InferShapes : Pass<"tenon-infer-shapes", "::mlir::func::FuncOp"> {
  let summary = "propagate sizes through the whole function";
  let description = [{
    Refines the types of all values to what follows from the inputs' sizes, and replaces ops that take index tensors by
    their static forms, until nothing changes. The function then returns the refined types. A size that stays unknown is
    an error that names the op at which it arises.

    ```mlir
    %s = tenon.shape_of %x : (tensor<2x3xf32>) -> tensor<2xi64>
    %y = tenon.dynamic_expand %c, %s : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
    // becomes
    %y = tenon.expand %c : (tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let options = [
    Option<"allowUnknown", "allow-unknown", "bool", "false", "Accept sizes that stay unknown">];
  let statistics = [Statistic<"numRefined", "refined", "Number of times a value's type became more precise">];
}

def FoldConstants : Pass<"tenon-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "evaluate what depends on constants only";
  let description = [{
    Computes the values that follow from constants and that other ops read, with the evaluator the pass was made with.
    Values on the way to them never become attributes. A result stays an op if it takes more than 4 times the bytes of
    the constants it follows from and `slack-bytes`; splats are computed as one element and stay splats. What has no
    elements is known without being computed.

    ```mlir
    %a = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %b = tenon.neg %a : (tensor<2xf32>) -> tensor<2xf32>
    // becomes
    %b = tenon.constant dense<[-1.0, -2.0]> : tensor<2xf32>
    ```
  }];
  let options = [Option<"slackBytes", "slack-bytes", "int64_t", "1048576", "Bytes a result may always take">];
  let statistics = [Statistic<"numFolded", "folded", "Number of values that became constants">];
  // The evaluator is an argument: see createFoldConstantsPass.
  let constructor = "::tenon::createFoldConstantsPass({})";
}

def Simplify : Pass<"tenon-simplify", "::mlir::func::FuncOp"> {
  let summary = "rewrite the program in fewer and cheaper ops";
  let description = [{
    Algebra: identities, cheaper forms (a division by a constant is a product), batch normalization as a product and a
    sum, constant factors moved into the weights of the contraction before or after them, matrices of one product
    collapsed to one, reshapes moved past ops that do not care, gathers with constant indices as slices, equal ops merged.
    New weights are ops on constants: `tenon-fold-constants` computes them.

    ```mlir
    %0 = tenon.matmul %x, %w : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
    %1 = tenon.mul %0, %scale : (tensor<8x6xf32>, tensor<6xf32>) -> tensor<8x6xf32>
    // with constant %w and %scale becomes
    %0 = tenon.mul %w, %scale : (tensor<4x6xf32>, tensor<6xf32>) -> tensor<4x6xf32>
    %1 = tenon.matmul %x, %0 : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
    ```
  }];
  let options = [
    Option<"maxRounds", "max-rounds", "int64_t", "8", "Most rounds of rewriting and merging equal ops">];
}

def RecoverPatterns : Pass<"tenon-recover-patterns", "::mlir::func::FuncOp"> {
  let summary = "find the ops that exporters spell out";
  let description = [{
    Finds layer and RMS normalization with their scale and bias, softmax, GELU in both forms and the sigmoid among the
    elementwise ops and reductions they are written as.

    ```mlir
    %m = tenon.reduce max %x {axes = array<i64: 1>, keep_dims} : (tensor<4x8xf32>) -> tensor<4x1xf32>
    %d = tenon.sub %x, %m : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
    %e = tenon.exp %d : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %s = tenon.reduce sum %e {axes = array<i64: 1>, keep_dims} : (tensor<4x8xf32>) -> tensor<4x1xf32>
    %y = tenon.div %e, %s : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
    // becomes
    %y = tenon.softmax %x {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
}

def RecoverAttention : Pass<"tenon-recover-attention", "::mlir::func::FuncOp"> {
  let summary = "find attention among matrix products";
  let description = [{
    Makes one op of the products with keys and values and of the softmax between them, wherever the scale stands (on the
    scores, the queries, the keys) and whether a mask is added or chooses between a score and a large negative number.
    Scores that are used elsewhere, sizes known at run time only, and keys of more than 128 Ki elements a head stay as
    they are.

    ```mlir
    %t = tenon.transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x8xf32>) -> tensor<1x2x8x5xf32>
    %s = tenon.matmul %q, %t : (tensor<1x2x3x8xf32>, tensor<1x2x8x5xf32>) -> tensor<1x2x3x5xf32>
    %m = tenon.add %s, %mask : (tensor<1x2x3x5xf32>, tensor<3x5xf32>) -> tensor<1x2x3x5xf32>
    %w = tenon.softmax %m {axis = 3 : i64} : (tensor<1x2x3x5xf32>) -> tensor<1x2x3x5xf32>
    %y = tenon.matmul %w, %v : (tensor<1x2x3x5xf32>, tensor<1x2x5x8xf32>) -> tensor<1x2x3x8xf32>
    // becomes
    %y = tenon.attention %q, %k, %v mask(%mask) {scale = 1.0 : f32}
       : (tensor<1x2x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<3x5xf32>) -> tensor<1x2x3x8xf32>
    ```
  }];
}

def ChooseLayouts : Pass<"tenon-choose-layouts", "::mlir::func::FuncOp"> {
  let summary = "put the channels of activations last where that pays";
  let description = [{
    Convolutions, pooling and normalizations with their channels first get them last, between transposes that then move
    past elementwise ops, concatenations, reductions, slices, paddings and resizing until they cancel. Filters are
    transposed by constant folding. What remains is at most a transpose of an input or an output, and where values meet
    ops that need the channels first.

    Ops that share a layout are put last together or not at all. They stay as they are where nothing among them mixes
    channels and rows are long enough for vectors: depthwise convolutions and pooling with 32 columns or more that they
    step through by one or two, and normalizations.

    ```mlir
    %0 = tenon.max_pool %x {kernel = array<i64: 2>, ...} : (tensor<1x3x8xf32>) -> tensor<1x3x4xf32>
    // becomes
    %0 = tenon.transpose %x {perm = array<i64: 0, 2, 1>} : (tensor<1x3x8xf32>) -> tensor<1x8x3xf32>
    %1 = tenon.max_pool %0 {kernel = array<i64: 2>, layout = #tenon<layout channels_last>, ...}
       : (tensor<1x8x3xf32>) -> tensor<1x4x3xf32>
    %2 = tenon.transpose %1 {perm = array<i64: 0, 2, 1>} : (tensor<1x4x3xf32>) -> tensor<1x3x4xf32>
    ```
  }];
  let statistics = [Statistic<"numTransposes", "transposes", "Number of transposes of data left">];
}

def DecomposeConvTranspose : Pass<"tenon-decompose-conv-transpose", "::mlir::func::FuncOp"> {
  let summary = "make transposed convolutions convolutions";
  let description = [{
    Results of a `tenon.conv_transpose` that lie its stride apart are reached by the same taps of the filter: each such
    phase is a `tenon.conv` with those taps, mirrored, and the phases are concatenated behind each dimension with a stride
    other than 1. Strides larger than the kernel bring taps of zeros. One stays whose channels are not last, whose filter
    has no known shape, or with a stride and a dilation that have a common factor: some results are reached by no tap then.

    ```mlir
    %y = tenon.conv_transpose %x, %w {strides = array<i64: 2>, ...}
           : (tensor<1x8x3xf32>, tensor<2x3x4xf32>) -> tensor<1x16x4xf32>
    // becomes, with the taps %w0 and %w1 of %w
    %0 = tenon.conv %x, %w0 {strides = array<i64: 1>, ...} : (tensor<1x8x3xf32>, tensor<1x3x4xf32>) -> tensor<1x8x4xf32>
    %1 = tenon.conv %x, %w1 {strides = array<i64: 1>, ...} : (tensor<1x8x3xf32>, tensor<1x3x4xf32>) -> tensor<1x8x4xf32>
    %p = tenon.concat %0', %1' {axis = 2 : i64} : (tensor<1x8x1x4xf32>, tensor<1x8x1x4xf32>) -> tensor<1x8x2x4xf32>
    %y = tenon.reshape %p : (tensor<1x8x2x4xf32>) -> tensor<1x16x4xf32>
    ```
  }];
  let options = [
    Option<"explain", "explain", "bool", "false", "Say in remarks why transposed convolutions stay as they are">];
  let statistics = [Statistic<"numDecomposed", "decomposed", "Number of transposed convolutions replaced">];
}

def DecomposeRecurrent : Pass<"tenon-decompose-recurrent", "::mlir::func::FuncOp"> {
  let summary = "unroll recurrent ops into matrix products and elementwise ops";
  let description = [{
    Replaces `tenon.lstm`, `tenon.gru` and `tenon.rnn`: one matmul for all products with the input, then for each step a
    product with the state and the gates. A sequence of symbolic length is an error. Lengths of single sequences become
    selects, unless all are known to be full.

    ```mlir
    %y, %h = tenon.rnn %x, %w, %r {...}
           : (tensor<2x1x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<2x1x1x4xf32>, tensor<1x1x4xf32>)
    // becomes, in short
    %p = tenon.matmul %x, %wt            // both steps
    %h0 = tenon.tanh %p[0]
    %q = tenon.matmul %h0, %rt
    %s = tenon.add %q, %p[1]
    %h1 = tenon.tanh %s
    %y = tenon.concat %h0, %h1
    ```
  }];
  let statistics = [Statistic<"numDecomposed", "decomposed", "Number of recurrent ops unrolled">];
}

def UnrollControlFlow : Pass<"tenon-unroll-control-flow", "::mlir::func::FuncOp"> {
  let summary = "make branches and loops straight programs";
  let description = [{
    Replaces `tenon.if`, `tenon.loop` and `tenon.scan`, also those inside each other:

    - of an `if` that constants decide, the branch taken; of another both branches, and selects of their results, which
      have to agree in their types;
    - of a loop of constant trip count and condition, and of a `scan` over a known length, the iterations one after the
      other;
    - of a loop whose condition is known at run time only, all iterations of its constant trip count; once the condition
      has failed selects keep the values it carries. It has no scan outputs.

    Everything else is an error that says what is missing. What follows from small constants becomes a constant as it is
    made, so that iteration numbers decide conditions and sizes inside a loop.

    ```mlir
    %r = tenon.if %c : (tensor<i1>) -> tensor<2xf32> {
      %0 = tenon.neg %x : (tensor<2xf32>) -> tensor<2xf32>
      tenon.yield %0 : tensor<2xf32>
    } else {
      tenon.yield %x : tensor<2xf32>
    }
    // becomes
    %0 = tenon.neg %x : (tensor<2xf32>) -> tensor<2xf32>
    %r = tenon.select %c, %0, %x : (tensor<i1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    ```
  }];
  let options = [
    Option<"maxOps", "max-ops", "int64_t", "10000", "Most ops and iterations a branch or loop may become">];
  let statistics = [Statistic<"numUnrolled", "unrolled", "Number of outermost branches and loops replaced">];
  // The evaluator is an argument: see createUnrollControlFlowPass.
  let constructor = "::tenon::createUnrollControlFlowPass({})";
}

def ApplyWinograd : Pass<"tenon-apply-winograd", "::mlir::func::FuncOp"> {
  let summary = "compute 3x3 convolutions by Winograd's algorithm where that pays";
  let description = [{
    A convolution of 3x3 windows, with stride 1, in one group, of constant filter, f32 elements and known sizes becomes two
    transforms around a matrix product at each of 16 or 36 points: 2.25 or 4 times fewer multiplications, and results
    that differ by rounding. `largest-tile` is the accuracy the user grants (docs/Rationale/Winograd.md has the measured
    errors): 2 for tiles of 2x2 results, 4 for tiles of 4x4 too, 0 for none. Within that, the tile is the one estimated
    to take the least on `machine`: the product at its rate, its weights at that of memory, the transforms at theirs or
    at that of the cache which holds what is handed on. All stays as it is where that is not clearly less than
    the direct form takes.

    ```mlir
    %y = tenon.conv %x, %w {pads = array<i64: 1, 1, 1, 1>, ...} : (tensor<1x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x56x56x64xf32>
    // becomes, with %u that follows from %w alone
    %v = tenon.winograd_input %x {tile = 4, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x56x56x64xf32>) -> tensor<1x14x14x6x6x64xf32>
    %m = tenon.einsum "pbc,bck->pbk" %v', %u : (tensor<196x36x64xf32>, tensor<36x64x64xf32>) -> tensor<196x36x64xf32>
    %y = tenon.winograd_output %m' {tile = 4, height = 56, width = 56} : (tensor<1x14x14x6x6x64xf32>) -> tensor<1x56x56x64xf32>
    ```
  }];
  let options = [
    Option<"largestTile", "largest-tile", "int64_t", "0", "Results of a tile in each direction, at the most">,
    Option<"explain", "explain", "bool", "false", "Say in remarks why convolutions stay as they are">,
    Option<"machine", "machine", "std::string", "\"host\"", "Name of the machine to estimate for">,
    Option<"cpu", "cpu", "std::string", "\"\"", "LLVM CPU in place of the machine's">,
    Option<"features", "features", "std::string", "\"\"", "LLVM features to add to the machine's">];
  let statistics = [Statistic<"numApplied", "applied", "Number of convolutions computed by Winograd's algorithm">];
}

def FormKernels : Pass<"tenon-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "group ops into kernels";
  let description = [{
    Puts every op into an isolated `tenon.kernel`, but for constants, `tenon.reshape` (a view) and `tenon.concat` (done by
    placing its operands). An op joins the kernel that reads its result, or the one that computes its operand, if no one
    else needs the value in between:

    - a contraction, reduction, relayout or lookup takes the elementwise ops that follow it and keep its shape;
    - elementwise ops go to the kernel of all their users, unless that is the operand of a contraction, of a window or of
      a lookup, which would compute an element many times;
    - a cheap elementwise kernel with several users is cloned into each;
    - an elementwise value that others need too becomes the second result of a kernel that reads it.

    Splats are cloned into the kernels that use them. With `explain` a remark says why two neighbours are not together.

    ```mlir
    %0 = tenon.matmul %a, %b : (tensor<8x4xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
    %1 = tenon.relu %0 : (tensor<8x8xf32>) -> tensor<8x8xf32>
    // becomes
    %1 = tenon.kernel(%a, %b : tensor<8x4xf32>, tensor<4x8xf32>) -> (tensor<8x8xf32>) {
    ^bb0(%x: tensor<8x4xf32>, %y: tensor<4x8xf32>):
      %2 = tenon.matmul %x, %y : (tensor<8x4xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
      %3 = tenon.relu %2 : (tensor<8x8xf32>) -> tensor<8x8xf32>
      tenon.yield %3 : tensor<8x8xf32>
    }
    ```
  }];
  let options = [
    Option<"maxKernelOps", "max-kernel-ops", "int64_t", "64", "Most ops in a kernel, constants not counted">,
    Option<"secondResults", "second-results", "bool", "true",
           "Let a kernel return an intermediate value besides its result">,
    Option<"explain", "explain", "bool", "false", "Remark on every pair of neighbours that is not fused">];
  let statistics = [
    Statistic<"numKernels", "kernels", "Number of kernels formed">,
    Statistic<"numFused", "fused", "Number of ops that joined the kernel of another">];
}

#endif // TENON_GRAPH_PASSES
