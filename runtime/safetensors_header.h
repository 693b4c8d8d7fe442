// safetensors_header.h - the JSON header of a .safetensors file as a table of tensors.
//
// Takes the header's bytes and keeps them: names and metadata are unescaped in place and stay there, shapes stay text
// and are read again when asked for. So the table costs at most 0.72 of the header's own bytes beside them, whatever a
// hostile header says.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_RUNTIME_SAFETENSORS_HEADER_H
#define BATTEN_RUNTIME_SAFETENSORS_HEADER_H

#include "batten.h"
#include "memory.h"

namespace batten::runtime {

/// The format's own limit.
constexpr int64_t maximumHeaderBytes = 100'000'000;

/// A dtype in the spelling of the format; false for names that it does not have.
bool dtypeFromSafetensors(const char *name, batten_dtype &out);
/// Null for a dtype that the format does not have.
const char *dtypeToSafetensors(batten_dtype dtype);

class SafetensorsHeader {
public:
  /// `header` is taken over; it has one byte more than the header, which is overwritten. `dataBytes`: what follows it
  /// in the file.
  int parse(Array<char> &header, int64_t dataBytes, const char *fileName, batten_error *error);

  int64_t count() const { return entries.size(); }
  const char *name(int64_t index) const { return text.data() + entries[index].name; }
  /// Position of the first byte, from the end of the header.
  int64_t begin(int64_t index) const { return entries[index].begin; }
  int64_t bytes(int64_t index) const { return entries[index].end - entries[index].begin; }
  void shape(int64_t index, batten_tensor &out) const;
  int64_t find(const char *name) const;

  int64_t metadataCount() const { return metadata.size(); }
  /// The value stands behind the key's end.
  const char *metadataKey(int64_t index) const { return text.data() + metadata[index]; }

  struct Entry {
    int64_t begin, end;
    uint32_t name, shape; ///< positions in `text`
    batten_dtype dtype;
    int32_t rank;
  };

private:
  int checkOffsets(int64_t dataBytes, const char *fileName, batten_error *error);
  int checkNames(const char *fileName, batten_error *error);

  Array<char> text;
  Array<Entry> entries;     ///< in the order of their bytes
  Array<uint32_t> byName;   ///< entries in the order of their names
  Array<uint32_t> metadata; ///< positions of the keys in `text`
};

} // namespace batten::runtime

#endif // BATTEN_RUNTIME_SAFETENSORS_HEADER_H
