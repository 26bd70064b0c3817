"""Image models: classifiers, a segmenter and a detector."""

import numpy as np

from .builder import AFTER_RELU, Builder


def classifier_head(g, x, channels, classes=1000):
    x = g.node("GlobalAveragePool", x)
    x = g.node("Flatten", x, axis=1)
    # Averaging over the image shrinks the variance; the gain brings the logits back to about one.
    g.output(g.gemm(x, channels, classes, gain=2.0), "logits", [1, classes])


def resnet50(seed):
    """ResNet-50 v1.5 (stride in the 3x3), batch normalization kept apart from the convolutions."""
    g = Builder("resnet50", opset=17, seed=seed)
    x = g.input("image", [1, 3, 224, 224])
    x = g.relu(g.conv_bn(x, 3, 64, 7, stride=2, gain=1.0))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    cin = 64
    for stage, (blocks, width) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)]):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            y = g.relu(g.conv_bn(x, cin, width))
            y = g.relu(g.conv_bn(y, width, width, 3, stride=stride))
            y = g.conv_bn(y, width, 4 * width, scale=0.4)
            if block == 0:
                x = g.conv_bn(x, cin, 4 * width, stride=stride, pads=[0, 0, 0, 0], gain=1.0)
            x = g.relu(g.node("Add", y, x))
            cin = 4 * width
    classifier_head(g, x, cin)
    return g.model()


def mobilenetv1(seed):
    """MobileNet v1, width 1.0: thirteen depthwise-separable blocks."""
    g = Builder("mobilenetv1", opset=18, seed=seed)
    x = g.input("image", [1, 3, 224, 224])
    x = g.relu6(g.conv_bn(x, 3, 32, 3, stride=2, gain=1.0))
    cin = 32
    for cout, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
                         (512, 1), (512, 1), (1024, 2), (1024, 1)]:
        x = g.relu6(g.conv_bn(x, cin, cin, 3, stride=stride, groups=cin))
        x = g.relu6(g.conv_bn(x, cin, cout))
        cin = cout
    classifier_head(g, x, cin)
    return g.model()


def mobilenetv2(seed):
    """MobileNet v2, width 1.0: inverted residuals with linear bottlenecks."""
    g = Builder("mobilenetv2", opset=17, seed=seed)
    x = g.input("image", [1, 3, 224, 224])
    x = g.relu6(g.conv_bn(x, 3, 32, 3, stride=2, gain=1.0))
    cin = 32
    for expand, cout, repeats, first_stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                                (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(repeats):
            stride = first_stride if i == 0 else 1
            residual = stride == 1 and cin == cout
            hidden = cin * expand
            # The bottleneck is linear, so the expansion sees a signed input of unit variance: gain 1.
            y = g.relu6(g.conv_bn(x, cin, hidden, gain=1.0)) if expand > 1 else x
            y = g.relu6(g.conv_bn(y, hidden, hidden, 3, stride=stride, groups=hidden))
            y = g.conv_bn(y, hidden, cout, scale=0.5 if residual else 1.0)
            x = g.node("Add", x, y) if residual else y
            cin = cout
    x = g.relu6(g.conv_bn(x, cin, 1280, gain=1.0))
    classifier_head(g, x, 1280)
    return g.model()


def squeezenet(seed):
    """SqueezeNet 1.1: fire modules, pooling that rounds up, a convolution as classifier."""
    g = Builder("squeezenet", opset=17, seed=seed)

    def pool(x):
        return g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)

    def fire(x, cin, squeeze, expand):
        x = g.relu(g.conv(x, cin, squeeze))
        return g.node("Concat", g.relu(g.conv(x, squeeze, expand)), g.relu(g.conv(x, squeeze, expand, 3)), axis=1)

    x = g.input("image", [1, 3, 224, 224])
    x = pool(g.relu(g.conv(x, 3, 64, 3, stride=2, pads=[0, 0, 0, 0], gain=1.0)))
    x = pool(fire(fire(x, 64, 16, 64), 128, 16, 64))
    x = pool(fire(fire(x, 128, 32, 128), 256, 32, 128))
    x = fire(fire(x, 256, 48, 192), 384, 48, 192)
    x = fire(fire(x, 384, 64, 256), 512, 64, 256)
    x = g.relu(g.conv(x, 512, 1000))
    x = g.node("GlobalAveragePool", x)
    g.output(g.node("Flatten", x, axis=1), "logits", [1, 1000])
    return g.model()


def unet(seed):
    """A U-Net for 256x256 images: four levels down and up, skips by concatenation, nearest-neighbour upsampling."""
    g = Builder("unet", opset=18, seed=seed)

    def double_conv(x, cin, cout, gain=AFTER_RELU):
        x = g.relu(g.conv_bn(x, cin, cout, 3, gain=gain))
        return g.relu(g.conv_bn(x, cout, cout, 3))

    x = g.input("image", [1, 3, 256, 256])
    widths = [32, 64, 128, 256, 512]
    skips = []
    cin = 3
    for width in widths[:-1]:
        x = double_conv(x, cin, width, gain=AFTER_RELU if cin > 3 else 1.0)
        skips.append(x)
        x = g.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        cin = width
    x = double_conv(x, cin, widths[-1])
    cin = widths[-1]
    for width, skip in zip(reversed(widths[:-1]), reversed(skips)):
        x = upsample(g, x)
        x = double_conv(g.node("Concat", skip, x, axis=1), cin + width, width)
        cin = width
    g.output(g.node("Sigmoid", g.conv(x, cin, 1)), "mask", [1, 1, 256, 256])
    return g.model()


