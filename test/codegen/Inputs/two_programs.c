/* Calls tiny and other, which are the same program under two names, as a user would. */
#include "other.h"
#include "tiny.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  static const float w[5] = {1, 2, 3, 4, 5}, x[10] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  const tiny_weights tinyWeights = {w};
  const other_weights otherWeights = {w};
  const tiny_program *tiny = NULL;
  const other_program *other = NULL;
  float tinyOut[10], otherOut[10];
  batten_error error;
  void *tinyMemory = aligned_alloc(64, TINY_BYTES), *otherMemory = aligned_alloc(64, OTHER_BYTES);
  if (tiny_bind(tinyMemory, TINY_BYTES, &tinyWeights, &tiny, &error) ||
      other_bind(otherMemory, OTHER_BYTES, &otherWeights, &other, &error)) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  int64_t bytes = tiny_add_workspace(2) + 3 * TINY_ADD_THREAD_BYTES;
  void *workspace = aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64);
  const batten_call call = {.size = sizeof call, .error = &error};
  int result = tiny_add(tiny, 2, x, 2, tinyOut, workspace, bytes, &call) ||
               other_add(other, 2, x, 2, otherOut, workspace, bytes, NULL);
  for (int i = 0; i < 10; ++i)
    result |= tinyOut[i] != 2 * (x[i] + w[i % 5]) || otherOut[i] != tinyOut[i];
  /* A program is bound by its own bind only. */
  result |= tiny_add((const tiny_program *)other, 2, x, 2, tinyOut, workspace, bytes, &call) != BATTEN_E_ABI;
  free(workspace);
  free(tinyMemory);
  free(otherMemory);
  return result;
}
