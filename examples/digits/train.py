#!/usr/bin/env python3
"""Trains a small convolutional network on scikit-learn's handwritten digits and exports it as digits.onnx.

Only numpy: each layer is a forward and a backward function, so that nothing about the model is hidden.

    image 1x8x8 -> conv 3x3, 16 -> relu -> conv 3x3, 32 -> relu -> maxpool 2 -> dense 64 -> relu -> dense 10 -> softmax
"""

import argparse
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).resolve().parent
HELD_OUT = 360
CLASSES = 10


def load_split():
    """The data as (training images, training labels, held-out images, held-out labels).

    Images are float32 of shape 1x8x8 with values 0 to 16. The split is fixed: training never sees the last part.
    """
    digits = load_digits()
    order = np.random.default_rng(2024).permutation(len(digits.target))
    images = digits.images[order].astype(np.float32)[:, None]
    labels = digits.target[order]
    return images[:-HELD_OUT], labels[:-HELD_OUT], images[-HELD_OUT:], labels[-HELD_OUT:]


# -- Layers: forward returns the result and what backward needs -------------------------------------------------------


def conv(x, weight, bias):
    """A 3x3 convolution with one pixel of zero padding; x is NCHW, weight is OIHW."""
    n, _, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    # One row per output pixel: its window of all input channels.
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, -1)
    y = rows @ weight.reshape(len(weight), -1).T + bias
    return y.reshape(n, h, w, -1).transpose(0, 3, 1, 2), (x.shape, rows)


def conv_backward(dy, saved, weight):
    (n, c, h, w), rows = saved
    dy = dy.transpose(0, 2, 3, 1).reshape(n * h * w, -1)
    drows = (dy @ weight.reshape(len(weight), -1)).reshape(n, h, w, c, 3, 3)
    dpadded = np.zeros((n, c, h + 2, w + 2), np.float32)
    for i in range(3):
        for j in range(3):
            dpadded[:, :, i:i + h, j:j + w] += drows[:, :, :, :, i, j].transpose(0, 3, 1, 2)
    return dpadded[:, :, 1:-1, 1:-1], (dy.T @ rows).reshape(weight.shape), dy.sum(axis=0)


def relu(x):
    return np.maximum(x, 0), x > 0


def relu_backward(dy, positive):
    return dy * positive


def max_pool(x):
    """The maximum of each 2x2 square."""
    n, c, h, w = x.shape
    squares = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    return squares.max(axis=-1), (x.shape, squares.argmax(axis=-1))


def max_pool_backward(dy, saved):
    (n, c, h, w), chosen = saved
    squares = dy[..., None] * (chosen[..., None] == np.arange(4))
    return squares.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h, w)


def dense(x, weight, bias):
    """A fully connected layer; weight is output-major."""
    return x @ weight.T + bias, x


def dense_backward(dy, x, weight):
    return dy @ weight, dy.T @ x, dy.sum(axis=0)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


# -- Model ------------------------------------------------------------------------------------------------------------


def initial_parameters(rng):
    def he(*shape):
        fan_in = np.prod(shape[1:])
        return (rng.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32)

    def zeros(count):
        return np.zeros(count, np.float32)

    return {"conv1.weight": he(16, 1, 3, 3), "conv1.bias": zeros(16),
            "conv2.weight": he(32, 16, 3, 3), "conv2.bias": zeros(32),
            "dense1.weight": he(64, 32 * 4 * 4), "dense1.bias": zeros(64),
            "dense2.weight": he(CLASSES, 64), "dense2.bias": zeros(CLASSES)}


def forward(p, images):
    """Probabilities, and what `backward` needs."""
    saved = {}
    x = images * np.float32(1 / 16)
    x, saved["conv1"] = conv(x, p["conv1.weight"], p["conv1.bias"])
    x, saved["relu1"] = relu(x)
    x, saved["conv2"] = conv(x, p["conv2.weight"], p["conv2.bias"])
    x, saved["relu2"] = relu(x)
    x, saved["pool"] = max_pool(x)
    saved["flatten"] = x.shape
    x, saved["dense1"] = dense(x.reshape(len(x), -1), p["dense1.weight"], p["dense1.bias"])
    x, saved["relu3"] = relu(x)
    x, saved["dense2"] = dense(x, p["dense2.weight"], p["dense2.bias"])
    return softmax(x), saved


def backward(p, saved, probabilities, labels):
    """The gradient of the mean cross-entropy by parameter."""
    g = {}
    d = probabilities.copy()
    d[np.arange(len(labels)), labels] -= 1
    d /= len(labels)
    d, g["dense2.weight"], g["dense2.bias"] = dense_backward(d, saved["dense2"], p["dense2.weight"])
    d = relu_backward(d, saved["relu3"])
    d, g["dense1.weight"], g["dense1.bias"] = dense_backward(d, saved["dense1"], p["dense1.weight"])
    d = max_pool_backward(d.reshape(saved["flatten"]), saved["pool"])
    d = relu_backward(d, saved["relu2"])
    d, g["conv2.weight"], g["conv2.bias"] = conv_backward(d, saved["conv2"], p["conv2.weight"])
    d = relu_backward(d, saved["relu1"])
    _, g["conv1.weight"], g["conv1.bias"] = conv_backward(d, saved["conv1"], p["conv1.weight"])
    return g


