"""Transformers, spelled the way PyTorch's exporters spell them."""

import numpy as np
from onnx import TensorProto

from .builder import Builder

INT64 = TensorProto.INT64


# -- BERT -------------------------------------------------------------------------------------------------------------


def spelled_layer_norm(g, x, width, epsilon=1e-12):
    """Layer normalization in elementary ops, as exported below opset 17."""
    centred = g.node("Sub", x, g.reduce_mean(x, [-1]))
    variance = g.reduce_mean(g.node("Pow", centred, g.constant(2.0)), [-1])
    deviation = g.node("Sqrt", g.node("Add", variance, g.constant(epsilon)))
    y = g.node("Mul", g.node("Div", centred, deviation), g.uniform((width,), 0.9, 1.1, "scale"))
    return g.node("Add", y, g.normal((width,), 0.05, stem="bias"))


def spelled_gelu(g, x):
    """x/2 * (1 + erf(x / sqrt 2)) in elementary ops."""
    y = g.node("Erf", g.node("Div", x, g.constant(2.0 ** 0.5)))
    y = g.node("Mul", x, g.node("Add", y, g.constant(1.0)))
    return g.node("Mul", y, g.constant(0.5))


def dimension(g, x, axis):
    """The run-time extent of one dimension, as a one-element shape operand."""
    extent = g.node("Gather", g.node("Shape", x), g.constant(axis, np.int64), axis=0)
    return g.node("Unsqueeze", extent, g.ints(0))


def bert(seed, dynamic=False, layers=12, width=768, heads=12, vocabulary=30522, positions=512, sequence=128):
    """BERT-base with its pooler. With `dynamic`, batch and sequence are symbolic and shapes computed at run time."""
    g = Builder("bert_dynamic" if dynamic else "bert", opset=14 if dynamic else 17, seed=seed)
    batch, length = ("batch", "sequence") if dynamic else (1, sequence)
    depth = width // heads
    ids, mask, types = (g.input(name, [batch, length], INT64)
                        for name in ("input_ids", "attention_mask", "token_type_ids"))

    def reshape(like, x, *tail):
        if not dynamic:
            return g.reshape(x, 1, sequence, *tail)
        parts = [dimension(g, like, 0), dimension(g, like, 1)] + [g.ints(extent) for extent in tail]
        return g.node("Reshape", x, g.node("Concat", *parts, axis=0))

    # Additive mask: 0 where attended, -10000 where not.
    bias = g.node("Unsqueeze", g.node("Unsqueeze", mask, g.ints(1)), g.ints(2))
    bias = g.node("Sub", g.constant(1.0), g.node("Cast", bias, to=TensorProto.FLOAT))
    bias = g.node("Mul", bias, g.constant(-10000.0))

    if dynamic:
        table = g.array(np.arange(positions, dtype=np.int64).reshape(1, -1), "position_ids")
        position = g.node("Slice", table, g.ints(0), dimension(g, ids, 1), g.ints(1), g.ints(1))
    else:
        position = g.array(np.arange(sequence, dtype=np.int64).reshape(1, -1), "position_ids")
    x = g.node("Add", g.node("Gather", g.normal((vocabulary, width), 0.6), ids, axis=0),
               g.node("Gather", g.normal((2, width), 0.3), types, axis=0))
    x = g.node("Add", x, g.node("Gather", g.normal((positions, width), 0.6), position, axis=0))
    x = spelled_layer_norm(g, x, width)

    for _ in range(layers):
        query, key, value = (g.linear(x, width, width) for _ in range(3))
        query = g.transpose(reshape(query, query, heads, depth), 0, 2, 1, 3)
        key = g.transpose(reshape(key, key, heads, depth), 0, 2, 3, 1)
        value = g.transpose(reshape(value, value, heads, depth), 0, 2, 1, 3)
        scores = g.node("Div", g.node("MatMul", query, key), g.constant(depth ** 0.5))
        weights = g.node("Softmax", g.node("Add", scores, bias), axis=-1)
        context = g.transpose(g.node("MatMul", weights, value), 0, 2, 1, 3)
        context = reshape(context, context, width)
        x = spelled_layer_norm(g, g.node("Add", g.linear(context, width, width), x), width)
        hidden = spelled_gelu(g, g.linear(x, width, 4 * width))
        x = spelled_layer_norm(g, g.node("Add", g.linear(hidden, 4 * width, width), x), width)

    first = g.node("Gather", x, g.constant(0, np.int64), axis=1)
    pooled = g.node("Tanh", g.gemm(first, width, width))
    g.output(x, "last_hidden_state", [batch, length, width])
    g.output(pooled, "pooler_output", [batch, width])
    return g.model()


# -- GPT-2 ------------------------------------------------------------------------------------------------------------


def tanh_gelu(g, x):
    """The tanh approximation of GELU in elementary ops."""
    cube = g.node("Mul", g.constant(0.044715), g.node("Pow", x, g.constant(3.0)))
    inner = g.node("Mul", g.node("Add", x, cube), g.constant((2.0 / np.pi) ** 0.5))
    return g.node("Mul", g.node("Mul", x, g.constant(0.5)), g.node("Add", g.node("Tanh", inner), g.constant(1.0)))


