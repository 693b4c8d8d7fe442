// DiagnosticWindow.h - the source window of a diagnostic: lines, gutter, underlines and labels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_DIAGNOSTICWINDOW_H
#define BATTEN_COMPILER_FRONTEND_DIAGNOSTICWINDOW_H

#include "compiler/frontend/Diagnostics.h"

namespace batten::frontend {

enum class Style { Plain, Bold, Error, Warning, Note, Gutter, Primary, Secondary };

// `text` in the colours of `style`, or as it is.
std::string styled(std::string text, Style style, bool colour);

struct Window {
  std::string text;          // whole lines; empty without a primary range
  unsigned gutterDigits = 1; // `= help:` lines align with the bar after these
};

Window drawWindow(const Sources &sources, const Diagnostic &diagnostic, const DiagnosticOptions &options);

} // namespace batten::frontend

#endif
