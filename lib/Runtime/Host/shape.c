//===- shape.c - Symbols from shapes, and shapes from symbols ------------------------------------===//
//
// An input's size is a linear form over the symbols. One that has a single symbol of unknown value left gives
// that value; repeated until nothing new comes up. Afterwards all sizes, the non-linear ones included, are
// compared.
//
//===----------------------------------------------------------------------------------------===//

#include "shape.h"

#include "error.h"
#include "model.h"

#include <inttypes.h>
#include <stdbool.h>

// Sizes are not negative.
#define UNKNOWN INT64_C(-1)

int check_count(const char *kind, const tenon_rt_array *arrays, int32_t count, int32_t expected) {
  if (count != expected)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected %d %s, but got %d", expected, kind, count);
  if (count > 0 && !arrays)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected %d %s, but got null", expected, kind);
  return TENON_OK;
}

int check_type(const char *kind, const tenon_tensor *tensor, const tenon_rt_array *array) {
  if (array->dtype != tensor->dtype)
    return fail(TENON_ERROR_DTYPE, "%s '%s' expects element type %s, but got %s", kind, tensor->name,
                tenon_rt_dtype_name(tensor->dtype), tenon_rt_dtype_name(array->dtype));
  if (array->rank != tensor->rank)
    return fail(TENON_ERROR_SHAPE, "%s '%s' expects rank %d, but got %d", kind, tensor->name, tensor->rank,
                array->rank);
  if (array->rank > 0 && !array->shape)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "%s '%s' has no shape", kind, tensor->name);
  return TENON_OK;
}

int check_sizes(const char *kind, const tenon_model *model, const tenon_tensor *tensor,
                const int64_t *symbols, const tenon_rt_array *array) {
  for (int32_t i = 0; i < tensor->rank; ++i) {
    const tenon_dim *dim = &tensor->dims[i];
    int64_t expected = tenon_dim_value(dim, symbols, model->symbol_count);
    if (array->shape[i] == expected)
      continue;
    if (dim->coefficients || dim->evaluate)
      return fail(TENON_ERROR_SHAPE,
                  "%s '%s' expects size %" PRId64 " (%s) in dimension %d, but got %" PRId64, kind,
                  tensor->name, expected, dim->text, i, array->shape[i]);
    return fail(TENON_ERROR_SHAPE, "%s '%s' expects size %" PRId64 " in dimension %d, but got %" PRId64, kind,
                tensor->name, expected, i, array->shape[i]);
  }
  return TENON_OK;
}

// Finds the symbol of `dim` that is the only one unknown. `*rest` is the size without its term.
static bool find_single_unknown(const tenon_dim *dim, const int64_t *symbols, int32_t symbol_count,
                                int64_t size, int32_t *unknown, int64_t *rest) {
  if (!dim->coefficients || dim->evaluate)
    return false;
  *unknown = -1;
  *rest = size - dim->constant;
  for (int32_t i = 0; i < symbol_count; ++i) {
    if (dim->coefficients[i] == 0)
      continue;
    if (symbols[i] != UNKNOWN)
      *rest -= dim->coefficients[i] * symbols[i];
    else if (*unknown >= 0)
      return false;
    else
      *unknown = i;
  }
  return *unknown >= 0;
}

// Solves what the sizes of one input tell. `*found` is set if that was something.
static int solve_input(const tenon_model *model, const tenon_tensor *tensor, const tenon_rt_array *array,
                       int64_t *symbols, bool *found) {
  for (int32_t i = 0; i < tensor->rank; ++i) {
    const tenon_dim *dim = &tensor->dims[i];
    int32_t symbol;
    int64_t rest;
    if (!find_single_unknown(dim, symbols, model->symbol_count, array->shape[i], &symbol, &rest))
      continue;
    int64_t coefficient = dim->coefficients[symbol];
    if (rest % coefficient != 0 || rest / coefficient < 0)
      return fail(TENON_ERROR_SHAPE,
                  "input '%s' expects a size of the form %s in dimension %d, but got %" PRId64, tensor->name,
                  dim->text, i, array->shape[i]);
    symbols[symbol] = rest / coefficient;
    *found = true;
  }
  return TENON_OK;
}

int tenon_rt_solve_symbols(const tenon_rt_model *model, const tenon_rt_array *inputs, int32_t input_count,
                           int64_t *symbols) {
  const tenon_model *descriptor = model->descriptor;
  int status = check_count("inputs", inputs, input_count, descriptor->input_count);
  for (int32_t i = 0; i < input_count && !status; ++i)
    status = check_type("input", &descriptor->inputs[i], &inputs[i]);
  if (status)
    return status;

  for (int32_t i = 0; i < descriptor->symbol_count; ++i)
    symbols[i] = UNKNOWN;
  bool found;
  do {
    found = false;
    for (int32_t i = 0; i < input_count && !status; ++i)
      status = solve_input(descriptor, &descriptor->inputs[i], &inputs[i], symbols, &found);
  } while (found && !status);
  if (status)
    return status;

  for (int32_t i = 0; i < descriptor->symbol_count; ++i)
    if (symbols[i] == UNKNOWN)
      return fail(TENON_ERROR_SHAPE, "the value of '%s' doesn't follow from the shapes of the inputs",
                  descriptor->symbols[i]);
  for (int32_t i = 0; i < input_count && !status; ++i)
    status = check_sizes("input", descriptor, &descriptor->inputs[i], symbols, &inputs[i]);
  return status;
}

void tenon_rt_shape(const tenon_rt_model *model, const tenon_tensor *tensor, const int64_t *symbols,
                    int64_t *shape) {
  for (int32_t i = 0; i < tensor->rank; ++i)
    shape[i] = tenon_dim_value(&tensor->dims[i], symbols, model->descriptor->symbol_count);
}
