// BuildCommand.cpp - `batten build`: a source to the files that were asked for.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/Session.h"
#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace batten {
namespace {

const char *examples = R"(
Examples:
  batten build simple.btn -o libsimple.so           a shared library, and simple.h beside it
  batten build simple.btn -o libsimple.a            a static one
  batten build simple.btn --emit=o,header,manifest  simple.o, simple.h and simple.json
  batten build simple.btn --target=cpu:x86-64-v3 -o libsimple.so
  batten build simple.btn --emit=asm -o -           to standard output; also ast, program, batten, linalg,
                                                    scheduled, llvm
)";

/// A kind of output: its name in --emit, its suffix, and what the compiler calls it. Front-end forms have none.
struct Kind {
  const char *name, *suffix;
  std::optional<Emission> emission;
};

const Kind kinds[] = {
    {"so", ".so", Emission::SharedLibrary},   {"a", ".a", Emission::Archive},
    {"o", ".o", Emission::Object},            {"header", ".h", Emission::Header},
    {"manifest", ".json", Emission::Manifest}, {"ast", ".ast", std::nullopt},
    {"program", ".program", std::nullopt},    {"batten", ".batten.mlir", Emission::Batten},
    {"linalg", ".linalg.mlir", Emission::Linalg}, {"scheduled", ".scheduled.mlir", Emission::Scheduled},
    {"llvm", ".ll", Emission::Llvm},          {"asm", ".s", Emission::Asm},
};

const Kind *findKind(const std::string &name) {
  for (const Kind &kind : kinds)
    if (name == kind.name)
      return &kind;
  return nullptr;
}

std::vector<OptionSpec> buildOptions() {
  std::vector<OptionSpec> specs = sessionOptions();
  std::vector<OptionSpec> own = {
      {"-o", "FILE", "the output; its suffix (.so .a .o) is the kind; `-` is standard output"},
      {"--emit", "KIND,..", "so a o header manifest ast program batten linalg scheduled llvm asm", true},
      {"--target", "cpu[:LEVEL]", "native (default), x86-64-v3, x86-64-v4, or any LLVM CPU name"},
      {"--prefix", "NAME", "begins every C symbol, instead of the file's stem"},
      {"-O", "0..3", "effort of the code generator (3)"},
      {"--fuse", "on|off", "off: one operation a kernel; the same bits, slower"},
      {"--depfile", "FILE", "write the sources that were read, as a make rule"},
  };
  specs.insert(specs.end(), own.begin(), own.end());
  return specs;
}

std::vector<std::string> splitList(const std::string &text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin)
      parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

class Build {
public:
  Build(const CommandLine &options) : options(options), session(options) {}
  int run();

private:
  const CommandLine &options;
  Session session;
  std::string source, output;
  std::vector<const Kind *> wanted;
  Options compile;
  std::map<std::string, std::string> texts; // of the kinds, by name

  bool readOptions(std::string &error);
  bool readTarget(std::string &error);
  std::string pathOf(const Kind &kind, const std::string &program) const;
  int compileAll(const frontend::Program &program);
  int writeAll(const std::string &program);
  std::string dependencies(const std::string &target) const;
};

bool Build::readTarget(std::string &error) {
  std::string target = options.get("--target", "cpu");
  std::string device = target.substr(0, target.find(':'));
  if (device == "cuda")
    return error = "target 'cuda' is not compiled yet; this version makes CPU code", false;
  if (device != "cpu")
    return error = "unknown target '" + target + "'; wanted cpu or cpu:LEVEL", false;
  if (target.size() > device.size())
    compile.cpu = target.substr(device.size() + 1);
  if (compile.cpu.find(',') != std::string::npos)
    return error = "several levels in one artifact are not compiled yet: give one of '" + compile.cpu + "'", false;
  return true;
}

bool Build::readOptions(std::string &error) {
  if (options.positional().size() != 1)
    return error = "`batten build` takes one source file, " + std::to_string(options.positional().size()) + " given",
           false;
  source = options.positional()[0];
  output = options.get("-o");
  for (const std::string &list : options.all("--emit"))
    for (const std::string &name : splitList(list)) {
      const Kind *kind = findKind(name);
      std::vector<std::string> names;
      for (const Kind &known : kinds)
        names.push_back(known.name);
      std::string near = nearestName(name, names);
      if (!kind)
        return error = "unknown kind '" + name + "' in --emit" + (near.empty() ? "" : "; did you mean '" + near + "'?"),
               false;
      wanted.push_back(kind);
    }
  if (wanted.empty()) {
    std::string suffix = std::filesystem::path(output.empty() ? "lib.so" : output).extension();
    for (const char *library : {"so", "a", "o"})
      if (suffix == findKind(library)->suffix)
        wanted = {findKind(library), findKind("header")};
    if (wanted.empty())
      return error = "the suffix of '" + output + "' names no kind of output: .so, .a or .o, or say --emit=", false;
  }
  if (output == "-" && wanted.size() != 1)
    return error = "`-o -` takes one kind of output, " + std::to_string(wanted.size()) + " asked for", false;
  std::string effort = options.get("-O", "3"), fuse = options.get("--fuse", "on");
  if (effort.size() != 1 || effort[0] < '0' || effort[0] > '3')
    return error = "'-O" + effort + "': wanted -O0, -O1, -O2 or -O3", false;
  if (fuse != "on" && fuse != "off")
    return error = "'--fuse=" + fuse + "': wanted on or off", false;
  compile.optimise = effort[0] - '0';
  compile.fuse = fuse == "on";
  compile.prefix = options.get("--prefix");
  bool identifier = compile.prefix.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
                    std::string::npos;
  if (!identifier || (!compile.prefix.empty() && isdigit(compile.prefix[0])))
    return error = "'--prefix=" + compile.prefix + "' begins no name in C; wanted letters, digits and _", false;
  return readTarget(error);
}

