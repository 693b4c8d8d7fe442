// Reproducer.cpp - see Reproducer.h.
//
// What is written is made ready first and written by system calls alone, so that a handler of signals can do it too:
// after a crash even malloc may never return.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/tools/Reproducer.h"
#include "compiler/Version.h"
#include "compiler/tools/CommandLine.h"
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace batten {

namespace {

struct Reproducer {
  std::set<std::string> folders; ///< each after those that it lies in
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::string> places; ///< names for mkdtemp, to be tried in order
};

} // namespace

/// This process's command line, as a shell takes it.
static std::string commandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line, word;
  while (std::getline(file, word, '\0')) {
    line += line.empty() ? "'" : " '";
    for (char c : word)
      line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line + "\n";
}

/// The deepest folder that has both.
static fs::path commonFolder(const fs::path &a, const fs::path &b) {
  fs::path common;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end() && *i == *j; ++i, ++j)
    common /= *i;
  return common;
}

static void addSources(Reproducer &reproducer, const frontend::Sources &sources) {
  std::error_code code;
  std::vector<fs::path> paths;
  for (uint32_t i = 0; i < sources.size(); ++i)
    paths.push_back(fs::absolute(sources.file(i).name(), code).lexically_normal());
  fs::path common = paths.empty() ? fs::path() : paths[0].parent_path();
  for (const fs::path &path : paths)
    common = commonFolder(common, path.parent_path());
  for (uint32_t i = 0; i < sources.size(); ++i) {
    fs::path copy = "sources" / paths[i].lexically_relative(common);
    for (fs::path folder = copy.parent_path(); !folder.empty(); folder = folder.parent_path())
      reproducer.folders.insert(folder.string());
    reproducer.files.emplace_back(copy.string(), sources.file(i).text());
  }
}

static Reproducer prepare(const frontend::Sources &sources, const std::string &report) {
  Reproducer reproducer;
  addSources(reproducer, sources);
  reproducer.files.emplace_back("command", commandLine());
  reproducer.files.emplace_back("report", std::string(versionText) + "\n" + report + "\n");
  const char *temporary = getenv("TMPDIR");
  for (std::string parent : {temporary && *temporary ? temporary : "/tmp", "/tmp"})
    reproducer.places.push_back(parent + "/batten-XXXXXX");
  return reproducer;
}

static bool writeAt(int folder, const char *name, const char *bytes, size_t size) {
  int file = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  size_t done = 0;
  for (ssize_t put; file >= 0 && done < size; done += size_t(put))
    if ((put = write(file, bytes + done, size - done)) <= 0)
      break;
  return file >= 0 && close(file) == 0 && done == size;
}

/// Into the new folder that `place` becomes. By system calls alone.
static bool writeInto(char *place, const Reproducer &reproducer) {
  if (!mkdtemp(place))
    return false;
  int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool done = folder >= 0;
  for (const std::string &name : reproducer.folders)
    done = done && mkdirat(folder, name.c_str(), 0777) == 0;
  for (const auto &[name, text] : reproducer.files)
    done = done && writeAt(folder, name.c_str(), text.data(), text.size());
  if (folder >= 0)
    close(folder);
  return done;
}

std::string writeReproducer(const frontend::Sources &sources, const frontend::InternalError &fault) {
  Reproducer reproducer = prepare(sources, "phase: " + fault.phase + "\n" + fault.report);
  for (std::string &place : reproducer.places) {
    if (writeInto(place.data(), reproducer))
      return place;
    std::error_code code;
    if (!place.ends_with("XXXXXX"))
      fs::remove_all(place, code);
  }
  return "";
}

//===- Crashes ----------------------------------------------------------------------------------------------------===//

namespace {

constexpr int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
Reproducer prepared; ///< of the one CrashReport that there is
alignas(16) char handlerStack[64 << 10];

void say(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

void onCrash(int signal) {
  say("batten: error: internal error: it crashed, ");
  say(signal == SIGSEGV ? "SIGSEGV" : signal == SIGABRT ? "SIGABRT" : "by a signal");
  say(": a fault of the compiler, not of the program\n");
  for (std::string &place : prepared.places)
    if (writeInto(place.data(), prepared)) {
      say("  = note: what reproduces it is in ");
      say(place.c_str());
      say(": report it with these files\n");
      _exit(ExitInternal);
    }
  say("  = note: no folder for what reproduces it can be written: neither in $TMPDIR nor in /tmp\n");
  _exit(ExitInternal);
}

void handleCrashes(bool handles) {
  stack_t stack = {};
  stack.ss_sp = handlerStack; // a stack that has run over is no place for a handler
  stack.ss_size = sizeof handlerStack;
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = handles ? onCrash : SIG_DFL;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER; // a crash in the handler ends the process
  for (int signal : crashes) {
    struct sigaction known = {};
    sigaction(signal, nullptr, &known);
    if (known.sa_handler == (handles ? SIG_DFL : onCrash)) // a sanitizer has handlers of its own
      sigaction(signal, &action, nullptr);
  }
}

} // namespace

CrashReport::CrashReport(const frontend::Sources &sources) {
  prepared = prepare(sources, "phase: crash");
  handleCrashes(true);
}

CrashReport::~CrashReport() {
  handleCrashes(false);
  prepared = {};
}

} // namespace batten
