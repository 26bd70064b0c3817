/* Recognizes a digit twice: with the model that is linked in, and with the shared library argv[1]. */

#include "digits.h"

#include <tenon-rt/loader.h>
#include <tenon-rt/threads.h>

#include <stdio.h>
#include <string.h>

/* A nought of scikit-learn's digits that training has not seen. */
static float image[DIGITS_IMAGE_ELEMENTS] = {0, 0, 6,  16, 13, 11, 1, 0, //
                                             0, 0, 16, 15, 12, 16, 1, 0, //
                                             0, 3, 16, 7,  0,  13, 6, 0, //
                                             0, 4, 16, 0,  0,  10, 8, 0, //
                                             0, 8, 16, 0,  0,  14, 6, 0, //
                                             0, 5, 16, 7,  9,  16, 5, 0, //
                                             0, 1, 15, 16, 16, 16, 1, 0, //
                                             0, 0, 6,  16, 14, 6,  0, 0};

static int runLoaded(const char *path, float *probabilities) {
  const int64_t image_shape[] = {1, 1, 8, 8}, probabilities_shape[] = {1, 10};
  tenon_rt_array input = {image, TENON_DTYPE_FLOAT32, 4, image_shape};
  tenon_rt_array output = {probabilities, TENON_DTYPE_FLOAT32, 2, probabilities_shape};
  tenon_rt_pool *pool = NULL;
  tenon_rt_model *model = NULL;
  tenon_rt_context *context = NULL;
  int failed = tenon_rt_pool_create(2, &pool) || tenon_rt_model_load(path, &model) ||
               tenon_rt_context_create(model, tenon_rt_pool_parallel(pool), &context) ||
               tenon_rt_run(context, &input, 1, &output, 1);
  if (failed)
    fprintf(stderr, "%s\n", tenon_rt_last_error());
  tenon_rt_context_destroy(context);
  tenon_rt_model_release(model);
  tenon_rt_pool_destroy(pool);
  return failed;
}

int main(int argc, char **argv) {
  float linked[DIGITS_PROBABILITIES_ELEMENTS], loaded[DIGITS_PROBABILITIES_ELEMENTS];
  void *workspace = tenon_rt_allocate(DIGITS_WORKSPACE_BYTES, DIGITS_WORKSPACE_ALIGNMENT);
  int failed = argc != 2 || !workspace || digits_infer(image, linked, workspace, NULL);
  tenon_rt_free(workspace);
  if (failed || runLoaded(argv[1], loaded))
    return 1;
  for (int digit = 0; digit < DIGITS_PROBABILITIES_ELEMENTS; ++digit)
    if (linked[digit] > 0.5f)
      printf("a %d, %s\n", digit, memcmp(linked, loaded, sizeof linked) ? "perhaps" : "twice");
  return 0;
}
