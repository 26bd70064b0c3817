/* Runs a compiled model: reads its inputs from standard input, writes its outputs to standard output, each as
   raw bytes one after the other. The outputs are computed twice, the second time with the iterations of each
   kernel one by one and in reverse, and must be the same. Compiled with -DMODEL=<name>_model. */
#include "tenon-rt/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const tenon_model MODEL;

enum { mostTensors = 8 };

static size_t bytesOf(const tenon_tensor *tensor) {
  int64_t bytes = tenon_dtype_size(tensor->dtype);
  for (int32_t i = 0; i < tensor->rank; ++i)
    bytes *= tenon_dim_value(&tensor->dims[i], NULL, 0);
  return (size_t)bytes;
}

static void *allocate(size_t bytes, size_t alignment) {
  void *memory = aligned_alloc(alignment, (bytes / alignment + 1) * alignment);
  if (!memory)
    exit(2);
  return memory;
}

static void runReversed(void *context, void (*body)(void *argument, int64_t begin, int64_t end),
                        void *argument, int64_t count) {
  (void)context;
  while (count-- > 0)
    body(argument, count, count + 1);
}

int main(void) {
  const void *inputs[mostTensors];
  void *outputs[mostTensors], *again[mostTensors];
  if (MODEL.symbol_count != 0 || MODEL.input_count > mostTensors || MODEL.output_count > mostTensors)
    return 3;
  for (int32_t i = 0; i < MODEL.input_count; ++i) {
    size_t bytes = bytesOf(&MODEL.inputs[i]);
    void *memory = allocate(bytes, 64);
    if (fread(memory, 1, bytes, stdin) != bytes)
      return 4;
    inputs[i] = memory;
  }
  for (int32_t i = 0; i < MODEL.output_count; ++i) {
    outputs[i] = allocate(bytesOf(&MODEL.outputs[i]), 64);
    again[i] = allocate(bytesOf(&MODEL.outputs[i]), 64);
  }
  void *workspace = allocate((size_t)MODEL.workspace_bytes(NULL), (size_t)MODEL.workspace_alignment);
  tenon_call call = {inputs, outputs, NULL, MODEL.weights, workspace, NULL};
  int32_t status = MODEL.run(&call);
  tenon_parallel reversed = {NULL, runReversed, 4};
  call.outputs = again;
  call.parallel = &reversed;
  if (status == TENON_OK)
    status = MODEL.run(&call);
  if (status != TENON_OK)
    return 16 + status;
  for (int32_t i = 0; i < MODEL.output_count; ++i)
    if (memcmp(outputs[i], again[i], bytesOf(&MODEL.outputs[i])) != 0)
      return 5;
  for (int32_t i = 0; i < MODEL.output_count; ++i)
    fwrite(outputs[i], 1, bytesOf(&MODEL.outputs[i]), stdout);
  return 0;
}
