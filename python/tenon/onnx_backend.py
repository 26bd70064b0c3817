"""Tenon behind ONNX's backend interface: `onnx.backend.base.Backend`.

    import tenon.onnx_backend as backend

    outputs = backend.run_model(onnx.load("model.onnx"), [pixels])
"""

from __future__ import annotations

import inspect
from collections import namedtuple
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import onnx
from onnx import helper
from onnx.backend.base import Backend, BackendRep

from .compiler import compile
from .errors import Error
from .model import Model

# The arguments of `compile` that say how, as opposed to what; ONNX's own arguments are others.
_OPTIONS = [name for name in inspect.signature(compile).parameters if name not in ("model", "output")]


class TenonRep(BackendRep):
    """A model that is ready to run."""

    def __init__(self, model: Model):
        self.model = model
        self._result = namedtuple("Outputs", [info.name for info in model.outputs], rename=True)

    def run(self, inputs: Union[Sequence[Any], Mapping[str, Any]], **kwargs: Any) -> Tuple[np.ndarray, ...]:
        """Runs the model on inputs in the graph's order or by name; returns the outputs in the graph's order."""
        if isinstance(inputs, Mapping):
            given: Mapping[str, Any] = inputs
        else:
            values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            names = [info.name for info in self.model.inputs]
            if len(values) != len(names):
                raise Error(f"expected {len(names)} inputs, but got {len(values)}")
            given = dict(zip(names, values))
        outputs = self.model(given)
        return self._result(*(outputs[info.name] for info in self.model.outputs))


class TenonBackend(Backend):
    """Compiles a model for the processor of this machine, in this process."""

    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> bool:
        """Whether the model compiles."""
        try:
            cls.prepare(model, device)
        except Error:
            return False
        return cls.supports_device(device)

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> TenonRep:
        """Compiles the model; keyword arguments of `tenon.compile` other than `output` are passed on.

        Raises tenon.CompileError.
        """
        if not cls.supports_device(device):
            raise Error(f"expected the device CPU, but got {device}")
        return TenonRep(compile(model, **{key: kwargs[key] for key in _OPTIONS if key in kwargs}))

    @classmethod
    def run_model(cls, model: onnx.ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> Tuple[Any, ...]:
        """Compiles the model and runs it once."""
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node: onnx.NodeProto, inputs: Any, device: str = "CPU",
                 outputs_info: Optional[Sequence[Tuple[Any, Tuple[int, ...]]]] = None,
                 **kwargs: Any) -> Tuple[Any, ...]:
        """Runs a model of this one node."""
        arrays = _as_mapping(node, inputs)
        given = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                 for name, array in arrays.items()]
        if outputs_info:
            outputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
                       for name, (dtype, shape) in zip(node.output, outputs_info)]
        else:
            outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
        graph = helper.make_graph([node], "node", given, outputs)
        opsets = [helper.make_opsetid(node.domain, kwargs.get("opset_version", onnx.defs.onnx_opset_version()))]
        model = helper.make_model(graph, opset_imports=opsets)
        if not outputs_info:
            model = onnx.shape_inference.infer_shapes(model)
        return cls.run_model(model, arrays, device)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether `device` is the processor."""
        return device.split(":")[0] == "CPU"


def _as_mapping(node: onnx.NodeProto, inputs: Any) -> Dict[str, np.ndarray]:
    if isinstance(inputs, Mapping):
        return {name: np.asarray(value) for name, value in inputs.items()}
    values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return {name: np.asarray(value) for name, value in zip(filter(None, node.input), values)}


is_compatible = TenonBackend.is_compatible
prepare = TenonBackend.prepare
run_model = TenonBackend.run_model
run_node = TenonBackend.run_node
supports_device = TenonBackend.supports_device
