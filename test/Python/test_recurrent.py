"""Recurrent layers against onnxruntime: directions, activations, lengths, states, a symbolic batch."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

import tenon

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
BATCH, STEPS, FEATURES, HIDDEN = 3, 4, 5, 18


def make_case(op, direction="forward", present=(), symbolic=False, constant=True, **attributes):
    """A model of one layer and its inputs. `present` names the optional inputs that are there."""
    rng = np.random.default_rng(0)
    directions, rows = (2 if direction == "bidirectional" else 1), GATES[op] * HIDDEN
    real = lambda *shape: (rng.standard_normal(shape) * 0.5).astype(np.float32)
    values = {"x": real(STEPS, BATCH, FEATURES), "w": real(directions, rows, FEATURES),
              "r": real(directions, rows, HIDDEN), "bias": real(directions, 2 * rows),
              "lengths": np.array([STEPS, 1, STEPS - 1], np.int32), "hidden": real(directions, BATCH, HIDDEN),
              "cell": real(directions, BATCH, HIDDEN), "peepholes": real(directions, 3 * HIDDEN)}
    names = ["x", "w", "r"] + [name if name in present else "" for name in ("bias", "lengths", "hidden", "cell", "peepholes")]
    while not names[-1]:
        names.pop()
    outputs = ["y", "last", "state"][:3 if op == "LSTM" else 2]
    weights = {"w", "r", "bias", "peepholes"} if constant else set()

    def describe(name):
        shape = list(values[name].shape)
        if symbolic and name in ("x", "hidden", "cell", "lengths"):
            shape[0 if name == "lengths" else 1] = "batch"
        return helper.make_tensor_value_info(name, TensorProto.INT32 if name == "lengths" else TensorProto.FLOAT, shape)

    node = helper.make_node(op, names, outputs, hidden_size=HIDDEN, direction=direction, **attributes)
    graph = helper.make_graph([node], "layer", [describe(name) for name in names if name and name not in weights],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
                              [onnx.numpy_helper.from_array(values[name], name) for name in names if name in weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    return model, {name: values[name] for name in names if name and name not in weights}


def check(*args, **kwargs):
    model, inputs = make_case(*args, **kwargs)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)
    outputs = tenon.compile(model)(**inputs)
    for value, reference in zip(outputs.values(), expected):
        # Sums of 18 products in another order, and exp and tanh of some ulps, through 4 steps.
        np.testing.assert_allclose(value, reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_all_inputs(op, direction):
    check(op, direction, present=("bias", "lengths", "hidden") + (("cell", "peepholes") if op == "LSTM" else ()))


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_bare(op):
    check(op)


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_symbolic_batch(op):
    check(op, "bidirectional", present=("bias", "hidden"), symbolic=True)


def test_weights_that_are_inputs():
    check("LSTM", present=("bias",), constant=False)


@pytest.mark.parametrize("linear", [0, 1])
def test_linear_before_reset(linear):
    check("GRU", present=("bias", "hidden"), linear_before_reset=linear)


@pytest.mark.parametrize("activation,alpha,beta", [
    ("Relu", None, None), ("Affine", 0.7, 0.2), ("LeakyRelu", 0.3, None), ("ThresholdedRelu", 0.4, None),
    ("ScaledTanh", 0.6, 0.8), ("HardSigmoid", 0.3, 0.4), ("Elu", 0.9, None), ("Softsign", None, None),
    ("Softplus", None, None)])
def test_activations(activation, alpha, beta):
    values = {"activation_alpha": alpha, "activation_beta": beta}
    check("RNN", present=("bias", "hidden"), activations=[activation],
          **{name: [value] for name, value in values.items() if value is not None})
