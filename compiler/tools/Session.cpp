// Session.cpp - see Session.h.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Session.h"
#include "compiler/frontend/Parser.h"
#include "compiler/tools/Amounts.h"
#include "compiler/tools/SourceFiles.h"
#include "compiler/tools/TextTable.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace batten {

std::vector<OptionSpec> textOptions(std::vector<OptionSpec> own) {
  own.insert(own.begin(), {
                              {"--help", "", "this text"},
                              {"--diag", "full|short|json", "how errors are printed"},
                              {"--color", "auto|always|never", "colour of errors; NO_COLOR is honoured"},
                              {"--error-limit", "N", "stop after N errors (20; 0: no limit)"},
                              {"--quiet", "", "errors only: no warnings, no progress"},
                          });
  return own;
}

std::vector<OptionSpec> sessionOptions(std::vector<OptionSpec> own) {
  std::vector<OptionSpec> specs = textOptions({
      {"--dim", "NAME=SIZE", "give a dim a size: `--dim B=4`", true},
      {"-Werror", "", "warnings are errors"},
      {"-W", "LINT", "with this warning, which is off unless given: `-Wperf`, `-Wdropped-rows`", true},
      {"-Wno-", "LINT", "without this warning: `-Wno-unused-tensor`", true},
      {"-I", "DIR", "where imports are looked for too", true},
      {"-v", "", "say how long each phase took"},
      {"-vv", "", "and each pass in it"},
      {"--time-passes", "", "at the end, a table of them, the longest first"},
  });
  specs.insert(specs.end(), own.begin(), own.end());
  return specs;
}

double millisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

static std::string writeStream(FILE *stream, const std::string &bytes) {
  bool written = fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size() && fflush(stream) == 0;
  return written ? "" : strerror(errno);
}

/// What is no regular file (a device, a pipe) is written to: a rename would put a file in its place.
static std::string writeInPlace(const std::string &path, const std::string &bytes) {
  FILE *file = fopen(path.c_str(), "wb");
  if (!file)
    return strerror(errno);
  std::string reason = writeStream(file, bytes);
  fclose(file);
  return reason;
}

/// `mode`: of the file that is replaced, where it is to stay.
static std::string replaceFile(const std::string &path, const std::string &bytes, std::optional<mode_t> mode) {
  std::string temporary = path + ".XXXXXX";
  int descriptor = mkstemp(temporary.data());
  if (descriptor < 0) {
    std::string why = strerror(errno);
    return access(path.c_str(), W_OK) ? why : "the new file that is to replace it cannot be made in its folder: " + why;
  }
  // mkstemp makes files that only their owner may read; an output is an ordinary file, or an executable library.
  FILE *file = fdopen(descriptor, "wb");
  mode_t mask = umask(0); // which tells it only by setting another
  umask(mask);
  std::string reason = writeStream(file, bytes);
  if (reason.empty() && fchmod(descriptor, mode.value_or((path.ends_with(".so") ? 0777 : 0666) & ~mask)))
    reason = strerror(errno);
  if (fclose(file) && reason.empty())
    reason = strerror(errno);
  if (reason.empty() && rename(temporary.c_str(), path.c_str()))
    reason = strerror(errno);
  if (!reason.empty())
    unlink(temporary.c_str());
  return reason;
}

std::string writeFile(const std::string &path, const std::string &bytes, bool keepsMode) {
  struct stat status;
  std::error_code code;
  std::string reason;
  if (path == "-")
    reason = writeStream(stdout, bytes);
  else if (stat(path.c_str(), &status)) // a link to nothing makes what it names
    reason = std::filesystem::is_symlink(path, code) ? writeInPlace(path, bytes) : replaceFile(path, bytes, {});
  else if (!S_ISREG(status.st_mode))
    reason = writeInPlace(path, bytes);
  else // of a link the file that it names: it stays a link
    reason = replaceFile(std::filesystem::canonical(path, code).string(), bytes,
                         keepsMode ? std::optional(status.st_mode & 0777) : std::nullopt);
  return reason.empty() ? ""
                        : "cannot write " + (path == "-" ? "to standard output" : "'" + path + "'") + ": " + reason;
}

static bool wantsColour(const CommandLine &options) {
  std::string colour = options.get("--color", "auto");
  if (colour != "auto")
    return colour == "always";
  const char *none = getenv("NO_COLOR");
  return !(none && *none) && isatty(STDERR_FILENO);
}

Session::Session(const CommandLine &options, bool dimsAreStatic, unsigned errorLimit)
    : options(options), dimsAreStatic(dimsAreStatic) {
  frontend::DiagnosticOptions style;
  std::string mode = options.get("--diag", "full");
  style.mode = mode == "json"    ? frontend::DiagnosticMode::Json
               : mode == "short" ? frontend::DiagnosticMode::Short
                                 : frontend::DiagnosticMode::Full;
  style.colour = wantsColour(options);
  style.warningsAsErrors = options.has("-Werror");
  style.warnings = !options.has("--quiet");
  style.disabled.insert(frontend::quietLints().begin(), frontend::quietLints().end());
  for (const std::string &lint : options.all("-W"))
    style.disabled.erase(lint);
  for (const std::string &lint : options.all("-Wno-"))
    style.disabled.insert(lint);
  style.errorLimit = unsigned(options.number("--error-limit", errorLimit));
  found.emplace(files, style);
}

