"""Runs an ONNX graph by a table of ops, which is how the peers that trace Python functions get to see it."""

import numpy as np
from onnx import helper, numpy_helper

from .peer import Unsuited


def ints(values):
    return [int(value) for value in np.asarray(values).reshape(-1)]


class Graph:
    """The nodes of an ONNX graph, each with the function of `ops` for it.

    A function takes the operands, None for those left out, and the node's attributes by name; it returns a value or a
    sequence of them. Raises Unsuited with the name of an op that is not in the table.
    """

    def __init__(self, graph, ops):
        constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        # Operands that give sizes, and scalars: known while tracing. Everything else is data.
        # Copies, because PyTorch warns of arrays that can't be written to.
        self.small = {name: values.copy() for name, values in constants.items() if
                      values.size <= 16 or values.dtype == np.int64}
        self.weights = {name: values for name, values in constants.items() if name not in self.small}
        self.outputs = [value.name for value in graph.output]
        self.nodes = []
        for node in graph.node:
            if node.op_type not in ops:
                raise Unsuited(f"{node.op_type} is not in the table of ops")
            self.nodes.append((ops[node.op_type], list(node.input), list(node.output),
                               {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}))

    def run(self, weights, inputs):
        """The outputs as a tuple, of weights and inputs by name."""
        values = {**self.small, **weights, **inputs, "": None}
        for op, operands, names, attributes in self.nodes:
            results = op(*(values[name] for name in operands), **attributes)
            values.update(zip(names, results if isinstance(results, (tuple, list)) else (results,)))
        return tuple(values[name] for name in self.outputs)
