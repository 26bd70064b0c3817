//===- Passes.td - Passes of the codegen phase ------------------------------------------------------===//

#ifndef TENON_CODEGEN_PASSES
#define TENON_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def EmitKernels : Pass<"tenon-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "carry out each kernel's schedule: structured ops become loops of vectors on memrefs";
  let description = [{
    Every kernel `@k` (attributes `tenon.structured` and `tenon.schedule`) gets a function `@k_loops` on memrefs: its
    arguments are the kernel's inputs, results, symbols, and the half-open range of parallel iterations to run. The number
    of parallel iterations is left in the attribute `tenon.range`, an affine map of the symbols. Of `@k` itself a
    declaration stays for the calls, until the memory plan replaces them. A result's argument lists in
    `tenon.may_overwrite` the inputs whose memory the result may take: those of which the kernel has read each element
    for the last time when it stores the result's element at the same place.

    ```mlir
    func.func @k(%x: tensor<64xf32>) -> tensor<64xf32> attributes {tenon.structured, tenon.schedule = ...} {...}
    // becomes
    func.func private @k(tensor<64xf32>) -> tensor<64xf32> attributes {tenon.emitted = @k_loops}
    func.func private @k_loops(%x: memref<64xf32>, %y: memref<64xf32>, %begin: index, %end: index)
        attributes {tenon.kernel, tenon.range = affine_map<() -> (1)>}
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "512", "Width of a vector register in bits, or the least it may be">,
    Option<"vscaleBits", "vscale-bits", "int64_t", "0",
           "Bits of a register for each unit of vscale; 0 where registers are of a fixed length">,
    Option<"scalableF16", "scalable-f16", "bool", "false", "Vectors of a length known at run time may hold f16">,
    Option<"scalableBF16", "scalable-bf16", "bool", "false", "Vectors of a length known at run time may hold bf16">,
    Option<"fuseMultiplyAdd", "fuse-multiply-add", "bool", "true", "Emit fused multiply-adds">,
    Option<"prefetchBytes", "prefetch-bytes", "int64_t", "::tenon::EmitterOptions().prefetchBytes",
           "Least bytes of a packed operand to prefetch">,
    Option<"maxScratchBytes", "max-scratch-bytes", "int64_t", "::tenon::EmitterOptions().maxScratchBytes",
           "Most bytes of scratch on a kernel's stack">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::affine::AffineDialect"];
}

def PlanMemory : Pass<"tenon-plan-memory", "::mlir::ModuleOp"> {
  let summary = "turn the program into launches on one arena";
  let description = [{
    Replaces the function of tensors that calls kernels by `@run` on memrefs: the model's inputs, outputs, weights,
    workspace and symbols. Every value gets a place: an input's or output's own memory, the weights, or a part of the
    workspace that is free while the value lives. Reshapes are views; operands of a concat lie inside its result. A
    result takes the place of an input that its kernel is the last to read, where `tenon.may_overwrite` on the result's
    argument lists that input: the two arguments then lose `llvm.noalias`. Calls with `tenon.interleave` of one group
    become one launch of a kernel of their own, which runs theirs band by band; results that roll (`tenon.rolling`) have
    the memory of their windows.

    Attributes left on the module: `tenon.weights`, the constants in the order of their offsets in
    `tenon.weight_offsets` (bytes, aligned to 64); on `@run`: `tenon.workspace`, an affine map of the symbols whose
    greatest result is the bytes of the workspace; `tenon.workspace_lower_bound`, likewise the most bytes alive at once;
    `tenon.workspace_ratio`, the first over the second, with open sizes the worst of those the plan was made for.
  }];
  let options = [
    Option<"serialCycles", "serial-cycles", "double", "20000",
           "Kernels estimated below this run on one thread: some twenty times what it takes to fork and join">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // TENON_CODEGEN_PASSES
