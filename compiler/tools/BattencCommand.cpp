// BattencCommand.cpp - `battenc`: `batten build` for makefiles, in the spelling of clang.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Version.h"
#include "compiler/tools/CommandLine.h"
#include "compiler/tools/Commands.h"
#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace batten {
namespace {

const char *help =
    R"(battenc [options] file.btn: `batten build` for makefiles; what is not listed goes to `batten build`

  -c          an object and its header, FILE.o and FILE.h; without -c a shared library
  -o FILE     the output; its suffix (.so .a .o) is the kind; its header has its name: model.h of libmodel.so
  -O0 .. -O3  effort of the code generator; -O is -O2
  -I DIR      where imports are looked for too
  -MD         write the sources that were read as a make rule, beside the output with the suffix .d
  -MF FILE    into this file instead
  -v          say how long each phase took
  --version   version, commit and LLVM
  -g          lines of the source in the object, for gdb and perf
  -Wall -Wextra -fPIC -fpic -shared -MP
              of makefiles: change nothing
  -###        print the command that this stands for, and do nothing

Examples:
  battenc -c simple.btn -o simple.o -MD
  battenc -O2 simple.btn -o libsimple.so
  battenc -### -c simple.btn
)";

class Translator {
public:
  explicit Translator(const std::vector<std::string> &words) : words(words) {}
  int run();

private:
  const std::vector<std::string> &words;
  size_t at = 0;
  std::vector<std::string> build = {"build"};
  std::string output, depfile, source, fault;
  bool compilesOnly = false, writesDepfile = false, showsOnly = false, namesKinds = false;

  void lacksValue(const std::string &name, const std::string &usage);
  bool take(const std::string &name, const std::string &kind, std::string &value);
  bool takeOfMakefiles();
  void takeBuildOption();
  void takeWord();
  std::string headerPath() const;
  void finish();
};

/// In the words of `batten build`.
void Translator::lacksValue(const std::string &name, const std::string &usage) {
  fault = "option '" + name + "' needs a value: " + usage;
}

/// `-o FILE` or `-oFILE`.
bool Translator::take(const std::string &name, const std::string &kind, std::string &value) {
  if (!words[at].starts_with(name) || words[at].starts_with("--"))
    return false;
  value = words[at].substr(name.size());
  if (!value.empty())
    return true;
  if (at + 1 == words.size())
    lacksValue(name, name + " " + kind);
  else if (value = words[++at]; value.empty() && kind == "FILE")
    fault = "'" + name + "' needs the name of a file";
  return true;
}

/// What holds of every artifact anyway, or is of no meaning for one.
bool Translator::takeOfMakefiles() {
  const std::string &word = words[at];
  static const std::string known[] = {"-Wall", "-Wextra", "-fPIC", "-fpic", "-shared", "-MP"};
  return std::find(std::begin(known), std::end(known), word) != std::end(known);
}

/// Or the source, which is no option's value.
void Translator::takeBuildOption() {
  const std::string &word = words[at];
  build.push_back(word);
  namesKinds |= word.starts_with("--emit");
  if (!word.starts_with("-"))
    source = word;
  std::vector<OptionSpec> specs = buildOptions();
  auto spec = std::find_if(specs.begin(), specs.end(),
                           [&](const OptionSpec &each) { return each.name == word && !each.value.empty(); });
  if (spec == specs.end())
    return;
  if (at + 1 == words.size())
    lacksValue(word, word + "=" + spec->value); // those of one letter are taken before
  else
    build.push_back(words[++at]);
}

void Translator::takeWord() {
  const std::string &word = words[at];
  std::string folder;
  if (word == "-###")
    showsOnly = true;
  else if (word == "-c")
    compilesOnly = true;
  else if (word == "-MD" || word == "-MMD")
    writesDepfile = true;
  else if (word == "-O")
    build.push_back("-O2");
  else if (take("-MF", "FILE", depfile))
    writesDepfile = true;
  else if (take("-I", "DIR", folder))
    build.insert(build.end(), {"-I", folder});
  else if (!take("-o", "FILE", output) && !takeOfMakefiles())
    takeBuildOption();
}

/// `model.h` of `libmodel.so` and of `model.o`.
std::string Translator::headerPath() const {
  std::filesystem::path path = output;
  std::string stem = path.stem().string();
  bool isLibrary = path.extension() != ".o" && stem.size() > 3 && stem.starts_with("lib");
  return path.replace_filename(stem.substr(isLibrary ? 3 : 0) + ".h").string();
}

void Translator::finish() {
  bool hasHeader = output.ends_with(".o") || (!compilesOnly && (output.ends_with(".so") || output.ends_with(".a")));
  if (hasHeader && !namesKinds)
    build.push_back("--header=" + headerPath());
  std::filesystem::path stem = std::filesystem::path(source).stem();
  if (output.empty() && compilesOnly)
    output = stem.string() + ".o";
  if (output.empty() && writesDepfile)
    output = "lib" + stem.string() + ".so";
  if (!output.empty())
    build.insert(build.end(), {"-o", output});
  if (compilesOnly && !output.ends_with(".o"))
    build.push_back("--emit=o");
  if (writesDepfile && depfile.empty())
    depfile = std::filesystem::path(output).replace_extension(".d").string();
  if (writesDepfile)
    build.push_back("--depfile=" + depfile);
}

int Translator::run() {
  for (; at < words.size() && fault.empty(); ++at) {
    if (words[at] == "--help" || words[at] == "-h") {
      fputs(help, stdout);
      return ExitOk;
    }
    if (words[at] == "--version") {
      puts(versionText);
      return ExitOk;
    }
    takeWord();
  }
  if (!fault.empty()) {
    fprintf(stderr, "batten: error: %s\n", fault.c_str());
    return ExitUsage;
  }
  finish();
  if (!showsOnly)
    return buildCommand({build.begin() + 1, build.end()});
  fputs(" \"batten\"", stderr);
  for (const std::string &word : build)
    fprintf(stderr, " \"%s\"", word.c_str());
  fputs("\n", stderr);
  return ExitOk;
}

} // namespace

int battencCommand(const std::vector<std::string> &words) { return Translator(words).run(); }

} // namespace batten
