//===- Passes.td - The passes that leave the tenon dialect -------------------------------------===//

#ifndef TENON_CONVERSION_PASSES
#define TENON_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def ConvertTenonToLinalg : Pass<"convert-tenon-to-linalg", "::mlir::ModuleOp"> {
  let summary = "turns the tenon ops inside kernels into structured ops";
  let description = [{
    Every op inside a `tenon.kernel` becomes `linalg.generic`, `linalg.fill`, `tensor.empty` or `tensor.pad`: affine
    access maps, iterator kinds and a scalar body, which is all that scheduling and code generation know of. Signedness
    and bool move from types into ops on the way: in the whole module `i1` becomes `i8` (0 or 1) and `uiN` becomes `iN`;
    an argument or result of a function whose element type changed remembers it in the attribute `tenon.element_type`.

    Before:
    ```mlir
    %r = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
    ^bb0(%a: tensor<4xf32>):
      %s = tenon.exp %a : (tensor<4xf32>) -> tensor<4xf32>
      tenon.yield %s : tensor<4xf32>
    }
    ```
    After:
    ```mlir
    %r = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
    ^bb0(%a: tensor<4xf32>):
      %init = tensor.empty() : tensor<4xf32>
      %s = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                           iterator_types = ["parallel"]} ins(%a : tensor<4xf32>) outs(%init : tensor<4xf32>) {
      ^bb0(%in: f32, %out: f32):
        %e = math.exp %in : f32
        linalg.yield %e : f32
      } -> tensor<4xf32>
      tenon.yield %s : tensor<4xf32>
    }
    ```

    - A value with a dynamic size gets it from the kernel's arguments: `tensor.dim`, and `affine.apply` where the size is
      an expression (`sequence + 1`).
    - Half precision computes in f32; a reduction accumulates in f32 and rounds once at the end.
    - An op with the trait `Unstructured` stays, with its own types; `builtin.unrealized_conversion_cast` stands between
      them and the converted ones, and means the same bytes.
    - A kernel of an op that has no structured form is an error at that op.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // TENON_CONVERSION_PASSES
