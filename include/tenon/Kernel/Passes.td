//===- Passes.td - Passes of the kernel phase ----------------------------------------------------------===//

#ifndef TENON_KERNEL_PASSES
#define TENON_KERNEL_PASSES

include "mlir/Pass/PassBase.td"

def CollapseDimensions : Pass<"tenon-collapse-dimensions", "::mlir::ModuleOp"> {
  let summary = "drop dimensions of size 1 and merge loops that always go together";
  let description = [{
    A kernel sees its tensors without dimensions of size 1, and with dimensions merged that every one of its ops steps
    through by two loops, one inside the other, that no op steps through alone. Longer loops leave tiles of registers less
    over, and kernels that differ in nothing else become equal. Tensors that a body reads where it says (`tensor.extract`),
    and results that are placed inside a concat, keep their dimensions.

    ```mlir
    // (n, h, w, o, kh, kw, c) of sizes 1x7x7x512x1x1x2048: x[n, h + kh, w + kw, c] * k[kh, kw, c, o]
    // becomes (p, o, c) of sizes 49x512x2048:              x[p, c] * k[c, o]
    ```
  }];
  let statistics = [Statistic<"numCollapsed", "collapsed", "Kernels with fewer dimensions">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::tenon::TenonDialect"];
}

def IsolatePlacements : Pass<"tenon-isolate-placements", "::mlir::ModuleOp"> {
  let summary = "copy values that need two places at once";
  let description = [{
    A result of the program and an operand of a concat are computed where they end up. This pass puts a copy (a kernel of
    one identity op) in between for values that can't be: arguments, constants, values with a second such place, and views
    of them.

    ```mlir
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }
    // becomes
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) { ... linalg.generic identity ... }
      return %c : tensor<4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::tenon::TenonDialect"];
}

def OutlineKernels : Pass<"tenon-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "make each kernel region a function; equal ones become one";
  let description = [{
    Kernels become private functions with the attribute `tenon.structured`, called from the program. Arguments that are
    constants at every call carry `tenon.constant`: their layout is free. A result that is placed inside a concat carries
    `tenon.strides`, the distance in elements between neighbours along each of its dimensions there. Two kernels are equal
    if their bodies, types and these attributes are.

    ```mlir
    %y = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) { ... }
    // becomes
    func.func private @kernel_0(%x: tensor<4xf32>) -> tensor<4xf32> attributes {tenon.structured} { ... }
    %y = call @kernel_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"numKernels", "kernels", "Kernels before merging equal ones">,
                    Statistic<"numFunctions", "functions", "Distinct kernels">];
}

def OfferCopies : Pass<"tenon-offer-copies", "::mlir::func::FuncOp"> {
  let summary = "give operands that tiles read in panels a copy that a schedule may store";
  let description = [{
    The second operand of a product is read in panels: rows as wide as a tile of registers, one panel for all rows of the
    first. Where it is computed, and so can't be laid out ahead of time, the rows of a panel lie apart in memory, or across
    it if it is transposed. This pass puts an op in front of it that moves its elements, those of a row of a panel side by
    side; and one in front of the first operand if that is transposed, those that are summed side by side. A schedule that
    does not store it reads through it; one that stores it inside the loops over the panels has each of them in one piece.

    ```mlir
    %r = linalg.generic ... ins(%A, %B ...)
    // becomes
    %copy = linalg.generic ... ins(%B ...) { yield }
    %r = linalg.generic ... ins(%A, %copy ...)
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def PackOperands : Pass<"tenon-pack-operands", "::mlir::ModuleOp"> {
  let summary = "lay constant operands out in the order their kernel reads them";
  let description = [{
    An operand of a reduction that is constant and moves with the vector lanes is read a register tile's width at a time.
    This pass changes the kernel to read it as `[n / w][other dimensions][w]`, w the width of the tile, and lays the
    constant out so at each call, with ops the constant folder evaluates.

    ```mlir
    // (m, n, k) -> (k, n)  becomes  (m, n, k) -> (n floordiv 32, k, n mod 32)
    ```

    Elements that one tile alone reads come from memory, which serves several streams faster than one: w is then a vector or a
    cache line.

    Where the length of a vector is only known at run time, so is the width of the tile: with `whole-rows` an operand is
    laid out as `[other dimensions][n]`, which vectors of any length read.

    ```mlir
    // (m, n, k) -> (n, k)  becomes  (m, n, k) -> (k, n)
    ```
  }];
  let options = [Option<"vectorBits", "vector-bits", "int64_t", "512", "Width of a vector register in bits">,
                 Option<"lineBytes", "line-bytes", "int64_t", "64", "Size of a cache line">,
                 Option<"wholeRows", "whole-rows", "bool", "false", "Lay operands out for vectors of any length">];
}

#endif // TENON_KERNEL_PASSES
