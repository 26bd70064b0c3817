"""Single kernels and short chains of them as models: the shapes that decide how fast the whole models are."""

from .builder import AFTER_RELU, Builder


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


# So many convolutions are in a chain.
CHAIN = 4


def chain(seed, channels, size, kernel, wide=None, depthwise=False):
    """CHAIN equal convolutions with a ReLU behind each, from `channels` to as many again.

    With `wide`, every other one is from `channels` to `wide`, the others back: they do the same number of operations.
    """
    g = Builder("chain", seed=seed)
    y = g.input("x", [1, channels, size, size])
    ends = (channels, wide or channels)
    for i in range(CHAIN):
        cin, cout = ends if i % 2 == 0 else ends[::-1]
        # The ReLU keeps compilers from multiplying the filters of neighbours into one.
        y = g.relu(g.conv(y, cin, cout, kernel, groups=cin if depthwise else 1, gain=AFTER_RELU if i else 1.0))
    g.output(y, "y", [1, channels, size, size])
    return g.model()


def mlp(seed, m, k, hidden, n):
    """Two fully connected layers with a ReLU between: [m,k] to [m,hidden] to [m,n]."""
    g = Builder("mlp", seed=seed)
    x = g.relu(g.gemm(g.input("x", [m, k]), k, hidden))
    g.output(g.gemm(x, hidden, n, gain=2.0), "y", [m, n])
    return g.model()


def conv_pool(seed, cin, cout, size, kernel, stride, pool, window):
    """A convolution and a pooling by two; in front of a maximum stands a ReLU."""
    g = Builder("conv_pool", seed=seed)
    y = g.conv(g.input("x", [1, cin, size, size]), cin, cout, kernel, stride, gain=1.0)
    y = g.relu(y) if pool == "MaxPool" else y
    y = g.node(pool, y, kernel_shape=[window] * 2, strides=[2, 2], pads=[(window - 1) // 2] * 4)
    g.output(y, "y", [1, cout, size // stride // 2, size // stride // 2])
    return g.model()


def inverted_residual(seed, size, cin, hidden, cout, stride=1):
    """A block of MobileNet v2 with batch normalization folded: 1x1, depthwise 3x3, 1x1, and `x` added where it fits."""
    g = Builder("inverted_residual", seed=seed)
    x = g.input("x", [1, cin, size, size])
    y = g.relu6(g.conv(x, cin, hidden, gain=1.0))
    y = g.relu6(g.conv(y, hidden, hidden, 3, stride, groups=hidden))
    y = g.conv(y, hidden, cout)
    y = g.node("Add", x, y) if stride == 1 and cin == cout else y
    g.output(y, "y", [1, cout, size // stride, size // stride])
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
    # Chains have no strides: each convolution must take what the one before gives.
    "conv-chain": {f"conv3x3-{channels}-{size}-chain": bind(chain, channels, size, 3) for channels, size in [
        (64, 56), (128, 28), (256, 14), (512, 7)]},
    "pointwise-chain": {f"conv1x1-{channels}-{wide}-{size}-chain": bind(chain, channels, size, 1, wide)
                        for channels, wide, size in [(64, 64, 56), (64, 256, 56), (128, 512, 28), (256, 1024, 14),
                                                     (512, 2048, 7)]},
    "depthwise-chain": {f"depthwise-{channels}-{size}-{kernel}x{kernel}-chain":
                        bind(chain, channels, size, kernel, depthwise=True) for channels, size, kernel in [
                            (32, 112, 3), (144, 56, 3), (512, 14, 3), (960, 7, 3), (240, 14, 5)]},
    "fused": {
        **{f"mlp-{m}x{k}x{hidden}x{n}": bind(mlp, m, k, hidden, n) for m, k, hidden, n in [
            (128, 768, 3072, 768), (512, 256, 1024, 256), (32, 512, 2048, 512), (1024, 64, 256, 64)]},
        "conv3x3-64-64-56-max2": bind(conv_pool, 64, 64, 56, 3, 1, "MaxPool", 2),
        "stem-224-max3": bind(conv_pool, 3, 64, 224, 7, 2, "MaxPool", 3),
        "conv3x3-128-128-28-average2": bind(conv_pool, 128, 128, 28, 3, 1, "AveragePool", 2),
        **{f"inverted-{cin}-{hidden}-{cout}-{size}" + ("s2" if stride > 1 else ""):
           bind(inverted_residual, size, cin, hidden, cout, stride) for size, cin, hidden, cout, stride in [
               (112, 16, 96, 24, 2), (56, 24, 144, 24, 1), (28, 32, 192, 32, 1), (14, 64, 384, 64, 1),
               (14, 96, 576, 96, 1), (7, 160, 960, 160, 1)]},
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

# Suites whose numbers are for one layer of several, and how many each of their models has.
CHAINS = ("conv-chain", "pointwise-chain", "depthwise-chain")
LAYERS = {name: CHAIN for suite in CHAINS for name in SUITES[suite]}

# What a reader of a suite's numbers must know of the layout of its images.
LAYOUTS = {
    **dict.fromkeys(["conv", "pointwise", "depthwise", "fused"], "Images come and go in NCHW, as in ONNX: a system that "
                    "computes channels last changes the layout at both ends of every call."),
    **dict.fromkeys(CHAINS, f"{CHAIN} equal convolutions in a row, a ReLU behind each; the numbers are for one of them. "
                    "Images come and go in NCHW, as in ONNX, and in between have the layout that a system likes: what "
                    f"changing it at both ends costs is spread over {CHAIN}."),
}
