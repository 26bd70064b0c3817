/* Runs the digit classifier on one fixed picture and prints the ten probabilities, a line each. */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
  static float image[DIGITS_IMAGE_ELEMENTS], probabilities[10];
  for (int i = 0; i < DIGITS_IMAGE_ELEMENTS; ++i)
    image[i] = (float)((i * 7) % 17) / 16.0f;
  void *workspace = aligned_alloc(64, DIGITS_WORKSPACE_BYTES);
  if (!workspace || digits_infer(image, probabilities, workspace, NULL) != 0)
    return 1;
  for (int i = 0; i < 10; ++i)
    printf("%.6f\n", (double)probabilities[i]);
  free(workspace);
  return 0;
}
