"""ONNX's ops on shapes for any array that has one, and takes `reshape` and slices: NumPy's, JAX's and PyTorch's alike."""

import math

import numpy as np

from .onnx_graph import ints


def reshape(x, shape, allowzero=0):
    return x.reshape([x.shape[i] if extent == 0 and not allowzero else extent for i, extent in enumerate(ints(shape))])


def flatten(x, axis=1):
    return x.reshape(math.prod(x.shape[:axis]), -1)


def slice_axes(x, starts, ends, axes=None, steps=None):
    starts, ends = ints(starts), ints(ends)
    axes = range(len(starts)) if axes is None else ints(axes)
    steps = [1] * len(starts) if steps is None else ints(steps)
    index = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps):
        index[axis] = slice(start, end, step)
    return x[tuple(index)]


def shape(x):
    return np.array(x.shape, np.int64)


SHAPE_OPS = {"Reshape": reshape, "Flatten": flatten, "Slice": slice_axes, "Shape": shape}
