// BuildCommand.cpp - `batten build`: a source to the files that were asked for.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/CodeOptions.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/Session.h"
#include "compiler/tools/Weights.h"
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
  batten build simple.btn --target=cpu:x86-64-v3,x86-64-v4 -o libsimple.so
                                                    for both; the bind takes the better that there is
  batten build simple.btn --emit=asm                to standard output, as each text alone: ast program batten
                                                    linalg scheduled llvm asm
  batten build simple.btn -o libsimple.so --depfile=simple.d
  batten build simple.btn --weights=simple.safetensors -o libsimple.so         checked now, given to the bind later
  batten build simple.btn --weights=simple.safetensors:embed -o libwhole.so    inside; the bind takes no weights
  batten build simple.btn --weights=simple.safetensors:link -o simple.o        beside, in simple.weights.o
)";

/// A kind of output: its name in --emit, its suffix, and what the compiler calls it. Front-end forms have none.
struct Kind {
  const char *name, *suffix;
  std::optional<Emission> emission;
};

const Kind kinds[] = {
    {"so", ".so", Emission::SharedLibrary},
    {"a", ".a", Emission::Archive},
    {"o", ".o", Emission::Object},
    {"header", ".h", Emission::Header},
    {"manifest", ".json", Emission::Manifest},
    {"ast", ".ast", std::nullopt},
    {"program", ".program", std::nullopt},
    {"batten", ".batten.mlir", Emission::Batten},
    {"linalg", ".linalg.mlir", Emission::Linalg},
    {"scheduled", ".scheduled.mlir", Emission::Scheduled},
    {"llvm", ".ll", Emission::Llvm},
    {"asm", ".s", Emission::Asm},
};

const Kind *findKind(const std::string &name) {
  for (const Kind &kind : kinds)
    if (name == kind.name)
      return &kind;
  return nullptr;
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
  std::string weightsFile;
  std::vector<const Kind *> wanted;
  std::vector<const Kind *> kept; // with --save-temps: the forms between the stages that are not wanted anyway
  Options compile;
  std::map<std::string, std::string> texts; // of the kinds, by name

  bool wants(const char *kind) const { return std::find(wanted.begin(), wanted.end(), findKind(kind)) != wanted.end(); }
  bool makes(const char *kind) const {
    return wants(kind) || std::find(kept.begin(), kept.end(), findKind(kind)) != kept.end();
  }
  std::vector<const Kind *> made() const;
  std::string readOptions();
  std::string readKinds();
  std::string readPrefix();
  std::string readWeights();
  std::string readPasses(Compiler &compiler);
  int placeProgramWeights(const frontend::Program &program);
  std::string pathOf(const Kind &kind, const std::string &program) const;
  int compileAll(const frontend::Program &program);
  bool isSource(const std::string &path) const;
  std::string checkOutputs(const std::vector<std::pair<std::string, std::string>> &outputs) const;
  int writeAll(const std::string &program);
  std::string dependencies(const std::string &target) const;
};

std::string Build::readKinds() {
  for (const std::string &list : options.all("--emit"))
    for (const std::string &name : splitList(list)) {
      const Kind *kind = findKind(name);
      std::vector<std::string> names;
      for (const Kind &known : kinds)
        names.push_back(known.name);
      std::string near = frontend::nearest(name, names).value_or("");
      if (!kind)
        return "unknown kind '" + name + "' in --emit" +
               (near.empty() ? "; `batten build --help` lists them" : "; did you mean '" + near + "'?");
      if (std::find(wanted.begin(), wanted.end(), kind) == wanted.end())
        wanted.push_back(kind);
    }
  if (wanted.empty() && options.has("--emit"))
    return "'--emit=' names no kind of output; `batten build --help` lists them";
  if (!wanted.empty())
    return "";
  std::string suffix = std::filesystem::path(output.empty() ? "lib.so" : output).extension();
  for (const char *library : {"so", "a", "o"})
    if (suffix == findKind(library)->suffix)
      wanted = {findKind(library), findKind("header")};
  return wanted.empty() ? "the suffix of '" + output + "' names no kind of output: .so, .a or .o, or say --emit=" : "";
}

