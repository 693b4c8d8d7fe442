// Diagnostics.cpp - the diagnostics sink and its three forms: full, short and JSON.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Diagnostics.h"
#include "compiler/frontend/DiagnosticWindow.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace batten::frontend {

//===- Collecting -------------------------------------------------------------------------------------------------===//

Diagnostic &Diagnostic::label(std::string text) {
  primaryLabel = std::move(text);
  return *this;
}

Diagnostic &Diagnostic::secondary(SourceRange range, std::string label) {
  secondaries.push_back({range, std::move(label)});
  return *this;
}

Diagnostic &Diagnostic::note(std::string text, std::optional<SourceRange> range) {
  remarks.push_back({Remark::Kind::Note, std::move(text), range});
  return *this;
}

Diagnostic &Diagnostic::help(std::string text, std::optional<SourceRange> range) {
  remarks.push_back({Remark::Kind::Help, std::move(text), range});
  return *this;
}

Diagnostics::Diagnostics(const Sources &sources, DiagnosticOptions options)
    : files(sources), options(std::move(options)) {}

Diagnostic &Diagnostics::add(Severity severity, std::string code, std::optional<SourceRange> range,
                             std::string message) {
  dropped = Diagnostic();
  // A generic function checked twice finds the same mistake twice.
  for (const Diagnostic &seen : diagnostics)
    if (seen.code == code && seen.range == range && seen.message == message)
      return dropped;
  if (severity == Severity::Error && ++errors > options.errorLimit && options.errorLimit != 0)
    return dropped;
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = std::move(code);
  diagnostic.range = range;
  diagnostic.message = std::move(message);
  diagnostics.push_back(std::move(diagnostic));
  return diagnostics.back();
}

Diagnostic &Diagnostics::error(std::string code, SourceRange range, std::string message) {
  return add(Severity::Error, std::move(code), range, std::move(message));
}

Diagnostic &Diagnostics::error(std::string code, std::string message) {
  return add(Severity::Error, std::move(code), std::nullopt, std::move(message));
}

Diagnostic &Diagnostics::warning(std::string name, std::optional<SourceRange> range, std::string message) {
  dropped = Diagnostic();
  auto isAllowed = [&](const auto &lint) {
    const SourceRange &inside = lint.second;
    return lint.first == name && range && range->file == inside.file && inside.begin <= range->begin &&
           range->begin < inside.end;
  };
  if (options.disabled.count(name) || (!options.warnings && !options.warningsAsErrors) ||
      std::any_of(allowed.begin(), allowed.end(), isAllowed))
    return dropped;
  std::string code = (options.warningsAsErrors ? "-Werror,-W" : "-W") + name;
  return add(options.warningsAsErrors ? Severity::Error : Severity::Warning, std::move(code), range,
             std::move(message));
}

void Diagnostics::clear() {
  diagnostics.clear();
  errors = 0;
  fault.reset();
}

void Diagnostics::internalError(std::string phase, std::string report) {
  if (!fault)
    fault = InternalError{std::move(phase), std::move(report)};
}

//===- Printing ---------------------------------------------------------------------------------------------------===//

/// Names that come out of files may hold what a terminal obeys: C0, DEL, and C1 (U+0080 to U+009F are C2 80 to C2 9F).
static std::string printable(std::string text) {
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(text[i]);
    bool c1 = i > 0 && static_cast<unsigned char>(text[i - 1]) == 0xC2 && byte >= 0x80 && byte <= 0x9F;
    if (byte < 0x20 || byte == 0x7F || c1)
      text[i] = '?';
    if (c1)
      text[i - 1] = '?';
  }
  return text;
}

static std::string firstLine(const Sources &sources, const Diagnostic &diagnostic, bool colour) {
  bool isError = diagnostic.severity == Severity::Error;
  std::string place = diagnostic.range ? sources.at(*diagnostic.range) : "batten";
  return styled(place + ":", Style::Bold, colour) + " " +
         styled(isError ? "error:" : "warning:", isError ? Style::Error : Style::Warning, colour) + " " +
         styled(printable(diagnostic.message) + (diagnostic.code.empty() ? "" : " [" + diagnostic.code + "]"),
                Style::Bold, colour) +
         "\n";
}