std::optional<uint32_t> Session::load(const std::string &path) {
  std::optional<uint32_t> index = files.load(path);
  if (!index)
    refuse(ExitFiles, "cannot read '" + path + "': " + strerror(errno));
  else if (std::string fault = notASource(path, options.isOption("weights")); !fault.empty())
    return refuse(ExitUsage, fault), std::nullopt;
  return index;
}

const frontend::FileNode *Session::parse(const std::string &path) {
  auto start = std::chrono::steady_clock::now();
  std::optional<uint32_t> index = load(path);
  if (!index)
    return nullptr;
  reportCrashes();
  tree.emplace(frontend::parse(files, *index, *found));
  phase("parse", millisecondsSince(start));
  if (tree->isWhole)
    return &*tree;
  if (!tree->isCut)
    analyse(*tree); // what has no error of its own may have one of its types
  return nullptr;
}

bool Session::fixes(const std::string &dim) const {
  if (!options.dims().count(dim) || !tree)
    return false;
  for (const frontend::ItemPtr &item : tree->items)
    if (const auto *dims = frontend::dynCast<frontend::DimItem>(*item))
      for (const frontend::DimDefinition &definition : dims->definitions)
        if (definition.name.name == dim)
          return dimsAreStatic || definition.kind == frontend::DimDefinition::Kind::Static;
  return false;
}

frontend::SemaOptions Session::semaOptions() {
  frontend::SemaOptions sema;
  for (const auto &[name, size] : options.dims())
    if (dimsAreStatic || fixes(name))
      sema.dims.emplace(name, size);
  sema.programName = options.get("--prefix");
  sema.withTests = withTests;
  sema.withUnused = withUnused;
  sema.loadImport = frontend::importFromFiles(files, options.all("-I"));
  return sema;
}

std::optional<frontend::Program> Session::analyse(const frontend::FileNode &file) {
  auto start = std::chrono::steady_clock::now();
  std::optional<frontend::Program> program = frontend::analyse(file, *found, semaOptions());
  reportCrashes(); // with the imports
  phase("check", millisecondsSince(start));
  return program;
}

std::optional<frontend::Program> Session::analyse(const std::string &path) {
  const frontend::FileNode *file = parse(path);
  return file ? analyse(*file) : std::nullopt;
}

frontend::Diagnostic &Session::refuse(Exit exit, const std::string &sentence, const std::string &code) {
  exitOfErrors = exit;
  return found->error(code, sentence);
}

int Session::fail(Exit exit, const std::string &sentence, const std::string &code) {
  refuse(exit, sentence, code);
  return finish();
}

void Session::reportCrashes() {
  crash.reset(); // there is one at a time
  crash = std::make_unique<CrashReport>(files);
}

void Session::reportInternalError(const frontend::InternalError &fault) {
  frontend::Diagnostic &error =
      refuse(ExitInternal, "internal error in phase " + fault.phase + ": a fault of the compiler, not of the program");
  std::string folder = writeReproducer(files, fault);
  if (folder.empty())
    error.note("no folder for what reproduces it can be written: neither in $TMPDIR nor in /tmp");
  else
    error.note("what reproduces it is in " + folder + ": report it with these files");
}

int Session::finish() {
  if (found->internalError())
    reportInternalError(*found->internalError());
  std::string text = found->render();
  fputs(text.c_str(), stderr);
  reportTimes();
  return found->hasErrors() ? exitOfErrors : ExitOk;
}

void Session::clear() {
  found->clear();
  exitOfErrors = ExitRefused;
}

std::unique_ptr<Progress> Session::progress(Compilation &compilation) const {
  if (options.has("--quiet") || options.has("-v") || options.has("-vv")) // the latter tell the phases themselves
    return nullptr;
  auto progress = std::make_unique<Progress>(isatty(STDERR_FILENO));
  compilation.onPhase = [shown = progress.get()](const std::string &name) { shown->phase(name); };
  return progress;
}

void Session::phase(const Phase &phase) {
  if (options.has("-v") || options.has("-vv"))
    fprintf(stderr, "%-12s %8.1f ms\n", phase.name.c_str(), phase.milliseconds);
  for (const Phase &pass : phase.passes)
    if (options.has("-vv"))
      fprintf(stderr, "  %-24s %8.1f ms\n", pass.name.c_str(), pass.milliseconds);
  times.push_back(phase);
}

void Session::phases(const Compilation &compilation) {
  for (const Phase &each : compilation.phases)
    phase(each);
}

/// Passes of one name, which run once a CPU level, are one row; a phase's own is what its passes leave.
void Session::reportTimes() {
  std::map<std::string, double> rows;
  double whole = 0;
  for (const Phase &phase : std::exchange(times, {})) {
    whole += phase.milliseconds;
    rows[phase.name] += phase.milliseconds;
    for (const Phase &pass : phase.passes) {
      rows[phase.name] -= pass.milliseconds;
      rows[phase.name + ": " + pass.name] += pass.milliseconds;
    }
  }
  if (!options.has("--time-passes") || rows.empty())
    return;
  std::vector<std::pair<std::string, double>> sorted(rows.begin(), rows.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) { return a.second > b.second; });
  sorted.emplace_back("total", whole);
  std::vector<std::vector<std::string>> table = {{"phase: pass", "time", "share"}};
  for (const auto &[name, milliseconds] : sorted)
    table.push_back({name, decimalText(milliseconds, "%.1f ms"), decimalText(100 * milliseconds / whole, "%.1f %%")});
  fputs(tableText(table).c_str(), stderr);
}

} // namespace batten
