"""ONNX's ops in JAX, as many as the benchmark models have.

Sizes are static in XLA, so whatever is computed from constants and shapes alone is computed in NumPy while the function
is traced.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from onnx import helper

from .onnx_graph import ints
from .peer import Unsuited
from .shape_ops import SHAPE_OPS


def library(*operands):
    """NumPy where all operands are known while tracing."""
    return jnp if any(isinstance(operand, jax.Array) for operand in operands) else np


def elementwise(name):
    return lambda *operands, **attributes: getattr(library(*operands), name)(*operands)


# -- Convolution and pooling ------------------------------------------------------------------------------------------


def padding(pads, rank):
    return list(zip(pads[:rank], pads[rank:]))


def conv(x, weight, bias=None, pads=None, strides=None, dilations=None, group=1, **_):
    rank = weight.ndim - 2
    y = lax.conv_general_dilated(x, weight, strides or [1] * rank, padding(pads or [0] * 2 * rank, rank),
                                 rhs_dilation=dilations, feature_group_count=group)
    return y if bias is None else y + bias.reshape([-1] + [1] * rank)


def window(x, kernel, strides, pads, ceil_mode):
    """Extents, strides and paddings over all dimensions; rounding up pads at the end."""
    rank = len(kernel)
    strides = strides or [1] * rank
    pads = padding(pads or [0] * 2 * rank, rank)
    if ceil_mode:
        for i, extent in enumerate(x.shape[2:]):
            rest = (extent + sum(pads[i]) - kernel[i]) % strides[i]
            pads[i] = (pads[i][0], pads[i][1] + (strides[i] - rest if rest else 0))
    return [1, 1, *kernel], [1, 1, *strides], [(0, 0), (0, 0), *pads]


def max_pool(x, kernel_shape, strides=None, pads=None, ceil_mode=0, **_):
    return lax.reduce_window(x, -jnp.inf, lax.max, *window(x, kernel_shape, strides, pads, ceil_mode))


def average_pool(x, kernel_shape, strides=None, pads=None, ceil_mode=0, count_include_pad=0, **_):
    shape = window(x, kernel_shape, strides, pads, ceil_mode)
    sums = lax.reduce_window(x, 0.0, lax.add, *shape)
    if count_include_pad:
        return sums / math.prod(kernel_shape)
    return sums / lax.reduce_window(jnp.ones(x.shape, x.dtype), 0.0, lax.add, *shape)


def resize(x, roi=None, scales=None, sizes=None, mode=b"nearest", **_):
    factors = np.asarray(scales)
    if mode != b"nearest" or np.any(factors != factors.astype(int)):
        raise Unsuited("Resize other than to a nearest neighbour by whole factors")
    for axis, factor in enumerate(factors.astype(int)):
        x = jnp.repeat(x, factor, axis=axis) if factor > 1 else x
    return x


# -- Products and normalization ---------------------------------------------------------------------------------------


def gemm(a, b, c=None, transA=0, transB=0, alpha=1.0, beta=1.0):
    y = alpha * jnp.matmul(a.T if transA else a, b.T if transB else b)
    return y if c is None else y + beta * c


def batch_norm(x, scale, bias, mean, variance, epsilon=1e-5, **_):
    shape = [-1] + [1] * (x.ndim - 2)
    factor = scale * lax.rsqrt(variance + epsilon)
    return x * factor.reshape(shape) + (bias - mean * factor).reshape(shape)


def layer_norm(x, scale, bias=None, axis=-1, epsilon=1e-5, **_):
    axes = tuple(range(axis % x.ndim, x.ndim))
    centred = x - x.mean(axes, keepdims=True)
    y = centred * lax.rsqrt((centred * centred).mean(axes, keepdims=True) + np.float32(epsilon)) * scale
    return y if bias is None else y + bias


def reduce_mean(x, axes_operand=None, axes=None, keepdims=1, **_):
    axes = axes if axes_operand is None else ints(axes_operand)
    return x.mean(tuple(axes), keepdims=bool(keepdims))


# -- Recurrent layers -------------------------------------------------------------------------------------------------


def recurrent(step, x, weights, recurrence, bias, starts, direction):
    """Runs `step(gates of x, state, recurrence, bias)` over time in each direction; the layout is ONNX's."""
    outputs, finals = [], []
    for d in range(weights.shape[0]):
        reverse = d == 1 or direction == b"reverse"
        gates = jnp.einsum("tbi,gi->tbg", x, weights[d])
        final, y = lax.scan(lambda state, g, d=d: step(g, state, recurrence[d], bias[d]),
                            tuple(start[d] for start in starts), gates, reverse=reverse)
        outputs.append(y)
        finals.append(final)
    return (jnp.stack(outputs, axis=1), *(jnp.stack(parts) for parts in zip(*finals)))


