"""Small models: fully connected, keyword spotting, recurrent taggers."""

import numpy as np
from onnx import TensorProto

from .builder import Builder


def mlp(seed, batch):
    """Three fully connected layers 1024-1024-1024-1000."""
    g = Builder(f"mlp_{batch}", opset=17, seed=seed)
    x = g.input("x", [batch, 1024])
    x = g.relu(g.gemm(x, 1024, 1024))
    x = g.relu(g.gemm(x, 1024, 1024, gain=2.0))
    g.output(g.gemm(x, 1024, 1000, gain=2.0), "logits", [batch, 1000])
    return g.model()


def dscnn(seed):
    """The keyword spotter of MLPerf Tiny: 49 frames of 10 MFCCs, depthwise-separable blocks of 64 channels."""
    g = Builder("dscnn", opset=17, seed=seed)
    x = g.input("mfcc", [1, 1, 49, 10])
    x = g.relu(g.conv_bn(x, 1, 64, (10, 4), stride=2, pads=[4, 1, 5, 1], gain=1.0))
    for _ in range(4):
        x = g.relu(g.conv_bn(x, 64, 64, 3, groups=64))
        x = g.relu(g.conv_bn(x, 64, 64))
    x = g.node("AveragePool", x, kernel_shape=[25, 5], strides=[25, 5])
    x = g.gemm(g.node("Flatten", x, axis=1), 64, 12, gain=2.0)
    g.output(g.node("Softmax", x, axis=1), "probabilities", [1, 12])
    return g.model()


def tagger(seed, cell, sequence=64, vocabulary=10000, embedding=128, hidden=128, tags=17):
    """A sequence tagger: embedding, one bidirectional recurrent layer, linear, log-softmax."""
    g = Builder(cell.lower(), opset=17, seed=seed)
    gates = {"LSTM": 4, "GRU": 3}[cell]
    ids = g.input("input_ids", [1, sequence], TensorProto.INT64)
    x = g.node("Gather", g.normal((vocabulary, embedding), 1.0), ids)
    x = g.transpose(x, 1, 0, 2)
    bound = hidden ** -0.5
    weights = [g.uniform((2, gates * hidden, embedding), -bound, bound),
               g.uniform((2, gates * hidden, hidden), -bound, bound),
               g.uniform((2, 2 * gates * hidden), -bound, bound, "bias")]
    start = g.constant(np.zeros((2, 1, hidden)))
    if cell == "LSTM":
        y = g.node("LSTM", x, *weights, "", start, start, outputs=3, direction="bidirectional", hidden_size=hidden)[0]
    else:
        y = g.node("GRU", x, *weights, "", start, outputs=2, direction="bidirectional", hidden_size=hidden,
                   linear_before_reset=1)[0]
    y = g.reshape(g.transpose(y, 0, 2, 1, 3), 0, 0, -1)
    y = g.linear(g.transpose(y, 1, 0, 2), 2 * hidden, tags, gain=8.0)
    g.output(g.node("LogSoftmax", y, axis=2), "log_probabilities", [1, sequence, tags])
    return g.model()
