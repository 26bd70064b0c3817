"""Tenon compiles neural networks to machine code that needs nothing else to run.

    import tenon

    model = tenon.compile("model.onnx")
    outputs = model(image=pixels)           # NumPy arrays by output name

`tenon.load("model.so")` takes what the command `tenon compile model.onnx -o model.so` wrote.
"""

from .compiler import compile, compile_to_file, targets
from .errors import CompileError, Error, LibraryError
from .model import Model, TensorInfo, load
from .recorder import KernelTime

__version__ = "0.1.0"

__all__ = ["CompileError", "Error", "KernelTime", "LibraryError", "Model", "TensorInfo", "compile", "compile_to_file",
           "load", "targets"]