def zeros(x, weights, hidden):
    return jnp.zeros((weights.shape[0], x.shape[1], hidden), x.dtype)


def lstm(x, weights, recurrence, bias, lengths=None, h=None, c=None, hidden_size=0, direction=b"forward", **_):
    def step(gates, state, r, b):
        h, c = state
        i, o, f, g = jnp.split(gates + h @ r.T + b[:4 * hidden_size] + b[4 * hidden_size:], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h
    starts = [zeros(x, weights, hidden_size) if start is None else start for start in (h, c)]
    return recurrent(step, x, weights, recurrence, bias, starts, direction)


def gru(x, weights, recurrence, bias, lengths=None, h=None, hidden_size=0, direction=b"forward",
        linear_before_reset=0, **_):
    if not linear_before_reset:
        raise Unsuited("GRU with the reset before the product")

    def step(gates, state, r, b):
        h, = state
        z, n, g = jnp.split(gates + b[:3 * hidden_size], 3, axis=-1)
        zr, nr, gr = jnp.split(h @ r.T + b[3 * hidden_size:], 3, axis=-1)
        z, n = jax.nn.sigmoid(z + zr), jax.nn.sigmoid(n + nr)
        h = (1 - z) * jnp.tanh(g + n * gr) + z * h
        return (h,), h
    start = zeros(x, weights, hidden_size) if h is None else h
    return recurrent(step, x, weights, recurrence, bias, [start], direction)


# -- Shapes -----------------------------------------------------------------------------------------------------------


def split(x, sizes=None, axis=0, num_outputs=0):
    points = np.cumsum(ints(sizes))[:-1] if sizes is not None else num_outputs
    return library(x).split(x, points, axis=axis)


def unsqueeze(x, axes):
    return library(x).expand_dims(x, tuple(ints(axes)))


OPS = {
    **SHAPE_OPS,
    "Add": elementwise("add"), "Sub": elementwise("subtract"), "Mul": elementwise("multiply"),
    "Div": elementwise("divide"), "Pow": elementwise("power"), "Sqrt": elementwise("sqrt"),
    "Tanh": elementwise("tanh"), "Where": elementwise("where"), "Erf": jax.scipy.special.erf,
    "Relu": jax.nn.relu, "Sigmoid": jax.nn.sigmoid, "Clip": lambda x, low=None, high=None: jnp.clip(x, low, high),
    "Gelu": lambda x, approximate=b"none": jax.nn.gelu(x, approximate=approximate == b"tanh"),
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: jnp.clip(alpha * x + beta, 0, 1),
    "HardSwish": lambda x: x * jnp.clip(x / 6 + 0.5, 0, 1),
    "Softmax": lambda x, axis=-1: jax.nn.softmax(x, axis), "LogSoftmax": lambda x, axis=-1: jax.nn.log_softmax(x, axis),
    "Conv": conv, "MaxPool": max_pool, "AveragePool": average_pool, "Resize": resize,
    "GlobalAveragePool": lambda x: x.mean(tuple(range(2, x.ndim)), keepdims=True),
    "MatMul": elementwise("matmul"), "Gemm": gemm, "BatchNormalization": batch_norm, "LayerNormalization": layer_norm,
    "ReduceMean": reduce_mean, "LSTM": lstm, "GRU": gru,
    "Split": split, "Unsqueeze": unsqueeze,
    "Transpose": lambda x, perm=None: library(x).transpose(x, perm),
    "Concat": lambda *parts, axis: library(*parts).concatenate(parts, axis),
    "Gather": lambda x, indices, axis=0: library(x, indices).take(x, indices, axis),
    "Cast": lambda x, to, **_: x.astype(helper.tensor_dtype_to_np_dtype(to)),
}
