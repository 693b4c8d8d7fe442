// status.cpp - names of statuses, and the sentences of refusals.
//
// Text is written into memory that the caller has, because a refusal must work when memory is what is lacking.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

using namespace batten::runtime;

const char *batten_status_name(int status) {
  switch (status) {
#define BATTEN_NAME_OF(name)                                                                                           \
  case name:                                                                                                           \
    return #name;
    BATTEN_NAME_OF(BATTEN_OK)
    BATTEN_NAME_OF(BATTEN_E_NULL)
    BATTEN_NAME_OF(BATTEN_E_SIZE)
    BATTEN_NAME_OF(BATTEN_E_WORKSPACE)
    BATTEN_NAME_OF(BATTEN_E_ALIGN)
    BATTEN_NAME_OF(BATTEN_E_OVERLAP)
    BATTEN_NAME_OF(BATTEN_E_SHAPE)
    BATTEN_NAME_OF(BATTEN_E_DTYPE)
    BATTEN_NAME_OF(BATTEN_E_EMPTY)
    BATTEN_NAME_OF(BATTEN_E_INDEX)
    BATTEN_NAME_OF(BATTEN_E_MEMORY)
    BATTEN_NAME_OF(BATTEN_E_WEIGHTS)
    BATTEN_NAME_OF(BATTEN_E_CPU)
    BATTEN_NAME_OF(BATTEN_E_DEVICE)
    BATTEN_NAME_OF(BATTEN_E_DEVICE_LOST)
    BATTEN_NAME_OF(BATTEN_E_ABI)
    BATTEN_NAME_OF(BATTEN_E_FILE)
    BATTEN_NAME_OF(BATTEN_E_FORMAT)
    BATTEN_NAME_OF(BATTEN_E_UNSUPPORTED)
    BATTEN_NAME_OF(BATTEN_E_OUT_OF_MEMORY)
    BATTEN_NAME_OF(BATTEN_E_NAME)
    BATTEN_NAME_OF(BATTEN_E_UNBOUND)
    BATTEN_NAME_OF(BATTEN_E_BUSY)
    BATTEN_NAME_OF(BATTEN_E_SYSTEM)
    BATTEN_NAME_OF(BATTEN_E_FULL)
    BATTEN_NAME_OF(BATTEN_E_CLOSED)
#undef BATTEN_NAME_OF
  default:
    return "unknown status";
  }
}

namespace batten::runtime {

int refuse(batten_error *error, int status, int argument, const char *format, ...) {
  const int result = status | argument * 256;
  if (!error)
    return result;
  error->result = result;
  va_list arguments;
  va_start(arguments, format);
  const int wanted = vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  if (wanted >= (int)sizeof error->message)
    memcpy(error->message + sizeof error->message - 4, "...", 4);
  return result;
}

Printable::Printable(const char *name) : Printable(name, (int64_t)strlen(name)) {}

Printable::Printable(const char *name, int64_t length) {
  const int64_t room = (int64_t)sizeof buffer - 1;
  int64_t used = length < room ? length : room;
  for (int64_t i = 0; i < used; ++i) {
    const unsigned char byte = (unsigned char)name[i];
    // C0, DEL, and the second byte of the C1 controls (U+0080 to U+009F are C2 80 to C2 9F): what a terminal obeys.
    const bool c1 = i > 0 && (unsigned char)name[i - 1] == 0xc2 && byte >= 0x80 && byte <= 0x9f;
    buffer[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
    if (c1)
      buffer[i - 1] = buffer[i] = '?';
  }
  if (length > room) {
    // Do not end within a character: step back over its continuation bytes.
    used = room - 3;
    while (used > 0 && ((unsigned char)buffer[used] & 0xc0) == 0x80)
      --used;
    memcpy(buffer + used, "...", 3);
    used += 3;
  }
  buffer[used] = 0;
}

Sentence::Sentence(char *buffer, int64_t capacity) : buffer(buffer), capacity(capacity) { buffer[0] = 0; }

void Sentence::add(const char *format, ...) {
  if (length >= capacity - 1)
    return;
  va_list arguments;
  va_start(arguments, format);
  const int wanted = vsnprintf(buffer + length, (size_t)(capacity - length), format, arguments);
  va_end(arguments);
  finish(wanted);
}

void Sentence::finish(int64_t wanted) {
  length += wanted > 0 ? wanted : 0;
  if (length < capacity)
    return;
  length = capacity - 1;
  if (capacity >= 4)
    memcpy(buffer + capacity - 4, "...", 4);
}

void Sentence::addShape(int32_t rank, const int64_t *sizes) {
  add("[");
  for (int32_t i = 0; i < rank; ++i)
    add("%s%lld", i ? ", " : "", (long long)sizes[i]);
  add("]");
}

} // namespace batten::runtime