# -- Training ---------------------------------------------------------------------------------------------------------


class Adam:
    def __init__(self, parameters, decay=1e-4):
        self.decay = decay
        self.step = 0
        self.mean = {name: np.zeros_like(values) for name, values in parameters.items()}
        self.square = {name: np.zeros_like(values) for name, values in parameters.items()}

    def update(self, parameters, gradients, rate, beta1=0.9, beta2=0.999):
        self.step += 1
        for name, gradient in gradients.items():
            gradient = gradient + self.decay * parameters[name]
            self.mean[name] += (1 - beta1) * (gradient - self.mean[name])
            self.square[name] += (1 - beta2) * (gradient ** 2 - self.square[name])
            mean = self.mean[name] / (1 - beta1 ** self.step)
            square = self.square[name] / (1 - beta2 ** self.step)
            parameters[name] -= (rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)


def shifted(images, rng, share=0.25):
    """A copy with a `share` of the images moved by up to one pixel in each direction: more training data for free."""
    n, _, h, w = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    moved = images.copy()
    for i in np.flatnonzero(rng.random(n) < share):
        dy, dx = rng.integers(0, 3, 2)
        moved[i] = padded[i, :, dy:dy + h, dx:dx + w]
    return moved


def train(images, labels, epochs, seed, report):
    rng = np.random.default_rng(seed)
    parameters = initial_parameters(rng)
    optimizer = Adam(parameters)
    batch = 64
    for epoch in range(epochs):
        # Half a cosine from the full rate down to nothing.
        rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order = rng.permutation(len(labels))
        loss = 0.0
        for start in range(0, len(order), batch):
            chosen = order[start:start + batch]
            probabilities, saved = forward(parameters, shifted(images[chosen], rng))
            loss -= np.log(probabilities[np.arange(len(chosen)), labels[chosen]] + 1e-12).sum()
            optimizer.update(parameters, backward(parameters, saved, probabilities, labels[chosen]), rate)
        if (epoch + 1) % 5 == 0:
            report(epoch + 1, loss / len(order), parameters)
    return parameters


def accuracy(parameters, images, labels):
    return float((forward(parameters, images)[0].argmax(axis=1) == labels).mean())


# -- Export -----------------------------------------------------------------------------------------------------------


def export(parameters):
    """The model for one image, raw pixels in and probabilities out."""
    def conv_node(name, x):
        return helper.make_node("Conv", [x, f"{name}.weight", f"{name}.bias"], [name], name=name, pads=[1, 1, 1, 1],
                                kernel_shape=[3, 3])

    def dense_node(name, x):
        return helper.make_node("Gemm", [x, f"{name}.weight", f"{name}.bias"], [name], name=name, transB=1)

    def relu_node(name, x):
        return helper.make_node("Relu", [x], [name], name=name)

    nodes = [
        helper.make_node("Mul", ["image", "scale"], ["scaled"], name="scaled"),
        conv_node("conv1", "scaled"), relu_node("relu1", "conv1"),
        conv_node("conv2", "relu1"), relu_node("relu2", "conv2"),
        helper.make_node("MaxPool", ["relu2"], ["pool"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pool"], ["flatten"], name="flatten", axis=1),
        dense_node("dense1", "flatten"), relu_node("relu3", "dense1"),
        dense_node("dense2", "relu3"),
        helper.make_node("Softmax", ["dense2"], ["probabilities"], name="probabilities", axis=1),
    ]
    constants = {"scale": np.array(1 / 16, np.float32), **parameters}
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name="tenon-examples")
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description="Trains the digit classifier and exports it as ONNX.")
    parser.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, default=HERE / "digits.onnx")
    parser.add_argument("--epochs", type=int, default=40, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args()

    images, labels, held_out_images, held_out_labels = load_split()
    print(f"{len(labels)} digits to train on, {len(held_out_labels)} held out")

    def report(epoch, loss, parameters):
        print(f"epoch {epoch:3}: loss {loss:.4f}, training accuracy {accuracy(parameters, images, labels):.2%}",
              flush=True)

    parameters = train(images, labels, options.epochs, options.seed, report)
    print(f"held-out accuracy {accuracy(parameters, held_out_images, held_out_labels):.2%}")
    onnx.save(export(parameters), options.output)
    count = sum(values.size for values in parameters.values())
    print(f"{options.output}: {count} parameters, {options.output.stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
