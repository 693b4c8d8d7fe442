// TextTable.h - columns of text.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_TOOLS_TEXTTABLE_H
#define BATTEN_COMPILER_TOOLS_TEXTTABLE_H

#include <algorithm>
#include <string>
#include <vector>

namespace batten {

/// Rows in columns as wide as their widest cell, three spaces apart; the last column and empty ends are not padded.
inline std::string tableText(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1));
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const std::vector<std::string> &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] + 3 - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

} // namespace batten
#endif // BATTEN_COMPILER_TOOLS_TEXTTABLE_H
