// npy_header.cpp - reading and writing the dict of a .npy file.
//
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//
// NumPy evaluates this as Python; here it is a grammar of three keys in any order, each once, so that no header can do
// more than describe an array. What is well-formed but not read (Fortran order, big-endian, records, objects, other
// dtypes) is told apart from what is malformed, each with a sentence that says what to do.
// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "npy_header.h"

#include "status.h"
#include "tensor.h"

#include <stdio.h>
#include <string.h>

namespace batten::runtime {

namespace {

struct NpyDtype {
  const char *kind; ///< without the byte order
  batten_dtype dtype;
};

constexpr NpyDtype npyDtypes[] = {
    {"f8", BATTEN_F64}, {"f4", BATTEN_F32}, {"f2", BATTEN_F16}, {"i8", BATTEN_I64},
    {"i4", BATTEN_I32}, {"i1", BATTEN_I8},  {"u1", BATTEN_U8},  {"b1", BATTEN_BOOL},
};

/// The Python literals that a header consists of. The text ends in a NUL, which nothing accepts.
class DictReader {
public:
  DictReader(const char *text, int64_t length) : text(text), at(text), end(text + length) {}

  /// False with `fault` set, or with `isRecord`, which is a dtype that needs no further look.
  bool read();

  char descr[32] = "";
  bool isRecord = false, fortranOrder = false;
  int32_t rank = 0;
  int64_t sizes[BATTEN_MAX_RANK];
  const char *fault = nullptr;
  int64_t faultPosition() const { return at - text; }

private:
  bool fail(const char *what) {
    fault = fault ? fault : what;
    return false;
  }
  void skipSpace() {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
      ++at;
  }
  bool take(const char *word) {
    skipSpace();
    const size_t length = strlen(word);
    if (strncmp(at, word, length))
      return false;
    at += length;
    return true;
  }
  bool once(bool &seen) {
    const bool first = !seen;
    seen = true;
    return first || fail("a key stands twice");
  }
  bool member();
  bool readDescr();
  bool readOrder();
  bool readShape();
  bool readNumber(int64_t &out);

  bool hasDescr = false, hasOrder = false, hasShape = false;
  const char *text, *at, *end;
};

// dict = "{" { member "," } [ member ] "}"
bool DictReader::read() {
  if (!take("{"))
    return fail("the header must begin with `{`");
  while (!take("}")) {
    if (!member())
      return false;
    if (take(","))
      continue;
    if (!take("}"))
      return fail("expected `,` or `}`");
    break;
  }
  skipSpace();
  if (at != end)
    return fail("something follows the dict");
  return (hasDescr && hasOrder && hasShape) || fail("the dict needs descr, fortran_order and shape");
}

bool DictReader::member() {
  const bool isDescr = take("'descr'") || take("\"descr\"");
  const bool isOrder = !isDescr && (take("'fortran_order'") || take("\"fortran_order\""));
  const bool isShape = !isDescr && !isOrder && (take("'shape'") || take("\"shape\""));
  if (!isDescr && !isOrder && !isShape)
    return fail("expected one of the keys descr, fortran_order and shape");
  if (!take(":"))
    return fail("expected `:`");
  return isDescr   ? once(hasDescr) && readDescr()
         : isOrder ? once(hasOrder) && readOrder()
                   : once(hasShape) && readShape();
}

bool DictReader::readDescr() {
  skipSpace();
  if (*at == '[' || *at == '(') {
    isRecord = true;
    return false;
  }
  const char quote = *at;
  if (quote != '\'' && quote != '"')
    return fail("expected a string as descr");
  const char *begin = ++at;
  while (*at != quote) {
    if (*at < 0x20 || *at == 0x7f || at - begin == (int64_t)sizeof descr - 1)
      return fail("descr is no dtype");
    ++at;
  }
  memcpy(descr, begin, (size_t)(at - begin));
  descr[at - begin] = 0;
  ++at;
  return true;
}

bool DictReader::readOrder() {
  fortranOrder = take("True");
  return fortranOrder || take("False") || fail("expected True or False as fortran_order");
}

// shape = "(" [ number "," { number "," } [ number ] ] ")"
bool DictReader::readShape() {
  if (!take("("))
    return fail("expected `(` as the beginning of shape");
  while (!take(")")) {
    if (rank == BATTEN_MAX_RANK)
      return fail("an array of more than 16 dims");
    if (!readNumber(sizes[rank]))
      return false;
    ++rank;
    if (take(","))
      continue;
    if (!take(")"))
      return fail("expected `,` or `)` in shape");
    return rank > 1 || fail("a shape of one dim is written `(3,)`");
  }
  return true;
}

bool DictReader::readNumber(int64_t &out) {
  skipSpace();
  if (*at < '0' || *at > '9')
    return fail("expected a whole number in shape, not negative");
  for (out = 0; *at >= '0' && *at <= '9'; ++at)
    if (__builtin_mul_overflow(out, (int64_t)10, &out) || __builtin_add_overflow(out, (int64_t)(*at - '0'), &out))
      return fail("a number above 2^63 - 1 in shape");
  return true;
}

int refuseDtype(const char *descr, const char *fileName, batten_error *error) {
  const char *kind = descr + 1;
  const Printable printable(descr);
  if (*descr && strchr(">!", *descr))
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED,
                         "`%s` is big-endian (%.40s); save x.astype(x.dtype.newbyteorder('<'))", fileName,
                         printable.text());
  if (*descr && *kind == 'O')
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "`%s` holds pickled Python objects, which are never read",
                         fileName);
  if (*descr && !strcmp(kind, "V2"))
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED,
                         "`%s` has dtype %.40s, as bfloat16 becomes in .npy; save float32, or .safetensors", fileName,
                         printable.text());
  return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "`%s` has dtype `%.40s`; read are f8 f4 f2 i8 i4 i1 u1 b1",
                       fileName, printable.text());
}

