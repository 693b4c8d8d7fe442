// safetensors_header.cpp - what a .safetensors header may say, and the sentence for everything else.
//
//   header   = "{" [ member { "," member } ] "}"
//   member   = STRING ":" tensor | "__metadata__" ":" metadata
//   tensor   = "{" "dtype" ":" STRING "," "shape" ":" [ numbers ] "," "data_offsets" ":" [ begin, end ] "}", any order
//   metadata = "{" [ STRING ":" STRING { "," STRING ":" STRING } ] "}"
//
// Rules beyond the grammar: the first byte is `{`, only white space follows the last `}`, no name or metadata key
// stands twice, end - begin = product of the shape times the bits of the dtype, and the tensors' bytes lie end to end
// from 0 to the file's end. The format: https://github.com/huggingface/safetensors#format
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "safetensors_header.h"

#include "json_cursor.h"
#include "status.h"
#include "tensor.h"

#include <algorithm>
#include <string.h>

namespace batten::runtime {

namespace {

struct FormatDtype {
  const char *name;
  batten_dtype dtype;
};

constexpr FormatDtype formatDtypes[] = {
    {"F32", BATTEN_F32},
    {"F16", BATTEN_F16},
    {"BF16", BATTEN_BF16},
    {"F64", BATTEN_F64},
    {"I64", BATTEN_I64},
    {"I32", BATTEN_I32},
    {"I16", BATTEN_DTYPE(0, 16)},
    {"I8", BATTEN_I8},
    {"U8", BATTEN_U8},
    {"U16", BATTEN_DTYPE(1, 16)},
    {"U32", BATTEN_DTYPE(1, 32)},
    {"U64", BATTEN_DTYPE(1, 64)},
    {"BOOL", BATTEN_BOOL},
    {"C64", BATTEN_DTYPE(5, 64)},
    {"F8_E4M3", BATTEN_DTYPE(10, 8)},
    {"F8_E4M3FNUZ", BATTEN_DTYPE(11, 8)},
    {"F8_E5M2", BATTEN_DTYPE(12, 8)},
    {"F8_E5M2FNUZ", BATTEN_DTYPE(13, 8)},
    {"F8_E8M0", BATTEN_DTYPE(14, 8)},
    {"F6_E2M3", BATTEN_DTYPE(15, 6)},
    {"F6_E3M2", BATTEN_DTYPE(16, 6)},
    {"F4", BATTEN_DTYPE(17, 4)},
};

constexpr char metadataName[] = "__metadata__";

/// How many tensors and metadata entries a header holds if it is well-formed: enough to allocate the tables exactly.
struct Census {
  int64_t objects = 0; ///< at depth 1
  int64_t members = 0; ///< at depth 2; a tensor has three
};

Census takeCensus(const char *text, int64_t length) {
  Census census;
  bool inString = false;
  int64_t depth = 0;
  for (int64_t i = 0; i < length; ++i) {
    const char c = text[i];
    if (inString) {
      i += c == '\\';
      inString = c != '"';
    } else if (c == '"')
      inString = true;
    else if (c == '{')
      census.objects += ++depth == 2;
    else if (c == '}')
      --depth;
    else if (c == ':')
      census.members += depth == 2;
  }
  return census;
}

/// Reads the members into tables of the right capacity; a header that does not fit them is malformed.
class HeaderReader {
public:
  HeaderReader(char *text, int64_t length) : cursor(text, length), text(text) {}

  bool read(Array<SafetensorsHeader::Entry> &entries, Array<uint32_t> &metadata);

  JsonCursor cursor;
  const char *tensor = nullptr; ///< the member that was being read
  int64_t entryCount = 0, metadataCount = 0;
  bool hasMetadata = false;

private:
  bool readMetadata(Array<uint32_t> &metadata);
  bool readTensor(SafetensorsHeader::Entry &entry);
  bool readShape(SafetensorsHeader::Entry &entry);
  bool checkBytes(const SafetensorsHeader::Entry &entry);

