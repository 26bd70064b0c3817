//===- Program.td - What a program is made of: constants, kernels and their launches -----------===//

#ifndef TENON_DIALECT_TENON_IR_PROGRAM
#define TENON_DIALECT_TENON_IR_PROGRAM

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_ConstantOp : Tenon_PureOp<"constant", [ConstantLike]> {
  let summary = "a constant tensor";
  let description = [{
    Small values are `dense<...>`; weights are `dense_resource<name>`: named blobs mapped from the model's file, never
    copied into the IR.

    ```mlir
    %c = tenon.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Tenon_KernelOp : Tenon_Op<"kernel", [IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects, AffineScope]> {
  let summary = "a group of ops that becomes one kernel";
  let description = [{
    The unit of scheduling, compiling and caching. The region sees its operands only through block arguments and yields
    the results.

    (C1) the block arguments have the types of the operands. (C2) the yielded values have the types of the results.

    ```mlir
    %r = tenon.kernel(%x, %y : tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>) {
    ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
      %s = tenon.add %a, %b : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      tenon.yield %s : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Tenon_Tensor>:$inputs);
  let results = (outs Variadic<Tenon_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`(` $inputs^ `:` type($inputs) `)`)? (`->` `(` type($results)^ `)`)? attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

def Tenon_YieldOp : Tenon_Op<"yield", [Pure, Terminator, ReturnLike,
                                      ParentOneOf<["KernelOp", "IfOp", "LoopOp", "ScanOp"]>]> {
  let summary = "ends a region with its results";
  let description = "Ends the regions of `tenon.kernel`, `tenon.if`, `tenon.loop` and `tenon.scan`; see there." # [{

    ```mlir
    %r = tenon.kernel(%x : tensor<4xf32>) -> (tensor<4xf32>) {
    ^bb0(%a: tensor<4xf32>):
      tenon.yield %a : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Tenon_LaunchOp : Tenon_Op<"launch", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel function over a range of its parallel iterations";
  let description = [{
    Calls the kernel function `kernel(arguments..., begin, end)` so that the half-open ranges given to the calls cover
    `[0, range)` exactly once: all at once with `serial`, otherwise spread over the threads of the caller's pool. With
    `from` they cover `[from, range)`, and nothing if that is empty. Comes into being with the memory plan; arguments
    are memrefs and the model's symbols.

    (C1) the callee is a function whose last two arguments are of type index. (C2) its other arguments have the types of
    `arguments`. (C3) `from` is there with `serial` only.

    ```mlir
    func.func private @k0(memref<4xf32>, memref<4xf32>, index, index)
    tenon.launch @k0(%x, %y) range(%n) : memref<4xf32>, memref<4xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$arguments, Index:$range,
                       Optional<Index>:$from, UnitAttr:$serial);
  let assemblyFormat = [{
    $kernel `(` $arguments `)` `range` `(` $range `)` (`from` $from^)? (`serial` $serial^)? attr-dict `:`
    type($arguments)
  }];
  let hasVerifier = 1;
}

#endif // TENON_DIALECT_TENON_IR_PROGRAM
