// InspectCommand.cpp - `batten inspect`: what a program or a library is, in a table.
//
// The front end knows layers, types and independence; what operations cost is asked of the compiler library, which is
// loaded for it. A library tells all that it can by its own description, without LLVM.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Version.h"
#include "compiler/frontend/Types.h"
#include "compiler/tools/Amounts.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/CompilerLibrary.h"
#include "compiler/tools/Inspect.h"
#include "compiler/tools/LayerTable.h"
#include "compiler/tools/SourceFiles.h"
#include "compiler/tools/Weights.h"
#include <algorithm>
#include <cstdio>
#include <functional>

namespace batten {
namespace {

const char *examples = R"(
Costs are those of the operations as they are written: a multiply-add is two FLOPs, and bytes are those of all operands and
results that are read or written. Fusion moves fewer bytes. They are of one sample, which is 1 of every dim without a
bound; where each sample meets all others, such a dim is a size in them. A dim with a bound, also a batch dim, is a size in
them, and a last line puts its bound. Where every dim has one, they are of a whole call. In place of a formula that is
long stands what it comes to at the bounds; --json has all in full. What is computed of weights alone is no part of these
costs: the bind does it, once, as a line below the table says. A library holds its layers as they are without --depth;
--depth and --graph need the source.

Examples:
  batten inspect encoder.btn                 layers, types, parameters and costs of each entry
  batten inspect --depth=1 encoder.btn       coarser layers
  batten inspect --by=flops encoder.btn      the dearest layers first
  batten inspect --json encoder.btn          the same for programs
  batten inspect --graph=g.svg qproj.btn     a picture of the operations; .dot for Graphviz
  batten inspect --weights=simple.safetensors simple.btn
  batten inspect ./libsimple.so              what a compiled library says of itself
)";

/// Where positions of dims meet, and where they do not.
struct Facts {
  std::vector<std::string> independent;
  std::vector<frontend::Mix> mixes;
};

Facts factsOf(const frontend::Function &function) {
  Facts facts{{}, function.mixes};
  for (const frontend::Symbol &symbol : function.symbols) {
    bool mixes = std::any_of(function.mixes.begin(), function.mixes.end(),
                             [&](const frontend::Mix &mix) { return mix.dim == symbol.name; });
    if (symbol.isRuntime() && !mixes)
      facts.independent.push_back(symbol.name);
  }
  return facts;
}

std::string placeOf(const frontend::Location &location) {
  return location.file + ":" + std::to_string(location.line) + ":" + std::to_string(location.column);
}

std::string jsonList(const std::vector<std::string> &values) { return "[" + frontend::joined(values, ",") + "]"; }

std::string jsonStrings(std::vector<std::string> texts) {
  for (std::string &text : texts)
    text = frontend::jsonString(text);
  return jsonList(texts);
}

class Inspection {
public:
  explicit Inspection(const CommandLine &options) : options(options), session(options) {}
  int run();

private:
  const CommandLine &options;
  Session session;
  std::optional<frontend::Program> program;
  std::string sourceHash;
  std::vector<std::vector<frontend::OpCost>> costs;              ///< one a function; empty where not known
  std::optional<std::map<std::string, std::string>> weightState; ///< path -> "ok", "missing", ...

