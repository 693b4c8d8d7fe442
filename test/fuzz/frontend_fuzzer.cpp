// frontend_fuzzer.cpp - any bytes as a source file: lexer, parser, formatter, checks and elaboration; and Dim::parse.
//
// What must hold beside not crashing: each diagnostic has its places in the file; there is a program, and one whose
// numbers fit together, exactly where there is no error; formatting changes spaces only and is done after one time; a
// dim that was read prints as text that reads back as the same dim.
//
// Half of the inputs come from others by whole tokens, put in another's place, left out or repeated: bytes alone rarely
// get past the parser.
//
// Seeds: programs of examples and tests, and corpus/frontend; dictionary: frontend.dict.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Format.h"
#include "compiler/frontend/Parser.h"
#include "compiler/frontend/Sema.h"
#include "dialect/Dims.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>

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

struct Formatted {
  std::string text, wordsBefore; ///< the latter: tokens and comments of what was formatted, without what stands between
};

Formatted formatted(const std::string &text) {
  Sources sources;
  Diagnostics ignored(sources);
  const uint32_t file = sources.add("fuzz.btn", text);
  const TokenList lexed = lex(sources, file, ignored);
  Formatted result;
  for (const Token &token : lexed.tokens)
    result.wordsBefore.append(sources.text(token.range)).append(1, '\n');
  result.text = format(sources.file(file), lexed);
  return result;
}

void requireFormatting(const std::string &text) {
  const Formatted once = formatted(text), twice = formatted(once.text);
  require(twice.wordsBefore == once.wordsBefore);
  require(twice.text == once.text);
}

/// Drawing the windows of what is wrong takes longer than finding it: three inputs of seven are drawn.
DiagnosticOptions optionsFor(size_t turn) {
  DiagnosticOptions options;
  options.mode = turn == 0 ? DiagnosticMode::Full : turn == 1 ? DiagnosticMode::Short : DiagnosticMode::Json;
  return options;
}

void compileFile(const std::string &text) {
  const size_t turn = text.size() % 7;
  Sources sources;
  Diagnostics diagnostics(sources, optionsFor(turn));
  const FileNode tree = parse(sources, sources.add("fuzz.btn", text), diagnostics);
  require(tree.isWhole || diagnostics.hasErrors());
  if (!diagnostics.hasErrors()) {
    require(tree.items.empty() == printAst(tree).empty());
    requireFormatting(text);
  }
  if (!tree.isCut) {
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
  if (turn < 3)
    require(diagnostics.all().empty() == diagnostics.render().empty());
}

void parseDim(const std::string &text) {
  const std::optional<batten::Dim> dim = batten::Dim::parse(text);
  if (!dim)
    return;
  const std::optional<batten::Dim> again = batten::Dim::parse(dim->str());
  require(again && *again == *dim);
}

/// The text with a few of its tokens in other places.
std::string withTokensMoved(const std::string &text, std::minstd_rand &random) {
  constexpr std::string_view numbers[] = {"0",      "1",  "2", "7", "-1", "2147483648", "9223372036854775807",
                                          "1e-400", "0.5"};
  Sources sources;
  Diagnostics ignored(sources);
  const std::vector<Token> tokens = lex(sources, sources.add("fuzz.btn", text), ignored).tokens;
  const auto any = [&](size_t count) { return size_t(random()) % count; };
  const Token &to = tokens[any(tokens.size())];
  const size_t first = any(tokens.size()), last = std::min(first + any(6), tokens.size() - 1);
  const std::string moved = text.substr(tokens[first].range.begin, tokens[last].range.end - tokens[first].range.begin);
  std::string result = text;
  switch (any(4)) {
  case 0:
    return result.replace(to.range.begin, to.range.end - to.range.begin, sources.text(tokens[first].range));
  case 1:
    return result.insert(to.range.begin, moved + " ");
  case 2:
    return result.erase(tokens[first].range.begin, moved.size());
  default:
    for (const Token &token : tokens)
      if (token.range.begin >= to.range.begin && token.kind == TokenKind::Integer)
        return result.replace(token.range.begin, token.range.end - token.range.begin, numbers[any(std::size(numbers))]);
    return result;
  }
}

} // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 2) {
    const std::string text = withTokensMoved({reinterpret_cast<const char *>(data), size}, random);
    if (!text.empty() && text.size() <= maxSize) {
      memcpy(data, text.data(), text.size());
      return text.size();
    }
  }
  return LLVMFuzzerMutate(data, size, maxSize);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text(reinterpret_cast<const char *>(data), size);
  compileFile(text);
  if (size < 200)
    parseDim(text);
  return 0;
}
