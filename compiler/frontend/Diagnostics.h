// Diagnostics.h - collects errors and warnings of the front end and prints them.
//
//   diagnostics.error("E0205", op.range, "ambiguous broadcast of batch dims [B] and [T]")
//       .secondary(lhs.range).secondary(rhs.range)
//       .label("f32[B | D] with f32[T | D]: neither list contains the other")
//       .help("no outer product is formed silently; if you want one: `spread(tok, [B, T]) + pos`");
// prints
//   emb.btn:9:15: error: ambiguous broadcast of batch dims [B] and [T] [E0205]
//   9 |   let h = tok + pos
//     |           --- ^ --- f32[B | D] with f32[T | D]: neither list contains the other
//     = help: no outer product is formed silently; if you want one: `spread(tok, [B, T]) + pos`
//
// Messages are lower case without a full stop. A position inside a sentence comes from `at(range)`. Diagnostics are
// kept and printed in source order; beyond the error limit they are only counted.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_DIAGNOSTICS_H
#define BATTEN_COMPILER_FRONTEND_DIAGNOSTICS_H

#include "compiler/frontend/Source.h"

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace batten::frontend {

enum class Severity { Error, Warning };

// A note or help line; its range, where one is known, is for the JSON form and editors only.
struct Remark {
  enum class Kind { Note, Help };
  Kind kind;
  std::string text;
  std::optional<SourceRange> range;
};

struct LabelledRange {
  SourceRange range;
  std::string label;
};

class Diagnostic {
public:
  // Text after the carets of the primary range.
  Diagnostic &label(std::string text);
  // A range underlined with `-`. Without a label of its own the primary's label speaks for all.
  Diagnostic &secondary(SourceRange range, std::string label = {});
  Diagnostic &note(std::string text, std::optional<SourceRange> range = std::nullopt);
  Diagnostic &help(std::string text, std::optional<SourceRange> range = std::nullopt);

  Severity severity = Severity::Error;
  std::string code; // "E0205"; a warning's name without -W
  std::string message;
  std::optional<SourceRange> range; // none: concerns no place in a file
  std::string primaryLabel;
  std::vector<LabelledRange> secondaries;
  std::vector<Remark> remarks; // in the order given
};

enum class DiagnosticMode { Full, Short, Json };

struct DiagnosticOptions {
  DiagnosticMode mode = DiagnosticMode::Full;
  bool colour = false;
  unsigned errorLimit = 20;       // 0: none
  bool warningsAsErrors = false;  // -Werror
  bool warnings = true;           // false: --quiet
  std::set<std::string> disabled; // -Wno-x, and what is off unless -Wx is given
  unsigned windowColumns = 120;   // longer source lines are cut around what is underlined
};

// A fault of the compiler and not of the program. The report is for its developers: it is never rendered.
struct InternalError {
  std::string phase;
  std::string report;
};

class Diagnostics {
public:
  explicit Diagnostics(const Sources &sources, DiagnosticOptions options = {});

  // The returned reference stays good: what is added to a diagnostic may itself be evaluated, and find an error.
  Diagnostic &error(std::string code, SourceRange range, std::string message);
  // Without a place: "batten: error: ...".
  Diagnostic &error(std::string code, std::string message);
  Diagnostic &warning(std::string name, std::optional<SourceRange> range, std::string message);
  // No warning of that name inside of `range`: `#[allow(name)]`.
  void allow(std::string name, SourceRange range) { allowed.emplace_back(std::move(name), range); }

  // Forgets all, as if nothing had been found; what is allowed stays so.
  void clear();

  // The first one is kept.
  void internalError(std::string phase, std::string report);
  const std::optional<InternalError> &internalError() const { return fault; }

  bool hasErrors() const { return errors != 0 || fault; }
  unsigned errorCount() const { return errors; } // those beyond the limit included
  // True once the limit is reached: a phase may then stop early.
  bool limitReached() const { return options.errorLimit != 0 && errors >= options.errorLimit; }

  const std::deque<Diagnostic> &all() const { return diagnostics; }
  const Sources &sources() const { return files; }
  std::string at(const SourceRange &range) const { return files.at(range); }

  // Everything, in source order. Empty if there is nothing to say.
  std::string render() const;
  std::string render(const Diagnostic &diagnostic) const;

private:
  Diagnostic &add(Severity severity, std::string code, std::optional<SourceRange> range, std::string message);

  const Sources &files;
  DiagnosticOptions options;
  std::deque<Diagnostic> diagnostics;
  std::vector<std::pair<std::string, SourceRange>> allowed;
  Diagnostic dropped; // takes what comes after the limit
  unsigned errors = 0;
  std::optional<InternalError> fault;
};

// A string of JSON, quotes included.
std::string jsonString(std::string_view text);

} // namespace batten::frontend

#endif
