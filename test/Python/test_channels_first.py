"""Ops on single channels that keep ONNX's layout: vectors run along rows, and steps of two choose among two vectors."""

import re

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import tenon

# Columns of the input. With windows of 3 moved by 2, padded by one, half of them come out: whole vectors, and remainders
# of every length for vectors of 4, 8 and 16.
COLUMNS = [64, 66, 68, 70, 72, 74, 76, 78, 80, 87, 95]

DEPTHWISE = "y = Conv<group = 5, strides = [{step}, {step}], pads = [1, 1, 1, 1]>(x, w, b)"
CASES = {
    "depthwise": DEPTHWISE,
    "depthwise, rows apart": "y = Conv<group = 5, strides = [{step}, {step}], dilations = [2, 2], pads = [2, 2, 2, 2]>(x, w)",
    "no padding": "y = Conv<group = 5, strides = [{step}, {step}]>(x, w)",
    "and what follows": DEPTHWISE.replace("y =", "c =") + " r = Relu(c) y = Add(r, c)",
    "maximum": "y = MaxPool<kernel_shape = [3, 3], strides = [{step}, {step}], pads = [1, 1, 1, 1]>(x)",
    "pairs": "y = MaxPool<kernel_shape = [2, 2], strides = [{step}, {step}]>(x)",
    "mean": "y = AveragePool<kernel_shape = [3, 3], strides = [{step}, {step}], pads = [1, 1, 1, 1]>(x)",
    "norm": "g = Conv<group = 5, strides = [{step}, {step}]>(x, w) y = InstanceNormalization(g, b, b)",
}


def on_width(nodes, width):
    """The nodes on the input of this width, with names of their own for all but the parameters."""
    return re.sub(r"\b([xycrg])\b", rf"\g<1>{width}", nodes)


@pytest.mark.parametrize("target", ["host", "x86-64-v2"])
@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("nodes", CASES.values(), ids=CASES.keys())
def test_rows(nodes, step, target):
    rng = np.random.default_rng(0)
    columns = COLUMNS if step == 2 else COLUMNS[::5]
    # All widths in one model, which compiles faster than a model each.
    lines, feeds = [], {"w": rng.standard_normal((5, 1, 3, 3), np.float32), "b": rng.standard_normal(5, np.float32)}
    for width in columns:
        lines.append(on_width(nodes.format(step=step), width))
        feeds[f"x{width}"] = rng.standard_normal((1, 5, 9, width), np.float32)
    inputs = ", ".join(f"float[{','.join(map(str, value.shape))}] {name}" for name, value in feeds.items())
    outputs = ", ".join(f"float[1,5,h{width},w{width}] y{width}" for width in columns)
    model = onnx.parser.parse_model(
        f'<ir_version: 9, opset_import: ["": 17]> g ({inputs}) => ({outputs}) {{ {" ".join(lines)} }}')
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feeds)
    results = tenon.compile(model, target=target)(feeds)
    for info, reference in zip(model.graph.output, expected):
        # Up to nine products in another order; a mean divides by as many.
        np.testing.assert_allclose(results[info.name], reference, rtol=1e-5, atol=1e-5)