/// All outputs, those that are asked for first.
std::vector<const Kind *> Build::made() const {
  std::vector<const Kind *> all = wanted;
  all.insert(all.end(), kept.begin(), kept.end());
  return all;
}

std::string Build::readPrefix() {
  compile.prefix = options.get("--prefix");
  bool isWord = std::all_of(compile.prefix.begin(), compile.prefix.end(),
                            [](unsigned char c) { return (isalnum(c) && c < 0x80) || c == '_'; });
  if (options.has("--prefix") && (compile.prefix.empty() || !isWord || isdigit(compile.prefix[0])))
    return "'--prefix=" + compile.prefix + "' begins no name in C; wanted letters, digits and _, no digit first";
  return "";
}

/// FILE or FILE:WHERE; a last part with a dot or a slash belongs to the name of the file.
std::string Build::readWeights() {
  weightsFile = options.get("--weights");
  if (!options.has("--weights"))
    return "";
  size_t colon = weightsFile.rfind(':');
  std::string where = colon == std::string::npos ? "" : weightsFile.substr(colon + 1);
  if (colon == std::string::npos || where.find_first_of("./") != std::string::npos)
    where = "runtime";
  else
    weightsFile.resize(colon);
  if (weightsFile.empty())
    return "'--weights=' needs the name of a file";
  if (where != "runtime" && where != "embed" && where != "link")
    return "unknown place '" + where + "' in --weights; wanted FILE:runtime, FILE:embed or FILE:link";
  if (where == "link" && wants("so"))
    return "a shared library is linked already: --weights=FILE:link is for .o and .a, FILE:embed for .so";
  if (where != "runtime")
    compile.weights.mode = where;
  return "";
}

std::string Build::readOptions() {
  if (options.positional().size() != 1)
    return "`batten build` takes one source file, " + std::to_string(options.positional().size()) +
           " given: batten build FILE.btn";
  source = options.positional()[0];
  output = options.get("-o");
  if (options.has("-o") && output.empty())
    return "'-o' needs the name of a file";
  if (std::string fault = readKinds(); !fault.empty())
    return fault;
  if (options.has("--save-temps"))
    for (const char *form : {"ast", "program", "batten", "linalg", "scheduled", "llvm", "asm"})
      if (!wants(form))
        kept.push_back(findKind(form));
  if (output == "-" && wanted.size() != 1)
    return "`-o -` takes one kind of output, " + std::to_string(wanted.size()) + " asked for";
  bool isNamed = std::any_of(wanted.begin(), wanted.end(), [&](const Kind *k) { return output.ends_with(k->suffix); });
  if (!output.empty() && wanted.size() > 1 && !isNamed)
    return "the suffix of '" + output + "' is that of no kind in --emit, so it is not known which of them it names";
  if (options.has("--header") && !wants("header"))
    return "'--header=" + options.get("--header") + "': no header is asked for; wanted `header` in --emit";
  if (std::string fault = readPrefix(); !fault.empty())
    return fault;
  if (std::string fault = readWeights(); !fault.empty())
    return fault;
  compile.dims = options.dims();
  compile.debugLines = options.has("-g");
  return readCodeOptions(options, compile);
}

