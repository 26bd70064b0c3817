"""Weights of 4 bits and of 8-bit floats in front of a matrix product, against onnxruntime."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import tenon


def check(weight, scale, zero=None, **attributes):
    initializers = [weight, numpy_helper.from_array(scale, "s")] + ([zero] if zero else [])
    nodes = [helper.make_node("DequantizeLinear", ["w", "s"] + (["z"] if zero else []), ["r"], **attributes),
             helper.make_node("MatMul", ["x", "r"], ["y"])]
    graph = helper.make_graph(nodes, "test", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    x = np.arange(-3, 5, dtype=np.float32).reshape(2, 4)
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]
    # Four products of small numbers: each rounded once.
    np.testing.assert_allclose(tenon.compile(model)(x=x)["y"], expected, rtol=1e-6)


@pytest.mark.parametrize("dtype, low", [(TensorProto.INT4, -8), (TensorProto.UINT4, 0)])
def test_blocks_of_4_bits(dtype, low):
    numbers = np.arange(low, low + 12).reshape(4, 3)
    check(helper.make_tensor("w", dtype, [4, 3], numbers.ravel()), np.array([[0.5, 1, 2], [1, 0.25, 3]], np.float32),
          helper.make_tensor("z", dtype, [2, 3], [low + 1, 3, 4, 0, 5, 7]), axis=0, block_size=2)


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT8E5M2])
def test_floats_of_8_bits(dtype):
    numbers = np.array([0, 1, -2, 0.5, 3.5, -448, 16, 0.0625, 7, -6, 1.25, 2.5], np.float32)
    check(helper.make_tensor("w", dtype, [4, 3], numbers), np.array([0.5, 1, 2], np.float32), axis=1)
