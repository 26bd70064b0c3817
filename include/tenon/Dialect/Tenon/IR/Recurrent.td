//===- Recurrent.td - Recurrent cells run over a sequence ---------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_RECURRENT
#define TENON_DIALECT_TENON_IR_RECURRENT

include "tenon/Dialect/Tenon/IR/TenonBase.td"

def Tenon_Direction : I32EnumAttr<"Direction", "in which order a recurrent op walks a sequence", [
    I32EnumAttrCase<"forward", 0>, I32EnumAttrCase<"reverse", 1>, I32EnumAttrCase<"bidirectional", 2>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_DirectionAttr : EnumAttr<Tenon_Dialect, Tenon_Direction, "direction">;

def Tenon_Activation : I32EnumAttr<"Activation", "the nonlinear function of a recurrent cell's gate", [
    I32EnumAttrCase<"sigmoid", 0>, I32EnumAttrCase<"tanh", 1>, I32EnumAttrCase<"relu", 2>,
    I32EnumAttrCase<"affine", 3>, I32EnumAttrCase<"leaky_relu", 4>, I32EnumAttrCase<"thresholded_relu", 5>,
    I32EnumAttrCase<"scaled_tanh", 6>, I32EnumAttrCase<"hard_sigmoid", 7>, I32EnumAttrCase<"elu", 8>,
    I32EnumAttrCase<"softsign", 9>, I32EnumAttrCase<"softplus", 10>]> {
  let cppNamespace = "::tenon";
  let genSpecializedAttr = 0;
}
def Tenon_ActivationAttr : EnumAttr<Tenon_Dialect, Tenon_Activation, "activation">;
def Tenon_ActivationArrayAttr : TypedArrayAttrBase<Tenon_ActivationAttr, "activations">;

defvar Tenon_RecurrentMeaning = [{
    `input` is `[sequence, batch, features]`, `weights` `[directions, gates * hidden, features]`, `recurrence`
    `[directions, gates * hidden, hidden]`, `bias` `[directions, 2 * gates * hidden]` (that of the input, then that of
    the recurrence), `lengths` `[batch]`, initial states `[directions, batch, hidden]`. The results are the output of all
    steps `[sequence, directions, batch, hidden]` and the final states. With `batch_first` they are
    `[batch, sequence, features]`, `[batch, directions, hidden]` and `[batch, sequence, directions, hidden]`.
    `activations` names the gates' functions, for each direction in turn, with an alpha and a beta each; a `clip` above 0
    bounds what they're applied to. Steps past a sequence's length give 0 and leave the state.
}];

defvar Tenon_RecurrentConstraints = [{

    (C1) input, weights and recurrence have rank 3 and one element type. (C2) there are 2 directions if bidirectional,
    else 1. (C3) the gates' rows, features and hidden sizes agree in all operands. (C4) there is an activation, an alpha
    and a beta per function and direction. (C5) the lengths are a vector of the batch's size.
}];

defvar Tenon_RecurrentAttributes = (ins
    DefaultValuedAttr<Tenon_DirectionAttr, "Direction::forward">:$direction, Tenon_ActivationArrayAttr:$activations,
    DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas, DefaultValuedAttr<F32Attr, "0.0f">:$clip, UnitAttr:$batch_first);

class Tenon_Recurrent<string mnemonic> : Tenon_PureOp<mnemonic, [Tenon_Unstructured, AttrSizedOperandSegments]>;

def Tenon_RnnOp : Tenon_Recurrent<"rnn"> {
  let summary = "the simple recurrent cell over a sequence";
  let description = [{
    `h = f(x W' + b + h R' + c)`, one gate. ONNX RNN-22.

}] # Tenon_RecurrentMeaning # Tenon_RecurrentConstraints # [{
    ```mlir
    %y, %h = tenon.rnn %x, %w, %r {activations = [#tenon<activation tanh>], alphas = array<f32: 0.0>, betas = array<f32: 0.0>}
           : (tensor<5x2x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>) -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
    ```
  }];
  let arguments = !con((ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$weights, Tenon_FloatTensor:$recurrence,
                        Optional<Tenon_FloatTensor>:$bias, Optional<Tenon_IndexTensor>:$lengths,
                        Optional<Tenon_FloatTensor>:$initial_hidden), Tenon_RecurrentAttributes);
  let results = (outs Tenon_FloatTensor:$result, Tenon_FloatTensor:$hidden);
  let assemblyFormat = [{
    $input `,` $weights `,` $recurrence (`bias` `(` $bias^ `)`)? (`lengths` `(` $lengths^ `)`)?
    (`hidden` `(` $initial_hidden^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_GruOp : Tenon_Recurrent<"gru"> {
  let summary = "the gated recurrent unit over a sequence";
  let description = [{
    Gates in the order update, reset, hidden; activations f (update, reset) and g (hidden). With `linear_before_reset` the
    reset gate scales the recurrent product rather than the state. Source: Cho et al., arXiv 1406.1078; ONNX GRU-22.

}] # Tenon_RecurrentMeaning # Tenon_RecurrentConstraints # [{
    ```mlir
    %y, %h = tenon.gru %x, %w, %r bias(%b) {activations = [#tenon<activation sigmoid>, #tenon<activation tanh>],
             alphas = array<f32: 0.0, 0.0>, betas = array<f32: 0.0, 0.0>}
           : (tensor<5x2x3xf32>, tensor<1x12x3xf32>, tensor<1x12x4xf32>, tensor<1x24xf32>)
          -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>)
    ```
  }];
  let arguments = !con((ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$weights, Tenon_FloatTensor:$recurrence,
                        Optional<Tenon_FloatTensor>:$bias, Optional<Tenon_IndexTensor>:$lengths,
                        Optional<Tenon_FloatTensor>:$initial_hidden), Tenon_RecurrentAttributes,
                       (ins UnitAttr:$linear_before_reset));
  let results = (outs Tenon_FloatTensor:$result, Tenon_FloatTensor:$hidden);
  let assemblyFormat = [{
    $input `,` $weights `,` $recurrence (`bias` `(` $bias^ `)`)? (`lengths` `(` $lengths^ `)`)?
    (`hidden` `(` $initial_hidden^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Tenon_LstmOp : Tenon_Recurrent<"lstm"> {
  let summary = "the long short-term memory cell over a sequence";
  let description = [{
    Gates in the order input, output, forget, cell; activations f (input, output, forget), g (cell) and h (hidden).
    `peepholes` `[directions, 3 * hidden]` weigh the cell state into the input, output and forget gates; with
    `input_forget` the forget gate is one minus the input gate. Source: Hochreiter and Schmidhuber, 1997; ONNX LSTM-22.

}] # Tenon_RecurrentMeaning # Tenon_RecurrentConstraints # [{
    ```mlir
    %y, %h, %c = tenon.lstm %x, %w, %r
      {activations = [#tenon<activation sigmoid>, #tenon<activation tanh>, #tenon<activation tanh>],
       alphas = array<f32: 0.0, 0.0, 0.0>, betas = array<f32: 0.0, 0.0, 0.0>}
      : (tensor<5x2x3xf32>, tensor<1x16x3xf32>, tensor<1x16x4xf32>)
     -> (tensor<5x1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32>)
    ```
  }];
  let arguments = !con((ins Tenon_FloatTensor:$input, Tenon_FloatTensor:$weights, Tenon_FloatTensor:$recurrence,
                        Optional<Tenon_FloatTensor>:$bias, Optional<Tenon_IndexTensor>:$lengths,
                        Optional<Tenon_FloatTensor>:$initial_hidden, Optional<Tenon_FloatTensor>:$initial_cell,
                        Optional<Tenon_FloatTensor>:$peepholes), Tenon_RecurrentAttributes,
                       (ins UnitAttr:$input_forget));
  let results = (outs Tenon_FloatTensor:$result, Tenon_FloatTensor:$hidden, Tenon_FloatTensor:$cell);
  let assemblyFormat = [{
    $input `,` $weights `,` $recurrence (`bias` `(` $bias^ `)`)? (`lengths` `(` $lengths^ `)`)?
    (`hidden` `(` $initial_hidden^ `)`)? (`cell` `(` $initial_cell^ `)`)? (`peepholes` `(` $peepholes^ `)`)? attr-dict
    `:` functional-type(operands, results)
  }];
}

#endif // TENON_DIALECT_TENON_IR_RECURRENT
