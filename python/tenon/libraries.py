"""Finds what is native: libtenon_c (the compiler), libtenon_rt (the runtime) and the driver `tenon`.

Libraries are looked for in TENON_LIBRARY_DIR if that is set, else in the package's own folder lib/, and, in a source
checkout, in the build folder's; the driver in bin/ beside each of them.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pathlib
from typing import Iterator

from .errors import LibraryError

PACKAGE = pathlib.Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent.parent


def library_folders() -> Iterator[pathlib.Path]:
    """The folders that may hold the libraries, best first."""
    if folder := os.environ.get("TENON_LIBRARY_DIR"):
        yield pathlib.Path(folder)
        return
    yield PACKAGE / "lib"
    if (CHECKOUT / "python" / "pyproject.toml").exists():
        yield pathlib.Path(os.environ.get("TENON_BUILD_DIR") or CHECKOUT / "build") / "lib"


def find_library(name: str) -> pathlib.Path:
    """The path of lib`name`.so. Raises LibraryError that lists where it is not."""
    tried = [folder / f"lib{name}.so" for folder in library_folders()]
    for path in tried:
        if path.exists():
            return path
    raise LibraryError(f"expected lib{name}.so at one of {', '.join(map(str, tried))}, but there is none; "
                       "build Tenon, or set TENON_LIBRARY_DIR")


def find_driver() -> pathlib.Path:
    """The path of the driver `tenon`. Raises LibraryError."""
    tried = [folder.parent / "bin" / "tenon" for folder in library_folders()]
    for path in tried:
        if path.exists():
            return path
    raise LibraryError(f"expected the driver at one of {', '.join(map(str, tried))}, but there is none; build Tenon, or "
                       "set TENON_LIBRARY_DIR to the folder lib beside its bin")


def _load(name: str) -> ctypes.CDLL:
    path = find_library(name)
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise LibraryError(f"{path} does not load: {error}; the compiler needs the libraries it was built with, "
                           "libMLIR and libLLVM 22 among them (on Debian libmlir-22 and libllvm22)") from None


@functools.lru_cache(maxsize=None)
def compiler() -> ctypes.CDLL:
    """libtenon_c with the types of its functions declared."""
    library = _load("tenon_c")
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    signatures = {
        "tenonGetApiVersion": (ctypes.c_uint32, []),
        "tenonGetVersion": (text, []),
        "tenonGetTargetCount": (ctypes.c_size_t, []),
        "tenonGetTargetName": (text, [ctypes.c_size_t]),
        "tenonSessionCreate": (handle, []),
        "tenonSessionDestroy": (None, [handle]),
        "tenonSessionGetDiagnostics": (text, [handle]),
        "tenonSourceCreateFromFile": (handle, [handle, text]),
        "tenonSourceDestroy": (None, [handle]),
        "tenonInvocationCreate": (handle, [handle]),
        "tenonInvocationDestroy": (None, [handle]),
        "tenonInvocationSetOption": (ctypes.c_int, [handle, text, text]),
        "tenonInvocationRun": (ctypes.c_int, [handle, handle]),
        "tenonInvocationGetManifest": (text, [handle]),
        "tenonInvocationWrite": (ctypes.c_int, [handle, text, text]),
    }
    _declare(library, signatures)
    if library.tenonGetApiVersion() != 1:
        raise LibraryError(f"expected version 1 of the compiler's C interface, but got {library.tenonGetApiVersion()} "
                           f"in {library._name}")
    return library


@functools.lru_cache(maxsize=None)
def runtime() -> ctypes.CDLL:
    """libtenon_rt with the types of its functions declared."""
    library = _load("tenon_rt")
    handle, out, text = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p
    signatures = {
        "tenon_rt_last_error": (text, []),
        "tenon_rt_status_text": (text, [ctypes.c_int]),
        "tenon_rt_dtype_name": (text, [ctypes.c_int32]),
        "tenon_rt_model_load": (ctypes.c_int, [text, out]),
        "tenon_rt_model_release": (None, [handle]),
        "tenon_rt_model_descriptor": (handle, [handle]),
        "tenon_rt_solve_symbols": (ctypes.c_int, [handle, handle, ctypes.c_int32, handle]),
        "tenon_rt_shape": (None, [handle, handle, handle, handle]),
        "tenon_rt_context_create": (ctypes.c_int, [handle, handle, out]),
        "tenon_rt_context_destroy": (None, [handle]),
        "tenon_rt_context_set_weights": (ctypes.c_int, [handle, handle, ctypes.c_int64]),
        "tenon_rt_context_set_profile": (ctypes.c_int, [handle, handle]),
        "tenon_rt_recorder_init": (None, [handle, handle, ctypes.c_int64]),
        "tenon_rt_recorder_count": (ctypes.c_int64, [handle]),
        "tenon_rt_recorder_lost": (ctypes.c_int64, [handle]),
        "tenon_rt_run": (ctypes.c_int, [handle, handle, ctypes.c_int32, handle, ctypes.c_int32]),
        "tenon_rt_pool_create": (ctypes.c_int, [ctypes.c_int32, out]),
        "tenon_rt_pool_destroy": (None, [handle]),
        "tenon_rt_pool_parallel": (handle, [handle]),
        "tenon_rt_processor_count": (ctypes.c_int32, []),
    }
    _declare(library, signatures)
    return library


def _declare(library: ctypes.CDLL, signatures: dict) -> None:
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise LibraryError(f"expected a function {name} in {library._name}, but there is none") from None
        function.restype, function.argtypes = result, arguments