/// The output itself for the kind that its suffix names (or the only one); the others lie beside it.
std::string Build::pathOf(const Kind &kind, const std::string &program) const {
  if (kind.emission == Emission::Header && options.has("--header"))
    return options.get("--header");
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

std::string Build::readPasses(Compiler &compiler) {
  compile.printAfter = options.all("--print-after");
  std::vector<std::string> known = compiler.passes();
  for (const std::string &name : compile.printAfter)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return "no pass '" + name + "' runs in a compilation; there are " + frontend::joined(known);
  return "";
}

int Build::compileAll(const frontend::Program &program) {
  std::vector<Emission> emissions;
  for (const Kind *kind : made())
    if (kind->emission)
      emissions.push_back(*kind->emission);
  if (emissions.empty())
    return ExitOk;
  if (compile.weights.mode == "link")
    emissions.push_back(Emission::Weights);
  std::string error;
  auto start = std::chrono::steady_clock::now();
  Compiler *compiler = loadCompiler(error);
  if (!compiler)
    return session.fail(ExitFiles, error);
  session.phase("load", millisecondsSince(start));
  if (std::string fault = compiler->cpuFault(compile.cpu); !fault.empty())
    return session.fail(ExitUsage, fault);
  if (std::string fault = readPasses(*compiler); !fault.empty())
    return session.fail(ExitUsage, fault);
  Compilation result;
  std::unique_ptr<Progress> progress = session.progress(result);
  bool compiled = compiler->compile(program, compile, emissions, session.diagnostics(), result);
  progress.reset();
  session.phases(result);
  if (!compiled)
    return session.finish();
  for (const Kind *kind : made())
    if (kind->emission)
      texts[kind->name] = std::move(result.files[*kind->emission]);
  texts["weights"] = std::move(result.files[Emission::Weights]);
  if (compile.cpu == "native" && !options.has("--quiet") && pathOf(*wanted[0], program.name) != "-")
    fprintf(stderr, "batten: compiled for %s, this machine's CPU; --target=cpu:x86-64-v3 runs on others too\n",
            result.cpu.c_str());
  return ExitOk;
}

std::string Build::dependencies(const std::string &target) const {
  auto escaped = [](const std::string &path) {
    std::string text;
    for (char c : path)
      text += c == ' ' || c == '#' ? std::string("\\") + c : c == '$' ? "$$" : std::string(1, c);
    return text;
  };
  std::string rule = escaped(target) + ":";
  for (uint32_t i = 0; i < session.sources().size(); ++i)
    rule += " " + escaped(session.sources().file(i).name());
  if (!weightsFile.empty())
    rule += " " + escaped(weightsFile);
  return rule + "\n";
}

/// A slip of the tab key is not to cost a source.
bool Build::isSource(const std::string &path) const {
  std::error_code code;
  for (uint32_t i = 0; i < session.sources().size(); ++i)
    if (std::filesystem::equivalent(path, session.sources().file(i).name(), code))
      return true;
  return !weightsFile.empty() && std::filesystem::equivalent(path, weightsFile, code);
}

/// Two names of one file, which may not exist yet. What is no regular file takes as many texts as come.
bool isSameFile(const std::string &a, const std::string &b) {
  std::error_code code;
  namespace fs = std::filesystem;
  if (a == "-" || b == "-")
    return false;
  if (fs::exists(a, code) && fs::exists(b, code))
    return fs::is_regular_file(a, code) && fs::equivalent(a, b, code);
  return fs::weakly_canonical(fs::absolute(a, code), code) == fs::weakly_canonical(fs::absolute(b, code), code);
}

std::string Build::checkOutputs(const std::vector<std::pair<std::string, std::string>> &outputs) const {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string &path = outputs[i].first;
    if (isSource(path))
      return "'" + path + "' is a source of this program; the output needs another name";
    for (size_t j = 0; j < i; ++j)
      if (isSameFile(path, outputs[j].first))
        return "'" + path + "' is the name of two outputs; one of them needs another";
  }
  return "";
}

