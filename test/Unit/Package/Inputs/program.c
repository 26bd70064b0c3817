/* A program with two models linked in, as C and as C++. Prints what they compute. */
#include "first.h"
#include "second.h"

#include <stdio.h>
#include <stdlib.h>

/* A host's own threads, in their simplest form. */
static int calls;
static void in_halves(void *context, void (*body)(void *argument, int64_t begin, int64_t end), void *argument,
                      int64_t count) {
  (void)context;
  ++calls;
  body(argument, count / 2, count);
  body(argument, 0, count / 2);
}

int main(void) {
  enum { BATCH = 3 };
  float x[FIRST_X_ELEMENTS(BATCH)], y[FIRST_Y_DIM0(BATCH) * FIRST_Y_DIM1];
  int64_t halves[FIRST_HALVES_ELEMENTS(BATCH)];
  int64_t workspace[FIRST_WORKSPACE_BYTES(BATCH) / sizeof(int64_t)];
  tenon_parallel parallel;
  int i, status;
  parallel.context = NULL;
  parallel.parallel_for = in_halves;
  parallel.threads = 2;
  for (i = 0; i < 4 * BATCH; ++i)
    x[i] = (float)(i / 4);

  status = first_infer(BATCH, x, y, halves, workspace, NULL);
  printf("%d %d: %.3f %.3f %d\n", status, calls, y[0], y[4], (int)halves[0]);
  status = second_infer(BATCH, x, y, halves, workspace, &parallel);
  printf("%d %d: %.3f %.3f %d\n", status, calls, y[0], y[4], (int)halves[0]);
  printf("%s %s %d\n", first_model.name, second_model.name, FIRST_WORKSPACE_ALIGNMENT);
  return 0;
}
