/* Sentence.c - see Sentence.h.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "compiler/codegen/support/Sentence.h"

COLD void addText(Sentence *s, const char *text) {
  if (!s->error)
    return;
  const int32_t room = (int32_t)sizeof(s->error->message) - 1;
  while (*text && s->used < room)
    s->error->message[s->used++] = *text++;
  s->error->message[s->used] = 0;
}

COLD void addNumber(Sentence *s, int64_t number) {
  char digits[24];
  int at = (int)sizeof(digits);
  uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  digits[--at] = 0;
  do
    digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (number < 0)
    digits[--at] = '-';
  addText(s, digits + at);
}

COLD Sentence begin(batten_error *error, const char *name, const char *text) {
  Sentence s = {error, 0};
  addText(&s, name);
  addText(&s, text);
  return s;
}

COLD int refuse(const Sentence *s, batten_status status, int32_t position) {
  const int result = (int)status + (position << 8);
  if (s->error)
    s->error->result = result;
  return result;
}

COLD int refuseWith(batten_error *error, const char *name, const char *text, batten_status status, int32_t position) {
  const Sentence s = begin(error, name, text);
  return refuse(&s, status, position);
}
