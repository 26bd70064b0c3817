//===- shape.h - Checks of actual tensors against the descriptor --------------------------------===//

#ifndef TENON_RUNTIME_HOST_SHAPE_H
#define TENON_RUNTIME_HOST_SHAPE_H

#include "tenon-rt/loader.h"

// Whether `count` tensors were given where `expected` of them ("inputs") are needed, as a status with a
// message.
int check_count(const char *kind, const tenon_rt_array *arrays, int32_t count, int32_t expected);

// Whether dtype and rank are what `tensor`, an input or output (`kind`), has.
int check_type(const char *kind, const tenon_tensor *tensor, const tenon_rt_array *array);

// Whether the sizes are what `tensor` has for these symbols. The rank is right already.
int check_sizes(const char *kind, const tenon_model *model, const tenon_tensor *tensor,
                const int64_t *symbols, const tenon_rt_array *array);

#endif // TENON_RUNTIME_HOST_SHAPE_H
