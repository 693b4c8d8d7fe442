// Session.cpp - see Session.h. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Session.h"
#include "compiler/frontend/Parser.h"
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace batten {

std::vector<OptionSpec> sessionOptions() {
  return {
      {"--help", "", "this text"},
      {"--dim", "NAME=N", "give a dim a size: `--dim D=512`", true},
      {"--diag", "full|short|json", "how errors are printed"},
      {"--color", "auto|always|never", "colour of errors; NO_COLOR is honoured"},
      {"--error-limit", "N", "stop after N errors (20; 0: no limit)"},
      {"-Werror", "", "warnings are errors"},
      {"-v", "", "say how long each phase took"},
  };
}

double millisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

bool parseDimension(const std::string &text, std::string &name, int64_t &value) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return false;
  name = text.substr(0, equals);
  const char *first = text.data() + equals + 1, *last = text.data() + text.size();
  auto [end, code] = std::from_chars(first, last, value);
  return code == std::errc() && end == last && first != last && value >= 0;
}

std::string writeFile(const std::string &path, const std::string &bytes) {
  if (path == "-") {
    bool written = fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && fflush(stdout) == 0;
    return written ? "" : "cannot write to standard output: " + std::string(strerror(errno));
  }
  std::string temporary = path + ".XXXXXX";
  int descriptor = mkstemp(temporary.data());
  if (descriptor < 0)
    return "cannot write '" + path + "': " + strerror(errno);
  // mkstemp makes files that only their owner may read; an output is an ordinary file, or an executable library.
  FILE *file = fdopen(descriptor, "wb");
  bool written = fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  mode_t mask = 022;
  written &= fchmod(descriptor, (path.ends_with(".so") ? 0777 : 0666) & ~mask) == 0;
  written &= fclose(file) == 0;
  if (written && rename(temporary.c_str(), path.c_str()) == 0)
    return "";
  std::string reason = strerror(errno);
  unlink(temporary.c_str());
  return "cannot write '" + path + "': " + reason;
}

static bool wantsColour(const CommandLine &options) {
  std::string colour = options.get("--color", "auto");
  if (colour != "auto")
    return colour == "always";
  const char *none = getenv("NO_COLOR");
  return !(none && *none) && isatty(STDERR_FILENO);
}

Session::Session(const CommandLine &options, bool dimsAreStatic) : options(options), dimsAreStatic(dimsAreStatic) {
  frontend::DiagnosticOptions style;
  std::string mode = options.get("--diag", "full");
  style.mode = mode == "json"    ? frontend::DiagnosticMode::Json
               : mode == "short" ? frontend::DiagnosticMode::Short
                                 : frontend::DiagnosticMode::Full;
  style.colour = wantsColour(options);
  style.warningsAsErrors = options.has("-Werror");
  if (options.has("--error-limit"))
    style.errorLimit = unsigned(strtoul(options.get("--error-limit").c_str(), nullptr, 10));
  found.emplace(files, style);
}

const frontend::FileNode *Session::parse(const std::string &path) {
  auto start = std::chrono::steady_clock::now();
  std::optional<uint32_t> index = files.load(path);
  if (!index) {
    fileExit = ExitFiles;
    found->error("", "cannot read '" + path + "': " + strerror(errno));
    return nullptr;
  }
  tree.emplace(frontend::parse(files, *index, *found));
  phase("parse", millisecondsSince(start));
  return found->hasErrors() ? nullptr : &*tree;
}

frontend::SemaOptions Session::semaOptions() {
  frontend::SemaOptions sema;
  for (const std::string &text : options.all("--dim")) {
    std::string name;
    int64_t value = 0;
    if (dimsAreStatic && parseDimension(text, name, value))
      sema.dims[name] = value;
  }
  sema.programName = options.get("--prefix");
  sema.loadImport = frontend::importFromFiles(files);
  return sema;
}

std::optional<frontend::Program> Session::analyse(const std::string &path) {
  const frontend::FileNode *file = parse(path);
  if (!file)
    return std::nullopt;
  auto start = std::chrono::steady_clock::now();
  std::optional<frontend::Program> program = frontend::analyse(*file, *found, semaOptions());
  phase("check", millisecondsSince(start));
  return program;
}

bool Session::check(const std::string &path) {
  const frontend::FileNode *file = parse(path);
  return file && frontend::checkOnly(*file, *found, semaOptions());
}

int Session::fail(Exit exit, const std::string &sentence) {
  std::string text = found->render();
  fprintf(stderr, "%sbatten: error: %s\n", text.c_str(), sentence.c_str());
  return exit;
}

int Session::finish(int otherwise) {
  std::string text = found->render();
  fputs(text.c_str(), stderr);
  return found->hasErrors() ? fileExit : otherwise;
}

void Session::phase(const std::string &name, double milliseconds) const {
  if (options.has("-v"))
    fprintf(stderr, "%-12s %8.1f ms\n", name.c_str(), milliseconds);
}

} // namespace batten
