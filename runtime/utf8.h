// utf8.h - one character of UTF-8, checked: no overlong forms, no surrogates, nothing above U+10FFFF.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_UTF8_H
#define BATTEN_RUNTIME_UTF8_H

#include <stdint.h>

namespace batten::runtime {

/// Bytes of the character that begins at `text`, of which `available` (at least 1) may be looked at; 0 when it is none.
inline int64_t utf8Length(const char *text, int64_t available) {
  const auto byte = [&](int64_t i) { return (uint32_t)(unsigned char)text[i]; };
  const uint32_t lead = byte(0);
  const int64_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length > available)
    return 0;
  for (int64_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
  // The second byte alone tells overlong forms (E0, F0), surrogates (ED) and what lies above U+10FFFF (F4).
  if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf0 && byte(1) < 0x90) ||
      (lead == 0xf4 && byte(1) > 0x8f))
    return 0;
  return length;
}

/// Writes a code point that is no surrogate and at most U+10FFFF; returns the place behind it.
inline char *utf8Put(char *out, uint32_t code) {
  const auto tail = [](uint32_t bits) { return (char)(0x80 | (bits & 0x3f)); };
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xc0 | code >> 6);
    *out++ = tail(code);
  } else if (code < 0x10000) {
    *out++ = (char)(0xe0 | code >> 12);
    *out++ = tail(code >> 6);
    *out++ = tail(code);
  } else {
    *out++ = (char)(0xf0 | code >> 18);
    *out++ = tail(code >> 12);
    *out++ = tail(code >> 6);
    *out++ = tail(code);
  }
  return out;
}

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_UTF8_H
