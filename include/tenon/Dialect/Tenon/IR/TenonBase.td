//===- TenonBase.td - The tenon dialect, its types, attributes and op base classes --------===//
//
// Everything the op families share. Families are one .td file each (Elementwise.td, Contraction.td, ...), included by
// TenonOps.td; an op's shape rule, verifier and folder live in the .cpp of the same name under lib/Dialect/Tenon/IR.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_TENONBASE
#define TENON_DIALECT_TENON_IR_TENONBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tenon_Dialect : Dialect {
  let name = "tenon";
  let cppNamespace = "::tenon";
  let summary = "The graph dialect of the Tenon tensor compiler";
  let description = [{
    Ops on tensors with ONNX's names and semantics where ONNX has one. A program is one `func.func` per model; the graph
    phase groups its ops into `tenon.kernel` regions, which later phases turn into structured ops, loops and machine
    code. Dynamic sizes are named: the encoding `#tenon.dims` of a tensor type gives each dimension as an affine
    expression over the model's symbols (`batch`, `sequence`).
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------------------------===//

class Tenon_Attr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<Tenon_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Tenon_DimsAttr : Tenon_Attr<"Dims", "dims"> {
  let summary = "the sizes of a tensor as affine expressions over named symbols";
  let description = [{
    The encoding of a ranked tensor type with dynamic dimensions. `map` has no dimensions, one symbol per entry of
    `symbols` and one result per tensor dimension; a static dimension's result is its constant.

    ```mlir
    tensor<?x?x768xf32, #tenon.dims<[batch, sequence + 1, 768]>>
    ```
  }];
  let parameters = (ins "::mlir::AffineMap":$map, ArrayRefParameter<"::mlir::StringAttr">:$symbols);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

// Of activations, in convolutions, pooling and normalizations.
def Tenon_DataLayout : I32EnumAttr<"DataLayout", "where the channel dimension of activations stands", [
    I32EnumAttrCase<"channels_first", 0>, I32EnumAttrCase<"channels_last", 1>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_DataLayoutAttr : EnumAttr<Tenon_Dialect, Tenon_DataLayout, "layout">;

// As I64Attr, but read as a signed number.
def Tenon_I64Attr : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit integer attribute">;

//===----------------------------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------------------------===//

// Element types follow ONNX: signless integers are signed, `ui` integers unsigned, i1 is bool.
def Tenon_Float : AnyTypeOf<[F16, BF16, F32, F64], "floating point">;
def Tenon_Int : AnyTypeOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64], "integer">;
def Tenon_Bool : TypeAlias<I1, "bool">;
def Tenon_Number : AnyTypeOf<[Tenon_Float, Tenon_Int], "number">;
def Tenon_Element : AnyTypeOf<[Tenon_Float, Tenon_Int, I1], "element">;

def Tenon_Tensor : RankedTensorOf<[Tenon_Element]>;
def Tenon_NumberTensor : RankedTensorOf<[Tenon_Number]>;
def Tenon_FloatTensor : RankedTensorOf<[Tenon_Float]>;
def Tenon_IntTensor : RankedTensorOf<[Tenon_Int]>;
def Tenon_BoolTensor : RankedTensorOf<[I1]>;
def Tenon_IndexTensor : RankedTensorOf<[I32, I64]>;

//===----------------------------------------------------------------------------------------===//
// Traits and op base classes
//===----------------------------------------------------------------------------------------===//

// Result element i depends on the operands' elements at i only (after broadcasting): the op may be inlined anywhere.
def Tenon_Elementwise : NativeOpTrait<"Elementwise"> { let cppNamespace = "::tenon::trait"; }
// The op moves elements without computing (transpose, reshape, slice, ...).
def Tenon_Relayout : NativeOpTrait<"Relayout"> { let cppNamespace = "::tenon::trait"; }
// Multiply-accumulate over reduction dimensions: the ops a kernel is built around.
def Tenon_Contraction : NativeOpTrait<"Contraction"> { let cppNamespace = "::tenon::trait"; }
// Reduces along dimensions (sum, max, pooling, softmax, normalizations).
def Tenon_Reduction : NativeOpTrait<"Reduction"> { let cppNamespace = "::tenon::trait"; }
// Each result element is computed from the operands' elements at computed places (gather, resize).
def Tenon_Lookup : NativeOpTrait<"Lookup"> { let cppNamespace = "::tenon::trait"; }
// Data-dependent control or output size: has its own small lowering and is never fused.
def Tenon_Unstructured : NativeOpTrait<"Unstructured"> { let cppNamespace = "::tenon::trait"; }

class Tenon_Op<string mnemonic, list<Trait> traits = []> : Op<Tenon_Dialect, mnemonic, traits>;

// A pure op whose result types follow from its operands and attributes. The shape rule is
//   static FailureOr<SmallVector<Type>> infer(std::optional<Location>, Adaptor)
// beside the verifier; it reports through the location when the operands do not fit. A result type in the IR may be less
// precise than the inferred one (refined by the graph phase), never contradict it.
class Tenon_PureOp<string mnemonic, list<Trait> traits = []>
    : Tenon_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<InferTypeOpInterface, ["refineReturnTypes"]>], traits)> {
  code inferDeclaration = [{
    /// The shape rule: the result types for these operands, or failure after reporting at `loc` (if given).
    static ::mlir::FailureOr<::llvm::SmallVector<::mlir::Type>> infer(std::optional<::mlir::Location> loc, Adaptor op);
  }];
  let extraClassDeclaration = inferDeclaration;
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *context, std::optional<::mlir::Location> loc,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties,
        ::mlir::RegionRange regions, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      ::mlir::FailureOr<::llvm::SmallVector<::mlir::Type>> inferred =
          infer(loc, Adaptor(operands, attributes, properties, regions));
      if (::mlir::failed(inferred))
        return ::mlir::failure();
      types.append(inferred->begin(), inferred->end());
      return ::mlir::success();
    }
    // Result types are compared by the verifier below, which says what is wrong once; MLIR would add to it.
    ::llvm::LogicalResult $cppClass::refineReturnTypes(::mlir::MLIRContext *context, std::optional<::mlir::Location> loc,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties,
        ::mlir::RegionRange regions, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::mlir::success();
    }
    ::llvm::LogicalResult $cppClass::verify() { return ::tenon::verifyResultTypes(getOperation()); }
  }];
}

// A pure op whose one result type is a part of what it says: the target shape. Operands and result are checked by a
// verifier.
class Tenon_TargetedOp<string mnemonic, list<Trait> traits = []> : Tenon_Op<mnemonic, !listconcat([Pure], traits)> {
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif // TENON_DIALECT_TENON_IR_TENONBASE