  int load(const std::string &path);
  int readLibrary(const std::string &path);
  void readCosts(Compiler &compiler);
  bool readWeights();
  int drawGraph(const std::string &path);
  std::string stateOf(const frontend::Function &function, const frontend::LayerRow &row) const;
  void printText();
  void printFunction(size_t index);
  void printJson();
  std::string functionJson(size_t index) const;
  LayerTable layersOf(size_t index) const;
};

/// What is not compiled yet has no cost, and is no error here.
void Inspection::readCosts(Compiler &compiler) {
  for (const frontend::Function &function : program->functions) {
    frontend::Diagnostics refusals(session.sources());
    costs.emplace_back();
    if (compiler.costs(*program, function, refusals, costs.back()))
      continue;
    costs.back().clear();
    std::string why = refusals.all().empty() ? "unknown" : refusals.all()[0].message;
    session.diagnostics().warning("no-costs", refusals.all().empty() ? std::nullopt : refusals.all()[0].range,
                                  "no costs of " + function.name + "(): " + why);
  }
}

bool Inspection::readWeights() {
  std::optional<frontend::WeightFile> file = readWeightFile(session, options.get("--weights"));
  if (!file)
    return false;
  weightState.emplace();
  for (const frontend::Weight &weight : program->weights) {
    auto tensor = file->tensors.find(weight.from);
    std::vector<int64_t> shape;
    for (const Dim &dim : weight.type.core)
      shape.push_back(dim.constantValue().value_or(0));
    (*weightState)[weight.path] = tensor == file->tensors.end()                                    ? "missing"
                                  : tensor->second.dtype != frontend::dtypeName(weight.type.dtype) ? "wrong dtype"
                                  : tensor->second.shape != shape                                  ? "wrong shape"
                                                                                                   : "ok";
  }
  checkWeights(session, options.get("--weights"), *program, *program); // says in full what does not fit
  return true;
}

int Inspection::load(const std::string &path) {
  program = session.analyse(path);
  if (!program || (options.has("--weights") && !readWeights()))
    return session.finish();
  std::string error;
  Compiler *compiler = loadCompiler(error);
  if (!compiler)
    return session.fail(ExitFiles, error);
  sourceHash = compiler->sourceHash(session.sources());
  readCosts(*compiler);
  return ExitOk;
}

std::string Inspection::stateOf(const frontend::Function &function, const frontend::LayerRow &row) const {
  std::string state;
  for (int index : row.weights) {
    const frontend::Argument &argument = function.arguments[size_t(index)];
    if (!argument.weight)
      continue;
    const std::string &found = weightState->at(argument.path);
    if (state.empty() || state == "ok")
      state = found;
  }
  return state;
}

LayerTable Inspection::layersOf(size_t index) const {
  const frontend::Function &function = program->functions[index];
  bool known = costs[index].size() == function.ops.size();
  LayerTable table(frontend::layersOf(function, costs[index], options.number("--depth", frontend::usualDepth)),
                   function.symbols, known);
  if (options.has("--by"))
    table.sortBy(options.get("--by"));
  if (weightState)
    table.setWeightStates([&](const frontend::LayerRow &row) { return stateOf(function, row); });
  return table;
}

//===- Text -------------------------------------------------------------------------------------------------------===//

void Inspection::printFunction(size_t index) {
  const frontend::Function &function = program->functions[index];
  Facts facts = factsOf(function);
  printf("\n%s\n", function.signature.c_str());
  if (function.fast)
    printf("fast: no kernel makes use of it yet, bits are those of the same function without it\n");
  if (!facts.independent.empty())
    printf("independent over: %s\n", frontend::joined(facts.independent).c_str());
  for (const frontend::Mix &mix : facts.mixes)
    printf("mixes %s: %s at %s\n", mix.dim.c_str(), mix.what.c_str(), placeOf(mix.location).c_str());
  fputs(layersOf(index).text().c_str(), stdout);
  if (frontend::OpCost bind = frontend::costAtBind(function, costs[index]); bind.flops != Dim())
    printf("at the bind, once: %s, %s read and written\n", amount(bind.flops, "FLOP").c_str(),
           amount(bind.bytes, "B").c_str());
}

void Inspection::printText() {
  int64_t parameters = 0;
  for (const frontend::Weight &weight : program->weights) {
    int64_t count = 1;
    for (const Dim &dim : weight.type.core)
      count *= dim.constantValue().value_or(0);
    parameters += count;
  }
  printf("%s: %s, %s, %s parameters\nsource %s, batten %s (commit %s)\n", options.positional()[0].c_str(),
         program->name.c_str(), frontend::counted(program->functions.size(), "entry", "entries").c_str(),
         amount(double(parameters)).c_str(), sourceHash.c_str(), BATTEN_VERSION, sourceCommit);
  for (size_t i = 0; i < program->functions.size(); ++i)
    printFunction(i);
}

//===- JSON -------------------------------------------------------------------------------------------------------===//

std::string Inspection::functionJson(size_t index) const {
  const frontend::Function &function = program->functions[index];
  Facts facts = factsOf(function);
  std::vector<std::string> mixes;
  for (const frontend::Mix &mix : facts.mixes)
    mixes.push_back("{\"dim\":" + frontend::jsonString(mix.dim) + ",\"what\":" + frontend::jsonString(mix.what) +
                    ",\"at\":" + frontend::jsonString(placeOf(mix.location)) + "}");
  frontend::OpCost bind = frontend::costAtBind(function, costs[index]);
  return "{\"name\":" + frontend::jsonString(function.name) +
         ",\"signature\":" + frontend::jsonString(function.signature) +
         ",\"fast\":" + (function.fast ? "true" : "false") + ",\"independent\":" + jsonStrings(facts.independent) +
         ",\"mixes\":" + jsonList(mixes) + "," + layersOf(index).json() +
         ",\"at_bind\":{\"flops\":" + frontend::jsonString(bind.flops.str()) +
         ",\"bytes\":" + frontend::jsonString(bind.bytes.str()) + "}}";
}

void Inspection::printJson() {
  std::vector<std::string> functions;
  for (size_t i = 0; i < program->functions.size(); ++i)
    functions.push_back(functionJson(i));
  printf("{\"name\":%s,\"source\":%s,\"source_hash\":\"%s\",\"compiler\":\"batten "
         "%s\",\"commit\":\"%s\",\"entries\":%s}\n",
         frontend::jsonString(program->name).c_str(), frontend::jsonString(options.positional()[0]).c_str(),
         sourceHash.c_str(), BATTEN_VERSION, sourceCommit, jsonList(functions).c_str());
}

int Inspection::drawGraph(const std::string &path) {
  if (!path.ends_with(".svg") && !path.ends_with(".dot"))
    return session.fail(ExitUsage, "'--graph=" + path + "': wanted a file that ends in .svg or .dot");
  std::string text = path.ends_with(".svg") ? graphAsSvg(*program) : graphAsDot(*program);
  std::string fault = writeFile(path, text);
  return fault.empty() ? ExitOk : session.fail(ExitFiles, fault);
}

int Inspection::readLibrary(const std::string &path) {
  for (const char *option : {"--weights", "--graph", "--depth"})
    if (options.has(option))
      return session.fail(ExitUsage, "'" + path + "' is a compiled library: " + option + " needs its source");
  return inspectLibrary(session, options);
}

int Inspection::run() {
  if (options.positional().size() != 1)
    return session.fail(ExitUsage, "`batten inspect` takes one file, " + std::to_string(options.positional().size()) +
                                       " given: batten inspect FILE.btn or batten inspect LIBRARY.so");
  const std::string &path = options.positional()[0];
  if (kindOf(path) == FileKind::Library)
    return readLibrary(path);
  if (int exit = load(path))
    return exit;
  if (options.has("--graph"))
    if (int exit = drawGraph(options.get("--graph")))
      return exit;
  if (options.has("--json"))
    printJson();
  else
    printText();
  fflush(stdout);
  return session.finish();
}

} // namespace

int inspectCommand(const std::vector<std::string> &words) {
  CommandLine options(sessionOptions({
      {"--depth", "N", "how far down layers are told apart (2)"},
      {"--by", "flops|bytes|params", "the largest layers first, instead of in the program's order"},
      {"--weights", "FILE", "also hold the .safetensors file against the parameters"},
      {"--json", "", "the same as one JSON object"},
      {"--graph", "FILE", "also draw the operations, into FILE.svg or FILE.dot"},
  }));
  if (std::optional<int> exit = options.begin(
          words, "batten inspect [options] file.btn|library.so: what a program or a compiled library is", examples))
    return *exit;
  return Inspection(options).run();
}

} // namespace batten
