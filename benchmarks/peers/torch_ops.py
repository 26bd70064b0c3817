"""ONNX's ops in PyTorch, as many as the benchmark models have.

What is computed from constants and shapes alone stays in NumPy, so that a trace has static sizes.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from onnx import TensorProto

from .onnx_graph import ints
from .peer import Unsuited
from .shape_ops import SHAPE_OPS

DTYPES = {TensorProto.FLOAT: torch.float32, TensorProto.INT64: torch.int64, TensorProto.BOOL: torch.bool}


def is_data(*operands):
    return any(isinstance(operand, torch.Tensor) for operand in operands)


def tensors(*operands):
    """The operands as tensors; those left out stay None."""
    return [operand if operand is None or isinstance(operand, torch.Tensor) else torch.as_tensor(operand)
            for operand in operands]


def elementwise(name, numpy_name=None):
    """The function called `name` of PyTorch, or of NumPy where all operands are known."""
    def op(*operands, **_):
        if is_data(*operands):
            return getattr(torch, name)(*tensors(*operands))
        return getattr(np, numpy_name or name)(*operands)
    return op


# -- Convolution and pooling ------------------------------------------------------------------------------------------


def symmetric(x, pads, value=0.0):
    """`x` padded where the paddings at the two ends differ, and the paddings left for the op."""
    pads = pads or [0] * 2 * (x.ndim - 2)
    before, after = pads[:len(pads) // 2], pads[len(pads) // 2:]
    if before == after:
        return x, before
    both = [amount for pair in zip(reversed(before), reversed(after)) for amount in pair]
    return F.pad(x, both, value=value), [0] * len(before)


def conv(x, weight, bias=None, pads=None, strides=None, dilations=None, group=1, **_):
    x, padding = symmetric(x, pads)
    weight, bias = tensors(weight, bias)
    function = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[x.ndim]
    return function(x, weight, bias, strides or 1, padding, dilations or 1, group)


def max_pool(x, kernel_shape, strides=None, pads=None, ceil_mode=0, **_):
    x, padding = symmetric(x, pads, -math.inf)
    return F.max_pool2d(x, kernel_shape, strides or 1, padding, ceil_mode=bool(ceil_mode))


def average_pool(x, kernel_shape, strides=None, pads=None, ceil_mode=0, count_include_pad=0, **_):
    if pads and pads[:len(pads) // 2] != pads[len(pads) // 2:]:
        raise Unsuited("AveragePool with different paddings at its ends")
    return F.avg_pool2d(x, kernel_shape, strides or 1, (pads or [0, 0])[:2], bool(ceil_mode), bool(count_include_pad))


def resize(x, roi=None, scales=None, sizes=None, mode=b"nearest", **_):
    factors = np.asarray(scales)
    if mode != b"nearest" or np.any(factors != factors.astype(int)):
        raise Unsuited("Resize other than to a nearest neighbour by whole factors")
    return F.interpolate(x, scale_factor=[float(factor) for factor in factors[2:]])


# -- Products and normalization ---------------------------------------------------------------------------------------


def gemm(a, b, c=None, transA=0, transB=0, alpha=1.0, beta=1.0):
    a, b, c = tensors(a, b, c)
    a, b = a.T if transA else a, b if transB else b.T
    if alpha == beta == 1.0:
        return F.linear(a, b, c)
    y = alpha * F.linear(a, b)
    return y if c is None else y + beta * c


def batch_norm(x, scale, bias, mean, variance, epsilon=1e-5, **_):
    scale, bias, mean, variance = tensors(scale, bias, mean, variance)
    return F.batch_norm(x, mean, variance, scale, bias, eps=epsilon)


def layer_norm(x, scale, bias=None, axis=-1, epsilon=1e-5, **_):
    scale, bias = tensors(scale, bias)
    return F.layer_norm(x, x.shape[axis % x.ndim:], scale, bias, epsilon)


def reduce_mean(x, axes_operand=None, axes=None, keepdims=1, **_):
    return x.mean(axes if axes_operand is None else ints(axes_operand), keepdim=bool(keepdims))


# -- Recurrent layers -------------------------------------------------------------------------------------------------


def recurrent(function, x, weights, recurrence, bias, order, starts, direction):
    """Calls one of PyTorch's recurrent functions; `order` is where its gates are among ONNX's."""
    if direction == b"reverse":
        raise Unsuited("a recurrent layer that only runs backwards")
    gates = len(order)

    def reorder(values):
        parts = values.chunk(gates)
        return torch.cat([parts[i] for i in order])

    flat = []
    for d in range(weights.shape[0]):
        input_bias, hidden_bias = bias[d].chunk(2)
        flat += [reorder(weights[d]), reorder(recurrence[d]), reorder(input_bias), reorder(hidden_bias)]
    results = function(x, starts, flat, True, 1, 0.0, False, weights.shape[0] == 2, False)
    length, batch, _ = x.shape
    y = results[0].reshape(length, batch, weights.shape[0], -1).transpose(1, 2)
    return (y, *results[1:])


def start_of(x, weights, hidden, start):
    return x.new_zeros(weights.shape[0], x.shape[1], hidden) if start is None else tensors(start)[0]


def lstm(x, weights, recurrence, bias, lengths=None, h=None, c=None, hidden_size=0, direction=b"forward", **_):
    starts = [start_of(x, weights, hidden_size, start) for start in (h, c)]
    # ONNX: input, output, forget, cell; PyTorch: input, forget, cell, output.
    return recurrent(torch.lstm, x, weights, recurrence, bias, [0, 2, 3, 1], starts, direction)


def gru(x, weights, recurrence, bias, lengths=None, h=None, hidden_size=0, direction=b"forward",
        linear_before_reset=0, **_):
    if not linear_before_reset:
        raise Unsuited("GRU with the reset before the product")
    # ONNX: update, reset, hidden; PyTorch: reset, update, hidden.
    start = start_of(x, weights, hidden_size, h)
    return recurrent(torch.gru, x, weights, recurrence, bias, [1, 0, 2], start, direction)


# -- Shapes -----------------------------------------------------------------------------------------------------------


def split(x, sizes=None, axis=0, num_outputs=0):
    return torch.split(x, ints(sizes), axis) if sizes is not None else torch.chunk(x, num_outputs, axis)


def unsqueeze(x, axes):
    if not is_data(x):
        return np.expand_dims(x, tuple(ints(axes)))
    for axis in sorted(ints(axes)):
        x = x.unsqueeze(axis)
    return x


def gather(x, indices, axis=0):
    if not is_data(x, indices):
        return np.take(x, indices, axis)
    if not is_data(indices) and np.ndim(indices) == 0:
        return x.select(axis, int(indices))
    x, indices = tensors(x, indices)
    return x.index_select(axis, indices.reshape(-1)).reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1:])


def concat(*parts, axis):
    return torch.cat(tensors(*parts), axis) if is_data(*parts) else np.concatenate(parts, axis)


def clip(x, low=None, high=None):
    return x.clamp(None if low is None else float(low), None if high is None else float(high))


OPS = {
    **SHAPE_OPS,
    "Add": elementwise("add"), "Sub": elementwise("sub", "subtract"), "Mul": elementwise("mul", "multiply"),
    "Div": elementwise("div", "divide"), "Pow": elementwise("pow", "power"), "Sqrt": elementwise("sqrt"),
    "Tanh": elementwise("tanh"), "Where": elementwise("where"), "Erf": torch.erf, "Relu": torch.relu,
    "Sigmoid": torch.sigmoid, "Clip": clip, "HardSwish": F.hardswish,
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: torch.clamp(alpha * x + beta, 0, 1),
    "Gelu": lambda x, approximate=b"none": F.gelu(x, approximate=approximate.decode()),
    "Softmax": lambda x, axis=-1: torch.softmax(x, axis), "LogSoftmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    "Conv": conv, "MaxPool": max_pool, "AveragePool": average_pool, "Resize": resize,
    "GlobalAveragePool": lambda x: x.mean(tuple(range(2, x.ndim)), keepdim=True),
    "MatMul": elementwise("matmul"), "Gemm": gemm, "BatchNormalization": batch_norm, "LayerNormalization": layer_norm,
    "ReduceMean": reduce_mean, "LSTM": lstm, "GRU": gru,
    "Split": split, "Unsqueeze": unsqueeze, "Concat": concat, "Gather": gather,
    "Transpose": lambda x, perm=None: x.permute(perm) if is_data(x) else np.transpose(x, perm),
    "Cast": lambda x, to, **_: x.to(DTYPES[to]),
}
