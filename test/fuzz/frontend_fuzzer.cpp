// frontend_fuzzer.cpp - any bytes as a source file: lexer, parser, formatter, checks and elaboration; and Dim::parse.
//
// What must hold beside not crashing: each diagnostic has its places in the file; there is a program, and one whose
// numbers fit together, exactly where there is no error; formatting changes spaces only and is done after one time; a
// dim that was read prints as text that reads back as the same dim.
//
// Seeds: programs of examples and tests, and corpus/frontend; dictionary: frontend.dict.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Format.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"
#include "dialect/Dims.h"

#include <cstdlib>

using namespace batten::frontend;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

void requirePlaces(const Diagnostics &diagnostics, size_t fileBytes) {
  const auto lies = [&](const SourceRange &range) {
    return range.file == 0 && range.begin <= range.end && range.begin <= fileBytes && range.end <= fileBytes + 1;
  };
  for (const Diagnostic &diagnostic : diagnostics.all()) {
    require(diagnostic.range && lies(*diagnostic.range) && !diagnostic.message.empty());
    for (const LabelledRange &secondary : diagnostic.secondaries)
      require(lies(secondary.range));
  }
  require(!diagnostics.internalError());
  require(diagnostics.all().empty() == diagnostics.render().empty());
}

/// Values are numbered within the function, and each is defined once before it is used.
void requireConsistent(const Function &function) {
  std::vector<bool> defined(function.values.size());
  const auto define = [&](int value) {
    require(value >= 0 && size_t(value) < defined.size() && !defined[size_t(value)]);
    defined[size_t(value)] = true;
  };
  const auto use = [&](int value) { require(value >= 0 && size_t(value) < defined.size() && defined[size_t(value)]); };
  for (const Argument &argument : function.arguments)
    define(argument.value);
  for (const Op &op : function.ops) {
    for (int operand : op.operands)
      use(operand);
    for (int result : op.results)
      define(result);
  }
  for (int result : function.results)
    use(result);
  for (const TensorType &type : function.values)
    require(type.batch.size() + type.core.size() <= maxRank);
}

/// The text of tokens and comments, without what stands between them.
std::string wordsOf(const std::string &text) {
  Sources sources;
  Diagnostics ignored(sources);
  std::string words;
  for (const Token &token : lex(sources, sources.add("fuzz.btn", text), ignored).tokens)
    words.append(sources.text(token.range)).append(1, '\n');
  return words;
}

std::string formatted(const std::string &text) {
  Sources sources;
  Diagnostics ignored(sources);
  const uint32_t file = sources.add("fuzz.btn", text);
  return format(sources.file(file), lex(sources, file, ignored));
}

void requireFormatting(const std::string &text) {
  const std::string once = formatted(text);
  require(wordsOf(once) == wordsOf(text));
  require(formatted(once) == once);
}

void compileFile(const std::string &text) {
  constexpr DiagnosticMode modes[] = {DiagnosticMode::Full, DiagnosticMode::Short, DiagnosticMode::Json};
  Sources sources;
  DiagnosticOptions options;
  options.mode = modes[text.size() % 3];
  Diagnostics diagnostics(sources, options);
  const FileNode tree = parse(sources, sources.add("fuzz.btn", text), diagnostics);
  if (!diagnostics.hasErrors()) {
    require(tree.items.empty() == printAst(tree).empty());
    requireFormatting(text);
    const std::optional<Program> program = analyse(tree, diagnostics);
    require(program.has_value() == !diagnostics.hasErrors());
    if (program) {
      require(!printProgram(*program).empty());
      for (const Function &function : program->functions)
        requireConsistent(function);
      for (const Test &test : program->tests)
        requireConsistent(test.function);
    }
  }
  requirePlaces(diagnostics, text.size());
}

void parseDim(const std::string &text) {
  const std::optional<batten::Dim> dim = batten::Dim::parse(text);
  if (!dim)
    return;
  const std::optional<batten::Dim> again = batten::Dim::parse(dim->str());
  require(again && *again == *dim);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text(reinterpret_cast<const char *>(data), size);
  compileFile(text);
  if (size < 200)
    parseDim(text);
  return 0;
}
