//===- names.c - Texts for the numbers of the ABI: statuses and element types --------------------===//

#include "tenon-rt/model.h"

const char *tenon_rt_status_text(int status) {
  switch (status) {
  case TENON_OK:
    return "success";
  case TENON_ERROR_INVALID_ARGUMENT:
    return "invalid argument";
  case TENON_ERROR_NO_FILE:
    return "no such model file, or not one for this machine";
  case TENON_ERROR_NOT_A_MODEL:
    return "not a compiled model";
  case TENON_ERROR_ABI_VERSION:
    return "the model was compiled for another version of the runtime";
  case TENON_ERROR_CPU_FEATURE:
    return "the processor lacks an instruction set the model needs";
  case TENON_ERROR_SHAPE:
    return "a shape is not what the model expects";
  case TENON_ERROR_DTYPE:
    return "an element type is not what the model expects";
  case TENON_ERROR_OUT_OF_MEMORY:
    return "out of memory";
  case TENON_ERROR_THREADS:
    return "can't start threads";
  case TENON_ERROR_EXECUTION:
    return "the model can't run with these inputs";
  default:
    return "unknown status";
  }
}

const char *tenon_rt_dtype_name(int32_t dtype) {
  // In the order of the numbers, which have no gaps.
  static const char *const names[] = {
      "undefined",      "float32",    "uint8",          "int8",       "uint16",   "int16",
      "int32",          "int64",      "string",         "bool",       "float16",  "float64",
      "uint32",         "uint64",     "complex64",      "complex128", "bfloat16", "float8e4m3fn",
      "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4",      "int4",     "float4e2m1",
      "float8e8m0",     "uint2",      "int2",
  };
  _Static_assert(sizeof names / sizeof *names == TENON_DTYPE_INT2 + 1, "a name for each type");
  return dtype > 0 && dtype <= TENON_DTYPE_INT2 ? names[dtype] : names[0];
}
