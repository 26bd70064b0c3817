"""A compiled model: loads it, checks arguments, runs it."""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import weakref
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import descriptor
from .errors import Error
from .libraries import runtime
from .recorder import KernelTime, Recorder


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a model."""

    name: str
    dtype: np.dtype
    shape: Tuple[Union[int, str], ...]
    """The sizes; text such as "batch" or "2 * sequence + 1" for one that depends on the inputs."""

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype}[{', '.join(map(str, self.shape))}]"


class Model:
    """A compiled model. May be called from several threads at once; each call in progress has a workspace of its own.

    Calling it takes NumPy arrays, DLPack objects in host memory, or nested lists, by position or by name, and returns
    new arrays by output name::

        model = tenon.load("model.so")
        scores = model(image=pixels)["scores"]

    An argument is passed without a copy if it is contiguous. One of another element type is refused, not converted.
    """

    def __init__(self, path: Union[str, os.PathLike], threads: int = 1, weights: Any = None):
        self._library = runtime()
        self._handle = ctypes.c_void_p()
        pool = ctypes.c_void_p()
        # Lists, so that the finalizer sees what is added later.
        self._contexts: List[_Context] = []
        self._free: List[_Context] = []
        self._check(self._library.tenon_rt_model_load(os.fsencode(path), ctypes.byref(self._handle)))
        model = ctypes.cast(self._library.tenon_rt_model_descriptor(self._handle),
                            ctypes.POINTER(descriptor.ModelDescriptor)).contents
        self._descriptor = model
        if threads != 1:
            try:
                self._check(self._library.tenon_rt_pool_create(threads, ctypes.byref(pool)))
            except Error:
                self._library.tenon_rt_model_release(self._handle)
                raise
        self._finalizer = weakref.finalize(self, _release, self._library, self._contexts, pool, self._handle)
        self._parallel = self._library.tenon_rt_pool_parallel(pool) if pool else None

        self.path = pathlib.Path(path)
        self.name: str = model.name.decode()
        self.inputs: List[TensorInfo] = [_describe(model.inputs[i]) for i in range(model.input_count)]
        self.outputs: List[TensorInfo] = [_describe(model.outputs[i]) for i in range(model.output_count)]
        self.symbols: List[str] = [model.symbols[i].decode() for i in range(model.symbol_count)]
        self._input_names = [info.name for info in self.inputs]
        self._output_names = [info.name for info in self.outputs]
        # The shapes of outputs if no symbol takes part: nothing needs to be asked at each call.
        self._static_shapes = None if self.symbols else [tuple(info.shape) for info in self.outputs]
        self._weights = None if weights is None else self._check_weights(weights)

    @property
    def weights(self) -> Optional[np.ndarray]:
        """The bytes of the embedded weights, to be read only and without a copy; None if there are none.

        What `load` takes for the same model compiled without them.
        """
        if not self._descriptor.weights:
            return None
        memory = (ctypes.c_uint8 * self._descriptor.weights_bytes).from_address(self._descriptor.weights)
        # The array keeps the memory alive, the memory the library.
        memory.owner = self
        array = np.frombuffer(memory, np.uint8)
        array.flags.writeable = False
        return array

    @property
    def manifest(self) -> Dict[str, Any]:
        """What was compiled: kernels with their schedules, arithmetic and memory traffic; sizes of weights and arena."""
        return json.loads(self._descriptor.manifest.decode())

    def __call__(self, *arguments: Any, **named: Any) -> Dict[str, np.ndarray]:
        """Runs the model on arrays by position or by name and returns new arrays by output name.

        Names that are no Python identifiers are passed in a dictionary: ``model({"a.b": x})``.
        """
        arrays = self._to_inputs(arguments, named)
        context = self._acquire()
        try:
            outputs = self._make_outputs(arrays)
            self._check(context.run(arrays, outputs))
        finally:
            self._free.append(context)
        return dict(zip(self._output_names, outputs))

    def profile(self, *arguments: Any, **named: Any) -> List[KernelTime]:
        """Runs the model once on arguments as those of a call; returns how long each launch of a kernel took, in order.

        For a model compiled with ``profile=True``. The first run of all is slower than those that follow it.
        """
        arrays = self._to_inputs(arguments, named)
        outputs = self._make_outputs(arrays)
        manifest = self.manifest
        # Threads that share a launch add events of their own; how many is known after the run.
        recorder = Recorder(self._library, len(manifest["launches"]))
        context = self._acquire()
        try:
            self._check(context.run_watched(arrays, outputs, recorder))
            while recorder.lost:
                recorder = Recorder(self._library, 2 * (recorder.capacity + recorder.lost))
                self._check(context.run_watched(arrays, outputs, recorder))
        finally:
            self._free.append(context)
        return recorder.kernel_times(manifest)

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> None:
        """Runs the model from given arrays into given arrays, without copies: contiguous NumPy arrays by name.

        Called again with the same arrays, it does little else than run.
        """
        context = self._acquire()
        try:
            if context.is_bound(inputs, outputs):
                status = context.run_again()
            else:
                status = context.run(*self._check_arrays(inputs, outputs), remember=True)
            if status:
                self._check(status)
        finally:
            self._free.append(context)

    def bind(self, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> Callable[[], None]:
        """What `run` does with these arrays, as a function without arguments: the fastest way to call again and again.

        It runs on what the arrays hold at each call, and keeps them and a workspace of its own alive, so that it may be
        called from one thread at a time. Arrays are not to be resized; a wrong shape is reported by the first call.
        """
        given, written = self._check_arrays(inputs, outputs)
        context = self._acquire()
        tables = _Table(given), _Table(written)
        arguments = (context.handle, ctypes.addressof(tables[0].entries), len(given),
                     ctypes.addressof(tables[1].entries), len(written))
        native, check = context.native, self._check

        def call(kept=(tables, given, written)) -> None:
            if status := native(*arguments):
                check(status)

        weakref.finalize(call, self._free.append, context)
        return call

    def __repr__(self) -> str:
        return f"<tenon.Model {self.name}({', '.join(map(str, self.inputs))}) -> ({', '.join(map(str, self.outputs))})>"

    # -- Arguments ----------------------------------------------------------------------------------------------------

    def _to_inputs(self, arguments: tuple, named: Dict[str, Any]) -> List[np.ndarray]:
        inputs = self._bind_names(arguments, named)
        return [self._to_input(info, inputs[info.name]) for info in self.inputs]

    def _make_outputs(self, arrays: List[np.ndarray]) -> List[np.ndarray]:
        shapes = self._static_shapes or self._output_shapes(arrays)
        return [np.empty(shape, info.dtype) for info, shape in zip(self.outputs, shapes)]

    def _bind_names(self, arguments: tuple, named: Dict[str, Any]) -> Mapping[str, Any]:
        if len(arguments) == 1 and isinstance(arguments[0], Mapping) and not named:
            inputs = arguments[0]
        else:
            if len(arguments) > len(self._input_names):
                raise Error(f"expected at most {len(self._input_names)} inputs, but got {len(arguments)}")
            inputs = dict(zip(self._input_names, arguments))
            for name in named:
                if name in inputs:
                    raise Error(f"input '{name}' is given twice")
            inputs.update(named)
        self._check_names("input", self._input_names, inputs)
        return inputs

    @staticmethod
    def _check_names(kind: str, expected: List[str], given: Mapping[str, Any]) -> None:
        for name in expected:
            if name not in given:
                raise Error(f"expected {kind}s {', '.join(expected)}, but '{name}' is missing")
        for name in given:
            if name not in expected:
                raise Error(f"expected {kind}s {', '.join(expected) or '(none)'}, but got '{name}'")

    @staticmethod
    def _to_input(info: TensorInfo, value: Any) -> np.ndarray:
        if not isinstance(value, (np.ndarray, np.generic)):
            if hasattr(value, "__dlpack__"):
                try:
                    value = np.from_dlpack(value)
                except (BufferError, RuntimeError, TypeError) as error:
                    raise Error(f"input '{info.name}': {error}") from None
            else:
                try:
                    value = np.asarray(value, dtype=info.dtype)
                except (TypeError, ValueError, OverflowError) as error:
                    raise Error(f"input '{info.name}': {error}") from None
        array = np.asarray(value, order="C")
        if array.dtype != info.dtype:
            raise Error(f"input '{info.name}' expects {info.dtype}, but got {array.dtype}")
        return array if array.flags.aligned else array.copy()

    def _check_arrays(self, inputs: Mapping, outputs: Mapping) -> Tuple[List[np.ndarray], List[np.ndarray]]:
        """The arrays in the model's order, if they can be read and written where they are."""
        self._check_names("input", self._input_names, inputs)
        self._check_names("output", self._output_names, outputs)
        given = [inputs[name] for name in self._input_names]
        written = [outputs[name] for name in self._output_names]
        for kind, infos, arrays in (("input", self.inputs, given), ("output", self.outputs, written)):
            for info, array in zip(infos, arrays):
                if not isinstance(array, np.ndarray):
                    raise Error(f"{kind} '{info.name}' expects a NumPy array, but got {type(array).__name__}")
                if array.dtype != info.dtype:
                    raise Error(f"{kind} '{info.name}' expects {info.dtype}, but got {array.dtype}")
                if not (array.flags.c_contiguous and array.flags.aligned):
                    raise Error(f"{kind} '{info.name}' expects a contiguous array")
                if kind == "output" and not array.flags.writeable:
                    raise Error(f"output '{info.name}' expects an array that can be written to")
        return given, written

    def _output_shapes(self, arrays: List[np.ndarray]) -> List[Tuple[int, ...]]:
        symbols = (ctypes.c_int64 * max(len(self.symbols), 1))()
        table = _Table(arrays)
        self._check(self._library.tenon_rt_solve_symbols(self._handle, table.entries, len(arrays), symbols))
        shapes = []
        for i, info in enumerate(self.outputs):
            sizes = (ctypes.c_int64 * max(len(info.shape), 1))()
            self._library.tenon_rt_shape(self._handle, ctypes.addressof(self._descriptor.outputs[i]), symbols, sizes)
            shapes.append(tuple(sizes[:len(info.shape)]))
        return shapes

    # -- Contexts -----------------------------------------------------------------------------------------------------

    def _acquire(self) -> "_Context":
        try:
            return self._free.pop()
        except IndexError:
            context = _Context(self._library, self._handle, self._parallel, self._weights, self)
            self._contexts.append(context)
            return context

    def _check_weights(self, weights: Any) -> np.ndarray:
        """The bytes of weights, aligned as the model asks."""
        given = np.ascontiguousarray(weights).view(np.uint8).reshape(-1)
        alignment = self._descriptor.weights_alignment
        if given.ctypes.data % alignment == 0:
            return given
        room = np.empty(given.nbytes + alignment, np.uint8)
        start = -room.ctypes.data % alignment
        aligned = room[start:start + given.nbytes]
        aligned[:] = given
        return aligned

    def _check(self, status: int) -> None:
        if status:
            raise Error(self._library.tenon_rt_last_error().decode(errors="replace"))


