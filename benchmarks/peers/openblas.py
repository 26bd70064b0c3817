"""OpenBLAS, called through its C interface: the library that comes with SciPy, or else the system's.

Only for models that are one matrix product of two matrices.
"""

import ctypes
import ctypes.util
import importlib.util
import os
import pathlib

import numpy as np

from .peer import Peer, Unsuited

ROW_MAJOR, AS_IS, TRANSPOSED = 101, 111, 112


def library_paths():
    """Where the library may be and the prefix of its symbols, with 32-bit sizes."""
    scipy = importlib.util.find_spec("scipy")
    if scipy:
        folder = pathlib.Path(scipy.origin).parents[1] / "scipy.libs"
        for path in sorted(folder.glob("libscipy_openblas-*.so")):
            yield str(path), "scipy_"
    system = ctypes.util.find_library("openblas")
    if system:
        yield system, ""


def core_type():
    """The kernels to ask for by the machine's features, or None to leave it to the library.

    Its own choice goes by model numbers, and falls back to far older kernels for those newer than itself.
    """
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return None
    features = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= set(features):
        return "SkylakeX"
    if {"avx2", "fma"} <= set(features):
        return "Zen" if "AuthenticAMD" in text else "Haswell"
    return None


class Library:
    def __init__(self):
        path, self.prefix = next(library_paths())
        # Read while the library is loaded, and not meant for NumPy's own copy of it.
        core = core_type()
        if core and "OPENBLAS_CORETYPE" not in os.environ:
            os.environ["OPENBLAS_CORETYPE"] = core
        self.handle = ctypes.CDLL(path)
        self["openblas_get_config"].restype = ctypes.c_char_p
        self["openblas_get_corename"].restype = ctypes.c_char_p

    def __getitem__(self, name):
        return getattr(self.handle, self.prefix + name)


class OpenBlas(Peer):
    name = "openblas"

    @classmethod
    def missing(cls):
        return [] if next(library_paths(), None) else ["scipy"]

    def version(self):
        config = self.library["openblas_get_config"]().decode().split()
        return f"{config[1]} {self.library['openblas_get_corename']().decode()}"

    def load(self, path, threads):
        import onnx
        from onnx import numpy_helper
        graph = onnx.load(path).graph
        shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in graph.input}
        node = graph.node[0]
        if len(graph.node) > 1 or node.op_type != "MatMul" or any(len(shape) != 2 for shape in shapes.values()):
            raise Unsuited("only for products of two matrices")
        self.library = Library()
        self.library["openblas_set_num_threads"](threads)
        self.constants = {tensor.name: np.ascontiguousarray(numpy_helper.to_array(tensor))
                          for tensor in graph.initializer}
        self.names, self.output = list(node.input), graph.output[0].name

    def run(self, inputs):
        call, result = self.prepare(inputs)
        call()
        return {self.output: result}

    def bind(self, inputs):
        return self.prepare(inputs)[0]

    def prepare(self, inputs):
        a, b = ({**self.constants, **inputs}[name] for name in self.names)
        (m, k), n = a.shape, b.shape[1]
        c = np.zeros((m, n), np.float32)
        # Converted beforehand, so that a call costs what it does in C, and half a microsecond.
        pa, pb, pc = (ctypes.c_void_p(array.ctypes.data) for array in (a, b, c))
        one, zero = ctypes.c_float(1), ctypes.c_float(0)
        rows, columns, depth, unit = (ctypes.c_int(value) for value in (m, n, k, 1))
        if m == 1:
            function = self.library["cblas_sgemv"]
            arguments = (ROW_MAJOR, TRANSPOSED, depth, columns, one, pb, columns, pa, unit, zero, pc, unit)
        else:
            function = self.library["cblas_sgemm"]
            arguments = (ROW_MAJOR, AS_IS, AS_IS, rows, columns, depth, one, pa, depth, pb, columns, zero, pc, columns)
        # The pointers alone would not keep the arrays alive.
        return lambda kept=(a, b, c): function(*arguments), c
