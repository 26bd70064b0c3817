"""Single kernels as one-node models: the shapes that decide how fast the whole models are."""

from .builder import Builder


def gemm(seed, m, n, k, constant=True):
    """C[m,n] = A[m,k] B[k,n]; B is a weight, or with `constant` off a second input."""
    g = Builder("gemm", seed=seed)
    a = g.input("a", [m, k])
    b = g.normal((k, n), k ** -0.5) if constant else g.input("b", [k, n])
    g.output(g.node("MatMul", a, b), "c", [m, n])
    return g.model()


def conv(seed, cin, cout, size, kernel, stride=1, depthwise=False):
    """A convolution of a size x size image with a bias and symmetric padding."""
    g = Builder("conv", seed=seed)
    x = g.input("x", [1, cin, size, size])
    y = g.conv(x, cin, cout, kernel, stride, groups=cin if depthwise else 1, gain=1.0)
    out = (size + 2 * (kernel // 2) - kernel) // stride + 1
    g.output(y, "y", [1, cout, out, out])
    return g.model()


def softmax(seed, rows, columns):
    g = Builder("softmax", seed=seed)
    g.output(g.node("Softmax", g.input("x", [rows, columns]), axis=-1), "y", [rows, columns])
    return g.model()


def layer_norm(seed, rows, columns):
    g = Builder("layer_norm", seed=seed)
    g.output(g.layer_norm(g.input("x", [rows, columns]), columns), "y", [rows, columns])
    return g.model()


# Suite, then kernel name, then how to build it.
SUITES = {
    "gemm": {
        "gemm-512": lambda seed: gemm(seed, 512, 512, 512),
        "gemm-1024": lambda seed: gemm(seed, 1024, 1024, 1024),
        "gemm-2048": lambda seed: gemm(seed, 2048, 2048, 2048),
        "gemm-bert-ffn": lambda seed: gemm(seed, 128, 3072, 768),
        "gemv-4096": lambda seed: gemm(seed, 1, 4096, 4096),
        "matmul-1024": lambda seed: gemm(seed, 1024, 1024, 1024, constant=False),
    },
    "conv": {
        "conv7x7-224": lambda seed: conv(seed, 3, 64, 224, 7, 2),
        "conv3x3-56": lambda seed: conv(seed, 64, 64, 56, 3),
        "conv3x3-28": lambda seed: conv(seed, 128, 128, 28, 3),
        "conv3x3-14": lambda seed: conv(seed, 256, 256, 14, 3),
        "conv3x3-7": lambda seed: conv(seed, 512, 512, 7, 3),
        "conv3x3-56s2": lambda seed: conv(seed, 128, 128, 56, 3, 2),
        "conv1x1-56": lambda seed: conv(seed, 64, 256, 56, 1),
        "conv1x1-14": lambda seed: conv(seed, 1024, 256, 14, 1),
        "conv1x1-7": lambda seed: conv(seed, 512, 2048, 7, 1),
    },
    "depthwise": {
        "depthwise-112": lambda seed: conv(seed, 32, 32, 112, 3, depthwise=True),
        "depthwise-112s2": lambda seed: conv(seed, 96, 96, 112, 3, 2, depthwise=True),
        "depthwise-14": lambda seed: conv(seed, 512, 512, 14, 3, depthwise=True),
    },
    "rows": {
        "softmax-1536x128": lambda seed: softmax(seed, 1536, 128),
        "softmax-64x50257": lambda seed: softmax(seed, 64, 50257),
        "layernorm-128x768": lambda seed: layer_norm(seed, 128, 768),
    },
}

KERNELS = {name: build for suite in SUITES.values() for name, build in suite.items()}
