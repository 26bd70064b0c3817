"""Builds ONNX graphs: one call per node, values are their names, weights are seeded and of realistic scale."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# The newest IR version that the runtimes benchmarked here all read.
IR_VERSION = 10

# One over the variance of a rectified unit normal.
AFTER_RELU = 2.9


class Builder:
    """A graph under construction. Methods that add nodes take and return value names."""

    def __init__(self, name, opset=17, seed=0):
        self.name = name
        self.opset = opset
        self.rng = np.random.default_rng(seed)
        self.nodes, self.initializers, self.inputs, self.outputs = [], [], [], []
        self.constants = {}
        self.counts = {}

    # -- Graph ----------------------------------------------------------------------------------------------------

    def input(self, name, shape, dtype=TensorProto.FLOAT):
        """Declares a graph input; a string in `shape` is a symbolic dimension."""
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, value, name, shape, dtype=TensorProto.FLOAT):
        """Makes `value` a graph output under the name `name`."""
        for node in reversed(self.nodes):
            if value in node.output:
                node.output[list(node.output).index(value)] = name
                break
        for node in self.nodes:
            for i, operand in enumerate(node.input):
                if operand == value:
                    node.input[i] = name
        self.outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def node(self, op, *operands, outputs=1, **attributes):
        """Adds a node and returns the name of its result, or a list of names if it has several."""
        name = self.fresh(op)
        results = [f"{name}_{i}" for i in range(outputs)] if outputs > 1 else [name]
        self.nodes.append(helper.make_node(op, operands, results, name=name, **attributes))
        return results if outputs > 1 else name

    def model(self):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=IR_VERSION,
                                 producer_name="tenon-benchmarks")

    def fresh(self, stem):
        count = self.counts[stem] = self.counts.get(stem, 0) + 1
        return f"{stem}_{count}"

    # -- Constants ------------------------------------------------------------------------------------------------

    def array(self, values, stem="weight"):
        """An initializer holding the numpy array `values`."""
        name = self.fresh(stem)
        self.initializers.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def constant(self, values, dtype=np.float32):
        """An initializer holding a small constant, shared with every equal one."""
        values = np.asarray(values, dtype)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self.constants:
            self.constants[key] = self.array(values, "constant")
        return self.constants[key]

    def ints(self, *values):
        """A one-dimensional int64 constant, as shape operands want it."""
        return self.constant(values, np.int64)

    def normal(self, shape, std, mean=0.0, stem="weight"):
        """A float32 initializer drawn from a normal distribution."""
        values = self.rng.standard_normal(shape, dtype=np.float32)
        values *= np.float32(std)
        values += np.float32(mean)
        return self.array(values, stem)

    def uniform(self, shape, low, high, stem="weight"):
        """A float32 initializer drawn from a uniform distribution."""
        return self.array(self.rng.uniform(low, high, shape).astype(np.float32), stem)

    # -- Layers ---------------------------------------------------------------------------------------------------

    def conv(self, x, cin, cout, kernel=1, stride=1, pads=None, groups=1, bias=True, gain=AFTER_RELU):
        """A convolution with weights of variance gain / fan-in; the default gain keeps the scale behind a ReLU.

        `pads` defaults to the symmetric padding that keeps the size at stride 1.
        """
        kh, kw = (kernel, kernel) if isinstance(kernel, int) else kernel
        fan_in = cin // groups * kh * kw
        filters = self.rng.standard_normal((cout, cin // groups, kh, kw), dtype=np.float32)
        if groups == 1:
            # Filters that sum to zero ignore the common mean of rectified inputs. With plain random ones a deep
            # network answers almost the same to every image, which would hide errors.
            filters -= filters.mean(axis=(1, 2, 3), keepdims=True)
        operands = [x, self.array(filters * np.float32((gain / fan_in) ** 0.5))]
        if bias:
            operands.append(self.normal((cout,), 0.05, stem="bias"))
        return self.node("Conv", *operands, kernel_shape=[kh, kw], strides=[stride, stride], dilations=[1, 1],
                         pads=pads or [kh // 2, kw // 2, kh // 2, kw // 2], group=groups)

    def batch_norm(self, x, channels, scale=1.0):
        """Inference batch normalization whose statistics match activations of unit variance."""
        return self.node("BatchNormalization", x,
                         self.uniform((channels,), 0.9 * scale, 1.1 * scale, "scale"),
                         self.normal((channels,), 0.1, stem="bias"),
                         self.normal((channels,), 0.1, stem="mean"),
                         self.uniform((channels,), 0.8, 1.2, "variance"), epsilon=1e-5)

    def conv_bn(self, x, cin, cout, kernel=1, stride=1, pads=None, groups=1, gain=AFTER_RELU, scale=1.0):
        x = self.conv(x, cin, cout, kernel, stride, pads, groups, bias=False, gain=gain)
        return self.batch_norm(x, cout, scale)

    def relu(self, x):
        return self.node("Relu", x)

    def relu6(self, x):
        return self.node("Clip", x, self.constant(0.0), self.constant(6.0))

    def silu(self, x):
        return self.node("Mul", x, self.node("Sigmoid", x))

    def gemm(self, x, cin, cout, gain=1.0):
        """A fully connected layer as PyTorch exports it: Gemm with the weights stored output-major."""
        return self.node("Gemm", x, self.normal((cout, cin), (gain / cin) ** 0.5),
                         self.normal((cout,), 0.05, stem="bias"), transB=1)

    def linear(self, x, cin, cout, gain=1.0):
        """A fully connected layer on the last of many dimensions: MatMul and Add."""
        y = self.node("MatMul", x, self.normal((cin, cout), (gain / cin) ** 0.5))
        return self.node("Add", self.normal((cout,), 0.05, stem="bias"), y)

    def reduce_mean(self, x, axes, keepdims=1):
        """ReduceMean; its axes moved from an attribute to an operand in opset 18."""
        if self.opset >= 18:
            return self.node("ReduceMean", x, self.ints(*axes), keepdims=keepdims)
        return self.node("ReduceMean", x, axes=list(axes), keepdims=keepdims)

    def layer_norm(self, x, width):
        return self.node("LayerNormalization", x, self.uniform((width,), 0.9, 1.1, "scale"),
                         self.normal((width,), 0.05, stem="bias"), axis=-1, epsilon=1e-5)

    def reshape(self, x, *shape):
        return self.node("Reshape", x, self.ints(*shape))

    def transpose(self, x, *perm):
        return self.node("Transpose", x, perm=list(perm))
