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


# Rows of matrices that no tile divides, as tokens, batches and pixels come; with the columns and depths of layers.
RAGGED = [(m, n, k) for rows, layers in [
    # Transformers, classifiers and recommenders.
    ((5, 33, 77, 197, 384), [(768, 768), (3072, 768), (768, 3072), (1000, 768), (1001, 1024), (250, 500), (511, 1023)]),
    # The pixels of an image network, 1x1 convolutions and im2col.
    ((49, 196, 361, 784, 3136), [(24, 96), (144, 24), (40, 240), (160, 147), (255, 128)]),
] for n, k in layers for m in rows]

# The convolutions of ResNet-50: kernel, then (channels in, channels out, size, stride) of each that differs.
RESNET50 = {
    1: [(64, 64, 56, 1), (64, 256, 56, 1), (256, 64, 56, 1), (256, 128, 56, 1), (256, 512, 56, 2), (128, 512, 28, 1),
        (512, 128, 28, 1), (512, 256, 28, 1), (512, 1024, 28, 2), (256, 1024, 14, 1), (1024, 256, 14, 1),
        (1024, 512, 14, 1), (1024, 2048, 14, 2), (512, 2048, 7, 1), (2048, 512, 7, 1)],
    3: [(64, 64, 56, 1), (128, 128, 56, 2), (128, 128, 28, 1), (256, 256, 28, 2), (256, 256, 14, 1), (512, 512, 14, 2),
        (512, 512, 7, 1)],
}


def bind(build, *sizes, **options):
    """A function of the seed alone."""
    return lambda seed: build(seed, *sizes, **options)


def resnet50_suite(kernel):
    return {f"conv{kernel}x{kernel}-{cin}-{cout}-{size}" + ("s2" if stride > 1 else ""):
            bind(conv, cin, cout, size, kernel, stride) for cin, cout, size, stride in RESNET50[kernel]}


# Suite, then kernel name, then how to build it.
SUITES = {
    "gemm": {
        **{f"gemm-{m}x{n}x{k}": bind(gemm, m, n, k) for m, n, k in [
            (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (128, 768, 768), (128, 3072, 768),
            (128, 768, 3072), (49, 512, 4608)]},
        "matmul-1024": bind(gemm, 1024, 1024, 1024, constant=False),
    },
    "ragged": {f"gemm-{m}x{n}x{k}": bind(gemm, m, n, k) for m, n, k in RAGGED},
    "gemv": {f"gemv-{n}x{k}": bind(gemm, 1, n, k) for n, k in [
        (256, 256), (768, 768), (1000, 2048), (3072, 768), (4096, 4096), (50257, 768)]},
    "conv": {"stem-224": bind(conv, 3, 64, 224, 7, 2), **resnet50_suite(3)},
    "pointwise": resnet50_suite(1),
    "depthwise": {
        "depthwise-112": bind(conv, 32, 32, 112, 3, depthwise=True),
        "depthwise-112s2": bind(conv, 96, 96, 112, 3, 2, depthwise=True),
        "depthwise-56": bind(conv, 144, 144, 56, 3, depthwise=True),
        "depthwise-28s2": bind(conv, 192, 192, 28, 3, 2, depthwise=True),
        "depthwise-14": bind(conv, 512, 512, 14, 3, depthwise=True),
        "depthwise-7": bind(conv, 960, 960, 7, 3, depthwise=True),
        "depthwise-14x5": bind(conv, 240, 240, 14, 5, depthwise=True),
    },
    "rows": {
        "softmax-1536x128": bind(softmax, 1536, 128),
        "softmax-2364x197": bind(softmax, 2364, 197),
        "softmax-1x1000": bind(softmax, 1, 1000),
        "softmax-64x50257": bind(softmax, 64, 50257),
        "layernorm-128x768": bind(layer_norm, 128, 768),
        "layernorm-197x768": bind(layer_norm, 197, 768),
        "layernorm-4096x1024": bind(layer_norm, 4096, 1024),
    },
}

KERNELS = {name: build for suite in SUITES.values() for name, build in suite.items()}
