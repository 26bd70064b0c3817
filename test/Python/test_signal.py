"""Fourier transforms against NumPy: all of a spectrum and half of it, there and back, in frames."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import tenon


def run(node, x, result_rank, **constants):
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph([node], "test", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * result_rank)], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return tenon.compile(model)(x=x)["y"]


def parts(numbers):
    return np.stack([numbers.real, numbers.imag], -1)


# Sums of up to 24 products, each rounded to 6e-8 of numbers up to 24.
close = dict(rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [1, -2])
@pytest.mark.parametrize("length", [9, 12, 16])
def test_spectrum_of_real_numbers(length, axis):
    x = np.random.default_rng(0).standard_normal((2, 12, 12, 1), dtype=np.float32)
    node = helper.make_node("DFT", ["x", "n", "axis"], ["y"], onesided=1)
    got = run(node, x, 4, n=np.array(length), axis=np.array(axis))
    np.testing.assert_allclose(got, parts(np.fft.rfft(x[..., 0], length, axis if axis > 0 else -1)), **close)


def test_there_and_back():
    x = np.random.default_rng(0).standard_normal((3, 10, 2), dtype=np.float32)
    node = helper.make_node("DFT", ["x"], ["y"], inverse=1)
    np.testing.assert_allclose(run(node, x, 3), parts(np.fft.ifft(x[..., 0] + 1j * x[..., 1])), **close)


@pytest.mark.parametrize("length", [9, 10])
def test_real_numbers_of_half_a_spectrum(length):
    signal = np.random.default_rng(0).standard_normal((3, length), dtype=np.float32)
    node = helper.make_node("DFT", ["x", "n"], ["y"], inverse=1, onesided=1)
    got = run(node, parts(np.fft.rfft(signal)).astype(np.float32), 3, n=np.array(length))
    np.testing.assert_allclose(got[..., 0], signal, **close)


def test_frames():
    x = np.random.default_rng(0).standard_normal((2, 50, 1), dtype=np.float32)
    window = np.hanning(16).astype(np.float32)
    node = helper.make_node("STFT", ["x", "step", "w"], ["y"])
    frames = np.stack([x[:, i:i + 16, 0] for i in range(0, 50 - 15, 5)], 1)
    np.testing.assert_allclose(run(node, x, 4, step=np.array(5), w=window), parts(np.fft.rfft(frames * window)), **close)