static std::string fullForm(const Sources &sources, const Diagnostic &diagnostic, const DiagnosticOptions &options) {
  Window window = drawWindow(sources, diagnostic, options);
  std::string text = firstLine(sources, diagnostic, options.colour) + window.text;
  std::string indent(window.gutterDigits + 1, ' ');
  auto remark = [&](const char *kind, const std::string &sentence) {
    text += indent + styled("=", Style::Gutter, options.colour) + " " + styled(kind, Style::Note, options.colour) +
            " " + printable(sentence) + "\n";
  };
  // The window shows one file; what lies in another is named instead.
  for (const LabelledRange &secondary : diagnostic.secondaries)
    if (diagnostic.range && secondary.range.file != diagnostic.range->file)
      remark("note:",
             (secondary.label.empty() ? "see" : secondary.label + " at") + (" " + sources.at(secondary.range)));
  for (const Remark &each : diagnostic.remarks)
    remark(each.kind == Remark::Kind::Note ? "note:" : "help:", each.text);
  return text;
}

//===- JSON -------------------------------------------------------------------------------------------------------===//

static std::string quoted(std::string_view text) {
  static const char digits[] = "0123456789abcdef";
  std::string json = "\"";
  for (size_t i = 0; i < text.size();) {
    unsigned length = utf8SequenceLength(text, i);
    unsigned char byte = static_cast<unsigned char>(text[i]);
    if (length == 0)
      json += "\\ufffd";
    else if (byte == '"' || byte == '\\')
      json += {'\\', text[i]};
    else if (byte < 0x20)
      json += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    else
      json += text.substr(i, length);
    i += std::max(1u, length);
  }
  return json + "\"";
}

static std::string place(const Sources &sources, const SourceRange &range) {
  LineColumn begin = sources.begin(range), end = sources.end(range);
  auto number = [](const char *key, uint32_t value) {
    return ",\"" + std::string(key) + "\":" + std::to_string(value);
  };
  return "\"file\":" + quoted(sources.file(range.file).name()) + number("line", begin.line) +
         number("column", begin.column) + number("endLine", end.line) + number("endColumn", end.column);
}

// One object on a line of its own, so that a reader needs no streaming parser.
static std::string jsonForm(const Sources &sources, const Diagnostic &diagnostic) {
  std::string json = "{\"severity\":";
  json += diagnostic.severity == Severity::Error ? "\"error\"" : "\"warning\"";
  json += ",\"code\":" + quoted(diagnostic.code) + ",\"message\":" + quoted(diagnostic.message);
  if (diagnostic.range)
    json += "," + place(sources, *diagnostic.range);
  if (!diagnostic.primaryLabel.empty())
    json += ",\"label\":" + quoted(diagnostic.primaryLabel);
  auto list = [&](const char *key, auto &&elements, auto &&print) {
    std::string separator;
    json += ",\"" + std::string(key) + "\":[";
    for (const auto &element : elements) {
      json += separator + "{" + print(element) + "}";
      separator = ",";
    }
    json += "]";
  };
  list("secondary", diagnostic.secondaries, [&](const LabelledRange &secondary) {
    return place(sources, secondary.range) + ",\"label\":" + quoted(secondary.label);
  });
  list("remarks", diagnostic.remarks, [&](const Remark &remark) {
    std::string kind = remark.kind == Remark::Kind::Note ? "\"note\"" : "\"help\"";
    return "\"kind\":" + kind + ",\"text\":" + quoted(remark.text) +
           (remark.range ? "," + place(sources, *remark.range) : "");
  });
  return json + "}\n";
}

std::string Diagnostics::render(const Diagnostic &diagnostic) const {
  switch (options.mode) {
  case DiagnosticMode::Full:
    return fullForm(files, diagnostic, options);
  case DiagnosticMode::Short:
    return firstLine(files, diagnostic, options.colour);
  case DiagnosticMode::Json:
    return jsonForm(files, diagnostic);
  }
  return {};
}

std::string Diagnostics::render() const {
  auto key = [&](size_t index) {
    SourceRange range = diagnostics[index].range.value_or(SourceRange{UINT32_MAX, 0, 0});
    return std::tuple(range.file, range.begin, index);
  };
  std::vector<size_t> order(diagnostics.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  std::string text;
  for (size_t index : order)
    text += render(diagnostics[index]);
  if (options.errorLimit != 0 && errors > options.errorLimit && options.mode != DiagnosticMode::Json)
    text += "batten: " + std::to_string(errors - options.errorLimit) + " more errors; only the first " +
            std::to_string(options.errorLimit) + " are shown (--error-limit)\n";
  return text;
}

std::string jsonString(std::string_view text) { return quoted(text); }

} // namespace batten::frontend
