"""Models at the edge of what shapes allow, against onnxruntime."""

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import tenon

CASES = {
    "one value several times in a concat": ("float[33,1] x", "float[33,3] y", "y = Concat<axis = 1>(x, x, x)"),
    "computed value twice in a concat": ("float[3,5] x", "float[6,5] y", "a = Relu(x) y = Concat<axis = 0>(a, a)"),
    "input as two outputs": ("float[3,5] x", "float[3,5] y, float[3,5] z", "y = Identity(x) z = Identity(x)"),
    "slice that leaves nothing": ("float[7,33,5] x", "float[7,0,5] y, float[7,2,5] z", """
        s = Constant<value_ints = [33]>() e = Constant<value_ints = [40]>() a = Constant<value_ints = [1]>()
        t = Constant<value_ints = [2]>() y = Slice(x, s, e, a, t)
        b = Constant<value_ints = [-40]>() f = Constant<value_ints = [3]>() z = Slice(x, b, f, a, t)"""),
    "sums and products of nothing": ("float[3,0] x, float[0,4] w", "float[3,4] y, float[3] z", """
        y = MatMul(x, w) a = Constant<value_ints = [1]>() z = ReduceSum<keepdims = 0>(x, a)"""),
    "nothing as it came": ("float[3,0] x", "float[3,0] y, float[3,0] z, float[0,3] t", """
        y = Identity(x) z = Identity(x) t = Transpose(x)"""),
    "nothing in a concat": ("float[3,0] x, float[3,4] w", "float[3,8] y", "a = Abs(x) y = Concat<axis = 1>(w, a, w)"),
    "normalization of nothing": ("float[3,0] x", "float[3,0] y", "y = Softmax<axis = 1>(x)"),
    "pads that cut and add": ("float[4,5,5,17] x", "float[4,4,7,20] y", """
        p = Constant<value_ints = [-1, 0, 2, 1, 1, -1, 0, 2]>() v = Constant<value_float = 1.5>() y = Pad(x, p, v)"""),
    "pads that cut all": ("float[3,4] x", "float[3,3] y", """
        p = Constant<value_ints = [0, -5, 0, 4]>() v = Constant<value_float = 1.5>() y = Pad(x, p, v)"""),
    "mean over open sizes": ("float[n,5,m] x", "float[1,1,1] y, float[n,1,1] z", """
        y = ReduceMean(x) a = Constant<value_ints = [1, 2]>() z = ReduceMean(x, a)"""),
    "sizes of a tensor alone": ("float[n,5,m] x", "int64[3] y, float[n,m] z", """
        y = Shape(x) a = Constant<value_ints = [0, 2]>() s = Gather(y, a)
        z = ConstantOfShape<value = float[1] {1.5}>(s)"""),
    "second result behind a stored stage": ("float[17,5,33,2] x, float[1] w", "float[17,5,33,2] y, float[1,1,1,1] z", """
        a = Mul(x, w) c = Constant<value_floats = [2.0, 3.0]>() b = Mul(a, c) y = Softmax<axis = 3>(b)
        d = Mul(a, w) z = ReduceSumSquare(d)"""),
    "mirrored filter over a padded band": ("float[4,16,3,8] x, float[16,3,3,1] w", "float[4,3,4,8] y", """
        y = ConvTranspose<kernel_shape = [3, 1], pads = [0, 0, 1, 0]>(x, w)"""),
}


@pytest.mark.parametrize("inputs, outputs, nodes", CASES.values(), ids=CASES.keys())
def test_edge_shapes(inputs, outputs, nodes):
    model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["": 20]> g ({inputs}) => ({outputs}) {{ {nodes} }}')
    rng = np.random.default_rng(0)
    values = {}
    for info in model.graph.input:
        sizes = [{"n": 3, "m": 6}.get(dim.dim_param, dim.dim_value) for dim in info.type.tensor_type.shape.dim]
        values[info.name] = rng.integers(-8, 9, sizes).astype(np.float32) / 4
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, values)
    results = tenon.compile(model)(values)
    for info, reference in zip(model.graph.output, expected):
        assert results[info.name].shape == reference.shape
        np.testing.assert_allclose(results[info.name], reference, rtol=1e-5, atol=1e-5)


def test_padded_windows_over_open_sizes():
    """Bands of a padded image are cut out of rows and columns whose number is known at run time only."""
    model = onnx.parser.parse_model("""
        <ir_version: 9, opset_import: ["": 20]> g (float[1,5,n,m] x, float[12,5,3,3] w) => (float[1,12,n,m] y, float[1,5,p,q] z) {
        y = Conv<pads = [1, 1, 1, 1]>(x, w) z = MaxPool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(x) }""")
    compiled = tenon.compile(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    rng = np.random.default_rng(0)
    for rows, columns in [(3, 6), (1, 1), (20, 37), (64, 50)]:
        values = {"x": rng.integers(-8, 9, [1, 5, rows, columns]).astype(np.float32) / 4,
                  "w": rng.integers(-8, 9, [12, 5, 3, 3]).astype(np.float32) / 4}
        for name, reference in zip(["y", "z"], session.run(None, values)):
            np.testing.assert_allclose(compiled(values)[name], reference, rtol=1e-5, atol=1e-5)
