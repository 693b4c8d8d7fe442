// Source.h - source files: their text, lines and the ranges that everything else points with.
//
// A SourceRange is three numbers, a file and two byte offsets; lines and columns are computed when something is
// printed. Columns count characters (code points) from 1, as an editor shows them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_SOURCE_H
#define BATTEN_COMPILER_FRONTEND_SOURCE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace batten::frontend {

// Bytes [begin, end) of one file.
struct SourceRange {
  uint32_t file = 0;
  uint32_t begin = 0;
  uint32_t end = 0;

  // From the start of this to the end of `other` (of the same file, not before this).
  SourceRange to(const SourceRange &other) const { return {file, begin, other.end}; }
  SourceRange atBegin() const { return {file, begin, begin}; }
  SourceRange atEnd() const { return {file, end, end}; }
  bool empty() const { return begin == end; }
  friend bool operator==(const SourceRange &, const SourceRange &) = default;
};

struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

class SourceFile {
public:
  static constexpr size_t maxBytes = size_t(16) << 20;

  // `name` is what diagnostics print: the path as the user gave it.
  SourceFile(std::string name, std::string text);

  const std::string &name() const { return fileName; }
  std::string_view text() const { return contents; }
  std::string_view text(const SourceRange &range) const;
  LineColumn position(uint32_t offset) const;
  uint32_t lineCount() const { return uint32_t(lineStarts.size()); }
  // Bytes of a line (from 1) without its line end.
  std::string_view line(uint32_t number) const;
  uint32_t lineBegin(uint32_t number) const { return lineStarts[number - 1]; }
  bool tooLarge() const { return contents.size() > maxBytes; }
  // Offset of the first byte that starts no valid UTF-8 sequence.
  std::optional<uint32_t> firstInvalidByte() const;

private:
  std::string fileName;
  std::string contents;
  std::vector<uint32_t> lineStarts;
  bool isAscii = true; // each byte is a character
};

// All files of one compilation; the index of a file is SourceRange::file. Files stay where they are.
class Sources {
public:
  uint32_t add(std::string name, std::string text);
  // Reads `path`; nullopt: it can't be read.
  std::optional<uint32_t> load(const std::string &path);
  const SourceFile &file(uint32_t index) const { return *files[index]; }
  uint32_t size() const { return uint32_t(files.size()); }
  std::string_view text(const SourceRange &range) const { return files[range.file]->text(range); }
  LineColumn begin(const SourceRange &range) const { return files[range.file]->position(range.begin); }
  LineColumn end(const SourceRange &range) const { return files[range.file]->position(range.end); }
  // "lm.btn:12:7", for use in the sentence of a note or label.
  std::string at(const SourceRange &range) const;

private:
  std::vector<std::unique_ptr<SourceFile>> files;
};

// Length of the valid UTF-8 sequence that starts at text[offset], 0 if none does.
unsigned utf8SequenceLength(std::string_view text, size_t offset);

} // namespace batten::frontend

#endif