def gpt2(seed, tokens, past, layers=12, width=768, heads=12, vocabulary=50257, positions=1024):
    """GPT-2 small on `tokens` new tokens behind `past` cached ones; returns logits and the grown cache."""
    g = Builder("gpt2_decode" if past else "gpt2", opset=17, seed=seed)
    depth, total = width // heads, past + tokens
    ids = g.input("input_ids", [1, tokens], INT64)
    position = g.input("position_ids", [1, tokens], INT64)
    cache = [[g.input(f"past_key_values.{i}.{part}", [1, heads, past, depth]) for part in ("key", "value")]
             for i in range(layers)] if past else None

    def conv1d(x, cin, cout, gain=1.0):
        # The original's "Conv1D": a Gemm on flattened tokens, weights stored input-major.
        y = g.node("Gemm", g.reshape(x, -1, cin), g.normal((cin, cout), (gain / cin) ** 0.5),
                   g.normal((cout,), 0.02, stem="bias"))
        return g.reshape(y, 1, tokens, cout)

    embedding = g.normal((vocabulary, width), 0.1, stem="wte")
    x = g.node("Add", g.node("Gather", embedding, ids, axis=0),
               g.node("Gather", g.normal((positions, width), 0.1, stem="wpe"), position, axis=0))
    # Row r of the new tokens sees the past and new tokens up to r.
    visible = np.tril(np.ones((tokens, total), bool), past).reshape(1, 1, tokens, total)
    visible = g.array(visible, "causal")

    presents = []
    for i in range(layers):
        qkv = conv1d(g.layer_norm(x, width), width, 3 * width)
        query, key, value = g.node("Split", qkv, g.ints(width, width, width), outputs=3, axis=2)
        query, key, value = (g.transpose(g.reshape(part, 1, tokens, heads, depth), 0, 2, 1, 3)
                             for part in (query, key, value))
        if past:
            key = g.node("Concat", cache[i][0], key, axis=-2)
            value = g.node("Concat", cache[i][1], value, axis=-2)
        presents += [(key, f"present.{i}.key"), (value, f"present.{i}.value")]
        scores = g.node("MatMul", query, g.transpose(key, 0, 1, 3, 2))
        scores = g.node("Div", scores, g.constant(depth ** 0.5))
        scores = g.node("Where", visible, scores, g.constant(np.finfo(np.float32).min))
        context = g.node("MatMul", g.node("Softmax", scores, axis=-1), value)
        context = g.reshape(g.transpose(context, 0, 2, 1, 3), 1, tokens, width)
        x = g.node("Add", conv1d(context, width, width, gain=0.1), x)
        hidden = tanh_gelu(g, conv1d(g.layer_norm(x, width), width, 4 * width))
        x = g.node("Add", x, conv1d(hidden, 4 * width, width, gain=0.1))
    x = g.layer_norm(x, width)
    # The output projection is the embedding table, transposed.
    logits = g.node("MatMul", x, g.transpose(embedding, 1, 0))
    g.output(logits, "logits", [1, tokens, vocabulary])
    for value, name in presents:
        g.output(value, name, [1, heads, total, depth])
    return g.model()


# -- ViT --------------------------------------------------------------------------------------------------------------


def vit(seed, layers=12, width=768, heads=12, size=224, patch=16):
    """ViT-B/16 at opset 20, where layer normalization and GELU are single ops."""
    g = Builder("vit", opset=20, seed=seed)
    depth, patches = width // heads, (size // patch) ** 2
    tokens = patches + 1
    x = g.input("image", [1, 3, size, size])
    x = g.conv(x, 3, width, patch, stride=patch, pads=[0, 0, 0, 0], gain=1.0)
    x = g.transpose(g.reshape(x, 1, width, patches), 0, 2, 1)
    x = g.node("Concat", g.normal((1, 1, width), 0.5, stem="class_token"), x, axis=1)
    x = g.node("Add", x, g.normal((1, tokens, width), 0.2, stem="positions"))
    for _ in range(layers):
        qkv = g.reshape(g.linear(g.layer_norm(x, width), width, 3 * width), 1, tokens, 3, heads, depth)
        qkv = g.transpose(qkv, 2, 0, 3, 1, 4)
        query, key, value = (g.node("Gather", qkv, g.constant(i, np.int64), axis=0) for i in range(3))
        query = g.node("Mul", query, g.constant(depth ** -0.5))
        weights = g.node("Softmax", g.node("MatMul", query, g.transpose(key, 0, 1, 3, 2)), axis=-1)
        context = g.transpose(g.node("MatMul", weights, value), 0, 2, 1, 3)
        x = g.node("Add", x, g.linear(g.reshape(context, 1, tokens, width), width, width, gain=0.3))
        hidden = g.node("Gelu", g.linear(g.layer_norm(x, width), width, 4 * width))
        x = g.node("Add", x, g.linear(hidden, 4 * width, width, gain=0.3))
    x = g.node("Gather", g.layer_norm(x, width), g.constant(0, np.int64), axis=1)
    g.output(g.gemm(x, width, 1000), "logits", [1, 1000])
    return g.model()