/// The output itself for the kind that its suffix names (or the only one); the others lie beside it.
std::string Build::pathOf(const Kind &kind, const std::string &program) const {
  if (!output.empty() && (wanted.size() == 1 || output.ends_with(kind.suffix)))
    return output;
  bool library = kind.emission == Emission::SharedLibrary || kind.emission == Emission::Archive;
  bool text = !library && kind.emission != Emission::Object && kind.emission != Emission::Header &&
              kind.emission != Emission::Manifest;
  if (output.empty() && text && wanted.size() == 1)
    return "-";
  std::filesystem::path folder = std::filesystem::path(output).parent_path();
  return (folder / ((library ? "lib" : "") + program + kind.suffix)).string();
}

int Build::compileAll(const frontend::Program &program) {
  std::vector<Emission> emissions;
  for (const Kind *kind : wanted)
    if (kind->emission)
      emissions.push_back(*kind->emission);
  if (std::any_of(wanted.begin(), wanted.end(), [](const Kind *k) { return std::string(k->name) == "program"; }))
    texts["program"] = frontend::printProgram(program);
  if (emissions.empty())
    return ExitOk;
  std::string error;
  auto start = std::chrono::steady_clock::now();
  Compiler *compiler = loadCompiler(error);
  if (!compiler)
    return session.fail(ExitFiles, error);
  session.phase("load", millisecondsSince(start));
  Compilation result;
  bool compiled = compiler->compile(program, compile, emissions, session.diagnostics(), result);
  for (const auto &[name, milliseconds] : result.phases)
    session.phase(name, milliseconds);
  if (!compiled)
    return session.finish(ExitInternal);
  for (const Kind *kind : wanted)
    if (kind->emission)
      texts[kind->name] = std::move(result.files[*kind->emission]);
  if (output != "-" && options.get("--target", "cpu") == "cpu")
    fprintf(stderr, "batten: compiled for %s, this machine's CPU; --target=cpu:x86-64-v3 runs on others too\n",
            result.cpu.c_str());
  return ExitOk;
}

std::string Build::dependencies(const std::string &target) const {
  auto escaped = [](const std::string &path) {
    std::string text;
    for (char c : path)
      text += c == ' ' ? "\\ " : c == '$' ? "$$" : std::string(1, c);
    return text;
  };
  std::string rule = escaped(target) + ":";
  for (uint32_t i = 0; i < session.sources().size(); ++i)
    rule += " " + escaped(session.sources().file(i).name());
  return rule + "\n";
}

int Build::writeAll(const std::string &program) {
  for (const Kind *kind : wanted)
    if (std::string fault = writeFile(pathOf(*kind, program), texts[kind->name]); !fault.empty())
      return session.fail(ExitFiles, fault);
  if (options.has("--depfile"))
    if (std::string fault = writeFile(options.get("--depfile"), dependencies(pathOf(*wanted[0], program))); !fault.empty())
      return session.fail(ExitFiles, fault);
  return session.finish();
}

int Build::run() {
  std::string error;
  if (!readOptions(error))
    return session.fail(ExitUsage, error);
  if (wanted.size() == 1 && std::string(wanted[0]->name) == "ast") {
    const frontend::FileNode *tree = session.parse(source);
    if (!tree)
      return session.finish();
    texts["ast"] = frontend::printAst(*tree);
    return writeAll(frontend::programNameOf(source));
  }
  std::optional<frontend::Program> program = session.analyse(source);
  if (!program)
    return session.finish();
  if (int exit = compileAll(*program))
    return exit;
  return writeAll(program->name);
}

} // namespace

int buildCommand(const std::vector<std::string> &words) {
  CommandLine options(buildOptions());
  std::string error;
  if (!options.parse(words, error)) {
    fprintf(stderr, "batten: error: %s\n", error.c_str());
    return ExitUsage;
  }
  if (options.has("--help")) {
    printf("batten build [options] file.btn: compile a program to a library and a C header\n\n%s%s",
           options.describe().c_str(), examples);
    return ExitOk;
  }
  return Build(options).run();
}

} // namespace batten
