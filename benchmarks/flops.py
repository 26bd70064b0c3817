"""Counts the floating-point operations of an ONNX model in its direct form, and the bytes it can't do without.

Only contractions count (convolutions, matrix products, recurrent layers), two operations per multiply-add. Elementwise
work, and what algorithms such as Winograd's save or add, is left out, so that the count is the same for every peer.
"""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator


def count(model, shapes):
    """Operations of one run of `model` (an onnx.ModelProto) when its inputs have `shapes` by name.

    Raises ValueError if the shape of an operand of a contraction cannot be inferred.
    """
    known = infer_shapes(model, shapes)
    total = 0
    for node in model.graph.node:
        if node.op_type in COUNTS:
            for name in (*node.input[:2], node.output[0]):
                # Only the first result of a recurrent layer may be left out.
                if name and not all(known.get(name, [0])):
                    raise ValueError(f"the shape of '{name}' at '{node.name}' could not be inferred")
            total += COUNTS[node.op_type](node, known)
    return total


def count_bytes(model, shapes):
    """Bytes that any implementation must read or write: inputs, weights, outputs, each once.

    Of a table that rows are looked up in, only these count.
    """
    graph = model.graph
    known = infer_shapes(model, shapes)
    sizes = {tensor.name: tensor_bytes(tensor.dims, tensor.data_type) for tensor in graph.initializer}
    for value in (*graph.input, *graph.output):
        sizes[value.name] = tensor_bytes(known[value.name], value.type.tensor_type.elem_type)
    looked_up = {}
    used = {}
    for node in graph.node:
        for i, name in enumerate(node.input):
            used.setdefault(name, []).append(node.op_type == "Gather" and i == 0)
            if node.op_type == "Gather" and i == 0 and name in sizes:
                looked_up[name] = 4 * math.prod(known[node.output[0]])
    for name, uses in used.items():
        if all(uses) and name in looked_up:
            sizes[name] = min(sizes[name], looked_up[name])
    return sum(sizes.values())


def tensor_bytes(dims, dtype):
    return math.prod(dims) * helper.tensor_dtype_to_np_dtype(dtype).itemsize


def infer_shapes(model, shapes):
    """The shapes of all values by name; a dimension that stays unknown is 0."""
    bound = onnx.ModelProto()
    bound.CopyFrom(model)
    graph = bound.graph
    for value in graph.input:
        for dim, extent in zip(value.type.tensor_type.shape.dim, shapes[value.name]):
            dim.dim_value = extent
    # Declared output shapes may name symbols that the inputs have just bound.
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    fold_input_shapes(graph, shapes, bound.opset_import)
    bound = shape_inference.infer_shapes(bound, data_prop=True)

    known = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*bound.graph.input, *bound.graph.value_info, *bound.graph.output):
        known[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    return known


def fold_input_shapes(graph, shapes, opsets):
    """Folds what is computed from the shapes of inputs alone: inference does not look through the bounds of Slice."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer
              if math.prod(tensor.dims) < 16}
    kept = []
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0] in shapes:
            results = [np.array(shapes[node.input[0]], np.int64)]
        elif node.op_type in ("Gather", "Unsqueeze", "Concat") and all(name in values for name in node.input):
            evaluator = ReferenceEvaluator(node, opsets={domain.domain: domain.version for domain in opsets})
            results = evaluator.run(None, {name: values[name] for name in node.input})
        else:
            kept.append(node)
            continue
        for name, result in zip(node.output, results):
            values[name] = result
            graph.initializer.append(numpy_helper.from_array(np.asarray(result), name))
    del graph.node[:]
    graph.node.extend(kept)


def conv(node, known):
    weight, out = known[node.input[1]], known[node.output[0]]
    return 2 * math.prod(out) * math.prod(weight[1:])


def conv_transpose(node, known):
    weight, x = known[node.input[1]], known[node.input[0]]
    return 2 * math.prod(x) * math.prod(weight[1:])


def matmul(node, known):
    return 2 * math.prod(known[node.output[0]]) * known[node.input[0]][-1]


def gemm(node, known):
    transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return 2 * math.prod(known[node.output[0]]) * known[node.input[0]][0 if transposed else 1]


def recurrent(node, known):
    sequence, batch, _ = known[node.input[0]]
    return 2 * sequence * batch * (math.prod(known[node.input[1]]) + math.prod(known[node.input[2]]))


COUNTS = {"Conv": conv, "ConvTranspose": conv_transpose, "MatMul": matmul, "Gemm": gemm, "LSTM": recurrent,
          "GRU": recurrent, "RNN": recurrent}
