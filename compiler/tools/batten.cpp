// batten.cpp - the command line: chooses the subcommand.
//
// Holds the front end and the runtime only; what makes code is loaded when it is needed (CompilerLibrary.h).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Version.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/CommandLine.h"
#include "compiler/tools/Commands.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <unistd.h>

using namespace batten;

namespace {

struct Command {
  const char *name;
  int (*run)(const std::vector<std::string> &words);
  const char *help;
};

const Command commands[] = {
    {"build", buildCommand, "compile a program to a library and a C header"},
    {"run", runCommand, "compile a program in memory and call one of its functions"},
    {"test", testCommand, "run the tests of programs"},
    {"check", checkCommand, "look for errors only; says what is independent of what"},
    {"bench", benchCommand, "measure one of its functions"},
    {"inspect", inspectCommand, "layers, types, costs and weights of a program or a library"},
    {"explain", explainCommand, "what a code such as E0205 means, with an example"},
    {"fmt", fmtCommand, "format sources"},
};

void printHelp(FILE *to) {
  fputs("batten: ahead-of-time compiler for batch-first tensor programs\n\n"
        "  batten <command> [options] file.btn\n\n",
        to);
  for (const Command &command : commands)
    fprintf(to, "  %-8s %s\n", command.name, command.help);
  fputs("\n  batten <command> --help    options and examples of a command\n"
        "  batten --version           version, commit and LLVM\n\n"
        "Examples:\n"
        "  batten build simple.btn -o libsimple.so        and simple.h beside it\n"
        "  batten run simple.btn forward --weights=simple.safetensors --x=@x.npy -o y.npy\n"
        "  batten check *.btn\n\n"
        "Exit status: 0 ok, 1 refused, 2 usage, 3 files, 70 internal error.\n",
        to);
}

int unknownCommand(const std::string &word) {
  std::vector<std::string> names = {"--help", "--version"};
  for (const Command &command : commands)
    names.push_back(command.name);
  std::string near = frontend::nearest(word, names).value_or("");
  fprintf(stderr, "batten: error: unknown command '%s'%s\n", word.c_str(),
          near.empty() ? "; `batten --help` lists them" : ("; did you mean '" + near + "'?").c_str());
  return ExitUsage;
}

int dispatch(std::vector<std::string> words) {
  if (words.empty()) {
    printHelp(stderr);
    return ExitUsage;
  }
  if (words[0] == "help" && words.size() > 1) // help run: run --help
    words = {words[1], "--help"};
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    printHelp(stdout);
    return ExitOk;
  }
  if (words[0] == "--version") {
    puts(versionText);
    return ExitOk;
  }
  for (const Command &command : commands)
    if (words[0] == command.name)
      return command.run({words.begin() + 1, words.end()});
  return unknownCommand(words[0]);
}

/// A standard stream that is closed would be the number of the next file that is opened, and be printed into. What is
/// open the wrong way round fails as a closed one does.
void keepStandardStreams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(stream, F_GETFD) < 0)
      open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY); // takes the lowest number that is free
}

[[noreturn]] void refuseMemory() {
  fputs("batten: error: out of memory\n", stderr);
  _exit(ExitRefused);
}

} // namespace

int main(int argc, char **argv) {
  keepStandardStreams();
  std::set_new_handler(refuseMemory);
  std::string_view self = argc > 0 ? argv[0] : "batten";
  self.remove_prefix(self.rfind('/') + 1); // npos + 1 is 0
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  int exit = self == "battenc" ? battencCommand(words) : dispatch(std::move(words));
  if (exit == ExitFiles || (fflush(stdout) == 0 && !ferror(stdout)))
    return exit;
  fprintf(stderr, "batten: error: cannot write to standard output: %s\n", strerror(errno));
  return std::max<int>(exit, ExitFiles);
}
