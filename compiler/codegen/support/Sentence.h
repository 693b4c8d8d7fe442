/* Sentence.h - what the checks of the support code share: sentences of errors, and addresses.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef BATTEN_COMPILER_CODEGEN_SUPPORT_SENTENCE_H
#define BATTEN_COMPILER_CODEGEN_SUPPORT_SENTENCE_H
#include "compiler/codegen/support/Support.h"

enum { Alignment = 64 };

/* What runs at a refusal or at a bind only: kept out of the way of the calls, and small. */
#define COLD __attribute__((cold, noinline, minsize))

typedef struct Sentence {
  batten_error *error; /* NULL: nobody asked */
  int32_t used;
} Sentence;

void addText(Sentence *s, const char *text);
void addNumber(Sentence *s, int64_t number);
Sentence begin(batten_error *error, const char *name, const char *text);
int refuse(const Sentence *s, batten_status status, int32_t position);
/* The usual sentence: "name: text". */
int refuseWith(batten_error *error, const char *name, const char *text, batten_status status, int32_t position);

static inline int misaligned(const void *pointer, int64_t alignment) {
  return ((uintptr_t)pointer & (uintptr_t)(alignment - 1)) != 0;
}

/* By differences, so that no end address is formed: it might wrap. */
static inline int overlaps(const void *a, int64_t aBytes, const void *b, int64_t bBytes) {
  const uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
  if (aBytes <= 0 || bBytes <= 0)
    return 0;
  return x <= y ? y - x < (uintptr_t)aBytes : x - y < (uintptr_t)bBytes;
}

#endif /* BATTEN_COMPILER_CODEGEN_SUPPORT_SENTENCE_H */
