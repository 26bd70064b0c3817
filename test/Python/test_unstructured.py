"""Ops with loops of their own against onnxruntime: ties, all of a line, one result only, symbolic sizes."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

import tenon


def check(node, inputs, constants=(), symbolic=None, results=None):
    """Runs one node for its `results`, or all. `constants` are initializers, `symbolic` is an input whose first size has a
    name."""
    types = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in inputs.items()}
    given = [name for name in inputs if name not in constants]
    shape = lambda name: ["n"] + list(inputs[name].shape[1:]) if name == symbolic else inputs[name].shape
    outputs = [helper.make_empty_tensor_value_info(name) for name in results or node.output]
    graph = helper.make_graph([node], "test", [helper.make_tensor_value_info(n, types[n], shape(n)) for n in given],
                              outputs, [onnx.numpy_helper.from_array(inputs[n], n) for n in constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    feeds = {name: inputs[name] for name in given}
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    for value, reference in zip(tenon.compile(model)(**feeds).values(), expected):
        np.testing.assert_array_equal(value, reference)


def top_k(x, k, axis=-1, largest=1, **kwargs):
    node = helper.make_node("TopK", ["x", "k"], ["values", "indices"], axis=axis, largest=largest)
    check(node, {"x": x, "k": np.array([k], np.int64)}, constants=["k"], **kwargs)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("k", [1, 2, 7, 40])
def test_top_k_of_many_ties(k, largest):
    # Eight values among 40 elements: equal ones come in the order they stand in.
    top_k(np.random.default_rng(0).integers(0, 8, (3, 40)).astype(np.float32), k, largest=largest)


def test_top_k_along_the_first_dimension():
    top_k(np.random.default_rng(0).standard_normal((9, 2, 3), dtype=np.float32), 4, axis=0)


@pytest.mark.parametrize("result", ["values", "indices"])
def test_top_k_of_one_result(result):
    top_k(np.random.default_rng(0).integers(-4, 4, (2, 30)).astype(np.int64), 11, results=[result])


def test_top_k_of_symbolic_lines():
    top_k(np.random.default_rng(0).standard_normal((5, 17), dtype=np.float32), 3, symbolic="x")


@pytest.mark.parametrize("reduction", ["none", "add", "mul"])
def test_scatter_nd_into_symbolic_data(reduction):
    rng = np.random.default_rng(0)
    node = helper.make_node("ScatterND", ["x", "i", "u"], ["y"], reduction=reduction)
    check(node, {"x": rng.integers(-9, 9, (6, 37)).astype(np.float32), "i": np.array([[1], [-1], [3]], np.int64),
                 "u": rng.integers(-9, 9, (3, 37)).astype(np.float32)}, symbolic="x")


def test_scatter_elements_of_bytes():
    rng = np.random.default_rng(0)
    node = helper.make_node("ScatterElements", ["x", "i", "u"], ["y"], axis=1)
    check(node, {"x": rng.integers(0, 255, (2, 5)).astype(np.uint8), "i": np.array([[4, -5], [0, 2]], np.int64),
                 "u": rng.integers(0, 255, (2, 2)).astype(np.uint8)})


@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_cumsum(axis, exclusive, reverse):
    node = helper.make_node("CumSum", ["x", "axis"], ["y"], exclusive=exclusive, reverse=reverse)
    check(node, {"x": np.arange(-7, 8).reshape(3, 5).astype(np.float32), "axis": np.array(axis, np.int64)},
          constants=["axis"])


def test_size_that_depends_on_elements():
    node = helper.make_node("NonZero", ["x"], ["y"])
    with pytest.raises(tenon.CompileError, match="NonZero_0|non_zero"):
        check(node, {"x": np.array([1, 0, 2], np.float32)})
