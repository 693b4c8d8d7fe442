// Source.cpp - reading, lines and UTF-8 of source files.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Source.h"

#include <algorithm>
#include <cstdio>

namespace batten::frontend {

SourceFile::SourceFile(std::string name, std::string text) : fileName(std::move(name)), contents(std::move(text)) {
  lineStarts.push_back(0);
  for (size_t at = contents.find('\n'); at != std::string::npos; at = contents.find('\n', at + 1))
    lineStarts.push_back(uint32_t(at + 1));
  unsigned char bits = 0;
  for (char c : contents)
    bits |= static_cast<unsigned char>(c);
  isAscii = bits < 0x80;
}

std::string_view SourceFile::text(const SourceRange &range) const {
  size_t begin = std::min<size_t>(range.begin, contents.size());
  size_t end = std::clamp<size_t>(range.end, begin, contents.size());
  return std::string_view(contents).substr(begin, end - begin);
}

LineColumn SourceFile::position(uint32_t offset) const {
  auto after = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  uint32_t number = uint32_t(after - lineStarts.begin());
  size_t end = std::min<size_t>(offset, contents.size());
  if (isAscii)
    return {number, uint32_t(end - lineBegin(number)) + 1};
  uint32_t column = 1;
  // A byte that starts no sequence is a character of its own.
  for (size_t i = lineBegin(number); i < end; i += std::max(1u, utf8SequenceLength(contents, i)))
    ++column;
  return {number, column};
}

std::string_view SourceFile::line(uint32_t number) const {
  size_t begin = lineBegin(number);
  size_t end = number < lineStarts.size() ? lineStarts[number] - 1 : contents.size();
  if (end > begin && contents[end - 1] == '\r')
    --end;
  return std::string_view(contents).substr(begin, end - begin);
}

std::optional<uint32_t> SourceFile::firstInvalidByte() const {
  if (isAscii)
    return std::nullopt;
  for (size_t i = 0; i < contents.size();) {
    unsigned length = utf8SequenceLength(contents, i);
    if (length == 0)
      return uint32_t(i);
    i += length;
  }
  return std::nullopt;
}

unsigned utf8SequenceLength(std::string_view text, size_t offset) {
  auto byte = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : uint8_t(0); };
  uint8_t lead = byte(offset);
  if (lead < 0x80)
    return 1;
  unsigned length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  // The second byte also rules out overlong forms, surrogates and what lies beyond U+10FFFF.
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (length == 0 || byte(offset + 1) < low || byte(offset + 1) > high)
    return 0;
  for (unsigned i = 2; i < length; ++i)
    if (byte(offset + i) < 0x80 || byte(offset + i) > 0xBF)
      return 0;
  return length;
}

uint32_t Sources::add(std::string name, std::string text) {
  files.push_back(std::make_unique<SourceFile>(std::move(name), std::move(text)));
  return uint32_t(files.size() - 1);
}

std::optional<uint32_t> Sources::load(const std::string &path) {
  std::FILE *stream = std::fopen(path.c_str(), "rb");
  if (!stream)
    return std::nullopt;
  // One byte beyond the limit is enough to know that the file is too large.
  std::string text;
  char buffer[1 << 16];
  size_t count;
  while (text.size() <= SourceFile::maxBytes && (count = std::fread(buffer, 1, sizeof buffer, stream)) > 0)
    text.append(buffer, count);
  bool failed = std::ferror(stream) != 0;
  std::fclose(stream);
  if (failed)
    return std::nullopt;
  return add(path, std::move(text));
}

std::string Sources::at(const SourceRange &range) const {
  LineColumn position = begin(range);
  return files[range.file]->name() + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

} // namespace batten::frontend
