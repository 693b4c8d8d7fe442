// ExpectedErrors.cpp - see ExpectedErrors.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/ExpectedErrors.h"
#include <algorithm>
#include <iterator>

namespace batten {

static const std::string_view marker = "// expect-error:";

/// "E0205, E0301" in parts; none where it is anything else.
static std::vector<std::string> codesIn(std::string_view text) {
  std::vector<std::string> codes;
  std::string word;
  for (char c : text) {
    if (isalnum(static_cast<unsigned char>(c))) {
      word += c;
    } else if (c == ',' || c == ' ' || c == '\t' || c == '\r') {
      if (!word.empty())
        codes.push_back(std::move(word));
      word.clear();
    } else {
      return {};
    }
  }
  if (!word.empty())
    codes.push_back(std::move(word));
  auto isCode = [](const std::string &code) {
    return code.size() == 5 && code[0] == 'E' && code.find_first_not_of("0123456789", 1) == std::string::npos;
  };
  return std::all_of(codes.begin(), codes.end(), isCode) ? codes : std::vector<std::string>();
}

ErrorPlaces expectedErrors(const frontend::SourceFile &file, std::string &fault) {
  ErrorPlaces places;
  for (uint32_t number = 1; number <= file.lineCount(); ++number) {
    std::string_view line = file.line(number);
    size_t at = line.rfind(marker);
    if (at == std::string_view::npos || (at > 0 && line[at - 1] == '`')) // prose about the comment
      continue;
    std::vector<std::string> codes = codesIn(line.substr(at + marker.size()));
    if (codes.empty() && fault.empty())
      fault = file.name() + ":" + std::to_string(number) + ": wanted codes after `expect-error:`, as in `" +
              std::string(marker) + " E0205`";
    for (std::string &code : codes)
      places.emplace(number, std::move(code));
  }
  return places;
}

ErrorPlaces foundErrors(const frontend::Diagnostics &diagnostics) {
  ErrorPlaces places;
  for (const frontend::Diagnostic &diagnostic : diagnostics.all())
    if (diagnostic.severity == frontend::Severity::Error)
      places.emplace(diagnostic.range ? diagnostics.sources().begin(*diagnostic.range).line : 0, diagnostic.code);
  return places;
}

std::string compareErrors(const std::string &file, const ErrorPlaces &expected, const ErrorPlaces &found) {
  std::vector<std::pair<ErrorPlaces::value_type, const char *>> differences;
  auto note = [&](const ErrorPlaces &these, const ErrorPlaces &others, const char *what) {
    std::vector<ErrorPlaces::value_type> rest;
    std::set_difference(these.begin(), these.end(), others.begin(), others.end(), std::back_inserter(rest));
    for (ErrorPlaces::value_type &place : rest)
      differences.emplace_back(std::move(place), what);
  };
  note(expected, found, "is expected, but there is no such error");
  note(found, expected, "is not expected");
  std::sort(differences.begin(), differences.end());
  std::string text;
  for (const auto &[place, what] : differences)
    text += file + ":" + std::to_string(place.first) + ": " + (place.second.empty() ? "an error" : place.second) + " " +
            what + "\n";
  return text;
}

} // namespace batten
