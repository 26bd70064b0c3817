//===- Elementwise.td - Ops that compute each element from the operands' elements at its place ===//
//
// Operands broadcast as in NumPy and ONNX (multidirectional). Element types agree unless the op says otherwise.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_ELEMENTWISE
#define TENON_DIALECT_TENON_IR_ELEMENTWISE

include "tenon/Dialect/Tenon/IR/TenonBase.td"

// The element type of an op's example.
class Tenon_ExampleElement<Type tensor> {
  string element = !cond(!eq(tensor, Tenon_BoolTensor): "i1", !eq(tensor, Tenon_IntTensor): "i32", true: "f32");
}

class Tenon_Unary<string mnemonic, Type tensor, string what, list<Trait> traits = []>
    : Tenon_PureOp<mnemonic, !listconcat([Tenon_Elementwise], traits)> {
  defvar element = Tenon_ExampleElement<tensor>.element;
  let summary = what;
  let description = "Elementwise: " # what # [{.

    ```mlir
    %y = tenon.}] # mnemonic # " %x : (tensor<2x3x" # element # ">) -> tensor<2x3x" # element # [{>
    ```
  }];
  let arguments = (ins tensor:$input);
  let results = (outs tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Tenon_AbsOp : Tenon_Unary<"abs", Tenon_NumberTensor, "the absolute value"> { let hasFolder = 1; }
def Tenon_NegOp : Tenon_Unary<"neg", Tenon_NumberTensor, "the negative; integers wrap"> { let hasFolder = 1; }
def Tenon_SignOp : Tenon_Unary<"sign", Tenon_NumberTensor, "-1, 0 or 1 by the sign; nan stays nan"> { let hasFolder = 1; }
def Tenon_ExpOp : Tenon_Unary<"exp", Tenon_FloatTensor, "e to the power of x">;
def Tenon_LogOp : Tenon_Unary<"log", Tenon_FloatTensor, "the natural logarithm">;
def Tenon_SqrtOp : Tenon_Unary<"sqrt", Tenon_FloatTensor, "the square root">;
def Tenon_RsqrtOp : Tenon_Unary<"rsqrt", Tenon_FloatTensor, "one over the square root">;
def Tenon_ReciprocalOp : Tenon_Unary<"reciprocal", Tenon_FloatTensor, "one over x">;
def Tenon_SinOp : Tenon_Unary<"sin", Tenon_FloatTensor, "the sine of x in radians">;
def Tenon_CosOp : Tenon_Unary<"cos", Tenon_FloatTensor, "the cosine of x in radians">;
def Tenon_TanOp : Tenon_Unary<"tan", Tenon_FloatTensor, "the tangent of x in radians">;
def Tenon_AsinOp : Tenon_Unary<"asin", Tenon_FloatTensor, "the inverse sine in radians">;
def Tenon_AcosOp : Tenon_Unary<"acos", Tenon_FloatTensor, "the inverse cosine in radians">;
def Tenon_AtanOp : Tenon_Unary<"atan", Tenon_FloatTensor, "the inverse tangent in radians">;
def Tenon_SinhOp : Tenon_Unary<"sinh", Tenon_FloatTensor, "the hyperbolic sine">;
def Tenon_CoshOp : Tenon_Unary<"cosh", Tenon_FloatTensor, "the hyperbolic cosine">;
def Tenon_TanhOp : Tenon_Unary<"tanh", Tenon_FloatTensor, "the hyperbolic tangent">;
def Tenon_AsinhOp : Tenon_Unary<"asinh", Tenon_FloatTensor, "the inverse hyperbolic sine">;
def Tenon_AcoshOp : Tenon_Unary<"acosh", Tenon_FloatTensor, "the inverse hyperbolic cosine">;
def Tenon_AtanhOp : Tenon_Unary<"atanh", Tenon_FloatTensor, "the inverse hyperbolic tangent">;
def Tenon_ErfOp : Tenon_Unary<"erf", Tenon_FloatTensor, "the error function">;
def Tenon_SigmoidOp : Tenon_Unary<"sigmoid", Tenon_FloatTensor, "1 / (1 + exp(-x))">;
def Tenon_SoftplusOp : Tenon_Unary<"softplus", Tenon_FloatTensor, "log(1 + exp(x))">;
def Tenon_ReluOp : Tenon_Unary<"relu", Tenon_NumberTensor, "max(x, 0)"> { let hasFolder = 1; }
def Tenon_FloorOp : Tenon_Unary<"floor", Tenon_FloatTensor, "the next integer towards negative infinity"> { let hasFolder = 1; }
def Tenon_CeilOp : Tenon_Unary<"ceil", Tenon_FloatTensor, "the next integer towards positive infinity"> { let hasFolder = 1; }
def Tenon_RoundOp : Tenon_Unary<"round", Tenon_FloatTensor, "the nearest integer, halves to even"> { let hasFolder = 1; }
def Tenon_NotOp : Tenon_Unary<"not", Tenon_BoolTensor, "logical negation"> { let hasFolder = 1; }
def Tenon_BitwiseNotOp : Tenon_Unary<"bitwise_not", Tenon_IntTensor, "all bits inverted"> { let hasFolder = 1; }

def Tenon_GeluOp : Tenon_Unary<"gelu", Tenon_FloatTensor, "x times the standard normal distribution function at x"> {
  let arguments = (ins Tenon_FloatTensor:$input, UnitAttr:$tanh_approximation);
  let description = [{
    `0.5 x (1 + erf(x / sqrt 2))`, or with `tanh_approximation`
    `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`. Source: ONNX Gelu-20; Hendrycks and Gimpel, arXiv 1606.08415.

    ```mlir
    %y = tenon.gelu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
}

class Tenon_Test<string mnemonic, string what> : Tenon_Unary<mnemonic, Tenon_FloatTensor, what> {
  let results = (outs Tenon_BoolTensor:$result);
  let description = "Elementwise: " # what # [{.

    ```mlir
    %y = tenon.}] # mnemonic # [{ %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
}
def Tenon_IsNanOp : Tenon_Test<"is_nan", "whether x is not a number">;
def Tenon_IsInfOp : Tenon_Test<"is_inf", "whether x is infinite, of the signs asked for"> {
  let arguments = (ins Tenon_FloatTensor:$input, DefaultValuedAttr<BoolAttr, "true">:$detect_negative,
                       DefaultValuedAttr<BoolAttr, "true">:$detect_positive);
}

class Tenon_Binary<string mnemonic, Type tensor, string what, list<Trait> traits = []>
    : Tenon_PureOp<mnemonic, !listconcat([Tenon_Elementwise], traits)> {
  defvar element = Tenon_ExampleElement<tensor>.element;
  let summary = what;
  let description = "Elementwise with broadcasting: " # what # [{.

    ```mlir
    %z = tenon.}] # mnemonic # " %x, %y : (tensor<2x3x" # element # ">, tensor<3x" # element # ">) -> tensor<2x3x" #
    element # [{>
    ```
  }];
  let arguments = (ins tensor:$lhs, tensor:$rhs);
  let results = (outs tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Tenon_AddOp : Tenon_Binary<"add", Tenon_NumberTensor, "the sum; integers wrap", [Commutative]> { let hasFolder = 1; }
def Tenon_SubOp : Tenon_Binary<"sub", Tenon_NumberTensor, "the difference; integers wrap"> { let hasFolder = 1; }
def Tenon_MulOp : Tenon_Binary<"mul", Tenon_NumberTensor, "the product; integers wrap", [Commutative]> { let hasFolder = 1; }
def Tenon_DivOp : Tenon_Binary<"div", Tenon_NumberTensor, "the quotient; integers truncate towards zero"> { let hasFolder = 1; }
def Tenon_MaxOp : Tenon_Binary<"max", Tenon_NumberTensor, "the larger; nan if either is", [Commutative]>;
def Tenon_MinOp : Tenon_Binary<"min", Tenon_NumberTensor, "the smaller; nan if either is", [Commutative]>;
def Tenon_PowOp : Tenon_Binary<"pow", Tenon_NumberTensor, "lhs to the power of rhs, of the type of lhs"> {
  let description = [{
    Elementwise with broadcasting: `lhs ** rhs`. The element types may differ; the result has that of `lhs`.

    ```mlir
    %z = tenon.pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
}
def Tenon_ModOp : Tenon_Binary<"mod", Tenon_NumberTensor, "the remainder of a division"> {
  let arguments = (ins Tenon_NumberTensor:$lhs, Tenon_NumberTensor:$rhs, UnitAttr:$truncated);
  let description = [{
    The remainder: of the sign of `rhs` (Python's `%`), or with `truncated` of the sign of `lhs` (C's `fmod`).

    ```mlir
    %z = tenon.mod %x, %y {truncated} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
}
def Tenon_AndOp : Tenon_Binary<"and", Tenon_BoolTensor, "logical and", [Commutative]>;
def Tenon_OrOp : Tenon_Binary<"or", Tenon_BoolTensor, "logical or", [Commutative]>;
def Tenon_XorOp : Tenon_Binary<"xor", Tenon_BoolTensor, "logical exclusive or", [Commutative]>;
def Tenon_BitwiseAndOp : Tenon_Binary<"bitwise_and", Tenon_IntTensor, "bitwise and", [Commutative]>;
def Tenon_BitwiseOrOp : Tenon_Binary<"bitwise_or", Tenon_IntTensor, "bitwise or", [Commutative]>;
def Tenon_BitwiseXorOp : Tenon_Binary<"bitwise_xor", Tenon_IntTensor, "bitwise exclusive or", [Commutative]>;
def Tenon_ShiftLeftOp : Tenon_Binary<"shift_left", Tenon_IntTensor, "lhs shifted up by rhs bits; 0 past the width">;
def Tenon_ShiftRightOp : Tenon_Binary<"shift_right", Tenon_IntTensor, "lhs shifted down by rhs bits, filling with its sign">;

def Tenon_Comparison : I32EnumAttr<"Comparison", "how two elements compare", [
    I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>, I32EnumAttrCase<"le", 3>,
    I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_ComparisonAttr : EnumAttr<Tenon_Dialect, Tenon_Comparison, "comparison">;

def Tenon_CompareOp : Tenon_PureOp<"compare", [Tenon_Elementwise]> {
  let summary = "whether two elements compare as asked";
  let description = [{
    Elementwise with broadcasting; floating point comparisons with nan are false, but for `ne`.

    ```mlir
    %z = tenon.compare lt %x, %y : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins Tenon_ComparisonAttr:$predicate, Tenon_Tensor:$lhs, Tenon_Tensor:$rhs);
  let results = (outs Tenon_BoolTensor:$result);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Tenon_SelectOp : Tenon_PureOp<"select", [Tenon_Elementwise]> {
  let summary = "one of two elements by a condition";
  let description = [{
    `condition ? on_true : on_false`, all three broadcast (ONNX Where).

    ```mlir
    %z = tenon.select %c, %x, %y : (tensor<2x1xi1>, tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tenon_BoolTensor:$condition, Tenon_Tensor:$on_true, Tenon_Tensor:$on_false);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$condition `,` $on_true `,` $on_false attr-dict `:` functional-type(operands, results)";
}

def Tenon_CastOp : Tenon_PureOp<"cast", [Tenon_Elementwise]> {
  let summary = "elements converted to another type";
  let description = [{
    Floating point to integer truncates towards zero; to bool is `!= 0`; a narrower integer wraps. `saturate` clamps to
    the target's range first.

    ```mlir
    %y = tenon.cast %x to i64 : (tensor<2x3xf32>) -> tensor<2x3xi64>
    ```
  }];
  let arguments = (ins Tenon_Tensor:$input, TypeAttr:$to, UnitAttr:$saturate);
  let results = (outs Tenon_Tensor:$result);
  let assemblyFormat = "$input `to` $to attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif // TENON_DIALECT_TENON_IR_ELEMENTWISE