  char *text;
};

bool HeaderReader::read(Array<SafetensorsHeader::Entry> &entries, Array<uint32_t> &metadata) {
  if (text[0] != '{')
    return cursor.fail("the header must begin with `{`");
  cursor.take('{');
  if (!cursor.take('}')) {
    do {
      char *name;
      tensor = nullptr;
      if (!cursor.string(name) || !cursor.expect(':'))
        return false;
      tensor = name;
      if (!strcmp(name, metadataName)) {
        if (!readMetadata(metadata))
          return false;
        continue;
      }
      if (entryCount == entries.size())
        return cursor.fail("expected `{`");
      SafetensorsHeader::Entry &entry = entries[entryCount++];
      entry.name = (uint32_t)(name - text);
      if (!readTensor(entry))
        return false;
    } while (cursor.take(','));
    tensor = nullptr;
    if (!cursor.expect('}'))
      return false;
  }
  tensor = nullptr;
  return cursor.atEnd() || cursor.fail("something follows the last `}`");
}

bool HeaderReader::readMetadata(Array<uint32_t> &metadata) {
  if (hasMetadata)
    return cursor.fail("`__metadata__` stands twice");
  hasMetadata = true;
  if (!cursor.expect('{'))
    return false;
  if (cursor.take('}'))
    return true;
  do {
    char *key, *value;
    if (!cursor.string(key) || !cursor.expect(':') || !cursor.string(value))
      return false;
    if (metadataCount == metadata.size())
      return cursor.fail("a malformed `__metadata__`");
    metadata[metadataCount++] = (uint32_t)(key - text);
    // Move the value up to its key, so that one position finds both. It was behind it by quotes and colon at least.
    memmove(key + strlen(key) + 1, value, strlen(value) + 1);
  } while (cursor.take(','));
  return cursor.expect('}');
}

bool HeaderReader::readTensor(SafetensorsHeader::Entry &entry) {
  bool hasDtype = false, hasShape = false, hasOffsets = false;
  const auto once = [&](bool &seen) {
    const bool first = !seen;
    seen = true;
    return first || cursor.fail("a key of the tensor stands twice");
  };
  if (!cursor.expect('{'))
    return false;
  do {
    char *key, *dtype;
    if (!cursor.string(key) || !cursor.expect(':'))
      return false;
    if (!strcmp(key, "dtype")) {
      if (!once(hasDtype) || !cursor.string(dtype))
        return false;
      if (!dtypeFromSafetensors(dtype, entry.dtype))
        return cursor.fail("an unknown dtype");
    } else if (!strcmp(key, "shape")) {
      if (!once(hasShape) || !readShape(entry))
        return false;
    } else if (!strcmp(key, "data_offsets")) {
      if (!once(hasOffsets) || !cursor.expect('[') || !cursor.number(entry.begin) || !cursor.expect(',') ||
          !cursor.number(entry.end) || !cursor.expect(']'))
        return false;
    } else
      return cursor.fail("an unknown key; a tensor has dtype, shape and data_offsets");
  } while (cursor.take(','));
  if (!cursor.expect('}'))
    return false;
  if (!hasDtype || !hasShape || !hasOffsets)
    return cursor.fail("a tensor needs dtype, shape and data_offsets");
  return checkBytes(entry);
}

bool HeaderReader::readShape(SafetensorsHeader::Entry &entry) {
  if (!cursor.expect('['))
    return false;
  entry.shape = (uint32_t)cursor.position();
  entry.rank = 0;
  if (cursor.take(']'))
    return true;
  do {
    int64_t size;
    if (!cursor.number(size))
      return false;
    if (++entry.rank > BATTEN_MAX_RANK)
      return cursor.fail("a tensor of more than 16 dims");
  } while (cursor.take(','));
  return cursor.expect(']');
}

void readShapeAgain(const char *text, const SafetensorsHeader::Entry &entry, int64_t *sizes) {
  const char *at = text + entry.shape;
  for (int32_t i = 0; i < entry.rank; ++i) {
    while (*at < '0' || *at > '9')
      ++at;
    for (sizes[i] = 0; *at >= '0' && *at <= '9'; ++at)
      sizes[i] = sizes[i] * 10 + (*at - '0');
  }
}

bool HeaderReader::checkBytes(const SafetensorsHeader::Entry &entry) {
  int64_t sizes[BATTEN_MAX_RANK];
  batten_tensor shape;
  readShapeAgain(text, entry, sizes);
  if (!makeDense(entry.dtype, entry.rank, sizes, nullptr, shape))
    return cursor.fail("the shape has more than 2^63 - 1 bytes");
  if (dtypeBits(entry.dtype) % 8 && batten_tensor_elements(&shape) * dtypeBits(entry.dtype) % 8)
    return cursor.fail("the elements do not fill whole bytes");
  if (entry.begin > entry.end)
    return cursor.fail("data_offsets end before they begin");
  if (entry.end - entry.begin != batten_tensor_bytes(&shape))
    return cursor.fail("data_offsets do not span the bytes of shape and dtype");
  return true;
}

int refuseHeader(const HeaderReader &reader, const char *fileName, batten_error *error) {
  const long long at = reader.cursor.faultPosition();
  if (!reader.tensor)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: %s (byte %lld of the header)", fileName, reader.cursor.fault(),
                         at);
  return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: tensor `%.60s`: %s (byte %lld of the header)", fileName,
                       Printable(reader.tensor).text(), reader.cursor.fault(), at);
}

} // namespace

