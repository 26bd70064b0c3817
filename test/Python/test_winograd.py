"""Convolutions by Winograd's algorithm, where an accuracy allows it, against sums in double precision and onnxruntime."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import tenon

# Of the largest result, for sums of up to 9 * 64 products. Direct sums in f32 lose up to 8e-7 there, tiles of 2x2 4e-7
# and tiles of 4x4 2e-6 (docs/Rationale/Winograd.md); twice that is granted.
TOLERANCE = {"high": 8e-7, "moderate": 4e-6}


def convolution(shape, outputs, pads, residual):
    """Convolution, bias, a residual if asked for, relu; and its weights."""
    rng = np.random.default_rng(0)
    batch, inputs, height, width = shape
    w = (rng.standard_normal((outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)).astype(np.float32)
    b = rng.standard_normal(outputs).astype(np.float32)
    result = [batch, outputs, height + pads[0] + pads[2] - 2, width + pads[1] + pads[3] - 2]
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=pads)]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    if residual:
        given.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, result))
        nodes.append(helper.make_node("Add", ["c", "r"], ["s"]))
    nodes.append(helper.make_node("Relu", ["s" if residual else "c"], ["y"]))
    graph = helper.make_graph(nodes, "test", given, [helper.make_tensor_value_info("y", TensorProto.FLOAT, result)],
                              [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    feeds = {"x": rng.standard_normal(shape).astype(np.float32)}
    if residual:
        feeds["r"] = rng.standard_normal(result).astype(np.float32)
    return model, feeds, w, b


def in_double(feeds, w, b, pads):
    x = np.pad(feeds["x"].astype(np.float64), ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    height, width = x.shape[2] - 2, x.shape[3] - 2
    y = b.astype(np.float64).reshape(1, -1, 1, 1) + feeds.get("r", 0)
    for i in range(3):
        for j in range(3):
            y = y + np.einsum("nchw,kc->nkhw", x[:, :, i:i + height, j:j + width], w[:, :, i, j].astype(np.float64))
    return np.maximum(y, 0)


def graph_of(model, tmp_path, accuracy):
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    # A machine by name: whether it pays is another question on each.
    tenon.compile_to_file(path, tmp_path / "graph.mlir", stop_after="graph", target="x86-64-v3", accuracy=accuracy)
    return (tmp_path / "graph.mlir").read_text()


@pytest.mark.parametrize("accuracy", ["high", "moderate"])
@pytest.mark.parametrize("shape, outputs, pads, residual", [
    ([1, 64, 28, 28], 64, [1, 1, 1, 1], False),  # whole tiles
    ([32, 64, 7, 7], 64, [1, 1, 1, 1], True),    # tiles cut to 3 and 1
    ([16, 61, 13, 5], 59, [1, 1, 1, 1], True),   # channels that fill no vector
    ([8, 40, 14, 9], 48, [0, 1, 2, 0], False),   # another padding on each side
    ([8, 40, 12, 11], 48, [0, 0, 0, 0], False),  # none
    ([32, 64, 4, 3], 64, [1, 1, 1, 1], False),   # one tile a sample
])
def test_convolution(shape, outputs, pads, residual, accuracy, tmp_path):
    model, feeds, w, b = convolution(shape, outputs, pads, residual)
    text = graph_of(model, tmp_path, accuracy)
    assert "tenon.winograd_input" in text and "tenon.conv" not in text
    result = tenon.compile(model, target="x86-64-v3", accuracy=accuracy)(**feeds)["y"]
    exact = in_double(feeds, w, b, pads)
    error = np.abs(result - exact).max() / np.abs(exact).max()
    assert error <= TOLERANCE[accuracy]
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]
    np.testing.assert_allclose(result, expected, rtol=0, atol=2 * TOLERANCE[accuracy] * np.abs(exact).max())


def test_threads():
    model, feeds, w, b = convolution([4, 64, 14, 14], 64, [1, 1, 1, 1], True)
    exact = in_double(feeds, w, b, [1, 1, 1, 1])
    for threads in (1, 2):
        result = tenon.compile(model, accuracy="moderate", threads=threads)(**feeds)["y"]
        assert np.abs(result - exact).max() / np.abs(exact).max() <= TOLERANCE["moderate"]


def test_full_accuracy_changes_nothing(tmp_path):
    model, _, _, _ = convolution([1, 64, 28, 28], 64, [1, 1, 1, 1], False)
    assert "winograd" not in graph_of(model, tmp_path, "full")


def test_an_accuracy_there_is_not():
    model, _, _, _ = convolution([1, 8, 8, 8], 8, [1, 1, 1, 1], False)
    with pytest.raises(tenon.CompileError, match="option 'accuracy': expected an accuracy .*, but got 'low'"):
        tenon.compile(model, accuracy="low")
