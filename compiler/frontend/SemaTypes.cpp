// SemaTypes.cpp - type expressions of the source -> types; and where errors stand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Advice.h"
#include "compiler/frontend/AstPrinter.h"
#include "compiler/frontend/Declarations.h"

#include <cctype>

namespace batten::frontend {

//===- Diagnostics ------------------------------------------------------------------------------------------------===//

Diagnostic &Context::error(const std::string &code, SourceRange range, const std::string &message) {
  if (reported.insert({code, range.file, range.begin}).second) {
    Diagnostic &error = diagnostics.error(code, range, message);
    if (!inlinedAt.empty())
      error.note("this is inlined by the call at " + at(inlinedAt.back()), inlinedAt.back());
    return error;
  }
  swallowed = Diagnostic();
  return swallowed;
}

Diagnostic &Context::notFound(const std::string &code, SourceRange range, const std::string &name,
                              const std::string &message) {
  return lost.count(name) ? swallowed = Diagnostic() : error(code, range, message);
}

std::string Context::text(SourceRange range) const {
  std::string text;
  for (char c : diagnostics.sources().text(range)) {
    bool space = std::isspace(static_cast<unsigned char>(c));
    if (!space)
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  return text;
}

Location Context::location(SourceRange range) const {
  const Sources &sources = diagnostics.sources();
  LineColumn begin = sources.begin(range), end = sources.end(range);
  bool oneLine = begin.line == end.line;
  return {sources.file(range.file).name(), int(begin.line), int(begin.column),
          int(oneLine ? end.column : begin.column + 1)};
}

//===- Types ------------------------------------------------------------------------------------------------------===//

std::optional<DType> Context::resolveDType(const DTypeName &name, Module &module) {
  if (auto builtin = dtypeFromName(name.name))
    return builtin;
  auto found = module.names.find(name.name);
  if (found != module.names.end() && found->second.kind == FileName::TypeAlias) {
    const TypeExpr &type = found->second.alias->type;
    FileName &alias = found->second;
    if (type.kind == TypeExpr::Kind::Tensor && !type.hasDims && !alias.resolving) {
      alias.resolving = true;
      std::optional<DType> dtype = resolveDType(type.dtype, module);
      alias.resolving = false;
      return dtype;
    }
    error("E0105", name.range, "`" + name.name + "` is not an alias of a dtype")
        .note("it is declared at " + at(found->second.range), found->second.range);
    return std::nullopt;
  }
  std::vector<std::string> known = {"f64", "f32", "f16", "bf16", "i64", "i32", "i8", "u8", "bool"};
  for (const auto &[text, entry] : module.names)
    if (entry.kind == FileName::TypeAlias)
      known.push_back(text);
  Diagnostic &error = notFound("E0105", name.range, name.name, "cannot find dtype `" + name.name + "`");
  if (std::string advice = adviceForDType(name.name); !advice.empty())
    error.help(advice);
  else if (std::optional<std::string> similar = nearest(name.name, known))
    error.help("did you mean `" + *similar + "`?");
  else
    error.help("the dtypes are " + joined({known.begin(), known.begin() + 9}, " "));
  return std::nullopt;
}

ModelDecl *Context::findModel(const QualifiedName &name, Module &start) {
  Module *module = &start;
  for (size_t i = 0; i < name.parts.size(); ++i) {
    const Identifier &part = name.parts[i];
    auto found = module->names.find(part.name);
    bool last = i + 1 == name.parts.size();
    if (found != module->names.end() && last && found->second.kind == FileName::Model)
      return found->second.model.get();
    if (found != module->names.end() && !last && found->second.kind == FileName::Import) {
      if (!found->second.import)
        return nullptr;
      module = found->second.import;
      continue;
    }
    std::vector<std::string> candidates;
    for (const auto &[text, entry] : module->names)
      if (entry.kind == (last ? FileName::Model : FileName::Import))
        candidates.push_back(text);
    Diagnostic &error = notFound("E0105", part.range, part.name,
                                 std::string("cannot find ") + (last ? "model" : "import") + " `" + part.name + "`");
    if (found != module->names.end())
      error.note("`" + part.name + "` at " + at(found->second.range) + " is something else", found->second.range);
    else if (std::optional<std::string> similar = nearest(part.name, candidates))
      error.help("did you mean `" + *similar + "`?");
    return nullptr;
  }
  return nullptr;
}

bool Context::checkRank(size_t rank, const std::string &type, SourceRange range) {
  if (rank <= maxRank)
    return true;
  error("E0601", range, "a value of type " + type + " has " + std::to_string(rank) + " dims")
      .note("a tensor may have at most " + std::to_string(maxRank) + " dims, batch and core together");
  return false;
}

bool Context::checkType(const Type &type, SourceRange range) {
  for (size_t i = 0; i < type.batch.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (type.batch[i] == type.batch[j]) {
        error("E0212", range, "batch dim `" + type.batch[i]->name + "` stands twice in " + str(type))
            .help("batch dims are names: each names one set of positions; declare a second dim for the other");
        return false;
      }
  if (!checkRank(type.batch.size() + type.core.size(), str(type), range))
    return false;
  Dim bytes = Dim::constant(dtypeBytes(type.dtype));
  for (const CoreDim &dim : type.core)
    bytes = bytes * dim.size;
  if (!bytes.overflowed())
    return true;
  error("E0601", range, "a value of type " + str(type, true) + " is larger than 2^63 - 1 bytes")
      .note("dims are 64-bit and a tensor may hold at most 2^63 - 1 bytes");
  return false;
}

bool Context::isBatchDim(const DimEntity &dim, SourceRange range) {
  if (dim.kind != DimEntity::Static)
    return true;
  for (const std::string &symbol : dim.size.symbols()) {
    const DimEntity *part = entityOf(symbol);
    if (!part || part->kind != DimEntity::Bounded)
      continue;
    error("E0214", range, "`" + dim.name + "` is " + str(dim.size) + ", and a batch dim is never computed")
        .help("left of the bar stand names of declared sizes; right of it any polynomial");
    return false;
  }
  return true;
}

Type Context::resolveType(const TypeExpr &node, Module &module, const DimScope &scope) {
  Type type;
  type.poisoned = true;
  if (node.refused)
    return type;
  if (node.kind == TypeExpr::Kind::Params) {
    ModelDecl *model = findModel(node.model, module);
    type.tree = model ? treeOf(*model, node.range) : nullptr;
    type.poisoned = !type.tree;
    return type;
  }
  auto alias = module.names.find(node.dtype.name);
  bool wholeAlias = !node.hasDims && !node.dtype.builtin && alias != module.names.end() &&
                    alias->second.kind == FileName::TypeAlias && !alias->second.resolving;
  if (wholeAlias) {
    alias->second.resolving = true;
    type = resolveType(alias->second.alias->type, module, declarationScope(module, nullptr, nullptr));
    alias->second.resolving = false;
    return type;
  }
  std::optional<DType> dtype = resolveDType(node.dtype, module);
  bool complete = dtype.has_value();
  if (dtype)
    type.dtype = *dtype;
  auto resolve = [&](const TypeDim &dim, bool left) {
    if (dim.kind != TypeDim::Kind::Size) {
      error("E0005", dim.range, "`" + text(dim.range) + "` may stand in the annotation of a `let` only")
          .help("name a declared dim or a generic here");
      complete = false;
    } else if (left) {
      const DimEntity *entity = findDim(dim.size->name, dim.range, scope);
      complete &= entity && !entity->poisoned && isBatchDim(*entity, dim.range);
      if (entity)
        type.batch.push_back(entity);
    } else if (std::optional<CoreDim> core = resolveCoreDim(*dim.size, scope)) {
      type.core.push_back(*core);
    } else {
      complete = false;
    }
  };
  for (const TypeDim &dim : node.batch)
    resolve(dim, true);
  for (const TypeDim &dim : node.core)
    resolve(dim, false);
  type.poisoned = !complete || !checkType(type, node.range);
  return type;
}

} // namespace batten::frontend