bool dtypeFromDescr(const char *descr, batten_dtype &out) {
  for (const NpyDtype &entry : npyDtypes)
    if ((descr[0] == '<' || (descr[0] == '|' && entry.kind[1] == '1')) && !strcmp(descr + 1, entry.kind)) {
      out = entry.dtype;
      return true;
    }
  return false;
}

} // namespace

int parseNpyHeader(const char *text, int64_t length, const char *fileName, batten_tensor &out, batten_error *error) {
  DictReader reader(text, length);
  const bool whole = reader.read();
  if (reader.isRecord)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED, "`%s` is an array of records; save each field by itself",
                         fileName);
  if (!whole)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: %s (byte %lld of the header)", fileName, reader.fault,
                         (long long)reader.faultPosition());
  batten_dtype dtype;
  if (!dtypeFromDescr(reader.descr, dtype))
    return refuseDtype(reader.descr, fileName, error);
  // Up to one dim both orders are the same bytes.
  if (reader.fortranOrder && reader.rank > 1)
    return BATTEN_REFUSE(error, BATTEN_E_UNSUPPORTED,
                         "`%s` is in Fortran order; save numpy.ascontiguousarray(x) instead", fileName);
  if (!makeDense(dtype, reader.rank, reader.sizes, nullptr, out))
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its shape has more than 2^63 - 1 bytes", fileName);
  return 0;
}

int64_t formatNpyHeader(const batten_tensor &tensor, char *out) {
  const char *kind = nullptr;
  for (const NpyDtype &entry : npyDtypes)
    if (entry.dtype == tensor.dtype)
      kind = entry.kind;
  if (!kind)
    return -1;
  // 16 sizes of 19 digits and the words around them stay below 400 characters.
  Sentence text(out + npyPreambleBytes, npyHeaderRoom - npyPreambleBytes);
  text.add("{'descr': '%c%s', 'fortran_order': False, 'shape': (", kind[1] == '1' ? '|' : '<', kind);
  for (int32_t i = 0; i < tensor.rank; ++i)
    text.add("%s%lld", i ? ", " : "", (long long)tensor.sizes[i]);
  text.add(tensor.rank == 1 ? ",), }" : "), }");
  int64_t end = npyPreambleBytes + (int64_t)strlen(text.text());
  while ((end + 1) % 64)
    out[end++] = ' ';
  out[end++] = '\n';
  const int64_t length = end - npyPreambleBytes;
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  out[8] = (char)(length & 0xff);
  out[9] = (char)(length >> 8);
  return end;
}

} // namespace batten::runtime
