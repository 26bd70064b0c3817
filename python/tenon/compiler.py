"""Compiles models in this process."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
from typing import Any, Mapping, Optional, Sequence, Tuple, Union

from .errors import CompileError
from .libraries import compiler
from .model import Model, load

ModelLike = Union[str, os.PathLike, bytes, Any]
Size = Optional[int]
Output = Union[str, os.PathLike, Sequence[Union[str, os.PathLike]]]


def compile(model: ModelLike, target: str = "host", *, cpu: str = "", features: str = "",
            shapes: Optional[Mapping[str, Sequence[Size]]] = None, symbols: Optional[Mapping[str, int]] = None,
            threads: int = 1, output: Union[str, os.PathLike, None] = None, profile: bool = False,
            cache: bool = True, accuracy: str = "full") -> Model:
    """Compiles a model for this machine and loads it.

    model    the path of an ONNX file, its bytes, or an onnx.ModelProto
    target   a machine's name (see `targets()`) this machine can run; `cpu` and `features` as LLVM calls them
    shapes   sizes of inputs by name; None leaves a size as the model has it
    symbols  values of named sizes, such as {"batch": 1}
    threads  threads the model runs on, the caller's included; 0 for all processors
    output   where to keep the shared library; by default there is none
    profile  whether kernels can be timed, by `Model.profile` or `tenon inspect --roofline`; costs little
    cache    whether machine code of kernels is kept for, and taken from, other compilations
    accuracy what results may lose for speed: full, high (no more than summing in f32 does) or moderate (about four
             times that)

    Raises CompileError with all that the compiler reports.
    """
    folder = tempfile.mkdtemp(prefix="tenon-")
    try:
        path = pathlib.Path(output) if output is not None else pathlib.Path(folder) / "model.so"
        compile_to_file(_as_file(model, folder), path, "so", target=target, cpu=cpu, features=features, shapes=shapes,
                        symbols=symbols, threads=threads, profile=profile, cache=cache, accuracy=accuracy)
        return load(path, threads)
    finally:
        # A loaded library stays mapped.
        shutil.rmtree(folder, ignore_errors=True)


def compile_to_file(model: Union[str, os.PathLike], output: Output, format: Optional[str] = None, *,
                    target: str = "host", cpu: str = "", features: str = "",
                    shapes: Optional[Mapping[str, Sequence[Size]]] = None, symbols: Optional[Mapping[str, int]] = None,
                    threads: int = 0, embed_weights: bool = True, profile: bool = False,
                    stop_after: Optional[str] = None, cache: bool = True, accuracy: str = "full") -> str:
    """Compiles the model file `model` for any target to the file `output`; returns the manifest as JSON.

    output         the file to write, or several of one compilation, such as ["digits.o", "digits.h"]
    format         so, wasm, o, a, h, s, ll or mlir; by default the ending of each file says
    threads        threads the model is meant for; 0 for the processors of the target
    embed_weights  whether weights become part of the file; if not, `load` takes them
    stop_after     the last phase to run, whose module is written to an .mlir file: import, graph, kernel, schedule,
                   codegen or target. The manifest is empty before code generation

    The other arguments are those of `compile`. Raises CompileError with all that the compiler reports.
    """
    options = [("target", target), ("cpu", cpu), ("features", features), ("threads", str(threads)),
               ("embed-weights", _flag_text(embed_weights)), ("profile", _flag_text(profile)),
               ("cache", _flag_text(cache)), ("accuracy", accuracy)]
    if stop_after is not None:
        options.append(("stop-after", stop_after))
    options += [("shape", _shape_text(name, sizes)) for name, sizes in (shapes or {}).items()]
    options += [("symbol", f"{name}={value}") for name, value in (symbols or {}).items()]
    outputs = [output] if isinstance(output, (str, os.PathLike)) else list(output)
    with _Session() as session:
        return session.compile(os.fsencode(model), options, format, [os.fsencode(path) for path in outputs])


def targets() -> Tuple[str, ...]:
    """The machines that can be compiled for by name."""
    library = compiler()
    return tuple(library.tenonGetTargetName(i).decode() for i in range(library.tenonGetTargetCount()))


def _flag_text(value: bool) -> str:
    return "true" if value else "false"


def _shape_text(name: str, sizes: Sequence[Size]) -> str:
    return f"{name}=" + "x".join("?" if size is None else str(size) for size in sizes)


def _as_file(model: ModelLike, folder: str) -> Union[str, os.PathLike]:
    if isinstance(model, (str, os.PathLike)):
        return model
    data = model if isinstance(model, (bytes, bytearray, memoryview)) else model.SerializeToString()
    path = pathlib.Path(folder) / "model.onnx"
    path.write_bytes(data)
    return path


class _Session:
    """One session of the C ABI."""

    def __enter__(self) -> "_Session":
        self.library = compiler()
        self.handle = self.library.tenonSessionCreate()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.library.tenonSessionDestroy(self.handle)

    def compile(self, path: bytes, options: Sequence[Tuple[str, str]], format: Optional[str],
                outputs: Sequence[bytes]) -> str:
        library = self.library
        source = library.tenonSourceCreateFromFile(self.handle, path)
        if not source:
            self.fail()
        invocation = library.tenonInvocationCreate(self.handle)
        try:
            for key, value in options:
                if library.tenonInvocationSetOption(invocation, key.encode(), value.encode()):
                    self.fail()
            if library.tenonInvocationRun(invocation, source):
                self.fail()
            for output in outputs:
                if library.tenonInvocationWrite(invocation, format and format.encode(), output):
                    self.fail()
            return library.tenonInvocationGetManifest(invocation).decode()
        finally:
            library.tenonInvocationDestroy(invocation)
            library.tenonSourceDestroy(source)

    def fail(self) -> None:
        text = self.library.tenonSessionGetDiagnostics(self.handle).decode(errors="replace").strip()
        raise CompileError(text or "the compiler failed without a word")
