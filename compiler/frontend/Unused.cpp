// Unused.cpp - warnings of what a file declares and nothing uses: weights, parameters, names of a body, functions.
//
// Only the main file is looked at, since what is imported has other uses elsewhere; a file without a `pub fn` is such a
// library itself. Names that begin with `_` are meant so. A function that only tests call is used.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Unused.h"

#include <algorithm>

namespace batten::frontend {

namespace {

bool isMeant(const Identifier &name) { return name.name.starts_with('_'); }

void warnOfLocals(Context &context) {
  for (const LocalDecl &local : context.localDecls) {
    if (local.read)
      continue;
    std::string sentence = "nothing reads `" + local.name.name + "`",
                help = "`_" + local.name.name + "` says that it is meant so";
    if (local.isParameter)
      context.diagnostics.warning("unused-param", local.name.range, sentence).help(help);
    else
      context.diagnostics.warning("unused-let", local.name.range, sentence).help(help);
  }
}

void warnOfParams(Context &context, const ModelDecl &model) {
  for (const auto &param : model.params) {
    const Identifier &name = param->item->name;
    if (!param->read && !isMeant(name))
      context.diagnostics
          .warning("unused-param", name.range,
                   "no function of `" + model.item->name.name + "` reads the weight `" + name.name + "`")
          .help("it is looked for in no file and is no part of the C header");
  }
}

/// The word stands in a test, which may not have been looked at.
bool isTested(const Context &context, const Module &module, const std::string &word) {
  auto isPart = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); };
  for (const ItemPtr &item : module.file->items) {
    if (item->kind != ItemKind::Test)
      continue;
    std::string_view text = context.diagnostics.sources().text(item->range);
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
      if (!isPart(text[at - 1]) && !isPart(text[at + word.size()])) // a test begins and ends otherwise
        return true;
  }
  return false;
}

void warnOfFunction(Context &context, const Module &module, const FunctionDecl &function, const std::string &owner) {
  const Identifier &name = function.item->name;
  if (function.called || function.item->isPublic || isMeant(name) || isTested(context, module, name.name))
    return;
  context.diagnostics.warning("unused-fn", name.range, "nothing calls `" + owner + name.name + "`")
      .help(owner.empty() ? "`pub fn` makes a C function of it" : "a `pub fn` that calls it makes a C function of it");
}

} // namespace

void warnOfUnused(Context &context, Module &module) {
  warnOfLocals(context);
  auto each = [&](FileName::Kind kind, auto visit) {
    for (const std::string &name : module.order)
      if (FileName &entry = module.names[name]; entry.kind == kind)
        visit(entry);
  };
  each(FileName::Model, [&](FileName &entry) { warnOfParams(context, *entry.model); });
  bool isLibrary = true;
  each(FileName::Function, [&](FileName &entry) { isLibrary &= !entry.function->item->isPublic; });
  if (isLibrary)
    return;
  each(FileName::Function, [&](FileName &entry) { warnOfFunction(context, module, *entry.function, ""); });
  each(FileName::Model, [&](FileName &entry) {
    for (const auto &[name, function] : entry.model->functions)
      warnOfFunction(context, module, *function, entry.model->item->name.name + ".");
  });
}

} // namespace batten::frontend
