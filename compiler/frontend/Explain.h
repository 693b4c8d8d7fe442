// Explain.h - the pages of `batten explain CODE`: what a diagnostic means, a wrong example, and the same mended.
//
// An example is a program `ex.btn`; a line that begins with `$ ` is the command that shows it (`batten check ex.btn`
// where there is none), one with `# ` says what a weights file holds. The tests run them all.
//
// Includes no MLIR.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_EXPLAIN_H
#define BATTEN_COMPILER_FRONTEND_EXPLAIN_H

#include <string>
#include <string_view>
#include <vector>

namespace batten::frontend {

struct Page {
  const char *code;    ///< "E0205"; a warning's name without -W
  const char *title;   ///< half a line
  const char *meaning; ///< lines that begin and end with a newline, as the examples
  const char *wrong;
  const char *mended;
};

/// All pages, in the order of their codes.
const std::vector<Page> &pages();
const Page *findPage(std::string_view code);
std::string printPage(const Page &page);
/// A line a page: code and title.
std::string listPages();

// By family.
extern const std::vector<Page> textPages, namePages, shapePages, dtypePages, weightPages, runPages;

} // namespace batten::frontend

#endif
