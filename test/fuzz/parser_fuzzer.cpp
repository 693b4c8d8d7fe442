// parser_fuzzer.cpp - any bytes through the lexer, parser, diagnostics and AST printer; and through Dim::parse.
//
// What must hold beside not crashing: a file without errors prints as a tree, an error has a place in the file, and a
// dim that was read prints as text that reads back as the same dim.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Parser.h"
#include "dialect/Dims.h"

#include <cstdlib>

using namespace batten::frontend;

static void require(bool holds) {
  if (!holds)
    std::abort();
}

static void parseFile(const std::string &text, DiagnosticMode mode) {
  Sources sources;
  uint32_t file = sources.add("fuzz.btn", text);
  DiagnosticOptions options;
  options.mode = mode;
  Diagnostics diagnostics(sources, options);
  FileNode tree = parse(sources, file, diagnostics);
  for (const Diagnostic &diagnostic : diagnostics.all())
    require(diagnostic.range && diagnostic.range->begin <= text.size() && diagnostic.range->end <= text.size() + 1);
  require(diagnostics.hasErrors() == !diagnostics.render().empty());
  if (!diagnostics.hasErrors())
    require(tree.items.empty() == printAst(tree).empty());
}

static void parseDim(const std::string &text) {
  std::optional<batten::Dim> dim = batten::Dim::parse(text);
  if (!dim)
    return;
  std::optional<batten::Dim> again = batten::Dim::parse(dim->str());
  require(again && *again == *dim);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  parseFile(text, size % 2 ? DiagnosticMode::Full : DiagnosticMode::Json);
  if (size < 200)
    parseDim(text);
  return 0;
}