# -- Native side ------------------------------------------------------------------------------------------------------


class _Table:
    """An array of tenon_rt_array over NumPy arrays, and what keeps its shapes alive."""

    def __init__(self, arrays: List[np.ndarray]):
        self.entries = (descriptor.Array * max(len(arrays), 1))()
        self.shapes = []
        for entry, array in zip(self.entries, arrays):
            shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
            self.shapes.append(shape)
            entry.data = array.ctypes.data
            entry.dtype = _dtype_number(array.dtype)
            entry.rank = array.ndim
            entry.shape = shape


class _Context:
    """A context of the runtime, and the arrays it ran on last."""

    def __init__(self, library: ctypes.CDLL, model: ctypes.c_void_p, parallel: Optional[int],
                 weights: Optional[np.ndarray], owner: Model):
        self._library = library
        self.handle = ctypes.c_void_p()
        owner._check(library.tenon_rt_context_create(model, parallel, ctypes.byref(self.handle)))
        if weights is not None:
            status = library.tenon_rt_context_set_weights(self.handle, weights.ctypes.data, weights.nbytes)
            if status:
                library.tenon_rt_context_destroy(self.handle)
                owner._check(status)
        self._input_names = owner._input_names
        self._output_names = owner._output_names
        self.native = library.tenon_rt_run
        self._bound: Optional[List[Tuple[weakref.ref, Tuple[int, ...]]]] = None
        self._arguments: tuple = ()
        self._tables: tuple = ()

    def run(self, inputs: List[np.ndarray], outputs: List[np.ndarray], remember: bool = False) -> int:
        tables = _Table(inputs), _Table(outputs)
        arguments = (self.handle, tables[0].entries, len(inputs), tables[1].entries, len(outputs))
        status = self.native(*arguments)
        if remember and status == 0:
            self._tables, self._arguments = tables, arguments
            # Weak, so that the arrays die when their owner drops them.
            self._bound = [(weakref.ref(array), array.shape) for array in inputs + outputs]
        return status

    def run_watched(self, inputs: List[np.ndarray], outputs: List[np.ndarray], recorder: Recorder) -> int:
        status = self._library.tenon_rt_context_set_profile(self.handle, recorder.profile)
        if status:
            return status
        try:
            return self.run(inputs, outputs)
        finally:
            self._library.tenon_rt_context_set_profile(self.handle, None)

    def run_again(self) -> int:
        return self.native(*self._arguments)

    def is_bound(self, inputs: Mapping, outputs: Mapping) -> bool:
        """Whether these are the arrays of the last run, unchanged in shape."""
        if self._bound is None or len(inputs) != len(self._input_names) or len(outputs) != len(self._output_names):
            return False
        bound = iter(self._bound)
        for names, given in ((self._input_names, inputs), (self._output_names, outputs)):
            for name in names:
                reference, shape = next(bound)
                array = given.get(name)
                if array is None or reference() is not array or array.shape != shape:
                    return False
        return True