int Build::writeAll(const std::string &program) {
  std::vector<std::pair<std::string, std::string>> outputs;
  for (const Kind *kind : wanted)
    outputs.emplace_back(pathOf(*kind, program), std::move(texts[kind->name]));
  std::filesystem::path folder = std::filesystem::path(outputs[0].first).parent_path();
  for (const Kind *kind : kept)
    outputs.emplace_back((folder / (program + kind->suffix)).string(), std::move(texts[kind->name]));
  if (!texts["weights"].empty())
    outputs.emplace_back((folder / (program + ".weights.o")).string(), std::move(texts["weights"]));
  if (options.has("--depfile"))
    outputs.emplace_back(options.get("--depfile"), dependencies(outputs[0].first));
  if (std::string fault = checkOutputs(outputs); !fault.empty())
    return session.fail(ExitUsage, fault);
  std::string written;
  for (const auto &[path, text] : outputs) {
    if (std::string fault = writeFile(path, text); !fault.empty())
      return session.fail(ExitFiles, fault);
    written += (written.empty() ? "" : ", ") + path;
  }
  if (output.empty() && written != "-" && !options.has("--quiet")) // names that nobody has given
    fprintf(stderr, "batten: wrote %s\n", written.c_str());
  return session.finish();
}

int Build::placeProgramWeights(const frontend::Program &program) {
  if (weightsFile.empty())
    return ExitOk;
  if (!checkWeights(session, weightsFile, program, program))
    return session.finish();
  if (program.weights.empty())
    compile.weights.mode.clear(); // nothing to place
  if (compile.weights.mode.empty())
    return ExitOk;
  compile.weights.file = std::filesystem::path(weightsFile).filename();
  std::string fault = placeWeights(session, weightsFile, program, compile.weights);
  if (!fault.empty())
    return session.fail(ExitFiles, fault);
  return session.diagnostics().hasErrors() ? session.finish() : int(ExitOk); // with -Werror
}

int Build::run() {
  if (std::string fault = readOptions(); !fault.empty())
    return session.fail(ExitUsage, fault);
  session.withTests = makes("program"); // which shows them too
  session.withUnused = true;
  const frontend::FileNode *tree = session.parse(source);
  if (!tree)
    return session.finish();
  if (makes("ast"))
    texts["ast"] = frontend::printAst(*tree);
  // The tree alone can be shown of a program that means nothing.
  if (wanted.size() == 1 && wants("ast") && kept.empty() && !session.diagnostics().hasErrors())
    return writeAll(frontend::programNameOf(source));
  std::optional<frontend::Program> program = session.analyse(*tree);
  if (!program)
    return session.finish();
  if (program->functions.empty()) {
    session.refuse(ExitRefused, "'" + source + "' has no `pub fn`, so there is nothing to build")
        .help("write `pub` before each `fn` that C is to call");
    return session.finish();
  }
  if (makes("program"))
    texts["program"] = frontend::printProgram(*program);
  if (int exit = placeProgramWeights(*program))
    return exit;
  if (int exit = compileAll(*program))
    return exit;
  return writeAll(program->name);
}

} // namespace

std::vector<OptionSpec> buildOptions() {
  return sessionOptions(codeOptions({
      {"-o", "FILE", "the output (libNAME.so here); its suffix, .so .a .o, is the kind; `-` is standard output"},
      {"--emit", "KIND,..", "so a o header manifest ast program batten linalg scheduled llvm asm", true},
      {"--save-temps", "", "also write what is between the stages beside the output: NAME.ast to NAME.s"},
      {"--print-after", "PASS", "print the IR as this pass leaves it; the phases of -vv list them", true},
      {"--header", "FILE", "where the header goes, instead of beside the output"},
      {"--prefix", "NAME", "begins every C symbol, instead of the file's stem; two programs of one stem need it"},
      {"--weights", "FILE[:WHERE]", "must fit; WHERE: runtime (default; the bind takes them), embed, link"},
      {"-g", "", "lines of the source in the object, for gdb and perf; the code stays the same"},
      {"--depfile", "FILE", "write the sources that were read, as a make rule"},
  }));
}

int buildCommand(const std::vector<std::string> &words) {
  CommandLine options(buildOptions());
  if (std::optional<int> exit = options.begin(
          words, "batten build [options] file.btn: compile a program to a library and a C header", examples))
    return *exit;
  return Build(options).run();
}

} // namespace batten
