// json_cursor.h - the few JSON tokens of a .safetensors header, read in place.
//
// Strings are unescaped where they stand and end in NUL; every escape is longer than what it means, so this only
// shrinks. The first fault is recorded with its byte and stays; every function is false from then on.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_JSON_CURSOR_H
#define BATTEN_RUNTIME_JSON_CURSOR_H

#include <stdint.h>

namespace batten::runtime {

class JsonCursor {
public:
  /// `text[length]` is writable: a sentinel.
  JsonCursor(char *text, int64_t length);

  void skipSpace();
  /// True, and past it, when the next token is this character.
  bool take(char wanted);
  /// The same, but a fault when it is not.
  bool expect(char wanted);
  /// A string; `out` points to it, NUL-terminated, without a NUL inside.
  bool string(char *&out);
  /// A whole number from 0 to 2^63 - 1, in digits only.
  bool number(int64_t &out);
  bool atEnd();

  int64_t position() const { return at - begin; }
  bool fail(const char *what);
  /// Null when nothing is wrong.
  const char *fault() const { return what; }
  int64_t faultPosition() const { return faultAt; }

private:
  bool escape(char *&out);
  bool hexadecimal(uint32_t &out);
  bool copyCharacter(char *&out);

  char *begin, *at, *end;
  const char *what = nullptr;
  int64_t faultAt = 0;
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_JSON_CURSOR_H
