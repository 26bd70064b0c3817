//===- context.c - What one run at a time needs, and the run itself ------------------------------===//

#include "error.h"
#include "model.h"
#include "shape.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

struct tenon_rt_context {
  const tenon_model *model;
  const tenon_rt_model *owner;
  const tenon_parallel *parallel;
  const tenon_profile *profile;
  const void *weights;
  void *workspace;
  // Bytes of `workspace`; -1 before the first allocation, since a model may need none.
  int64_t capacity;
  // Tables for the call, behind this struct in the same block.
  const void **inputs;
  void **outputs;
  int64_t *symbols;
};

static int reserve(tenon_rt_context *context, const int64_t *symbols) {
  const tenon_model *model = context->model;
  int64_t bytes = model->workspace_bytes(symbols);
  if (bytes >= 0 && bytes <= context->capacity)
    return TENON_OK;
  // Freed first: both at once may be more than there is.
  tenon_rt_free(context->workspace);
  context->capacity = -1;
  context->workspace = tenon_rt_allocate(bytes, model->workspace_alignment);
  if (!context->workspace)
    return fail(TENON_ERROR_OUT_OF_MEMORY, "no memory for the %" PRId64 " bytes of workspace of model '%s'",
                bytes, model->name);
  context->capacity = bytes;
  return TENON_OK;
}

int tenon_rt_context_create(const tenon_rt_model *model, const tenon_parallel *parallel,
                            tenon_rt_context **result) {
  if (!model || !result)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected a model and a place for the context, but got null");
  *result = NULL;
  const tenon_model *descriptor = model->descriptor;
  size_t inputs = (size_t)descriptor->input_count, outputs = (size_t)descriptor->output_count;
  size_t symbols = (size_t)descriptor->symbol_count;
  tenon_rt_context *context =
      calloc(1, sizeof *context + symbols * sizeof(int64_t) + (inputs + outputs) * sizeof(void *));
  if (!context)
    return fail(TENON_ERROR_OUT_OF_MEMORY, "no memory for a context of model '%s'", descriptor->name);

  context->model = descriptor;
  context->owner = model;
  // A hook of one thread would only cost calls.
  context->parallel = parallel && parallel->threads > 1 ? parallel : NULL;
  context->weights = descriptor->weights;
  context->workspace = NULL;
  context->capacity = -1;
  context->symbols = (int64_t *)(context + 1);
  context->inputs = (const void **)(context->symbols + symbols);
  context->outputs = (void **)(context->inputs + inputs);
  if (symbols == 0) {
    int status = reserve(context, context->symbols);
    if (status) {
      tenon_rt_context_destroy(context);
      return status;
    }
  }
  *result = context;
  return TENON_OK;
}

void tenon_rt_context_destroy(tenon_rt_context *context) {
  if (!context)
    return;
  tenon_rt_free(context->workspace);
  free(context);
}

int tenon_rt_context_reserve(tenon_rt_context *context, const int64_t *symbols) {
  if (!context || (!symbols && context->model->symbol_count > 0))
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected a context and its symbols, but got null");
  return reserve(context, symbols);
}

int tenon_rt_context_set_weights(tenon_rt_context *context, const void *weights, int64_t bytes) {
  if (!context)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected a context, but got null");
  const tenon_model *model = context->model;
  if (weights && bytes != model->weights_bytes)
    return fail(TENON_ERROR_INVALID_ARGUMENT,
                "model '%s' expects %" PRId64 " bytes of weights, but got %" PRId64, model->name,
                model->weights_bytes, bytes);
  if (weights && (uintptr_t)weights % (uintptr_t)model->weights_alignment != 0)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "model '%s' expects weights aligned to %" PRId64 " bytes",
                model->name, model->weights_alignment);
  context->weights = weights ? weights : model->weights;
  return TENON_OK;
}

int tenon_rt_context_set_profile(tenon_rt_context *context, const tenon_profile *profile) {
  if (!context)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected a context, but got null");
  if (profile && !(context->model->flags & TENON_MODEL_PROFILE))
    return fail(TENON_ERROR_INVALID_ARGUMENT, "model '%s' was compiled without profiling",
                context->model->name);
  context->profile = profile;
  return TENON_OK;
}

static bool is_empty(const tenon_rt_array *array) {
  for (int32_t i = 0; i < array->rank; ++i)
    if (array->shape[i] == 0)
      return true;
  return false;
}

static int check_data(const char *kind, const tenon_tensor *tensor, const tenon_rt_array *array) {
  int64_t size = tenon_dtype_size(tensor->dtype);
  if (!array->data && !is_empty(array))
    return fail(TENON_ERROR_INVALID_ARGUMENT, "%s '%s' has no data", kind, tensor->name);
  if (size > 1 && (uintptr_t)array->data % (uintptr_t)(size < 8 ? size : 8) != 0)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "%s '%s' isn't aligned as its elements (%s)", kind,
                tensor->name, tenon_rt_dtype_name(tensor->dtype));
  return TENON_OK;
}

static int bind_inputs(tenon_rt_context *context, const tenon_rt_array *inputs, int32_t count) {
  int status = tenon_rt_solve_symbols(context->owner, inputs, count, context->symbols);
  for (int32_t i = 0; i < count && !status; ++i) {
    status = check_data("input", &context->model->inputs[i], &inputs[i]);
    context->inputs[i] = inputs[i].data;
  }
  return status;
}

static int bind_outputs(tenon_rt_context *context, const tenon_rt_array *outputs, int32_t count) {
  const tenon_model *model = context->model;
  int status = check_count("outputs", outputs, count, model->output_count);
  for (int32_t i = 0; i < count && !status; ++i) {
    const tenon_tensor *tensor = &model->outputs[i];
    status = check_type("output", tensor, &outputs[i]);
    if (!status)
      status = check_sizes("output", model, tensor, context->symbols, &outputs[i]);
    if (!status)
      status = check_data("output", tensor, &outputs[i]);
    context->outputs[i] = outputs[i].data;
  }
  return status;
}

int tenon_rt_run(tenon_rt_context *context, const tenon_rt_array *inputs, int32_t input_count,
                 const tenon_rt_array *outputs, int32_t output_count) {
  if (!context)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "expected a context, but got null");
  const tenon_model *model = context->model;
  int status = bind_inputs(context, inputs, input_count);
  if (!status)
    status = bind_outputs(context, outputs, output_count);
  if (!status)
    status = reserve(context, context->symbols);
  if (status)
    return status;
  if (model->weights_bytes > 0 && !context->weights)
    return fail(TENON_ERROR_INVALID_ARGUMENT, "model '%s' has no weights: set them before it runs",
                model->name);

  tenon_call call = {
      .inputs = context->inputs,
      .outputs = context->outputs,
      .symbols = context->symbols,
      .weights = context->weights,
      .workspace = context->workspace,
      .parallel = context->parallel,
      .profile = context->profile,
  };
  status = model->run(&call);
  if (status)
    return fail(status, "model '%s' stopped: %s", model->name, tenon_rt_status_text(status));
  return TENON_OK;
}
