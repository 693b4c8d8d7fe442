// json_cursor.cpp - tokens by RFC 8259, strict: no comments, no leading zeros, no raw control characters, valid UTF-8.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "json_cursor.h"

#include "utf8.h"

namespace batten::runtime {

// The sentinel is a NUL, which no token accepts, so most loops need not ask for the end.
JsonCursor::JsonCursor(char *text, int64_t length) : begin(text), at(text), end(text + length) { *end = 0; }

bool JsonCursor::fail(const char *reason) {
  if (!what) {
    what = reason;
    faultAt = at - begin;
  }
  return false;
}

void JsonCursor::skipSpace() {
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')
    ++at;
}

bool JsonCursor::take(char wanted) {
  skipSpace();
  if (what || *at != wanted)
    return false;
  ++at;
  return true;
}

bool JsonCursor::expect(char wanted) {
  if (take(wanted))
    return true;
  switch (wanted) {
  case '{':
    return fail("expected `{`");
  case '}':
    return fail("expected `,` or `}`");
  case '[':
    return fail("expected `[`");
  case ']':
    return fail("expected `,` or `]`");
  case ':':
    return fail("expected `:`");
  default:
    return fail("expected `,`");
  }
}

bool JsonCursor::atEnd() {
  skipSpace();
  return !what && at == end;
}

// string = '"' { character | escape } '"'
bool JsonCursor::string(char *&out) {
  skipSpace();
  if (what || *at != '"')
    return fail("expected a string");
  ++at;
  char *put = at;
  out = put;
  while (*at != '"') {
    if (at == end)
      return fail("the header ends inside a string");
    if ((unsigned char)*at < 0x20)
      return fail("a control character in a string");
    if (*at == '\\' ? !escape(put) : !copyCharacter(put))
      return false;
  }
  ++at;
  *put = 0;
  return true;
}

bool JsonCursor::copyCharacter(char *&put) {
  const int64_t length = utf8Length(at, end - at);
  if (length == 0)
    return fail("the header is not UTF-8");
  for (int64_t i = 0; i < length; ++i)
    *put++ = *at++;
  return true;
}

bool JsonCursor::hexadecimal(uint32_t &out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    const char digit = *at;
    const uint32_t value = digit >= '0' && digit <= '9'   ? (uint32_t)(digit - '0')
                           : digit >= 'a' && digit <= 'f' ? (uint32_t)(digit - 'a') + 10
                           : digit >= 'A' && digit <= 'F' ? (uint32_t)(digit - 'A') + 10
                                                          : 16;
    if (value == 16)
      return fail("`\\u` needs four hexadecimal digits");
    out = out << 4 | value;
  }
  return true;
}

// escape = "\" ( one of "\/bfnrt and the quote | "u" hex hex hex hex )
bool JsonCursor::escape(char *&put) {
  ++at;
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  for (int i = 0; from[i]; ++i)
    if (*at == from[i]) {
      *put++ = to[i];
      ++at;
      return true;
    }
  if (*at != 'u')
    return fail("an unknown escape in a string");
  ++at;
  uint32_t code, low;
  if (!hexadecimal(code))
    return false;
  if (code >= 0xd800 && code < 0xdc00) { // the first half of a pair
    if (at[0] != '\\' || at[1] != 'u')
      return fail("half of a surrogate pair in a string");
    at += 2;
    if (!hexadecimal(low))
      return false;
    if (low < 0xdc00 || low > 0xdfff)
      return fail("half of a surrogate pair in a string");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code < 0xe000) {
    return fail("half of a surrogate pair in a string");
  }
  if (code == 0)
    return fail("the character 0 in a string");
  put = utf8Put(put, code);
  return true;
}

bool JsonCursor::number(int64_t &out) {
  skipSpace();
  if (what || *at < '0' || *at > '9')
    return fail("expected a whole number, not negative");
  if (*at == '0' && at[1] >= '0' && at[1] <= '9')
    return fail("a number with a leading zero");
  out = 0;
  for (; *at >= '0' && *at <= '9'; ++at)
    if (__builtin_mul_overflow(out, (int64_t)10, &out) || __builtin_add_overflow(out, (int64_t)(*at - '0'), &out))
      return fail("a number above 2^63 - 1");
  if (*at == '.' || *at == 'e' || *at == 'E')
    return fail("expected a whole number");
  return true;
}

} // namespace batten::runtime