def upsample(g, x):
    """Nearest-neighbour upsampling by two, spelled as PyTorch exports it."""
    return g.node("Resize", x, "", g.constant([1.0, 1.0, 2.0, 2.0]), mode="nearest",
                  coordinate_transformation_mode="asymmetric", nearest_mode="floor")


# Anchor boxes in pixels for each of the detector's three scales.
ANCHORS = {8: [(10, 13), (16, 30), (33, 23)], 16: [(30, 61), (62, 45), (59, 119)],
           32: [(116, 90), (156, 198), (373, 326)]}


# One over the variance of a unit normal behind x * sigmoid(x), and a little for what concatenations mix in.
AFTER_SILU = 3.6


def yolo(seed, size=320, classes=80):
    """A YOLOv5s-like detector, batch normalization folded: CSP backbone, path-aggregation neck, decoded boxes."""
    g = Builder("yolo", opset=17, seed=seed)

    def conv(x, cin, cout, kernel=1, stride=1, gain=AFTER_SILU, pads=None):
        return g.silu(g.conv(x, cin, cout, kernel, stride, gain=gain, pads=pads))

    def csp(x, cin, cout, repeats, shortcut=True):
        half = cout // 2
        y = conv(x, cin, half)
        for _ in range(repeats):
            # With a shortcut the branch adds to the trunk, so it is kept small.
            z = conv(conv(y, half, half), half, half, 3, gain=0.6 if shortcut else AFTER_SILU)
            y = g.node("Add", y, z) if shortcut else z
        return conv(g.node("Concat", y, conv(x, cin, half), axis=1), cout, cout)

    def pyramid_pooling(x, channels):
        x = conv(x, channels, channels // 2)
        levels = [x]
        for _ in range(3):
            levels.append(g.node("MaxPool", levels[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2]))
        # Pooled maxima are larger than what they pool: a small gain takes that back.
        return conv(g.node("Concat", *levels, axis=1), 2 * channels, channels, gain=0.8)

    def detect(x, channels, stride):
        cells, fields = size // stride, 5 + classes
        x = g.conv(x, channels, 3 * fields, gain=AFTER_SILU)
        x = g.reshape(x, 1, 3, fields, cells, cells)
        x = g.node("Sigmoid", g.transpose(x, 0, 1, 3, 4, 2))
        xy, wh, scores = g.node("Split", x, g.ints(2, 2, fields - 4), outputs=3, axis=4)
        rows, columns = np.meshgrid(np.arange(cells), np.arange(cells), indexing="ij")
        grid = np.stack([columns, rows], axis=-1).reshape(1, 1, cells, cells, 2).astype(np.float32) - 0.5
        xy = g.node("Add", g.node("Mul", xy, g.constant(2.0)), g.array(grid, "grid"))
        xy = g.node("Mul", xy, g.constant(float(stride)))
        wh = g.node("Pow", g.node("Mul", wh, g.constant(2.0)), g.constant(2.0))
        wh = g.node("Mul", wh, g.array(np.array(ANCHORS[stride], np.float32).reshape(1, 3, 1, 1, 2), "anchors"))
        return g.reshape(g.node("Concat", xy, wh, scores, axis=4), 1, 3 * cells * cells, fields)

    x = g.input("image", [1, 3, size, size])
    x = conv(x, 3, 32, 6, stride=2, gain=1.0, pads=[2, 2, 2, 2])
    x = csp(conv(x, 32, 64, 3, stride=2), 64, 64, 1)
    fine = csp(conv(x, 64, 128, 3, stride=2), 128, 128, 2)
    middle = csp(conv(fine, 128, 256, 3, stride=2), 256, 256, 3)
    coarse = csp(conv(middle, 256, 512, 3, stride=2), 512, 512, 1)
    coarse = conv(pyramid_pooling(coarse, 512), 512, 256)
    up = csp(g.node("Concat", upsample(g, coarse), middle, axis=1), 512, 256, 1, shortcut=False)
    middle = conv(up, 256, 128)
    small = csp(g.node("Concat", upsample(g, middle), fine, axis=1), 256, 128, 1, shortcut=False)
    down = g.node("Concat", conv(small, 128, 128, 3, stride=2), middle, axis=1)
    medium = csp(down, 256, 256, 1, shortcut=False)
    down = g.node("Concat", conv(medium, 256, 256, 3, stride=2), coarse, axis=1)
    large = csp(down, 512, 512, 1, shortcut=False)
    boxes = [detect(small, 128, 8), detect(medium, 256, 16), detect(large, 512, 32)]
    count = sum(3 * (size // stride) ** 2 for stride in ANCHORS)
    g.output(g.node("Concat", *boxes, axis=1), "detections", [1, count, 5 + classes])
    return g.model()