def _release(library, contexts, pool, model) -> None:
    for context in contexts:
        library.tenon_rt_context_destroy(context.handle)
    library.tenon_rt_model_release(model)
    library.tenon_rt_pool_destroy(pool)


_NUMBERS: Dict[np.dtype, int] = {}


def _dtype_number(dtype: np.dtype) -> int:
    if not _NUMBERS:
        for number in (*descriptor.DTYPES, *descriptor.EXTENDED):
            _NUMBERS.setdefault(descriptor.numpy_dtype(number), number)
    return _NUMBERS.get(dtype, 0)


def _describe(tensor: descriptor.Tensor) -> TensorInfo:
    sizes = []
    for i in range(tensor.rank):
        dim = tensor.dims[i]
        sizes.append(dim.text.decode() if dim.coefficients or dim.evaluate else dim.constant)
    return TensorInfo(tensor.name.decode(), descriptor.numpy_dtype(tensor.dtype), tuple(sizes))


def load(path: Union[str, os.PathLike], threads: int = 1, weights: Any = None) -> Model:
    """Loads a model compiled to a shared library, `tenon compile model.onnx -o model.so`.

    It runs on `threads` threads, the caller's included; 0 stands for all processors. `weights` are the bytes of a model
    compiled without them.
    """
    return Model(path, threads, weights)