bool dtypeFromSafetensors(const char *name, batten_dtype &out) {
  for (const FormatDtype &entry : formatDtypes)
    if (!strcmp(entry.name, name)) {
      out = entry.dtype;
      return true;
    }
  return false;
}

const char *dtypeToSafetensors(batten_dtype dtype) {
  for (const FormatDtype &entry : formatDtypes)
    if (entry.dtype == dtype)
      return entry.name;
  return nullptr;
}

int SafetensorsHeader::parse(Array<char> &header, int64_t dataBytes, const char *fileName, batten_error *error) {
  const int64_t length = header.size() - 1;
  const Census census = takeCensus(header.data(), length);
  // Also no more than fit into so many bytes of well-formed text: 49 for the shortest tensor, 6 for a pair of strings.
  const int64_t objects = std::min(census.objects, length / 49 + 1);
  const int64_t pairs = std::clamp<int64_t>(census.members - 3 * (census.objects - 1), 0, length / 6 + 1);
  if (!entries.create(objects) || !metadata.create(pairs))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "`%s`: no memory for its header", fileName);
  HeaderReader reader(header.data(), length);
  if (!reader.read(entries, metadata))
    return refuseHeader(reader, fileName, error);
  entries.shrink(reader.entryCount);
  metadata.shrink(reader.metadataCount);
  text.swap(header);
  if (const int result = checkOffsets(dataBytes, fileName, error))
    return result;
  return checkNames(fileName, error);
}

int SafetensorsHeader::checkOffsets(int64_t dataBytes, const char *fileName, batten_error *error) {
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.name < b.name;
  });
  int64_t end = 0;
  for (int64_t i = 0; i < count(); ++i) {
    const Entry &entry = entries[i];
    if (entry.begin != end)
      return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: tensor `%.60s` begins at byte %lld of the data, %s at %lld",
                           fileName, Printable(name(i)).text(), (long long)entry.begin,
                           entry.begin < end ? "inside the one before it, which ends" : "after a hole that begins",
                           (long long)end);
    end = entry.end;
  }
  if (end != dataBytes)
    return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: its tensors end at byte %lld of the data, the file %s at %lld",
                         fileName, (long long)end, end < dataBytes ? "goes on and ends" : "ends before that,",
                         (long long)dataBytes);
  return 0;
}

int SafetensorsHeader::checkNames(const char *fileName, batten_error *error) {
  const auto less = [&](uint32_t a, uint32_t b) { return strcmp(name(a), name(b)) < 0; };
  if (!byName.create(count()))
    return BATTEN_REFUSE(error, BATTEN_E_OUT_OF_MEMORY, "`%s`: no memory for its header", fileName);
  for (int64_t i = 0; i < count(); ++i)
    byName[i] = (uint32_t)i;
  std::sort(byName.begin(), byName.end(), less);
  for (int64_t i = 1; i < count(); ++i)
    if (!less(byName[i - 1], byName[i]))
      return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: tensor `%.60s` stands twice", fileName,
                           Printable(name(byName[i])).text());
  std::sort(metadata.begin(), metadata.end(),
            [&](uint32_t a, uint32_t b) { return strcmp(text.data() + a, text.data() + b) < 0; });
  for (int64_t i = 1; i < metadataCount(); ++i)
    if (!strcmp(metadataKey(i - 1), metadataKey(i)))
      return BATTEN_REFUSE(error, BATTEN_E_FORMAT, "`%s`: key `%.60s` of `__metadata__` stands twice", fileName,
                           Printable(metadataKey(i)).text());
  return 0;
}

void SafetensorsHeader::shape(int64_t index, batten_tensor &out) const {
  int64_t sizes[BATTEN_MAX_RANK];
  readShapeAgain(text.data(), entries[index], sizes);
  makeDense(entries[index].dtype, entries[index].rank, sizes, nullptr, out);
}

int64_t SafetensorsHeader::find(const char *wanted) const {
  const uint32_t *found = std::lower_bound(byName.begin(), byName.end(), wanted,
                                           [&](uint32_t entry, const char *to) { return strcmp(name(entry), to) < 0; });
  return found != byName.end() && !strcmp(name(*found), wanted) ? (int64_t)*found : -1;
}

} // namespace batten::runtime
