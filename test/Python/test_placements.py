"""Values that are computed where something else wants them: inside a concat, as a slice, with a symbolic size."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import tenon


def make_model(nodes, rows, outputs, initializers=()):
    graph = helper.make_graph(nodes, "test", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 5])],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
                              [onnx.numpy_helper.from_array(np.array(value, np.int64), name) for name, value in initializers])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("rows", [7, "n"])
def test_part_of_a_concat_that_is_read_elsewhere(rows):
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Neg", ["x"], ["b"]),
             helper.make_node("Concat", ["a", "b"], ["c"], axis=1), helper.make_node("ReduceSum", ["a"], ["s"])]
    model = make_model(nodes, rows, [("c", [rows, 10]), ("s", [1, 1])])
    x = np.arange(-17, 18, dtype=np.float32).reshape(7, 5)
    outputs = tenon.compile(model)(x=x)
    np.testing.assert_array_equal(outputs["c"], np.concatenate([np.maximum(x, 0), -x], 1))
    assert outputs["s"] == np.maximum(x, 0).sum()


def test_rows_of_an_input():
    nodes = [helper.make_node("Slice", ["x", "start", "end", "axis"], ["rows"]), helper.make_node("Relu", ["rows"], ["y"])]
    model = make_model(nodes, 7, [("y", [2, 5])], [("start", [3]), ("end", [5]), ("axis", [0])])
    x = np.arange(-17, 18, dtype=np.float32).reshape(7, 5)
    np.testing.assert_array_equal(tenon.compile(model)(x=x)["y"], np.maximum(x[3:5], 0))


@pytest.mark.parametrize("computed", [False, True])
def test_one_value_several_times_in_a_concat(computed):
    nodes = [helper.make_node("Relu", ["x"], ["a"])] if computed else []
    nodes.append(helper.make_node("Concat", ["a" if computed else "x"] * 3, ["c"], axis=1))
    x = np.arange(-17, 18, dtype=np.float32).reshape(7, 5)
    output = tenon.compile(make_model(nodes, 7, [("c", [7, 15])]))(x=x)["c"]
    np.testing.assert_array_equal(output, np.concatenate([np.maximum(x, 0) if computed else x] * 3, 1))


def test_input_as_two_outputs():
    nodes = [helper.make_node("Identity", ["x"], [name]) for name in "yz"]
    x = np.arange(-17, 18, dtype=np.float32).reshape(7, 5)
    outputs = tenon.compile(make_model(nodes, 7, [("y", [7, 5]), ("z", [7, 5])]))(x=x)
    np.testing.assert_array_equal(outputs["y"], x)
    np.testing.assert_array_equal(outputs["z"], x)
