"""Transposed convolutions, which become convolutions of their phases, against onnxruntime."""

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import tenon

# Input sizes, outputs a group, kernel, and attributes of ConvTranspose.
CASES = {
    "2x2 by two": ([1, 6, 5, 7], 4, [2, 2], "strides = [2, 2]"),
    "4x4 by two, padded": ([2, 6, 5, 7], 4, [4, 4], "strides = [2, 2], pads = [1, 1, 1, 1]"),
    "3x3 by two, odd result": ([1, 6, 5, 7], 4, [3, 3], "strides = [2, 2], pads = [1, 1, 1, 1]"),
    "3x3 by two, padded result": ([1, 6, 5, 7], 4, [3, 3], "strides = [2, 2], pads = [1, 1, 1, 1], output_padding = [1, 1]"),
    "5x5 by three": ([1, 6, 5, 7], 4, [5, 5], "strides = [3, 3], pads = [2, 1, 0, 2]"),
    "strides apart": ([1, 6, 5, 7], 4, [3, 4], "strides = [1, 2]"),
    "stride one": ([1, 6, 5, 7], 4, [3, 3], "pads = [1, 1, 1, 1]"),
    "pads beyond the kernel": ([1, 6, 9, 8], 4, [3, 3], "strides = [2, 2], pads = [3, 4, 4, 3]"),
    "kernel smaller than stride": ([1, 6, 5, 7], 4, [1, 2], "strides = [2, 3]"),
    "taps apart": ([1, 6, 5, 7], 4, [3, 3], "strides = [2, 2], dilations = [3, 3]"),
    "taps apart by the stride": ([1, 6, 5, 7], 4, [3, 3], "strides = [2, 2], dilations = [2, 2]"),
    "groups": ([1, 6, 5, 7], 4, [4, 4], "strides = [2, 2], group = 3"),
    "depthwise": ([1, 6, 5, 7], 1, [3, 3], "strides = [2, 2], group = 6"),
    "one dimension": ([2, 6, 9], 4, [8], "strides = [4], pads = [2, 2]"),
    "three dimensions": ([1, 3, 3, 4, 5], 2, [2, 2, 3], "strides = [2, 2, 2]"),
}


def check(sizes, outputs, kernel, attributes, nodes, result, open_sizes=False):
    rng = np.random.default_rng(0)
    groups = int(attributes.split("group = ")[1].split(",")[0]) if "group" in attributes else 1
    feeds = {"x": rng.standard_normal(sizes, np.float32), "w": rng.standard_normal([sizes[1], outputs, *kernel], np.float32),
             "b": rng.standard_normal(outputs * groups, np.float32)}
    shapes = {name: list(map(str, value.shape)) for name, value in feeds.items()}
    if open_sizes:
        shapes["x"][2:] = ["h", "v"][:len(sizes) - 2]
    inputs = ", ".join(f"float[{','.join(shape)}] {name}" for name, shape in shapes.items())
    model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["": 17]> g ({inputs}) => (float[{result}] y) '
                                    f'{{ {nodes.format(attributes)} }}')
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)[0]
    # Sums of up to 54 products in another order.
    np.testing.assert_allclose(tenon.compile(model)(feeds)["y"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sizes, outputs, kernel, attributes", CASES.values(), ids=CASES.keys())
def test_conv_transpose(sizes, outputs, kernel, attributes):
    result = ",".join("abcde"[:len(sizes)])
    check(sizes, outputs, kernel, attributes, "c = ConvTranspose<{}>(x, w, b) y = Relu(c)", result)


@pytest.mark.parametrize("case", ["2x2 by two", "3x3 by two, odd result", "stride one"])
def test_open_sizes(case):
    sizes, outputs, kernel, attributes = CASES[case]
    check(sizes, outputs, kernel, attributes, "y = ConvTranspose<{}>(x, w, b)", "1,4,a,c", open_sizes=True)


def test_beside_a_skip():
    """As in U-Net: beside what comes from before, all in one concat."""
    nodes = "c = ConvTranspose<{}>(x, w, b) a = Relu(c) s = Sigmoid(c) y = Concat<axis = 1>(s, a)"
    check(*CASES["2x2 by two"], nodes, "1,8,10,14")
