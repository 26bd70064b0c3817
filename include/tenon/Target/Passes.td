//===- Passes.td - The passes of the target phase ----------------------------------------------===//

#ifndef TENON_TARGET_PASSES
#define TENON_TARGET_PASSES

include "mlir/Pass/PassBase.td"

def LowerLaunchPass : Pass<"tenon-lower-launch", "::mlir::ModuleOp"> {
  let summary = "gives kernels, launches and programs their machine interface";
  let description = [{
    A kernel function becomes a private body, which takes addresses, and an entry `(frame, begin, end)` under the
    kernel's name that unpacks a frame for it. A frame is an array of 8-byte slots: for each argument before begin and
    end, in order, the address of a memref's first element or a symbol as an i64. `llvm.*` attributes of memref arguments
    (`llvm.noalias`, `llvm.align`) stay on the body's pointers.

    `tenon.launch` stores a frame on the stack and calls the entry: over the whole range when it is `serial`, when the
    range is at most 1, or when the caller gave no threads; through the caller's `parallel_for` otherwise.

    Under a module with `tenon.profile`, every launch first asks whether the caller gave a `tenon_profile`, and if so
    leaves the work to that, with the launch's number in the program.

    A program becomes `<model>_run`, which takes a `tenon_call` (tenon-rt/model.h). Its arguments are the inputs,
    outputs, weights and workspace, then the symbols.

    Dynamic sizes of arguments are the affine map `tenon.dims` of the argument, over the function's index arguments in
    order. Layouts are row-major and dense, or the type's static strides.

    ```mlir
    func.func @k(%x: memref<4xf32>, %begin: index, %end: index) attributes {tenon.kernel} { ... }
    // becomes
    func.func private @k.body(%x: !llvm.ptr, %begin: index, %end: index) { ... }
    func.func @k(%frame: !llvm.ptr, %begin: i64, %end: i64) attributes {tenon.kernel} {
      %slot = llvm.getelementptr %frame[0] : (!llvm.ptr) -> !llvm.ptr, i64
      %x = llvm.load %slot : !llvm.ptr -> !llvm.ptr
      ...
      call @k.body(%x, %0, %1) : (!llvm.ptr, index, index) -> ()
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def LegalizeVectorsPass : Pass<"tenon-legalize-vectors"> {
  let summary = "expands vector ops that the machine has no instructions for";
  let description = [{
    Without masked memory access, masked loads and stores become plain ones of what the mask leaves: a run of leading
    elements under a constant mask is taken in pieces of powers of two, other constant masks element by element. A
    mask that is only known at run time costs a branch per element; under `vector.create_mask` whole vectors take one
    branch in all.

    Without conversions, f16 and bf16 convert to and from f32 by integer arithmetic, rounding to nearest even; arithmetic
    on them is done in f32. Without fused multiply-add, `math.fma` becomes a product and a sum (it would be a library
    call).

    ```mlir
    %mask = vector.constant_mask [3] : vector<4xi1>
    vector.maskedstore %m[%i], %mask, %v : memref<8xf32>, vector<4xi1>, vector<4xf32>
    // becomes
    %low = vector.extract_strided_slice %v {offsets = [0], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>
    vector.store %low, %m[%i] : memref<8xf32>, vector<2xf32>
    %last = vector.extract %v[2] : f32 from vector<4xf32>
    memref.store %last, %m[%i_plus_2] : memref<8xf32>
    ```
  }];
  let options = [
    Option<"maskedElementBits", "masked-element-bits", "unsigned", "0",
           "bits of the narrowest element that the machine's masked loads and stores take, 0 if it has none">,
    Option<"slowMaskedStores", "slow-masked-stores", "bool", "false",
           "a known number of leading lanes is better stored in pieces than under a mask">,
    Option<"f16Conversion", "f16-conversion", "bool", "false", "the machine converts f16 to and from f32">,
    Option<"bf16Conversion", "bf16-conversion", "bool", "false", "the machine converts f32 to bf16">,
    Option<"fusedMultiplyAdd", "fused-multiply-add", "bool", "false", "the machine has fused multiply-add">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ApproximateMathPass : Pass<"tenon-approximate-math"> {
  let summary = "replaces transcendental functions by polynomials";
  let description = [{
    Transcendental functions on f32 and f64, scalars and vectors alike, become arithmetic without branches, tables or
    calls, so that they vectorize on every machine. The greatest error over the whole range, special values included, is
    stated beside each function and held by a test. Powers of f64 stay calls of the C math library.

    A `math.exp` with the attribute `tenon.nonpositive` promises an operand that is at most 0, or nan: it can't overflow,
    which saves a third of the instructions. Lowerings set it where they have subtracted a maximum.

    ```mlir
    %y = math.exp %x : vector<8xf32>
    // becomes
    %shifted = math.fma %x, %log2e, %offset : vector<8xf32>
    %rounded = arith.subf %shifted, %offset : vector<8xf32>
    ...
    ```
  }];
  let options = [
    Option<"libm", "libm", "bool", "true", "the code can be linked with a C math library, which f64 powers call">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ConvertToLLVMPass : Pass<"tenon-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "converts everything to the LLVM dialect in one step";
  let description = [{
    The last pass: func, scf, cf, arith, math, memref, vector, index and ub in one conversion, three times faster than
    the eight upstream passes, with `index` as wide as the machine's. Kernels get hidden visibility. An op that is left
    is an error.
  }];
  let options = [
    Option<"indexBits", "index-bits", "unsigned", "64", "bits of index arithmetic: 32 or 64">,
  ];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::vector::VectorDialect"];
}

#endif // TENON_TARGET_PASSES
