// FmtCommand.cpp - `batten fmt`: one style for sources.
//
// A file that does not parse is left alone. What was formatted is held against the source token by token before it is
// written: a formatter must not be able to change a program.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Format.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/Session.h"
#include "compiler/tools/SourceFiles.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

namespace batten {
namespace {

const char *examples = R"(
Lines stay as they are written; what is put right are the spaces within them: indents, the gaps between tokens, columns
of parameters and of the comments behind code.

Examples:
  batten fmt qproj.btn                 in place, as of each file that is named
  batten fmt --check *.btn             only name the files that would change; the status is 1 then
  batten fmt --diff qproj.btn          show what would change
  batten fmt < qproj.btn               standard input to standard output
)";

class Fmt {
public:
  explicit Fmt(const CommandLine &options) : options(options) {}
  int run();

private:
  const CommandLine &options;
  bool keepsFiles() const { return options.has("--check") || options.has("--diff"); }
  int formatFile(const std::string &path);
  int formatStandardInput();
  int showChange(const std::string &name, const std::string &before, const std::string &after);
};

/// The texts of tokens and comments; a line comment's last blanks are not part of it.
std::vector<std::string> wordsOf(const std::string &text) {
  frontend::Sources sources;
  uint32_t file = sources.add("", text);
  frontend::Diagnostics ignored(sources);
  frontend::TokenList list = frontend::lex(sources, file, ignored);
  std::vector<std::string> words;
  for (const frontend::Token &token : list.tokens)
    words.emplace_back(sources.text(token.range));
  for (const frontend::Comment &comment : list.comments) {
    words.emplace_back(sources.text(comment.range));
    if (comment.kind != frontend::Comment::Kind::Block)
      words.back().resize(words.back().find_last_not_of(" \t\r") + 1);
  }
  return words;
}

/// nullopt: the session has what is wrong.
std::optional<std::string> formatted(Session &session, uint32_t file) {
  frontend::parse(session.sources(), file, session.diagnostics());
  if (session.diagnostics().hasErrors())
    return std::nullopt;
  const frontend::SourceFile &source = session.sources().file(file);
  std::string before(source.text());
  std::string after = frontend::format(source, frontend::lex(session.sources(), file, session.diagnostics()));
  if (wordsOf(before) == wordsOf(after))
    return after;
  session.diagnostics().internalError("fmt", "'" + source.name() + "' would change in more than its spaces");
  return std::nullopt;
}

/// Each with its end, which the last may lack.
std::vector<std::string> linesOf(const std::string &text) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; begin < text.size(); begin = end) {
    end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

void printLine(char side, const std::string &line) {
  printf("%c%s%s", side, line.c_str(), line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n");
}

/// `diff -U0`: line n stays line n, so the hunks are the runs of lines that differ. What stands before the names of the
/// files is no part of a patch.
void printDifference(const std::string &name, const std::string &before, const std::string &after) {
  std::vector<std::string> old = linesOf(before), fresh = linesOf(after);
  size_t count = std::max(old.size(), fresh.size());
  auto differs = [&](size_t i) { return i >= old.size() || i >= fresh.size() || old[i] != fresh[i]; };
  if (before.find("\r\n") != std::string::npos) // which looks the same
    printf("%s: lines that end in CR LF get LF\n", name.c_str());
  printf("--- %s\n+++ %s\n", name.c_str(), name.c_str());
  for (size_t begin = 0, end; begin < count; begin = end + 1) {
    for (end = begin; end < count && differs(end); ++end)
      ;
    if (end == begin)
      continue;
    size_t oldEnd = std::min(end, old.size()), newEnd = std::min(end, fresh.size());
    size_t oldCount = oldEnd - std::min(begin, oldEnd), newCount = newEnd - std::min(begin, newEnd);
    printf("@@ -%zu,%zu +%zu,%zu @@\n", begin + (oldCount > 0), oldCount, begin + (newCount > 0), newCount);
    for (size_t i = begin; i < oldEnd; ++i)
      printLine('-', old[i]);
    for (size_t i = begin; i < newEnd; ++i)
      printLine('+', fresh[i]);
  }
}

int Fmt::showChange(const std::string &name, const std::string &before, const std::string &after) {
  if (before == after)
    return ExitOk;
  if (options.has("--diff"))
    printDifference(name, before, after);
  else
    printf("%s\n", name.c_str());
  return ExitRefused;
}

int Fmt::formatFile(const std::string &path) {
  Session session(options);
  std::optional<uint32_t> file = session.load(path);
  std::optional<std::string> text = file ? formatted(session, *file) : std::nullopt;
  if (!text)
    return session.finish();
  std::string before(session.sources().file(*file).text());
  if (keepsFiles())
    return showChange(path, before, *text);
  std::string fault = before == *text ? "" : writeFile(path, *text, /*keepsMode=*/true);
  return fault.empty() ? ExitOk : session.fail(ExitFiles, fault);
}

int Fmt::formatStandardInput() {
  std::string before;
  char buffer[1 << 16];
  while (size_t bytes = fread(buffer, 1, sizeof buffer, stdin))
    before.append(buffer, bytes);
  int unread = ferror(stdin) ? errno : 0;
  Session session(options);
  if (unread) // half a source is none
    return session.fail(ExitFiles, std::string("cannot read standard input: ") + strerror(unread));
  std::optional<std::string> text = formatted(session, session.add("<standard input>", before));
  if (!text)
    return session.finish();
  if (keepsFiles())
    return showChange("<standard input>", before, *text);
  std::string fault = writeFile("-", *text);
  return fault.empty() ? ExitOk : session.fail(ExitFiles, fault);
}

int Fmt::run() {
  if (options.positional().empty())
    return formatStandardInput();
  std::vector<std::string> files = findSources(options.positional());
  if (files.empty())
    return Session(options).fail(ExitUsage, noSourcesIn(options.positional()));
  int worst = ExitOk;
  for (const std::string &path : files)
    worst = std::max(worst, formatFile(path));
  return worst;
}

} // namespace

int fmtCommand(const std::vector<std::string> &words) {
  CommandLine options(textOptions({
      {"--check", "", "write nothing; name the files that would change"},
      {"--diff", "", "write nothing; show what would change"},
  }));
  if (std::optional<int> exit =
          options.begin(words, "batten fmt [options] [file.btn|folder...]: format sources", examples))
    return *exit;
  return Fmt(options).run();
}

} // namespace batten
