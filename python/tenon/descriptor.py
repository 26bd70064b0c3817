"""The C structs of tenon-rt/model.h, tenon-rt/loader.h and tenon-rt/profile.h, and the element types of both worlds."""

from __future__ import annotations

import ctypes

import numpy as np


class Dim(ctypes.Structure):
    _fields_ = [("constant", ctypes.c_int64), ("coefficients", ctypes.POINTER(ctypes.c_int64)),
                ("evaluate", ctypes.c_void_p), ("text", ctypes.c_char_p)]


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(Dim))]


class ModelDescriptor(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint32), ("abi_version", ctypes.c_uint32),
                ("name", ctypes.c_char_p), ("triple", ctypes.c_char_p), ("cpu", ctypes.c_char_p),
                ("features", ctypes.c_char_p),
                ("input_count", ctypes.c_int32), ("output_count", ctypes.c_int32), ("symbol_count", ctypes.c_int32),
                ("flags", ctypes.c_int32),
                ("inputs", ctypes.POINTER(Tensor)), ("outputs", ctypes.POINTER(Tensor)),
                ("symbols", ctypes.POINTER(ctypes.c_char_p)),
                ("weights", ctypes.c_void_p), ("weights_bytes", ctypes.c_int64), ("weights_alignment", ctypes.c_int64),
                ("workspace_bytes", ctypes.c_void_p), ("workspace_alignment", ctypes.c_int64),
                ("run", ctypes.c_void_p), ("manifest", ctypes.c_char_p)]


class Array(ctypes.Structure):
    """tenon_rt_array."""
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("shape", ctypes.POINTER(ctypes.c_int64))]


class Profile(ctypes.Structure):
    """tenon_profile."""
    _fields_ = [("context", ctypes.c_void_p), ("launch", ctypes.c_void_p)]


class Event(ctypes.Structure):
    """tenon_rt_event."""
    _fields_ = [("begin", ctypes.c_int64), ("end", ctypes.c_int64),
                ("range_begin", ctypes.c_int64), ("range_end", ctypes.c_int64),
                ("launch", ctypes.c_int32), ("thread", ctypes.c_int32), ("kind", ctypes.c_int32),
                ("reserved", ctypes.c_int32)]


class Recorder(ctypes.Structure):
    """tenon_rt_recorder."""
    _fields_ = [("profile", Profile), ("events", ctypes.POINTER(Event)), ("capacity", ctypes.c_int64),
                ("total", ctypes.c_int64)]


# By tenon_dtype. Types narrower than a byte take one byte each.
DTYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool",
          10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128"}

# Types of the package ml_dtypes; without it, arrays of bytes of the same width stand for them.
EXTENDED = {16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz", 19: "float8_e5m2", 20: "float8_e5m2fnuz",
            21: "uint4", 22: "int4", 23: "float4_e2m1fn", 24: "float8_e8m0fnu", 25: "uint2", 26: "int2"}


def numpy_dtype(number: int) -> np.dtype:
    """The NumPy type of a tenon_dtype."""
    if number in DTYPES:
        return np.dtype(DTYPES[number])
    try:
        import ml_dtypes
        return np.dtype(getattr(ml_dtypes, EXTENDED[number]))
    except (ImportError, AttributeError):
        return np.dtype(np.uint16 if number == 16 else np.uint8)
