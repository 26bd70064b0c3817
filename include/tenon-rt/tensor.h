//===- tenon-rt/tensor.h - Element types of tensors at a model's boundary -------------------===//
//
// Tensors cross the boundary as bare pointers to dense row-major elements in the machine's byte order. bool
// takes one byte of value 0 or 1, and so does every element narrower than a byte (int4: -8 to 7 in an
// int8_t).
//
// C11 and C++, no dependencies.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_RT_TENSOR_H
#define TENON_RT_TENSOR_H

#include <stdint.h>

/// Marks what the library tenon_rt exports.
#if defined(__GNUC__)
#define TENON_RT_API __attribute__((visibility("default")))
#else
#define TENON_RT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Element types; the numbers are those of ONNX's TensorProto.DataType.
typedef enum tenon_dtype {
  TENON_DTYPE_UNDEFINED = 0,
  TENON_DTYPE_FLOAT32 = 1,
  TENON_DTYPE_UINT8 = 2,
  TENON_DTYPE_INT8 = 3,
  TENON_DTYPE_UINT16 = 4,
  TENON_DTYPE_INT16 = 5,
  TENON_DTYPE_INT32 = 6,
  TENON_DTYPE_INT64 = 7,
  TENON_DTYPE_STRING = 8,
  TENON_DTYPE_BOOL = 9,
  TENON_DTYPE_FLOAT16 = 10,
  TENON_DTYPE_FLOAT64 = 11,
  TENON_DTYPE_UINT32 = 12,
  TENON_DTYPE_UINT64 = 13,
  TENON_DTYPE_COMPLEX64 = 14,
  TENON_DTYPE_COMPLEX128 = 15,
  TENON_DTYPE_BFLOAT16 = 16,
  TENON_DTYPE_FLOAT8E4M3FN = 17,
  TENON_DTYPE_FLOAT8E4M3FNUZ = 18,
  TENON_DTYPE_FLOAT8E5M2 = 19,
  TENON_DTYPE_FLOAT8E5M2FNUZ = 20,
  TENON_DTYPE_UINT4 = 21,
  TENON_DTYPE_INT4 = 22,
  TENON_DTYPE_FLOAT4E2M1 = 23,
  TENON_DTYPE_FLOAT8E8M0 = 24,
  TENON_DTYPE_UINT2 = 25,
  TENON_DTYPE_INT2 = 26
} tenon_dtype;

/// Bytes one element takes in memory; 0 for a type without a fixed size (string, undefined, a number not
/// listed).
static inline int64_t tenon_dtype_size(int32_t dtype) {
  switch (dtype) {
  case TENON_DTYPE_COMPLEX128:
    return 16;
  case TENON_DTYPE_INT64:
  case TENON_DTYPE_UINT64:
  case TENON_DTYPE_FLOAT64:
  case TENON_DTYPE_COMPLEX64:
    return 8;
  case TENON_DTYPE_FLOAT32:
  case TENON_DTYPE_INT32:
  case TENON_DTYPE_UINT32:
    return 4;
  case TENON_DTYPE_UINT16:
  case TENON_DTYPE_INT16:
  case TENON_DTYPE_FLOAT16:
  case TENON_DTYPE_BFLOAT16:
    return 2;
  case TENON_DTYPE_UINT8:
  case TENON_DTYPE_INT8:
  case TENON_DTYPE_BOOL:
  case TENON_DTYPE_FLOAT8E4M3FN:
  case TENON_DTYPE_FLOAT8E4M3FNUZ:
  case TENON_DTYPE_FLOAT8E5M2:
  case TENON_DTYPE_FLOAT8E5M2FNUZ:
  case TENON_DTYPE_FLOAT8E8M0:
  case TENON_DTYPE_UINT4:
  case TENON_DTYPE_INT4:
  case TENON_DTYPE_FLOAT4E2M1:
  case TENON_DTYPE_UINT2:
  case TENON_DTYPE_INT2:
    return 1;
  default:
    return 0;
  }
}

/// The type's name as NumPy writes it ("float32", "bool", "bfloat16"); "undefined" for a number not listed.
/// Never null; the text is static. Defined in the library tenon_rt.
TENON_RT_API const char *tenon_rt_dtype_name(int32_t dtype);

#ifdef __cplusplus
}
#endif

#endif // TENON_RT_TENSOR_H
