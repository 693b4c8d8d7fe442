// Program.cpp - see Program.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Program.h"
#include "compiler/frontend/Source.h"

#include <algorithm>

namespace batten::frontend {

/// Columns count characters, ranges bytes.
SourceRange rangeOf(const Location &location, const Sources &sources) {
  for (uint32_t index = 0; index < sources.size(); ++index) {
    const SourceFile &file = sources.file(index);
    if (file.name() != location.file || location.line < 1 || uint32_t(location.line) > file.lineCount())
      continue;
    std::string_view line = file.line(uint32_t(location.line));
    auto offsetOf = [&](int column) {
      size_t offset = 0;
      for (int i = 1; i < column && offset < line.size(); ++i)
        offset += std::max(1u, utf8SequenceLength(line, offset));
      return file.lineBegin(uint32_t(location.line)) + uint32_t(offset);
    };
    return {index, offsetOf(location.column), offsetOf(location.endColumn)};
  }
  return {};
}

} // namespace batten::frontend
