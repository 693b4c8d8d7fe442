// status.h - how a function of the runtime refuses: a status, an argument, one sentence.
//
// Every refusal goes through refuse(), which fills the caller's batten_error without allocating. Names that come out of
// files are untrusted text: Printable makes them fit for a terminal and for a sentence.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_STATUS_H
#define BATTEN_RUNTIME_STATUS_H

#include "batten.h"

namespace batten::runtime {

/// Fills `error` (which may be null) and returns `status | argument << 8`.
int refuse(batten_error *error, int status, int argument, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/// refuse() for functions that have no argument to blame.
#define BATTEN_REFUSE(error, status, ...) ::batten::runtime::refuse(error, status, 0, __VA_ARGS__)

/// A copy of a name without control characters, shortened to fit. `length` bytes of UTF-8, which need not be valid.
struct Printable {
  Printable(const char *name, int64_t length);
  explicit Printable(const char *name);
  const char *text() const { return buffer; }

private:
  char buffer[160];
};

/// Text that grows in a fixed buffer and is cut, with an ellipsis, where it is full.
class Sentence {
public:
  Sentence(char *buffer, int64_t capacity);
  void add(const char *format, ...) __attribute__((format(printf, 2, 3)));
  void addShape(int32_t rank, const int64_t *sizes);
  const char *text() const { return buffer; }

private:
  void finish(int64_t wanted);
  char *buffer;
  int64_t capacity, length = 0;
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_STATUS_H
