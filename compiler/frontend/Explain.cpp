// Explain.cpp - finds and prints the pages of Explain.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Explain.h"

#include <sstream>

namespace batten::frontend {

const std::vector<Page> &pages() {
  static const std::vector<Page> all = [] {
    std::vector<Page> pages;
    for (const std::vector<Page> *family : {&textPages, &namePages, &shapePages, &dtypePages, &weightPages, &runPages})
      pages.insert(pages.end(), family->begin(), family->end());
    return pages;
  }();
  return all;
}

const Page *findPage(std::string_view code) {
  for (const Page &page : pages())
    if (code == page.code)
      return &page;
  return nullptr;
}

/// The lines of a text, moved right.
static std::string indented(const std::string &text, const std::string &indent) {
  std::istringstream lines(text.substr(1)); // the newline after the opening quote
  std::string result;
  for (std::string line; std::getline(lines, line);)
    result += (line.empty() ? "" : indent) + line + "\n";
  return result;
}

std::string printPage(const Page &page) {
  return std::string(page.code) + ": " + page.title + "\n\n" + indented(page.meaning, "") + "\nWrong:\n" +
         indented(page.wrong, "    ") + "\nMended:\n" + indented(page.mended, "    ");
}

std::string listPages() {
  size_t width = 0;
  for (const Page &page : pages())
    width = std::max(width, std::string_view(page.code).size());
  std::string text;
  for (const Page &page : pages())
    text += page.code + std::string(width + 2 - std::string_view(page.code).size(), ' ') + page.title + "\n";
  return text;
}

} // namespace batten::frontend
